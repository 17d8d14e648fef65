/* allowed_operations is never stored: it follows from the state that the guard looks at, so it is
 * worked out here, by that same guard. */
#include "core/record.h"

#include "core/oplock.h"

static Value *allowed_of(OperationSubject *subject, const DbObject *object);
static Value *new_record(OperationSubject *subject, const DbObject *object);
static int allowed_field(const DbObject *object);

Value *record_field(const DbView *view, const DbObject *object, uint16_t field_id)
{
    if (field_id != allowed_field(object)) {
        return value_ref(db_object_get(object, field_id));
    }
    OperationSubject subject;
    operation_subject_init(&subject, view);
    return allowed_of(&subject, object);
}

Value *record_of(const DbView *view, const DbObject *object)
{
    OperationSubject subject;
    operation_subject_init(&subject, view);
    return new_record(&subject, object);
}

void record_writer_init(RecordWriter *records, const DbView *view)
{
    operation_subject_init(&records->subject, view);
}

/* The field that is worked out, while a record is written. */
typedef struct AllowedField {
    OperationSubject *subject; /* has taken the object */
    const WireForm *form;
} AllowedField;

static void append_allowed(GString *out, void *user)
{
    const AllowedField *field = user;
    Writer writer;
    writer_init_text(&writer, field->form, out);
    oplock_write_allowed(&writer, field->subject);
}

void record_write(RecordWriter *records, Writer *writer, const DbObject *object)
{
    OperationSubject *subject = &records->subject;
    GString *out = writer_begin_raw(writer);
    if (!out) {
        g_autoptr(Value) record = new_record(subject, object);
        writer_value(writer, record);
        return;
    }
    int other_field = allowed_field(object);
    if (other_field >= 0) {
        operation_subject_take(subject, object);
    }
    AllowedField allowed = {subject, writer->form};
    size_t length = writer->is_measuring ? db_record_length(object, writer->form) : 0;
    if (length == 0) {
        db_append_record(out, writer->form, subject->view, object, (uint16_t)other_field,
                         other_field < 0 ? NULL : append_allowed, &allowed);
    } else {
        writer->skipped += length;
        if (other_field >= 0) {
            append_allowed(out, &allowed);
        }
    }
    writer_end_raw(writer);
}

bool record_check_new(const DbSchema *schema, uint16_t class_id, const Value *record, Err **err)
{
    const DbClass *class_info = &schema->classes[class_id];
    for (uint16_t i = 0; i < class_info->field_count; i++) {
        const DbField *field = &class_info->fields[i];
        bool is_needed =
            (field->flags & DB_FIELD_CONSTRUCTOR) &&
            !(field->flags & (DB_FIELD_HAS_DEFAULT | DB_FIELD_INTERNAL | DB_FIELD_REMOVED));
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

static Value *allowed_of(OperationSubject *subject, const DbObject *object)
{
    Writer writer;
    writer_init_tree(&writer);
    operation_subject_take(subject, object);
    oplock_write_allowed(&writer, subject);
    return writer_end(&writer);
}

static Value *new_record(OperationSubject *subject, const DbObject *object)
{
    int other_field = allowed_field(object);
    return db_object_record(db_view_schema(subject->view), object, (uint16_t)other_field,
                            other_field < 0 ? NULL : allowed_of(subject, object));
}

static int allowed_field(const DbObject *object)
{
    return operation_classes[db_object_class(object)].allowed_field;
}
