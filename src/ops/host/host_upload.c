/* tar(1) packs, curl(1) sends.  The archive lies beside the daemon's state, since dumps may be
 * larger than what fits into a file system in memory. */
#include "ops/host/host_upload.h"

#include "base/fd.h"
#include "base/subprocess.h"
#include "gen/errors.h"

#include <unistd.h>

static const char TAR[] = "/usr/bin/tar";
static const char CURL[] = "/usr/bin/curl";

/* Seconds: to connect, and of hardly a byte before it is given up. */
static const char CONNECT_TIMEOUT[] = "30";
static const char STALL_TIMEOUT[] = "60";

static char *uploads_folder(const Platform *platform);
static bool is_address(const char *text);
static bool pack(Call *call, const char *archive, const char *parent, const char *name, Err **err);
static bool send(Call *call, const char *archive, const char *url, const char *proxy, Err **err);

bool host_upload_url_is_valid(const char *url)
{
    const char *scheme_end = strstr(url, "://");
    return scheme_end && scheme_end[3] && is_address(url) &&
           (g_ascii_strncasecmp(url, "http://", strlen("http://")) == 0 ||
            g_ascii_strncasecmp(url, "ftp://", strlen("ftp://")) == 0);
}

bool host_upload_folder(Call *call, const char *parent, const char *name, const char *url,
                        const Value *options, Err **err)
{
    const char *proxy = value_get_string(options, "http_proxy");
    if (!host_upload_url_is_valid(url)) {
        return err_invalid_value(err, "url", url);
    }
    if (proxy && *proxy && !is_address(proxy)) {
        return err_invalid_value(err, "http_proxy", proxy);
    }
    g_autofree char *folder = uploads_folder(call_platform(call));
    g_autofree char *file = g_strdup_printf("%s-%.8s.tar.gz", name, UUID_TEXT(uuid_generate()));
    g_autofree char *archive = g_build_filename(folder, file, NULL);
    bool ok = fd_make_dirs(folder, 0700, err) && pack(call, archive, parent, name, err) &&
              send(call, archive, url, proxy, err);
    unlink(archive);
    return ok;
}

void host_upload_start(const Platform *platform)
{
    g_autofree char *folder = uploads_folder(platform);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;
    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        unlink(path);
    }
}

/* (owned) */
static char *uploads_folder(const Platform *platform)
{
    return g_build_filename(platform_paths(platform)->state_dir, "uploads", NULL);
}

/* Printable, without spaces, and no option. */
static bool is_address(const char *text)
{
    if (!*text || *text == '-' || strlen(text) > HOST_UPLOAD_MAX_URL) {
        return false;
    }
    for (; *text; text++) {
        if (!g_ascii_isgraph(*text)) {
            return false;
        }
    }
    return true;
}

static bool pack(Call *call, const char *archive, const char *parent, const char *name, Err **err)
{
    const char *const argv[] = {TAR,     "--create",    "--gzip", "--file",
                                archive, "--directory", parent,   "--warning=no-file-changed",
                                "--",    name,          NULL};
    g_auto(SubprocessResult) result = {0};
    if (!op_run(call->op, argv, &result, err)) {
        return false;
    }
    /* 1: a file grew meanwhile, as logs do. */
    return result.exit_status <= 1 ||
           err_internal(err, "cannot pack %s: %s", name, g_strchomp(result.err));
}

/* No configuration file of the daemon's user has a say. */
static bool send(Call *call, const char *archive, const char *url, const char *proxy, Err **err)
{
    const char *const argv[] = {CURL,
                                "--disable",
                                "--silent",
                                "--show-error",
                                "--fail",
                                "--globoff",
                                "--proto",
                                "=http,ftp",
                                "--connect-timeout",
                                CONNECT_TIMEOUT,
                                "--speed-time",
                                STALL_TIMEOUT,
                                "--proxy",
                                proxy ? proxy : "",
                                "--upload-file",
                                archive,
                                "--url",
                                url,
                                NULL};
    g_auto(SubprocessResult) result = {0};
    if (!op_run(call->op, argv, &result, err)) {
        return false;
    }
    return result.exit_status == 0 || err_internal(err, "%s", g_strchomp(result.err));
}
