/* QEMU's own migration, by way of one end of a socket pair: who has the other is save.c or
 * passage.c. */
#include "hv/qemu/migration.h"

#include "base/fd.h"

#include <errno.h>
#include <sys/socket.h>

#define MIGRATION_DESCRIPTOR "state"
#define MAX_BANDWIDTH        INT64_C(0x7fffffffffff) /* bytes a second: as fast as it goes */
#define CANCEL_LIMIT         (30 * USEC_PER_SEC)

bool qemu_migration_prepare(QemuDomain *domain, Op *op, QemuMigrationKind kind, Err **err)
{
    static const struct {
        const char *name;
        bool live; /* it is wanted only for guests that run on meanwhile */
    } capabilities[] = {
        {"events", false},
        {"late-block-activate", true},
        {"auto-converge", true},
    };
    Value *list = value_new_array(G_N_ELEMENTS(capabilities));
    for (unsigned i = 0; i < G_N_ELEMENTS(capabilities); i++) {
        Value *capability = value_new_struct(2);
        value_struct_add_static(capability, "capability", value_new_string(capabilities[i].name));
        value_struct_add_static(
            capability, "state",
            value_new_bool(!capabilities[i].live || kind == QEMU_MIGRATION_LIVE));
        value_array_add(list, capability);
    }
    Value *args = value_new_struct(1);
    value_struct_add_static(args, "capabilities", list);
    if (!qmp_call(domain->qmp, op, "migrate-set-capabilities", args, NULL, err)) {
        return false;
    }
    args = value_new_struct(1);
    value_struct_add_static(args, "max-bandwidth", value_new_int(MAX_BANDWIDTH));
    return qmp_call(domain->qmp, op, "migrate-set-parameters", args, NULL, err);
}

bool qemu_migration_connect(QemuDomain *domain, Op *op, const char *command, int *ret_fd, Err **err)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
        return err_errno(err, errno, "cannot create a socket for a migration");
    }
    auto_fd ours = pair[0];
    auto_fd theirs = pair[1];
    {
        LOCK_GUARD(&domain->lock);
        domain->migration = QEMU_MIGRATION_NONE;
    }
    Value *args = value_new_struct(1);
    value_struct_add_static(args, "fdname", value_new_string(MIGRATION_DESCRIPTOR));
    if (!qmp_call_fd(domain->qmp, op, "getfd", args, theirs, NULL, err)) {
        return false;
    }
    args = value_new_struct(1);
    value_struct_add_static(args, "uri", value_new_string("fd:" MIGRATION_DESCRIPTOR));
    if (!qmp_call(domain->qmp, op, command, args, NULL, err)) {
        return false;
    }
    *ret_fd = fd_steal(&ours);
    return true;
}

void qemu_migration_cancel(QemuDomain *domain)
{
    g_autoptr(Op) op = op_new(CANCEL_LIMIT);
    {
        LOCK_GUARD(&domain->lock);
        if (domain->migration == QEMU_MIGRATION_NONE) {
            return; /* nothing was begun, and nothing will tell of its end */
        }
    }
    if (qmp_call(domain->qmp, op, "migrate_cancel", NULL, NULL, NULL)) {
        (void)qemu_migration_wait(domain, op, NULL);
    }
}

bool qemu_migration_wait(QemuDomain *domain, Op *op, Err **err)
{
    LOCK_GUARD(&domain->lock);
    for (;;) {
        switch (domain->migration) {
        case QEMU_MIGRATION_COMPLETED:
            return true;
        case QEMU_MIGRATION_FAILED:
            return err_internal(err, "QEMU could not copy the state of domain %s", domain->name);
        case QEMU_MIGRATION_NONE:
        case QEMU_MIGRATION_ACTIVE:
            break;
        }
        if (domain->gone) {
            return err_internal(err, "domain %s ended while its state was copied", domain->name);
        }
        if (!op_wait(op, &domain->changed, &domain->lock.mutex, err)) {
            return false;
        }
    }
}
