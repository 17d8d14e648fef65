/* QEMU's own migration, between a QEMU and us. */
#pragma once

#include "hv/qemu/domain.h"

typedef enum QemuMigrationKind {
    QEMU_MIGRATION_SAVED, /* into an image or out of it */
    QEMU_MIGRATION_LIVE,  /* to or from another QEMU, while the guest runs */
} QemuMigrationKind;

/* Events tell of the end; without a limit of ours QEMU would send 128 MiB a second.  A live one
 * comes to an end however busy the guest is, and the new QEMU leaves the disks alone until it runs.
 */
bool qemu_migration_prepare(QemuDomain *domain, Op *op, QemuMigrationKind kind, Err **err);
/* Starts it with the command, "migrate" or "migrate-incoming"; `ret_fd` (owned) is our end. */
bool qemu_migration_connect(QemuDomain *domain, Op *op, const char *command, int *ret_fd,
                            Err **err);
/* Waits for its end. */
bool qemu_migration_wait(QemuDomain *domain, Op *op, Err **err);
/* Ends one that has not ended yet. */
void qemu_migration_cancel(QemuDomain *domain);
