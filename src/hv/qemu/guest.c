/* What a guest tells of itself: its agent's answers and its memory's use. */
#include "hv/qemu/agent.h"
#include "hv/qemu/device.h"
#include "hv/qemu/domain.h"
#include "hv/qemu/guestinfo.h"
#include "hv/qemu/hooks.h"

static Value *qemu_guest_balloon_stats(QemuDomain *domain, Op *op);
static bool qemu_guest_mark_frozen(QemuDomain *domain, bool frozen, Err **err);

bool qemu_guest_info(Hv *hv, Op *op, Uuid uuid, HvGuestInfo *ret_info, Err **err)
{
    g_autoptr(QemuDomain) domain = qemu_domain_get(hv, uuid, err);
    if (!domain) {
        return false;
    }
    HvGuestInfo info = {0};
    qemu_agent_info(domain->agent, &info);
    if (info.alive) {
        g_autoptr(Value) stats = qemu_guest_balloon_stats(domain, op);
        g_strfreev(info.memory);
        info.memory = qemu_guestinfo_memory(stats);
    }
    *ret_info = info;
    return true;
}

/* The record says that the file systems are frozen before they are, until they are no more. */
bool qemu_guest_freeze(Hv *hv, Op *op, Uuid uuid, bool frozen, Err **err)
{
    g_autoptr(QemuDomain) domain = qemu_domain_get(hv, uuid, err);
    if (!domain || (frozen && !qemu_guest_mark_frozen(domain, true, err)) ||
        !qemu_agent_freeze(domain->agent, op, frozen, err)) {
        return false;
    }
    return frozen || qemu_guest_mark_frozen(domain, false, err);
}

static bool qemu_guest_mark_frozen(QemuDomain *domain, bool frozen, Err **err)
{
    {
        LOCK_GUARD(&domain->lock);
        domain->record->frozen = frozen;
    }
    return qemu_domain_save_record(domain, err);
}

/* NULL when the guest has no balloon driver. */
static Value *qemu_guest_balloon_stats(QemuDomain *domain, Op *op)
{
    Value *args = value_new_struct(2);
    value_struct_add_static(args, "path",
                            value_new_string("/machine/peripheral/" QEMU_BALLOON_DEVICE));
    value_struct_add_static(args, "property", value_new_string("guest-stats"));
    Value *stats = NULL;
    (void)qmp_call(domain->qmp, op, "qom-get", args, &stats, NULL);
    return stats;
}
