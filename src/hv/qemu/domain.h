/* A domain: one QEMU process, its QMP connection, its folder and what is known of it.
 *
 * It is in the driver's table from the moment it has a folder until the process has ended and
 * the folder is gone.  The table, the event thread (while it watches the process) and every hook
 * that works on it hold references. */
#pragma once

#include "base/lock.h"
#include "hv/block/guest.h"
#include "hv/loop.h"
#include "hv/qemu/agent.h"
#include "hv/qemu/record.h"
#include "hv/qmp.h"

typedef struct QemuDomain QemuDomain;

/* Progress of what QEMU does in the background. */
typedef enum QemuMigration {
    QEMU_MIGRATION_NONE,
    QEMU_MIGRATION_ACTIVE,
    QEMU_MIGRATION_COMPLETED,
    QEMU_MIGRATION_FAILED,
} QemuMigration;

/* The job of a memory dump; QEMU's other jobs have ids of our choice. */
#define QEMU_JOB_DUMP "dump"

struct QemuDomain {
    gatomicrefcount refs;
    Hv *hv; /* (borrowed) */
    Uuid uuid;
    uint64_t start_ticket;
    char name[UUID_TEXT_SIZE]; /* the uuid as text */
    char *dir;
    pid_t pid;
    int pid_fd;
    Qmp *qmp;
    QemuAgent *agent;
    HvWatch pid_watch, qmp_watch;

    Lock lock; /* LOCK_HV_DOMAIN, over what follows */
    GCond changed;
    QemuRecord *record;
    HvState state;
    bool watched;   /* process and sockets are with the event thread */
    bool building;  /* the caller of domain_create() hears of the end, not the events */
    bool destroyed; /* domain_destroy() was called: the end is no crash */
    bool exit_told;
    bool gone; /* process and folder are no more */
    uint64_t memory_bytes;
    GHashTable *deleted; /* device ids (owned) whose end QEMU has told */
    const char *leaving; /* (borrowed) device id whose end is waited for, or NULL */
    char *moving_tray;   /* id of the disk whose tray we move ourselves, or NULL */
    QemuMigration migration;
    GArray *vcpu_threads; /* pid_t, by number; NULL: not known */
    BlockGuest block;
};

/* A domain with a folder and `record` (taken over), in the driver's table, without a process.
 * Fails when the uuid is taken. (a reference) */
QemuDomain *qemu_domain_new(Hv *hv, QemuRecord *record, Err **err);
QemuDomain *qemu_domain_ref(QemuDomain *domain);
void qemu_domain_unref(QemuDomain *domain);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QemuDomain, qemu_domain_unref)

/* (a reference), NULL when there is none, or one that is about to start. */
QemuDomain *qemu_domain_find(Hv *hv, Uuid uuid);
/* The same with an error: INTERNAL_ERROR ["there is no domain ..."]. */
QemuDomain *qemu_domain_get(Hv *hv, Uuid uuid, Err **err);

/* Hands the running process and the connected sockets (taken over) to the event thread.
 * Afterwards the domain goes when the process does; on failure the caller ends both. */
bool qemu_domain_watch(QemuDomain *domain, int qmp_fd, int agent_fd, bool adopted, Err **err);

/* Whether it is with the event thread. */
bool qemu_domain_is_watched(QemuDomain *domain);
/* Takes back what the event thread held, after the end of that; the domain runs on. */
void qemu_domain_release(QemuDomain *domain);

/* What a reset by the guest does: "shutdown" stops it for us to decide, "reset" restarts it. */
bool qemu_domain_set_reboot_action(QemuDomain *domain, Op *op, const char *action, Err **err);

/* Event thread, about once a second. */
void qemu_domain_tick(QemuDomain *domain);

/* Takes a domain without a process out of the table and removes its folder. */
void qemu_domain_discard(QemuDomain *domain);

/* Ends the process: asks QEMU, which then closes its images in order, or else kills it. */
void qemu_domain_quit(QemuDomain *domain);
void qemu_domain_kill(QemuDomain *domain);
/* Waits until nothing is left of it. */
bool qemu_domain_wait_gone(QemuDomain *domain, Op *op, Err **err);

/* Writes the record as it is now. */
bool qemu_domain_save_record(QemuDomain *domain, Err **err);

/* Tells the layers above that this start has ended, once. */
void qemu_domain_tell_exit(QemuDomain *domain, HvExitReason reason);

/* Removes run_dir/<uuid>. */
void qemu_domain_remove_dir(const char *dir);
