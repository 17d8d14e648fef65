/* A set of used numbers. */
#include "ops/vif/vif_device.h"

#include "base/text.h"
#include "gen/db_vif.h"
#include "gen/db_vm.h"
#include "gen/errors.h"

static uint32_t used_devices(const DbView *view, VmRef vm);

bool vif_device_choose(const DbView *view, VmRef vm, const char *device, unsigned *ret_position,
                       Err **err)
{
    uint32_t used = used_devices(view, vm);
    uint64_t position;
    if (strcmp(device, "autodetect") == 0) {
        position = 0;
        while (position <= VIF_DEVICE_MAX && (used & (1u << position))) {
            position++;
        }
        if (position > VIF_DEVICE_MAX) {
            return err_invalid_device(err, device);
        }
    } else if (!text_parse_uint(device, VIF_DEVICE_MAX, &position)) {
        return err_invalid_device(err, device);
    } else if (used & (1u << position)) {
        return err_device_already_exists(err, device);
    }
    *ret_position = position;
    return true;
}

Value *vif_device_free_list(const DbView *view, VmRef vm)
{
    uint32_t used = used_devices(view, vm);
    Value *list = value_new_array(VIF_DEVICE_MAX + 1);
    for (unsigned i = 0; i <= VIF_DEVICE_MAX; i++) {
        if (!(used & (1u << i))) {
            char device[VIF_DEVICE_SIZE];
            g_snprintf(device, sizeof device, "%u", i);
            value_array_add(list, value_new_string(device));
        }
    }
    return list;
}

static uint32_t used_devices(const DbView *view, VmRef vm)
{
    uint32_t used = 0;
    for (unsigned i = 0; i < db_vm_vifs_count(view, vm); i++) {
        uint64_t position;
        if (text_parse_uint(db_vif_device(view, db_vm_vifs_at(view, vm, i)), VIF_DEVICE_MAX,
                            &position)) {
            used |= 1u << position;
        }
    }
    return used;
}
