/* Names of the enum values.
 * Generated from the model; do not edit. */
#include "gen/types.h"

static bool find_name(const char *const *names, const char *text, unsigned *ret_index)
{
    for (unsigned i = 0; names[i]; i++) {
        if (strcmp(names[i], text) == 0) {
            *ret_index = i;
            return true;
        }
    }
    return false;
}

const char *const lamp_state_names[] = {
    "dark",
    "very-bright",
    NULL,
};

const char *lamp_state_to_string(LampState value)
{
    g_assert((unsigned)value < LAMP_STATE_COUNT);
    return lamp_state_names[value];
}

bool lamp_state_from_string(const char *text, LampState *ret_value)
{
    unsigned index;
    if (!find_name(lamp_state_names, text, &index)) {
        return false;
    }
    *ret_value = (LampState)index;
    return true;
}

LampState lamp_state_from_value(const Value *value)
{
    unsigned index = 0;
    (void)find_name(lamp_state_names, value_string(value), &index);
    return (LampState)index;
}

const char *const lamp_operations_names[] = {
    "switch_on",
    "switch_off",
    "clean",
    "throw",
    NULL,
};

const char *lamp_operations_to_string(LampOperations value)
{
    g_assert((unsigned)value < LAMP_OPERATIONS_COUNT);
    return lamp_operations_names[value];
}

bool lamp_operations_from_string(const char *text, LampOperations *ret_value)
{
    unsigned index;
    if (!find_name(lamp_operations_names, text, &index)) {
        return false;
    }
    *ret_value = (LampOperations)index;
    return true;
}

LampOperations lamp_operations_from_value(const Value *value)
{
    unsigned index = 0;
    (void)find_name(lamp_operations_names, value_string(value), &index);
    return (LampOperations)index;
}
