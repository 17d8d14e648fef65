/* A two-way byte stream: a socket, with or without TLS, with the bytes that were
 * already read in front.  Blocking calls take an Op; one thread reads and writes a
 * stream at a time, a relay drives both directions of a pair from one thread. */
#pragma once

#include "base/op.h"

#include <stddef.h>
#include <sys/types.h>

typedef struct Stream Stream;

/* Takes over `fd` (made non-blocking): a socket, or a terminal or pipe, for which the process
 * must ignore SIGPIPE. (owned) */
Stream *stream_new_fd(int fd);
void stream_free(Stream *stream); /* closes; NULL-safe */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Stream, stream_free)

/* Connects as a client; TLS when `tls` is not NULL.  `host` is a name or a numeric address. */
struct TlsContext;
Stream *stream_connect_tcp(Op *op, const char *host, uint16_t port, struct TlsContext *tls,
                           Err **err);
Stream *stream_connect_unix(Op *op, const char *path, Err **err);

/* Blocking: at least one byte, 0 at the end of the stream, -1 with `err`. */
ssize_t stream_read(Stream *stream, Op *op, void *buffer, size_t size, Err **err);
/* The end of the stream before `size` bytes is a failure. */
bool stream_read_exact(Stream *stream, Op *op, void *buffer, size_t size, Err **err);
bool stream_write_all(Stream *stream, Op *op, const void *data, size_t length, Err **err);
void stream_shutdown_write(Stream *stream);

/* Non-blocking, for the poller and relays. Returns the count, 0 at the end (read only),
 * STREAM_AGAIN or STREAM_FAILED; after STREAM_AGAIN, stream_wanted_events() says which of
 * POLLIN/POLLOUT lets the same call go on (TLS may want the other one).  A write that was
 * told STREAM_AGAIN is repeated with the same bytes, perhaps with more behind them. */
enum { STREAM_AGAIN = -1, STREAM_FAILED = -2 };
ssize_t stream_try_read(Stream *stream, void *buffer, size_t size);
ssize_t stream_try_write(Stream *stream, const void *data, size_t length);
short stream_wanted_events(const Stream *stream);
bool stream_has_pending_input(const Stream *stream); /* bytes that no poll would report */

/* Puts bytes back in front of what is still to be read. */
void stream_unread(Stream *stream, const void *data, size_t length);

int stream_fd(const Stream *stream); /* for poll only */
bool stream_is_tls(const Stream *stream);
