/* One small function for each kind of implicit message, driven by the schema. */
#include "core/implicit.h"

#include "core/object_list.h"
#include "core/rbac.h"
#include "core/record.h"
#include "gen/errors.h"

static bool check_keys(Call *call, const Value *old, const Value *wanted, Err **err);
static bool get_field(Call *call, Value *const *args, Value **ret_result, Err **err);
static bool get_record(Call *call, Value *const *args, Value **ret_result, Err **err);
static bool get_all(Call *call, bool records, const char *expression, Value **ret_result,
                    Err **err);
static bool get_by_uuid(Call *call, const char *text, Value **ret_result, Err **err);
static bool get_by_name_label(Call *call, const char *label, Value **ret_result);
static bool change_field(Call *call, Value *const *args, Err **err);
static Value *with_item(Value *set, Value *item);
static bool write_field(Call *call, DbTxn *txn, Value *const *args, Err **err);
static bool create(Call *call, const Value *record, Value **ret_result, Err **err);
static bool destroy(Call *call, Uuid ref, Err **err);

static const DbClass *class_of(const Call *call)
{
    return &db_schema(call->db)->classes[call->method->class_id];
}

static const DbField *field_of(const Call *call)
{
    return &class_of(call)->fields[call->method->field_id];
}

bool implicit_run(Call *call, Value *const *args, Value **ret_result, Err **err)
{
    switch (call->method->kind) {
    case METHOD_GET_FIELD:
        return get_field(call, args, ret_result, err);
    case METHOD_GET_RECORD:
        return get_record(call, args, ret_result, err);
    case METHOD_GET_ALL:
        return get_all(call, false, NULL, ret_result, err);
    case METHOD_GET_ALL_RECORDS:
        return get_all(call, true, NULL, ret_result, err);
    case METHOD_GET_ALL_WHERE:
        return get_all(call, false, value_string(args[0]), ret_result, err);
    case METHOD_GET_ALL_RECORDS_WHERE:
        return get_all(call, true, value_string(args[0]), ret_result, err);
    case METHOD_GET_BY_UUID:
        return get_by_uuid(call, value_string(args[0]), ret_result, err);
    case METHOD_GET_BY_NAME_LABEL:
        return get_by_name_label(call, value_string(args[0]), ret_result);
    case METHOD_SET_FIELD:
    case METHOD_ADD_TO_MAP:
    case METHOD_REMOVE_FROM_MAP:
    case METHOD_ADD_TO_SET:
    case METHOD_REMOVE_FROM_SET:
        *ret_result = change_field(call, args, err) ? value_new_void() : NULL;
        return *ret_result != NULL;
    case METHOD_CREATE:
        return create(call, args[0], ret_result, err);
    case METHOD_DESTROY:
        *ret_result = destroy(call, value_uuid(args[0]), err) ? value_new_void() : NULL;
        return *ret_result != NULL;
    case METHOD_EXPLICIT:
        break;
    }
    return err_not_implemented(err, call->method->name);
}

/* The object a call names, or HANDLE_INVALID. */
static const DbObject *find_self(Call *call, const DbView *view, Uuid ref, Err **err)
{
    const DbObject *object = db_find(view, call->method->class_id, ref);
    if (!object) {
        err_handle_invalid(err, class_of(call)->name, REF_TEXT(ref));
    }
    return object;
}

bool implicit_write_all(Db *db, const ImplicitWrite *writes, unsigned count, Err **err)
{
    for (unsigned i = 0; i < count; i++) {
        Call *call = writes[i].call;
        Value *const *args = writes[i].args;
        const DbObject *object = find_self(call, call_view(call), value_uuid(args[0]), err);
        if (!object ||
            !check_keys(call, db_object_get(object, call->method->field_id), args[1], err)) {
            return false;
        }
    }
    DbTxn *txn = db_begin(db);
    for (unsigned i = 0; i < count; i++) {
        if (!write_field(writes[i].call, txn, writes[i].args, err)) {
            db_abort(txn);
            return false;
        }
    }
    return db_commit(txn, err);
}

/* Which keys of a map may be changed depends on the role when the whole map is set, too. */
static bool check_keys(Call *call, const Value *old, const Value *wanted, Err **err)
{
    return call->method->kind != METHOD_SET_FIELD || field_of(call)->type->kind != TYPE_MAP ||
           rbac_check_keys(call, old, wanted, err);
}

static bool get_field(Call *call, Value *const *args, Value **ret_result, Err **err)
{
    const DbView *view = call_view(call);
    const DbObject *object = find_self(call, view, value_uuid(args[0]), err);
    if (!object) {
        return false;
    }
    *ret_result = record_field(view, object, call->method->field_id);
    return true;
}

static bool get_record(Call *call, Value *const *args, Value **ret_result, Err **err)
{
    const DbView *view = call_view(call);
    const DbObject *object = find_self(call, view, value_uuid(args[0]), err);
    if (!object) {
        return false;
    }
    *ret_result = record_of(view, object);
    return true;
}

