/* The log's two destinations and its line format.  Rotation is the system's: it renames the
 * file and has the daemon call log_open_file() again.
 *
 * The log is the one piece of state of the process that hangs from nothing, because a line must
 * be possible at any place, also before there is a daemon.  It has no lock: a line is one
 * write(2) to a file opened for appending, and a new file takes over the descriptor's number. */
#include "base/log.h"

#include "base/err.h"
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

#define LOG_MAX_TEXT    ((size_t)16384) /* bytes of one line's text */
#define LOG_MAX_CONTEXT 128             /* bytes, with the NUL */
#define LOG_TIME_SIZE   32

static gint log_level = LOG_INFO;
static gint log_fd = -1;
static _Thread_local char log_context[LOG_MAX_CONTEXT];

static const char *const log_level_names[] = {
    [LOG_DEBUG] = "debug",
    [LOG_INFO] = "info",
    [LOG_WARN] = "warn",
    [LOG_ERROR] = "error",
};

static void log_format_time(char text[LOG_TIME_SIZE]);
static void log_append_area(GString *line, const char *file);
static void log_append_escaped(GString *line, const char *text);
static void log_emit(int fd, const GString *line);

void log_write(LogLevel level, const char *file, const char *fmt, ...)
{
    if ((gint)level < g_atomic_int_get(&log_level)) {
        return;
    }
    int saved_errno = errno;
    va_list args;
    va_start(args, fmt);
    g_autofree char *text = g_strdup_vprintf(fmt, args);
    va_end(args);

    char when[LOG_TIME_SIZE];
    log_format_time(when);
    g_autoptr(GString) line = g_string_sized_new(256);
    g_string_append_printf(line, "%s %s ", when, log_level_names[level]);
    log_append_area(line, file);
    if (*log_context) {
        g_string_append(line, " [");
        log_append_escaped(line, log_context);
        g_string_append_c(line, ']');
    }
    g_string_append_c(line, ' ');
    log_append_escaped(line, text);
    g_string_append_c(line, '\n');

    log_emit(STDERR_FILENO, line);
    int fd = g_atomic_int_get(&log_fd);
    if (fd >= 0) {
        log_emit(fd, line);
    }
    errno = saved_errno;
}

void log_set_level(LogLevel level)
{
    g_atomic_int_set(&log_level, (gint)level);
}

bool log_parse_level(const char *text, LogLevel *ret_level)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(log_level_names); i++) {
        if (g_ascii_strcasecmp(text, log_level_names[i]) == 0) {
            *ret_level = (LogLevel)i;
            return true;
        }
    }
    return false;
}

bool log_open_file(const char *path, Err **err)
{
    auto_fd fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
    if (fd < 0) {
        return err_errno(err, errno, "cannot open the log file %s", path);
    }
    int current = g_atomic_int_get(&log_fd);
    if (current < 0) {
        g_atomic_int_set(&log_fd, fd_steal(&fd));
    } else if (dup3(fd, current, O_CLOEXEC) < 0) {
        return err_errno(err, errno, "cannot switch to the log file %s", path);
    }
    return true;
}

void log_set_context(const char *context)
{
    g_strlcpy(log_context, context ? context : "", sizeof log_context);
}

static void log_format_time(char text[LOG_TIME_SIZE])
{
    struct timespec now;
    struct tm utc;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    size_t length = strftime(text, LOG_TIME_SIZE, "%Y-%m-%dT%H:%M:%S", &utc);
    g_snprintf(text + length, (gulong)(LOG_TIME_SIZE - length), ".%03ldZ", now.tv_nsec / 1000000);
}

static void log_append_area(GString *line, const char *file)
{
    const char *slash = strrchr(file, '/');
    const char *name = slash ? slash + 1 : file;
    const char *dot = strrchr(name, '.');
    g_string_append_len(line, name, dot ? dot - name : (gssize)strlen(name));
}

/* Texts from outside end up in the log; none of them may begin a new line or steer a terminal. */
static void log_append_escaped(GString *line, const char *text)
{
    size_t length = strlen(text);
    g_autofree char *valid = g_utf8_make_valid(text, (gssize)MIN(length, LOG_MAX_TEXT));
    for (const char *at = valid; *at; at = g_utf8_next_char(at)) {
        gunichar character = g_utf8_get_char(at);
        if (g_unichar_iscntrl(character)) {
            g_string_append_printf(line, "\\x%02x", character);
        } else {
            g_string_append_len(line, at, g_utf8_next_char(at) - at);
        }
    }
    if (length > LOG_MAX_TEXT) {
        g_string_append(line, "...");
    }
}

/* A log that cannot be written is nothing the caller could do anything about. */
static void log_emit(int fd, const GString *line)
{
    ssize_t written;
    do {
        written = write(fd, line->str, line->len);
    } while (written < 0 && errno == EINTR);
}
