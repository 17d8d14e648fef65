/* http1.c: heads that are accepted, heads that must not be, and the lookups. */
#include "net/http1.h"

static HttpParse parse_bytes(const char *data, size_t length, HttpHead *head, size_t *used,
                             int *status)
{
    *used = 0;
    *status = 0;
    /* A copy of exactly this length: the sanitizer sees a read beyond it. */
    g_autofree char *copy = g_memdup2(data, length);
    return http1_parse_request(copy, length, head, used, status);
}

static HttpParse parse(const char *text, HttpHead *head)
{
    size_t used;
    int status;
    return parse_bytes(text, strlen(text), head, &used, &status);
}

static void assert_bad(const char *text, int expected)
{
    g_auto(HttpHead) head = {0};
    size_t used;
    int status;
    HttpParse parsed = parse_bytes(text, strlen(text), &head, &used, &status);
    if (parsed != HTTP_PARSE_BAD || status != expected) {
        g_error("parsed %d, status %d instead of %d: %s", parsed, status, expected, text);
    }
    g_assert_null(head.storage);
}

static void test_plain_request(void)
{
    const char *text = "POST /RPC2?a=1 HTTP/1.1\r\nHost: h\r\nContent-Length: 12\r\n"
                       "X-Empty:\r\nContent-Type:  text/xml \t\r\n\r\nbody";
    g_auto(HttpHead) head = {0};
    size_t used;
    int status;
    g_assert_cmpint(parse_bytes(text, strlen(text), &head, &used, &status), ==, HTTP_PARSE_DONE);
    g_assert_cmpuint(used, ==, strlen(text) - strlen("body"));
    g_assert_cmpstr(head.method, ==, "POST");
    g_assert_cmpstr(head.target, ==, "/RPC2?a=1");
    g_assert_cmpstr(head.path, ==, "/RPC2");
    g_assert_cmpint(head.minor_version, ==, 1);
    g_assert_cmpint(head.content_length, ==, 12);
    g_assert_true(head.keep_alive);
    g_assert_false(head.chunked);
    g_assert_cmpstr(http_header(&head, "content-type"), ==, "text/xml");
    g_assert_cmpstr(http_header(&head, "x-empty"), ==, "");
    g_assert_null(http_header(&head, "cookie"));
    g_assert_cmpstr(http_query(&head, "a"), ==, "1");
}

/* What is cut anywhere is not whole and not bad; nothing behind its end is needed. */
static void test_every_cut(void)
{
    const char *text = "\r\nGET /a%20b?x=y HTTP/1.0\r\nCookie: s=1\r\n\r\n";
    for (size_t length = 0; length < strlen(text); length++) {
        g_auto(HttpHead) head = {0};
        size_t used;
        int status;
        g_assert_cmpint(parse_bytes(text, length, &head, &used, &status), ==, HTTP_PARSE_MORE);
    }
    g_auto(HttpHead) head = {0};
    size_t used;
    int status;
    g_assert_cmpint(parse_bytes(text, strlen(text), &head, &used, &status), ==, HTTP_PARSE_DONE);
    g_assert_cmpuint(used, ==, strlen(text));
    g_assert_cmpstr(head.path, ==, "/a b");
    g_assert_cmpint(head.content_length, ==, -1);
}

static void test_connect_with_path(void)
{
    g_auto(HttpHead) head = {0};
    g_assert_cmpint(
        parse("CONNECT /console?ref=OpaqueRef%3Aabc&session_id=s+1 HTTP/1.0\r\n\r\n", &head), ==,
        HTTP_PARSE_DONE);
    g_assert_cmpstr(head.method, ==, "CONNECT");
    g_assert_cmpstr(head.path, ==, "/console");
    g_assert_cmpstr(http_query(&head, "ref"), ==, "OpaqueRef:abc");
    g_assert_cmpstr(http_query(&head, "session_id"), ==, "s 1");
    g_assert_cmpint(head.minor_version, ==, 0);
    g_assert_false(head.keep_alive);
    assert_bad("CONNECT host:443 HTTP/1.1\r\n\r\n", 400);
}

