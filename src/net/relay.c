/* Relays: pairs of streams on a poller of their own.
 *
 * A pair is pumped whenever one of its two sockets is ready: everything of it happens on the
 * poller's thread, so a pair needs no lock.  A side is read only while the other one has less
 * than LIMIT bytes still to be sent; thus a slow reader slows its peer, and costs no memory.
 * With RELAY_DROP the backend is always read. */
#include "net/relay.h"

#include "net/poller.h"
#include "net/websocket.h"

#define LIMIT     ((guint)(64 * 1024)) /* pending bytes beyond which the other side is not read */
#define READ_SIZE (32 * 1024)

/* A browser's frame of keys, mouse or pasted text; noVNC's largest are a few KiB. */
#define MAX_FRAME (1024 * 1024)

/* How often one pair may go round before others get their turn. */
#define MAX_ROUNDS 16

typedef struct Pair Pair;

typedef struct Side {
    PollerItem item; /* first */
    Pair *pair;
    Stream *stream;
    GByteArray *out; /* to be sent on this side */
    bool ended;      /* nothing more will be read from this side */
    bool drops;      /* what it sends is lost where the other side is LIMIT behind */
    short read_wants;
    short write_wants;
} Side;

struct Pair {
    Side client; /* first: the pair is freed through its item */
    Side backend;
    Relay *relay;
    WebSocketDecoder *decoder; /* NULL for RELAY_RAW */
    void (*on_end)(void *user);
    void *user;
};

struct Relay {
    Poller *poller;
    gint count;
};

static void init_side(Pair *pair, Side *side, Stream *stream);
static void on_event(PollerItem *item, PollerEvent event);
static void pump(Pair *pair);
static bool read_client(Pair *pair);
static bool read_backend(Pair *pair);
static ssize_t read_side(Side *side, const Side *other, uint8_t *buffer);
static bool flush(Side *side);
static void give_up(Side *side);
static bool may_read(const Side *side, const Side *other);
static bool has_hidden_input(const Side *side, const Side *other);
static bool is_over(const Pair *pair);
static bool arm(Side *side, const Side *other);
static void close_pair(Pair *pair);
static void free_pair(PollerItem *item);

Relay *relay_new(Err **err)
{
    static const Usec no_timers[] = {[POLLER_NO_TIMER] = USEC_NEVER};
    g_autoptr(Poller) poller = poller_new(no_timers, G_N_ELEMENTS(no_timers), err);
    if (!poller || !poller_start(poller, err)) {
        return NULL;
    }
    Relay *relay = g_new0(Relay, 1);
    relay->poller = g_steal_pointer(&poller);
    return relay;
}

void relay_free(Relay *relay)
{
    if (relay) {
        poller_stop(relay->poller);
        poller_free(relay->poller);
        g_free(relay);
    }
}

void relay_add(Relay *relay, Stream *client, RelayFraming client_framing, Stream *backend,
               RelayExcess excess, void (*on_end)(void *user), void *user)
{
    Pair *pair = g_new0(Pair, 1);
    pair->relay = relay;
    pair->on_end = on_end;
    pair->user = user;
    pair->decoder = client_framing == RELAY_WEBSOCKET ? websocket_decoder_new(MAX_FRAME) : NULL;
    init_side(pair, &pair->client, client);
    init_side(pair, &pair->backend, backend);
    pair->backend.drops = excess == RELAY_DROP;
    pair->client.item.free = free_pair;
    g_atomic_int_inc(&relay->count);
    /* A socket is writable at first: this brings the pair to the relay's thread, which finds the
     * bytes that were read before. */
    if (!poller_arm(relay->poller, &pair->client.item, EPOLLIN | EPOLLOUT, POLLER_NO_TIMER)) {
        close_pair(pair);
    }
}

unsigned relay_count(Relay *relay)
{
    return (unsigned)g_atomic_int_get(&relay->count);
}

static void init_side(Pair *pair, Side *side, Stream *stream)
{
    side->item.fd = stream_fd(stream);
    side->item.on_event = on_event;
    side->pair = pair;
    side->stream = stream;
    side->out = g_byte_array_new();
    side->read_wants = POLLIN;
    side->write_wants = POLLOUT;
}

static void on_event(PollerItem *item, PollerEvent event)
{
    Pair *pair = ((Side *)item)->pair;
    if (event == POLLER_STOPPED) {
        close_pair(pair);
    } else {
        pump(pair);
    }
}

static void pump(Pair *pair)
{
    Side *client = &pair->client;
    Side *backend = &pair->backend;
    bool progress = true;
    for (unsigned round = 0; progress && (round < MAX_ROUNDS || has_hidden_input(client, backend) ||
                                          has_hidden_input(backend, client));
         round++) {
        progress = read_client(pair);
        progress = read_backend(pair) || progress;
        progress = flush(client) || progress;
        progress = flush(backend) || progress;
    }
    if (is_over(pair) || !arm(client, backend) || !arm(backend, client)) {
        close_pair(pair);
    }
}

