/* Whether a rule of the model lets its operation start on an object as it is now. */
#pragma once

#include "core/operation.h"
#include "db/store.h"

/* An object, with what the rules of its class look at read once for all of them. */
typedef struct OperationSubject {
    const DbView *view;
    const DbObject *object;
    uint16_t class_id;
    Uuid ref;
    unsigned state;       /* see operation_state_of() */
    const Value *current; /* current_operations; nil when the class has none */
    /* VDI: a VBD that is being attached or detached. VM: a VBD or VIF that is being plugged,
     * unplugged or given another medium.  NULL: none. */
    const DbObject *busy_device;
    const Value *blocked; /* VM: blocked_operations */
    bool is_template;     /* VM: this and the next three */
    bool is_default_template;
    bool is_snapshot;
    bool is_control_domain;
    /* operation_needs.c's: the needs that hold, and those that do not; the others it was not asked
     * for yet. */
    unsigned needs_met, needs_lacking;
    /* VDI, SR: a bit for each rule of the class whose capability the SR's driver has.  They are
     * still there for the next object, whose SR mostly is the same. */
    Uuid sr; /* null: of none yet */
    uint64_t capable;
} OperationSubject;

/* A subject for one object of `view` after the other; borrows from it. */
void operation_subject_init(OperationSubject *subject, const DbView *view);
void operation_subject_take(OperationSubject *subject, const DbObject *object);

/* The checks in their order: blocked by the administrator, state, other operations, kind of VM,
 * what else the rule needs.  The first that fails names the error. */
bool operation_check(OperationSubject *subject, const OperationRule *rule, Err **err);

/* NULL when the class has no such operation. */
const OperationRule *operation_find_rule(uint16_t class_id, const char *op);
