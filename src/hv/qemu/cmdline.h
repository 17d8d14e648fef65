/* The command line of a new QEMU and the descriptors it inherits. */
#pragma once

#include "hv/qemu/record.h"
#include "wire/value.h"

#define QEMU_PROGRAM "qemu-system-x86_64"

/* What is the same for all domains of this host. */
typedef struct QemuHost {
    bool kvm;
    const char *aio; /* "io_uring" or "threads" */
    uid_t uid;       /* that domains run as; 0: as we do */
    gid_t gid;
} QemuHost;

typedef struct QemuCmdline {
    GPtrArray *argv; /* NULL-terminated once built */
    GArray *fds;     /* int (owned): what argv refers to by number */
} QemuCmdline;

void qemu_cmdline_init(QemuCmdline *cmdline);
void qemu_cmdline_clear(QemuCmdline *cmdline);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(QemuCmdline, qemu_cmdline_clear)

/* Descriptors (borrowed; their numbers go into the command line). */
typedef struct QemuChannels {
    int qmp, agent, serial;  /* listening sockets */
    int qmp_log, serial_log; /* files */
    bool incoming;           /* the domain waits for its state */
} QemuChannels;

/* Opens all that `config` names and describes it; disks and NICs get their names in `record`.
 * BOOTLOADER_FAILED for a kernel or ramdisk that cannot be opened. */
bool qemu_cmdline_build(QemuCmdline *cmdline, const QemuHost *host, const HvDomainConfig *config,
                        const QemuChannels *channels, QemuRecord *record, Err **err);

/* For those who add parts: an option and its value, an option and its value as JSON (taken
 * over), a descriptor (taken over; its number is returned), a descriptor as a set. */
void qemu_cmdline_add(QemuCmdline *cmdline, const char *option, const char *fmt, ...)
    G_GNUC_PRINTF(3, 4);
void qemu_cmdline_add_json(QemuCmdline *cmdline, const char *option, Value *value);
int qemu_cmdline_keep(QemuCmdline *cmdline, int fd);
void qemu_cmdline_add_fdset(QemuCmdline *cmdline, int64_t fdset, int fd);

/* `text` for a comma separated option. (owned) */
char *qemu_cmdline_quote(const char *text);
