/* The client's end of a thin CLI conversation. The server drives; every message is served here
 * or by xe_transfer.c and xe_console.c. */
#include "xe/xe_session.h"

#include "base/fd.h"
#include "net/thincli.h"
#include "xe/xe_console.h"
#include "xe/xe_transfer.h"

#include <errno.h>

enum { PROMPT_LIMIT = 4096 };

static bool greet(XeSession *session, Err **err);
static bool read_greeting(XeSession *session, uint8_t greeting[THINCLI_GREETING_SIZE], Err **err);
static bool serve(XeSession *session, const ThinCliMessage *message, bool *ret_failed, Err **err);
static bool print(XeSession *session, const char *text, Err **err);
static bool complain(XeSession *session, const char *text, Err **err);
static bool print_error(XeSession *session, const ThinCliMessage *message, Err **err);
static bool answer_prompt(XeSession *session, Err **err);
static char *read_line(int fd);

bool xe_session_request(XeSession *session, Err **err)
{
    const XeOptions *options = session->options;
    g_autoptr(GString) body = g_string_new(NULL);
    for (unsigned i = 0; i < options->args->len; i++) {
        g_string_append(body, g_ptr_array_index(options->args, i));
        g_string_append_c(body, '\n');
    }
    g_string_append_printf(body, "username=%s\npassword=%s", options->username,
                           secret_reveal(options->password));
    g_autoptr(GString) request = g_string_new("POST /cli HTTP/1.0\r\n");
    g_string_append_printf(request, "User-agent: xe-cli/Unix/%d.%d\r\noriginator: cli\r\n",
                           THINCLI_MAJOR, THINCLI_MINOR);
    if (options->traceparent) {
        g_string_append_printf(request, "traceparent: %s\r\n", options->traceparent);
    }
    g_string_append_printf(request, "content-length: %zu\r\n\r\n%s", body->len, body->str);
    bool ok = stream_write_all(session->stream, session->op, request->str, request->len, NULL);
    memset(body->str, 0, body->len);
    memset(request->str, 0, request->len);
    return ok || err_set(err, "XE_LOST");
}

bool xe_session_run(XeSession *session, int *ret_exit_status, Err **err)
{
    if (!greet(session, err)) {
        return false;
    }
    for (;;) {
        g_auto(ThinCliMessage) message = {0};
        if (!thincli_read(session->stream, session->op, THINCLI_MAX_FROM_SERVER, &message, NULL)) {
            return err_set(err, "XE_LOST");
        }
        xe_session_debug(session, "received kind %d tag %d\n", (int)message.kind, (int)message.tag);
        if (message.kind == THINCLI_COMMAND && message.tag == THINCLI_EXIT) {
            *ret_exit_status = message.number;
            return true;
        }
        bool failed = false;
        if (!serve(session, &message, &failed, err)) {
            return false;
        }
        if (failed) {
            *ret_exit_status = 1;
            return true;
        }
    }
}

bool xe_session_send(XeSession *session, const GByteArray *bytes, Err **err)
{
    return stream_write_all(session->stream, session->op, bytes->data, bytes->len, NULL) ||
           err_set(err, "XE_LOST");
}

bool xe_session_respond(XeSession *session, bool success, Err **err)
{
    g_autoptr(GByteArray) out = g_byte_array_new();
    thincli_append_plain(out, THINCLI_RESPONSE, success ? THINCLI_OK : THINCLI_FAILED);
    return xe_session_send(session, out, err);
}

void xe_session_debug(XeSession *session, const char *fmt, ...)
{
    if (session->debug) {
        va_list args;
        va_start(args, fmt);
        vfprintf(session->debug, fmt, args);
        va_end(args);
        fflush(session->debug);
    }
}

static bool greet(XeSession *session, Err **err)
{
    uint8_t greeting[THINCLI_GREETING_SIZE];
    int32_t major = 0, minor = 0;
    if (!read_greeting(session, greeting, err)) {
        return false;
    }
    if (!thincli_parse_greeting(greeting, &major, &minor)) {
        return err_set(err, "XE_NO_AGENT");
    }
    g_autofree char *versions = g_strdup_printf("the server speaks version %d.%d, xe %d.%d", major,
                                                minor, THINCLI_MAJOR, THINCLI_MINOR);
    xe_session_debug(session, "%s\n", versions);
    if (major != THINCLI_MAJOR) {
        return err_set(err, "XE_VERSION", versions);
    }
    g_autoptr(GByteArray) out = g_byte_array_new();
    thincli_append_greeting(out);
    return xe_session_send(session, out, err);
}

