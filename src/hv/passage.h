/* A guest's passage from one driver to another, mostly on another host: what the two say to each
 * other over a connected stream socket, and in which order.  The steps are the engines'.
 *
 *   sender                         receiver
 *   HELLO engine, domain    ->
 *                           <-     READY    it has what the guest will be put into
 *   DATA ...                ->              the engine's stream, while the guest runs on
 *   END                     ->              the guest stands still and has let its disks go
 *                           <-     LOADED   all of it is here, standing still
 *   YOURS                   ->              it is written down, and published, as given away
 *                           <-     TAKEN    it is written down as taken
 *
 * Each message is a letter, the length of what follows in four bytes, big-endian, and that. FAILED
 * with a text, or the end of the connection, may come instead of any.
 *
 * Before YOURS the guest is the sender's, whatever becomes of the receiver, which gives up when the
 * connection ends.  After it, it is the receiver's if that has written so down.  A sender that
 * hears nothing any more then cannot know: it leaves the guest standing still, given away. */
#pragma once

#include "hv/hv.h"

typedef struct HvPassage HvPassage;

/* What engines write down of their domains; 0 is what they have without. */
typedef enum HvPassageState {
    HV_PASSAGE_NONE,
    HV_PASSAGE_SENDING, /* it is ours, whatever was sent of it */
    HV_PASSAGE_GIVEN,   /* HvDomainInfo.given */
    HV_PASSAGE_COMING,  /* it is not ours yet */
} HvPassageState;

/* The engine's part of sending, called in this order. */
typedef struct HvPassageSource {
    const char *engine; /* HvDriver.name */
    Uuid domain;
    uint64_t memory_bytes; /* about as much will be sent */
    /* Has the state go through hv_passage_fill(). Returns when the guest stands still, and nothing
     * of it will be written to a disk any more. */
    bool (*copy)(void *domain, Op *op, HvPassage *passage, Err **err);
    /* Writes down that the guest is given away. */
    bool (*give)(void *domain, Err **err);
    /* After a failure of any of these, or of the receiver: it goes on. */
    void (*go_on)(void *domain);
    /* After success: nothing of it is left here. */
    bool (*end)(void *domain, Op *op, Err **err);
    void *user;
} HvPassageSource;

/* The engine's part of receiving. */
typedef struct HvPassageTarget {
    const char *engine;
    Uuid domain;
    /* Whatever can be done before the state comes. */
    bool (*prepare)(void *domain, Op *op, Err **err);
    /* Takes the state from hv_passage_drain(); the guest then stands still. */
    bool (*load)(void *domain, Op *op, HvPassage *passage, Err **err);
    /* Writes down that it is this one's guest. */
    bool (*take)(void *domain, Err **err);
    void *user;
} HvPassageTarget;

/* Sends. On failure go_on() was called, but where the outcome is not known. */
bool hv_passage_send(const HvSend *send, Op *op, const HvPassageSource *source, Err **err);

/* Receives. On failure the caller ends what it has made. */
bool hv_passage_receive(int fd, Op *op, const HvPassageTarget *target, Err **err);

/* Sends what comes out of the socket `from` until its end. The last of it is kept back until copy()
 * has returned: the receiver cannot have all of a guest whose disks are still in use. */
bool hv_passage_fill(HvPassage *passage, Op *op, int from, Err **err);
/* The same with what is in memory. */
bool hv_passage_put(HvPassage *passage, Op *op, const void *data, size_t length, Err **err);
/* Waits for the beginning of the state; NULL also where that is shorter than `length`. (borrowed)
 * until the next call */
const void *hv_passage_peek(HvPassage *passage, Op *op, size_t length, Err **err);
/* Writes all that comes into the socket `to`. */
bool hv_passage_drain(HvPassage *passage, Op *op, int to, Err **err);
/* The same into memory, of exactly that length. */
bool hv_passage_get(HvPassage *passage, Op *op, void *data, size_t length, Err **err);
