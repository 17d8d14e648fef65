/* pool.send_test_post: a way to try from the host's side whether some server can be reached and its
 * certificate is trusted. */
#include "base/fd.h"
#include "gen/errors.h"
#include "gen/ops_pool.h"
#include "net/client.h"
#include "ops/certificate/certificate_files.h"

enum { ANSWER_MAX_BYTES = 1024 * 1024 };

#define POST_TIMEOUT (30 * USEC_PER_SEC)

static TlsContext *trusting_context(Call *call, Err **err);
static GString *all_authorities(const Platform *platform);
static char *host_header(const char *host, uint16_t port);

bool pool_send_test_post(Call *call, const PoolSendTestPostArgs *args, char **ret_result, Err **err)
{
    if (args->port < 1 || args->port > UINT16_MAX) {
        g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, args->port);
        return err_invalid_value(err, "port", text);
    }
    static const char *const headers[] = {"connection", "close", NULL};
    g_autoptr(Op) op = op_new_child(call->op, POST_TIMEOUT);
    g_autoptr(TlsContext) tls = trusting_context(call, err);
    Stream *stream =
        tls ? stream_connect_tcp(op, args->host, (uint16_t)args->port, tls, err) : NULL;
    if (!stream) {
        return false;
    }
    g_autofree char *name = host_header(args->host, (uint16_t)args->port);
    g_autoptr(HttpClient) client = http_client_new(stream, name);
    g_autofree char *body = NULL;
    size_t length;
    int status;
    if (!http_client_call(client, op, "POST", "/", headers, args->body, strlen(args->body),
                          ANSWER_MAX_BYTES, &status, &body, &length, err)) {
        return false;
    }
    *ret_result = g_utf8_make_valid(body, (gssize)length);
    return true;
}

/* Trusts what pool.certificate_install installed, and nothing else. (owned) */
static TlsContext *trusting_context(Call *call, Err **err)
{
    Platform *platform = call_platform(call);
    g_autoptr(GString) bundle = all_authorities(platform);
    if (bundle->len == 0) {
        err_ssl_verify_error(err, "No certificate of an authority is installed");
        return NULL;
    }
    g_autofree char *path = g_strdup_printf(
        "%s/authorities-%s.pem", platform_paths(platform)->run_dir, UUID_TEXT(uuid_generate()));
    if (!fd_write_file(path, bundle->str, bundle->len, 0600, err)) {
        return NULL;
    }
    TlsContext *tls = tls_client_new(path, err);
    unlink(path);
    return tls;
}

/* (owned) */
static GString *all_authorities(const Platform *platform)
{
    GString *bundle = g_string_new(NULL);
    g_auto(GStrv) names = certificate_files_list(platform, CERTIFICATE_KIND_CA);
    for (unsigned i = 0; names[i]; i++) {
        g_autofree char *pem = certificate_files_read(platform, CERTIFICATE_KIND_CA, names[i]);
        if (pem) {
            g_string_append_printf(bundle, "%s\n", pem);
        }
    }
    return bundle;
}

/* (owned) */
static char *host_header(const char *host, uint16_t port)
{
    return g_strdup_printf(strchr(host, ':') ? "[%s]:%u" : "%s:%u", host, port);
}
