/* The first half of the checks: blocked, state, others that run, template or snapshot.  What a rule
 * needs beyond that is in operation_needs.c. */
#include "core/operation_check.h"

#include "core/operation_needs.h"
#include "core/operation_state.h"
#include "gen/db_vbd.h"
#include "gen/db_vdi.h"
#include "gen/db_vif.h"
#include "gen/db_vm.h"
#include "gen/errors.h"

static const DbObject *find_busy_vbd(const DbView *view, VdiRef vdi);
static const DbObject *find_busy_device(const DbView *view, VmRef vm);
static const Value *operations_of(const DbView *view, const DbObject *device);
static bool check_blocked(const OperationSubject *subject, const OperationRule *rule, Err **err);
static bool check_current(const OperationSubject *subject, const OperationRule *rule, Err **err);
static bool check_busy_device(const OperationSubject *subject, const OperationRule *rule,
                              Err **err);
static bool check_vm_kind(const OperationSubject *subject, const OperationRule *rule, Err **err);

void operation_subject_init(OperationSubject *subject, const DbView *view, uint16_t class_id,
                            Uuid ref)
{
    int current = operation_current_field(db_view_schema(view), class_id);
    *subject = (OperationSubject){
        .view = view,
        .class_id = class_id,
        .ref = ref,
        .state = operation_state_of(view, class_id, ref),
        .current = current < 0 ? NULL : db_get(view, class_id, ref, (uint16_t)current),
    };
    if (class_id == CLASS_VDI) {
        subject->busy_device = find_busy_vbd(view, (VdiRef){ref});
    }
    if (class_id == CLASS_VM) {
        VmRef vm = {ref};
        subject->blocked = db_vm_blocked_operations(view, vm);
        subject->is_template = db_vm_is_a_template(view, vm);
        subject->is_default_template = db_vm_is_default_template(view, vm);
        subject->is_snapshot = db_vm_is_a_snapshot(view, vm);
        subject->is_control_domain = db_vm_is_control_domain(view, vm);
        subject->busy_device = find_busy_device(view, vm);
    }
}

bool operation_check(const OperationSubject *subject, const OperationRule *rule, Err **err)
{
    /* What runs on an appliance changes its state. */
    bool is_busy_first = subject->class_id == CLASS_VM_APPLIANCE;
    return check_blocked(subject, rule, err) &&
           (!is_busy_first || check_current(subject, rule, err)) &&
           operation_state_check(subject, rule, err) && check_current(subject, rule, err) &&
           check_busy_device(subject, rule, err) && check_vm_kind(subject, rule, err) &&
           operation_needs_check(subject->view, rule, subject->ref, err);
}

const OperationRule *operation_find_rule(uint16_t class_id, const char *op)
{
    for (size_t i = 0; i < operation_rule_count; i++) {
        if (operation_rules[i].class_id == class_id && strcmp(operation_rules[i].op, op) == 0) {
            return &operation_rules[i];
        }
    }
    return NULL;
}

int operation_current_field(const DbSchema *schema, uint16_t class_id)
{
    return db_class_find_field(&schema->classes[class_id], "current_operations");
}

/* A disk is left alone while it is being attached to a VM, or detached from it. */
static const DbObject *find_busy_vbd(const DbView *view, VdiRef vdi)
{
    for (unsigned i = 0; i < db_vdi_vbds_count(view, vdi); i++) {
        const DbObject *vbd = db_find(view, CLASS_VBD, db_vdi_vbds_at(view, vdi, i).id);
        if (vbd && value_count(operations_of(view, vbd)) > 0) {
            return vbd;
        }
    }
    return NULL;
}

/* The VM's own operations attach devices too; what counts here is what clients do to them. */
static bool is_changing(const DbView *view, const DbObject *device)
{
    const Value *current = device ? operations_of(view, device) : NULL;
    return value_count(current) > 0 && strcmp(value_string(value_at(current, 0)), "attach") != 0;
}

static const DbObject *find_busy_device(const DbView *view, VmRef vm)
{
    for (unsigned i = 0; i < db_vm_vbds_count(view, vm); i++) {
        const DbObject *vbd = db_find(view, CLASS_VBD, db_vm_vbds_at(view, vm, i).id);
        if (is_changing(view, vbd)) {
            return vbd;
        }
    }
    for (unsigned i = 0; i < db_vm_vifs_count(view, vm); i++) {
        const DbObject *vif = db_find(view, CLASS_VIF, db_vm_vifs_at(view, vm, i).id);
        if (is_changing(view, vif)) {
            return vif;
        }
    }
    return NULL;
}

static const Value *operations_of(const DbView *view, const DbObject *device)
{
    Uuid ref = db_object_ref_id(device);
    return db_object_class(device) == CLASS_VBD ? db_vbd_current_operations(view, (VbdRef){ref})
                                                : db_vif_current_operations(view, (VifRef){ref});
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
    const Value *current = operations_of(subject->view, device);
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
