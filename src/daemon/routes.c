/* The table of routes. */
#include "daemon/routes.h"

#include "front/blob.h"
#include "front/cli/front_cli.h"
#include "front/console.h"
#include "front/home.h"
#include "front/rpc.h"
#include "wire/limits.h"

struct RouteContext {
    GArray *table; /* HttpRoute */
    ConsoleFront consoles;
    FrontCli *cli;
};

static void add(RouteContext *routes, const char *method, const char *path, HttpHandler handler,
                void *user)
{
    const HttpRoute route = {.method = method,
                             .path = path,
                             .body = HTTP_BODY_BUFFERED,
                             .body_limit = WIRE_MAX_RPC_BODY,
                             .handler = handler,
                             .user = user};
    g_array_append_val(routes->table, route);
}

RouteContext *routes_new(Core *core, Relay *relay)
{
    RouteContext *routes = g_new0(RouteContext, 1);
    HttpRoute consoles[FRONT_CONSOLE_ROUTES];
    HttpRoute blobs[FRONT_BLOB_ROUTES];
    routes->table = g_array_new(FALSE, FALSE, sizeof(HttpRoute));
    routes->cli = front_cli_new(core);
    add(routes, "POST", "/", rpc_handle_xml, core);
    add(routes, "POST", "/RPC2", rpc_handle_xml, core);
    add(routes, "POST", "/json", rpc_handle_xml, core);
    add(routes, "POST", "/jsonrpc", rpc_handle_json, core);
    add(routes, "OPTIONS", "/", rpc_handle_options, core);
    add(routes, "POST", "/cli", front_cli_handler, routes->cli);
    routes->consoles = (ConsoleFront){core, relay};
    front_console_routes(&routes->consoles, consoles);
    g_array_append_vals(routes->table, consoles, FRONT_CONSOLE_ROUTES);
    front_blob_routes(core, blobs);
    g_array_append_vals(routes->table, blobs, FRONT_BLOB_ROUTES);
    add(routes, "GET", "/", home_handle, core);
    return routes;
}

void routes_free(RouteContext *routes)
{
    if (routes) {
        front_cli_free(routes->cli);
        g_array_unref(routes->table);
        g_free(routes);
    }
}

const HttpRoute *routes_table(RouteContext *routes, unsigned *ret_count)
{
    *ret_count = routes->table->len;
    return (const HttpRoute *)(void *)routes->table->data;
}
