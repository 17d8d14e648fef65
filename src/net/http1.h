/* HTTP/1.x messages as bytes: a pure parser over a buffer, and writers.  No I/O; fuzzed.
 * Strict where leniency lets requests be smuggled: one Content-Length, never together with
 * Transfer-Encoding, no folded lines, no space before a colon. */
#pragma once

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

enum {
    HTTP_MAX_HEAD = 16 * 1024,  /* bytes of request line and headers */
    HTTP_MAX_HEADERS = 100,
};

typedef struct HttpHeader {
    const char *name;  /* as it came; compare case-insensitively */
    const char *value; /* trimmed */
} HttpHeader;

typedef struct HttpHead {
    /* request */
    char *method;
    char *target;     /* as it came */
    char *path;       /* percent-decoded, without query */
    GPtrArray *query; /* HttpHeader *: decoded name and value, in order, twins kept */
    /* response */
    int status;
    char *reason;
    /* both */
    int minor_version; /* HTTP/1.<minor> */
    GArray *headers;   /* HttpHeader */
    int64_t content_length; /* -1: not given */
    bool chunked;
    bool keep_alive;   /* what version and Connection say */
} HttpHead;

void http_head_clear(HttpHead *head);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(HttpHead, http_head_clear)

typedef enum HttpParse { HTTP_PARSE_MORE, HTTP_PARSE_DONE, HTTP_PARSE_BAD } HttpParse;

/* Looks for one whole head at the start of `data`. DONE fills `ret_head` and `ret_used` (bytes
 * of the head, blank line included). BAD sets `ret_status` to the status to answer:
 * 400, 431 (too long), 501 (method not GET POST PUT CONNECT OPTIONS HEAD DELETE PATCH), 505. */
HttpParse http1_parse_request(const char *data, size_t length, HttpHead *ret_head, size_t *ret_used,
                              int *ret_status);
HttpParse http1_parse_response(const char *data, size_t length, HttpHead *ret_head, size_t *ret_used);

const char *http_header(const HttpHead *head, const char *name);      /* NULL when absent */
const char *http_query(const HttpHead *head, const char *name);       /* first one; NULL when absent */
/* A cookie: ';' separates when there is one, else '&'; decoded. (owned) */
char *http_cookie(const HttpHead *head, const char *name);

const char *http_reason(int status); /* the phrases of XenServer: "Internal Error", "Unauthorised" ... */
char *http_percent_decode(const char *text, size_t length, bool plus_is_space); /* NULL when bad */
