/* The file holds the private key too, which must not get out.  A new certificate is tried beside
 * the old one and takes its place only when it can be used; new connections get it at once. */
#include "ops/host/host_certificate.h"

#include "base/fd.h"
#include "gen/db_pool.h"
#include "gen/errors.h"
#include "gen/ops_host.h"
#include "net/tls.h"
#include "net/tls_pem.h"
#include "ops/certificate/certificate_rows.h"
#include "ops/host/host_address.h"
#include "ops/host/host_here.h"

#include <arpa/inet.h>
#include <errno.h>

static char *draft_path(const Platform *platform);
static bool take_draft(Platform *platform, Err **err);
static bool make_anew(Platform *platform, Err **err);

bool host_get_server_certificate(Call *call, const HostGetServerCertificateArgs *args,
                                 char **ret_result, Err **err)
{
    if (!host_here_check(call, args->host, err)) {
        return false;
    }
    const char *path = platform_paths(call_platform(call))->certificate_path;
    size_t length;
    g_autofree char *pem = fd_read_file(path, TLS_PEM_MAX_BYTES, &length, err);
    if (!pem) {
        return false;
    }
    char *certificate = tls_pem_first_certificate(pem);
    explicit_bzero(pem, length);
    if (!certificate) {
        return err_certificate_library_corrupt(err);
    }
    *ret_result = certificate;
    return true;
}

bool host_install_server_certificate(Call *call, const HostInstallServerCertificateArgs *args,
                                     Err **err)
{
    Platform *platform = call_platform(call);
    g_autofree char *pem = NULL;
    g_autofree char *path = draft_path(platform);
    if (!host_here_check(call, args->host, err)) {
        return false;
    }
    if (db_pool_ha_enabled(call_view(call), platform_pool(platform))) {
        return err_ha_is_enabled(err);
    }
    if (!tls_pem_join_server(args->certificate, args->private_key, args->certificate_chain,
                             g_get_real_time() / USEC_PER_SEC, &pem, err)) {
        return false;
    }
    bool is_written = fd_write_file(path, pem, strlen(pem), 0600, err);
    explicit_bzero(pem, strlen(pem));
    return is_written && take_draft(platform, err);
}

bool host_reset_server_certificate(Call *call, const HostResetServerCertificateArgs *args,
                                   Err **err)
{
    return host_here_check(call, args->host, err) && make_anew(call_platform(call), err);
}

bool host_emergency_reset_server_certificate(Call *call, Err **err)
{
    return make_anew(call_platform(call), err);
}

bool host_certificate_make(const char *path, const char *host_name, const char *address, Err **err)
{
    unsigned char bytes[sizeof(struct in6_addr)];
    bool is_numeric =
        inet_pton(AF_INET, address, bytes) == 1 || inet_pton(AF_INET6, address, bytes) == 1;
    const char *const addresses[] = {"127.0.0.1", "::1", is_numeric ? address : NULL, NULL};
    return tls_make_self_signed(path, host_name, addresses, err);
}

/* (owned) */
static char *draft_path(const Platform *platform)
{
    return g_strconcat(platform_paths(platform)->certificate_path, ".new", NULL);
}

static bool take_draft(Platform *platform, Err **err)
{
    const char *path = platform_paths(platform)->certificate_path;
    g_autofree char *draft = draft_path(platform);
    TlsContext *tls = platform_config(platform)->tls;
    if (tls && !tls_server_reload(tls, draft, err)) {
        unlink(draft);
        return false;
    }
    if (rename(draft, path) < 0) {
        return err_errno(err, errno, "cannot rename %s to %s", draft, path);
    }
    return certificate_rows_put_host(platform, err);
}

static bool make_anew(Platform *platform, Err **err)
{
    g_autoptr(DbSnapshot) snapshot = db_snapshot(platform_db(platform));
    const char *address = host_address_text(db_snapshot_view(snapshot), platform);
    g_autofree char *draft = draft_path(platform);
    return host_certificate_make(draft, platform_config(platform)->host_name, address, err) &&
           take_draft(platform, err);
}
