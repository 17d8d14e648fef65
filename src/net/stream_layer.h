/* What lies below a Stream: the plain socket of stream.c, or TLS of tls.c over one.
 * For these two only; everybody else sees net/stream.h. */
#pragma once

#include "net/stream.h"

typedef struct StreamLayer {
    /* As stream_try_read() and stream_try_write(); after STREAM_AGAIN `stream->wanted` is set,
     * after STREAM_FAILED stream_set_problem() has been called. */
    ssize_t (*try_read)(Stream *stream, void *buffer, size_t size);
    ssize_t (*try_write)(Stream *stream, const void *data, size_t length);
    /* Tells the peer that nothing follows, above the socket's own way of saying so. */
    void (*end_write)(Stream *stream);
    bool (*has_pending_input)(const Stream *stream);
    void (*free)(Stream *stream); /* `state`, not the socket */
} StreamLayer;

struct Stream {
    const StreamLayer *layer;
    void *state; /* the layer's */
    int fd;
    bool is_socket;
    short wanted;       /* POLLIN or POLLOUT: what the last STREAM_AGAIN waits for */
    GByteArray *unread; /* bytes put back, NULL when none */
    char *problem;      /* (owned) why the last STREAM_FAILED; NULL before one */
};

/* Keeps the reason of a failure for the Err of the blocking calls. */
void stream_set_problem(Stream *stream, const char *format, ...) G_GNUC_PRINTF(2, 3);
