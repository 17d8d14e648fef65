/* The HTTP client: writes requests, reads answers with a length, in chunks, or up to the end.
 * Making the connection is stream_connect.c's part; nothing here is tried again. */
#include "net/client.h"

#include <string.h>

#define READ_SIZE (16 * 1024)

/* Longest line of a chunked body's framing: sizes with extensions, and trailers. */
#define MAX_CHUNK_LINE 1024
#define MAX_TRAILERS   64

struct HttpClient {
    Stream *stream;
    char *host;
    GByteArray *in; /* read and not used yet */
};

static bool send_request(HttpClient *client, Op *op, GString *head, const void *body, size_t length,
                         Err **err);
static GString *new_head(const HttpClient *client, const char *method, const char *target,
                         int minor_version, const char *const *headers);
static bool read_head(HttpClient *client, Op *op, HttpHead *ret_head, Err **err);
static bool read_body(HttpClient *client, Op *op, const HttpHead *head, size_t limit,
                      GByteArray *body, Err **err);
static bool read_length(HttpClient *client, Op *op, uint64_t length, GByteArray *body, Err **err);
static bool read_chunks(HttpClient *client, Op *op, size_t limit, GByteArray *body, Err **err);
static bool read_chunk_size(HttpClient *client, Op *op, uint64_t *ret_size, Err **err);
static bool read_to_end(HttpClient *client, Op *op, size_t limit, GByteArray *body, Err **err);
static char *read_line(HttpClient *client, Op *op, Err **err);
static bool fill(HttpClient *client, Op *op, Err **err);
static ssize_t fill_or_end(HttpClient *client, Op *op, Err **err);
static void take(HttpClient *client, size_t length, GByteArray *body);
static bool fail_end(const HttpClient *client, Err **err);
static bool fail_limit(size_t limit, Err **err);

HttpClient *http_client_new(Stream *stream, const char *host)
{
    HttpClient *client = g_new0(HttpClient, 1);
    client->stream = stream;
    client->host = g_strdup(host);
    client->in = g_byte_array_new();
    return client;
}

void http_client_free(HttpClient *client)
{
    if (!client) {
        return;
    }
    stream_free(client->stream);
    g_free(client->host);
    g_byte_array_unref(client->in);
    g_free(client);
}

bool http_client_call(HttpClient *client, Op *op, const char *method, const char *target,
                      const char *const *headers, const void *body, size_t length, size_t limit,
                      int *ret_status, char **ret_body, size_t *ret_length, Err **err)
{
    g_autoptr(GString) request = new_head(client, method, target, 1, headers);
    bool has_body = length > 0 || strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0;
    if (has_body) {
        g_string_append_printf(request, "content-length: %zu\r\n", length);
    }
    g_auto(HttpHead) head = {0};
    if (!send_request(client, op, request, body, length, err) ||
        !read_head(client, op, &head, err)) {
        return false;
    }
    g_autoptr(GByteArray) answer = g_byte_array_new();
    bool bodiless = strcmp(method, "HEAD") == 0 || head.status == 204 || head.status == 304;
    if (!bodiless && !read_body(client, op, &head, limit, answer, err)) {
        return false;
    }
    g_byte_array_append(answer, (const guint8 *)"", 1);
    *ret_status = head.status;
    *ret_length = answer->len - 1;
    *ret_body = (char *)g_byte_array_free(g_steal_pointer(&answer), false);
    return true;
}

Stream *http_client_open(HttpClient *client, Op *op, const char *method, const char *target,
                         int minor_version, const char *const *headers, HttpHead *ret_head,
                         Err **err)
{
    g_autoptr(HttpClient) owned = client;
    g_autoptr(GString) request = new_head(owned, method, target, minor_version, headers);
    if (!send_request(owned, op, request, NULL, 0, err) || !read_head(owned, op, ret_head, err)) {
        return NULL;
    }
    stream_unread(owned->stream, owned->in->data, owned->in->len);
    return g_steal_pointer(&owned->stream);
}

/* Head and body in one piece, so that a small request is one packet. */
static bool send_request(HttpClient *client, Op *op, GString *head, const void *body, size_t length,
                         Err **err)
{
    g_string_append(head, "\r\n");
    if (length > 0) {
        g_string_append_len(head, body, (gssize)length);
    }
    return stream_write_all(client->stream, op, head->str, head->len, err);
}

static GString *new_head(const HttpClient *client, const char *method, const char *target,
                         int minor_version, const char *const *headers)
{
    GString *head = g_string_new(NULL);
    g_string_printf(head, "%s %s HTTP/1.%d\r\nhost: %s\r\n", method, target, minor_version,
                    client->host);
    http1_append_headers(head, headers);
    return head;
}

/* The head of the final answer; those that only say "go on" are skipped. */
static bool read_head(HttpClient *client, Op *op, HttpHead *ret_head, Err **err)
{
    for (;;) {
        g_auto(HttpHead) head = {0};
        size_t used = 0;
        HttpParse parsed =
            http1_parse_response((const char *)client->in->data, client->in->len, &head, &used);
        switch (parsed) {
        case HTTP_PARSE_MORE:
            if (!fill(client, op, err)) {
                return false;
            }
            break;
        case HTTP_PARSE_BAD:
            return err_internal(err, "%s did not answer in HTTP", client->host);
        case HTTP_PARSE_DONE:
            g_byte_array_remove_range(client->in, 0, (guint)used);
            if (head.status >= 200 || head.status == 101) {
                *ret_head = head;
                head = (HttpHead){0};
                return true;
            }
            break;
        }
    }
}

