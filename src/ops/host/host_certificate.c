/* host.get_server_certificate.  The file holds the private key too, which must not get out. */
#include "ops/host/host_certificate.h"

#include "base/fd.h"
#include "gen/ops.h"
#include "ops/host/host_here.h"

static const char BEGIN_LINE[] = "-----BEGIN CERTIFICATE-----";
static const char END_LINE[] = "-----END CERTIFICATE-----";

enum { PEM_MAX_BYTES = 256 * 1024 };

bool host_get_server_certificate(Call *call, const HostGetServerCertificateArgs *args,
                                 char **ret_result, Err **err)
{
    if (!host_here_check(call, args->host, err)) {
        return false;
    }
    const char *path = platform_paths(call_platform(call))->certificate_path;
    size_t length;
    g_autofree char *pem = fd_read_file(path, PEM_MAX_BYTES, &length, err);
    if (!pem) {
        return false;
    }
    char *certificate = host_certificate_extract(pem);
    explicit_bzero(pem, length);
    if (!certificate) {
        return err_internal(err, "there is no certificate in %s", path);
    }
    *ret_result = certificate;
    return true;
}

char *host_certificate_extract(const char *pem)
{
    const char *begin = strstr(pem, BEGIN_LINE);
    const char *end = begin ? strstr(begin, END_LINE) : NULL;
    if (!end) {
        return NULL;
    }
    g_autofree char *block = g_strndup(begin, end + strlen(END_LINE) - begin);
    return g_strdup_printf("%s\n", block);
}
