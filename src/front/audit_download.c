/* Line by line through all files of the log; compressed ones are read as they are.  Times compare
 * as text, as in XenServer. */
#include "front/audit_download.h"

#include "base/fd.h"
#include "gen/errors.h"

#include <errno.h>
#include <fcntl.h>
#include <zlib.h>

/* "20090910T11:31:11.417": the part of a time that is compared. */
enum { TIME_LENGTH = 21 };

static bool send_log(FrontRequest *request, Err **err);
static bool send_file(FrontRequest *request, int fd, const char *since, Err **err);

const FrontHandler front_audit_download_handler = {HTTP_ACTION_GET_AUDIT_LOG, FRONT_STREAM,
                                                   send_log};

char *audit_download_since(const char *since)
{
    GString *form = g_string_new(NULL);
    for (const char *at = since; *at; at++) {
        if (*at != '-' && *at != 'Z') {
            g_string_append_c(form, *at == ' ' ? 'T' : *at);
        }
    }
    return g_string_free(form, FALSE);
}

bool audit_download_wants(const char *line, const char *since)
{
    const char *bracket = strchr(line, '[');
    const char *time = bracket ? bracket + 1 : line;
    if (strlen(time) <= TIME_LENGTH) {
        return false;
    }
    g_autofree char *compared = g_strndup(time, TIME_LENGTH);
    return strcmp(compared, since) >= 0;
}

static bool send_log(FrontRequest *request, Err **err)
{
    static const char *const headers[] = {"content-type", "text/plain", NULL};
    g_autofree char *asked = front_request_param(request, "since");
    g_autofree char *since = audit_download_since(asked ? asked : "");
    g_autoptr(GArray) files = audit_log_open_all(core_audit(request->core));
    if (!front_request_start(request, headers, err)) {
        return false;
    }
    for (guint i = 0; i < files->len; i++) {
        if (!send_file(request, g_array_index(files, int, i), since, err)) {
            return false;
        }
        front_request_progress(request, (double)(i + 1) / files->len);
    }
    return true;
}

/* Lines are gathered, because a small one is not worth a packet. */
static bool send_file(FrontRequest *request, int fd, const char *since, Err **err)
{
    auto_fd own_fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    gzFile file = own_fd < 0 ? NULL : gzdopen(own_fd, "r");
    if (!file) {
        return err_errno(err, errno, "cannot read the audit log");
    }
    fd_steal(&own_fd);
    g_autofree char *line = g_malloc(AUDIT_LOG_MAX_LINE + 2);
    g_autoptr(GString) part = g_string_sized_new(FRONT_PIECE);
    bool ok = true;
    while (ok && gzgets(file, line, AUDIT_LOG_MAX_LINE + 2)) {
        if (audit_download_wants(line, since)) {
            g_string_append(part, line);
        }
        if (part->len > FRONT_PIECE / 2) {
            ok = front_request_write(request, part->str, part->len, err);
            g_string_truncate(part, 0);
        }
        ok = ok && op_check(request->op, err);
    }
    gzclose(file);
    return ok && front_request_write(request, part->str, part->len, err);
}
