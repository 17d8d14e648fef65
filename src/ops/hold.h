/* Operations that a call takes on objects besides those of its method, for the length of a block.
 */
#pragma once

#include "core/call.h"

typedef struct Hold {
    Call *call; /* NULL: nothing to give back */
    uint16_t class_id;
    Uuid ref;
    const char *op;
} Hold;

/* As oplock_take_one().  Success, with nothing to give back, when the call has an operation on the
 * object already: its method's, or one of a hold further out. `op` is kept (borrowed). */
bool hold_take(Call *call, uint16_t class_id, Uuid ref, const char *op, Hold *ret_hold, Err **err);
void hold_clear(Hold *hold);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Hold, hold_clear)
