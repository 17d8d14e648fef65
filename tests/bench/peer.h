/* What is measured of both daemons alike: each is a peer, reached over its own unix socket by its
 * own protocol.  Whatever fails ends the program with the reason. */
#pragma once

#include "base/err.h"

#include <stddef.h>

/* Called on a thread of the peer's as soon as it hears that the VM runs, or that it does not. */
typedef void (*PeerHeard)(void *user, bool is_running);

typedef struct PeerDriver {
    const char *name;
    /* Connects to `address` for the VM with this uuid. (owned, never freed) */
    void *(*open)(const char *address, const char *vm_uuid);
    /* These return when it is done. */
    void (*start)(void *peer);
    void (*stop)(void *peer); /* at once, without asking the guest */
    void (*pause)(void *peer);
    void (*unpause)(void *peer);
    bool (*is_running)(void *peer); /* the trivial read: one small question about one VM */
    /* Fetches everything about every VM; returns how many bytes that are. */
    size_t (*list)(void *peer);
    /* How many VMs the last list has. */
    unsigned (*count)(void *peer);
    /* Waits for changes of the VM from now on, until the program ends. */
    void (*watch)(void *peer, PeerHeard heard, void *user);
} PeerDriver;

extern const PeerDriver peer_clearwater;
extern const PeerDriver peer_libvirt;

/* Ends the program when `err` is set. */
void peer_check(const Err *err);
