/* A set of used numbers, and three spellings of each. */
#include "ops/vbd/vbd_device.h"

#include "base/text.h"
#include "gen/db_vbd.h"
#include "gen/db_vm.h"
#include "gen/errors.h"

static uint32_t used_devices(const DbView *view, VmRef vm);

bool vbd_device_parse(const char *userdevice, unsigned *ret_position)
{
    static const char *const prefixes[] = {"xvd", "hd", "sd"};
    uint64_t number;
    if (text_parse_uint(userdevice, VBD_DEVICE_MAX, &number)) {
        *ret_position = number;
        return true;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(prefixes); i++) {
        size_t length = strlen(prefixes[i]);
        char letter = g_str_has_prefix(userdevice, prefixes[i]) ? userdevice[length] : '\0';
        if (letter >= 'a' && letter <= 'a' + VBD_DEVICE_MAX && !userdevice[length + 1]) {
            *ret_position = letter - 'a';
            return true;
        }
    }
    return false;
}

bool vbd_device_choose(const DbView *view, VmRef vm, const char *userdevice,
                       char ret_device[VBD_DEVICE_SIZE], Err **err)
{
    uint32_t used = used_devices(view, vm);
    unsigned position;
    if (strcmp(userdevice, "autodetect") == 0) {
        position = 0;
        while (position <= VBD_DEVICE_MAX && (used & (1u << position))) {
            position++;
        }
        if (position > VBD_DEVICE_MAX) {
            return err_invalid_device(err, userdevice);
        }
    } else if (!vbd_device_parse(userdevice, &position)) {
        return err_invalid_device(err, userdevice);
    } else if (used & (1u << position)) {
        return err_device_already_exists(err, userdevice);
    }
    g_snprintf(ret_device, VBD_DEVICE_SIZE, "%u", position);
    return true;
}

Value *vbd_device_free_list(const DbView *view, VmRef vm)
{
    uint32_t used = used_devices(view, vm);
    Value *list = value_new_array(VBD_DEVICE_MAX + 1);
    for (unsigned i = 0; i <= VBD_DEVICE_MAX; i++) {
        if (!(used & (1u << i))) {
            char device[VBD_DEVICE_SIZE];
            g_snprintf(device, sizeof device, "%u", i);
            value_array_add(list, value_new_string(device));
        }
    }
    return list;
}

static uint32_t used_devices(const DbView *view, VmRef vm)
{
    uint32_t used = 0;
    for (unsigned i = 0; i < db_vm_vbds_count(view, vm); i++) {
        unsigned position;
        if (vbd_device_parse(db_vbd_userdevice(view, db_vm_vbds_at(view, vm, i)), &position)) {
            used |= 1u << position;
        }
    }
    return used;
}
