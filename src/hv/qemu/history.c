/* The file grows at its end and is freed at its beginning, so that nothing of its end is lost
 * whoever is killed, and whenever. */
#include "hv/qemu/history.h"

#include "base/fd.h"
#include "hv/qemu/event.h"
#include "wire/json.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#define HISTORY_FILE  "qmp.log"
#define HISTORY_LIMIT ((off_t)256 * 1024) /* bytes on disk */
#define HISTORY_KEPT  ((off_t)64 * 1024)  /* bytes at the end that are never given back */

static int qemu_history_open_again(const char *dir, int flags, off_t *ret_size, off_t *ret_used);

int qemu_history_open(const char *dir, Err **err)
{
    g_autofree char *path = g_build_filename(dir, HISTORY_FILE, NULL);
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) {
        err_errno(err, errno, "cannot create %s", path);
    }
    return fd;
}

void qemu_history_limit(const char *dir)
{
    off_t size, used;
    auto_fd fd = qemu_history_open_again(dir, O_WRONLY, &size, &used);
    if (fd >= 0 && used > HISTORY_LIMIT) {
        (void)fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, size - HISTORY_KEPT);
    }
}

bool qemu_history_find_end(const char *dir, HvExitReason *ret_reason)
{
    off_t size, used;
    auto_fd fd = qemu_history_open_again(dir, O_RDONLY, &size, &used);
    if (fd < 0) {
        return false;
    }
    g_autofree char *text = g_malloc(HISTORY_KEPT);
    ssize_t got = pread(fd, text, HISTORY_KEPT, MAX(size - HISTORY_KEPT, 0));
    return got > 0 && qemu_history_parse_end(text, (size_t)got, ret_reason);
}

/* The last end counts. */
bool qemu_history_parse_end(const char *text, size_t length, HvExitReason *ret_reason)
{
    bool found = false;
    const char *end;
    for (const char *line = text; (end = memchr(line, '\n', length - (size_t)(line - text)));
         line = end + 1) {
        g_autoptr(Value) message = json_parse_wide(line, (size_t)(end - line), NULL);
        bool is_struct = message && value_kind(message) == VALUE_STRUCT;
        const char *event = is_struct ? value_get_string(message, "event") : NULL;
        HvExitReason reason;
        if (event && qemu_event_is_end(event, value_get(message, "data"), &reason)) {
            *ret_reason = reason;
            found = true;
        }
    }
    return found;
}

static int qemu_history_open_again(const char *dir, int flags, off_t *ret_size, off_t *ret_used)
{
    g_autofree char *path = g_build_filename(dir, HISTORY_FILE, NULL);
    struct stat status;
    auto_fd fd = open(path, flags | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) < 0) {
        return -1;
    }
    *ret_size = status.st_size;
    *ret_used = (off_t)status.st_blocks * 512;
    return fd_steal(&fd);
}
