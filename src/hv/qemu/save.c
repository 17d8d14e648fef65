/* Suspending a domain into an image and resuming it: QEMU's migration, to and from ourselves. */
#include "base/fd.h"
#include "hv/qemu/create.h"
#include "hv/qemu/domain.h"
#include "hv/qemu/hooks.h"
#include "hv/qemu/qemu.h"
#include "hv/statefile.h"

#include <errno.h>
#include <sys/socket.h>

#define MIGRATION_DESCRIPTOR "state"
/* Devices and framebuffer, and what the stream says of each page, in bytes. */
#define SAVE_DEVICES  ((uint64_t)96 * 1024 * 1024)
#define SAVE_PER_PAGE 16
#define PAGE_BYTES    4096
#define MAX_BANDWIDTH INT64_C(0x7fffffffffff) /* bytes a second: as fast as it goes */
#define CANCEL_LIMIT  (30 * USEC_PER_SEC)

static bool qemu_save_into(QemuDomain *domain, Op *op, HvStateFile *file, Err **err);
static bool qemu_save_prepare(QemuDomain *domain, Op *op, Err **err);
static bool qemu_save_connect(QemuDomain *domain, Op *op, const char *command, int *ret_fd,
                              Err **err);
static void qemu_save_cancel(QemuDomain *domain);
static bool qemu_save_wait(QemuDomain *domain, Op *op, Err **err);
static bool qemu_save_load(QemuDomain *domain, Op *op, HvStateFile *file, Err **err);

uint64_t qemu_save_size(Hv *hv, Uuid uuid)
{
    g_autoptr(QemuDomain) domain = qemu_domain_find(hv, uuid);
    uint64_t memory = domain ? domain->record->memory_max_bytes : 0;
    return memory + memory / PAGE_BYTES * SAVE_PER_PAGE + SAVE_DEVICES;
}

bool qemu_save_domain(Hv *hv, Op *op, Uuid uuid, const HvImage *image, Err **err)
{
    g_autoptr(QemuDomain) domain = qemu_domain_get(hv, uuid, err);
    if (!domain) {
        return false;
    }
    g_autoptr(HvStateFile) file =
        hv_statefile_open(hv->run_dir, op, image, true, domain->name, err);
    if (!file || !qmp_call(domain->qmp, op, "stop", NULL, NULL, err)) {
        return false;
    }
    if (!qemu_save_into(domain, op, file, err)) {
        qemu_save_cancel(domain);
        return false;
    }
    return true;
}

bool qemu_save_restore(Hv *hv, Op *op, const HvDomainConfig *config, int *ret_domid, Err **err)
{
    char name[UUID_TEXT_SIZE];
    g_autoptr(HvStateFile) file = hv_statefile_open(hv->run_dir, op, config->saved, false,
                                                    uuid_format(config->uuid, name), err);
    if (!file || !hv_statefile_check(file, op, err)) {
        return false;
    }
    g_autoptr(QemuDomain) domain = qemu_create_begin(hv, op, config, err);
    if (!domain) {
        return false;
    }
    if (!qemu_save_load(domain, op, file, err)) {
        qemu_create_abort(domain);
        return false;
    }
    *ret_domid = qemu_create_finish(domain);
    return true;
}

static bool qemu_save_into(QemuDomain *domain, Op *op, HvStateFile *file, Err **err)
{
    auto_fd from = -1;
    return qemu_save_prepare(domain, op, err) &&
           qemu_save_connect(domain, op, "migrate", &from, err) &&
           hv_statefile_fill(file, op, from, err) && qemu_save_wait(domain, op, err);
}

static bool qemu_save_load(QemuDomain *domain, Op *op, HvStateFile *file, Err **err)
{
    auto_fd to = -1;
    if (!qemu_save_prepare(domain, op, err) ||
        !qemu_save_connect(domain, op, "migrate-incoming", &to, err) ||
        !hv_statefile_drain(file, op, to, err)) {
        return false;
    }
    fd_close(&to);
    return qemu_save_wait(domain, op, err);
}

/* Events tell of the progress; without the limit QEMU would save 128 MiB a second. */
static bool qemu_save_prepare(QemuDomain *domain, Op *op, Err **err)
{
    Value *capability = value_new_struct(2);
    value_struct_add_static(capability, "capability", value_new_string("events"));
    value_struct_add_static(capability, "state", value_new_bool(true));
    Value *capabilities = value_new_array(1);
    value_array_add(capabilities, capability);
    Value *args = value_new_struct(1);
    value_struct_add_static(args, "capabilities", capabilities);
    if (!qmp_call(domain->qmp, op, "migrate-set-capabilities", args, NULL, err)) {
        return false;
    }
    args = value_new_struct(1);
    value_struct_add_static(args, "max-bandwidth", value_new_int(MAX_BANDWIDTH));
    return qmp_call(domain->qmp, op, "migrate-set-parameters", args, NULL, err);
}

/* Starts a migration over one end of a socket pair; `ret_fd` (owned) is the other. */
static bool qemu_save_connect(QemuDomain *domain, Op *op, const char *command, int *ret_fd,
                              Err **err)
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

static void qemu_save_cancel(QemuDomain *domain)
{
    g_autoptr(Op) op = op_new(CANCEL_LIMIT);
    if (qmp_call(domain->qmp, op, "migrate_cancel", NULL, NULL, NULL)) {
        (void)qemu_save_wait(domain, op, NULL);
    }
}

static bool qemu_save_wait(QemuDomain *domain, Op *op, Err **err)
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
