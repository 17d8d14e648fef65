/* Both ways follow the types of the model; what needs no other form is shared, not copied. */
#include "front/rest/rest_value.h"

#include "gen/errors.h"

static const char FAILURE[] = "REST_FAILURE";

static Value *encode_date(int64_t seconds);
static Value *encode_set(const DbView *view, const TypeInfo *type, const Value *set);
static Value *encode_map(const DbView *view, const TypeInfo *type, const Value *map);
static Value *to_refs(const DbView *view, const TypeInfo *type, Value *value, Err **err);
static Value *id_to_ref(const DbView *view, uint16_t class_id, const Value *value, Err **err);
static Value *set_to_refs(const DbView *view, const TypeInfo *type, const Value *set, Err **err);
static Value *map_to_refs(const DbView *view, const TypeInfo *type, const Value *map, Err **err);
static char *key_to_ref(const DbView *view, const TypeInfo *type, const char *key, Err **err);
static Value *record_to_refs(const DbView *view, uint16_t class_id, const Value *record, Err **err);

bool rest_fail_at(Err **err, const char *file, int line, int status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_autofree char *number = g_strdup_printf("%d", status);
    return err_set_at(err, file, line, FAILURE, number, text, NULL);
}

int rest_failure_status(const Err *error)
{
    return err_is(error, FAILURE) ? (int)g_ascii_strtoll(error->params[0], NULL, 10) : 0;
}

bool rest_id_find(const DbView *view, uint16_t class_id, const char *id, Uuid *ret_ref, Err **err)
{
    const char *class_name = db_view_schema(view)->classes[class_id].name;
    Uuid uuid;
    if (uuid_parse(id, &uuid)) {
        const DbObject *object = db_find_by_uuid(view, class_id, uuid);
        if (!object) {
            return err_uuid_invalid(err, class_name, id);
        }
        *ret_ref = db_object_ref_id(object);
        return true;
    }
    if (!*id || !value_ref_parse(id, &uuid) || !db_find(view, class_id, uuid)) {
        return err_handle_invalid(err, class_name, id);
    }
    *ret_ref = uuid;
    return true;
}

Value *rest_id_value(const DbView *view, uint16_t class_id, Uuid ref)
{
    const DbObject *object = db_find(view, class_id, ref);
    int field = db_view_schema(view)->classes[class_id].uuid_field;
    return object && field >= 0 ? value_ref(db_object_get(object, (uint16_t)field))
                                : value_new_nil();
}

Value *rest_value_encode(const DbView *view, const TypeInfo *type, const Value *value)
{
    switch (type->kind) {
    case TYPE_REF:
        return rest_id_value(view, type->class_id, value_uuid(value));
    case TYPE_DATETIME:
        return encode_date(value_datetime(value));
    case TYPE_SET:
        return encode_set(view, type, value);
    case TYPE_MAP:
        return encode_map(view, type, value);
    case TYPE_RECORD:
        return rest_record_encode(view, type->class_id, value, NULL);
    case TYPE_OPTION:
        return value_kind(value) == VALUE_NIL ? value_new_nil()
                                              : rest_value_encode(view, type->item, value);
    case TYPE_VOID:
        return value_new_nil();
    case TYPE_STRING:
    case TYPE_INT:
    case TYPE_FLOAT:
    case TYPE_BOOL:
    case TYPE_ENUM:
    case TYPE_ANY:
        return value_ref((Value *)value);
    }
    g_assert_not_reached();
}

/* The field of this name, looked for from `hint` on: members mostly stand in the order of fields.
 */
static int find_field(const DbClass *class_info, const char *name, int hint)
{
    for (int i = 0; i < class_info->field_count; i++) {
        int at = (hint + i) % class_info->field_count;
        if (strcmp(class_info->fields[at].name, name) == 0) {
            return at;
        }
    }
    return -1;
}

Value *rest_record_encode(const DbView *view, uint16_t class_id, const Value *record,
                          char *const *fields)
{
    const DbClass *class_info = &db_view_schema(view)->classes[class_id];
    Value *encoded = value_new_struct(value_count(record));
    int at = -1;
    for (unsigned i = 0; i < value_count(record); i++) {
        at = find_field(class_info, value_name_at(record, i), at + 1);
        const DbField *field = at < 0 ? NULL : &class_info->fields[at];
        if (field && (!fields || g_strv_contains((const char *const *)fields, field->name))) {
            value_struct_add_static(encoded, field->name,
                                    rest_value_encode(view, field->type, value_at(record, i)));
        }
    }
    return encoded;
}

Value *rest_value_decode(const DbView *view, const TypeInfo *type, Value *value, const char *what,
                         Err **err)
{
    g_autoptr(Value) refs = to_refs(view, type, value, err);
    g_autoptr(Err) error = NULL;
    Value *coerced = refs ? type_coerce(db_view_schema(view), type, refs, what, &error) : NULL;
    if (error && err_is(error, "INTERNAL_ERROR")) {
        rest_fail(err, 400, "%s", error->params[0]);
    } else if (error) {
        err_propagate(err, g_steal_pointer(&error));
    }
    return coerced;
}

