/* Snapshots and the tables of a view: finding, listing, and replacing versions.  The meaning of
 * a change (relations, events) is not known here; see txn.c. */
#include "db/view.h"

#include "db/plan_text.h"

static void *ref_object(void *object);
static void unref_object(void *object);
static void put_version(DbView *view, DbObject *object);
static void unindex(DbView *view, const DbObject *object);
static void update_sparse(DbView *view, DbObject *object);
static void remove_sparse(DbView *view, const DbObject *object);
static const Pmap *sparse_map(const DbView *view, uint16_t class_id, uint16_t field_id);
/* Makes what is known of the sparse fields of `object`'s class what it is in that version. */
static void update_sparse(DbView *view, DbObject *object)
{
    for (unsigned i = 0; i < view->plan->sparse->len; i++) {
        const PlanSparse *sparse = &g_array_index(view->plan->sparse, PlanSparse, i);
        if (sparse->class_id != object->class_id) {
            continue;
        }
        const PlanField *field = &view->plan->fields[sparse->class_id][sparse->field_id];
        if (value_equal(object->cells[sparse->field_id], field->initial)) {
            pmap_remove(&view->sparse[i], object->ref);
        } else {
            pmap_set(&view->sparse[i], object->ref, object);
        }
    }
}

static void remove_sparse(DbView *view, const DbObject *object)
{
    for (unsigned i = 0; i < view->plan->sparse->len; i++) {
        if (g_array_index(view->plan->sparse, PlanSparse, i).class_id == object->class_id) {
            pmap_remove(&view->sparse[i], object->ref);
        }
    }
}

static const Pmap *sparse_map(const DbView *view, uint16_t class_id, uint16_t field_id)
{
    for (unsigned i = 0; i < view->plan->sparse->len; i++) {
        const PlanSparse *sparse = &g_array_index(view->plan->sparse, PlanSparse, i);
        if (sparse->class_id == class_id && sparse->field_id == field_id) {
            return &view->sparse[i];
        }
    }
    g_assert_not_reached();
}

static bool has_empty_relations(const DbPlan *plan, const DbObject *object);
static bool append_ref(const DbObject *object, void *user);

static const PmapOps object_ops = {.ref = ref_object, .unref = unref_object};

DbSnapshot *view_snapshot_take(DbView *view, const DbHistories *histories)
{
    DbSnapshot *snapshot = g_new0(DbSnapshot, 1);
    snapshot->refs = 1;
    snapshot->view = *view;
    snapshot->histories = histories;
    view->tables = NULL;
    view->sparse = NULL;
    return snapshot;
}

DbSnapshot *db_snapshot_ref(DbSnapshot *snapshot)
{
    g_atomic_int_inc(&snapshot->refs);
    return snapshot;
}

void db_snapshot_unref(DbSnapshot *snapshot)
{
    if (snapshot && g_atomic_int_dec_and_test(&snapshot->refs)) {
        view_clear(&snapshot->view);
        g_free(snapshot);
    }
}

const DbView *db_snapshot_view(const DbSnapshot *snapshot)
{
    return &snapshot->view;
}

GArray *db_deletions_since(const DbSnapshot *snapshot, uint64_t generation, bool *ret_complete)
{
    return history_range(snapshot->histories->deletions, generation, snapshot->view.generation,
                         ret_complete);
}

GArray *db_touches_since(const DbSnapshot *snapshot, uint64_t generation, bool *ret_complete)
{
    return history_range(snapshot->histories->touches, generation, snapshot->view.generation,
                         ret_complete);
}

void view_init(DbView *view, const DbPlan *plan, uint64_t generation)
{
    unsigned count = plan->schema->class_count;
    view->plan = plan;
    view->generation = generation;
    view->tables = g_new0(ViewTable, count);
    for (unsigned c = 0; c < count; c++) {
        view->tables[c].objects = pmap_new(&object_ops);
        view->tables[c].by_uuid = pmap_new(&object_ops);
        view->tables[c].ghosts = pmap_new(&object_ops);
    }
    view->sparse = g_new0(Pmap, plan->sparse->len);
    for (unsigned i = 0; i < plan->sparse->len; i++) {
        view->sparse[i] = pmap_new(&object_ops);
    }
}

