/* The guard in front of operations, driven by the rules of the model.  Class-specific conditions
 * that a table cannot say (a disk in use by another VM) belong to src/ops. */
#include "core/oplock.h"

#include "core/operation.h"
#include "gen/db_pbd.h"
#include "gen/db_vbd.h"
#include "gen/db_vif.h"
#include "gen/db_vm.h"
#include "gen/errors.h"

/* What the checks look at, gathered once for all operations of an object. */
typedef struct OperationState {
    const DbView *view;
    uint16_t class_id;
    Uuid ref;
    const Value *current; /* current_operations */
    unsigned state_bit;   /* 0 when the class has no states */
} OperationState;

static OperationState gather(const DbView *view, uint16_t class_id, Uuid ref);
static bool check_rule(const OperationState *state, const OperationRule *rule, Err **err);
static bool check_blocked(const OperationState *state, const char *op, Err **err);
static bool check_state(const OperationState *state, const OperationRule *rule, Err **err);
static bool check_current(const OperationState *state, const OperationRule *rule, Err **err);
static bool check_vm_kind(const OperationState *state, const OperationRule *rule, Err **err);
static const OperationRule *find_rule(uint16_t class_id, const char *op);
static int current_field(uint16_t class_id, const DbSchema *schema);
static void set_current(DbTxn *txn, uint16_t class_id, Uuid ref, Uuid task, const char *op);

bool oplock_take(Call *call, Value *const *args, Err **err)
{
    const MethodInfo *method = call->method;
    if (method->operation_count == 0) {
        return true;
    }
    DbTxn *txn = db_begin(call->db);
    for (unsigned i = 0; i < method->operation_count; i++) {
        const MethodOperation *operation = &method->operations[i];
        Uuid ref = value_uuid(args[operation->param]);
        if (!oplock_check(db_txn_view(txn), operation->class_id, ref, operation->op, err)) {
            db_abort(txn);
            return false;
        }
        set_current(txn, operation->class_id, ref, call->task, operation->op);
    }
    db_commit_async(txn);
    return true;
}

void oplock_release(Call *call, Value *const *args)
{
    const MethodInfo *method = call->method;
    if (method->operation_count == 0) {
        return;
    }
    DbTxn *txn = db_begin(call->db);
    for (unsigned i = 0; i < method->operation_count; i++) {
        const MethodOperation *operation = &method->operations[i];
        set_current(txn, operation->class_id, value_uuid(args[operation->param]), call->task, NULL);
    }
    db_commit_async(txn);
}

bool oplock_take_one(Call *call, uint16_t class_id, Uuid ref, const char *op, Err **err)
{
    DbTxn *txn = db_begin(call->db);
    if (!oplock_check(db_txn_view(txn), class_id, ref, op, err)) {
        db_abort(txn);
        return false;
    }
    set_current(txn, class_id, ref, call->task, op);
    db_commit_async(txn);
    return true;
}

void oplock_release_one(Call *call, uint16_t class_id, Uuid ref, const char *op)
{
    (void)op;
    DbTxn *txn = db_begin(call->db);
    set_current(txn, class_id, ref, call->task, NULL);
    db_commit_async(txn);
}

bool oplock_check(const DbView *view, uint16_t class_id, Uuid ref, const char *op, Err **err)
{
    if (!db_find(view, class_id, ref)) {
        return err_handle_invalid(err, db_view_schema(view)->classes[class_id].name, REF_TEXT(ref));
    }
    const OperationRule *rule = find_rule(class_id, op);
    if (!rule) {
        return err_internal(err, "the model has no rule for operation %s of %s", op,
                            db_view_schema(view)->classes[class_id].name);
    }
    OperationState state = gather(view, class_id, ref);
    return check_rule(&state, rule, err);
}

Value *oplock_allowed(const DbView *view, const DbObject *object)
{
    uint16_t class_id = db_object_class(object);
    OperationState state = gather(view, class_id, db_object_ref_id(object));
    Value *allowed = value_new_array(16);
    for (size_t i = 0; i < operation_rule_count; i++) {
        const OperationRule *rule = &operation_rules[i];
        if (rule->class_id == class_id && (rule->flags & OPERATION_LISTED) &&
            check_rule(&state, rule, NULL)) {
            value_array_add(allowed, value_new_string(rule->op));
        }
    }
    return allowed;
}

void oplock_recover(Db *db)
{
    DbTxn *txn = db_begin(db);
    const DbSchema *schema = db_view_schema(db_txn_view(txn));
    for (uint16_t class_id = 0; class_id < schema->class_count; class_id++) {
        int field = current_field(class_id, schema);
        g_autoptr(GArray) refs = field < 0 ? NULL : db_refs(db_txn_view(txn), class_id);
        for (guint i = 0; refs && i < refs->len; i++) {
            db_set(txn, class_id, g_array_index(refs, Uuid, i), field, value_new_struct(0));
        }
    }
    db_commit_async(txn);
}

static bool current_attached(const DbView *view, uint16_t class_id, Uuid ref)
{
    return class_id == CLASS_VBD   ? db_vbd_currently_attached(view, (VbdRef){ref})
           : class_id == CLASS_VIF ? db_vif_currently_attached(view, (VifRef){ref})
                                   : db_pbd_currently_attached(view, (PbdRef){ref});
}

