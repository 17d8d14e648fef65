/* VM.send_sysrq and VM.send_trigger.  Triggers have the names that Xen's tools give them. */
#include "gen/errors.h"
#include "gen/ops_vm.h"
#include "ops/platform.h"
#include "ops/vm/vm_boot.h"

static const struct {
    const char *name;
    HvTrigger trigger;
} triggers[] = {
    {"nmi", HV_TRIGGER_NMI},     {"reset", HV_TRIGGER_RESET},   {"power", HV_TRIGGER_POWER},
    {"sleep", HV_TRIGGER_SLEEP}, {"s3resume", HV_TRIGGER_WAKE},
};

bool vm_send_sysrq(Call *call, const VmSendSysrqArgs *args, Err **err)
{
    Platform *platform = call_platform(call);
    const HvDriver *driver = platform_hv_driver(platform);
    const char *key = args->key;
    if (!(g_ascii_islower(key[0]) || g_ascii_isdigit(key[0])) || key[1]) {
        return err_invalid_value(err, "key", key);
    }
    if (!(driver->caps & HV_CAP_SYSRQ)) {
        return err_not_implemented(err, "VM.send_sysrq");
    }
    return driver->domain_sysrq(platform_hv(platform), call->op,
                                vm_domain_uuid(call_view(call), args->vm), key[0], err);
}

bool vm_send_trigger(Call *call, const VmSendTriggerArgs *args, Err **err)
{
    Platform *platform = call_platform(call);
    const HvDriver *driver = platform_hv_driver(platform);
    for (size_t i = 0; i < G_N_ELEMENTS(triggers); i++) {
        if (strcmp(triggers[i].name, args->trigger) != 0) {
            continue;
        }
        if (!(driver->triggers & triggers[i].trigger)) {
            return err_value_not_supported(err, "trigger", args->trigger,
                                           "The engine of this host has no such trigger.");
        }
        return driver->domain_trigger(platform_hv(platform), call->op,
                                      vm_domain_uuid(call_view(call), args->vm),
                                      triggers[i].trigger, err);
    }
    return err_invalid_value(err, "trigger", args->trigger);
}
