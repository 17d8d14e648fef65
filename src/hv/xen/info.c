/* What runs and what it uses. */
#include "hv/xen/domain.h"
#include "hv/xen/hooks.h"
#include "hv/xen/stats.h"

#include <libxl_utils.h>

#define KIB         1024
#define KIB_PER_MIB 1024

static bool xen_info_read(XenDomain *domain, libxl_dominfo *info, Err **err);
static HvState xen_info_state(const libxl_dominfo *info);
static uint64_t xen_info_memory(const libxl_dominfo *info);

GArray *xen_info_list(Hv *hv, Err **err)
{
    g_autoptr(GPtrArray) domains = g_ptr_array_new_with_free_func((GDestroyNotify)xen_domain_unref);
    {
        LOCK_GUARD(&hv->lock);
        GHashTableIter iter;
        gpointer domain;
        g_hash_table_iter_init(&iter, hv->domains);
        while (g_hash_table_iter_next(&iter, NULL, &domain)) {
            g_ptr_array_add(domains, xen_domain_ref(domain));
        }
    }
    g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(HvDomainInfo));
    for (unsigned i = 0; i < domains->len; i++) {
        const XenDomain *domain = g_ptr_array_index(domains, i);
        HvDomainInfo info;
        if (!xen_info_domain(hv, domain->uuid, &info, err)) {
            return NULL;
        }
        if (info.state != HV_STATE_GONE) {
            g_array_append_val(list, info);
        }
    }
    return g_steal_pointer(&list);
}

bool xen_info_domain(Hv *hv, Uuid uuid, HvDomainInfo *ret_info, Err **err)
{
    g_autoptr(XenDomain) domain = xen_domain_find(hv, uuid);
    libxl_dominfo info;
    libxl_dominfo_init(&info);
    if (domain && !xen_info_read(domain, &info, err)) {
        return false;
    }
    *ret_info = (HvDomainInfo){.uuid = uuid, .state = HV_STATE_GONE};
    if (domain && !info.dying) {
        LOCK_GUARD(&domain->lock);
        *ret_info = (HvDomainInfo){
            .uuid = uuid,
            .state = xen_info_state(&info),
            .domid = (int)domain->record->domid,
            .vcpus = domain->record->vcpus,
            .memory_bytes = xen_info_memory(&info),
            .start_ticket = domain->start_ticket,
            .given = domain->record->passage == HV_PASSAGE_GIVEN,
        };
    }
    libxl_dominfo_dispose(&info);
    return true;
}

char **xen_info_devices(Hv *hv, Uuid uuid, Err **err)
{
    g_autoptr(XenDomain) domain = xen_domain_get(hv, uuid, err);
    if (!domain) {
        return NULL;
    }
    g_autoptr(GStrvBuilder) ids = g_strv_builder_new();
    LOCK_GUARD(&domain->lock);
    const XenRecord *record = domain->record;
    for (unsigned i = 0; i < record->disks->len; i++) {
        const XenDisk *disk = g_ptr_array_index(record->disks, i);
        g_strv_builder_add(ids, disk->block.id);
    }
    for (unsigned i = 0; i < record->nics->len; i++) {
        const XenNic *nic = g_ptr_array_index(record->nics, i);
        g_strv_builder_add(ids, nic->id);
    }
    return g_strv_builder_end(ids);
}

bool xen_info_stats(Hv *hv, Op *op, Uuid uuid, HvDomainStats *ret_stats, Err **err)
{
    g_autoptr(XenDomain) domain = xen_domain_get(hv, uuid, err);
    libxl_dominfo info;
    libxl_dominfo_init(&info);
    if (!domain || !xen_info_read(domain, &info, err)) {
        return false;
    }
    g_auto(HvDomainStats) stats = {
        .cpu_time_ns = info.cpu_time,
        .memory_bytes = xen_info_memory(&info),
        .vcpus = xen_stats_vcpus(domain),
        .disks = xen_stats_disks(domain, op),
    };
    bool dying = info.dying;
    libxl_dominfo_dispose(&info);
    if (dying) {
        return err_internal(err, "domain %s has just ended", domain->name);
    }
    *ret_stats = stats;
    stats = (HvDomainStats){0};
    return true;
}

/* One that is no more looks as one that is about to go. */
static bool xen_info_read(XenDomain *domain, libxl_dominfo *info, Err **err)
{
    uint32_t domid = xen_domain_domid(domain);
    int code = libxl_domain_info(domain->hv->ctx, info, domid);
    bool is_ours = code == 0 && memcmp(libxl_uuid_bytearray_const(&info->uuid), domain->uuid.bytes,
                                       sizeof domain->uuid.bytes) == 0;
    if (code == ERROR_DOMAIN_NOTFOUND || (code == 0 && !is_ours)) {
        info->dying = true;
        return true;
    }
    return code == 0 ||
           xen_message_fail(&domain->hv->messages, domid, code, "examine", domain->name, err);
}

static HvState xen_info_state(const libxl_dominfo *info)
{
    if (info->shutdown) {
        return info->shutdown_reason == LIBXL_SHUTDOWN_REASON_SUSPEND ? HV_STATE_PAUSED
                                                                      : HV_STATE_SHUTDOWN;
    }
    return info->paused ? HV_STATE_PAUSED : HV_STATE_RUNNING;
}

/* In bytes. Xen counts some pages of its own with those of HVM and PVH guests. */
static uint64_t xen_info_memory(const libxl_dominfo *info)
{
    return info->current_memkb / KIB_PER_MIB * KIB_PER_MIB * KIB;
}
