/* Values become words: scalars their text, sets and maps expressions of their own within one. */
#include "ops/vm/vm_metadata.h"

#include "base/text.h"
#include "gen/schema.h"
#include "wire/json.h"
#include "wire/sexpr.h"

#include <inttypes.h>
#include <string.h>

/* Fields that XenServer's database groups: their names have two underscores behind the group. */
static const char *const groups[] = {"name_", "memory_", "VCPUs_", "actions_", "PV_", "HVM_"};

/* They would hold one text within the other. */
static const char *const left_out[] = {"snapshot_metadata", "last_booted_record", NULL};

static bool is_written(const DbField *field);
static bool is_usual(const DbSchema *schema, const DbField *field, const Value *value);
static Value *usual_value(const DbSchema *schema, const DbField *field);
static void add_usual(const DbSchema *schema, const DbClass *class_info, Value *fields);
static char *stored_name(const char *name);
static int find_field(const DbClass *class_info, const char *name);
static char *encode(const Value *value);
static Value *encode_parts(const Value *value);
static Value *pair(const char *name, char *text);
static Value *decode(const DbSchema *schema, const DbField *field, const char *text, Err **err);
static Value *decode_parts(const TypeInfo *type, const char *text, Err **err);
static bool is_pair(const Value *value);

char *vm_metadata_write(const DbView *view, VmRef vm, VmMetadataScope scope)
{
    const DbSchema *schema = db_view_schema(view);
    const DbClass *class_info = &schema->classes[CLASS_VM];
    g_autoptr(Value) list = value_new_array(class_info->field_count);
    for (uint16_t i = 0; i < class_info->field_count; i++) {
        const DbField *field = &class_info->fields[i];
        const Value *value = db_get(view, CLASS_VM, vm.id, i);
        if (is_written(field) && (scope == VM_METADATA_ALL || !is_usual(schema, field, value))) {
            g_autofree char *name = stored_name(field->name);
            value_array_add(list, pair(name, encode(value)));
        }
    }
    GString *text = g_string_new(NULL);
    sexpr_append(text, list);
    return g_string_free(text, FALSE);
}

Value *vm_metadata_read(const DbSchema *schema, const char *text, VmMetadataScope scope, Err **err)
{
    const DbClass *class_info = &schema->classes[CLASS_VM];
    g_autoptr(Value) list = sexpr_parse(text, strlen(text), err);
    if (!list) {
        return NULL;
    }
    g_autoptr(Value) fields = value_new_struct(value_count(list));
    for (unsigned i = 0; i < value_count(list); i++) {
        const Value *item = value_at(list, i);
        int field = is_pair(item) ? find_field(class_info, value_string(value_at(item, 0))) : -1;
        if (field >= 0) {
            Value *value =
                decode(schema, &class_info->fields[field], value_string(value_at(item, 1)), err);
            if (!value) {
                return NULL;
            }
            value_struct_add_static(fields, class_info->fields[field].name, value);
        }
    }
    if (scope == VM_METADATA_CHANGED) {
        add_usual(schema, class_info, fields);
    }
    return g_steal_pointer(&fields);
}

static bool is_written(const DbField *field)
{
    return !(field->flags & (DB_FIELD_VOLATILE | DB_FIELD_INTERNAL | DB_FIELD_REMOVED)) &&
           field->relation_class == DB_NO_RELATION && !g_strv_contains(left_out, field->name);
}

/* Whether a new VM has this value too. */
static bool is_usual(const DbSchema *schema, const DbField *field, const Value *value)
{
    g_autoptr(Value) usual = usual_value(schema, field);
    return value_equal(value, usual);
}

static Value *usual_value(const DbSchema *schema, const DbField *field)
{
    const char *text = field->default_json;
    g_autoptr(Value) parsed = text ? json_parse(text, strlen(text), NULL) : NULL;
    return parsed ? type_coerce(schema, field->type, parsed, field->name, NULL)
                  : type_empty_value(field->type);
}

