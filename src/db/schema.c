/* Types and classes: finding them by name, their empty values, and bringing values that came
 * from outside into the one form that cells have.
 *
 * Errors name the value and its type but never quote texts: a text may be a password.  The
 * exceptions are what cannot be one: references, numbers and enum literals. */
#include "db/schema.h"

#include "base/text.h"

#include <inttypes.h>

enum {
    SCHEMA_MAX_QUOTED = 64, /* bytes of a wrong text that an error repeats */
};

typedef struct Coercion {
    const DbSchema *schema;
    const char *what; /* for errors */
    bool keep_twins;
} Coercion;

static bool items_have_form(const TypeInfo *type, const Value *values);
static bool is_literal(const TypeInfo *type, const char *text);
static Value *coerce(const Coercion *how, const TypeInfo *type, Value *value, Err **err);
static bool is_text(const Value *value);
static Value *coerce_string(const Coercion *how, const TypeInfo *type, Value *value, Err **err);
static Value *coerce_int(const Coercion *how, const TypeInfo *type, Value *value, Err **err);
static Value *coerce_float(const Coercion *how, const TypeInfo *type, Value *value, Err **err);
static Value *coerce_bool(const Coercion *how, const TypeInfo *type, Value *value, Err **err);
static Value *coerce_datetime(const Coercion *how, const TypeInfo *type, Value *value, Err **err);
static Value *coerce_enum(const Coercion *how, const TypeInfo *type, Value *value, Err **err);
static Value *coerce_ref(const Coercion *how, const TypeInfo *type, Value *value, Err **err);
static Value *coerce_set(const Coercion *how, const TypeInfo *type, Value *value, Err **err);
static Value *coerce_map(const Coercion *how, const TypeInfo *type, Value *value, Err **err);
static char *coerce_key(const Coercion *how, const TypeInfo *type, const char *name, Err **err);
static Value *coerce_record(const Coercion *how, const TypeInfo *type, Value *value, Err **err);
static Value *coerce_option(const Coercion *how, const TypeInfo *type, Value *value, Err **err);
static Value *wrong_shape(const Coercion *how, const TypeInfo *type, const Value *value, Err **err);
static Value *wrong_text(const Coercion *how, const TypeInfo *type, const char *text, Err **err);
static guint hash_value(gconstpointer value);
static gboolean equal_values(gconstpointer a, gconstpointer b);

Value *type_coerce(const DbSchema *schema, const TypeInfo *type, Value *value, const char *what,
                   Err **err)
{
    return coerce(&(Coercion){.schema = schema, .what = what}, type, value, err);
}

Value *type_restore(const DbSchema *schema, const TypeInfo *type, Value *value, const char *what,
                    Err **err)
{
    return coerce(&(Coercion){.schema = schema, .what = what, .keep_twins = true}, type, value,
                  err);
}

bool type_has_form(const TypeInfo *type, const Value *value)
{
    switch (type->kind) {
    case TYPE_VOID:
        return value_kind(value) == VALUE_VOID;
    case TYPE_STRING:
        return value_kind(value) == VALUE_STRING;
    case TYPE_INT:
        return value_kind(value) == VALUE_INT;
    case TYPE_FLOAT:
        return value_kind(value) == VALUE_FLOAT;
    case TYPE_BOOL:
        return value_kind(value) == VALUE_BOOL;
    case TYPE_DATETIME:
        return value_kind(value) == VALUE_DATETIME;
    case TYPE_ENUM:
        return value_kind(value) == VALUE_STRING && is_literal(type, value_string(value));
    case TYPE_REF:
        return value_kind(value) == VALUE_REF;
    case TYPE_SET:
        return value_kind(value) == VALUE_ARRAY && items_have_form(type->item, value);
    case TYPE_MAP:
        return value_kind(value) == VALUE_STRUCT && items_have_form(type->item, value);
    case TYPE_RECORD:
        return value_kind(value) == VALUE_STRUCT;
    case TYPE_OPTION:
        return value_kind(value) == VALUE_NIL || type_has_form(type->item, value);
    case TYPE_ANY:
        return true;
    }
    g_assert_not_reached();
}

