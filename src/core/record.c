/* allowed_operations is never stored: it follows from the state that the guard looks at, so it is
 * worked out here, by that same guard. */
#include "core/record.h"

#include "core/oplock.h"

static const char ALLOWED_OPERATIONS[] = "allowed_operations";

Value *record_field(const DbView *view, const DbObject *object, uint16_t field_id)
{
    const DbClass *class_info = &db_view_schema(view)->classes[db_object_class(object)];
    if (strcmp(class_info->fields[field_id].name, ALLOWED_OPERATIONS) == 0) {
        return oplock_allowed(view, object);
    }
    return value_ref(db_object_get(object, field_id));
}

Value *record_of(const DbView *view, const DbObject *object)
{
    const DbClass *class_info = &db_view_schema(view)->classes[db_object_class(object)];
    Value *record = value_new_struct(class_info->field_count);
    for (uint16_t i = 0; i < class_info->field_count; i++) {
        const DbField *field = &class_info->fields[i];
        if (!(field->flags & (DB_FIELD_INTERNAL | DB_FIELD_REMOVED))) {
            value_struct_add_static(record, field->name, record_field(view, object, i));
        }
    }
    return record;
}
