/* From a URL to a running domain's console.  The answer's head is written by itself, before any
 * byte of the console: over TLS some clients (Packer) take the first record for the head and drop
 * it whole. */
#include "front/console.h"

#include "front/auth.h"
#include "front/console_find.h"
#include "gen/db_vm.h"
#include "gen/errors.h"
#include "net/websocket.h"
#include "ops/platform.h"

/* A client that does not take the few bytes of an answer's head in that time is gone. */
#define HEAD_TIMEOUT (10 * USEC_PER_SEC)

static const char CONNECT_HEAD[] = "HTTP/1.1 200 OK\r\n"
                                   "Connection: keep-alive\r\n"
                                   "Cache-Control: no-cache, no-store\r\n"
                                   "\r\n";

static const FrontAction connect_action = {
    .name = "connect_console", .label = "Connection to VM console", .least = ROLE_VM_OPERATOR};
static const FrontAction websocket_action = {
    .name = "connect_console_ws", .label = "Connection to VM console", .least = ROLE_VM_OPERATOR};
static const FrontAction snapshot_action = {
    .name = "get_vncsnapshot", .label = "Snapshot of VM console", .least = ROLE_VM_OPERATOR};

/* A picture being taken on a thread of its own. */
typedef struct Snapshot {
    HttpExchange *exchange;
    FrontCaller *caller;
    Uuid domain;
    Op *op;
} Snapshot;

static void handle_connect(HttpExchange *exchange, void *user);
static void handle_websocket(HttpExchange *exchange, void *user);
static void handle_snapshot(HttpExchange *exchange, void *user);
static FrontCaller *find(ConsoleFront *front, HttpExchange *exchange, const FrontAction *action,
                         ConsoleTarget *ret_target, Op *op);
static void refuse(HttpExchange *exchange, FrontCaller *caller, int status, const Err *error);
static Stream *open_console(Platform *platform, const ConsoleTarget *target, Err **err);
static void serve(ConsoleFront *front, HttpExchange *exchange, FrontCaller *caller,
                  const ConsoleTarget *target, const char *head, RelayFraming framing);
static void end_console(void *caller);
static void take_snapshot(void *snapshot);

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
    ret_routes[2] = (HttpRoute){.method = "GET",
                                .path = "/vncsnapshot",
                                .body = HTTP_BODY_BUFFERED,
                                .handler = handle_snapshot,
                                .user = front};
}

static void handle_connect(HttpExchange *exchange, void *user)
{
    ConsoleTarget target;
    FrontCaller *caller = find(user, exchange, &connect_action, &target, NULL);
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
    FrontCaller *caller = find(user, exchange, &websocket_action, &target, NULL);
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

static void handle_snapshot(HttpExchange *exchange, void *user)
{
    ConsoleFront *front = user;
    ConsoleTarget target;
    g_autoptr(Op) op = op_new_child(core_op(front->core), USEC_NEVER);
    FrontCaller *caller = find(front, exchange, &snapshot_action, &target, op);
    if (!caller) {
        return;
    }
    Snapshot *snapshot = g_new0(Snapshot, 1);
    *snapshot = (Snapshot){exchange, caller, target.domain, g_steal_pointer(&op)};
    http_park(exchange, NULL, NULL);
    core_run_operation(front->core, take_snapshot, snapshot);
}

/* NULL when the exchange has been answered with a refusal. */
static FrontCaller *find(ConsoleFront *front, HttpExchange *exchange, const FrontAction *action,
                         ConsoleTarget *ret_target, Op *op)
{
    const HttpHead *head = http_exchange_head(exchange);
    FrontCaller *caller = front_auth_begin(front->core, exchange, action, op);
    if (!caller) {
        return NULL;
    }
    g_autofree char *ref = front_auth_param(head, "ref");
    g_autofree char *uuid = front_auth_param(head, "uuid");
    g_autoptr(DbSnapshot) snapshot = db_snapshot(core_db(front->core));
    const DbView *view = db_snapshot_view(snapshot);
    HostRef here = platform_host(core_platform(front->core));
    g_autoptr(Err) error = NULL;
    ConsoleTarget target;
    ConsoleFound found = console_find(view, here, ref, uuid, &target, &error);
    if (found == CONSOLE_FOUND && db_vm_is_control_domain(view, target.vm)) {
        g_autofree char *permission = g_strdup_printf("http/%s/host_console", action->name);
        if (!front_auth_check(caller, permission, ROLE_POOL_ADMIN, &error)) {
            refuse(exchange, caller, 403, error);
            return NULL;
        }
    }
    if (found != CONSOLE_FOUND) {
        refuse(exchange, caller, found == CONSOLE_MISSING ? 404 : 500, error);
        return NULL;
    }
    *ret_target = target;
    return caller;
}

static void refuse(HttpExchange *exchange, FrontCaller *caller, int status, const Err *error)
{
    g_autofree char *detail = err_to_string(error);
    front_auth_end(caller, NULL, error);
    http_reply_error(exchange, status, detail);
}

static void serve(ConsoleFront *front, HttpExchange *exchange, FrontCaller *caller,
                  const ConsoleTarget *target, const char *head, RelayFraming framing)
{
    g_autoptr(Err) error = NULL;
    g_autoptr(Stream) console = open_console(core_platform(front->core), target, &error);
    if (!console) {
        refuse(exchange, caller, 500, error);
        return;
    }
    g_autoptr(Stream) client = http_take_over(exchange);
    g_autoptr(Op) op = op_new_child(core_op(front->core), HEAD_TIMEOUT);
    if (!stream_write_all(client, op, head, strlen(head), &error)) {
        front_auth_end(caller, NULL, error);
        return;
    }
    relay_add(front->relay, g_steal_pointer(&client), framing, g_steal_pointer(&console),
              end_console, caller);
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

/* A PNG picture, where XenServer 6.2 gave a JPEG one: the engines draw no other. */
static void take_snapshot(void *user)
{
    Snapshot *snapshot = user;
    Platform *platform = core_platform(snapshot->caller->core);
    g_autoptr(Err) error = NULL;
    g_autoptr(GBytes) picture = platform_hv_driver(platform)->console_screenshot(
        platform_hv(platform), snapshot->op, snapshot->domain, &error);
    if (picture) {
        g_autofree char *disposition = g_strdup_printf("attachment; filename=\"snapshot%.8s.png\"",
                                                       UUID_TEXT(snapshot->domain));
        const char *const headers[] = {"cache-control",
                                       "no-cache, no-store",
                                       "content-type",
                                       "image/png",
                                       "content-disposition",
                                       disposition,
                                       NULL};
        gsize length;
        const char *data = g_bytes_get_data(picture, &length);
        front_auth_end(snapshot->caller, NULL, NULL);
        http_reply(snapshot->exchange, 200, headers, g_string_new_len(data, length));
    } else {
        refuse(snapshot->exchange, snapshot->caller, 500, error);
    }
    op_unref(snapshot->op);
    g_free(snapshot);
}
