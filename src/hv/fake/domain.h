/* The fake engine's domains and its driver, for its files. */
#pragma once

#include "base/lock.h"
#include "hv/hv.h"
#include "hv/loop.h"

#define FAKE_DISKS  16 /* places for devices: disks first, then NICs */
#define FAKE_PLACES 24
#define FAKE_STORE  4096 /* bytes */

/* The content of the file; for the same program only. */
typedef struct FakeDomain {
    HvDomainInfo info; /* domid 0: its creation was cut short */
    unsigned vcpus_max;
    uint64_t memory_max_bytes;
    bool booted;             /* the guest has said that it listens */
    char counter, disk_byte; /* what it has in memory and on its disk */
    bool has_sse3;           /* its processor */
    unsigned busy;           /* how often it was told to be busy */
    bool sending;            /* it stands still for that */
    char devices[FAKE_PLACES][HV_ID_SIZE];
    char store[FAKE_STORE]; /* paths and values in turn, each with its NUL; an empty path ends it */
} FakeDomain;

struct Hv {
    char *run_dir;
    HvEvents events;
    HvLoop *loop;
    Lock lock; /* over what follows */
    int last_domid;
    GHashTable *domains; /* Uuid * (in the domain) -> FakeDomain, which it unmaps */
    GPtrArray *consoles; /* FakeConsole, which it frees */
    GString *messages;   /* of what would be the hypervisor */
};

/* These want the lock. */

/* Without a number: until it has one, a driver that is killed has not made it. (borrowed) */
FakeDomain *fake_domain_build(Hv *hv, Op *op, const HvDomainConfig *config, Err **err);
/* Fails also when `op`, which may be NULL, has ended. (borrowed) */
FakeDomain *fake_domain_find(Hv *hv, Op *op, Uuid uuid, Err **err);
void fake_domain_remove(Hv *hv, FakeDomain *domain);

/* store.c */
bool fake_store_change(FakeDomain *domain, const HvStoreChange *changes, unsigned count, Err **err);
bool fake_store_fill(FakeDomain *domain, const char *const *data, Err **err);
char **fake_store_read(const FakeDomain *domain); /* (owned) */

/* passage.c */
bool fake_passage_send(Hv *hv, Op *op, Uuid uuid, const HvSend *send, Err **err);
bool fake_passage_receive(Hv *hv, Op *op, const HvDomainConfig *config, int fd, int *ret_domid,
                          Err **err);
bool fake_passage_reclaim(Hv *hv, Op *op, Uuid uuid, Err **err);
/* Lets a guest go on that was to be sent, if it is one. */
void fake_passage_go_on(FakeDomain *domain);
