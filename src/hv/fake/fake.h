/* The fake engine: domains are entries in a table and a small file each under run_dir, so that
 * they outlive the driver. Guests obey letters on their serial line as the contract suite's boot
 * sector does: p power off, r reset, c crash, + count, w and d write and read the disk. */
#pragma once

#include "base/lock.h"
#include "hv/hv.h"

#define FAKE_MAX_DEVICES 32

typedef struct FakeDevice {
    char id[64]; /* "" for a free place */
    bool is_nic;
    unsigned position;
} FakeDevice;

/* What of a domain lasts; the file holds it as it is in memory, for the same program only. */
typedef struct FakeState {
    char magic[8];
    Uuid uuid;
    HvState state;
    int domid;
    unsigned vcpus, vcpus_max;
    uint64_t memory_bytes, memory_max_bytes, start_ticket;
    bool booted;             /* it has said that it listens */
    char counter, disk_byte; /* what the guest has in memory and on its disk */
    FakeDevice devices[FAKE_MAX_DEVICES];
} FakeState;

typedef struct FakeDomain {
    FakeState state;
    GArray *lines, *viewers; /* int: our ends of consoles */
} FakeDomain;

typedef struct FakeEvent {
    Uuid domain;
    uint64_t start_ticket;
    bool guest_changed; /* else domain_exited */
    HvExitReason reason;
} FakeEvent;

struct Hv {
    char *run_dir;
    HvEvents events;
    GThread *thread;
    int wake_fd;
    Lock lock; /* over what follows and, as it keeps the files in step, over writing these */
    bool stop;
    int last_domid;
    GHashTable *domains; /* Uuid * (in the domain) -> FakeDomain (owned) */
    GArray *queue;       /* FakeEvent */
};

/* The functions below are called with Hv.lock held. */
FakeDomain *fake_domain_new(const FakeState *state);
void fake_domain_free(FakeDomain *domain);
FakeDevice *fake_domain_find_device(FakeDomain *domain, const char *id);
bool fake_domain_save(Hv *hv, const FakeDomain *domain, Err **err);
bool fake_domain_remove(Hv *hv, FakeDomain *domain, Err **err);
bool fake_state_read(const char *path, FakeState *ret_state);

void fake_guest_queue(Hv *hv, FakeEvent event);
void fake_guest_exit(Hv *hv, FakeDomain *domain, HvExitReason reason);
void fake_guest_say(const FakeDomain *domain, const char *text);

/* The event thread; without the lock. */
gpointer fake_guest_run(gpointer hv);
