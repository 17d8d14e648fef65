/* Copies bytes both ways between two streams until either side ends.  One thread carries
 * many pairs, non-blocking, with back-pressure (64 KiB each way). */
#pragma once

#include "net/stream.h"

typedef struct Relay Relay;

Relay *relay_new(Err **err);   /* starts its thread */
void relay_free(Relay *relay); /* closes every pair */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Relay, relay_free)

typedef enum RelayFraming { RELAY_RAW, RELAY_WEBSOCKET } RelayFraming;

/* What becomes of the bytes that a client does not take: the backend waits, or they are lost. */
typedef enum RelayExcess { RELAY_HOLD, RELAY_DROP } RelayExcess;

/* Takes both streams over. `client_framing` says how the client's side is framed.  When one side
 * ends, what it sent is still delivered to the other, then both are closed.
 * `on_end` (may be NULL) runs once, on the relay's thread or inside relay_free(). */
void relay_add(Relay *relay, Stream *client, RelayFraming client_framing, Stream *backend,
               RelayExcess excess, void (*on_end)(void *user), void *user);
unsigned relay_count(Relay *relay);
