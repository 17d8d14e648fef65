/* The files win: they are what is used. */
#include "ops/certificate/certificate_rows.h"

#include "base/fd.h"
#include "base/log.h"
#include "base/text.h"
#include "gen/db_certificate.h"
#include "gen/db_host.h"
#include "ops/certificate/certificate_files.h"

/* What the folder of authorities' certificates holds. */
typedef struct Installed {
    char **names;
    TlsCertificateInfo *infos;
} Installed;

static void write_info(DbTxn *txn, CertificateRef certificate, const TlsCertificateInfo *info);
static CertificateRef find_of_host(const DbView *view, HostRef host);
static CertificateRef find_ca(const DbView *view, const char *name);
static void read_installed(const Platform *platform, Installed *ret_installed);
static void installed_clear(Installed *installed);
static void sync_authorities(DbTxn *txn, const Installed *installed);
static void sync_trusted(DbTxn *txn, char *const *files);
static void sweep_trusted(Platform *platform);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Installed, installed_clear)

bool certificate_rows_put_host(Platform *platform, Err **err)
{
    const char *path = platform_paths(platform)->certificate_path;
    if (!g_file_test(path, G_FILE_TEST_EXISTS)) {
        return true; /* where nothing is served */
    }
    size_t length = 0;
    TlsCertificateInfo info;
    g_autofree char *pem = fd_read_file(path, TLS_PEM_MAX_BYTES, &length, err);
    if (!pem) {
        return false;
    }
    bool is_read = tls_pem_read_certificate(pem, &info);
    explicit_bzero(pem, length); /* the key is in it */
    if (!is_read) {
        return err_internal(err, "there is no certificate in %s", path);
    }
    HostRef host = platform_host(platform);
    DbTxn *txn = db_begin(platform_db(platform));
    CertificateRef certificate = find_of_host(db_txn_view(txn), host);
    if (certificate_ref_is_null(certificate)) {
        certificate = db_certificate_create(txn);
        db_certificate_set_type(txn, certificate, CERTIFICATE_TYPE_HOST);
        db_certificate_set_host(txn, certificate, host);
    }
    write_info(txn, certificate, &info);
    return db_commit(txn, err);
}

CertificateRef certificate_rows_put_ca(DbTxn *txn, const char *name, const TlsCertificateInfo *info)
{
    CertificateRef certificate = find_ca(db_txn_view(txn), name);
    if (certificate_ref_is_null(certificate)) {
        certificate = db_certificate_create(txn);
        db_certificate_set_type(txn, certificate, CERTIFICATE_TYPE_CA);
        db_certificate_set_name(txn, certificate, name);
    }
    write_info(txn, certificate, info);
    return certificate;
}

void certificate_rows_remove_ca(DbTxn *txn, const char *name)
{
    CertificateRef certificate = find_ca(db_txn_view(txn), name);
    if (!certificate_ref_is_null(certificate)) {
        db_certificate_delete(txn, certificate);
    }
}

CertificateRef certificate_rows_add_trusted(DbTxn *txn, Uuid uuid, CertificateType type,
                                            const Value *purpose, const TlsCertificateInfo *info)
{
    CertificateRef certificate = {uuid_generate()};
    db_create(txn, CLASS_CERTIFICATE, certificate.id, uuid);
    db_certificate_set_type(txn, certificate, type);
    db_certificate_set_purpose(txn, certificate, value_ref((Value *)purpose));
    write_info(txn, certificate, info);
    return certificate;
}

bool certificate_rows_is_trusted(const DbView *view, CertificateRef certificate)
{
    CertificateType type = db_certificate_type(view, certificate);
    return (type == CERTIFICATE_TYPE_CA || type == CERTIFICATE_TYPE_PINNED) &&
           *db_certificate_name(view, certificate) == '\0';
}

bool certificate_rows_sync(Platform *platform, Err **err)
{
    g_auto(Installed) installed = {0};
    read_installed(platform, &installed);
    g_auto(GStrv) trusted = certificate_files_list(platform, CERTIFICATE_KIND_TRUSTED);
    DbTxn *txn = db_begin(platform_db(platform));
    sync_authorities(txn, &installed);
    sync_trusted(txn, trusted);
    return db_commit(txn, err) && certificate_rows_put_host(platform, err);
}

bool certificate_rows_start(Platform *platform, Err **err)
{
    sweep_trusted(platform);
    return certificate_rows_sync(platform, err);
}

