/* allowed_operations is never stored: it follows from the state that the guard looks at, so it is
 * worked out here, by that same guard. */
#include "core/record.h"

#include "core/oplock.h"
#include "wire/json.h"

static bool is_shown(const DbField *field);
static bool is_worked_out(const DbField *field);

Value *record_field(const DbView *view, const DbObject *object, uint16_t field_id)
{
    const DbClass *class_info = &db_view_schema(view)->classes[db_object_class(object)];
    return is_worked_out(&class_info->fields[field_id])
               ? oplock_allowed(view, object)
               : value_ref(db_object_get(object, field_id));
}

Value *record_of(const DbView *view, const DbObject *object)
{
    const DbClass *class_info = &db_view_schema(view)->classes[db_object_class(object)];
    Value *record = value_new_struct(class_info->field_count);
    for (uint16_t i = 0; i < class_info->field_count; i++) {
        const DbField *field = &class_info->fields[i];
        if (is_shown(field)) {
            value_struct_add_static(record, field->name, record_field(view, object, i));
        }
    }
    return record;
}

void record_append_json(GString *out, const DbView *view, const DbObject *object)
{
    const DbClass *class_info = &db_view_schema(view)->classes[db_object_class(object)];
    g_string_append_c(out, '{');
    for (uint16_t i = 0; i < class_info->field_count; i++) {
        const DbField *field = &class_info->fields[i];
        if (!is_shown(field)) {
            continue;
        }
        json_append_name(out, field->name);
        if (is_worked_out(field)) {
            g_autoptr(Value) allowed = oplock_allowed(view, object);
            json_append(out, allowed);
        } else {
            json_append(out, db_object_get(object, i));
        }
    }
    g_string_append_c(out, '}');
}

bool record_check_new(const DbSchema *schema, uint16_t class_id, const Value *record, Err **err)
{
    const DbClass *class_info = &schema->classes[class_id];
    for (uint16_t i = 0; i < class_info->field_count; i++) {
        const DbField *field = &class_info->fields[i];
        bool is_needed = (field->flags & DB_FIELD_CONSTRUCTOR) &&
                         !(field->flags & (DB_FIELD_HAS_DEFAULT | DB_FIELD_REMOVED));
        if (is_needed && !value_get(record, field->name)) {
            return err_internal(err, "%s.create: the record has no member %s", class_info->name,
                                field->name);
        }
    }
    return true;
}

void record_write_new(DbTxn *txn, uint16_t class_id, Uuid ref, const Value *record)
{
    const DbClass *class_info = &db_view_schema(db_txn_view(txn))->classes[class_id];
    for (uint16_t i = 0; i < class_info->field_count; i++) {
        Value *value = value_get(record, class_info->fields[i].name);
        if (value && (class_info->fields[i].flags & DB_FIELD_CONSTRUCTOR)) {
            db_set(txn, class_id, ref, i, value_ref(value));
        }
    }
}

static bool is_shown(const DbField *field)
{
    return !(field->flags & (DB_FIELD_INTERNAL | DB_FIELD_REMOVED));
}

/* Few fields are volatile, so hardly a name is looked at. */
static bool is_worked_out(const DbField *field)
{
    return (field->flags & DB_FIELD_VOLATILE) && strcmp(field->name, "allowed_operations") == 0;
}