void view_init_copy(DbView *view, const DbView *from, uint64_t generation)
{
    unsigned count = from->plan->schema->class_count;
    view->plan = from->plan;
    view->generation = generation;
    view->tables = g_new0(ViewTable, count);
    for (unsigned c = 0; c < count; c++) {
        view->tables[c].objects = pmap_copy(&from->tables[c].objects);
        view->tables[c].by_uuid = pmap_copy(&from->tables[c].by_uuid);
        view->tables[c].ghosts = pmap_copy(&from->tables[c].ghosts);
    }
    view->sparse = g_new0(Pmap, view->plan->sparse->len);
    for (unsigned i = 0; i < view->plan->sparse->len; i++) {
        view->sparse[i] = pmap_copy(&from->sparse[i]);
    }
}

void view_clear(DbView *view)
{
    if (!view->tables) {
        return;
    }
    for (unsigned c = 0; c < view->plan->schema->class_count; c++) {
        pmap_clear(&view->tables[c].objects);
        pmap_clear(&view->tables[c].by_uuid);
        pmap_clear(&view->tables[c].ghosts);
    }
    for (unsigned i = 0; i < view->plan->sparse->len; i++) {
        pmap_clear(&view->sparse[i]);
    }
    g_clear_pointer(&view->tables, g_free);
    g_clear_pointer(&view->sparse, g_free);
}

DbObject *view_draft(DbView *view, uint16_t class_id, Uuid ref)
{
    DbObject *object = pmap_get(&view->tables[class_id].objects, ref);
    if (!object || object->modified == view->generation) {
        return object;
    }
    DbObject *draft = object_copy(object, view->generation);
    put_version(view, draft);
    return draft;
}

DbObject *view_draft_or_ghost(DbView *view, uint16_t class_id, Uuid ref)
{
    DbObject *draft = view_draft(view, class_id, ref);
    if (draft) {
        return draft;
    }
    Pmap *ghosts = &view->tables[class_id].ghosts;
    DbObject *ghost = pmap_get(ghosts, ref);
    if (ghost && ghost->modified == view->generation) {
        return ghost;
    }
    g_autoptr(DbObject) fresh = ghost ? object_copy(ghost, view->generation)
                                      : object_new(view->plan, class_id, ref, view->generation);
    pmap_set(ghosts, ref, fresh);
    return fresh;
}

void view_tidy_ghost(DbView *view, uint16_t class_id, Uuid ref)
{
    Pmap *ghosts = &view->tables[class_id].ghosts;
    const DbObject *ghost = pmap_get(ghosts, ref);
    if (ghost && has_empty_relations(view->plan, ghost)) {
        pmap_remove(ghosts, ref);
    }
}

void view_put(DbView *view, DbObject *object)
{
    const DbObject *before = pmap_get(&view->tables[object->class_id].objects, object->ref);
    if (before) {
        unindex(view, before);
    }
    pmap_remove(&view->tables[object->class_id].ghosts, object->ref);
    put_version(view, object);
}

void view_remove(DbView *view, uint16_t class_id, Uuid ref)
{
    const DbObject *object = pmap_get(&view->tables[class_id].objects, ref);
    if (object) {
        unindex(view, object);
        remove_sparse(view, object);
        pmap_remove(&view->tables[class_id].objects, ref);
    }
}

void view_set(DbView *view, DbObject *draft, uint16_t field_id, Value *value)
{
    bool is_uuid = field_id == plan_class(view->plan, draft->class_id)->uuid_field;
    Uuid uuid;
    if (is_uuid) {
        unindex(view, draft);
    }
    object_set(draft, field_id, value);
    if (is_uuid && object_uuid(view->plan, draft, &uuid)) {
        pmap_set(&view->tables[draft->class_id].by_uuid, uuid, draft);
    }
    if (plan_class(view->plan, draft->class_id)->fields[field_id].flags & DB_FIELD_SPARSE) {
        update_sparse(view, draft);
    }
}

