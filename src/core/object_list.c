/* A list of the objects, which the snapshot keeps as they are. */
#include "core/object_list.h"

#include "core/record.h"

typedef struct ObjectList {
    DbSnapshot *snapshot;
    GPtrArray *objects; /* const DbObject *, the snapshot's */
    RecordWriter records;
} ObjectList;

typedef struct Collector {
    const DbSchema *schema;
    const Filter *filter;
    GPtrArray *objects;
} Collector;

static bool collect(const DbObject *object, void *user);
static void open_refs(void *user, Writer *writer);
static void open_records(void *user, Writer *writer);
static void write_ref(void *user, unsigned index, Writer *writer);
static void write_record(void *user, unsigned index, Writer *writer);
static void close_list(void *user, Writer *writer);
static void list_free(void *user);

LongResult *object_list_new(DbSnapshot *snapshot, uint16_t class_id, const Filter *filter,
                            bool records)
{
    static const LongResultKind ref_kind = {open_refs, write_ref, close_list, list_free};
    static const LongResultKind record_kind = {open_records, write_record, close_list, list_free};
    const DbView *view = db_snapshot_view(snapshot);
    ObjectList *list = g_new0(ObjectList, 1);
    list->snapshot = db_snapshot_ref(snapshot);
    list->objects = g_ptr_array_sized_new(filter ? 0 : db_count(view, class_id));
    record_writer_init(&list->records, view);
    db_each(view, class_id, collect, &(Collector){db_view_schema(view), filter, list->objects});
    return long_result_new(records ? &record_kind : &ref_kind, list, list->objects->len);
}

static bool collect(const DbObject *object, void *user)
{
    const Collector *collector = user;
    if (!collector->filter || filter_matches(collector->filter, collector->schema, object)) {
        g_ptr_array_add(collector->objects, (gpointer)object);
    }
    return true;
}

static void open_refs(void *user, Writer *writer)
{
    (void)user;
    writer_open_array(writer);
}

static void open_records(void *user, Writer *writer)
{
    (void)user;
    writer_open_struct(writer);
}

static void write_ref(void *user, unsigned index, Writer *writer)
{
    const ObjectList *list = user;
    writer_ref(writer, db_object_ref_id(list->objects->pdata[index]));
}

static void write_record(void *user, unsigned index, Writer *writer)
{
    ObjectList *list = user;
    const DbObject *object = list->objects->pdata[index];
    writer_name(writer, REF_TEXT(db_object_ref_id(object)));
    record_write(&list->records, writer, object);
}

static void close_list(void *user, Writer *writer)
{
    (void)user;
    writer_close(writer);
}

static void list_free(void *user)
{
    ObjectList *list = user;
    g_ptr_array_unref(list->objects);
    db_snapshot_unref(list->snapshot);
    g_free(list);
}
