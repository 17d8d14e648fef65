/* Processors that are added to a running domain, and taken away again. */
#include "hv/qemu/domain.h"
#include "hv/qemu/hooks.h"
#include "hv/qemu/hotplug.h"

#define ADDED_PREFIX "/machine/peripheral/" /* where QEMU has what device_add made */

static bool qemu_vcpu_add(QemuDomain *domain, Op *op, const Value *places, Err **err);
static bool qemu_vcpu_remove(QemuDomain *domain, Op *op, const Value *places, Err **err);
static unsigned qemu_vcpu_count(const Value *places);

bool qemu_vcpu_set(Hv *hv, Op *op, Uuid uuid, unsigned vcpus, Err **err)
{
    g_autoptr(QemuDomain) domain = qemu_domain_get(hv, uuid, err);
    if (!domain) {
        return false;
    }
    unsigned max = domain->record->vcpus_max;
    if (vcpus < 1 || vcpus > max) {
        return err_internal(err, "domain %s can have 1 to %u vCPUs, not %u", domain->name, max,
                            vcpus);
    }
    unsigned count;
    do {
        g_autoptr(Value) places = NULL;
        if (!qmp_call(domain->qmp, op, "query-hotpluggable-cpus", NULL, &places, err)) {
            return false;
        }
        count = qemu_vcpu_count(places);
        {
            LOCK_GUARD(&domain->lock);
            domain->record->vcpus = count;
        }
        if (count < vcpus && !qemu_vcpu_add(domain, op, places, err)) {
            return false;
        }
        if (count > vcpus && !qemu_vcpu_remove(domain, op, places, err)) {
            return false;
        }
    } while (count != vcpus);
    return qemu_domain_save_record(domain, err);
}

/* QEMU lists the last place first. The lowest free one is taken, so that the processors of a
 * saved domain are those that its restored one starts with. */
static bool qemu_vcpu_add(QemuDomain *domain, Op *op, const Value *places, Err **err)
{
    for (unsigned i = value_count(places); i-- > 0;) {
        const Value *place = value_at(places, i);
        const Value *props = value_get(place, "props");
        const char *type = value_get_string(place, "type");
        if (value_get(place, "qom-path") || !props || !type) {
            continue;
        }
        g_autofree char *id = g_strdup_printf("vcpu-%u", value_count(places) - 1 - i);
        Value *args = value_new_struct(5);
        value_struct_add_static(args, "driver", value_new_string(type));
        value_struct_add_static(args, "id", value_new_string(id));
        for (unsigned j = 0; j < value_count(props); j++) {
            value_struct_add(args, value_name_at(props, j), value_ref(value_at(props, j)));
        }
        return qmp_call(domain->qmp, op, "device_add", args, NULL, err);
    }
    return err_internal(err, "domain %s has no place for another vCPU", domain->name);
}

static bool qemu_vcpu_remove(QemuDomain *domain, Op *op, const Value *places, Err **err)
{
    for (unsigned i = 0; i < value_count(places); i++) {
        const char *path = value_get_string(value_at(places, i), "qom-path");
        if (path && g_str_has_prefix(path, ADDED_PREFIX)) {
            const char *id = path + strlen(ADDED_PREFIX);
            return qemu_hotplug_remove(domain, op, id, "VCPU", id, err);
        }
    }
    return err_internal(err, "domain %s cannot have fewer vCPUs than it started with",
                        domain->name);
}

static unsigned qemu_vcpu_count(const Value *places)
{
    unsigned count = 0;
    for (unsigned i = 0; i < value_count(places); i++) {
        count += value_get(value_at(places, i), "qom-path") != NULL;
    }
    return count;
}