const DbSchema *db_view_schema(const DbView *view)
{
    return view->plan->schema;
}

uint64_t db_view_generation(const DbView *view)
{
    return view->generation;
}

const DbObject *db_find(const DbView *view, uint16_t class_id, Uuid ref)
{
    return pmap_get(&view->tables[class_id].objects, ref);
}

const DbObject *db_find_by_uuid(const DbView *view, uint16_t class_id, Uuid uuid)
{
    return pmap_get(&view->tables[class_id].by_uuid, uuid);
}

const DbObject *db_find_sparse(const DbView *view, uint16_t class_id, Uuid ref, uint16_t field_id)
{
    return pmap_get(sparse_map(view, class_id, field_id), ref);
}

unsigned db_count(const DbView *view, uint16_t class_id)
{
    return view->tables[class_id].objects.count;
}

unsigned db_count_sparse(const DbView *view, uint16_t class_id, uint16_t field_id)
{
    return sparse_map(view, class_id, field_id)->count;
}

typedef struct EachObject {
    bool (*each)(const DbObject *object, void *user);
    void *user;
} EachObject;

static bool each_object(void *object, void *user)
{
    const EachObject *call = user;
    return call->each(object, call->user);
}

void db_each(const DbView *view, uint16_t class_id,
             bool (*each)(const DbObject *object, void *user), void *user)
{
    /* A handle of our own: `each` may write to the transaction it walks through. */
    Pmap objects = pmap_copy(&view->tables[class_id].objects);
    pmap_each(&objects, each_object, &(EachObject){each, user});
    pmap_clear(&objects);
}

GArray *db_refs(const DbView *view, uint16_t class_id)
{
    GArray *refs = g_array_sized_new(FALSE, FALSE, sizeof(Uuid), db_count(view, class_id));
    db_each(view, class_id, append_ref, refs);
    return refs;
}

Value *db_get(const DbView *view, uint16_t class_id, Uuid ref, uint16_t field_id)
{
    const DbObject *object = db_find(view, class_id, ref);
    return object ? db_object_get(object, field_id) : view->plan->fields[class_id][field_id].empty;
}

void db_append_record(GString *out, const WireForm *form, const DbView *view,
                      const DbObject *object, uint16_t other_field, DbFieldWriter write, void *user)
{
    plan_text_append(&view->plan->texts[form->id][object->class_id], (DbObject *)object,
                     other_field, write, user, out);
}

static void *ref_object(void *object)
{
    return object_ref(object);
}

static void unref_object(void *object)
{
    object_unref(object);
}

/* Stores a version of an object under its ref and its uuid. Takes `object` over. */
static void put_version(DbView *view, DbObject *object)
{
    ViewTable *table = &view->tables[object->class_id];
    Uuid uuid;
    pmap_set(&table->objects, object->ref, object);
    if (object_uuid(view->plan, object, &uuid)) {
        pmap_set(&table->by_uuid, uuid, object);
    }
    update_sparse(view, object);
    object_unref(object);
}

/* Another object may have taken the same uuid since; its entry stays. */
static void unindex(DbView *view, const DbObject *object)
{
    Pmap *by_uuid = &view->tables[object->class_id].by_uuid;
    Uuid uuid;
    if (object_uuid(view->plan, object, &uuid)) {
        const DbObject *indexed = pmap_get(by_uuid, uuid);
        if (indexed && uuid_equal(indexed->ref, object->ref)) {
            pmap_remove(by_uuid, uuid);
        }
    }
}

static bool has_empty_relations(const DbPlan *plan, const DbObject *object)
{
    for (uint16_t f = 0; f < object->field_count; f++) {
        PlanLinkKind link = plan->fields[object->class_id][f].link;
        bool is_set = link == PLAN_LINK_DERIVED || link == PLAN_LINK_MANY;
        if (is_set && value_count(object->cells[f]) > 0) {
            return false;
        }
    }
    return true;
}

static bool append_ref(const DbObject *object, void *user)
{
    g_array_append_val((GArray *)user, object->ref);
    return true;
}
