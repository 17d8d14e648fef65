/* Messages and their order.  Nothing here knows an engine. */
#include "hv/passage.h"

#include "base/fd.h"
#include "base/log.h"
#include "hv/stream.h"
#include "wire/value.h"

#include <sys/socket.h>

#define PASSAGE_VERSION 1
#define PASSAGE_PIECE   ((size_t)256 * 1024) /* of DATA, at most */
#define PASSAGE_TEXT    ((size_t)1024)       /* of any other message, at most */
#define PASSAGE_STEPS   100                  /* how often progress is told */

/* For words that are said whatever became of the caller's patience. */
#define FAREWELL_LIMIT (5 * USEC_PER_SEC)
#define TAKEN_LIMIT    (60 * USEC_PER_SEC)
#define END_LIMIT      (120 * USEC_PER_SEC)

typedef enum Message {
    MESSAGE_HELLO = 'H',
    MESSAGE_READY = 'R',
    MESSAGE_DATA = 'D',
    MESSAGE_END = 'E',
    MESSAGE_LOADED = 'L',
    MESSAGE_YOURS = 'Y',
    MESSAGE_TAKEN = 'T',
    MESSAGE_FAILED = 'F',
} Message;

typedef struct MessageHead {
    uint8_t message;
    uint8_t length[4];
} MessageHead;

struct HvPassage {
    int fd;
    const char *peer; /* what it is called in errors */
    bool ended;       /* either side has failed or is out of step: nothing more is said */
    /* A message that came, or a piece that is to be sent. */
    char *data; /* PASSAGE_PIECE bytes */
    size_t length;
    bool peeked; /* it is a piece of the state that nobody has taken yet */
    /* Of a sender. */
    const HvSend *send;
    uint64_t expected, sent, told;
};

static void passage_open(HvPassage *passage, int fd, const char *peer);
static void passage_close(HvPassage *passage, const Err *why);
static bool passage_copy(HvPassage *passage, Op *op, const HvPassageSource *source, Err **err);
static bool passage_give(HvPassage *passage, Op *op, const HvPassageSource *source, Err **err);
static bool passage_hand_over(HvPassage *passage, bool *ret_known, Err **err);
static void passage_end(const HvPassageSource *source);
static bool passage_take(HvPassage *passage, Op *op, const HvPassageTarget *target, Err **err);
static char *passage_hello(const char *engine, Uuid domain);
static bool passage_send_piece(HvPassage *passage, Op *op, Err **err);
static bool passage_next_piece(HvPassage *passage, Op *op, bool *ret_end, Err **err);
static bool passage_tell(HvPassage *passage, Op *op, Message message, const void *data,
                         size_t length, Err **err);
static bool passage_await(HvPassage *passage, Op *op, Message message, Err **err);
static bool passage_hear(HvPassage *passage, Op *op, Message *ret_message, Err **err);
static bool passage_lost(HvPassage *passage, Err *why, Err **err);

bool hv_passage_send(const HvSend *send, Op *op, const HvPassageSource *source, Err **err)
{
    HvPassage passage = {.send = send, .expected = MAX(source->memory_bytes, 1)};
    passage_open(&passage, send->fd, "receiver");
    Err *why = NULL;
    bool known = true;
    bool done = passage_copy(&passage, op, source, &why);
    if (done) {
        done =
            passage_give(&passage, op, source, &why) && passage_hand_over(&passage, &known, &why);
    }
    /* The receiver first: it may have the disks open. */
    passage_close(&passage, why);
    if (!done && known) {
        source->go_on(source->user);
    }
    if (!done) {
        return err_propagate(err, why);
    }
    passage_end(source);
    return true;
}

bool hv_passage_receive(int fd, Op *op, const HvPassageTarget *target, Err **err)
{
    HvPassage passage = {0};
    passage_open(&passage, fd, "sender");
    Err *why = NULL;
    bool done = passage_take(&passage, op, target, &why);
    passage_close(&passage, why);
    return done || err_propagate(err, why);
}

bool hv_passage_fill(HvPassage *passage, Op *op, int from, Err **err)
{
    for (;;) {
        struct pollfd polls[] = {{.fd = from, .events = POLLIN},
                                 {.fd = passage->fd, .events = POLLIN}};
        if (!op_poll(op, polls, G_N_ELEMENTS(polls), err)) {
            return false;
        }
        if (polls[1].revents) {
            /* Nothing but the reason of a failure can come now. */
            return passage_await(passage, op, MESSAGE_FAILED, err);
        }
        if (passage->length == PASSAGE_PIECE && !passage_send_piece(passage, op, err)) {
            return false;
        }
        size_t got;
        if (!hv_stream_read_some(op, from, passage->data + passage->length,
                                 PASSAGE_PIECE - passage->length, &got, err)) {
            return false;
        }
        if (got == 0) {
            return true;
        }
        passage->length += got;
    }
}