Value *type_empty_value(const TypeInfo *type)
{
    switch (type->kind) {
    case TYPE_VOID:
        return value_new_void();
    case TYPE_STRING:
        return value_new_string("");
    case TYPE_INT:
        return value_new_int(0);
    case TYPE_FLOAT:
        return value_new_float(0);
    case TYPE_BOOL:
        return value_new_bool(false);
    case TYPE_DATETIME:
        return value_new_datetime(0);
    case TYPE_ENUM:
        return value_new_string(type->literals[0]);
    case TYPE_REF:
        return value_new_ref((Uuid){{0}});
    case TYPE_SET:
        return value_new_array(0);
    case TYPE_MAP:
    case TYPE_RECORD:
        return value_new_struct(0);
    case TYPE_OPTION:
    case TYPE_ANY:
        return value_new_nil();
    }
    g_assert_not_reached();
}

int db_schema_find_class(const DbSchema *schema, const char *name)
{
    for (int i = 0; i < schema->class_count; i++) {
        if (strcmp(schema->classes[i].name, name) == 0) {
            return i;
        }
    }
    return -1;
}

int db_class_find_field(const DbClass *class_info, const char *name)
{
    for (int i = 0; i < class_info->field_count; i++) {
        if (strcmp(class_info->fields[i].name, name) == 0) {
            return i;
        }
    }
    return -1;
}

static bool items_have_form(const TypeInfo *type, const Value *values)
{
    for (unsigned i = 0; i < value_count(values); i++) {
        if (!type_has_form(type, value_at(values, i))) {
            return false;
        }
    }
    return true;
}

static bool is_literal(const TypeInfo *type, const char *text)
{
    for (const char *const *literal = type->literals; *literal; literal++) {
        if (strcmp(*literal, text) == 0) {
            return true;
        }
    }
    return false;
}

static Value *coerce(const Coercion *how, const TypeInfo *type, Value *value, Err **err)
{
    switch (type->kind) {
    case TYPE_VOID:
        return value_new_void();
    case TYPE_STRING:
        return coerce_string(how, type, value, err);
    case TYPE_INT:
        return coerce_int(how, type, value, err);
    case TYPE_FLOAT:
        return coerce_float(how, type, value, err);
    case TYPE_BOOL:
        return coerce_bool(how, type, value, err);
    case TYPE_DATETIME:
        return coerce_datetime(how, type, value, err);
    case TYPE_ENUM:
        return coerce_enum(how, type, value, err);
    case TYPE_REF:
        return coerce_ref(how, type, value, err);
    case TYPE_SET:
        return coerce_set(how, type, value, err);
    case TYPE_MAP:
        return coerce_map(how, type, value, err);
    case TYPE_RECORD:
        return coerce_record(how, type, value, err);
    case TYPE_OPTION:
        return coerce_option(how, type, value, err);
    case TYPE_ANY:
        return value_ref(value);
    }
    g_assert_not_reached();
}

/* Whether `value` carries a text: a string, or the empty element that reads as "". */
static bool is_text(const Value *value)
{
    return value_kind(value) == VALUE_STRING || value_kind(value) == VALUE_VOID;
}

static Value *coerce_string(const Coercion *how, const TypeInfo *type, Value *value, Err **err)
{
    if (value_kind(value) == VALUE_STRING) {
        return value_ref(value);
    }
    return is_text(value) ? value_new_string("") : wrong_shape(how, type, value, err);
}

static Value *coerce_int(const Coercion *how, const TypeInfo *type, Value *value, Err **err)
{
    int64_t number;
    if (value_kind(value) == VALUE_INT) {
        return value_ref(value);
    }
    if (!is_text(value)) {
        return wrong_shape(how, type, value, err);
    }
    if (!text_parse_int(value_string(value), &number)) {
        return wrong_text(how, type, value_string(value), err);
    }
    return value_new_int(number);
}

static Value *coerce_float(const Coercion *how, const TypeInfo *type, Value *value, Err **err)
{
    double number;
    if (value_kind(value) == VALUE_FLOAT) {
        return value_ref(value);
    }
    if (value_kind(value) == VALUE_INT) {
        return value_new_float((double)value_int(value));
    }
    if (!is_text(value)) {
        return wrong_shape(how, type, value, err);
    }
    if (!text_parse_float(value_string(value), &number)) {
        return wrong_text(how, type, value_string(value), err);
    }
    return value_new_float(number);
}

