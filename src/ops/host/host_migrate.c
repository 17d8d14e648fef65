/* host.migrate_receive: what VM.migrate_send wants to know of where a VM goes.  Its form is that of
 * 6.2, whose senders read these keys. */
#include "gen/db_host.h"
#include "gen/db_network.h"
#include "gen/errors.h"
#include "gen/ops_host.h"
#include "ops/host/host_here.h"

bool host_migrate_receive(Call *call, const HostMigrateReceiveArgs *args, Value **ret_result,
                          Err **err)
{
    const DbView *view = call_view(call);
    if (!host_here_check(call, args->host, err)) {
        return false;
    }
    if (!db_network_exists(view, args->network)) {
        return err_handle_invalid(err, "network", REF_TEXT(args->network.id));
    }
    const char *address = db_host_address(view, args->host);
    const char *session = arena_strdup(call->arena, REF_TEXT(call->session));
    Value *token = value_new_struct(5);
    value_struct_add(token, "host", value_new_string(REF_TEXT(args->host.id)));
    value_struct_add(token, "session_id", value_new_string(session));
    value_struct_add(token, "master",
                     value_new_string(arena_printf(call->arena, "https://%s/", address)));
    static const char *const services[] = {"SM", "xenops"};
    for (size_t i = 0; i < G_N_ELEMENTS(services); i++) {
        value_struct_add(
            token, services[i],
            value_new_string(arena_printf(call->arena, "https://%s/services/%s?session_id=%s",
                                          address, services[i], session)));
    }
    *ret_result = token;
    return true;
}