static void test_targets(void)
{
    g_auto(HttpHead) absolute = {0};
    g_assert_cmpint(parse("GET http://host:80/a/b?q HTTP/1.1\r\n\r\n", &absolute), ==,
                    HTTP_PARSE_DONE);
    g_assert_cmpstr(absolute.path, ==, "/a/b");
    g_assert_cmpstr(http_query(&absolute, "q"), ==, "");
    g_auto(HttpHead) bare = {0};
    g_assert_cmpint(parse("GET https://host?x=1 HTTP/1.1\r\n\r\n", &bare), ==, HTTP_PARSE_DONE);
    g_assert_cmpstr(bare.path, ==, "/");
    g_auto(HttpHead) star = {0};
    g_assert_cmpint(parse("OPTIONS * HTTP/1.1\r\n\r\n", &star), ==, HTTP_PARSE_DONE);
    g_assert_cmpstr(star.path, ==, "*");
    assert_bad("GET * HTTP/1.1\r\n\r\n", 400);
    assert_bad("GET relative HTTP/1.1\r\n\r\n", 400);
    assert_bad("GET /%zz HTTP/1.1\r\n\r\n", 400);
    assert_bad("GET /%0 HTTP/1.1\r\n\r\n", 400);
    assert_bad("GET /a%00b HTTP/1.1\r\n\r\n", 400);
    assert_bad("GET /?a=%4 HTTP/1.1\r\n\r\n", 400);
    assert_bad("GET /a\tb HTTP/1.1\r\n\r\n", 400);
}

static void test_query_twins(void)
{
    g_auto(HttpHead) head = {0};
    g_assert_cmpint(parse("GET /r?vm_uuid=a&vm_uuid=b,c&&json&e==x HTTP/1.1\r\n\r\n", &head), ==,
                    HTTP_PARSE_DONE);
    static const char *const expected[] = {"vm_uuid", "a", "vm_uuid", "b,c", "json", "", "e", "=x"};
    g_assert_cmpuint(head.query->len * 2, ==, G_N_ELEMENTS(expected));
    for (unsigned i = 0; i < head.query->len; i++) {
        const HttpHeader *item = g_ptr_array_index(head.query, i);
        g_assert_cmpstr(item->name, ==, expected[i * 2]);
        g_assert_cmpstr(item->value, ==, expected[i * 2 + 1]);
    }
}

