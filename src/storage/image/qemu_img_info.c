/* Reads what qemu-img prints: what it knows of an image, and how far it is.  Pure. */
#include "storage/image/qemu_img.h"

#include "base/text.h"
#include "storage/sr_fail.h"
#include "wire/json.h"

static bool parse_reading(const char *open, const char *close, double *ret_done);

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

bool qemu_img_progress_parse(char tail[QEMU_IMG_PROGRESS_TAIL], const char *data, size_t length,
                             double *ret_done)
{
    g_autoptr(GString) text = g_string_new(tail);
    g_string_append_len(text, data, (gssize)length);
    bool found = false;
    const char *rest = text->str;
    for (;;) {
        const char *open = strchr(rest, '(');
        const char *close = open ? strchr(open, ')') : NULL;
        if (!close) {
            rest = open ? open : "";
            break;
        }
        found = parse_reading(open, close, ret_done) || found;
        rest = close + 1;
    }
    /* Longer than any reading: not progress at all. */
    g_strlcpy(tail, strlen(rest) < QEMU_IMG_PROGRESS_TAIL ? rest : "", QEMU_IMG_PROGRESS_TAIL);
    return found;
}

/* One reading, "(12.34/100%)"; `open` is its first character, `close` the last. */
static bool parse_reading(const char *open, const char *close, double *ret_done)
{
    const char *slash = memchr(open, '/', (size_t)(close - open));
    if (!slash) {
        return false;
    }
    g_autofree char *number = g_strndup(open + 1, (size_t)(slash - open - 1));
    double percent = 0;
    if (!text_parse_float(number, &percent) || !(percent >= 0 && percent <= 100)) {
        return false;
    }
    *ret_done = percent / 100;
    return true;
}
