/* One small page; everything else below / is not found. */
#include "front/home.h"

#include "front/web.h"

static const char PAGE[] =
    "<!DOCTYPE html>\n"
    "<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Clearwater</title></head>\n"
    "<body><h1>Clearwater</h1>\n"
    "<p>This host serves the XenAPI: XML-RPC at <code>/</code>, JSON-RPC at "
    "<code>/jsonrpc</code>, the thin CLI protocol of <code>xe</code> at <code>/cli</code>.</p>\n"
    "</body></html>\n";

void home_handle(HttpExchange *exchange, void *user)
{
    const char *web_root = user;
    static const char *const headers[] = {"content-type", "text/html; charset=utf-8",
                                          "cache-control", "no-cache, no-store", NULL};
    if (*web_root) {
        web_serve(exchange, web_root);
        return;
    }
    if (strcmp(http_exchange_head(exchange)->path, "/") != 0) {
        http_reply_error(exchange, 404, NULL);
        return;
    }
    http_reply(exchange, 200, headers, g_string_new(PAGE));
}
