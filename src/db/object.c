/* Object versions: making, copying and reading them.  Who may see which version is the matter
 * of view.c. */
#include "db/object.h"

guint object_key_hash(gconstpointer data)
{
    const ObjectKey *key = data;
    return uuid_hash(&key->ref) ^ key->class_id;
}

gboolean object_key_equal(gconstpointer a, gconstpointer b)
{
    const ObjectKey *left = a;
    const ObjectKey *right = b;
    return left->class_id == right->class_id && uuid_equal(left->ref, right->ref);
}

DbObject *object_new(const DbPlan *plan, uint16_t class_id, Uuid ref, uint64_t generation)
{
    uint16_t count = plan_class(plan, class_id)->field_count;
    DbObject *object = g_malloc(sizeof *object + sizeof(Value *) * count);
    object->refs = 1;
    object->class_id = class_id;
    object->field_count = count;
    object->ref = ref;
    object->created = generation;
    object->modified = generation;
    memset(object->text_lengths, 0, sizeof object->text_lengths);
    for (uint16_t f = 0; f < count; f++) {
        object->cells[f] = value_ref(plan->fields[class_id][f].initial);
    }
    return object;
}

DbObject *object_copy(const DbObject *object, uint64_t generation)
{
    size_t cells_size = sizeof(Value *) * object->field_count;
    DbObject *copy = g_malloc(sizeof *copy + cells_size);
    copy->refs = 1;
    copy->class_id = object->class_id;
    copy->field_count = object->field_count;
    copy->ref = object->ref;
    copy->created = object->created;
    copy->modified = generation;
    memset(copy->text_lengths, 0, sizeof copy->text_lengths);
    for (uint16_t f = 0; f < object->field_count; f++) {
        copy->cells[f] = value_ref(object->cells[f]);
    }
    return copy;
}

DbObject *object_ref(DbObject *object)
{
    g_atomic_int_inc(&object->refs);
    return object;
}

void object_unref(DbObject *object)
{
    if (!object || !g_atomic_int_dec_and_test(&object->refs)) {
        return;
    }
    for (uint16_t f = 0; f < object->field_count; f++) {
        value_unref(object->cells[f]);
    }
    g_free(object);
}

void object_set(DbObject *object, uint16_t field_id, Value *value)
{
    value_unref(object->cells[field_id]);
    object->cells[field_id] = value;
    memset(object->text_lengths, 0, sizeof object->text_lengths);
}

bool object_uuid(const DbPlan *plan, const DbObject *object, Uuid *ret_uuid)
{
    int field_id = plan_class(plan, object->class_id)->uuid_field;
    return field_id >= 0 && uuid_parse(value_string(object->cells[field_id]), ret_uuid);
}

Uuid db_object_ref_id(const DbObject *object)
{
    return object->ref;
}

uint16_t db_object_class(const DbObject *object)
{
    return object->class_id;
}

Value *db_object_get(const DbObject *object, uint16_t field_id)
{
    g_assert(field_id < object->field_count);
    return object->cells[field_id];
}

size_t db_record_length(const DbObject *object, const WireForm *form)
{
    return (size_t)g_atomic_int_get(&object->text_lengths[form->id]);
}

uint64_t db_object_created(const DbObject *object)
{
    return object->created;
}

uint64_t db_object_modified(const DbObject *object)
{
    return object->modified;
}

Value *db_object_record(const DbSchema *schema, const DbObject *object, uint16_t other_field,
                        Value *other)
{
    const DbClass *class_info = &schema->classes[object->class_id];
    Value *record = value_new_struct(class_info->field_count);
    for (uint16_t f = 0; f < class_info->field_count; f++) {
        const DbField *field = &class_info->fields[f];
        if (!(field->flags & (DB_FIELD_INTERNAL | DB_FIELD_REMOVED))) {
            Value *value = other && f == other_field ? other : object->cells[f];
            value_struct_add_static(record, field->name, value_ref(value));
        }
    }
    value_unref(other);
    return record;
}