char *certificate_rows_file_name(const DbView *view, CertificateRef certificate)
{
    return g_strconcat(db_certificate_uuid(view, certificate), ".pem", NULL);
}

static void write_info(DbTxn *txn, CertificateRef certificate, const TlsCertificateInfo *info)
{
    db_certificate_set_not_before(txn, certificate, info->not_before);
    db_certificate_set_not_after(txn, certificate, info->not_after);
    db_certificate_set_fingerprint(txn, certificate, info->sha256);
    db_certificate_set_fingerprint_sha256(txn, certificate, info->sha256);
    db_certificate_set_fingerprint_sha1(txn, certificate, info->sha1);
}

static CertificateRef find_of_host(const DbView *view, HostRef host)
{
    for (unsigned i = 0; i < db_host_certificates_count(view, host); i++) {
        CertificateRef certificate = db_host_certificates_at(view, host, i);
        if (db_certificate_type(view, certificate) == CERTIFICATE_TYPE_HOST) {
            return certificate;
        }
    }
    return (CertificateRef){{{0}}};
}

static CertificateRef find_ca(const DbView *view, const char *name)
{
    g_autoptr(GArray) all = db_certificate_all(view);
    for (guint i = 0; i < all->len; i++) {
        CertificateRef certificate = g_array_index(all, CertificateRef, i);
        if (db_certificate_type(view, certificate) == CERTIFICATE_TYPE_CA &&
            text_equal(db_certificate_name(view, certificate), name)) {
            return certificate;
        }
    }
    return (CertificateRef){{{0}}};
}

/* A file that is no certificate was not installed by this daemon, and is left out. */
static void read_installed(const Platform *platform, Installed *ret_installed)
{
    g_auto(GStrv) names = certificate_files_list(platform, CERTIFICATE_KIND_CA);
    unsigned count = g_strv_length(names);
    ret_installed->names = g_new0(char *, count + 1);
    ret_installed->infos = g_new0(TlsCertificateInfo, count);
    unsigned used = 0;
    for (unsigned i = 0; i < count; i++) {
        g_autofree char *pem = certificate_files_read(platform, CERTIFICATE_KIND_CA, names[i]);
        if (pem && tls_pem_read_certificate(pem, &ret_installed->infos[used])) {
            ret_installed->names[used++] = g_strdup(names[i]);
        } else {
            log_warn("the file %s among the authorities' certificates is none", names[i]);
        }
    }
}

static void installed_clear(Installed *installed)
{
    g_strfreev(installed->names);
    g_free(installed->infos);
}

static void sync_authorities(DbTxn *txn, const Installed *installed)
{
    const DbView *view = db_txn_view(txn);
    for (unsigned i = 0; installed->names[i]; i++) {
        certificate_rows_put_ca(txn, installed->names[i], &installed->infos[i]);
    }
    g_autoptr(GArray) all = db_certificate_all(view);
    for (guint i = 0; i < all->len; i++) {
        CertificateRef certificate = g_array_index(all, CertificateRef, i);
        const char *name = db_certificate_name(view, certificate);
        if (*name && !g_strv_contains((const char *const *)installed->names, name)) {
            db_certificate_delete(txn, certificate);
        }
    }
}

static void sync_trusted(DbTxn *txn, char *const *files)
{
    const DbView *view = db_txn_view(txn);
    g_autoptr(GArray) all = db_certificate_all(view);
    for (guint i = 0; i < all->len; i++) {
        CertificateRef certificate = g_array_index(all, CertificateRef, i);
        g_autofree char *file = certificate_rows_file_name(view, certificate);
        if (certificate_rows_is_trusted(view, certificate) &&
            !g_strv_contains((const char *const *)files, file)) {
            db_certificate_delete(txn, certificate);
        }
    }
}

/* What an install left behind that did not come to its object. */
static void sweep_trusted(Platform *platform)
{
    g_auto(GStrv) files = certificate_files_list(platform, CERTIFICATE_KIND_TRUSTED);
    g_autoptr(DbSnapshot) snapshot = db_snapshot(platform_db(platform));
    for (unsigned i = 0; files[i]; i++) {
        g_autofree char *uuid = g_strndup(files[i], strlen(files[i]) - strlen(".pem"));
        if (certificate_ref_is_null(db_certificate_by_uuid(db_snapshot_view(snapshot), uuid))) {
            certificate_files_uninstall(platform, CERTIFICATE_KIND_TRUSTED, files[i], NULL);
        }
    }
}
