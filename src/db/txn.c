/* Writing: every function of store.h that changes an object, and the sum of a transaction's
 * changes.  Each object is copied at its first write and then written in place. */
#include "db/txn.h"

#include "db/relation.h"
#include "db/row.h"

typedef struct TxnTouch {
    ObjectKey key;
    DbObject *before; /* NULL when the transaction found no such object */
    bool is_forced;   /* counts as a change though nothing differs */
} TxnTouch;

static TxnTouch *touch(DbTxn *txn, uint16_t class_id, Uuid ref);
static void remember(const DbTxn *txn, const DbChange *change, const DbObject *before,
                     TxnChanges *changes);
static void touch_free(gpointer data);
static DbObject *draft(DbTxn *txn, uint16_t class_id, Uuid ref);
static bool may_set(const DbTxn *txn, const DbObject *object, uint16_t field_id,
                    const Value *value);
static bool sum_touch(DbTxn *txn, const TxnTouch *touched, DbChange *ret_change, bool *ret_stored);
static bool compare(const DbPlan *plan, const DbObject *before, const DbObject *after,
                    bool *ret_stored);
static bool has_item(const Value *set, const Value *item);

DbTxn *txn_new(Db *db, const DbView *newest)
{
    DbTxn *txn = g_new0(DbTxn, 1);
    txn->db = db;
    view_init_copy(&txn->view, newest, newest->generation + 1);
    txn->touched = g_hash_table_new_full(object_key_hash, object_key_equal, NULL, touch_free);
    txn->order = g_ptr_array_new();
    return txn;
}

void txn_free(DbTxn *txn)
{
    view_clear(&txn->view);
    g_ptr_array_unref(txn->order);
    g_hash_table_unref(txn->touched);
    g_free(txn);
}

void txn_collect(DbTxn *txn, TxnChanges *ret_changes)
{
    ret_changes->all = g_array_new(FALSE, FALSE, sizeof(DbChange));
    ret_changes->stored = g_array_new(FALSE, FALSE, sizeof(DbChange));
    ret_changes->deletions = g_array_new(FALSE, FALSE, sizeof(DbDeletion));
    ret_changes->touches = g_array_new(FALSE, FALSE, sizeof(DbTouch));
    for (unsigned i = 0; i < txn->order->len; i++) {
        const TxnTouch *touched = g_ptr_array_index(txn->order, i);
        const DbClass *class_info = plan_class(txn->view.plan, touched->key.class_id);
        DbChange change;
        bool is_stored;
        if (!sum_touch(txn, touched, &change, &is_stored)) {
            continue;
        }
        g_array_append_val(ret_changes->all, change);
        if (is_stored) {
            g_array_append_val(ret_changes->stored, change);
        }
        if (class_info->flags & DB_CLASS_EVENTS) {
            remember(txn, &change, touched->before, ret_changes);
        }
    }
}

void txn_changes_clear(TxnChanges *changes)
{
    g_clear_pointer(&changes->all, g_array_unref);
    g_clear_pointer(&changes->stored, g_array_unref);
    g_clear_pointer(&changes->deletions, g_array_unref);
    g_clear_pointer(&changes->touches, g_array_unref);
}

DbObject *txn_draft_or_ghost(DbTxn *txn, uint16_t class_id, Uuid ref)
{
    if (db_find(&txn->view, class_id, ref)) {
        touch(txn, class_id, ref);
    }
    return view_draft_or_ghost(&txn->view, class_id, ref);
}

const DbView *db_txn_view(DbTxn *txn)
{
    return &txn->view;
}

void db_create(DbTxn *txn, uint16_t class_id, Uuid ref, Uuid uuid)
{
    const DbPlan *plan = txn->view.plan;
    int uuid_field = plan_class(plan, class_id)->uuid_field;
    g_return_if_fail(!uuid_is_null(ref) && !db_find(&txn->view, class_id, ref));

    touch(txn, class_id, ref);
    DbObject *object = object_new(plan, class_id, ref, txn->view.generation);
    if (uuid_field >= 0) {
        object_set(object, (uint16_t)uuid_field, value_new_string(UUID_TEXT(uuid)));
    }
    relation_adopt(&txn->view, object);
    view_put(&txn->view, object);
}

void db_set(DbTxn *txn, uint16_t class_id, Uuid ref, uint16_t field_id, Value *value)
{
    g_autoptr(Value) after = value;
    const DbObject *object = db_find(&txn->view, class_id, ref);
    if (!object || !may_set(txn, object, field_id, after) ||
        value_equal(object->cells[field_id], after)) {
        return;
    }
    g_autoptr(Value) before = value_ref(object->cells[field_id]);
    view_set(&txn->view, draft(txn, class_id, ref), field_id, value_ref(after));
    relation_update(txn, class_id, ref, field_id, before, after);
}

void db_map_set(DbTxn *txn, uint16_t class_id, Uuid ref, uint16_t field_id, const char *key,
                Value *item)
{
    const DbObject *object = db_find(&txn->view, class_id, ref);
    if (!object) {
        value_unref(item);
        return;
    }
    const Value *map = object->cells[field_id];
    Value *changed = item ? value_struct_with(map, key, item) : value_struct_without(map, key);
    db_set(txn, class_id, ref, field_id, changed);
}

void db_set_add(DbTxn *txn, uint16_t class_id, Uuid ref, uint16_t field_id, Value *item)
{
    const DbObject *object = db_find(&txn->view, class_id, ref);
    if (!object || has_item(object->cells[field_id], item)) {
        value_unref(item);
        return;
    }
    db_set(txn, class_id, ref, field_id, value_array_with(object->cells[field_id], item));
}