static Value *coerce_bool(const Coercion *how, const TypeInfo *type, Value *value, Err **err)
{
    bool truth;
    if (value_kind(value) == VALUE_BOOL) {
        return value_ref(value);
    }
    if (!is_text(value)) {
        return wrong_shape(how, type, value, err);
    }
    if (!text_parse_bool(value_string(value), &truth)) {
        return wrong_text(how, type, value_string(value), err);
    }
    return value_new_bool(truth);
}

static Value *coerce_datetime(const Coercion *how, const TypeInfo *type, Value *value, Err **err)
{
    int64_t seconds;
    if (value_kind(value) == VALUE_DATETIME) {
        return value_ref(value);
    }
    if (!is_text(value)) {
        return wrong_shape(how, type, value, err);
    }
    if (!text_parse_datetime(value_string(value), &seconds)) {
        return wrong_text(how, type, value_string(value), err);
    }
    return value_new_datetime(seconds);
}

static Value *coerce_enum(const Coercion *how, const TypeInfo *type, Value *value, Err **err)
{
    if (!is_text(value)) {
        return wrong_shape(how, type, value, err);
    }
    const char *text = value_string(value);
    return is_literal(type, text) ? value_new_string(text) : wrong_text(how, type, text, err);
}

static Value *coerce_ref(const Coercion *how, const TypeInfo *type, Value *value, Err **err)
{
    Uuid ref;
    if (value_kind(value) == VALUE_REF) {
        return value_ref(value);
    }
    if (!is_text(value)) {
        return wrong_shape(how, type, value, err);
    }
    const char *text = value_string(value);
    if (!value_ref_parse(text, &ref)) {
        err_set(err, "HANDLE_INVALID", how->schema->classes[type->class_id].name, text);
        return NULL;
    }
    return value_new_ref(ref);
}

static Value *coerce_set(const Coercion *how, const TypeInfo *type, Value *value, Err **err)
{
    if (value_kind(value) != VALUE_ARRAY) {
        return wrong_shape(how, type, value, err);
    }
    g_autoptr(Value) set = value_new_array(value_count(value));
    g_autoptr(GHashTable) seen = g_hash_table_new(hash_value, equal_values);
    for (unsigned i = 0; i < value_count(value); i++) {
        g_autoptr(Value) item = coerce(how, type->item, value_at(value, i), err);
        if (!item) {
            return NULL;
        }
        if (!how->keep_twins) {
            if (g_hash_table_contains(seen, item)) {
                continue;
            }
            g_hash_table_add(seen, item);
        }
        value_array_add(set, g_steal_pointer(&item));
    }
    return g_steal_pointer(&set);
}

static Value *coerce_map(const Coercion *how, const TypeInfo *type, Value *value, Err **err)
{
    if (value_kind(value) != VALUE_STRUCT) {
        return wrong_shape(how, type, value, err);
    }
    g_autoptr(Value) map = value_new_struct(value_count(value));
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (unsigned i = 0; i < value_count(value); i++) {
        g_autofree char *key = coerce_key(how, type->key, value_name_at(value, i), err);
        if (!key) {
            return NULL;
        }
        g_autoptr(Value) item = coerce(how, type->item, value_at(value, i), err);
        if (!item) {
            return NULL;
        }
        value_struct_add(map, key, g_steal_pointer(&item));
        if (!g_hash_table_add(seen, g_steal_pointer(&key))) {
            err_internal(err, "%s: the same key twice in a %s", how->what, type->name);
            return NULL;
        }
    }
    return g_steal_pointer(&map);
}

/* The canonical text of a map's key. (owned) */
static char *coerce_key(const Coercion *how, const TypeInfo *type, const char *name, Err **err)
{
    g_autoptr(Value) text = value_new_string(name);
    g_autoptr(Value) key = coerce(how, type, text, err);
    if (!key) {
        return NULL;
    }
    switch (value_kind(key)) {
    case VALUE_INT:
        return g_strdup_printf("%" PRId64, value_int(key));
    case VALUE_REF:
        return g_strdup(REF_TEXT(value_uuid(key)));
    case VALUE_NIL:
    case VALUE_VOID:
    case VALUE_STRING:
    case VALUE_FLOAT:
    case VALUE_BOOL:
    case VALUE_DATETIME:
    case VALUE_ARRAY:
    case VALUE_STRUCT:
        return g_strdup(name);
    }
    g_assert_not_reached();
}

