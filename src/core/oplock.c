/* Takes and gives back operations; whether one may start is decided in operation_check.c. */
#include "core/oplock.h"

#include "core/operation_check.h"
#include "gen/errors.h"

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

bool oplock_take_alone(Call *call, uint16_t class_id, Uuid ref, const char *op)
{
    DbTxn *txn = db_begin(call->db);
    const DbView *view = db_txn_view(txn);
    int field = operation_current_field(db_view_schema(view), class_id);
    if (!db_find(view, class_id, ref) || value_count(db_get(view, class_id, ref, field)) > 0) {
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
    const OperationRule *rule = operation_find_rule(class_id, op);
    if (!rule) {
        return err_internal(err, "the model has no rule for operation %s of %s", op,
                            db_view_schema(view)->classes[class_id].name);
    }
    OperationSubject subject;
    operation_subject_init(&subject, view, class_id, ref);
    return operation_check(&subject, rule, err);
}

Value *oplock_allowed(const DbView *view, const DbObject *object)
{
    uint16_t class_id = db_object_class(object);
    OperationSubject subject;
    operation_subject_init(&subject, view, class_id, db_object_ref_id(object));
    Value *allowed = value_new_array(16);
    for (size_t i = 0; i < operation_rule_count; i++) {
        const OperationRule *rule = &operation_rules[i];
        if (rule->class_id == class_id && (rule->flags & OPERATION_LISTED) &&
            operation_check(&subject, rule, NULL)) {
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
        int field = operation_current_field(schema, class_id);
        g_autoptr(GArray) refs = field < 0 ? NULL : db_refs(db_txn_view(txn), class_id);
        for (guint i = 0; refs && i < refs->len; i++) {
            db_set(txn, class_id, g_array_index(refs, Uuid, i), field, value_new_struct(0));
        }
    }
    db_commit_async(txn);
}

static void set_current(DbTxn *txn, uint16_t class_id, Uuid ref, Uuid task, const char *op)
{
    int field = operation_current_field(db_view_schema(db_txn_view(txn)), class_id);
    if (field >= 0) {
        db_map_set(txn, class_id, ref, field, REF_TEXT(task), op ? value_new_string(op) : NULL);
    }
}