void db_set_remove(DbTxn *txn, uint16_t class_id, Uuid ref, uint16_t field_id, const Value *item)
{
    const DbObject *object = db_find(&txn->view, class_id, ref);
    if (object) {
        db_set(txn, class_id, ref, field_id, value_array_without(object->cells[field_id], item));
    }
}

void db_delete(DbTxn *txn, uint16_t class_id, Uuid ref)
{
    DbObject *object = draft(txn, class_id, ref);
    if (!object) {
        return;
    }
    g_autoptr(DbObject) last = object_ref(object);
    relation_detach(txn, last);
    view_remove(&txn->view, class_id, ref);
    relation_bequeath(&txn->view, last);
}

void db_touch(DbTxn *txn, uint16_t class_id, Uuid ref)
{
    if (draft(txn, class_id, ref)) {
        touch(txn, class_id, ref)->is_forced = true;
    }
}

/* The memory of an object, made at its first write. (borrowed) */
static TxnTouch *touch(DbTxn *txn, uint16_t class_id, Uuid ref)
{
    ObjectKey key = {.ref = ref, .class_id = class_id};
    TxnTouch *touched = g_hash_table_lookup(txn->touched, &key);
    if (!touched) {
        DbObject *object = pmap_get(&txn->view.tables[class_id].objects, ref);
        touched = g_new0(TxnTouch, 1);
        touched->key = key;
        touched->before = object ? object_ref(object) : NULL;
        g_hash_table_insert(txn->touched, &touched->key, touched);
        g_ptr_array_add(txn->order, touched);
    }
    return touched;
}

/* Writes down for later what clients may ask for. */
static void remember(const DbTxn *txn, const DbChange *change, const DbObject *before,
                     TxnChanges *changes)
{
    uint64_t generation = txn->view.generation;
    if (change->kind == DB_DELETED) {
        DbDeletion deletion = {.class_id = change->class_id,
                               .ref = change->ref,
                               .created = before->created,
                               .deleted = generation};
        object_uuid(txn->view.plan, before, &deletion.uuid);
        g_array_append_val(changes->deletions, deletion);
    } else {
        DbTouch touched = {
            .generation = generation, .ref = change->ref, .class_id = change->class_id};
        g_array_append_val(changes->touches, touched);
    }
}

static void touch_free(gpointer data)
{
    TxnTouch *touched = data;
    object_unref(touched->before);
    g_free(touched);
}

/* The version to write to; NULL when the object is gone. (borrowed) */
static DbObject *draft(DbTxn *txn, uint16_t class_id, Uuid ref)
{
    if (!db_find(&txn->view, class_id, ref)) {
        return NULL;
    }
    touch(txn, class_id, ref);
    return view_draft(&txn->view, class_id, ref);
}

/* What cannot be read back at the next start is a bug to be seen at once. */
static bool may_set(const DbTxn *txn, const DbObject *object, uint16_t field_id, const Value *value)
{
    const DbClass *class_info = plan_class(txn->view.plan, object->class_id);
    const DbField *field = &class_info->fields[field_id];
    if (txn->view.plan->fields[object->class_id][field_id].link == PLAN_LINK_DERIVED) {
        g_critical("%s.%s is derived and cannot be set", class_info->name, field->name);
        return false;
    }
    if (!type_has_form(field->type, value)) {
        g_critical("%s.%s was given a value that is no \"%s\"", class_info->name, field->name,
                   field->type->name);
        return false;
    }
    if (!row_can_hold(object, field_id, value)) {
        g_critical("%s.%s was given a value that no row can hold", class_info->name, field->name);
        return false;
    }
    return true;
}

/* False when the object ended as it began. */
static bool sum_touch(DbTxn *txn, const TxnTouch *touched, DbChange *ret_change, bool *ret_stored)
{
    uint16_t class_id = touched->key.class_id;
    bool is_persistent = plan_class(txn->view.plan, class_id)->flags & DB_CLASS_PERSISTENT;
    const DbObject *before = touched->before;
    const DbObject *after = db_find(&txn->view, class_id, touched->key.ref);
    DbChangeKind kind = DB_MODIFIED;
    bool is_stored = is_persistent;
    if (!before && !after) {
        return false;
    }
    if (!before) {
        kind = DB_ADDED;
    } else if (!after) {
        kind = DB_DELETED;
    } else if (!compare(txn->view.plan, before, after, &is_stored) && !touched->is_forced) {
        view_put(&txn->view, object_ref(touched->before));
        return false;
    }
    *ret_change =
        (DbChange){.kind = kind, .class_id = class_id, .ref = touched->key.ref, .object = after};
    *ret_stored = is_stored;
    return true;
}

/* Whether two versions differ, and whether in a way the disk has to know. */
static bool compare(const DbPlan *plan, const DbObject *before, const DbObject *after,
                    bool *ret_stored)
{
    bool is_persistent = plan_class(plan, after->class_id)->flags & DB_CLASS_PERSISTENT;
    bool is_new = before->created != after->created; /* deleted and created again */
    bool has_changed = is_new;
    *ret_stored = is_new && is_persistent;
    for (uint16_t f = 0; f < after->field_count; f++) {
        if (before->cells[f] != after->cells[f] &&
            !value_equal(before->cells[f], after->cells[f])) {
            has_changed = true;
            *ret_stored |= plan->fields[after->class_id][f].is_stored;
        }
    }
    return has_changed;
}

static bool has_item(const Value *set, const Value *item)
{
    for (unsigned i = 0; i < value_count(set); i++) {
        if (value_equal(value_at(set, i), item)) {
            return true;
        }
    }
    return false;
}