/* These three return whether anything has changed. */
static bool read_client(Pair *pair)
{
    uint8_t buffer[READ_SIZE];
    ssize_t count = read_side(&pair->client, &pair->backend, buffer);
    if (count <= 0) {
        return false;
    }
    bool closed;
    if (!pair->decoder) {
        g_byte_array_append(pair->backend.out, buffer, (guint)count);
    } else if (!websocket_decode(pair->decoder, buffer, (size_t)count, pair->backend.out,
                                 pair->client.out, &closed)) {
        pair->client.ended = true;
    }
    return true;
}

static bool read_backend(Pair *pair)
{
    uint8_t buffer[READ_SIZE];
    ssize_t count = read_side(&pair->backend, &pair->client, buffer);
    if (count < 0 || (count == 0 && !pair->decoder)) {
        return false;
    }
    if (count > 0 && pair->client.out->len >= LIMIT) {
        return true; /* dropped */
    }
    if (count == 0) {
        websocket_append_close(pair->client.out, WEBSOCKET_CLOSE_NORMAL);
    } else if (pair->decoder) {
        websocket_append_binary(pair->client.out, buffer, (size_t)count);
    } else {
        g_byte_array_append(pair->client.out, buffer, (guint)count);
    }
    return true;
}

/* As stream_try_read(); STREAM_AGAIN also when the side is not to be read now. */
static ssize_t read_side(Side *side, const Side *other, uint8_t *buffer)
{
    if (!may_read(side, other)) {
        return STREAM_AGAIN;
    }
    ssize_t count = stream_try_read(side->stream, buffer, READ_SIZE);
    if (count == STREAM_AGAIN) {
        side->read_wants = stream_wanted_events(side->stream);
    } else if (count == STREAM_FAILED) {
        give_up(side);
    } else if (count == 0) {
        side->ended = true;
    }
    return count;
}

static bool flush(Side *side)
{
    if (side->out->len == 0) {
        return false;
    }
    ssize_t count = stream_try_write(side->stream, side->out->data, side->out->len);
    if (count == STREAM_AGAIN) {
        side->write_wants = stream_wanted_events(side->stream);
        return false;
    }
    if (count == STREAM_FAILED) {
        give_up(side);
        return true;
    }
    g_byte_array_remove_range(side->out, 0, (guint)count);
    return true;
}

/* Nothing comes from this side any more, and nothing gets there; what it sent before is still
 * worth delivering. */
static void give_up(Side *side)
{
    side->ended = true;
    g_byte_array_set_size(side->out, 0);
}

/* A client that sends pings and does not read the answers is not read either. */
static bool may_read(const Side *side, const Side *other)
{
    return !side->ended && !other->ended && (side->drops || other->out->len < LIMIT) &&
           side->out->len < 2 * LIMIT;
}

/* Bytes that no poll will report. */
static bool has_hidden_input(const Side *side, const Side *other)
{
    return may_read(side, other) && stream_has_pending_input(side->stream);
}

static bool is_over(const Pair *pair)
{
    return (pair->client.ended || pair->backend.ended) && pair->client.out->len == 0 &&
           pair->backend.out->len == 0;
}

/* A side that waits for nothing is not armed: the hang-up it may be reporting would come again
 * and again.  It is the other one that goes on then, since its bytes are pending. */
static bool arm(Side *side, const Side *other)
{
    Poller *poller = side->pair->relay->poller;
    short events = may_read(side, other) ? side->read_wants : 0;
    if (side->out->len > 0) {
        events |= side->write_wants;
    }
    if (!events) {
        (void)poller_disarm(poller, &side->item);
        return true;
    }
    return poller_arm(poller, &side->item, (uint32_t)events, POLLER_NO_TIMER);
}

static void close_pair(Pair *pair)
{
    Relay *relay = pair->relay;
    void (*on_end)(void *user) = pair->on_end;
    void *user = pair->user;
    poller_forget(relay->poller, &pair->backend.item);
    stream_shutdown_write(pair->client.stream);
    stream_shutdown_write(pair->backend.stream);
    g_clear_pointer(&pair->backend.stream, stream_free);
    Stream *client = g_steal_pointer(&pair->client.stream);
    poller_retire(relay->poller, &pair->client.item);
    stream_free(client);
    g_atomic_int_add(&relay->count, -1);
    if (on_end) {
        on_end(user);
    }
}

static void free_pair(PollerItem *item)
{
    Pair *pair = ((Side *)item)->pair;
    g_byte_array_unref(pair->client.out);
    g_byte_array_unref(pair->backend.out);
    websocket_decoder_free(pair->decoder);
    g_free(pair);
}
