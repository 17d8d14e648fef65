/* From a URL to a running domain's console.  The answer's head is written by itself, before any
 * byte of the console: over TLS some clients (Packer) take the first record for the head and drop
 * it whole. */
#include "front/console.h"

#include "front/auth.h"
#include "front/console_find.h"
#include "front/request.h"
#include "net/websocket.h"
#include "ops/platform.h"

/* A client that does not take the few bytes of an answer's head in that time is gone. */
#define HEAD_TIMEOUT (10 * USEC_PER_SEC)

static const char CONNECT_HEAD[] = "HTTP/1.1 200 OK\r\n"
                                   "Connection: keep-alive\r\n"
                                   "Cache-Control: no-cache, no-store\r\n"
                                   "\r\n";

static void handle_connect(HttpExchange *exchange, void *user);
static void handle_websocket(HttpExchange *exchange, void *user);
static FrontCaller *find(ConsoleFront *front, HttpExchange *exchange, HttpActionId action,
                         Permission host_part, ConsoleTarget *ret_target);
static void refuse(HttpExchange *exchange, FrontCaller *caller, const Err *error);
static Stream *open_console(Platform *platform, const ConsoleTarget *target, Err **err);
static void serve(ConsoleFront *front, HttpExchange *exchange, FrontCaller *caller,
                  const ConsoleTarget *target, const char *head, RelayFraming framing);
static void end_console(void *caller);

void front_console_routes(ConsoleFront *front, HttpRoute ret_routes[FRONT_CONSOLE_ROUTES])
{
    ret_routes[0] = (HttpRoute){.method = "CONNECT",
                                .path = "/console",
                                .body = HTTP_BODY_STREAMED,
                                .handler = handle_connect,
                                .user = front};
    ret_routes[1] = (HttpRoute){.method = "GET",
                                .path = "/console",
                                .body = HTTP_BODY_STREAMED,
                                .handler = handle_websocket,
                                .user = front};
}

static void handle_connect(HttpExchange *exchange, void *user)
{
    ConsoleTarget target;
    FrontCaller *caller = find(user, exchange, HTTP_ACTION_CONNECT_CONSOLE,
                               PERMISSION_HTTP_CONNECT_CONSOLE_HOST_CONSOLE, &target);
    if (caller) {
        serve(user, exchange, caller, &target, CONNECT_HEAD, RELAY_RAW);
    }
}

/* The subprotocol is named whether or not it was asked for, as XenServer does. */
static void handle_websocket(HttpExchange *exchange, void *user)
{
    ConsoleTarget target;
    g_autofree char *key = NULL;
    if (!websocket_accept_key(http_exchange_head(exchange), &key)) {
        http_reply_error(exchange, 400, "GET /console is for WebSocket version 13");
        return;
    }
    FrontCaller *caller = find(user, exchange, HTTP_ACTION_CONNECT_CONSOLE_WS,
                               PERMISSION_HTTP_CONNECT_CONSOLE_WS_HOST_CONSOLE_WS, &target);
    if (caller) {
        g_autofree char *head = g_strdup_printf("HTTP/1.1 101 Switching Protocols\r\n"
                                                "Upgrade: websocket\r\n"
                                                "Connection: Upgrade\r\n"
                                                "Sec-WebSocket-Accept: %s\r\n"
                                                "Sec-WebSocket-Protocol: binary\r\n"
                                                "\r\n",
                                                key);
        serve(user, exchange, caller, &target, head, RELAY_WEBSOCKET);
    }
}

/* NULL when the exchange has been answered with a refusal. */
static FrontCaller *find(ConsoleFront *front, HttpExchange *exchange, HttpActionId action,
                         Permission host_part, ConsoleTarget *ret_target)
{
    FrontCaller *caller = front_auth_begin(front->core, exchange, action, NULL);
    g_autoptr(Err) error = NULL;
    if (!caller ||
        console_find_for(caller, http_exchange_head(exchange), host_part, ret_target, &error)) {
        return caller;
    }
    refuse(exchange, caller, error);
    return NULL;
}

static void refuse(HttpExchange *exchange, FrontCaller *caller, const Err *error)
{
    g_autofree char *detail = err_to_string(error);
    front_auth_end(caller, NULL, error);
    http_reply_error(exchange, front_request_status(error), detail);
}

static void serve(ConsoleFront *front, HttpExchange *exchange, FrontCaller *caller,
                  const ConsoleTarget *target, const char *head, RelayFraming framing)
{
    g_autoptr(Err) error = NULL;
    g_autoptr(Stream) console = open_console(core_platform(front->core), target, &error);
    if (!console) {
        refuse(exchange, caller, error);
        return;
    }
    g_autoptr(Stream) client = http_take_over(exchange);
    g_autoptr(Op) op = op_new_child(core_op(front->core), HEAD_TIMEOUT);
    if (!stream_write_all(client, op, head, strlen(head), &error)) {
        front_auth_end(caller, NULL, error);
        return;
    }
    /* A guest's kernel waits for a serial line that nobody reads. */
    relay_add(front->relay, g_steal_pointer(&client), framing, g_steal_pointer(&console),
              target->is_text ? RELAY_DROP : RELAY_HOLD, end_console, caller);
}

static Stream *open_console(Platform *platform, const ConsoleTarget *target, Err **err)
{
    const HvDriver *driver = platform_hv_driver(platform);
    HvConsole kind = target->is_text ? HV_CONSOLE_TEXT : HV_CONSOLE_VNC;
    int fd = driver->console_open(platform_hv(platform), target->domain, kind, err);
    return fd < 0 ? NULL : stream_new_fd(fd);
}

static void end_console(void *caller)
{
    front_auth_end(caller, NULL, NULL);
}
