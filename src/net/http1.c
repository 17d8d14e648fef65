/* HTTP/1.x heads: bytes to HttpHead, and the lookups in one.
 * Not here: bodies, connections and everything that waits (connection.c, client.c). */
#include "net/http1.h"

#include "base/text.h"

static const char *const known_methods[] = {"GET",     "POST", "PUT",    "CONNECT",
                                            "OPTIONS", "HEAD", "DELETE", "PATCH"};

static const struct {
    int status;
    const char *reason;
} reasons[] = {
    {100, "Continue"},
    {101, "Switching Protocols"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {304, "Not Modified"},
    {400, "Bad Request"},
    {401, "Unauthorised"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Error"},
    {501, "Method not implemented"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {507, "Insufficient Storage"},
};

static HttpParse find_head_end(const char *data, size_t length, size_t start, size_t *ret_end,
                               int *ret_status);
static bool has_bad_bytes(const char *data, size_t length);
static char *next_line(char **cursor);
static size_t token_length(const char *text);
static int parse_request_line(char *line, HttpHead *head);
static int parse_status_line(char *line, HttpHead *head);
static int parse_version(const char *text, size_t length, int *ret_minor);
static bool parse_target(HttpHead *head);
static bool parse_query(const char *text, GPtrArray *query);
static int parse_headers(char *cursor, HttpHead *head);
static bool parse_framing(HttpHead *head);
static bool parse_content_length(const char *text, int64_t *ret_length);
static char *find_cookie(const char *text, const char *name);
static bool list_has_token(const char *list, const char *token);
static void header_free(void *header);

void http_head_clear(HttpHead *head)
{
    g_clear_pointer(&head->storage, g_free);
    g_clear_pointer(&head->path, g_free);
    g_clear_pointer(&head->query, g_ptr_array_unref);
    g_clear_pointer(&head->headers, g_array_unref);
    *head = (HttpHead){.content_length = -1};
}

/* Parses the head at `data`; `parse_first_line` tells requests from responses. */
static HttpParse parse_head(const char *data, size_t length, size_t start,
                            int (*parse_first_line)(char *line, HttpHead *head), HttpHead *ret_head,
                            size_t *ret_used, int *ret_status)
{
    size_t end = 0;
    HttpParse found = find_head_end(data, length, start, &end, ret_status);
    if (found != HTTP_PARSE_DONE) {
        return found;
    }
    if (has_bad_bytes(data + start, end - start)) {
        *ret_status = 400;
        return HTTP_PARSE_BAD;
    }

    g_auto(HttpHead) head = {.content_length = -1};
    head.storage = g_strndup(data + start, end - start);
    head.headers = g_array_new(false, false, sizeof(HttpHeader));
    char *cursor = head.storage;
    int status = parse_first_line(next_line(&cursor), &head);
    if (!status) {
        status = parse_headers(cursor, &head);
    }
    if (status) {
        *ret_status = status;
        return HTTP_PARSE_BAD;
    }
    *ret_head = head;
    head = (HttpHead){0};
    *ret_used = end;
    return HTTP_PARSE_DONE;
}

HttpParse http1_parse_request(const char *data, size_t length, HttpHead *ret_head, size_t *ret_used,
                              int *ret_status)
{
    size_t start = length >= 2 && data[0] == '\r' && data[1] == '\n' ? 2 : 0;
    return parse_head(data, length, start, parse_request_line, ret_head, ret_used, ret_status);
}

HttpParse http1_parse_response(const char *data, size_t length, HttpHead *ret_head,
                               size_t *ret_used)
{
    int status = 0;
    return parse_head(data, length, 0, parse_status_line, ret_head, ret_used, &status);
}

void http1_append_headers(GString *out, const char *const *headers)
{
    for (; headers && *headers; headers += 2) {
        g_string_append(out, headers[0]);
        g_string_append(out, ": ");
        size_t start = out->len;
        g_string_append(out, headers[1]);
        for (size_t i = start; i < out->len; i++) {
            out->str[i] = g_ascii_iscntrl(out->str[i]) ? ' ' : out->str[i];
        }
        g_string_append(out, "\r\n");
    }
}

const char *http_header(const HttpHead *head, const char *name)
{
    for (unsigned i = 0; i < head->headers->len; i++) {
        const HttpHeader *header = &g_array_index(head->headers, HttpHeader, i);
        if (g_ascii_strcasecmp(header->name, name) == 0) {
            return header->value;
        }
    }
    return NULL;
}

bool http_header_has_token(const HttpHead *head, const char *name, const char *token)
{
    for (unsigned i = 0; i < head->headers->len; i++) {
        const HttpHeader *header = &g_array_index(head->headers, HttpHeader, i);
        if (g_ascii_strcasecmp(header->name, name) == 0 && list_has_token(header->value, token)) {
            return true;
        }
    }
    return false;
}

const char *http_query(const HttpHead *head, const char *name)
{
    for (unsigned i = 0; head->query && i < head->query->len; i++) {
        const HttpHeader *item = g_ptr_array_index(head->query, i);
        if (g_str_equal(item->name, name)) {
            return item->value;
        }
    }
    return NULL;
}

char *http_cookie(const HttpHead *head, const char *name)
{
    for (unsigned i = 0; i < head->headers->len; i++) {
        const HttpHeader *header = &g_array_index(head->headers, HttpHeader, i);
        if (g_ascii_strcasecmp(header->name, "Cookie") == 0) {
            char *value = find_cookie(header->value, name);
            if (value) {
                return value;
            }
        }
    }
    return NULL;
}

const char *http_reason(int status)
{
    for (size_t i = 0; i < G_N_ELEMENTS(reasons); i++) {
        if (reasons[i].status == status) {
            return reasons[i].reason;
        }
    }
    return "Unknown";
}

char *http_percent_decode(const char *text, size_t length, bool plus_is_space)
{
    g_autofree char *decoded = g_malloc(length + 1);
    size_t used = 0;
    for (size_t i = 0; i < length; i++) {
        char byte = text[i];
        if (byte == '%') {
            int high = length - i > 2 ? g_ascii_xdigit_value(text[i + 1]) : -1;
            int low = high >= 0 ? g_ascii_xdigit_value(text[i + 2]) : -1;
            if (low < 0 || (high == 0 && low == 0)) {
                return NULL;
            }
            byte = (char)(high << 4 | low);
            i += 2;
        } else if (byte == '+' && plus_is_space) {
            byte = ' ';
        }
        decoded[used++] = byte;
    }
    decoded[used] = '\0';
    return g_steal_pointer(&decoded);
}

/* DONE sets `ret_end` to the offset behind the blank line.  A line that ends in a bare LF is
 * refused as soon as it is seen: two servers that disagree on where a line ends disagree on
 * where a request ends. */
static HttpParse find_head_end(const char *data, size_t length, size_t start, size_t *ret_end,
                               int *ret_status)
{
    size_t limit = MIN(length, start + HTTP_MAX_HEAD);
    size_t line = start;
    const char *lf;
    while (line < limit && (lf = memchr(data + line, '\n', limit - line)) != NULL) {
        size_t at = (size_t)(lf - data);
        if (at == line || data[at - 1] != '\r') {
            *ret_status = 400;
            return HTTP_PARSE_BAD;
        }
        bool blank = at == line + 1;
        line = at + 1;
        if (blank) {
            *ret_end = line;
            return HTTP_PARSE_DONE;
        }
    }
    if (length >= start + HTTP_MAX_HEAD) {
        *ret_status = 431;
        return HTTP_PARSE_BAD;
    }
    return HTTP_PARSE_MORE;
}

/* Control bytes other than tabs and the line ends themselves. */
static bool has_bad_bytes(const char *data, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        char byte = data[i];
        if (byte == '\r') {
            if (i + 1 == length || data[i + 1] != '\n') {
                return true;
            }
        } else if (g_ascii_iscntrl(byte) && byte != '\t' && byte != '\n') {
            return true;
        }
    }
    return false;
}

/* Cuts the next line off; its CR LF is known to be there. */
static char *next_line(char **cursor)
{
    char *line = *cursor;
    char *end = strchr(line, '\r');
    *end = '\0';
    *cursor = end + 2;
    return line;
}

/* RFC 9110, section 5.6.2: what names of methods and headers are made of. */
static size_t token_length(const char *text)
{
    size_t length = 0;
    while (text[length] &&
           (g_ascii_isalnum(text[length]) || strchr("!#$%&'*+-.^_`|~", text[length]))) {
        length++;
    }
    return length;
}

/* The line parsers return 0, or the status to answer. */
static int parse_request_line(char *line, HttpHead *head)
{
    char *target = strchr(line, ' ');
    char *version = target ? strchr(target + 1, ' ') : NULL;
    if (!version || target == line || token_length(line) != (size_t)(target - line)) {
        return 400;
    }
    *target++ = '\0';
    *version++ = '\0';
    int status = parse_version(version, strlen(version), &head->minor_version);
    if (status) {
        return status;
    }
    head->method = line;
    head->target = target;
    bool known = false;
    for (size_t i = 0; i < G_N_ELEMENTS(known_methods); i++) {
        known = known || g_str_equal(known_methods[i], line);
    }
    if (!known) {
        return 501;
    }
    return parse_target(head) ? 0 : 400;
}

static int parse_status_line(char *line, HttpHead *head)
{
    char *status = strchr(line, ' ');
    if (!status || parse_version(line, (size_t)(status - line), &head->minor_version)) {
        return 400;
    }
    status++;
    if (strspn(status, "0123456789") != 3 || (status[3] != ' ' && status[3] != '\0')) {
        return 400;
    }
    head->status = (status[0] - '0') * 100 + (status[1] - '0') * 10 + (status[2] - '0');
    head->reason = status[3] ? status + 4 : status + 3;
    return head->status >= 100 ? 0 : 400;
}

static int parse_version(const char *text, size_t length, int *ret_minor)
{
    if (length != strlen("HTTP/1.1") || strncmp(text, "HTTP/", 5) != 0 ||
        !g_ascii_isdigit(text[5]) || text[6] != '.' || !g_ascii_isdigit(text[7])) {
        return 400;
    }
    if (text[5] != '1') {
        return 505;
    }
    *ret_minor = text[7] - '0';
    return 0;
}

/* Takes "/path?query", "http://host/path?query" (proxies send it) and "*".  CONNECT is given
 * a path too: that is how XenAPI consoles are asked for. */
static bool parse_target(HttpHead *head)
{
    const char *path = head->target;
    if (g_ascii_strncasecmp(path, "http://", 7) == 0 ||
        g_ascii_strncasecmp(path, "https://", 8) == 0) {
        path = strstr(path, "://") + 3;
        path += strcspn(path, "/?");
    } else if (*path != '/' && !(g_str_equal(path, "*") && g_str_equal(head->method, "OPTIONS"))) {
        return false;
    }
    if (strchr(path, '\t')) {
        return false;
    }

    size_t path_length = strcspn(path, "?");
    head->query = g_ptr_array_new_with_free_func(header_free);
    head->path = path_length ? http_percent_decode(path, path_length, false) : g_strdup("/");
    return head->path &&
           (path[path_length] != '?' || parse_query(path + path_length + 1, head->query));
}

static bool parse_query(const char *text, GPtrArray *query)
{
    while (*text) {
        size_t length = strcspn(text, "&");
        size_t name_length = MIN(strcspn(text, "="), length);
        size_t value_start = MIN(name_length + 1, length);
        if (length > 0) {
            g_autofree char *name = http_percent_decode(text, name_length, true);
            g_autofree char *value =
                http_percent_decode(text + value_start, length - value_start, true);
            if (!name || !value) {
                return false;
            }
            HttpHeader *item = g_new(HttpHeader, 1);
            *item = (HttpHeader){g_steal_pointer(&name), g_steal_pointer(&value)};
            g_ptr_array_add(query, item);
        }
        text += length + (text[length] == '&');
    }
    return true;
}

static int parse_headers(char *cursor, HttpHead *head)
{
    for (char *line = next_line(&cursor); *line; line = next_line(&cursor)) {
        /* A folded line begins with a space, which no name contains. */
        size_t name_length = token_length(line);
        if (name_length == 0 || line[name_length] != ':') {
            return 400;
        }
        if (head->headers->len == HTTP_MAX_HEADERS) {
            return 431;
        }
        line[name_length] = '\0';
        HttpHeader header = {line, g_strstrip(line + name_length + 1)};
        g_array_append_val(head->headers, header);
    }
    return parse_framing(head) ? 0 : 400;
}

/* Where the body ends and whether another message follows (RFC 9112, sections 6 and 9.3). */
static bool parse_framing(HttpHead *head)
{
    unsigned hosts = 0;
    unsigned codings = 0;
    bool close = false;
    bool keep_alive = false;
    for (unsigned i = 0; i < head->headers->len; i++) {
        const HttpHeader *header = &g_array_index(head->headers, HttpHeader, i);
        if (g_ascii_strcasecmp(header->name, "Content-Length") == 0) {
            if (head->content_length >= 0 ||
                !parse_content_length(header->value, &head->content_length)) {
                return false;
            }
        } else if (g_ascii_strcasecmp(header->name, "Transfer-Encoding") == 0) {
            codings++;
            head->chunked = g_ascii_strcasecmp(header->value, "chunked") == 0;
        } else if (g_ascii_strcasecmp(header->name, "Host") == 0) {
            hosts++;
        } else if (g_ascii_strcasecmp(header->name, "Connection") == 0) {
            close = close || list_has_token(header->value, "close");
            keep_alive = keep_alive || list_has_token(header->value, "keep-alive");
        }
    }
    head->keep_alive = !close && (keep_alive || head->minor_version > 0);
    if (hosts > 1 || codings > 1) {
        return false;
    }
    /* HTTP/1.0 has no transfer codings; a proxy of that age would pass the body on as it is. */
    return codings == 0 || (head->chunked && head->content_length < 0 && head->minor_version > 0);
}

static bool parse_content_length(const char *text, int64_t *ret_length)
{
    uint64_t length = 0;
    if (!*text || text[strspn(text, "0123456789")] || !text_parse_uint(text, INT64_MAX, &length)) {
        return false;
    }
    *ret_length = (int64_t)length;
    return true;
}

static char *find_cookie(const char *text, const char *name)
{
    const char *separator = strchr(text, ';') ? ";" : "&";
    while (*text) {
        text += strspn(text, " \t");
        size_t length = strcspn(text, separator);
        size_t name_length = strcspn(text, "=");
        if (name_length < length) {
            g_autofree char *found = http_percent_decode(text, name_length, false);
            if (found && g_str_equal(found, name)) {
                g_autofree char *value =
                    g_strndup(text + name_length + 1, length - name_length - 1);
                g_strchomp(value);
                return http_percent_decode(value, strlen(value), false);
            }
        }
        text += length + (text[length] != '\0');
    }
    return NULL;
}

static bool list_has_token(const char *list, const char *token)
{
    size_t token_length = strlen(token);
    while (*list) {
        list += strspn(list, " \t,");
        size_t length = strcspn(list, " \t,");
        if (length == token_length && g_ascii_strncasecmp(list, token, length) == 0) {
            return true;
        }
        list += length;
    }
    return false;
}

static void header_free(void *header)
{
    HttpHeader *item = header;
    g_free((char *)item->name);
    g_free((char *)item->value);
    g_free(item);
}
