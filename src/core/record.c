/* allowed_operations is never stored: it follows from the state that the guard looks at, so it is
 * worked out here, by that same guard. */
#include "core/record.h"

#include "core/oplock.h"
#include "wire/json.h"

/* Texts are kept with the objects of a class up to so many of them: about 3 KiB each for VMs. */
#define RECORD_MAX_KEPT 2048

static char *new_text(const DbView *view, const DbObject *object);
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
    g_autofree char *own = NULL;
    const char *text = db_object_text(object);
    if (!text && db_count(view, db_object_class(object)) <= RECORD_MAX_KEPT) {
        text = db_object_keep_text(object, new_text(view, object));
    } else if (!text) {
        text = own = new_text(view, object);
    }
    size_t length = strlen(text);
    const char *rest = text + length + 1;
    g_string_append_len(out, text, (gssize)length);
    if (*rest) {
        g_autoptr(Value) allowed = oplock_allowed(view, object);
        json_append(out, allowed);
        g_string_append(out, rest);
    }
}

/* The record in two strings, one behind the other: what stands before and behind the value that is
 * worked out, which depends on other objects and on what runs. The second is empty when the class
 * has no such field. (owned) */
static char *new_text(const DbView *view, const DbObject *object)
{
    const DbClass *class_info = &db_view_schema(view)->classes[db_object_class(object)];
    bool has_hole = false;
    g_autoptr(GString) text = g_string_new("{");
    for (uint16_t i = 0; i < class_info->field_count; i++) {
        const DbField *field = &class_info->fields[i];
        if (!is_shown(field)) {
            continue;
        }
        json_append_name(text, field->name);
        if (is_worked_out(field)) {
            g_assert(!has_hole);
            has_hole = true;
            g_string_append_c(text, '\0');
        } else {
            json_append(text, db_object_get(object, i));
        }
    }
    g_string_append_c(text, '}');
    if (!has_hole) {
        g_string_append_c(text, '\0');
    }
    return g_memdup2(text->str, text->len + 1);
}

bool record_check_new(const DbSchema *schema, uint16_t class_id, const Value *record, Err **err)
{
    const DbClass *class_info = &schema->classes[class_id];
    for (uint16_t i = 0; i < class_info->field_count; i++) {
        const DbField *field = &class_info->fields[i];
        bool is_needed = (field->flags & DB_FIELD_CONSTRUCTOR) && is_shown(field) &&
                         !(field->flags & DB_FIELD_HAS_DEFAULT);
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
