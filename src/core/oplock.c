/* Takes and gives back operations; whether one may start is decided in operation_check.c. */
#include "core/oplock.h"

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
    uint16_t field = (uint16_t)operation_classes[class_id].current_field;
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
    const DbObject *object = db_find(view, class_id, ref);
    if (!object) {
        return err_handle_invalid(err, db_view_schema(view)->classes[class_id].name, REF_TEXT(ref));
    }
    const OperationRule *rule = operation_find_rule(class_id, op);
    if (!rule) {
        return err_internal(err, "the model has no rule for operation %s of %s", op,
                            db_view_schema(view)->classes[class_id].name);
    }
    OperationSubject subject;
    operation_subject_init(&subject, view);
    operation_subject_take(&subject, object);
    return operation_check(&subject, rule, err);
}

void oplock_write_allowed(Writer *writer, OperationSubject *subject)
{
    const OperationClass *of = &operation_classes[subject->class_id];
    writer_open_array(writer);
    for (unsigned i = 0; i < of->rule_count; i++) {
        const OperationRule *rule = &of->rules[i];
        if ((rule->flags & OPERATION_LISTED) && operation_check(subject, rule, NULL)) {
            writer_text(writer, rule->op);
        }
    }
    writer_close(writer);
}

void oplock_recover(Db *db)
{
    DbTxn *txn = db_begin(db);
    const DbSchema *schema = db_view_schema(db_txn_view(txn));
    for (uint16_t class_id = 0; class_id < schema->class_count; class_id++) {
        int field = operation_classes[class_id].current_field;
        g_autoptr(GArray) refs = field < 0 ? NULL : db_refs(db_txn_view(txn), class_id);
        for (guint i = 0; refs && i < refs->len; i++) {
            db_set(txn, class_id, g_array_index(refs, Uuid, i), (uint16_t)field,
                   value_new_struct(0));
        }
    }
    db_commit_async(txn);
}

static void set_current(DbTxn *txn, uint16_t class_id, Uuid ref, Uuid task, const char *op)
{
    int field = operation_classes[class_id].current_field;
    if (field >= 0) {
        db_map_set(txn, class_id, ref, (uint16_t)field, REF_TEXT(task),
                   op ? value_new_string(op) : NULL);
    }
}
