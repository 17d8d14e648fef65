/* Messages are rows of class message; clients see them by its own calls and by events. */
#include "ops/message/alert.h"

#include "gen/db_host.h"
#include "gen/db_message.h"
#include "gen/db_vm.h"
#include "ops/platform.h"

/* So many at once, that finding the oldest ones is rare work. */
enum { ALERT_DROPPED_AT_ONCE = 100 };

static void drop_oldest(DbTxn *txn);

MessageRef alert_write(DbTxn *txn, const Alert *alert)
{
    if (db_message_count(db_txn_view(txn)) >= ALERT_MAX_KEPT) {
        drop_oldest(txn);
    }
    MessageRef message = db_message_create(txn);
    db_message_set_name(txn, message, alert->name);
    db_message_set_priority(txn, message, alert->priority);
    db_message_set_cls(txn, message, alert->cls);
    db_message_set_obj_uuid(txn, message, alert->obj_uuid);
    db_message_set_timestamp(txn, message, g_get_real_time() / USEC_PER_SEC);
    db_message_set_body(txn, message, alert->body);
    return message;
}

void alert_vm(Call *call, VmRef vm, const char *name, int priority, const char *what)
{
    const DbView *view = call_view(call);
    HostRef host = platform_host(call_platform(call));
    g_autoptr(GString) body = g_string_new(NULL);
    g_string_printf(body, "VM '%s' (uuid: %s) %s", db_vm_name_label(view, vm), db_vm_uuid(view, vm),
                    what);
    if (g_str_has_suffix(what, "host")) {
        g_string_append_printf(body, ": %s (uuid: %s)", db_host_name_label(view, host),
                               db_host_uuid(view, host));
    }
    const Alert alert = {.name = name,
                         .priority = priority,
                         .cls = CLS_VM,
                         .obj_uuid = db_vm_uuid(view, vm),
                         .body = body->str};
    DbTxn *txn = db_begin(call->db);
    alert_write(txn, &alert);
    db_commit_async(txn);
}

static gint by_age(gconstpointer a, gconstpointer b, gpointer view)
{
    int64_t first = db_message_timestamp(view, *(const MessageRef *)a);
    int64_t second = db_message_timestamp(view, *(const MessageRef *)b);
    return (first > second) - (first < second);
}

static void drop_oldest(DbTxn *txn)
{
    const DbView *view = db_txn_view(txn);
    g_autoptr(GArray) messages = db_message_all(view);
    g_array_sort_with_data(messages, by_age, (gpointer)view);
    for (guint i = 0; i < ALERT_DROPPED_AT_ONCE && i < messages->len; i++) {
        db_message_delete(txn, g_array_index(messages, MessageRef, i));
    }
}
