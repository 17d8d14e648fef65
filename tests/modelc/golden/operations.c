/* When the operations of allowed_operations may run.
 * Generated from the model; do not edit. */
#include "gen/operations.h"

#include "core/operation.h"
#include "gen/schema.h"

static const OperationRule rules[] = {
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

const OperationClass operation_classes[CLASS_COUNT] = {
    [CLASS_LAMP] = {&rules[0], 4,
     LAMP_FIELD_ALLOWED_OPERATIONS, -1},
    [CLASS_LIGHT_SAMPLE] = {NULL, 0,
     -1, -1},
    [CLASS_ROOM] = {NULL, 0,
     -1, -1},
    [CLASS_SWITCH] = {NULL, 0,
     -1, -1},
};