static void test_smuggling(void)
{
    static const char *const heads[] = {
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        "Content-Length: 5\r\nContent-Length: 5\r\n",
        "Content-Length: 5\r\nContent-Length: 6\r\n",
        "Content-Length: 5, 5\r\n",
        "Content-Length: +5\r\n",
        "Content-Length: -5\r\n",
        "Content-Length: 0x5\r\n",
        "Content-Length: 5 5\r\n",
        "Content-Length:\r\n",
        "Content-Length: 9223372036854775808\r\n",
        "Content-Length: 99999999999999999999999\r\n",
        "Content-Length : 5\r\n",
        "Content-Length\t: 5\r\n",
        "Content-Length\r\n",
        " Content-Length: 5\r\n",
        "X: a\r\n folded\r\n",
        "X: a\r\n\tfolded\r\n",
        ": no name\r\n",
        "X y: z\r\n",
        "X\"y: z\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: identity\r\n",
        "Transfer-Encoding: gzip, chunked\r\n",
        "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding:\r\n",
        "Host: a\r\nHost: b\r\n",
        "X: a\rb\r\n",
        "X: a\x01\r\n",
        "X: a\x7f\r\n",
        "X: a\nY: b\r\n",
        "X: a\n",
        "X: a\r\r\n",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(heads); i++) {
        g_autofree char *text = g_strdup_printf("POST / HTTP/1.1\r\n%s\r\n", heads[i]);
        assert_bad(text, 400);
    }
    assert_bad("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400);
    assert_bad("\n", 400);
    assert_bad("GET / HTTP/1.1\n\n", 400);
    assert_bad("GET / HTTP/1.1\r\n\n", 400);
    assert_bad("PROXY TCP6 ::1 ::2 1 2\r\nGET / HTTP/1.1\r\n\r\n", 400);
    assert_bad("\r\n\r\nGET / HTTP/1.1\r\n\r\n", 400);

    g_auto(HttpHead) head = {0};
    g_assert_cmpint(parse("POST / HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n", &head), ==,
                    HTTP_PARSE_DONE);
    g_assert_true(head.chunked);
}

static void test_nul_bytes(void)
{
    static const char in_line[] = "GET /a\0b HTTP/1.1\r\n\r\n";
    static const char in_header[] = "GET / HTTP/1.1\r\nX: a\0b\r\n\r\n";
    g_auto(HttpHead) head = {0};
    size_t used;
    int status;
    g_assert_cmpint(parse_bytes(in_line, sizeof in_line - 1, &head, &used, &status), ==,
                    HTTP_PARSE_BAD);
    g_assert_cmpint(status, ==, 400);
    g_assert_cmpint(parse_bytes(in_header, sizeof in_header - 1, &head, &used, &status), ==,
                    HTTP_PARSE_BAD);
    g_assert_cmpint(status, ==, 400);
}

static void test_methods_and_versions(void)
{
    assert_bad("FOO / HTTP/1.1\r\n\r\n", 501);
    assert_bad("get / HTTP/1.1\r\n\r\n", 501);
    assert_bad("TRACE / HTTP/1.1\r\n\r\n", 501);
    assert_bad("GET / HTTP/2.0\r\n\r\n", 505);
    assert_bad("GET / HTTP/0.9\r\n\r\n", 505);
    assert_bad("GET /\r\n\r\n", 400);
    assert_bad("GET  / HTTP/1.1\r\n\r\n", 400);
    assert_bad("GET / HTTP/1.1 \r\n\r\n", 400);
    assert_bad("GET / http/1.1\r\n\r\n", 400);
    assert_bad("GET / HTTP/1.10\r\n\r\n", 400);
    assert_bad(" GET / HTTP/1.1\r\n\r\n", 400);
    assert_bad("G(T / HTTP/1.1\r\n\r\n", 400);
    static const char *const methods[] = {"GET",     "POST", "PUT",    "CONNECT",
                                          "OPTIONS", "HEAD", "DELETE", "PATCH"};
    for (size_t i = 0; i < G_N_ELEMENTS(methods); i++) {
        g_autofree char *text = g_strdup_printf("%s / HTTP/1.1\r\n\r\n", methods[i]);
        g_auto(HttpHead) head = {0};
        g_assert_cmpint(parse(text, &head), ==, HTTP_PARSE_DONE);
        g_assert_cmpstr(head.method, ==, methods[i]);
    }
}

static void test_limits(void)
{
    g_autoptr(GString) text = g_string_new("GET / HTTP/1.1\r\nX: ");
    while (text->len < HTTP_MAX_HEAD) {
        g_string_append_c(text, 'a');
    }
    assert_bad(text->str, 431);
    g_string_truncate(text, HTTP_MAX_HEAD - 4);
    g_string_append(text, "\r\n\r\n");
    g_auto(HttpHead) whole = {0};
    g_assert_cmpint(parse(text->str, &whole), ==, HTTP_PARSE_DONE);

    g_string_assign(text, "GET / HTTP/1.1\r\n");
    for (unsigned i = 0; i < HTTP_MAX_HEADERS; i++) {
        g_string_append(text, "X: y\r\n");
    }
    g_autofree char *most = g_strconcat(text->str, "\r\n", NULL);
    g_autofree char *more = g_strconcat(text->str, "X: y\r\n\r\n", NULL);
    g_auto(HttpHead) head = {0};
    g_assert_cmpint(parse(most, &head), ==, HTTP_PARSE_DONE);
    assert_bad(more, 431);
}

static void test_keep_alive(void)
{
    static const struct {
        const char *version;
        const char *header;
        bool keep_alive;
    } cases[] = {
        {"1.1", "X: y", true},
        {"1.0", "X: y", false},
        {"1.1", "Connection: close", false},
        {"1.1", "Connection: CLOSE", false},
        {"1.0", "connection: Keep-Alive", true},
        {"1.1", "Connection: upgrade, close", false},
        {"1.1", "Connection: closed", true},
        {"1.0", "Connection: keep-alive, close", false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text =
            g_strdup_printf("GET / HTTP/%s\r\n%s\r\n\r\n", cases[i].version, cases[i].header);
        g_auto(HttpHead) head = {0};
        g_assert_cmpint(parse(text, &head), ==, HTTP_PARSE_DONE);
        g_assert_cmpint(head.keep_alive, ==, cases[i].keep_alive);
    }
}

static void test_cookies(void)
{
    static const struct {
        const char *header;
        const char *value;
    } cases[] = {
        {"session_id=OpaqueRef%3A1", "OpaqueRef:1"},
        {"a=b;session_id=x", "x"},
        {"a=b; session_id=x y ; c=d", "x y"},
        {"a=b&session_id=x", "x"},
        {"a=b&c=d; session_id=x", "x"},
        {"session_id=a=b", "a=b"},
        {"session_id=", ""},
        {"a=session_id", NULL},
        {"session_id", NULL},
        {"a;session_id=%zz", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text =
            g_strdup_printf("GET / HTTP/1.1\r\nCookie: %s\r\n\r\n", cases[i].header);
        g_auto(HttpHead) head = {0};
        g_assert_cmpint(parse(text, &head), ==, HTTP_PARSE_DONE);
        g_autofree char *value = http_cookie(&head, "session_id");
        g_assert_cmpstr(value, ==, cases[i].value);
    }
}

static HttpParse parse_response(const char *text, HttpHead *head, size_t *used)
{
    g_autofree char *copy = g_memdup2(text, strlen(text));
    return http1_parse_response(copy, strlen(text), head, used);
}

static void test_responses(void)
{
    size_t used = 0;
    g_auto(HttpHead) head = {0};
    g_assert_cmpint(
        parse_response("HTTP/1.0 500 Internal Error\r\nContent-Length: 3\r\n\r\nabc", &head, &used),
        ==, HTTP_PARSE_DONE);
    g_assert_cmpint(head.status, ==, 500);
    g_assert_cmpstr(head.reason, ==, "Internal Error");
    g_assert_cmpint(head.content_length, ==, 3);
    g_assert_cmpuint(used, ==, strlen("HTTP/1.0 500 Internal Error\r\nContent-Length: 3\r\n\r\n"));
    g_auto(HttpHead) short_head = {0};
    g_assert_cmpint(parse_response("HTTP/1.1 200\r\n\r\n", &short_head, &used), ==,
                    HTTP_PARSE_DONE);
    g_assert_cmpstr(short_head.reason, ==, "");
    static const char *const bad[] = {
        "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/1.1\r\n\r\n",
        "HTTP/2.0 200 OK\r\n\r\n",
        "HTTP/1.1 099 No\r\n\r\n",
        "ICY 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_auto(HttpHead) none = {0};
        g_assert_cmpint(parse_response(bad[i], &none, &used), ==, HTTP_PARSE_BAD);
    }
}

static void test_header_writer(void)
{
    static const char *const headers[] = {"location", "/a\r\nSet-Cookie: x", "b", "c", NULL};
    g_autoptr(GString) out = g_string_new(NULL);
    http1_append_headers(out, headers);
    g_assert_cmpstr(out->str, ==, "location: /a  Set-Cookie: x\r\nb: c\r\n");
    g_string_truncate(out, 0);
    http1_append_headers(out, NULL);
    g_assert_cmpstr(out->str, ==, "");
}

static void test_reasons(void)
{
    g_assert_cmpstr(http_reason(500), ==, "Internal Error");
    g_assert_cmpstr(http_reason(401), ==, "Unauthorised");
    g_assert_cmpstr(http_reason(501), ==, "Method not implemented");
    g_assert_cmpstr(http_reason(799), ==, "Unknown");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/http1/plain-request", test_plain_request);
    g_test_add_func("/http1/every-cut", test_every_cut);
    g_test_add_func("/http1/connect-with-path", test_connect_with_path);
    g_test_add_func("/http1/targets", test_targets);
    g_test_add_func("/http1/query-twins", test_query_twins);
    g_test_add_func("/http1/smuggling", test_smuggling);
    g_test_add_func("/http1/nul-bytes", test_nul_bytes);
    g_test_add_func("/http1/methods-and-versions", test_methods_and_versions);
    g_test_add_func("/http1/limits", test_limits);
    g_test_add_func("/http1/keep-alive", test_keep_alive);
    g_test_add_func("/http1/cookies", test_cookies);
    g_test_add_func("/http1/responses", test_responses);
    g_test_add_func("/http1/header-writer", test_header_writer);
    g_test_add_func("/http1/reasons", test_reasons);
    return g_test_run();
}
