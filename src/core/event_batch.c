/* Works a batch out from the objects' own generations: created after the token is "add", changed
 * after it is "mod", deleted after it "del" if the client can have known the object. */
#include "core/event_batch.h"

#include "base/text.h"
#include "core/event_write.h"

struct EventBatch {
    DbSnapshot *snapshot;
    const Subscription *subscription;
    uint64_t after;
    GPtrArray *added, *modified; /* const DbObject *, the snapshot's */
    GArray *deleted;             /* DbDeletion */
    RecordWriter records;
};

static bool collect_touched(EventBatch *batch);
static void collect_all(EventBatch *batch);
static bool look_at(const DbObject *object, void *user);
static void collect_deletions(EventBatch *batch);
static void open_result(void *user, Writer *writer);
static void write_item(void *user, unsigned index, Writer *writer);
static void close_result(void *user, Writer *writer);
static void free_result(void *user);
static EventFacts object_event(const DbObject *object, DbChangeKind kind);
static void write_ref_counts(const DbView *view, Writer *writer);

EventBatch *event_batch_new(DbSnapshot *snapshot, const Subscription *subscription,
                            uint64_t after_generation)
{
    EventBatch *batch = g_new0(EventBatch, 1);
    batch->snapshot = db_snapshot_ref(snapshot);
    batch->subscription = subscription;
    batch->after = after_generation;
    batch->added = g_ptr_array_new();
    batch->modified = g_ptr_array_new();
    batch->deleted = g_array_new(FALSE, FALSE, sizeof(DbDeletion));
    const DbView *view = db_snapshot_view(snapshot);
    record_writer_init(&batch->records, view);
    if (after_generation >= db_view_generation(view)) {
        return batch;
    }
    if (!collect_touched(batch)) {
        collect_all(batch);
    }
    if (after_generation > 0) {
        collect_deletions(batch);
    }
    return batch;
}

void event_batch_free(EventBatch *batch)
{
    if (!batch) {
        return;
    }
    db_snapshot_unref(batch->snapshot);
    g_ptr_array_unref(batch->added);
    g_ptr_array_unref(batch->modified);
    g_array_unref(batch->deleted);
    g_free(batch);
}

unsigned event_batch_count(const EventBatch *batch)
{
    return batch->added->len + batch->modified->len + batch->deleted->len;
}

LongResult *event_batch_result(EventBatch *batch)
{
    static const LongResultKind kind = {open_result, write_item, close_result, free_result};
    return long_result_new(&kind, batch, event_batch_count(batch));
}

bool event_token_parse(const char *token, uint64_t *ret_generation)
{
    uint64_t messages;
    if (!*token) {
        *ret_generation = 0;
        return true;
    }
    g_auto(GStrv) parts = g_strsplit(token, ",", 3);
    return g_strv_length(parts) == 2 && text_parse_uint(parts[0], UINT64_MAX, ret_generation) &&
           text_parse_uint(parts[1], UINT64_MAX, &messages);
}

char *event_token_format(uint64_t generation)
{
    return g_strdup_printf("%020" G_GUINT64_FORMAT ",%020" G_GUINT64_FORMAT, generation,
                           generation);
}

/* Those that changed lately. False when more has changed than is remembered. */
static bool collect_touched(EventBatch *batch)
{
    const DbView *view = db_snapshot_view(batch->snapshot);
    bool is_complete;
    g_autoptr(GArray) touches = db_touches_since(batch->snapshot, batch->after, &is_complete);
    for (guint i = 0; is_complete && i < touches->len; i++) {
        const DbTouch *touch = &g_array_index(touches, DbTouch, i);
        const DbObject *object =
            subscription_wants(batch->subscription, touch->class_id, touch->ref)
                ? db_find(view, touch->class_id, touch->ref)
                : NULL;
        if (object && db_object_modified(object) == touch->generation) {
            look_at(object, batch);
        }
    }
    return is_complete;
}

static void collect_all(EventBatch *batch)
{
    const DbView *view = db_snapshot_view(batch->snapshot);
    for (uint16_t i = 0; i < db_view_schema(view)->class_count; i++) {
        if (subscription_wants_class(batch->subscription, i)) {
            db_each(view, i, look_at, batch);
        }
    }
}

static bool look_at(const DbObject *object, void *user)
{
    EventBatch *batch = user;
    if (db_object_modified(object) <= batch->after ||
        !subscription_wants(batch->subscription, db_object_class(object),
                            db_object_ref_id(object))) {
        return true;
    }
    bool is_new = db_object_created(object) > batch->after;
    g_ptr_array_add(is_new ? batch->added : batch->modified, (gpointer)object);
    return true;
}

/* When older deletions were forgotten already, clients notice by valid_ref_counts. */
static void collect_deletions(EventBatch *batch)
{
    bool complete;
    g_autoptr(GArray) deletions = db_deletions_since(batch->snapshot, batch->after, &complete);
    for (guint i = 0; i < deletions->len; i++) {
        const DbDeletion *deletion = &g_array_index(deletions, DbDeletion, i);
        if (deletion->created <= batch->after &&
            subscription_wants(batch->subscription, deletion->class_id, deletion->ref)) {
            g_array_append_val(batch->deleted, *deletion);
        }
    }
}

static void open_result(void *user, Writer *writer)
{
    (void)user;
    writer_open_struct(writer);
    writer_name(writer, "events");
    writer_open_array(writer);
}

/* Additions first, deletions last. */
static void write_item(void *user, unsigned index, Writer *writer)
{
    EventBatch *batch = user;
    guint added = batch->added->len;
    guint kept = added + batch->modified->len;
    EventFacts event;
    uint64_t generation;
    if (index < kept) {
        const DbObject *object =
            index < added ? batch->added->pdata[index] : batch->modified->pdata[index - added];
        event = object_event(object, index < added ? DB_ADDED : DB_MODIFIED);
        generation = db_object_modified(object);
    } else {
        const DbDeletion *deletion = &g_array_index(batch->deleted, DbDeletion, index - kept);
        event =
            (EventFacts){.kind = DB_DELETED, .class_id = deletion->class_id, .ref = deletion->ref};
        generation = deletion->deleted;
    }
    char id[TEXT_INT_SIZE];
    event.id = text_format_int((int64_t)generation, id);
    event.timestamp = "0.0";
    event_write(&batch->records, writer, &event);
}

static void close_result(void *user, Writer *writer)
{
    const EventBatch *batch = user;
    const DbView *view = db_snapshot_view(batch->snapshot);
    g_autofree char *token = event_token_format(db_view_generation(view));
    writer_close(writer);
    writer_name(writer, "valid_ref_counts");
    write_ref_counts(view, writer);
    writer_name(writer, "token");
    writer_text(writer, token);
    writer_close(writer);
}

static void free_result(void *user)
{
    event_batch_free(user);
}

static EventFacts object_event(const DbObject *object, DbChangeKind kind)
{
    return (EventFacts){.kind = kind,
                        .class_id = db_object_class(object),
                        .ref = db_object_ref_id(object),
                        .object = object};
}

static void write_ref_counts(const DbView *view, Writer *writer)
{
    const DbSchema *schema = db_view_schema(view);
    writer_open_struct(writer);
    for (uint16_t i = 0; i < schema->class_count; i++) {
        g_autoptr(Value) count = value_new_typed_int(db_count(view, i));
        writer_name(writer, schema->classes[i].event_name);
        writer_value(writer, count);
    }
    writer_close(writer);
}
