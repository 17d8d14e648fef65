/* Works a batch out from the objects' own generations: created after the token is "add", changed
 * after it is "mod", deleted after it "del" if the client can have known the object. */
#include "core/event_batch.h"

#include "base/text.h"
#include "core/record.h"

struct EventBatch {
    DbSnapshot *snapshot;
    const Subscription *subscription;
    uint64_t after;
    Value *added, *modified, *deleted; /* arrays of event structs */
};

static bool look_at(const DbObject *object, void *user);
static void collect_deletions(EventBatch *batch);
static Value *new_event(const EventBatch *batch, uint16_t class_id, Uuid ref, const char *operation,
                        uint64_t generation, const DbObject *object);
static Value *ref_counts(const DbView *view);

EventBatch *event_batch_new(DbSnapshot *snapshot, const Subscription *subscription,
                            uint64_t after_generation)
{
    EventBatch *batch = g_new0(EventBatch, 1);
    batch->snapshot = db_snapshot_ref(snapshot);
    batch->subscription = subscription;
    batch->after = after_generation;
    batch->added = value_new_array(0);
    batch->modified = value_new_array(0);
    batch->deleted = value_new_array(0);
    const DbView *view = db_snapshot_view(snapshot);
    if (after_generation >= db_view_generation(view)) {
        return batch;
    }
    for (uint16_t i = 0; i < db_view_schema(view)->class_count; i++) {
        if (subscription_wants_class(subscription, i)) {
            db_each(view, i, look_at, batch);
        }
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
    value_unref(batch->added);
    value_unref(batch->modified);
    value_unref(batch->deleted);
    g_free(batch);
}

unsigned event_batch_count(const EventBatch *batch)
{
    return value_count(batch->added) + value_count(batch->modified) + value_count(batch->deleted);
}

Value *event_batch_result(EventBatch *batch)
{
    const DbView *view = db_snapshot_view(batch->snapshot);
    const Value *groups[] = {batch->added, batch->modified, batch->deleted};
    Value *events = value_new_array(event_batch_count(batch));
    for (size_t i = 0; i < G_N_ELEMENTS(groups); i++) {
        for (unsigned j = 0; j < value_count(groups[i]); j++) {
            value_array_add(events, value_ref(value_at(groups[i], j)));
        }
    }
    g_autofree char *token = event_token_format(db_view_generation(view));
    Value *result = value_new_struct(3);
    value_struct_add_static(result, "events", events);
    value_struct_add_static(result, "valid_ref_counts", ref_counts(view));
    value_struct_add_static(result, "token", value_new_string(token));
    return result;
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

static bool look_at(const DbObject *object, void *user)
{
    EventBatch *batch = user;
    uint16_t class_id = db_object_class(object);
    Uuid ref = db_object_ref_id(object);
    if (db_object_modified(object) <= batch->after ||
        !subscription_wants(batch->subscription, class_id, ref)) {
        return true;
    }
    bool added = db_object_created(object) > batch->after;
    value_array_add(
        added ? batch->added : batch->modified,
        new_event(batch, class_id, ref, added ? "add" : "mod", db_object_modified(object), object));
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
            value_array_add(batch->deleted, new_event(batch, deletion->class_id, deletion->ref,
                                                      "del", deletion->deleted, NULL));
        }
    }
}

static Value *new_event(const EventBatch *batch, uint16_t class_id, Uuid ref, const char *operation,
                        uint64_t generation, const DbObject *object)
{
    const DbView *view = db_snapshot_view(batch->snapshot);
    g_autofree char *id = g_strdup_printf("%" G_GUINT64_FORMAT, generation);
    Value *event = value_new_struct(6);
    value_struct_add_static(event, "id", value_new_string(id));
    value_struct_add_static(event, "timestamp", value_new_string("0.0"));
    value_struct_add_static(event, "class",
                            value_new_string(db_view_schema(view)->classes[class_id].event_name));
    value_struct_add_static(event, "operation", value_new_string(operation));
    value_struct_add_static(event, "ref", value_new_ref(ref));
    if (object) {
        value_struct_add_static(event, "snapshot", record_of(view, object));
    }
    return event;
}

static Value *ref_counts(const DbView *view)
{
    const DbSchema *schema = db_view_schema(view);
    Value *counts = value_new_struct(schema->class_count);
    for (uint16_t i = 0; i < schema->class_count; i++) {
        value_struct_add_static(counts, schema->classes[i].event_name,
                                value_new_typed_int(db_count(view, i)));
    }
    return counts;
}
