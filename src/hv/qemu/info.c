/* What is known of domains without asking them. */
#include "hv/qemu/device.h"
#include "hv/qemu/domain.h"
#include "hv/qemu/hooks.h"
#include "hv/qemu/qemu.h"

static void qemu_info_add_device(const QemuDomain *domain, const char *id, char *device_id,
                                 GStrvBuilder *ids);
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

char **qemu_info_devices(Hv *hv, Uuid uuid, Err **err)
{
    g_autoptr(QemuDomain) domain = qemu_domain_get(hv, uuid, err);
    if (!domain) {
        return NULL;
    }
    g_autoptr(GStrvBuilder) ids = g_strv_builder_new();
    LOCK_GUARD(&domain->lock);
    const QemuRecord *record = domain->record;
    for (unsigned i = 0; i < record->disks->len; i++) {
        const BlockDisk *disk = g_ptr_array_index(record->disks, i);
        qemu_info_add_device(domain, disk->id, qemu_device_disk_id(disk->id), ids);
    }
    for (unsigned i = 0; i < record->nics->len; i++) {
        const QemuNic *nic = g_ptr_array_index(record->nics, i);
        qemu_info_add_device(domain, nic->id, qemu_device_nic_id(nic->id), ids);
    }
    return g_strv_builder_end(ids);
}

/* One that the guest has let go of is not its any more. */
static void qemu_info_add_device(const QemuDomain *domain, const char *id, char *device_id,
                                 GStrvBuilder *ids)
{
    if (!g_hash_table_contains(domain->deleted, device_id)) {
        g_strv_builder_add(ids, id);
    }
    g_free(device_id);
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
