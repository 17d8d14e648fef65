/* The first half of the checks: blocked, state, others that run, template or snapshot.  What a rule
 * needs beyond that is in operation_needs.c. */
#include "core/operation_check.h"

#include "core/operation_needs.h"
#include "core/operation_state.h"
#include "gen/errors.h"
#include "gen/schema.h"

static void take_vm(OperationSubject *subject);
static const DbObject *find_busy(const DbView *view, uint16_t class_id, const Value *devices,
                                 bool changes);
static const Value *operations_of(const DbObject *device);
static bool check_blocked(const OperationSubject *subject, const OperationRule *rule, Err **err);
static bool check_current(const OperationSubject *subject, const OperationRule *rule, Err **err);
static bool check_busy_device(const OperationSubject *subject, const OperationRule *rule,
                              Err **err);
static bool check_vm_kind(const OperationSubject *subject, const OperationRule *rule, Err **err);

void operation_subject_init(OperationSubject *subject, const DbView *view)
{
    *subject = (OperationSubject){.view = view};
}

void operation_subject_take(OperationSubject *subject, const DbObject *object)
{
    uint16_t class_id = db_object_class(object);
    bool is_same_class = class_id == subject->class_id;
    *subject = (OperationSubject){
        .view = subject->view,
        .object = object,
        .class_id = class_id,
        .ref = db_object_ref_id(object),
        .state = operation_state_of(subject->view, object),
        .current = operations_of(object),
        .needs_met = operation_needs_none(),
        .sr = is_same_class ? subject->sr : (Uuid){{0}},
        .capable = subject->capable,
    };
    if (class_id == CLASS_VDI) {
        /* A disk is left alone while it is being attached to a VM, or detached from it. */
        subject->busy_device =
            find_busy(subject->view, CLASS_VBD, db_object_get(object, VDI_FIELD_VBDS), false);
    } else if (class_id == CLASS_VM) {
        take_vm(subject);
    }
}

bool operation_check(OperationSubject *subject, const OperationRule *rule, Err **err)
{
    /* What runs on an appliance changes its state. */
    bool is_busy_first = subject->class_id == CLASS_VM_APPLIANCE;
    return check_blocked(subject, rule, err) &&
           (!is_busy_first || check_current(subject, rule, err)) &&
           operation_state_check(subject, rule, err) && check_current(subject, rule, err) &&
           check_busy_device(subject, rule, err) && check_vm_kind(subject, rule, err) &&
           operation_needs_check(subject, rule, err);
}

const OperationRule *operation_find_rule(uint16_t class_id, const char *op)
{
    const OperationClass *of = &operation_classes[class_id];
    for (unsigned i = 0; i < of->rule_count; i++) {
        if (strcmp(of->rules[i].op, op) == 0) {
            return &of->rules[i];
        }
    }
    return NULL;
}

static void take_vm(OperationSubject *subject)
{
    const DbObject *vm = subject->object;
    subject->blocked = db_object_get(vm, VM_FIELD_BLOCKED_OPERATIONS);
    subject->is_template = value_bool(db_object_get(vm, VM_FIELD_IS_A_TEMPLATE));
    subject->is_default_template = value_bool(db_object_get(vm, VM_FIELD_IS_DEFAULT_TEMPLATE));
    subject->is_snapshot = value_bool(db_object_get(vm, VM_FIELD_IS_A_SNAPSHOT));
    subject->is_control_domain = value_bool(db_object_get(vm, VM_FIELD_IS_CONTROL_DOMAIN));
    /* The VM's own operations attach devices too; what counts is what clients do to them. */
    subject->busy_device =
        find_busy(subject->view, CLASS_VBD, db_object_get(vm, VM_FIELD_VBDS), true);
    if (!subject->busy_device) {
        subject->busy_device =
            find_busy(subject->view, CLASS_VIF, db_object_get(vm, VM_FIELD_VIFS), true);
    }
}

