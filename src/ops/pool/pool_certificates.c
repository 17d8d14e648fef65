/* Certificates of authorities and revocation lists, which every host of a pool has.  The pool is
 * this host: what it has is what all have. */
#include "gen/db_certificate.h"
#include "gen/errors.h"
#include "gen/ops_pool.h"
#include "ops/certificate/certificate_files.h"
#include "ops/certificate/certificate_rows.h"

static bool install_ca(Call *call, const char *name, const char *pem, Err **err);
static bool uninstall_ca(Call *call, const char *name, bool force, Err **err);
static Value *list_files(Call *call, CertificateKind kind);

bool pool_certificate_install(Call *call, const PoolCertificateInstallArgs *args, Err **err)
{
    return install_ca(call, args->name, args->cert, err);
}

bool pool_install_ca_certificate(Call *call, const PoolInstallCaCertificateArgs *args, Err **err)
{
    return install_ca(call, args->name, args->cert, err);
}

bool pool_certificate_uninstall(Call *call, const PoolCertificateUninstallArgs *args, Err **err)
{
    return uninstall_ca(call, args->name, false, err);
}

bool pool_uninstall_ca_certificate(Call *call, const PoolUninstallCaCertificateArgs *args,
                                   Err **err)
{
    return uninstall_ca(call, args->name, args->force, err);
}

bool pool_certificate_list(Call *call, Value **ret_result, Err **err)
{
    (void)err;
    *ret_result = list_files(call, CERTIFICATE_KIND_CA);
    return true;
}

bool pool_certificate_sync(Call *call, Err **err)
{
    return certificate_rows_sync(call_platform(call), err);
}

bool pool_crl_install(Call *call, const PoolCrlInstallArgs *args, Err **err)
{
    if (!certificate_name_is_valid(args->name)) {
        return err_crl_name_invalid(err, args->name);
    }
    return tls_pem_is_crl(args->cert)
               ? certificate_files_install(call_platform(call), CERTIFICATE_KIND_CRL, args->name,
                                           args->cert, err)
               : err_crl_corrupt(err, args->name);
}

bool pool_crl_uninstall(Call *call, const PoolCrlUninstallArgs *args, Err **err)
{
    return certificate_files_uninstall(call_platform(call), CERTIFICATE_KIND_CRL, args->name, err);
}

bool pool_crl_list(Call *call, Value **ret_result, Err **err)
{
    (void)err;
    *ret_result = list_files(call, CERTIFICATE_KIND_CRL);
    return true;
}

/* The file first: if the daemon ends before the object is there, the next start makes it. */
static bool install_ca(Call *call, const char *name, const char *pem, Err **err)
{
    TlsCertificateInfo info;
    if (!certificate_name_is_valid(name)) {
        return err_certificate_name_invalid(err, name);
    }
    if (!tls_pem_read_certificate(pem, &info)) {
        return err_certificate_corrupt(err, name);
    }
    if (!certificate_files_install(call_platform(call), CERTIFICATE_KIND_CA, name, pem, err)) {
        return false;
    }
    DbTxn *txn = db_begin(call->db);
    certificate_rows_put_ca(txn, name, &info);
    return db_commit(txn, err);
}

static bool uninstall_ca(Call *call, const char *name, bool force, Err **err)
{
    g_autoptr(Err) error = NULL;
    if (!certificate_files_uninstall(call_platform(call), CERTIFICATE_KIND_CA, name, &error) &&
        !(force && err_is(error, "CERTIFICATE_DOES_NOT_EXIST"))) {
        return err_propagate(err, g_steal_pointer(&error));
    }
    DbTxn *txn = db_begin(call->db);
    certificate_rows_remove_ca(txn, name);
    return db_commit(txn, err);
}

/* (owned) */
static Value *list_files(Call *call, CertificateKind kind)
{
    g_auto(GStrv) names = certificate_files_list(call_platform(call), kind);
    Value *list = value_new_array(g_strv_length(names));
    for (unsigned i = 0; names[i]; i++) {
        value_array_add(list, value_new_string(names[i]));
    }
    return list;
}
