/* HTTP/1.x messages as bytes: a pure parser over a buffer, and writers.  No I/O; fuzzed.
 * Strict where leniency lets requests be smuggled: one Content-Length, never together with
 * Transfer-Encoding, no folded lines, no space before a colon, no bare CR or LF. */
#pragma once

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

enum {
    HTTP_MAX_HEAD = 16 * 1024, /* bytes of request line and headers */
    HTTP_MAX_HEADERS = 100,
};

typedef struct HttpHeader {
    const char *name;  /* as it came; compare case-insensitively */
    const char *value; /* trimmed */
} HttpHeader;

typedef struct HttpHead {
    char *storage; /* (owned) what method, target, reason and the headers point into */
    /* request */
    char *method;
    char *target;     /* as it came */
    char *path;       /* (owned) percent-decoded, without query */
    GPtrArray *query; /* (owned) HttpHeader *: decoded name and value, in order, twins kept */
    /* response */
    int status;
    char *reason;
    /* both */
    int minor_version;      /* HTTP/1.<minor> */
    GArray *headers;        /* (owned) HttpHeader */
    int64_t content_length; /* -1: not given */
    bool chunked;
    bool keep_alive; /* what version and Connection say */
} HttpHead;

void http_head_clear(HttpHead *head);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(HttpHead, http_head_clear)

typedef enum HttpParse { HTTP_PARSE_MORE, HTTP_PARSE_DONE, HTTP_PARSE_BAD } HttpParse;

/* Looks for one whole head at the start of `data`. DONE fills `ret_head` and `ret_used` (bytes
 * of the head, blank line included). BAD sets `ret_status` to the status to answer:
 * 400, 431 (too long), 501 (method not GET POST PUT CONNECT OPTIONS HEAD DELETE PATCH), 505.
 * One empty line in front of a request is skipped; old clients send it after a body. */
HttpParse http1_parse_request(const char *data, size_t length, HttpHead *ret_head, size_t *ret_used,
                              int *ret_status);
HttpParse http1_parse_response(const char *data, size_t length, HttpHead *ret_head,
                               size_t *ret_used);

/* Appends "name: value" lines from a NULL-terminated list of names and values in turn; NULL is
 * the empty list.  Control bytes in a value become spaces: a line end there would let whoever
 * chose the value write headers of their own. */
void http1_append_headers(GString *out, const char *const *headers);

const char *http_header(const HttpHead *head, const char *name); /* NULL when absent */
/* Whether a comma-separated header lists `token`, upper or lower case. */
bool http_header_has_token(const HttpHead *head, const char *name, const char *token);
const char *http_query(const HttpHead *head, const char *name); /* first one; NULL when absent */
/* A cookie: ';' separates when there is one, else '&'; decoded. (owned) */
char *http_cookie(const HttpHead *head, const char *name);

const char *http_reason(int status); /* XenServer's phrases: "Internal Error", "Unauthorised" ... */
/* NULL when a '%' is not followed by two hex digits, or stands for a NUL. (owned) */
char *http_percent_decode(const char *text, size_t length, bool plus_is_space);
