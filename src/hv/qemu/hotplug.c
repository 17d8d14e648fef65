/* device_del: QEMU asks the guest, and an event tells that the guest agreed. */
#include "hv/qemu/hotplug.h"

/* What a guest may take to let a device go; Linux flushes a disk first. */
#define DETACH_LIMIT (30 * USEC_PER_SEC)
/* When to ask again: a guest that is busy with an earlier change misses a request. */
#define DETACH_ROUND (2 * USEC_PER_SEC)
/* QEMU's answer while an earlier request is still with the guest. */
#define ALREADY_ASKED "already in the process of unplug"

static bool qemu_hotplug_ask(QemuDomain *domain, Op *op, const char *device_id, bool *ret_absent,
                             Err **err);
static bool qemu_hotplug_wait(QemuDomain *domain, Op *op, const char *device_id, Err **err);

bool qemu_hotplug_remove(QemuDomain *domain, Op *op, const char *device_id, const char *class,
                         const char *id, Err **err)
{
    bool running;
    {
        LOCK_GUARD(&domain->lock);
        g_hash_table_remove(domain->deleted, device_id);
        domain->leaving = device_id;
        running = domain->state == HV_STATE_RUNNING;
    }
    /* A guest that stands still cannot let go. */
    g_autoptr(Op) patience = op_new_child(op, running ? DETACH_LIMIT : 0);
    bool gone = false;
    bool asked;
    do {
        asked = qemu_hotplug_ask(domain, op, device_id, &gone, err);
        g_autoptr(Op) round = op_new_child(patience, DETACH_ROUND);
        gone = gone || (asked && qemu_hotplug_wait(domain, round, device_id, NULL));
    } while (asked && !gone && op_check(patience, NULL));
    {
        LOCK_GUARD(&domain->lock);
        domain->leaving = NULL;
        gone = g_hash_table_remove(domain->deleted, device_id) || gone;
    }
    return asked &&
           (gone || (op_check(op, err) && err_set(err, "DEVICE_DETACH_TIMEOUT", class, id)));
}

bool qemu_hotplug_take_deleted(QemuDomain *domain, const char *id, char *(*make_id)(const char *id))
{
    g_autofree char *device_id = make_id(id);
    LOCK_GUARD(&domain->lock);
    return g_hash_table_remove(domain->deleted, device_id);
}

static bool qemu_hotplug_ask(QemuDomain *domain, Op *op, const char *device_id, bool *ret_absent,
                             Err **err)
{
    Value *args = value_new_struct(1);
    value_struct_add_static(args, "id", value_new_string(device_id));
    Err *why = NULL;
    if (qmp_call(domain->qmp, op, "device_del", args, NULL, &why)) {
        return true;
    }
    *ret_absent = qmp_error_is_absent(why);
    if (*ret_absent || (why->params[0] && strstr(why->params[0], ALREADY_ASKED))) {
        err_free(why);
        return true;
    }
    return err_propagate(err, why);
}

static bool qemu_hotplug_wait(QemuDomain *domain, Op *op, const char *device_id, Err **err)
{
    LOCK_GUARD(&domain->lock);
    while (!domain->gone && !g_hash_table_remove(domain->deleted, device_id)) {
        if (!op_wait(op, &domain->changed, &domain->lock.mutex, err)) {
            return false;
        }
    }
    return true;
}
