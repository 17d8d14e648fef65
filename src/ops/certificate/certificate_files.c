/* A file appears whole, by a rename that does not replace another. */
#include "ops/certificate/certificate_files.h"

#include "base/fd.h"
#include "base/log.h"
#include "gen/errors.h"
#include "net/tls_pem.h"

#include <errno.h>
#include <fcntl.h>

static const char SUFFIX[] = ".pem";

static const char *const folders[CERTIFICATE_KIND_COUNT] = {
    [CERTIFICATE_KIND_CA] = "certs",
    [CERTIFICATE_KIND_CRL] = "crls",
    [CERTIFICATE_KIND_TRUSTED] = "certs-trusted",
};

static bool fail_name(CertificateKind kind, const char *name, Err **err);
static char *folder_of(const Platform *platform, CertificateKind kind);
static char *path_of(const Platform *platform, CertificateKind kind, const char *name);
static int publish(const char *path, const char *pem);

bool certificate_name_is_valid(const char *name)
{
    if (*name == '.' || !g_str_has_suffix(name, SUFFIX)) {
        return false;
    }
    for (; *name; name++) {
        if (!g_ascii_isalnum(*name) && !strchr("._-", *name)) {
            return false;
        }
    }
    return true;
}

bool certificate_files_install(const Platform *platform, CertificateKind kind, const char *name,
                               const char *pem, Err **err)
{
    if (!certificate_name_is_valid(name)) {
        return fail_name(kind, name, err);
    }
    g_autofree char *folder = folder_of(platform, kind);
    g_autofree char *path = path_of(platform, kind, name);
    int errnum = fd_make_dirs(folder, 0755, NULL) ? publish(path, pem) : EIO;
    if (errnum == EEXIST) {
        return kind == CERTIFICATE_KIND_CRL ? err_crl_already_exists(err, name)
                                            : err_certificate_already_exists(err, name);
    }
    if (errnum != 0) {
        log_warn("cannot write %s: %s", path, g_strerror(errnum));
        return err_certificate_library_corrupt(err);
    }
    return true;
}

bool certificate_files_uninstall(const Platform *platform, CertificateKind kind, const char *name,
                                 Err **err)
{
    if (!certificate_name_is_valid(name)) {
        return fail_name(kind, name, err);
    }
    bool is_crl = kind == CERTIFICATE_KIND_CRL;
    g_autofree char *path = path_of(platform, kind, name);
    if (unlink(path) == 0) {
        return true;
    }
    if (errno == ENOENT) {
        return is_crl ? err_crl_does_not_exist(err, name)
                      : err_certificate_does_not_exist(err, name);
    }
    log_warn("cannot remove %s: %s", path, g_strerror(errno));
    return is_crl ? err_crl_corrupt(err, name) : err_certificate_corrupt(err, name);
}

static gint by_name(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

char **certificate_files_list(const Platform *platform, CertificateKind kind)
{
    g_autofree char *folder = folder_of(platform, kind);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    GPtrArray *names = g_ptr_array_new();
    const char *name;
    while (dir && (name = g_dir_read_name(dir))) {
        if (certificate_name_is_valid(name)) {
            g_ptr_array_add(names, g_strdup(name));
        }
    }
    g_ptr_array_sort(names, by_name);
    g_ptr_array_add(names, NULL);
    return (char **)g_ptr_array_free(names, FALSE);
}

char *certificate_files_read(const Platform *platform, CertificateKind kind, const char *name)
{
    g_autofree char *path = path_of(platform, kind, name);
    return fd_read_file(path, TLS_PEM_MAX_BYTES, NULL, NULL);
}

static bool fail_name(CertificateKind kind, const char *name, Err **err)
{
    return kind == CERTIFICATE_KIND_CRL ? err_crl_name_invalid(err, name)
                                        : err_certificate_name_invalid(err, name);
}

static char *folder_of(const Platform *platform, CertificateKind kind)
{
    return g_build_filename(platform_paths(platform)->etc_dir, folders[kind], NULL);
}

static char *path_of(const Platform *platform, CertificateKind kind, const char *name)
{
    return g_build_filename(platform_paths(platform)->etc_dir, folders[kind], name, NULL);
}

/* 0, or an errno: EEXIST when there is a file already. */
static int publish(const char *path, const char *pem)
{
    g_autofree char *draft = g_strconcat(path, "-", NULL); /* no valid name */
    g_autofree char *unique = g_strconcat(draft, UUID_TEXT(uuid_generate()), NULL);
    if (!fd_write_file(unique, pem, strlen(pem), 0644, NULL)) {
        return EIO;
    }
    if (renameat2(AT_FDCWD, unique, AT_FDCWD, path, RENAME_NOREPLACE) == 0) {
        return 0;
    }
    int errnum = errno;
    unlink(unique);
    return errnum;
}