static bool read_body(HttpClient *client, Op *op, const HttpHead *head, size_t limit,
                      GByteArray *body, Err **err)
{
    if (head->chunked) {
        return read_chunks(client, op, limit, body, err);
    }
    if (head->content_length < 0) {
        return read_to_end(client, op, limit, body, err);
    }
    uint64_t length = (uint64_t)head->content_length;
    return length <= limit ? read_length(client, op, length, body, err) : fail_limit(limit, err);
}

/* What is not here yet is read to where it belongs. */
static bool read_length(HttpClient *client, Op *op, uint64_t length, GByteArray *body, Err **err)
{
    size_t here = MIN(length, client->in->len);
    take(client, here, body);
    size_t done = body->len;
    g_byte_array_set_size(body, (guint)(done + length - here));
    while (done < body->len) {
        ssize_t count = stream_read(client->stream, op, body->data + done, body->len - done, err);
        if (count <= 0) {
            return count == 0 && fail_end(client, err);
        }
        done += (size_t)count;
    }
    return true;
}

/* RFC 9112, section 7.1; trailers are dropped. */
static bool read_chunks(HttpClient *client, Op *op, size_t limit, GByteArray *body, Err **err)
{
    for (;;) {
        uint64_t size = 0;
        if (!read_chunk_size(client, op, &size, err)) {
            return false;
        }
        if (size == 0) {
            break;
        }
        if (size > limit || body->len > limit - size) {
            return fail_limit(limit, err);
        }
        if (!read_length(client, op, size, body, err)) {
            return false;
        }
        g_autofree char *end = read_line(client, op, err);
        if (!end) {
            return false;
        }
        if (*end) {
            return err_internal(err, "a chunk of the answer is longer than it says");
        }
    }
    for (unsigned i = 0; i < MAX_TRAILERS; i++) {
        g_autofree char *trailer = read_line(client, op, err);
        if (!trailer) {
            return false;
        }
        if (!*trailer) {
            return true;
        }
    }
    return err_internal(err, "the answer has more than %d trailers", MAX_TRAILERS);
}

static bool read_chunk_size(HttpClient *client, Op *op, uint64_t *ret_size, Err **err)
{
    g_autofree char *line = read_line(client, op, err);
    if (!line) {
        return false;
    }
    size_t digits = strspn(line, "0123456789abcdefABCDEF");
    bool ends = line[digits] == '\0' || line[digits] == ';' || line[digits] == ' ';
    if (digits == 0 || digits > 2 * sizeof *ret_size || !ends) {
        return err_internal(err, "the answer has a chunk without a size");
    }
    *ret_size = g_ascii_strtoull(line, NULL, 16);
    return true;
}

static bool read_to_end(HttpClient *client, Op *op, size_t limit, GByteArray *body, Err **err)
{
    for (;;) {
        take(client, client->in->len, body);
        if (body->len > limit) {
            return fail_limit(limit, err);
        }
        ssize_t count = fill_or_end(client, op, err);
        if (count <= 0) {
            return count == 0;
        }
    }
}

/* A line without its end. (owned) */
static char *read_line(HttpClient *client, Op *op, Err **err)
{
    for (;;) {
        const uint8_t *data = client->in->data;
        const uint8_t *end = client->in->len ? memchr(data, '\n', client->in->len) : NULL;
        if (end) {
            size_t length = (size_t)(end - data);
            g_autofree char *line = g_strndup((const char *)data, length);
            g_byte_array_remove_range(client->in, 0, (guint)length + 1);
            return g_strchomp(g_steal_pointer(&line));
        }
        if (client->in->len > MAX_CHUNK_LINE) {
            err_internal(err, "the answer has a framing line of more than %d bytes",
                         MAX_CHUNK_LINE);
            return NULL;
        }
        if (!fill(client, op, err)) {
            return NULL;
        }
    }
}

static bool fill(HttpClient *client, Op *op, Err **err)
{
    ssize_t count = fill_or_end(client, op, err);
    return count > 0 || (count == 0 && fail_end(client, err));
}

static ssize_t fill_or_end(HttpClient *client, Op *op, Err **err)
{
    uint8_t buffer[READ_SIZE];
    ssize_t count = stream_read(client->stream, op, buffer, sizeof buffer, err);
    if (count > 0) {
        g_byte_array_append(client->in, buffer, (guint)count);
    }
    return count;
}

static void take(HttpClient *client, size_t length, GByteArray *body)
{
    if (length > 0) {
        g_byte_array_append(body, client->in->data, (guint)length);
        g_byte_array_remove_range(client->in, 0, (guint)length);
    }
}

static bool fail_end(const HttpClient *client, Err **err)
{
    return err_internal(err, "%s closed the connection before its answer was whole", client->host);
}

static bool fail_limit(size_t limit, Err **err)
{
    return err_internal(err, "the answer is longer than %zu bytes", limit);
}
