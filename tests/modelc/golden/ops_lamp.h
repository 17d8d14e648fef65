/* The messages of Lamp that have an implementation, as src/ops must define them.
 * Generated from the model; do not edit. */
#pragma once

#include "core/call.h"
#include "gen/types.h"

/* Arguments are borrowed for the length of the call.  Results are handed over: texts (char *) and
 * trees (Value *) are owned by the caller. */

typedef struct LampCreateArgs {
    const Value *record;
} LampCreateArgs;
/* Lamp.create(args): Creates a Lamp from a record. */
bool lamp_create(Call *call, const LampCreateArgs *args, LampRef *ret_result, Err **err);

typedef struct LampSwitchOnArgs {
    LampRef lamp;
    int64_t brightness;
    bool force;
    LampState state;
} LampSwitchOnArgs;
/* Lamp.switch_on(lamp, brightness, force, state): Makes the lamp shine. */
bool lamp_switch_on(Call *call, const LampSwitchOnArgs *args, Err **err);

typedef struct LampDescribeArgs {
    LampRef self;
    int64_t since;
    double weight;
    const Value *names;
} LampDescribeArgs;
/* Lamp.describe(self, since, weight, names): A text about the lamp. */
bool lamp_tell(Call *call, const LampDescribeArgs *args, char **ret_result, Err **err);

typedef struct LampFindArgs {
    const char *code;
} LampFindArgs;
/* Lamp.find(code): The lamps with this code. */
bool lamp_find(Call *call, const LampFindArgs *args, Value **ret_result, Err **err);

typedef struct LampMoveArgs {
    LampRef self;
    RoomRef room;
} LampMoveArgs;
/* Lamp.move(self, room): Carries the lamp elsewhere and tells where it stood. */
bool lamp_move(Call *call, const LampMoveArgs *args, RoomRef *ret_result, Err **err);

/* Lamp.look(): Looks at all lamps at once. */
bool lamp_look(Call *call, LampState *ret_result, Err **err);

/* Run before a client's write to the field; `new_value` is the field's whole new value. */
bool lamp_change_name_label(Call *call, LampRef self, const Value *new_value, Err **err);
bool lamp_change_watts(Call *call, LampRef self, const Value *new_value, Err **err);
