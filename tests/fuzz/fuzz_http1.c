/* Any bytes to the head parsers; what they find must lie inside what they were given, and what
 * a whole head says about its body must be one thing. */
#include "fuzz.h"

#include "net/http1.h"

#include <string.h>

static void check_head(const HttpHead *head, size_t used, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_auto(HttpHead) request = {0};
    size_t used = 0;
    int status = 0;
    HttpParse parsed = http1_parse_request((const char *)data, size, &request, &used, &status);
    if (parsed == HTTP_PARSE_DONE) {
        check_head(&request, used, size);
        g_assert_true(request.method && request.path && request.query);
        g_autofree char *cookie = http_cookie(&request, "session_id");
        (void)http_query(&request, "session_id");
    } else {
        g_assert_null(request.storage);
        g_assert_true((parsed == HTTP_PARSE_BAD) == (status >= 400));
    }

    g_auto(HttpHead) response = {0};
    if (http1_parse_response((const char *)data, size, &response, &used) == HTTP_PARSE_DONE) {
        check_head(&response, used, size);
        g_assert_cmpint(response.status, >=, 100);
        g_assert_cmpint(response.status, <, 1000);
    }
    return 0;
}

static void check_head(const HttpHead *head, size_t used, size_t size)
{
    g_assert_cmpuint(used, <=, size);
    g_assert_false(head->chunked && head->content_length >= 0);
    g_assert_cmpuint(head->headers->len, <=, HTTP_MAX_HEADERS);
    for (unsigned i = 0; i < head->headers->len; i++) {
        const HttpHeader *header = &g_array_index(head->headers, HttpHeader, i);
        g_assert_true(*header->name);
        g_assert_null(strpbrk(header->name, " \t\r\n:"));
        g_assert_null(strpbrk(header->value, "\r\n"));
    }
}
