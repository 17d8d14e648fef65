/* Suspending a domain into an image and resuming it: QEMU's migration, to and from ourselves. */
#include "base/fd.h"
#include "hv/memfile.h"
#include "hv/qemu/create.h"
#include "hv/qemu/domain.h"
#include "hv/qemu/hooks.h"
#include "hv/qemu/migration.h"
#include "hv/qemu/qemu.h"
#include "hv/statefile.h"

/* And framebuffer, in bytes. */
#define SAVE_DEVICES ((uint64_t)96 * 1024 * 1024)

static bool qemu_save_into(QemuDomain *domain, Op *op, HvStateFile *file, Err **err);
static bool qemu_save_load(QemuDomain *domain, Op *op, HvStateFile *file, Err **err);

uint64_t qemu_save_size(Hv *hv, Uuid uuid)
{
    g_autoptr(QemuDomain) domain = qemu_domain_find(hv, uuid);
    return hv_memfile_size(domain ? domain->record->memory_max_bytes : 0, SAVE_DEVICES);
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
        qemu_migration_cancel(domain);
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
    g_autoptr(QemuDomain) domain = qemu_create_begin(hv, op, config, HV_PASSAGE_NONE, err);
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
    return qemu_migration_prepare(domain, op, QEMU_MIGRATION_SAVED, err) &&
           qemu_migration_connect(domain, op, "migrate", &from, err) &&
           hv_statefile_fill(file, op, from, err) && qemu_migration_wait(domain, op, err);
}

static bool qemu_save_load(QemuDomain *domain, Op *op, HvStateFile *file, Err **err)
{
    auto_fd to = -1;
    if (!qemu_migration_prepare(domain, op, QEMU_MIGRATION_SAVED, err) ||
        !qemu_migration_connect(domain, op, "migrate-incoming", &to, err) ||
        !hv_statefile_drain(file, op, to, err)) {
        return false;
    }
    fd_close(&to);
    return qemu_migration_wait(domain, op, err);
}
