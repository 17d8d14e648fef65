/* When an operation may run on an object: one rule per literal of <class>_operations, from the
 * `operation` lines of the model (gen/operations.c fills the table).  The same rules guard calls
 * and fill allowed_operations. */
#pragma once

#include "db/schema.h"

typedef enum OperationFlags {
    OPERATION_LISTED = 1 << 0,              /* appears in allowed_operations */
    OPERATION_ON_TEMPLATE = 1 << 1,         /* VM: also on a template */
    OPERATION_ON_DEFAULT_TEMPLATE = 1 << 2, /* VM: even on one that came with the product */
    OPERATION_ON_SNAPSHOT = 1 << 3,         /* VM: also on a snapshot */
    OPERATION_ON_CONTROL_DOMAIN = 1 << 4,   /* VM: also on the control domain */
    OPERATION_ONLY_TEMPLATE = 1 << 5,       /* VM: PROVISION_ONLY_ALLOWED_ON_TEMPLATE */
    OPERATION_ONLY_SNAPSHOT = 1 << 6,       /* VM: REVERT_ONLY_ALLOWED_ON_SNAPSHOT */
    /* What else has to hold; each names the error that says it does not. */
    OPERATION_NEEDS_SUSPEND = 1 << 7,       /* VM: the guest can, VM_LACKS_FEATURE */
    OPERATION_NEEDS_SHUTDOWN = 1 << 8,      /* VM: the guest can, VM_LACKS_FEATURE */
    OPERATION_NEEDS_REBOOT = 1 << 9,        /* VM: the guest can, VM_LACKS_FEATURE */
    OPERATION_NEEDS_VCPU_HOTPLUG = 1 << 10, /* VM: the guest can, VM_LACKS_FEATURE */
    OPERATION_NEEDS_MOBILE = 1 << 11,       /* VM: not bound to a host, VM_IS_IMMOBILE */
    OPERATION_NEEDS_KEPT_DISKS = 1 << 12,   /* VM: no disk is reset at boot,
                                               VDI_ON_BOOT_MODE_INCOMPATIBLE_WITH_OPERATION */
    OPERATION_NEEDS_NO_PASSTHROUGH = 1
                                     << 13, /* VM: VM_HAS_PCI_ATTACHED, VM_HAS_VGPU, VM_HAS_VUSBS */
    OPERATION_NEEDS_NO_NESTED_VIRT = 1 << 14, /* VM: VM_IS_USING_NESTED_VIRT */
    OPERATION_NEEDS_NO_APPLIANCE = 1 << 15,   /* VM: VM_IS_PART_OF_AN_APPLIANCE */
    OPERATION_NEEDS_QUIESCE = 1 << 16,        /* VM: VM_SNAPSHOT_WITH_QUIESCE_NOT_SUPPORTED */
    OPERATION_NEEDS_SYSTEM_DOMAIN = 1 << 17,  /* VM: NOT_SYSTEM_DOMAIN */
    OPERATION_NEEDS_RUNNING_VM = 1 << 18,     /* VBD, VIF: VM_BAD_POWER_STATE */
    OPERATION_NEEDS_REMOVABLE = 1 << 19,      /* VBD: a CD drive, VBD_NOT_REMOVABLE_MEDIA */
    OPERATION_NEEDS_EMPTY = 1 << 20,          /* VBD: no medium in it, VBD_NOT_EMPTY */
    OPERATION_NEEDS_MEDIUM = 1 << 21,         /* VBD: a medium in it, VBD_IS_EMPTY */
    OPERATION_NEEDS_UNPLUGGABLE = 1 << 22,    /* VBD: VBD_NOT_UNPLUGGABLE */
    OPERATION_NEEDS_PLUGGED_SR = 1 << 23,     /* VDI: some host reaches its SR, SR_HAS_NO_PBDS */
    OPERATION_NEEDS_NO_CBT = 1 << 24,         /* VDI: VDI_CBT_ENABLED */
    OPERATION_NEEDS_CBT = 1 << 25,            /* VDI: VDI_NO_CBT_METADATA */
    OPERATION_NEEDS_NO_VDIS = 1 << 26,        /* SR: no managed disks on it, SR_NOT_EMPTY */
    OPERATION_STEADY = 1 << 27,          /* VM: leaves its devices alone, so they may come and go */
    OPERATION_TAKES_OVER = 1 << 29,      /* VM: ends what runs on it and on its devices first */
    OPERATION_NEEDS_STEADY_VM = 1 << 28, /* VBD, VIF: nothing runs on the VM but what is steady,
                                            OTHER_OPERATION_IN_PROGRESS */
} OperationFlags;

/* Bits of `states`. For VM: 1 << VmPowerState; for other classes the <CLASS>_WHEN_ constants of
 * gen/operations.h; a class without states has rules that say 0. For VBD, VIF and PBD, by
 * currently_attached: */
enum { OPERATION_DETACHED = 1 << 0, OPERATION_ATTACHED = 1 << 1 };
/* In place of states: no state allows it. */
#define OPERATION_NEVER (1u << 31)

typedef struct OperationRule {
    uint16_t class_id;
    const char *op;
    unsigned states;                /* 0: any */
    unsigned snapshot_states;       /* VM: more states for a snapshot */
    unsigned control_domain_states; /* VM: more states for a control domain */
    unsigned flags;                 /* OperationFlags */
    const char *capability; /* VDI, SR: what the SR's driver must be able to do, as SM.features
                               has it (SR_OPERATION_NOT_SUPPORTED); NULL: nothing */
    const char *const *concurrent; /* operations it may run beside, NULL-terminated; "*": any */
} OperationRule;

/* What a class has of this; by class id. */
typedef struct OperationClass {
    const OperationRule *rules;
    unsigned rule_count; /* at most OPERATION_MAX_RULES */
    int allowed_field;   /* allowed_operations; -1: the class has none */
    int current_field;   /* current_operations; -1: the class has none */
} OperationClass;

/* So that one bit of a number can stand for each rule of a class. */
enum { OPERATION_MAX_RULES = 64 };

extern const OperationClass operation_classes[];