/* Of `devices`, VBDs or VIFs, the first on which something runs; with `changes` something else than
 * to be attached. */
static const DbObject *find_busy(const DbView *view, uint16_t class_id, const Value *devices,
                                 bool changes)
{
    uint16_t field = (uint16_t)operation_classes[class_id].current_field;
    if (db_count_sparse(view, class_id, field) == 0) {
        return NULL;
    }
    for (unsigned i = 0; i < value_count(devices); i++) {
        const DbObject *device =
            db_find_sparse(view, class_id, value_uuid(value_at(devices, i)), field);
        const Value *current = device ? operations_of(device) : NULL;
        if (current && !(changes && g_str_equal(value_string(value_at(current, 0)), "attach"))) {
            return device;
        }
    }
    return NULL;
}

/* nil when the class has none. */
static const Value *operations_of(const DbObject *object)
{
    int field = operation_classes[db_object_class(object)].current_field;
    return field < 0 ? NULL : db_object_get(object, (uint16_t)field);
}

static bool check_blocked(const OperationSubject *subject, const OperationRule *rule, Err **err)
{
    const Value *reason = value_get(subject->blocked, rule->op);
    return !reason || err_operation_blocked(err, REF_TEXT(subject->ref), value_string(reason));
}

static bool runs_beside(const OperationRule *rule, const char *other)
{
    for (const char *const *op = rule->concurrent; op && *op; op++) {
        if (strcmp(*op, "*") == 0 || strcmp(*op, other) == 0) {
            return true;
        }
    }
    return false;
}

static bool check_current(const OperationSubject *subject, const OperationRule *rule, Err **err)
{
    const Value *current = subject->current;
    for (unsigned i = 0; i < value_count(current); i++) {
        const char *other = value_string(value_at(current, i));
        if (!runs_beside(rule, other)) {
            const DbSchema *schema = db_view_schema(subject->view);
            return err_other_operation_in_progress(err, schema->classes[subject->class_id].name,
                                                   REF_TEXT(subject->ref), other,
                                                   value_name_at(current, i));
        }
    }
    return true;
}

static bool check_busy_device(const OperationSubject *subject, const OperationRule *rule, Err **err)
{
    const DbObject *device = subject->busy_device;
    if (!device || (rule->flags & (OPERATION_STEADY | OPERATION_TAKES_OVER))) {
        return true;
    }
    const Value *current = operations_of(device);
    const DbSchema *schema = db_view_schema(subject->view);
    return err_other_operation_in_progress(
        err, schema->classes[db_object_class(device)].name, REF_TEXT(db_object_ref_id(device)),
        value_string(value_at(current, 0)), value_name_at(current, 0));
}

static bool check_vm_kind(const OperationSubject *subject, const OperationRule *rule, Err **err)
{
    unsigned template_flag =
        subject->is_default_template ? OPERATION_ON_DEFAULT_TEMPLATE : OPERATION_ON_TEMPLATE;
    if (subject->is_template && !subject->is_snapshot && !(rule->flags & template_flag)) {
        return err_vm_is_template(err, REF_TEXT(subject->ref), rule->op);
    }
    if (subject->is_snapshot && !(rule->flags & OPERATION_ON_SNAPSHOT)) {
        return err_vm_is_snapshot(err, REF_TEXT(subject->ref), rule->op);
    }
    if ((rule->flags & OPERATION_ONLY_TEMPLATE) && !subject->is_template) {
        return err_provision_only_allowed_on_template(err);
    }
    if ((rule->flags & OPERATION_ONLY_SNAPSHOT) && !subject->is_snapshot) {
        return err_revert_only_allowed_on_snapshot(err);
    }
    if (subject->is_control_domain && !(rule->flags & OPERATION_ON_CONTROL_DOMAIN)) {
        return err_operation_not_allowed(err, "This operation is not allowed on a control domain");
    }
    return true;
}