static Value *coerce_record(const Coercion *how, const TypeInfo *type, Value *value, Err **err)
{
    if (value_kind(value) != VALUE_STRUCT) {
        return wrong_shape(how, type, value, err);
    }
    const DbClass *class_info = &how->schema->classes[type->class_id];
    g_autoptr(Value) record = value_new_struct(class_info->field_count);
    for (unsigned i = 0; i < class_info->field_count; i++) {
        const DbField *field = &class_info->fields[i];
        Value *member = value_get(value, field->name);
        if (!member || field->flags & (DB_FIELD_INTERNAL | DB_FIELD_REMOVED)) {
            continue;
        }
        g_autofree char *what = g_strdup_printf("%s.%s", how->what, field->name);
        Coercion inner = *how;
        inner.what = what;
        Value *item = coerce(&inner, field->type, member, err);
        if (!item) {
            return NULL;
        }
        value_struct_add_static(record, field->name, item);
    }
    return g_steal_pointer(&record);
}

/* On the wire an option is an array of one item or none; inside records the bare item. */
static Value *coerce_option(const Coercion *how, const TypeInfo *type, Value *value, Err **err)
{
    if (value_kind(value) == VALUE_NIL) {
        return value_ref(value);
    }
    if (value_kind(value) == VALUE_ARRAY && value_count(value) == 0) {
        return value_new_nil();
    }
    if (value_kind(value) == VALUE_ARRAY && value_count(value) == 1 &&
        type->item->kind != TYPE_SET) {
        return coerce(how, type->item, value_at(value, 0), err);
    }
    return coerce(how, type->item, value, err);
}

static Value *wrong_shape(const Coercion *how, const TypeInfo *type, const Value *value, Err **err)
{
    static const char *const kind_names[] = {
        [VALUE_NIL] = "nil",         [VALUE_VOID] = "nothing",        [VALUE_STRING] = "a string",
        [VALUE_INT] = "an int",      [VALUE_FLOAT] = "a float",       [VALUE_BOOL] = "a bool",
        [VALUE_REF] = "a ref",       [VALUE_DATETIME] = "a datetime", [VALUE_ARRAY] = "an array",
        [VALUE_STRUCT] = "a struct",
    };
    err_internal(err, "%s: expected a value of type \"%s\", got %s", how->what, type->name,
                 kind_names[value_kind(value)]);
    return NULL;
}

static Value *wrong_text(const Coercion *how, const TypeInfo *type, const char *text, Err **err)
{
    bool is_quotable = strlen(text) <= SCHEMA_MAX_QUOTED;
    err_internal(err, "%s: \"%s\" is not a value of type \"%s\"", how->what,
                 is_quotable ? text : "(a long text)", type->name);
    return NULL;
}

/* Equal values have equal hashes: numbers hash by value, structs whatever their order. */
static guint hash_value(gconstpointer data)
{
    const Value *value = data;
    guint hash = value_kind(value);
    int64_t number = 0;
    Uuid uuid;
    switch (value_kind(value)) {
    case VALUE_NIL:
    case VALUE_VOID:
        return hash;
    case VALUE_STRING:
        return hash + g_str_hash(value_string(value));
    case VALUE_INT:
        number = value_int(value);
        return hash + g_int64_hash(&number);
    case VALUE_FLOAT:
        return hash + g_double_hash(&(double){value_float(value)});
    case VALUE_BOOL:
        return hash + value_bool(value);
    case VALUE_DATETIME:
        number = value_datetime(value);
        return hash + g_int64_hash(&number);
    case VALUE_REF:
        uuid = value_uuid(value);
        return hash + uuid_hash(&uuid);
    case VALUE_ARRAY:
        for (unsigned i = 0; i < value_count(value); i++) {
            hash = hash * 31 + hash_value(value_at(value, i));
        }
        return hash;
    case VALUE_STRUCT:
        for (unsigned i = 0; i < value_count(value); i++) {
            hash += g_str_hash(value_name_at(value, i)) ^ hash_value(value_at(value, i));
        }
        return hash;
    }
    g_assert_not_reached();
}

static gboolean equal_values(gconstpointer a, gconstpointer b)
{
    return value_equal(a, b);
}