static bool get_all(Call *call, bool records, const char *expression, Value **ret_result, Err **err)
{
    g_autoptr(Filter) filter = NULL;
    if (expression) {
        filter = filter_parse(expression, err);
        if (!filter) {
            return false;
        }
    }
    g_autoptr(DbSnapshot) snapshot = db_snapshot(call->db);
    *ret_result =
        call_answer_long(call, object_list_new(snapshot, call->method->class_id, filter, records));
    return true;
}

static bool get_by_uuid(Call *call, const char *text, Value **ret_result, Err **err)
{
    Uuid uuid;
    const DbObject *object = uuid_parse(text, &uuid)
                                 ? db_find_by_uuid(call_view(call), call->method->class_id, uuid)
                                 : NULL;
    if (!object) {
        return err_uuid_invalid(err, class_of(call)->name, text);
    }
    *ret_result = value_new_ref(db_object_ref_id(object));
    return true;
}

typedef struct NameSearch {
    int field;
    const char *label;
    Value *found;
} NameSearch;

static bool match_name(const DbObject *object, void *user)
{
    NameSearch *search = user;
    if (strcmp(value_string(db_object_get(object, search->field)), search->label) == 0) {
        value_array_add(search->found, value_new_ref(db_object_ref_id(object)));
    }
    return true;
}

static bool get_by_name_label(Call *call, const char *label, Value **ret_result)
{
    NameSearch search = {class_of(call)->name_label_field, label, value_new_array(1)};
    db_each(call_view(call), call->method->class_id, match_name, &search);
    *ret_result = search.found;
    return true;
}

/* What the field will hold; NULL with `err` when the change is refused. (owned) */
static Value *changed_value(Call *call, Value *old, Value *const *args, Err **err)
{
    MethodKind kind = call->method->kind;
    if (kind == METHOD_ADD_TO_MAP && value_get(old, value_string(args[1]))) {
        err_map_duplicate_key(err, class_of(call)->name, field_of(call)->name,
                              REF_TEXT(value_uuid(args[0])), value_string(args[1]));
        return NULL;
    }
    return kind == METHOD_ADD_TO_MAP
               ? value_struct_with(old, value_string(args[1]), value_ref(args[2]))
           : kind == METHOD_REMOVE_FROM_MAP ? value_struct_without(old, value_string(args[1]))
           : kind == METHOD_ADD_TO_SET      ? with_item(old, args[1])
           : kind == METHOD_REMOVE_FROM_SET ? value_array_without(old, args[1])
                                            : value_ref(args[1]);
}

/* A set has no twins. (owned) */
static Value *with_item(Value *set, Value *item)
{
    for (unsigned i = 0; i < value_count(set); i++) {
        if (value_equal(value_at(set, i), item)) {
            return value_ref(set);
        }
    }
    return value_array_with(set, value_ref(item));
}

/* The change is worked out again inside the transaction, so that two calls that add different
 * keys at the same time both count. */
static bool change_field(Call *call, Value *const *args, Err **err)
{
    const MethodInfo *method = call->method;
    Uuid self = value_uuid(args[0]);
    const DbView *view = call_view(call);
    const DbObject *object = find_self(call, view, self, err);
    if (!object) {
        return false;
    }
    Value *old = db_object_get(object, method->field_id);
    g_autoptr(Value) wanted = changed_value(call, old, args, err);
    if (!wanted || !check_keys(call, old, wanted, err) ||
        (method->on_change && !method->on_change(call, self, wanted, err))) {
        return false;
    }
    DbTxn *txn = db_begin(call->db);
    if (!write_field(call, txn, args, err)) {
        db_abort(txn);
        return false;
    }
    return db_commit(txn, err);
}

static bool write_field(Call *call, DbTxn *txn, Value *const *args, Err **err)
{
    const MethodInfo *method = call->method;
    Uuid self = value_uuid(args[0]);
    const DbObject *object = find_self(call, db_txn_view(txn), self, err);
    Value *value =
        object ? changed_value(call, db_object_get(object, method->field_id), args, err) : NULL;
    if (!value) {
        return false;
    }
    db_set(txn, method->class_id, self, method->field_id, value);
    return true;
}

static bool create(Call *call, const Value *record, Value **ret_result, Err **err)
{
    uint16_t class_id = call->method->class_id;
    Uuid ref = uuid_generate();
    DbTxn *txn = db_begin(call->db);
    db_create(txn, class_id, ref, uuid_generate());
    record_write_new(txn, class_id, ref, record);
    if (!db_commit(txn, err)) {
        return false;
    }
    *ret_result = value_new_ref(ref);
    return true;
}

static bool destroy(Call *call, Uuid ref, Err **err)
{
    DbTxn *txn = db_begin(call->db);
    if (!find_self(call, db_txn_view(txn), ref, err)) {
        db_abort(txn);
        return false;
    }
    db_delete(txn, call->method->class_id, ref);
    return db_commit(txn, err);
}