static void add_usual(const DbSchema *schema, const DbClass *class_info, Value *fields)
{
    for (uint16_t i = 0; i < class_info->field_count; i++) {
        const DbField *field = &class_info->fields[i];
        if (is_written(field) && !value_get(fields, field->name)) {
            value_struct_add_static(fields, field->name, usual_value(schema, field));
        }
    }
}

static char *stored_name(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(groups); i++) {
        if (g_str_has_prefix(name, groups[i])) {
            return g_strdup_printf("%s_%s", groups[i], name + strlen(groups[i]));
        }
    }
    return g_strdup(name);
}

static int find_field(const DbClass *class_info, const char *name)
{
    for (uint16_t i = 0; i < class_info->field_count; i++) {
        const DbField *field = &class_info->fields[i];
        g_autofree char *stored = stored_name(field->name);
        if (strcmp(stored, name) == 0 && field->relation_class == DB_NO_RELATION &&
            !(field->flags & DB_FIELD_REMOVED)) {
            return i;
        }
    }
    return -1;
}

static char *encode(const Value *value)
{
    char number[TEXT_INT_SIZE], date[TEXT_DATETIME_SIZE];
    switch (value_kind(value)) {
    case VALUE_INT:
        return g_strdup(text_format_int(value_int(value), number));
    case VALUE_FLOAT:
        return g_strdup_printf("%.17g", value_float(value));
    case VALUE_BOOL:
        return g_strdup(value_bool(value) ? "true" : "false");
    case VALUE_DATETIME:
        return g_strdup(text_format_datetime(value_datetime(value), date));
    case VALUE_REF:
        return g_strdup(REF_TEXT(value_uuid(value)));
    case VALUE_ARRAY:
    case VALUE_STRUCT: {
        g_autoptr(Value) parts = encode_parts(value);
        GString *text = g_string_new(NULL);
        sexpr_append(text, parts);
        return g_string_free(text, FALSE);
    }
    case VALUE_NIL:
    case VALUE_VOID:
    case VALUE_STRING:
        break;
    }
    return g_strdup(value_string(value));
}

static Value *encode_parts(const Value *value)
{
    Value *parts = value_new_array(value_count(value));
    for (unsigned i = 0; i < value_count(value); i++) {
        char *text = encode(value_at(value, i));
        if (value_kind(value) == VALUE_STRUCT) {
            value_array_add(parts, pair(value_name_at(value, i), text));
        } else {
            value_array_add(parts, value_new_string(text));
            g_free(text);
        }
    }
    return parts;
}

/* `text` is taken over. */
static Value *pair(const char *name, char *text)
{
    g_autofree char *owned = text;
    Value *both = value_new_array(2);
    value_array_add(both, value_new_string(name));
    value_array_add(both, value_new_string(owned));
    return both;
}

static Value *decode(const DbSchema *schema, const DbField *field, const char *text, Err **err)
{
    bool has_parts = field->type->kind == TYPE_SET || field->type->kind == TYPE_MAP;
    g_autoptr(Value) raw =
        has_parts ? decode_parts(field->type, text, err) : value_new_string(text);
    return raw ? type_coerce(schema, field->type, raw, field->name, err) : NULL;
}

static Value *decode_parts(const TypeInfo *type, const char *text, Err **err)
{
    g_autoptr(Value) parts = sexpr_parse(text, strlen(text), err);
    if (!parts || type->kind == TYPE_SET) {
        return g_steal_pointer(&parts);
    }
    Value *map = value_new_struct(value_count(parts));
    for (unsigned i = 0; i < value_count(parts); i++) {
        const Value *item = value_at(parts, i);
        if (is_pair(item)) {
            value_struct_add(map, value_string(value_at(item, 0)), value_ref(value_at(item, 1)));
        }
    }
    return map;
}

static bool is_pair(const Value *value)
{
    return value_count(value) == 2 && value_kind(value_at(value, 0)) == VALUE_STRING &&
           value_kind(value_at(value, 1)) == VALUE_STRING;
}
