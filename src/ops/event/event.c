/* Messages of class event; the work is in core/event.c. */
#include "core/core.h"
#include "core/dispatch.h"
#include "gen/errors.h"
#include "gen/ops_event.h"

bool event_register(Call *call, const EventRegisterArgs *args, Err **err)
{
    return events_register(core_events(call->core), call->session, args->classes, err);
}

bool event_unregister(Call *call, const EventUnregisterArgs *args, Err **err)
{
    return events_unregister(core_events(call->core), call->session, args->classes, err);
}

bool event_next(Call *call, Value **ret_result, Err **err)
{
    return events_next(core_events(call->core), call, ret_result, err);
}

bool event_from(Call *call, const EventFromArgs *args, Value **ret_result, Err **err)
{
    return events_from(core_events(call->core), call, args->classes, args->token, args->timeout,
                       ret_result, err);
}

bool event_get_current_id(Call *call, int64_t *ret_result, Err **err)
{
    (void)err;
    *ret_result = events_current_id(core_events(call->core));
    return true;
}

/* The token is of before the change, so that event.from with it is sure to tell of it. */
bool event_inject(Call *call, const EventInjectArgs *args, char **ret_result, Err **err)
{
    int class_id = db_schema_find_class(db_schema(call->db), args->class);
    Uuid ref;
    if (class_id < 0 || !value_ref_parse(args->ref, &ref)) {
        return err_handle_invalid(err, args->class, args->ref);
    }
    DbTxn *txn = db_begin(call->db);
    const DbView *view = db_txn_view(txn);
    uint64_t before = db_view_generation(view) - 1; /* the view's own is the one to be published */
    if (!db_find(view, class_id, ref)) {
        db_abort(txn);
        return err_handle_invalid(err, args->class, args->ref);
    }
    db_touch(txn, class_id, ref);
    if (!db_commit(txn, err)) {
        return false;
    }
    *ret_result = events_token(before);
    return true;
}