static Value *encode_date(int64_t seconds)
{
    g_autoptr(GDateTime) date = g_date_time_new_from_unix_utc(seconds);
    g_autofree char *text = date ? g_date_time_format(date, "%Y-%m-%dT%H:%M:%SZ") : NULL;
    return value_new_string(text ? text : "1970-01-01T00:00:00Z");
}

static Value *encode_set(const DbView *view, const TypeInfo *type, const Value *set)
{
    Value *encoded = value_new_array(value_count(set));
    for (unsigned i = 0; i < value_count(set); i++) {
        g_autoptr(Value) item = rest_value_encode(view, type->item, value_at(set, i));
        if (type->item->kind != TYPE_REF || value_kind(item) != VALUE_NIL) {
            value_array_add(encoded, g_steal_pointer(&item));
        }
    }
    return encoded;
}

static Value *encode_map(const DbView *view, const TypeInfo *type, const Value *map)
{
    Value *encoded = value_new_struct(value_count(map));
    for (unsigned i = 0; i < value_count(map); i++) {
        const char *key = value_name_at(map, i);
        Uuid ref;
        g_autoptr(Value) id = type->key->kind == TYPE_REF && value_ref_parse(key, &ref)
                                  ? rest_id_value(view, type->key->class_id, ref)
                                  : NULL;
        value_struct_add(encoded, value_kind(id) == VALUE_STRING ? value_string(id) : key,
                         rest_value_encode(view, type->item, value_at(map, i)));
    }
    return encoded;
}

/* The value with references in place of uuids; everything else is as it came. (owned) */
static Value *to_refs(const DbView *view, const TypeInfo *type, Value *value, Err **err)
{
    bool is_struct = value_kind(value) == VALUE_STRUCT;
    switch (type->kind) {
    case TYPE_REF:
        return id_to_ref(view, type->class_id, value, err);
    case TYPE_SET:
        return value_kind(value) == VALUE_ARRAY ? set_to_refs(view, type, value, err)
                                                : value_ref(value);
    case TYPE_MAP:
        return is_struct ? map_to_refs(view, type, value, err) : value_ref(value);
    case TYPE_RECORD:
        return is_struct ? record_to_refs(view, type->class_id, value, err) : value_ref(value);
    case TYPE_OPTION:
        return value_kind(value) == VALUE_NIL ? value_ref(value)
                                              : to_refs(view, type->item, value, err);
    case TYPE_VOID:
    case TYPE_STRING:
    case TYPE_INT:
    case TYPE_FLOAT:
    case TYPE_BOOL:
    case TYPE_DATETIME:
    case TYPE_ENUM:
    case TYPE_ANY:
        return value_ref(value);
    }
    g_assert_not_reached();
}

static Value *id_to_ref(const DbView *view, uint16_t class_id, const Value *value, Err **err)
{
    Uuid ref = {{0}};
    if (value_kind(value) == VALUE_NIL) {
        return value_new_ref(ref);
    }
    if (value_kind(value) != VALUE_STRING) {
        rest_fail(err, 400, "a uuid of a %s was expected",
                  db_view_schema(view)->classes[class_id].name);
        return NULL;
    }
    return rest_id_find(view, class_id, value_string(value), &ref, err) ? value_new_ref(ref) : NULL;
}

static Value *set_to_refs(const DbView *view, const TypeInfo *type, const Value *set, Err **err)
{
    g_autoptr(Value) refs = value_new_array(value_count(set));
    for (unsigned i = 0; i < value_count(set); i++) {
        Value *item = to_refs(view, type->item, value_at(set, i), err);
        if (!item) {
            return NULL;
        }
        value_array_add(refs, item);
    }
    return g_steal_pointer(&refs);
}

static Value *map_to_refs(const DbView *view, const TypeInfo *type, const Value *map, Err **err)
{
    g_autoptr(Value) refs = value_new_struct(value_count(map));
    for (unsigned i = 0; i < value_count(map); i++) {
        g_autofree char *key = key_to_ref(view, type->key, value_name_at(map, i), err);
        Value *item = key ? to_refs(view, type->item, value_at(map, i), err) : NULL;
        if (!item) {
            return NULL;
        }
        value_struct_add(refs, key, item);
    }
    return g_steal_pointer(&refs);
}

static char *key_to_ref(const DbView *view, const TypeInfo *type, const char *key, Err **err)
{
    Uuid ref;
    if (type->kind != TYPE_REF) {
        return g_strdup(key);
    }
    return rest_id_find(view, type->class_id, key, &ref, err) ? g_strdup(REF_TEXT(ref)) : NULL;
}

static Value *record_to_refs(const DbView *view, uint16_t class_id, const Value *record, Err **err)
{
    const DbClass *class_info = &db_view_schema(view)->classes[class_id];
    g_autoptr(Value) refs = value_new_struct(value_count(record));
    for (unsigned i = 0; i < value_count(record); i++) {
        const char *name = value_name_at(record, i);
        int field = db_class_find_field(class_info, name);
        Value *item = field < 0
                          ? value_ref(value_at(record, i))
                          : to_refs(view, class_info->fields[field].type, value_at(record, i), err);
        if (!item) {
            return NULL;
        }
        value_struct_add(refs, name, item);
    }
    return g_steal_pointer(&refs);
}
