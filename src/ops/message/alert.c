/* Messages are rows of class message; clients see them by its own calls and by events. */
#include "ops/message/alert.h"

#include "gen/db_host.h"
#include "gen/db_message.h"
#include "gen/db_vm.h"
#include "ops/platform.h"

void alert_vm(Call *call, VmRef vm, const char *name, int priority, const char *what)
{
    const DbView *view = call_view(call);
    HostRef host = platform_host(call_platform(call));
    g_autoptr(GString) body = g_string_new(NULL);
    g_string_printf(body, "VM '%s' (uuid: %s) %s", db_vm_name_label(view, vm),
                    db_vm_uuid(view, vm), what);
    if (g_str_has_suffix(what, "host")) {
        g_string_append_printf(body, ": %s (uuid: %s)", db_host_name_label(view, host),
                               db_host_uuid(view, host));
    }
    DbTxn *txn = db_begin(call->db);
    MessageRef message = db_message_create(txn);
    db_message_set_name(txn, message, name);
    db_message_set_priority(txn, message, priority);
    db_message_set_cls(txn, message, CLS_VM);
    db_message_set_obj_uuid(txn, message, db_vm_uuid(db_txn_view(txn), vm));
    db_message_set_timestamp(txn, message, g_get_real_time() / USEC_PER_SEC);
    db_message_set_body(txn, message, body->str);
    db_commit_async(txn);
}
