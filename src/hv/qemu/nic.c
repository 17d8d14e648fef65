/* NICs of a running domain. */
#include "hv/qemu/device.h"
#include "hv/qemu/domain.h"
#include "hv/qemu/hooks.h"
#include "hv/qemu/hotplug.h"

static bool qemu_nic_attach(QemuDomain *domain, Op *op, const HvNic *nic, Err **err);
static bool qemu_nic_add_netdev(QemuDomain *domain, Op *op, const HvNic *nic, const char *netdev,
                                Err **err);

bool qemu_nic_plug(Hv *hv, Op *op, Uuid uuid, const HvNic *config, Err **err)
{
    g_autoptr(QemuDomain) domain = qemu_domain_get(hv, uuid, err);
    if (!domain || !qemu_device_check_nic(config, err)) {
        return false;
    }
    const QemuNic *same = qemu_record_find_nic(domain->record, config->id);
    bool deleted = qemu_hotplug_take_deleted(domain, config->id, qemu_device_nic_id);
    if (same && !deleted) {
        return true;
    }
    if (same) {
        qemu_nic_forget(domain, op, config->id, same->position);
    }
    if (qemu_record_nic_at(domain->record, config->position)) {
        return err_internal(err, "NIC %s: position %u of domain %s is taken", config->id,
                            config->position, domain->name);
    }
    {
        LOCK_GUARD(&domain->lock);
        qemu_record_add_nic(domain->record, config);
    }
    if (!qemu_domain_save_record(domain, err) || !qemu_nic_attach(domain, op, config, err)) {
        qemu_nic_forget(domain, op, config->id, config->position);
        return false;
    }
    return true;
}

bool qemu_nic_unplug(Hv *hv, Op *op, Uuid uuid, const char *nic_id, bool force, Err **err)
{
    (void)force;
    g_autoptr(QemuDomain) domain = qemu_domain_get(hv, uuid, err);
    if (!domain) {
        return false;
    }
    const QemuNic *nic = qemu_record_find_nic(domain->record, nic_id);
    if (!nic) {
        return true;
    }
    g_autofree char *device = qemu_device_nic_id(nic_id);
    if (!qemu_hotplug_remove(domain, op, device, "VIF", nic_id, err)) {
        return false;
    }
    qemu_nic_forget(domain, op, nic_id, nic->position);
    return true;
}

static bool qemu_nic_attach(QemuDomain *domain, Op *op, const HvNic *nic, Err **err)
{
    g_autofree char *netdev = nic->tap_fd < 0 ? NULL : qemu_device_netdev_id(nic->position);
    if (netdev && !qemu_nic_add_netdev(domain, op, nic, netdev, err)) {
        return false;
    }
    return qmp_call(domain->qmp, op, "device_add", qemu_device_nic(nic, netdev, 0), NULL, err);
}

static bool qemu_nic_add_netdev(QemuDomain *domain, Op *op, const HvNic *nic, const char *netdev,
                                Err **err)
{
    Value *args = value_new_struct(1);
    value_struct_add_static(args, "fdname", value_new_string(netdev));
    if (!qmp_call_fd(domain->qmp, op, "getfd", args, nic->tap_fd, NULL, err)) {
        return false;
    }
    args = value_new_struct(3);
    value_struct_add_static(args, "type", value_new_string("tap"));
    value_struct_add_static(args, "id", value_new_string(netdev));
    value_struct_add_static(args, "fd", value_new_string(netdev));
    return qmp_call(domain->qmp, op, "netdev_add", args, NULL, err);
}

void qemu_nic_forget(QemuDomain *domain, Op *op, const char *nic_id, unsigned position)
{
    g_autofree char *netdev = qemu_device_netdev_id(position);
    Value *args = value_new_struct(1);
    value_struct_add_static(args, "id", value_new_string(netdev));
    /* A NIC without a cable has none. */
    (void)qmp_call(domain->qmp, op, "netdev_del", args, NULL, NULL);
    {
        LOCK_GUARD(&domain->lock);
        qemu_record_remove_nic(domain->record, nic_id);
    }
    (void)qemu_domain_save_record(domain, NULL);
}
