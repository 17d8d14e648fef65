/* One file that grows and its older brothers.  A line is one write(2) to a file opened for
 * appending, under a lock that also covers the renaming, so that no line is lost between files. */
#include "core/audit_log.h"

#include "base/fd.h"
#include "base/lock.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

struct AuditLog {
    char *path; /* NULL: none is kept */
    Lock lock;  /* everything below */
    int fd;
    off_t size;
    bool is_failing; /* the daemon's log has been told */
};

static GString *clean_line(const char *line);
static bool append(AuditLog *log, const GString *line, Err **err);
static bool follow_file(AuditLog *log, Err **err);
static bool rotate(AuditLog *log, Err **err);
static char *numbered(const AuditLog *log, unsigned number, const char *ending);
static void add_file(GArray *files, const char *path);
static void close_file(void *fd);

AuditLog *audit_log_new(const char *path)
{
    AuditLog *log = g_new0(AuditLog, 1);
    log->path = g_strdup(path);
    log->fd = -1;
    lock_init(&log->lock, LOCK_AUDIT);
    return log;
}

void audit_log_free(AuditLog *log)
{
    if (log) {
        fd_close(&log->fd);
        lock_clear(&log->lock);
        g_free(log->path);
        g_free(log);
    }
}

void audit_log_append(AuditLog *log, const char *line)
{
    if (!log->path) {
        return;
    }
    g_autoptr(GString) clean = clean_line(line);
    g_autoptr(Err) error = NULL;
    bool ok, is_news;
    {
        LOCK_GUARD(&log->lock);
        ok = append(log, clean, &error);
        is_news = !ok && !log->is_failing;
        log->is_failing = !ok;
    }
    if (is_news) {
        g_autofree char *why = err_to_string(error);
        log_error("the audit log %s takes no lines: %s", log->path, why);
    }
}

GArray *audit_log_open_all(AuditLog *log)
{
    GArray *files = g_array_new(FALSE, FALSE, sizeof(int));
    g_array_set_clear_func(files, close_file);
    if (!log->path) {
        return files;
    }
    LOCK_GUARD(&log->lock);
    for (unsigned number = AUDIT_LOG_MAX_NUMBER; number > 0; number--) {
        g_autofree char *packed = numbered(log, number, ".gz");
        g_autofree char *plain = numbered(log, number, "");
        add_file(files, packed);
        add_file(files, plain);
    }
    add_file(files, log->path);
    return files;
}

static GString *clean_line(const char *line)
{
    g_autofree char *valid = g_utf8_make_valid(line, (gssize)strnlen(line, AUDIT_LOG_MAX_LINE));
    GString *clean = g_string_new(valid);
    for (char *at = clean->str; *at; at++) {
        if (g_ascii_iscntrl(*at)) {
            *at = ' ';
        }
    }
    return g_string_append_c(clean, '\n');
}

static bool append(AuditLog *log, const GString *line, Err **err)
{
    if (!follow_file(log, err)) {
        return false;
    }
    bool is_full = log->size > 0 && log->size + (off_t)line->len > AUDIT_LOG_MAX_BYTES;
    if (is_full && !(rotate(log, err) && follow_file(log, err))) {
        return false;
    }
    if (!fd_write_all(log->fd, line->str, line->len, err)) {
        (void)!ftruncate(log->fd, log->size); /* half a line would spoil the next one */
        return false;
    }
    return true;
}

/* Opens the file that is at the path now, unless it is open already. */
static bool follow_file(AuditLog *log, Err **err)
{
    struct stat there, open_one;
    bool is_same = log->fd >= 0 && fstat(log->fd, &open_one) == 0 && stat(log->path, &there) == 0 &&
                   there.st_ino == open_one.st_ino && there.st_dev == open_one.st_dev;
    if (!is_same) {
        fd_close(&log->fd);
        log->fd = open(log->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        if (log->fd < 0 || fstat(log->fd, &open_one) < 0) {
            return err_errno(err, errno, "cannot open %s", log->path);
        }
    }
    log->size = open_one.st_size;
    return true;
}

static bool rotate(AuditLog *log, Err **err)
{
    fd_close(&log->fd);
    for (unsigned number = AUDIT_LOG_KEPT; number > 0; number--) {
        g_autofree char *from = number > 1 ? numbered(log, number - 1, "") : g_strdup(log->path);
        g_autofree char *to = numbered(log, number, "");
        if (rename(from, to) < 0 && errno != ENOENT) {
            return err_errno(err, errno, "cannot rename %s", from);
        }
    }
    return true;
}

/* (owned) */
static char *numbered(const AuditLog *log, unsigned number, const char *ending)
{
    return g_strdup_printf("%s.%u%s", log->path, number, ending);
}

static void add_file(GArray *files, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        g_array_append_val(files, fd);
    }
}

static void close_file(void *fd)
{
    fd_close(fd);
}
