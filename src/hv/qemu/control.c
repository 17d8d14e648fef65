/* Running, pausing, ending and resizing a domain. */
#include "base/log.h"
#include "hv/qemu/device.h"
#include "hv/qemu/domain.h"
#include "hv/qemu/hooks.h"
#include "hv/qemu/passage.h"
#include "hv/qemu/qemu.h"

/* How long QEMU may take to close its images before it is killed. */
#define QUIT_LIMIT (10 * USEC_PER_SEC)

bool qemu_control_set_paused(Hv *hv, Op *op, Uuid uuid, bool paused, Err **err)
{
    g_autoptr(QemuDomain) domain = qemu_domain_get(hv, uuid, err);
    if (domain && !paused && qemu_passage_is_given(domain)) {
        return err_internal(err, "domain %s was given away", domain->name);
    }
    if (!domain || !block_guest_take_control(&domain->block, op, err)) {
        return false;
    }
    bool done = block_guest_set_paused(&domain->block, op, paused, err);
    block_guest_leave_control(&domain->block);
    return done;
}

bool qemu_control_shutdown(Hv *hv, Op *op, Uuid uuid, HvShutdownMode mode, Err **err)
{
    g_autoptr(QemuDomain) domain = qemu_domain_get(hv, uuid, err);
    if (!domain) {
        return false;
    }
    /* What the button does, and that it can mean a reboot, is the guest's choice. */
    return qemu_agent_shutdown(domain->agent, mode) ||
           qmp_call(domain->qmp, op, "system_powerdown", NULL, NULL, err);
}

bool qemu_control_destroy(Hv *hv, Op *op, Uuid uuid, Err **err)
{
    g_autoptr(QemuDomain) domain = qemu_domain_find(hv, uuid);
    if (!domain) {
        return true;
    }
    {
        LOCK_GUARD(&domain->lock);
        domain->destroyed = true;
    }
    qemu_domain_quit(domain);
    g_autoptr(Op) patience = op_new_child(op, QUIT_LIMIT);
    if (qemu_domain_wait_gone(domain, patience, NULL)) {
        return true;
    }
    if (!op_check(op, err)) {
        return false;
    }
    log_warn("QEMU of domain %s does not quit and is killed", domain->name);
    qemu_domain_kill(domain);
    return qemu_domain_wait_gone(domain, op, err);
}

bool qemu_control_set_memory(Hv *hv, Op *op, Uuid uuid, uint64_t bytes, Err **err)
{
    g_autoptr(QemuDomain) domain = qemu_domain_get(hv, uuid, err);
    if (!domain) {
        return false;
    }
    Value *args = value_new_struct(1);
    value_struct_add_static(args, "value", value_new_int((int64_t)bytes));
    return qmp_call(domain->qmp, op, "balloon", args, NULL, err);
}
