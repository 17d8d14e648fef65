/* A small HTTP/1.1 client over Stream: one request after the other on one connection. */
#pragma once

#include "net/http1.h"
#include "net/stream.h"
#include "net/tls.h"

typedef struct HttpClient HttpClient;

/* Takes `stream` over. `host` is what stands in the Host header: a name or address, with a
 * port if it is not the usual one, an IPv6 address in brackets. */
HttpClient *http_client_new(Stream *stream, const char *host);
void http_client_free(HttpClient *client);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HttpClient, http_client_free)

/* Sends a request with a whole body and reads the whole answer, at most `limit` bytes of body.
 * `headers` as in http_reply(); host and content-length are added. `ret_body` (owned,
 * NUL-terminated).  After a failure the client is of no further use; the server may also have
 * closed the connection since the last answer, which shows as a failure here. */
bool http_client_call(HttpClient *client, Op *op, const char *method, const char *target,
                      const char *const *headers, const void *body, size_t length, size_t limit,
                      int *ret_status, char **ret_body, size_t *ret_length, Err **err);

/* Sends only a head and reads the answer's head; the stream is then the caller's, positioned
 * after it. Frees the client. For CONNECT, PUT uploads and raw downloads. */
Stream *http_client_open(HttpClient *client /* consumed */, Op *op, const char *method,
                         const char *target, int minor_version, const char *const *headers,
                         HttpHead *ret_head, Err **err);