static OperationState gather(const DbView *view, uint16_t class_id, Uuid ref)
{
    OperationState state = {.view = view, .class_id = class_id, .ref = ref};
    int field = current_field(class_id, db_view_schema(view));
    state.current = field < 0 ? NULL : db_get(view, class_id, ref, field);
    if (class_id == CLASS_VM) {
        state.state_bit = 1u << db_vm_power_state(view, (VmRef){ref});
    } else if (class_id == CLASS_VBD || class_id == CLASS_VIF || class_id == CLASS_PBD) {
        state.state_bit =
            current_attached(view, class_id, ref) ? OPERATION_ATTACHED : OPERATION_DETACHED;
    }
    return state;
}

static bool check_rule(const OperationState *state, const OperationRule *rule, Err **err)
{
    return check_blocked(state, rule->op, err) && check_state(state, rule, err) &&
           check_current(state, rule, err) &&
           (state->class_id != CLASS_VM || check_vm_kind(state, rule, err));
}

static bool check_blocked(const OperationState *state, const char *op, Err **err)
{
    if (state->class_id != CLASS_VM) {
        return true;
    }
    const Value *blocked = db_vm_blocked_operations(state->view, (VmRef){state->ref});
    Value *reason = value_get(blocked, op);
    return !reason || err_operation_blocked(err, REF_TEXT(state->ref), value_string(reason));
}

static bool check_state(const OperationState *state, const OperationRule *rule, Err **err)
{
    if (rule->states == 0 || state->state_bit == 0 || (rule->states & state->state_bit)) {
        return true;
    }
    if (!err) {
        return false;
    }
    const char *ref = REF_TEXT(state->ref);
    if (state->class_id == CLASS_VM) {
        g_autoptr(GString) expected = g_string_new(NULL);
        for (int power = 0; power < 32; power++) {
            if (rule->states & (1u << power)) {
                g_string_append_printf(expected, "%s%s", expected->len ? ", " : "",
                                       vm_power_state_to_string(power));
            }
        }
        g_string_ascii_down(expected);
        g_autofree char *actual = g_ascii_strdown(
            vm_power_state_to_string(db_vm_power_state(state->view, (VmRef){state->ref})), -1);
        return err_vm_bad_power_state(err, ref, expected->str, actual);
    }
    if (state->class_id == CLASS_PBD) {
        return err_operation_not_allowed(err, state->state_bit == OPERATION_ATTACHED
                                                  ? "PBD is currently attached"
                                                  : "PBD is not currently attached");
    }
    return state->state_bit == OPERATION_ATTACHED ? err_device_already_attached(err, ref)
                                                  : err_device_already_detached(err, ref);
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

static bool check_current(const OperationState *state, const OperationRule *rule, Err **err)
{
    for (unsigned i = 0; state->current && i < value_count(state->current); i++) {
        const char *other = value_string(value_at(state->current, i));
        if (!runs_beside(rule, other)) {
            return err_other_operation_in_progress(
                err, db_view_schema(state->view)->classes[state->class_id].name,
                REF_TEXT(state->ref), other, value_name_at(state->current, i));
        }
    }
    return true;
}

static bool check_vm_kind(const OperationState *state, const OperationRule *rule, Err **err)
{
    VmRef vm = {state->ref};
    const char *ref = REF_TEXT(state->ref);
    bool is_snapshot = db_vm_is_a_snapshot(state->view, vm);
    bool is_template = db_vm_is_a_template(state->view, vm);
    bool is_default = db_vm_is_default_template(state->view, vm);
    if (is_template && !is_snapshot &&
        !(rule->flags & (is_default ? OPERATION_ON_DEFAULT_TEMPLATE : OPERATION_ON_TEMPLATE))) {
        return err_vm_is_template(err, ref, rule->op);
    }
    if (is_snapshot && !(rule->flags & OPERATION_ON_SNAPSHOT)) {
        return err_vm_is_snapshot(err, ref, rule->op);
    }
    if ((rule->flags & OPERATION_ONLY_TEMPLATE) && !is_template) {
        return err_only_provision_template(err);
    }
    if ((rule->flags & OPERATION_ONLY_SNAPSHOT) && !is_snapshot) {
        return err_only_revert_snapshot(err);
    }
    if (db_vm_is_control_domain(state->view, vm) && !(rule->flags & OPERATION_ON_CONTROL_DOMAIN)) {
        return err_operation_not_allowed(err, "This operation is not allowed on a control domain");
    }
    return true;
}

static const OperationRule *find_rule(uint16_t class_id, const char *op)
{
    for (size_t i = 0; i < operation_rule_count; i++) {
        if (operation_rules[i].class_id == class_id && strcmp(operation_rules[i].op, op) == 0) {
            return &operation_rules[i];
        }
    }
    return NULL;
}

static int current_field(uint16_t class_id, const DbSchema *schema)
{
    return db_class_find_field(&schema->classes[class_id], "current_operations");
}

static void set_current(DbTxn *txn, uint16_t class_id, Uuid ref, Uuid task, const char *op)
{
    int field = current_field(class_id, db_view_schema(db_txn_view(txn)));
    if (field >= 0) {
        db_map_set(txn, class_id, ref, field, REF_TEXT(task), op ? value_new_string(op) : NULL);
    }
}
