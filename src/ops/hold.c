/* A task has at most one operation on an object: that is how current_operations is keyed. */
#include "ops/hold.h"

#include "core/oplock.h"

static bool has_operation(Call *call, uint16_t class_id, Uuid ref);

bool hold_take(Call *call, uint16_t class_id, Uuid ref, const char *op, Hold *ret_hold, Err **err)
{
    if (has_operation(call, class_id, ref)) {
        *ret_hold = (Hold){0};
        return true;
    }
    if (!oplock_take_one(call, class_id, ref, op, err)) {
        return false;
    }
    *ret_hold = (Hold){call, class_id, ref, op};
    return true;
}

void hold_clear(Hold *hold)
{
    if (hold->call) {
        oplock_release_one(hold->call, hold->class_id, hold->ref, hold->op);
    }
    *hold = (Hold){0};
}

static bool has_operation(Call *call, uint16_t class_id, Uuid ref)
{
    const DbView *view = call_view(call);
    int field = db_class_find_field(&db_view_schema(view)->classes[class_id], "current_operations");
    const Value *current = field < 0 ? NULL : db_get(view, class_id, ref, field);
    return value_get(current, REF_TEXT(call->task)) != NULL;
}
