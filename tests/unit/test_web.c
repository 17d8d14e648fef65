/* front/web.c: which file a path stands for, and how it is served. */
#include "base/fd.h"
#include "front/home.h"
#include "front/web.h"
#include "net_fixture.h"

#include <glib/gstdio.h>

static void test_file_of(void)
{
    static const struct {
        const char *path, *file;
    } cases[] = {
        {"/", "/w/index.html"},
        {"/a.js", "/w/a.js"},
        {"/assets/b c.css", "/w/assets/b c.css"},
        {"/assets/", "/w/assets/index.html"},
        {"/..", NULL},
        {"/../etc/passwd", NULL},
        {"/a/../../b", NULL},
        {"/./a", NULL},
        {"/.git/config", NULL},
        {"/a/.hidden", NULL},
        {"//etc/passwd", NULL},
        {"/a//b", NULL},
        {"", NULL},
        {"a", NULL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *file = web_file_of("/w", cases[i].path);
        g_assert_cmpstr(file, ==, cases[i].file);
    }
}

static char *talk(uint16_t port, const char *request)
{
    g_autoptr(Stream) stream = net_connect(port, NULL);
    net_send(stream, request);
    return net_read_all(stream);
}

static void test_serve(void)
{
    g_autofree char *root = g_dir_make_tmp("clearwater-web-XXXXXX", NULL);
    g_autofree char *page = g_build_filename(root, "index.html", NULL);
    g_assert_true(fd_write_file(page, "<p>hello", 8, 0644, NULL));
    const HttpRoute route = {"GET", "/", HTTP_BODY_BUFFERED, 0, home_handle, root};
    const HttpServerConfig config = {0};
    g_autoptr(HttpServer) server = http_server_new(&config, &route, 1, NULL);
    uint16_t port;
    g_assert_true(http_server_listen_tcp(server, "127.0.0.1", 0, NULL, &port, NULL));
    g_assert_true(http_server_start(server, NULL));

    g_autofree char *found = talk(port, "GET / HTTP/1.0\r\n\r\n");
    g_assert_true(g_str_has_prefix(found, "HTTP/1.0 200 OK\r\n"));
    g_assert_nonnull(strstr(found, "\r\ncontent-type: text/html; charset=utf-8\r\n"));
    g_assert_true(g_str_has_suffix(found, "\r\n\r\n<p>hello"));
    const char *etag = strstr(found, "etag: ") + strlen("etag: ");
    g_autofree char *known = g_strdup_printf("GET / HTTP/1.0\r\nIf-None-Match: %.*s\r\n\r\n",
                                             (int)strcspn(etag, "\r"), etag);
    g_autofree char *again = talk(port, known);
    g_assert_true(g_str_has_prefix(again, "HTTP/1.0 304 Not Modified\r\n"));
    g_autofree char *missing = talk(port, "GET /none.js HTTP/1.0\r\n\r\n");
    g_assert_true(g_str_has_prefix(missing, "HTTP/1.0 404 Not Found\r\n"));
    g_autofree char *above = talk(port, "GET /%2e%2e/etc/passwd HTTP/1.0\r\n\r\n");
    g_assert_true(g_str_has_prefix(above, "HTTP/1.0 404 Not Found\r\n"));
    http_server_stop(server);
    g_assert_cmpint(g_unlink(page), ==, 0);
    g_assert_cmpint(g_rmdir(root), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/web/file-of", test_file_of);
    g_test_add_func("/web/serve", test_serve);
    return g_test_run();
}