/* A server that answers with HTTP instead has refused the request. */
static bool read_greeting(XeSession *session, uint8_t greeting[THINCLI_GREETING_SIZE], Err **err)
{
    size_t have = 0;
    while (have < THINCLI_GREETING_SIZE) {
        ssize_t count = stream_read(session->stream, session->op, greeting + have,
                                    THINCLI_GREETING_SIZE - have, NULL);
        if (count <= 0) {
            break;
        }
        have += (size_t)count;
    }
    if (have == 0) {
        return err_set(err, "XE_UNREACHABLE");
    }
    if (have >= 4 && g_ascii_strncasecmp((const char *)greeting, "HTTP", 4) == 0) {
        return err_set(err, "XE_SERVER");
    }
    return have == THINCLI_GREETING_SIZE || err_set(err, "XE_LOST");
}

/* `ret_failed` tells that xe itself has to give up, after the server was told. */
static bool serve(XeSession *session, const ThinCliMessage *message, bool *ret_failed, Err **err)
{
    if (message->kind == THINCLI_COMMAND) {
        switch (message->tag) {
        case THINCLI_PRINT:
            return print(session, message->text, err);
        case THINCLI_PRINT_STDERR:
            return complain(session, message->text, err);
        case THINCLI_DEBUG:
            xe_session_debug(session, "debug from server: %s\n", message->text);
            return true;
        case THINCLI_ERROR:
            return print_error(session, message, err);
        case THINCLI_PROMPT:
            return answer_prompt(session, err);
        case THINCLI_LOAD:
            return xe_transfer_load(session, message->text, err);
        case THINCLI_HTTP_GET:
            return xe_transfer_get(session, message->text, message->path, ret_failed, err);
        case THINCLI_HTTP_PUT:
            return xe_transfer_put(session, message->text, message->path, ret_failed, err);
        case THINCLI_HTTP_CONNECT:
            return xe_console_run(session, message->text, err);
        case THINCLI_EXIT:
        case THINCLI_OK:
        case THINCLI_FAILED:
        case THINCLI_WAIT:
        case THINCLI_CHUNK:
        case THINCLI_END:
            break;
        }
    }
    g_autofree char *what =
        g_strdup_printf("kind %d, tag %d", (int)message->kind, (int)message->tag);
    return err_set(err, "XE_UNEXPECTED", what);
}

static bool print(XeSession *session, const char *text, Err **err)
{
    return fd_write_all(session->output, text, strlen(text), err) &&
           fd_write_all(session->output, "\n", 1, err);
}

static bool complain(XeSession *session, const char *text, Err **err)
{
    return fd_write_all(session->complaints, text, strlen(text), err);
}

static bool print_error(XeSession *session, const ThinCliMessage *message, Err **err)
{
    g_autofree char *params = g_strjoinv(", ", message->params);
    g_autofree char *text =
        g_strdup_printf("Error code: %s\nError parameters: %s\n", message->text, params);
    return complain(session, text, err);
}

static bool answer_prompt(XeSession *session, Err **err)
{
    g_autofree char *line = read_line(session->input);
    g_autoptr(GByteArray) out = g_byte_array_new();
    thincli_append_number(out, THINCLI_BLOB, THINCLI_CHUNK, (int32_t)strlen(line));
    g_byte_array_append(out, (const guint8 *)line, (guint)strlen(line));
    thincli_append_plain(out, THINCLI_BLOB, THINCLI_END);
    return xe_session_send(session, out, err);
}

/* Byte by byte, so that what follows the line stays unread. Who has nothing to say says "". */
static char *read_line(int fd)
{
    g_autoptr(GString) line = g_string_new(NULL);
    while (line->len < PROMPT_LIMIT) {
        char c;
        ssize_t count = read(fd, &c, 1);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0 || c == '\n') {
            break;
        }
        g_string_append_c(line, c);
    }
    return g_string_free(g_steal_pointer(&line), FALSE);
}
