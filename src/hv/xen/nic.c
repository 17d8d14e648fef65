/* NICs of running domains; the record is kept as disk.c keeps it. */
#include "hv/xen/call.h"
#include "hv/xen/device.h"
#include "hv/xen/domain.h"
#include "hv/xen/hooks.h"

static bool xen_nic_enter(XenDomain *domain, const HvNic *nic, bool *ret_there, Err **err);
static void xen_nic_forget(XenDomain *domain, const char *nic_id);
static bool xen_nic_add(XenDomain *domain, Op *op, const HvNic *nic, Err **err);

bool xen_nic_plug(Hv *hv, Op *op, Uuid uuid, const HvNic *nic, Err **err)
{
    g_autoptr(XenDomain) domain = xen_domain_get(hv, uuid, err);
    bool there;
    if (!domain || !xen_nic_enter(domain, nic, &there, err)) {
        return false;
    }
    if (there) {
        return true;
    }
    if (!xen_domain_save_record(domain, err) || !xen_nic_add(domain, op, nic, err)) {
        xen_nic_forget(domain, nic->id);
        (void)xen_domain_save_record(domain, NULL);
        return false;
    }
    return true;
}

/* A guest that does not let go of a NIC within libxl's limit loses it. */
bool xen_nic_unplug(Hv *hv, Op *op, Uuid uuid, const char *nic_id, bool force, Err **err)
{
    g_autoptr(XenDomain) domain = xen_domain_get(hv, uuid, err);
    if (!domain) {
        return false;
    }
    uint32_t domid = xen_domain_domid(domain);
    libxl_device_nic nic;
    libxl_device_nic_init(&nic);
    {
        LOCK_GUARD(&domain->lock);
        const XenNic *recorded = xen_record_find_nic(domain->record, nic_id);
        if (!recorded) {
            return true;
        }
        nic.devid = (libxl_devid)recorded->position;
        (void)xen_device_parse_mac(recorded->mac, &nic.mac);
    }
    g_autoptr(XenCall) call = xen_call_new(hv, domid, domain->name);
    const libxl_asyncop_how *how = xen_call_how(call);
    bool done = xen_call_wait(call, op,
                              force ? libxl_device_nic_destroy(hv->ctx, domid, &nic, how)
                                    : libxl_device_nic_remove(hv->ctx, domid, &nic, how),
                              "unplug a NIC from", err);
    libxl_device_nic_dispose(&nic);
    if (!done) {
        return false;
    }
    xen_nic_forget(domain, nic_id);
    return xen_domain_save_record(domain, err);
}

static bool xen_nic_enter(XenDomain *domain, const HvNic *nic, bool *ret_there, Err **err)
{
    LOCK_GUARD(&domain->lock);
    *ret_there = xen_record_find_nic(domain->record, nic->id) != NULL;
    if (*ret_there) {
        return true;
    }
    if (xen_record_nic_at(domain->record, nic->position)) {
        return err_internal(err, "domain %s has a NIC at place %u already", domain->name,
                            nic->position);
    }
    xen_record_add_nic(domain->record, nic);
    return true;
}

static void xen_nic_forget(XenDomain *domain, const char *nic_id)
{
    LOCK_GUARD(&domain->lock);
    xen_record_remove_nic(domain->record, nic_id);
}

static bool xen_nic_add(XenDomain *domain, Op *op, const HvNic *nic, Err **err)
{
    Hv *hv = domain->hv;
    libxl_device_nic device;
    if (!xen_device_nic(nic, hv->vif_script, &device, err)) {
        return false;
    }
    uint32_t domid = xen_domain_domid(domain);
    g_autoptr(XenCall) call = xen_call_new(hv, domid, domain->name);
    bool done =
        xen_call_wait(call, op, libxl_device_nic_add(hv->ctx, domid, &device, xen_call_how(call)),
                      "plug a NIC into", err);
    libxl_device_nic_dispose(&device);
    return done;
}
