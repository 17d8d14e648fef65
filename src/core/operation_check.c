/* The first half of the checks: blocked, state, others that run, template or snapshot.  What a rule
 * needs beyond that is in operation_needs.c. */
#include "core/operation_check.h"

#include "core/operation_needs.h"
#include "core/operation_state.h"
#include "gen/db_vm.h"
#include "gen/errors.h"

static bool check_blocked(const DbView *view, const OperationRule *rule, Uuid ref, Err **err);
static bool check_current(const DbView *view, const OperationRule *rule, Uuid ref, Err **err);
static bool check_vm_kind(const DbView *view, const OperationRule *rule, VmRef vm, Err **err);

bool operation_check(const DbView *view, const OperationRule *rule, Uuid ref, Err **err)
{
    return check_blocked(view, rule, ref, err) && operation_state_check(view, rule, ref, err) &&
           check_current(view, rule, ref, err) &&
           (rule->class_id != CLASS_VM || check_vm_kind(view, rule, (VmRef){ref}, err)) &&
           operation_needs_check(view, rule, ref, err);
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

static bool check_blocked(const DbView *view, const OperationRule *rule, Uuid ref, Err **err)
{
    if (rule->class_id != CLASS_VM) {
        return true;
    }
    Value *reason = value_get(db_vm_blocked_operations(view, (VmRef){ref}), rule->op);
    return !reason || err_operation_blocked(err, REF_TEXT(ref), value_string(reason));
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

static bool check_current(const DbView *view, const OperationRule *rule, Uuid ref, Err **err)
{
    const DbSchema *schema = db_view_schema(view);
    int field = operation_current_field(schema, rule->class_id);
    const Value *current = field < 0 ? NULL : db_get(view, rule->class_id, ref, field);
    for (unsigned i = 0; current && i < value_count(current); i++) {
        const char *other = value_string(value_at(current, i));
        if (!runs_beside(rule, other)) {
            return err_other_operation_in_progress(err, schema->classes[rule->class_id].name,
                                                   REF_TEXT(ref), other, value_name_at(current, i));
        }
    }
    return true;
}

static bool check_vm_kind(const DbView *view, const OperationRule *rule, VmRef vm, Err **err)
{
    bool is_snapshot = db_vm_is_a_snapshot(view, vm);
    bool is_template = db_vm_is_a_template(view, vm);
    unsigned template_flag =
        db_vm_is_default_template(view, vm) ? OPERATION_ON_DEFAULT_TEMPLATE : OPERATION_ON_TEMPLATE;
    if (is_template && !is_snapshot && !(rule->flags & template_flag)) {
        return err_vm_is_template(err, REF_TEXT(vm.id), rule->op);
    }
    if (is_snapshot && !(rule->flags & OPERATION_ON_SNAPSHOT)) {
        return err_vm_is_snapshot(err, REF_TEXT(vm.id), rule->op);
    }
    if ((rule->flags & OPERATION_ONLY_TEMPLATE) && !is_template) {
        return err_provision_only_allowed_on_template(err);
    }
    if ((rule->flags & OPERATION_ONLY_SNAPSHOT) && !is_snapshot) {
        return err_revert_only_allowed_on_snapshot(err);
    }
    if (db_vm_is_control_domain(view, vm) && !(rule->flags & OPERATION_ON_CONTROL_DOMAIN)) {
        return err_operation_not_allowed(err, "This operation is not allowed on a control domain");
    }
    return true;
}
