/* libxl puts "Domain N:" in front of most of what it says; the lines of libxenctrl, which builds
 * guests' memory, name no domain and are kept under the number of none. */
#include "hv/xen/message.h"

#include "base/log.h"

#include <libxl.h>

#define MESSAGE_LIMIT 1024 /* characters that are kept of one */
#define DOMAIN_MARK   "Domain "

static void xen_message_take_in(xentoollog_logger *logger, xentoollog_level level, int errnum,
                                const char *context, const char *format, va_list args)
    G_GNUC_PRINTF(5, 0);
static void xen_message_keep(XenMessages *messages, const char *line, int errnum);
static const char *xen_message_meaning(int code);

void xen_message_init(XenMessages *messages)
{
    messages->vtable = (xentoollog_logger){.vmessage = xen_message_take_in};
    lock_init(&messages->lock, LOCK_HV_MESSAGES);
    messages->last = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, g_free);
}

void xen_message_clear(XenMessages *messages)
{
    g_hash_table_unref(messages->last);
    lock_clear(&messages->lock);
}

void xen_message_forget(XenMessages *messages, uint32_t domid)
{
    g_free(xen_message_take(messages, domid));
}

bool xen_message_fail(XenMessages *messages, uint32_t domid, int code, const char *what,
                      const char *name, Err **err)
{
    g_autofree char *text = xen_message_take(messages, domid);
    if (!text) {
        text = xen_message_take(messages, XEN_MESSAGE_NO_DOMAIN);
    }
    return err_internal(err, "cannot %s domain %s: %s", what, name,
                        text ? text : xen_message_meaning(code));
}

char *xen_message_take(XenMessages *messages, uint32_t domid)
{
    gpointer text = NULL;
    LOCK_GUARD(&messages->lock);
    g_hash_table_steal_extended(messages->last, GUINT_TO_POINTER(domid), NULL, &text);
    return text;
}

uint32_t xen_message_parse(const char *message, const char **ret_text)
{
    const char *mark = strstr(message, DOMAIN_MARK);
    *ret_text = message;
    if (mark) {
        char *end;
        guint64 number = g_ascii_strtoull(mark + strlen(DOMAIN_MARK), &end, 10);
        if (*end == ':' && number < XEN_MESSAGE_NO_DOMAIN) {
            *ret_text = end + 1;
            return (uint32_t)number;
        }
    }
    return XEN_MESSAGE_NO_DOMAIN;
}

static void xen_message_take_in(xentoollog_logger *logger, xentoollog_level level, int errnum,
                                const char *context, const char *format, va_list args)
{
    static const struct {
        xentoollog_level from;
        LogLevel level;
    } levels[] = {{XTL_ERROR, LOG_WARN}, {XTL_WARN, LOG_INFO}, {XTL_NONE, LOG_DEBUG}};
    g_autofree char *line = g_strdup_vprintf(format, args);
    unsigned i = 0;
    while (level < levels[i].from) {
        i++;
    }
    if (level >= XTL_ERROR) {
        xen_message_keep((XenMessages *)logger, line, errnum);
    }
    log_write(levels[i].level, __FILE__, "%s: %s%s%s", context ? context : "libxl", line,
              errnum >= 0 ? ": " : "", errnum >= 0 ? g_strerror(errnum) : "");
}

/* The first one says what went wrong; those behind it tell of what could not go on therefore. */
static void xen_message_keep(XenMessages *messages, const char *line, int errnum)
{
    const char *text;
    gpointer key = GUINT_TO_POINTER(xen_message_parse(line, &text));
    g_autofree char *valid = g_utf8_make_valid(text, MIN(strlen(text), MESSAGE_LIMIT));
    LOCK_GUARD(&messages->lock);
    if (!g_hash_table_contains(messages->last, key)) {
        g_hash_table_insert(messages->last, key,
                            errnum >= 0 ? g_strdup_printf("%s: %s", valid, g_strerror(errnum))
                                        : g_strdup(valid));
    }
}

static const char *xen_message_meaning(int code)
{
    const char *name = libxl_error_to_string(code);
    return name ? name : "libxl does not say why";
}
