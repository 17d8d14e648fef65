/* The table of routes: calls and consoles, which have ways of their own, then the handlers, and for
 * everything else that the model names the word that it is not offered. */
#include "daemon/routes.h"

#include "front/audit_download.h"
#include "front/blob.h"
#include "front/cli/front_cli.h"
#include "front/console.h"
#include "front/database.h"
#include "front/home.h"
#include "front/host_backup.h"
#include "front/host_files.h"
#include "front/rest/rest.h"
#include "front/rpc.h"
#include "front/rrd.h"
#include "front/services.h"
#include "front/snapshot.h"
#include "wire/limits.h"

struct RouteContext {
    GArray *table; /* HttpRoute */
    ConsoleFront consoles;
    FrontCli *cli;
    FrontHandlers *handlers;
};

static const FrontHandler *const handlers[] = {
    &front_host_backup_handler,    &front_host_restore_handler, &front_database_get_handler,
    &front_database_put_handler,   &front_host_logs_handler,    &front_system_status_handler,
    &front_audit_download_handler, &front_services_handler,     &front_services_sm_handler,
    &front_blob_get_handler,       &front_blob_put_handler,     &front_rrd_host_handler,
    &front_rrd_old_host_handler,   &front_rrd_old_vm_handler,   &front_rrd_sr_handler,
    &front_rrd_updates_handler,    &front_rrd_vm_handler,       &front_snapshot_handler,
};

static void add_call(RouteContext *routes, HttpActionId action, HttpHandler handler, void *user);
static void add_missing(RouteContext *routes);
static bool is_routed(const RouteContext *routes, const HttpAction *action);

RouteContext *routes_new(Core *core, Relay *relay, const char *web_root)
{
    RouteContext *routes = g_new0(RouteContext, 1);
    HttpRoute consoles[FRONT_CONSOLE_ROUTES];
    HttpRoute rest[FRONT_REST_ROUTES];
    routes->table = g_array_new(FALSE, FALSE, sizeof(HttpRoute));
    routes->cli = front_cli_new(core);
    routes->handlers = front_handlers_new(core);
    add_call(routes, HTTP_ACTION_POST_ROOT, rpc_handle_xml, core);
    add_call(routes, HTTP_ACTION_POST_RPC2, rpc_handle_xml, core);
    add_call(routes, HTTP_ACTION_POST_JSON, rpc_handle_xml, core);
    add_call(routes, HTTP_ACTION_POST_JSONRPC, rpc_handle_json, core);
    add_call(routes, HTTP_ACTION_POST_ROOT_OPTIONS, rpc_handle_options, core);
    add_call(routes, HTTP_ACTION_POST_JSON_OPTIONS, rpc_handle_options, core);
    add_call(routes, HTTP_ACTION_POST_JSONRPC_OPTIONS, rpc_handle_options, core);
    add_call(routes, HTTP_ACTION_POST_CLI, front_cli_handler, routes->cli);
    add_call(routes, HTTP_ACTION_GET_ROOT, home_handle, (void *)web_root);
    routes->consoles = (ConsoleFront){core, relay};
    front_console_routes(&routes->consoles, consoles);
    g_array_append_vals(routes->table, consoles, FRONT_CONSOLE_ROUTES);
    for (size_t i = 0; i < G_N_ELEMENTS(handlers); i++) {
        front_handlers_add(routes->handlers, handlers[i], routes->table);
    }
    front_rest_routes(core, rest);
    g_array_append_vals(routes->table, rest, FRONT_REST_ROUTES);
    add_missing(routes);
    return routes;
}

void routes_free(RouteContext *routes)
{
    if (routes) {
        front_cli_free(routes->cli);
        front_handlers_free(routes->handlers);
        g_array_unref(routes->table);
        g_free(routes);
    }
}

const HttpRoute *routes_table(RouteContext *routes, unsigned *ret_count)
{
    *ret_count = routes->table->len;
    return (const HttpRoute *)(void *)routes->table->data;
}

static void add_call(RouteContext *routes, HttpActionId action, HttpHandler handler, void *user)
{
    const HttpRoute route = {.method = http_action_table[action].method,
                             .path = http_action_table[action].path,
                             .body = HTTP_BODY_BUFFERED,
                             .body_limit = WIRE_MAX_RPC_BODY,
                             .handler = handler,
                             .user = user};
    g_array_append_val(routes->table, route);
}

static void add_missing(RouteContext *routes)
{
    for (int i = 0; i < HTTP_ACTION_COUNT; i++) {
        if (!is_routed(routes, &http_action_table[i])) {
            front_handlers_add_missing(routes->handlers, i, routes->table);
        }
    }
}

static bool is_routed(const RouteContext *routes, const HttpAction *action)
{
    for (guint i = 0; i < routes->table->len; i++) {
        const HttpRoute *route = &g_array_index(routes->table, HttpRoute, i);
        if (strcmp(route->method, action->method) == 0 && strcmp(route->path, action->path) == 0) {
            return true;
        }
    }
    return false;
}
