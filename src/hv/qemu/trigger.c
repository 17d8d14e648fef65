/* System request keys, and the buttons of the machine. */
#include "hv/qemu/hooks.h"

#include "hv/qemu/domain.h"

static Value *qemu_trigger_key(const char *name);

/* The names of QEMU's key codes for letters and digits are themselves. */
bool qemu_trigger_sysrq(Hv *hv, Op *op, Uuid uuid, char key, Err **err)
{
    g_autoptr(QemuDomain) domain = qemu_domain_get(hv, uuid, err);
    if (!domain) {
        return false;
    }
    const char name[] = {key, '\0'};
    Value *keys = value_new_array(3);
    value_array_add(keys, qemu_trigger_key("alt"));
    value_array_add(keys, qemu_trigger_key("sysrq"));
    value_array_add(keys, qemu_trigger_key(name));
    Value *args = value_new_struct(1);
    value_struct_add_static(args, "keys", keys);
    return qmp_call(domain->qmp, op, "send-key", args, NULL, err);
}

bool qemu_trigger_send(Hv *hv, Op *op, Uuid uuid, HvTrigger trigger, Err **err)
{
    static const struct {
        HvTrigger trigger;
        const char *command;
    } commands[] = {
        {HV_TRIGGER_NMI, "inject-nmi"},
        {HV_TRIGGER_RESET, "system_reset"},
        {HV_TRIGGER_POWER, "system_powerdown"},
        {HV_TRIGGER_WAKE, "system_wakeup"},
    };
    g_autoptr(QemuDomain) domain = qemu_domain_get(hv, uuid, err);
    if (!domain) {
        return false;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
        if (commands[i].trigger == trigger) {
            return qmp_call(domain->qmp, op, commands[i].command, NULL, NULL, err);
        }
    }
    return hv_unsupported("qemu", "press the sleep button", err);
}

static Value *qemu_trigger_key(const char *name)
{
    Value *key = value_new_struct(2);
    value_struct_add_static(key, "type", value_new_string("qcode"));
    value_struct_add_static(key, "data", value_new_string(name));
    return key;
}
