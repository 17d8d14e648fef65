/* Certificates of authorities and revocation lists.  None can be installed, so the lists are empty
 * and there is nothing to remove or to spread. */
#include "ops/pool/pool_certificates.h"

#include "gen/errors.h"
#include "gen/ops.h"

bool pool_certificate_list(Call *call, Value **ret_result, Err **err)
{
    (void)call;
    (void)err;
    *ret_result = value_new_array(0);
    return true;
}

bool pool_certificate_uninstall(Call *call, const PoolCertificateUninstallArgs *args, Err **err)
{
    (void)call;
    return pool_certificate_name_is_valid(args->name)
               ? err_certificate_does_not_exist(err, args->name)
               : err_certificate_name_invalid(err, args->name);
}

bool pool_certificate_sync(Call *call, Err **err)
{
    (void)call;
    (void)err;
    return true;
}

bool pool_crl_list(Call *call, Value **ret_result, Err **err)
{
    return pool_certificate_list(call, ret_result, err);
}

bool pool_crl_uninstall(Call *call, const PoolCrlUninstallArgs *args, Err **err)
{
    (void)call;
    return pool_certificate_name_is_valid(args->name) ? err_crl_does_not_exist(err, args->name)
                                                      : err_crl_name_invalid(err, args->name);
}

bool pool_certificate_name_is_valid(const char *name)
{
    if (!*name || *name == '.') {
        return false;
    }
    for (; *name; name++) {
        if (!g_ascii_isalnum(*name) && !strchr("._-", *name)) {
            return false;
        }
    }
    return true;
}