bool hv_passage_put(HvPassage *passage, Op *op, const void *data, size_t length, Err **err)
{
    const char *at = data;
    while (length > 0) {
        if (passage->length == PASSAGE_PIECE && !passage_send_piece(passage, op, err)) {
            return false;
        }
        size_t part = MIN(length, PASSAGE_PIECE - passage->length);
        memcpy(passage->data + passage->length, at, part);
        passage->length += part;
        at += part;
        length -= part;
    }
    return true;
}

const void *hv_passage_peek(HvPassage *passage, Op *op, size_t length, Err **err)
{
    bool end;
    if (!passage_next_piece(passage, op, &end, err)) {
        return NULL;
    }
    if (end || passage->length < length) {
        err_internal(err, "the state has no beginning");
        return NULL;
    }
    passage->peeked = true;
    return passage->data;
}

bool hv_passage_drain(HvPassage *passage, Op *op, int to, Err **err)
{
    for (;;) {
        bool end;
        if (!passage_next_piece(passage, op, &end, err)) {
            return false;
        }
        if (end) {
            return true;
        }
        if (!hv_stream_write(op, to, passage->data, passage->length, err)) {
            return false;
        }
    }
}

bool hv_passage_get(HvPassage *passage, Op *op, void *data, size_t length, Err **err)
{
    size_t done = 0;
    for (;;) {
        bool end;
        if (!passage_next_piece(passage, op, &end, err)) {
            return false;
        }
        if (end) {
            return done == length ||
                   err_internal(err, "the state has %zu bytes, not %zu", done, length);
        }
        if (passage->length > length - done) {
            return err_internal(err, "the state has more than %zu bytes", length);
        }
        memcpy((char *)data + done, passage->data, passage->length);
        done += passage->length;
    }
}

static void passage_open(HvPassage *passage, int fd, const char *peer)
{
    passage->fd = fd;
    passage->peer = peer;
    passage->data = g_malloc(PASSAGE_PIECE);
}

/* The peer hears the reason if it can, and in any case that there is nothing more to come. */
static void passage_close(HvPassage *passage, const Err *why)
{
    if (why && !passage->ended) {
        g_autoptr(Op) op = op_new(FAREWELL_LIMIT);
        const char *text = err_is(why, "INTERNAL_ERROR") ? why->params[0] : why->code;
        (void)passage_tell(passage, op, MESSAGE_FAILED, text, MIN(strlen(text), PASSAGE_TEXT),
                           NULL);
    }
    (void)shutdown(passage->fd, SHUT_RDWR);
    g_free(passage->data);
}

static bool passage_copy(HvPassage *passage, Op *op, const HvPassageSource *source, Err **err)
{
    g_autofree char *hello = passage_hello(source->engine, source->domain);
    return passage_tell(passage, op, MESSAGE_HELLO, hello, strlen(hello), err) &&
           passage_await(passage, op, MESSAGE_READY, err) &&
           source->copy(source->user, op, passage, err) &&
           (passage->length == 0 || passage_send_piece(passage, op, err)) &&
           passage_tell(passage, op, MESSAGE_END, NULL, 0, err) &&
           passage_await(passage, op, MESSAGE_LOADED, err);
}

/* From writing it down on, a sender that is killed leaves the guest to be decided on. */
static bool passage_give(HvPassage *passage, Op *op, const HvPassageSource *source, Err **err)
{
    return op_check(op, err) && source->give(source->user, err) &&
           passage->send->publish(passage->send->user, err);
}

/* Not to be interrupted: nobody has the guest meanwhile. */
static bool passage_hand_over(HvPassage *passage, bool *ret_known, Err **err)
{
    g_autoptr(Op) op = op_new(TAKEN_LIMIT);
    if (!passage_tell(passage, op, MESSAGE_YOURS, NULL, 0, err)) {
        passage->send->retract(passage->send->user);
        return false;
    }
    Message answer;
    if (!passage_hear(passage, op, &answer, err)) {
        *ret_known = false;
        return false;
    }
    if (answer == MESSAGE_TAKEN) {
        return true;
    }
    *ret_known = answer == MESSAGE_FAILED;
    if (*ret_known) {
        passage->send->retract(passage->send->user);
    }
    return err_internal(err, "the receiver did not take the guest: %s",
                        *ret_known ? passage->data : "it does not speak our language");
}

/* What cannot be ended stays behind, given away. */
static void passage_end(const HvPassageSource *source)
{
    g_autoptr(Op) op = op_new(END_LIMIT);
    g_autoptr(Err) err = NULL;
    if (!source->end(source->user, op, &err)) {
        log_error("domain %s has moved, but something of it is left here: %s",
                  UUID_TEXT(source->domain), err->params[0]);
    }
}

