/* The hypervisor itself: its messages, and the keys that have it tell more. */
#include "hv/xen/hooks.h"
#include "hv/xen/xen.h"

#define MESSAGES_MAX ((size_t)256 * 1024) /* characters, of the end */

char *xen_hypervisor_messages(Hv *hv, bool clear, Err **err)
{
    libxl_xen_console_reader *reader = libxl_xen_console_read_start(hv->ctx, clear);
    if (!reader) {
        err_internal(err, "cannot read the messages of Xen");
        return NULL;
    }
    g_autoptr(GString) text = g_string_new(NULL);
    char *part;
    while (libxl_xen_console_read_line(hv->ctx, reader, &part) == 1) {
        g_string_append(text, part);
        if (text->len > MESSAGES_MAX) {
            g_string_erase(text, 0, (gssize)(text->len - MESSAGES_MAX));
        }
    }
    libxl_xen_console_read_finish(hv->ctx, reader);
    return g_utf8_make_valid(text->str, (gssize)text->len);
}

bool xen_hypervisor_debug_keys(Hv *hv, const char *keys, Err **err)
{
    g_autofree char *copy = g_strdup(keys);
    int code = libxl_send_debug_keys(hv->ctx, copy);
    return code == 0 ||
           err_internal(err, "cannot send debug keys to Xen: %s", libxl_error_to_string(code));
}
