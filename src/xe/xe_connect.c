/* How xe reaches a server; what is said over the connection is in xe_session.c. */
#include "xe/xe_connect.h"

#include "base/text.h"
#include "net/tls.h"

#include <netdb.h>

enum { PLAIN_PORT = 80, TLS_PORT = 443, CONNECT_SECONDS = 60 };

static Stream *connect_socket(Op *op);
static bool is_known_host(const char *host);
static bool fail_to_connect(Err **err, const Err *cause);

void xe_target_clear(XeTarget *target)
{
    g_free(target->host);
    g_free(target->path);
    *target = (XeTarget){0};
}

XeTarget xe_target_parse(const XeOptions *options, const char *url)
{
    static const char scheme[] = "https://";
    XeTarget target = {.port = options->port};
    if (!g_str_has_prefix(url, scheme)) {
        target.host = g_strdup(options->server);
        target.path = g_strdup(url);
        return target;
    }
    const char *host = url + strlen(scheme);
    const char *path = strchr(host, '/');
    size_t length = path ? (size_t)(path - host) : strlen(host);
    target.host = g_strndup(host, length);
    target.path = g_strdup(path ? path : "/");

    /* A colon inside brackets belongs to an IPv6 address. */
    char *colon = strrchr(target.host, ':');
    uint64_t port = 0;
    if (colon && !strchr(colon, ']') && text_parse_uint(colon + 1, UINT16_MAX, &port)) {
        *colon = '\0';
        target.port = (int)port;
    }
    size_t bare = strlen(target.host);
    if (bare > 2 && target.host[0] == '[' && target.host[bare - 1] == ']') {
        memmove(target.host, target.host + 1, bare - 2);
        target.host[bare - 2] = '\0';
    }
    return target;
}

Stream *xe_connect(const XeOptions *options, Op *op, const char *host, int port, Err **err)
{
    g_autoptr(Op) connect_op = op_new_child(op, CONNECT_SECONDS * USEC_PER_SEC);
    /* A port on this machine names one of the daemons here, and is reached like any other host. */
    bool is_local = text_equal(host, XE_LOCAL_SERVER) && port < 0;
    if (is_local) {
        Stream *stream = connect_socket(connect_op);
        if (stream) {
            return stream;
        }
    }
    if (!is_known_host(host)) {
        err_set(err, "XE_NO_HOST", host);
        return NULL;
    }
    bool use_tls = options->tls && !is_local;
    g_autoptr(Err) cause = NULL;
    g_autoptr(TlsContext) tls = use_tls ? tls_client_new(NULL, &cause) : NULL;
    if (use_tls && !tls) {
        fail_to_connect(err, cause);
        return NULL;
    }
    if (port < 0) {
        port = use_tls ? TLS_PORT : PLAIN_PORT;
    }
    Stream *stream = stream_connect_tcp(connect_op, host, (uint16_t)port, tls, &cause);
    if (!stream) {
        fail_to_connect(err, cause);
    }
    return stream;
}

static Stream *connect_socket(Op *op)
{
    const char *root = g_getenv("CLEARWATER_ROOT");
    g_autofree char *path =
        g_build_filename(root && *root ? root : "/", "run/clearwater/xapi.sock", NULL);
    return stream_connect_unix(op, path, NULL);
}

static bool is_known_host(const char *host)
{
    struct addrinfo *found = NULL;
    if (getaddrinfo(host, NULL, NULL, &found) != 0) {
        return false;
    }
    freeaddrinfo(found);
    return true;
}

/* The reason of the system is what follows the last colon; the brackets around an inner failure end
 * behind it. */
static bool fail_to_connect(Err **err, const Err *cause)
{
    const char *text = cause->params[0] ? cause->params[0] : cause->code;
    const char *colon = g_strrstr(text, ": ");
    g_autofree char *reason = g_strdup(colon ? colon + 2 : text);
    if (g_str_has_suffix(reason, " ]")) {
        reason[strlen(reason) - 2] = '\0';
    }
    return err_set(err, "XE_CONNECT", reason);
}
