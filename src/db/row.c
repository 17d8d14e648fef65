/* Objects to rows and back. What is not stored (plan.h) neither leaves nor comes back, and neither
 * does a field that has its default: most have, and a row without them is a fifth of the size.  So
 * a default of the model is part of the stored form. */
#include "db/row.h"

#include "wire/json.h"
#include "wire/limits.h"

/* A row is read back by the parser for texts from outside, so its limit holds here too. Cells
 * are looked at one by one as they are set: a small one is always good, a larger one as long as
 * all of them together leave room for the small ones to grow. */
enum {
    ROW_SMALL_CELL = 500, /* values */
    ROW_MAX_FIELDS = 100,
    ROW_MAX_VALUES = WIRE_MAX_VALUES - ROW_SMALL_CELL * ROW_MAX_FIELDS,
};
G_STATIC_ASSERT(ROW_MAX_VALUES > 0);

static bool is_readable(const Value *value);
static bool has_good_names(const Value *map);
static unsigned count_values(const Value *value);
static int find_stored_field(const DbPlan *plan, uint16_t class_id, const char *name, int start);

bool row_can_hold(const DbObject *object, uint16_t field_id, const Value *value)
{
    if (!is_readable(value)) {
        return false;
    }
    unsigned count = count_values(value);
    if (count <= ROW_SMALL_CELL) {
        return true;
    }
    for (uint16_t f = 0; f < object->field_count; f++) {
        count += f == field_id ? 0 : count_values(object->cells[f]);
    }
    return count <= ROW_MAX_VALUES;
}

char *row_encode(const DbPlan *plan, const DbObject *object)
{
    const DbClass *class_info = plan_class(plan, object->class_id);
    g_autoptr(Value) row = value_new_struct(object->field_count + 1u);
    value_struct_add_static(row, ROW_CREATED, value_new_int((int64_t)object->created));
    for (uint16_t f = 0; f < object->field_count; f++) {
        const PlanField *field = &plan->fields[object->class_id][f];
        if (field->is_stored && !value_equal(object->cells[f], field->initial)) {
            value_struct_add_static(row, class_info->fields[f].name, value_ref(object->cells[f]));
        }
    }
    GString *json = g_string_new(NULL);
    json_append(json, row);
    return g_string_free(json, FALSE);
}

DbObject *row_decode(const DbPlan *plan, uint16_t class_id, Uuid ref, const char *json,
                     void (*skipped)(void *user, const char *field, const char *why), void *user,
                     Err **err)
{
    const DbClass *class_info = plan_class(plan, class_id);
    g_autoptr(Value) row = json_parse(json, strlen(json), err);
    if (!row) {
        return NULL;
    }
    if (value_kind(row) != VALUE_STRUCT) {
        err_internal(err, "the row is not a JSON object");
        return NULL;
    }
    g_autoptr(DbObject) object = object_new(plan, class_id, ref, 0);
    int field_id = -1;
    for (unsigned i = 0; i < value_count(row); i++) {
        const char *name = value_name_at(row, i);
        if (strcmp(name, ROW_CREATED) == 0) {
            object->created = (uint64_t)value_int(value_at(row, i));
            continue;
        }
        field_id = find_stored_field(plan, class_id, name, field_id + 1);
        if (field_id < 0) {
            skipped(user, name, "no such field is stored");
            continue;
        }
        g_autoptr(Err) cause = NULL;
        const TypeInfo *type = class_info->fields[field_id].type;
        g_autoptr(Value) cell =
            type_restore(plan->schema, type, value_at(row, i), "the member", &cause);
        if (!cell) {
            g_autofree char *why = err_to_string(cause);
            skipped(user, name, why);
        } else if (!value_equal(cell, object->cells[field_id])) { /* shares the default */
            object_set(object, (uint16_t)field_id, g_steal_pointer(&cell));
        }
    }
    return g_steal_pointer(&object);
}

static bool is_readable(const Value *value)
{
    if (value_kind(value) == VALUE_STRING) {
        return g_utf8_validate_len(value_string(value), value_string_length(value), NULL);
    }
    for (unsigned i = 0; i < value_count(value); i++) {
        if (!is_readable(value_at(value, i))) {
            return false;
        }
    }
    return value_kind(value) != VALUE_STRUCT || has_good_names(value);
}

static bool has_good_names(const Value *map)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (unsigned i = 0; i < value_count(map); i++) {
        const char *name = value_name_at(map, i);
        if (!g_utf8_validate(name, -1, NULL) || !g_hash_table_add(seen, (gpointer)name)) {
            return false;
        }
    }
    return true;
}

static unsigned count_values(const Value *value)
{
    unsigned count = 1;
    for (unsigned i = 0; i < value_count(value); i++) {
        count += count_values(value_at(value, i));
    }
    return count;
}

/* Rows are written in the order of the fields: from the last one found it is a short way. */
static int find_stored_field(const DbPlan *plan, uint16_t class_id, const char *name, int start)
{
    const DbClass *class_info = plan_class(plan, class_id);
    for (uint16_t i = 0; i < class_info->field_count; i++) {
        int field_id = (start + i) % class_info->field_count;
        if (strcmp(class_info->fields[field_id].name, name) == 0) {
            return plan->fields[class_id][field_id].is_stored ? field_id : -1;
        }
    }
    return -1;
}
