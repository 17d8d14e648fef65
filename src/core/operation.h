/* When an operation may run on an object: one rule per literal of <class>_operations, from the
 * `operation` lines of the model (gen/operations.c fills the table).  The same rules guard calls
 * and fill allowed_operations. */
#pragma once

#include "db/schema.h"

typedef enum OperationFlags {
    OPERATION_LISTED = 1 << 0,            /* appears in allowed_operations */
    OPERATION_ON_TEMPLATE = 1 << 1,       /* VM: also on a template */
    OPERATION_ON_DEFAULT_TEMPLATE = 1 << 2, /* VM: even on one that came with the product */
    OPERATION_ON_SNAPSHOT = 1 << 3,       /* VM: also on a snapshot */
    OPERATION_ON_CONTROL_DOMAIN = 1 << 4, /* VM: also on the control domain */
    OPERATION_ONLY_TEMPLATE = 1 << 5,     /* VM: ONLY_PROVISION_TEMPLATE otherwise */
    OPERATION_ONLY_SNAPSHOT = 1 << 6,     /* VM: ONLY_REVERT_SNAPSHOT otherwise */
} OperationFlags;

/* Bits of `states`. For VM: 1 << VmPowerState. For VBD, VIF and PBD, by currently_attached: */
enum { OPERATION_DETACHED = 1 << 0, OPERATION_ATTACHED = 1 << 1 };

typedef struct OperationRule {
    uint16_t class_id;
    const char *op;
    unsigned states;              /* 0: any */
    unsigned flags;               /* OperationFlags */
    const char *const *concurrent; /* operations it may run beside, NULL-terminated; "*": any */
} OperationRule;

extern const OperationRule operation_rules[];
extern const size_t operation_rule_count;
