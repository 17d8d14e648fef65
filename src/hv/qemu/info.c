/* What is known of domains without asking them. */
#include "hv/qemu/domain.h"
#include "hv/qemu/hooks.h"
#include "hv/qemu/qemu.h"

static bool qemu_info_fill(QemuDomain *domain, HvDomainInfo *ret_info);

GArray *qemu_info_list(Hv *hv, Err **err)
{
    (void)err;
    GArray *list = g_array_new(FALSE, FALSE, sizeof(HvDomainInfo));
    LOCK_GUARD(&hv->lock);
    GHashTableIter iter;
    gpointer domain;
    g_hash_table_iter_init(&iter, hv->domains);
    while (g_hash_table_iter_next(&iter, NULL, &domain)) {
        HvDomainInfo info;
        if (qemu_info_fill(domain, &info)) {
            g_array_append_val(list, info);
        }
    }
    return list;
}

bool qemu_info_domain(Hv *hv, Uuid uuid, HvDomainInfo *ret_info, Err **err)
{
    (void)err;
    g_autoptr(QemuDomain) domain = qemu_domain_find(hv, uuid);
    HvDomainInfo info;
    if (!domain || !qemu_info_fill(domain, &info)) {
        info = (HvDomainInfo){.uuid = uuid, .state = HV_STATE_GONE, .domid = -1};
    }
    *ret_info = info;
    return true;
}

/* False for a domain that has no process yet, or none any more. */
static bool qemu_info_fill(QemuDomain *domain, HvDomainInfo *ret_info)
{
    LOCK_GUARD(&domain->lock);
    if (domain->record->pid == 0 || domain->gone) {
        return false;
    }
    *ret_info = (HvDomainInfo){
        .uuid = domain->uuid,
        .state = domain->state,
        .domid = domain->record->pid,
        .vcpus = domain->record->vcpus,
        .memory_bytes = domain->memory_bytes,
        .start_ticket = domain->start_ticket,
        .given = domain->record->passage == HV_PASSAGE_GIVEN,
    };
    return true;
}
