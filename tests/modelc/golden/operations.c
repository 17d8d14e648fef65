/* When the operations of allowed_operations may run.
 * Generated from the model; do not edit. */
#include "gen/operations.h"

#include "core/operation.h"
#include "gen/schema.h"

const OperationRule operation_rules[] = {
    {.class_id = CLASS_LAMP,
     .op = "switch_on",
     .states = LAMP_WHEN_DARK,
     .snapshot_states = LAMP_WHEN_BRIGHT,
     .flags = OPERATION_LISTED | OPERATION_ON_TEMPLATE | OPERATION_NEEDS_MOBILE,
    },
    {.class_id = CLASS_LAMP,
     .op = "switch_off",
     .states = LAMP_WHEN_BRIGHT,
     .flags = OPERATION_LISTED | OPERATION_TAKES_OVER,
     .concurrent = (const char *const[]){"switch_on", "switch_off", "clean", NULL},
    },
    {.class_id = CLASS_LAMP,
     .op = "clean",
     .states = 0,
     .flags = OPERATION_STEADY | OPERATION_ONLY_SNAPSHOT | OPERATION_ON_SNAPSHOT,
     .capability = "LAMP_CLEAN",
     .concurrent = (const char *const[]){"clean", "switch_on", NULL},
    },
    {.class_id = CLASS_LAMP,
     .op = "throw",
     .states = OPERATION_NEVER,
     .flags = OPERATION_LISTED,
     .concurrent = (const char *const[]){"*", NULL},
    },
};
const size_t operation_rule_count = G_N_ELEMENTS(operation_rules);