static bool passage_take(HvPassage *passage, Op *op, const HvPassageTarget *target, Err **err)
{
    g_autofree char *hello = passage_hello(target->engine, target->domain);
    if (!passage_await(passage, op, MESSAGE_HELLO, err)) {
        return false;
    }
    if (!g_str_equal(hello, passage->data)) {
        return err_internal(err, "a guest \"%s\" was sent where \"%s\" was expected", passage->data,
                            hello);
    }
    if (!target->prepare(target->user, op, err) ||
        !passage_tell(passage, op, MESSAGE_READY, NULL, 0, err) ||
        !target->load(target->user, op, passage, err) ||
        !passage_tell(passage, op, MESSAGE_LOADED, NULL, 0, err) ||
        !passage_await(passage, op, MESSAGE_YOURS, err) || !target->take(target->user, err)) {
        return false;
    }
    /* It is ours now, even if the sender does not hear of it. */
    g_autoptr(Op) farewell = op_new(FAREWELL_LIMIT);
    g_autoptr(Err) why = NULL;
    if (!passage_tell(passage, farewell, MESSAGE_TAKEN, NULL, 0, &why)) {
        log_warn("the sender of domain %s was not told that it is taken: %s",
                 UUID_TEXT(target->domain), why->params[0]);
    }
    return true;
}

/* What both sides must agree on. (owned) */
static char *passage_hello(const char *engine, Uuid domain)
{
    return g_strdup_printf("clearwater %d %s %s", PASSAGE_VERSION, engine, UUID_TEXT(domain));
}

static bool passage_send_piece(HvPassage *passage, Op *op, Err **err)
{
    if (!passage_tell(passage, op, MESSAGE_DATA, passage->data, passage->length, err)) {
        return false;
    }
    passage->sent += passage->length;
    passage->length = 0;
    if (passage->sent - passage->told >= passage->expected / PASSAGE_STEPS) {
        passage->told = passage->sent;
        passage->send->progress(passage->send->user,
                                MIN(1.0, (double)passage->sent / (double)passage->expected));
    }
    return true;
}

/* The next of DATA, or END. */
static bool passage_next_piece(HvPassage *passage, Op *op, bool *ret_end, Err **err)
{
    Message message;
    if (passage->peeked) {
        passage->peeked = *ret_end = false;
        return true;
    }
    if (!passage_hear(passage, op, &message, err)) {
        return false;
    }
    *ret_end = message == MESSAGE_END;
    if (message == MESSAGE_FAILED) {
        return err_internal(err, "the sender gave up: %s", passage->data);
    }
    return *ret_end || message == MESSAGE_DATA ||
           err_internal(err, "the sender said %c in the middle of the state", (char)message);
}

static bool passage_tell(HvPassage *passage, Op *op, Message message, const void *data,
                         size_t length, Err **err)
{
    uint32_t size = GUINT32_TO_BE((uint32_t)length);
    MessageHead head = {.message = (uint8_t)message};
    memcpy(head.length, &size, sizeof size);
    Err *why = NULL;
    if (hv_stream_write(op, passage->fd, &head, sizeof head, &why) &&
        hv_stream_write(op, passage->fd, data, length, &why)) {
        return true;
    }
    passage->ended = true;
    return passage_lost(passage, why, err);
}

/* One message, and no other. */
static bool passage_await(HvPassage *passage, Op *op, Message message, Err **err)
{
    Message came;
    if (!passage_hear(passage, op, &came, err)) {
        return false;
    }
    if (came == MESSAGE_FAILED) {
        return err_internal(err, "the %s failed: %s", passage->peer, passage->data);
    }
    return came == message || err_internal(err, "the %s said %c instead of %c", passage->peer,
                                           (char)came, (char)message);
}

/* Leaves its content, with a NUL behind all but DATA, in `data` and `length`. */
static bool passage_hear(HvPassage *passage, Op *op, Message *ret_message, Err **err)
{
    MessageHead head;
    uint32_t size;
    if (!hv_stream_read(op, passage->fd, &head, sizeof head, err)) {
        return false;
    }
    memcpy(&size, head.length, sizeof size);
    size_t length = GUINT32_FROM_BE(size);
    bool is_data = head.message == MESSAGE_DATA;
    bool is_text = head.message == MESSAGE_HELLO || head.message == MESSAGE_FAILED;
    if (length > (is_data ? PASSAGE_PIECE : is_text ? PASSAGE_TEXT : 0)) {
        return err_internal(err, "the %s sent %zu bytes at once", passage->peer, length);
    }
    if (!hv_stream_read(op, passage->fd, passage->data, length, err)) {
        return false;
    }
    if (!is_data) {
        passage->data[length] = '\0';
        for (size_t i = 0; i < length; i++) {
            passage->data[i] = g_ascii_isprint(passage->data[i]) ? passage->data[i] : '?';
        }
    }
    passage->length = length;
    passage->ended |= head.message == MESSAGE_FAILED;
    *ret_message = (Message)head.message;
    return true;
}

/* A peer that gave up may have said why before it stopped listening. */
static bool passage_lost(HvPassage *passage, Err *why, Err **err)
{
    g_autoptr(Op) op = op_new(0);
    Message message;
    if (passage_hear(passage, op, &message, NULL) && message == MESSAGE_FAILED) {
        err_free(why);
        return err_internal(err, "the %s failed: %s", passage->peer, passage->data);
    }
    return err_propagate(err, why);
}
