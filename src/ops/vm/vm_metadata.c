/* Values become words, sets and maps expressions of their own within one: see ops/stored_form.h. */
#include "ops/vm/vm_metadata.h"

#include "gen/schema.h"
#include "ops/stored_form.h"
#include "wire/json.h"
#include "wire/sexpr.h"

#include <inttypes.h>
#include <string.h>

/* They would hold one text within the other. */
static const char *const left_out[] = {"snapshot_metadata", "last_booted_record", NULL};

static bool is_written(const DbField *field);
static bool is_usual(const DbSchema *schema, const DbField *field, const Value *value);
static Value *usual_value(const DbSchema *schema, const DbField *field);
static void add_usual(const DbSchema *schema, const DbClass *class_info, Value *fields);
static int find_field(const DbClass *class_info, const char *name);
static Value *pair(const char *name, char *text);

char *vm_metadata_write(const DbView *view, VmRef vm, VmMetadataScope scope)
{
    const DbSchema *schema = db_view_schema(view);
    const DbClass *class_info = &schema->classes[CLASS_VM];
    g_autoptr(Value) list = value_new_array(class_info->field_count);
    for (uint16_t i = 0; i < class_info->field_count; i++) {
        const DbField *field = &class_info->fields[i];
        const Value *value = db_get(view, CLASS_VM, vm.id, i);
        if (is_written(field) && (scope == VM_METADATA_ALL || !is_usual(schema, field, value))) {
            g_autofree char *name = stored_form_name(class_info->name, field->name);
            value_array_add(list, pair(name, stored_form_write(value)));
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
        int field = stored_form_is_pair(item)
                        ? find_field(class_info, value_string(value_at(item, 0)))
                        : -1;
        if (field >= 0) {
            Value *value = stored_form_read(schema, &class_info->fields[field],
                                            value_string(value_at(item, 1)), err);
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

static int find_field(const DbClass *class_info, const char *name)
{
    for (uint16_t i = 0; i < class_info->field_count; i++) {
        const DbField *field = &class_info->fields[i];
        g_autofree char *stored = stored_form_name(class_info->name, field->name);
        if (strcmp(stored, name) == 0 && field->relation_class == DB_NO_RELATION &&
            !(field->flags & DB_FIELD_REMOVED)) {
            return i;
        }
    }
    return -1;
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
