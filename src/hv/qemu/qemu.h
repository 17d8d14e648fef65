/* The opened driver: what its files share. */
#pragma once

#include "base/lock.h"
#include "hv/hv.h"
#include "hv/loop.h"
#include "hv/qemu/cgroup.h"
#include "hv/qemu/cmdline.h"

/* Sockets in a domain's folder. */
#define QEMU_SOCKET_QMP    "qmp.sock"
#define QEMU_SOCKET_AGENT  "agent.sock"
#define QEMU_SOCKET_SERIAL "serial.sock"

struct Hv {
    char *run_dir;
    char *log_dir;
    QemuHost host;
    QemuCgroup *cgroup; /* NULL: domains have no limits */
    HvEvents events;
    HvLoop *loop;

    Lock lock;           /* LOCK_HV, over what follows */
    char version[64];    /* of QEMU, once somebody has asked */
    GHashTable *domains; /* Uuid * (within the domain) -> QemuDomain (owned) */
    GArray *lost;        /* QemuLost: ends that happened while nobody watched, to be told once */
};

typedef struct QemuLost {
    Uuid domain;
    uint64_t start_ticket;
    HvExitReason reason;
} QemuLost;
