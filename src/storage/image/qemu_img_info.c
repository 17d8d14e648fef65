/* Reads what qemu-img prints about an image.  Pure; starts nothing. */
#include "storage/image/qemu_img.h"

#include "storage/sr_fail.h"
#include "wire/json.h"

void qemu_img_info_clear(QemuImgInfo *info)
{
    g_free(info->backing);
    *info = (QemuImgInfo){0};
}

bool qemu_img_info_parse(const char *text, size_t length, QemuImgInfo *ret_info, Err **err)
{
    g_autoptr(Err) cause = NULL;
    g_autoptr(Value) root = json_parse(text, length, &cause);
    if (!root) {
        g_autofree char *why = err_to_string(cause);
        return sr_fail(err, SR_FAIL_VDI_UNAVAILABLE, "cannot read what qemu-img info said: %s",
                       why);
    }
    Value *size = value_get(root, "virtual-size");
    if (!size || value_kind(size) != VALUE_INT || value_int(size) < 0) {
        return sr_fail(err, SR_FAIL_VDI_UNAVAILABLE, "qemu-img info told no virtual size");
    }
    Value *specific = value_get(root, "format-specific");
    Value *data = specific ? value_get(specific, "data") : NULL;
    if (data && value_get(data, "data-file")) {
        return sr_fail(err, SR_FAIL_VDI_UNAVAILABLE,
                       "the image keeps its data in a second file, which is not supported");
    }
    const char *backing = value_get_string(root, "backing-filename");
    *ret_info = (QemuImgInfo){
        .virtual_size = (uint64_t)value_int(size),
        .backing = g_strdup(backing),
    };
    return true;
}
