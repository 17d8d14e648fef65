/* References that cannot be mixed up, and the enums of the XenAPI.
 * Generated from the model; do not edit. */
#pragma once

#include "wire/value.h"

typedef struct LampRef {
    Uuid id;
} LampRef;
#define LAMP_REF_NULL ((LampRef){{{0}}})
static inline bool lamp_ref_is_null(LampRef ref)
{
    return uuid_is_null(ref.id);
}
static inline bool lamp_ref_equal(LampRef a, LampRef b)
{
    return uuid_equal(a.id, b.id);
}

typedef struct RoomRef {
    Uuid id;
} RoomRef;
#define ROOM_REF_NULL ((RoomRef){{{0}}})
static inline bool room_ref_is_null(RoomRef ref)
{
    return uuid_is_null(ref.id);
}
static inline bool room_ref_equal(RoomRef a, RoomRef b)
{
    return uuid_equal(a.id, b.id);
}

typedef struct SwitchRef {
    Uuid id;
} SwitchRef;
#define SWITCH_REF_NULL ((SwitchRef){{{0}}})
static inline bool switch_ref_is_null(SwitchRef ref)
{
    return uuid_is_null(ref.id);
}
static inline bool switch_ref_equal(SwitchRef a, SwitchRef b)
{
    return uuid_equal(a.id, b.id);
}

/* Whether a lamp shines. */
typedef enum LampState {
    LAMP_STATE_DARK, /* It does not. */
    LAMP_STATE_VERY_BRIGHT, /* It does. */
} LampState;
enum { LAMP_STATE_COUNT = 2 };
extern const char *const lamp_state_names[]; /* by value, NULL-terminated */
const char *lamp_state_to_string(LampState value);
bool lamp_state_from_string(const char *text, LampState *ret_value);
LampState lamp_state_from_value(const Value *value); /* the first one when it is none */

/* What can be done with a lamp. */
typedef enum LampOperations {
    LAMP_OPERATIONS_SWITCH_ON, /* Makes it shine. */
    LAMP_OPERATIONS_SWITCH_OFF, /* Stops it. */
    LAMP_OPERATIONS_CLEAN, /* Removes the dust. */
    LAMP_OPERATIONS_THROW, /* Makes an end of it. */
} LampOperations;
enum { LAMP_OPERATIONS_COUNT = 4 };
extern const char *const lamp_operations_names[]; /* by value, NULL-terminated */
const char *lamp_operations_to_string(LampOperations value);
bool lamp_operations_from_string(const char *text, LampOperations *ret_value);
LampOperations lamp_operations_from_value(const Value *value); /* the first one when it is none */
