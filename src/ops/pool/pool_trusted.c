/* Certificates that are trusted for a purpose; each has an object with its uuid for a name. */
#include "gen/db_certificate.h"
#include "gen/errors.h"
#include "gen/ops_pool.h"
#include "ops/certificate/certificate_files.h"
#include "ops/certificate/certificate_rows.h"

static bool check_valid(const TlsCertificateInfo *info, Err **err);
static bool is_known(const DbView *view, CertificateType type, const Value *purpose,
                     const char *sha256);
static bool shares_purpose(const Value *a, const Value *b);

bool pool_install_trusted_certificate(Call *call, const PoolInstallTrustedCertificateArgs *args,
                                      Err **err)
{
    TlsCertificateInfo info;
    if (!tls_pem_read_certificate(args->cert, &info)) {
        return err_trusted_certificate_invalid(err);
    }
    if (!check_valid(&info, err)) {
        return false;
    }
    if (!args->ca && value_count(args->purpose) == 0) {
        return err_certificate_lacks_purpose(err);
    }
    CertificateType type = args->ca ? CERTIFICATE_TYPE_CA : CERTIFICATE_TYPE_PINNED;
    Uuid uuid = uuid_generate();
    g_autofree char *name = g_strconcat(UUID_TEXT(uuid), ".pem", NULL);
    if (is_known(call_view(call), type, args->purpose, info.sha256)) {
        return err_trusted_certificate_already_exists(err, info.sha256);
    }
    if (!certificate_files_install(call_platform(call), CERTIFICATE_KIND_TRUSTED, name, args->cert,
                                   err)) {
        return false;
    }
    DbTxn *txn = db_begin(call->db);
    certificate_rows_add_trusted(txn, uuid, type, args->purpose, &info);
    return db_commit(txn, err);
}

/* The object first: without it the file is not used any more, and the next start removes it. */
bool pool_uninstall_trusted_certificate(Call *call, const PoolUninstallTrustedCertificateArgs *args,
                                        Err **err)
{
    const DbView *view = call_view(call);
    if (!certificate_rows_is_trusted(view, args->certificate)) {
        return err_not_trusted_certificate(err, REF_TEXT(args->certificate.id));
    }
    g_autofree char *name = certificate_rows_file_name(view, args->certificate);
    DbTxn *txn = db_begin(call->db);
    db_certificate_delete(txn, args->certificate);
    if (!db_commit(txn, err)) {
        return false;
    }
    certificate_files_uninstall(call_platform(call), CERTIFICATE_KIND_TRUSTED, name, NULL);
    return true;
}

static bool check_valid(const TlsCertificateInfo *info, Err **err)
{
    int64_t now = g_get_real_time() / USEC_PER_SEC;
    g_autofree char *now_text = tls_pem_format_time(now);
    if (now < info->not_before) {
        g_autofree char *not_before = tls_pem_format_time(info->not_before);
        return err_trusted_certificate_not_valid_yet(err, now_text, not_before);
    }
    if (now > info->not_after) {
        g_autofree char *not_after = tls_pem_format_time(info->not_after);
        return err_trusted_certificate_expired(err, now_text, not_after);
    }
    return true;
}

/* The same certificate may be trusted again for other purposes only. */
static bool is_known(const DbView *view, CertificateType type, const Value *purpose,
                     const char *sha256)
{
    g_autoptr(GArray) all = db_certificate_all(view);
    for (guint i = 0; i < all->len; i++) {
        CertificateRef certificate = g_array_index(all, CertificateRef, i);
        if (certificate_rows_is_trusted(view, certificate) &&
            db_certificate_type(view, certificate) == type &&
            strcmp(db_certificate_fingerprint_sha256(view, certificate), sha256) == 0 &&
            shares_purpose(db_certificate_purpose(view, certificate), purpose)) {
            return true;
        }
    }
    return false;
}

/* No purpose means every one, and is only the same as no purpose. */
static bool shares_purpose(const Value *a, const Value *b)
{
    for (unsigned i = 0; i < value_count(a); i++) {
        for (unsigned j = 0; j < value_count(b); j++) {
            if (value_equal(value_at(a, i), value_at(b, j))) {
                return true;
            }
        }
    }
    return value_count(a) == 0 && value_count(b) == 0;
}
