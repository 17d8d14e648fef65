/* Relays a raw terminal to a text console by CONNECT. */
#include "xe/xe_console.h"

#include "base/fd.h"
#include "net/client.h"
#include "xe/xe_connect.h"

#include <errno.h>
#include <termios.h>

enum { ESCAPE_KEY = 0x1d /* Ctrl-] */, BLOCK_SIZE = 4096 };

static Stream *open_console(XeSession *session, const char *url, Err **err);
static void make_raw(const struct termios *saved, int fd);
static void relay(XeSession *session, Stream *console);
static bool forward_keys(XeSession *session, Stream *console);
static bool forward_output(XeSession *session, Stream *console);
static bool report(XeSession *session, const Err *failure, Err **err);

bool xe_console_run(XeSession *session, const char *url, Err **err)
{
    g_autoptr(Err) failure = NULL;
    g_autoptr(Stream) console = open_console(session, url, &failure);
    if (!console) {
        return report(session, failure, err) && xe_session_respond(session, false, err);
    }
    struct termios saved;
    bool is_terminal = tcgetattr(session->input, &saved) == 0;
    if (is_terminal) {
        make_raw(&saved, session->input);
    }
    relay(session, console);
    if (is_terminal) {
        tcsetattr(session->input, TCSANOW, &saved);
    }
    return fd_write_all(session->output, "\r\n", 2, err) && xe_session_respond(session, true, err);
}

static Stream *open_console(XeSession *session, const char *url, Err **err)
{
    g_auto(XeTarget) target = xe_target_parse(session->options, url);
    Stream *stream = xe_connect(session->options, session->op, target.host, target.port, err);
    if (!stream) {
        return NULL;
    }
    g_auto(HttpHead) head = {0};
    const char *headers[] = {"content-length", "0", NULL};
    g_autoptr(Stream) console = http_client_open(http_client_new(stream, target.host), session->op,
                                                 "CONNECT", target.path, 0, headers, &head, err);
    if (console && head.status != 200) {
        g_autofree char *text =
            head.status == 404
                ? g_strdup("the console is gone")
                : g_strdup_printf("the console was refused: %d %s", head.status, head.reason);
        err_set(err, "XE_LOCAL", text);
        return NULL;
    }
    return g_steal_pointer(&console);
}

static void make_raw(const struct termios *saved, int fd)
{
    struct termios raw = *saved;
    cfmakeraw(&raw);
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    tcsetattr(fd, TCSANOW, &raw);
}

static void relay(XeSession *session, Stream *console)
{
    for (;;) {
        struct pollfd fds[] = {
            {.fd = session->input, .events = POLLIN},
            {.fd = stream_fd(console), .events = POLLIN},
        };
        bool is_pending = stream_has_pending_input(console);
        if (!is_pending && !op_poll(session->op, fds, G_N_ELEMENTS(fds), NULL)) {
            return;
        }
        if (fds[0].revents && !forward_keys(session, console)) {
            return;
        }
        if ((is_pending || fds[1].revents) && !forward_output(session, console)) {
            return;
        }
    }
}

/* False at the escape key and when the user's side ends. */
static bool forward_keys(XeSession *session, Stream *console)
{
    char keys[BLOCK_SIZE];
    ssize_t count = read(session->input, keys, sizeof keys);
    if (count < 0 && errno == EINTR) {
        return true;
    }
    if (count <= 0) {
        return false;
    }
    const char *escape = memchr(keys, ESCAPE_KEY, (size_t)count);
    size_t length = escape ? (size_t)(escape - keys) : (size_t)count;
    return stream_write_all(console, session->op, keys, length, NULL) && !escape;
}

static bool forward_output(XeSession *session, Stream *console)
{
    char text[BLOCK_SIZE];
    ssize_t count = stream_try_read(console, text, sizeof text);
    if (count == STREAM_AGAIN) {
        return true;
    }
    return count > 0 && fd_write_all(session->output, text, (size_t)count, NULL);
}

static bool report(XeSession *session, const Err *failure, Err **err)
{
    const char *reason = failure->params[0] ? failure->params[0] : failure->code;
    g_autofree char *text = g_strdup_printf("%s\n", reason);
    return fd_write_all(session->complaints, text, strlen(text), err);
}
