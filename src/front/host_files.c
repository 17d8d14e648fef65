/* Only files of known folders and names go in; the length of each is bounded. */
#include "front/host_files.h"

#include "front/archive.h"
#include "gen/errors.h"
#include "ops/host/system_status.h"
#include "ops/platform.h"

#define FILE_LIMIT ((int64_t)64 * 1024 * 1024) /* bytes of the end of each file */

static bool send_logs(FrontRequest *request, Err **err);
static bool send_status(FrontRequest *request, Err **err);
static bool add_entry(Archive *archive, const FrontRequest *request, const SystemStatusEntry *entry,
                      Err **err);
static char *report_name(const FrontRequest *request);

const FrontHandler front_host_logs_handler = {HTTP_ACTION_GET_HOST_LOGS_DOWNLOAD, FRONT_STREAM,
                                              send_logs};
const FrontHandler front_system_status_handler = {HTTP_ACTION_GET_SYSTEM_STATUS, FRONT_STREAM,
                                                  send_status};

static bool send_logs(FrontRequest *request, Err **err)
{
    static const char *const headers[] = {"content-type", "application/gzip", "content-disposition",
                                          "attachment; filename=\"logs.tar.gz\"", NULL};
    const char *folder = platform_paths(core_platform(request->core))->log_dir;
    g_autoptr(Archive) archive = archive_new(request, true);
    return front_request_start(request, headers, err) &&
           archive_add_folder(archive, "logs", folder, FILE_LIMIT, err) &&
           archive_end(archive, err);
}

/* The type is misspelled because clients know it so. */
static bool send_status(FrontRequest *request, Err **err)
{
    g_autofree char *asked = front_request_param(request, "entries");
    g_autofree char *output = front_request_param(request, "output");
    if (output && (strcmp(output, "tar.bz2") == 0 || strcmp(output, "zip") == 0)) {
        request->status = 501;
        return err_system_status_retrieval_failed(err, "Only the output tar is offered");
    }
    g_auto(GStrv) wanted = g_strsplit(asked ? asked : "", ",", -1);
    g_autofree char *name = report_name(request);
    g_autofree char *disposition = g_strdup_printf("attachment; filename=\"%s.tar\"", name);
    const char *const headers[] = {
        "Server",    "Clearwater", "content-type", "appliation/x-tar", "content-disposition",
        disposition, NULL};
    g_autoptr(Archive) archive = archive_new(request, false);
    if (!front_request_start_http10(request, headers, err)) {
        return false;
    }
    for (size_t i = 0; i < system_status_entry_count; i++) {
        const SystemStatusEntry *entry = &system_status_entries[i];
        bool is_wanted =
            !asked || !*asked || g_strv_contains((const char *const *)wanted, entry->key);
        if (is_wanted && !add_entry(archive, request, entry, err)) {
            return false;
        }
        front_request_progress(request, (double)(i + 1) / (double)system_status_entry_count);
    }
    return archive_end(archive, err);
}

static bool add_entry(Archive *archive, const FrontRequest *request, const SystemStatusEntry *entry,
                      Err **err)
{
    const PlatformPaths *paths = platform_paths(core_platform(request->core));
    if (!entry->paths && strcmp(entry->key, "xenserver-logs") == 0) {
        return archive_add_folder(archive, "system-status/logs", paths->log_dir, FILE_LIMIT, err);
    }
    if (!entry->paths) {
        g_autofree char *settings = g_build_filename(paths->etc_dir, "clearwater.conf", NULL);
        return archive_add_file(archive, "system-status/clearwater.conf", settings, FILE_LIMIT,
                                err);
    }
    for (const char *const *path = entry->paths; *path; path++) {
        g_autofree char *name = g_strdup_printf("system-status%s", *path);
        if (!archive_add_file(archive, name, *path, FILE_LIMIT, err)) {
            return false;
        }
    }
    return true;
}

/* "system_status-<time>-<host>" (owned) */
static char *report_name(const FrontRequest *request)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autofree char *time = g_date_time_format(now, "%Y-%m-%dT%H:%M:%SZ");
    const char *host = platform_config(core_platform(request->core))->host_name;
    g_autofree char *name = g_strdup_printf("system_status-%s-%s", time, host);
    g_strdelimit(name, "\"\\/", '_');
    return g_steal_pointer(&name);
}
