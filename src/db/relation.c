/* Both sides of every relation: see relation.h.  A set costs its size to change.  The ends of
 * refs that lead nowhere are kept in ghosts (view.h), by the same code. */
#include "db/relation.h"

static void update_many(DbTxn *txn, const PlanField *field, Uuid holder, const Value *before,
                        const Value *after);
static void list(DbTxn *txn, const PlanField *field, Uuid target, Uuid holder);
static void unlist(DbTxn *txn, const PlanField *field, Uuid target, Uuid holder);
static bool lists(const Value *set, Uuid ref);
static void load_derived(DbView *view, uint16_t class_id, uint16_t field_id);
static void load_many(DbView *view, uint16_t class_id, uint16_t field_id);

void relation_update(DbTxn *txn, uint16_t class_id, Uuid ref, uint16_t field_id,
                     const Value *before, const Value *after)
{
    const PlanField *field = &txn->view.plan->fields[class_id][field_id];
    switch (field->link) {
    case PLAN_LINK_NONE:
    case PLAN_LINK_DERIVED:
        return;
    case PLAN_LINK_REF:
        unlist(txn, field, value_uuid(before), ref);
        list(txn, field, value_uuid(after), ref);
        return;
    case PLAN_LINK_MANY:
        update_many(txn, field, ref, before, after);
        return;
    }
}

void relation_detach(DbTxn *txn, const DbObject *object)
{
    for (uint16_t f = 0; f < object->field_count; f++) {
        const PlanField *field = &txn->view.plan->fields[object->class_id][f];
        g_autoptr(Value) cell = value_ref(object->cells[f]);
        if (field->link == PLAN_LINK_REF) {
            unlist(txn, field, value_uuid(cell), object->ref);
        } else if (field->link == PLAN_LINK_MANY) {
            for (unsigned i = 0; i < value_count(cell); i++) {
                unlist(txn, field, value_uuid(value_at(cell, i)), object->ref);
            }
        }
    }
}

void relation_bequeath(DbView *view, const DbObject *object)
{
    for (uint16_t f = 0; f < object->field_count; f++) {
        Value *set = object->cells[f];
        if (view->plan->fields[object->class_id][f].link == PLAN_LINK_DERIVED &&
            value_count(set) > 0) {
            DbObject *ghost = view_draft_or_ghost(view, object->class_id, object->ref);
            object_set(ghost, f, value_ref(set));
        }
    }
}

void relation_adopt(DbView *view, DbObject *object)
{
    const DbObject *ghost = pmap_get(&view->tables[object->class_id].ghosts, object->ref);
    for (uint16_t f = 0; ghost && f < object->field_count; f++) {
        PlanLinkKind link = view->plan->fields[object->class_id][f].link;
        if (link == PLAN_LINK_DERIVED || link == PLAN_LINK_MANY) {
            object_set(object, f, value_ref(ghost->cells[f]));
        }
    }
}

void relation_load(DbView *view)
{
    for (uint16_t c = 0; c < view->plan->schema->class_count; c++) {
        for (uint16_t f = 0; f < plan_class(view->plan, c)->field_count; f++) {
            if (view->plan->fields[c][f].link == PLAN_LINK_REF) {
                load_derived(view, c, f);
            } else if (view->plan->fields[c][f].link == PLAN_LINK_MANY) {
                load_many(view, c, f);
            }
        }
    }
}

static void update_many(DbTxn *txn, const PlanField *field, Uuid holder, const Value *before,
                        const Value *after)
{
    for (unsigned i = 0; i < value_count(before); i++) {
        Uuid target = value_uuid(value_at(before, i));
        if (!lists(after, target)) {
            unlist(txn, field, target, holder);
        }
    }
    for (unsigned i = 0; i < value_count(after); i++) {
        Uuid target = value_uuid(value_at(after, i));
        if (!lists(before, target)) {
            list(txn, field, target, holder);
        }
    }
}

/* Adds `holder` to the set of `target` on the other side of `field`. */
static void list(DbTxn *txn, const PlanField *field, Uuid target, Uuid holder)
{
    if (uuid_is_null(target)) {
        return;
    }
    DbObject *other = txn_draft_or_ghost(txn, field->link_class, target);
    const Value *set = other->cells[field->link_field];
    if (!lists(set, holder)) {
        object_set(other, field->link_field, value_array_with(set, value_new_ref(holder)));
    }
}

static void unlist(DbTxn *txn, const PlanField *field, Uuid target, Uuid holder)
{
    if (uuid_is_null(target)) {
        return;
    }
    DbObject *other = txn_draft_or_ghost(txn, field->link_class, target);
    g_autoptr(Value) item = value_new_ref(holder);
    object_set(other, field->link_field,
               value_array_without(other->cells[field->link_field], item));
    view_tidy_ghost(&txn->view, field->link_class, target);
}

static bool lists(const Value *set, Uuid ref)
{
    for (unsigned i = 0; i < value_count(set); i++) {
        if (uuid_equal(value_uuid(value_at(set, i)), ref)) {
            return true;
        }
    }
    return false;
}

typedef struct DerivedLoad {
    uint16_t field_id;
    GHashTable *sets; /* target Uuid -> Value array that is still growing */
} DerivedLoad;

static bool collect_holder(const DbObject *holder, void *user)
{
    DerivedLoad *load = user;
    Uuid target = value_uuid(holder->cells[load->field_id]);
    if (uuid_is_null(target)) {
        return true;
    }
    Value *set = g_hash_table_lookup(load->sets, &target);
    if (!set) {
        set = value_new_array(0);
        g_hash_table_insert(load->sets, g_memdup2(&target, sizeof target), set);
    }
    value_array_add(set, value_new_ref(holder->ref));
    return true;
}

/* Builds every set derived from one ref field in one pass over its class. */
static void load_derived(DbView *view, uint16_t class_id, uint16_t field_id)
{
    const PlanField *field = &view->plan->fields[class_id][field_id];
    g_autoptr(GHashTable) sets =
        g_hash_table_new_full(uuid_hash, uuid_equal_ptr, g_free, (GDestroyNotify)value_unref);
    db_each(view, class_id, collect_holder, &(DerivedLoad){field_id, sets});

    GHashTableIter iter;
    gpointer target;
    gpointer set;
    g_hash_table_iter_init(&iter, sets);
    while (g_hash_table_iter_next(&iter, &target, &set)) {
        DbObject *other = view_draft_or_ghost(view, field->link_class, *(const Uuid *)target);
        object_set(other, field->link_field, value_ref(set));
    }
}

typedef struct ManyLoad {
    DbView *view;
    const PlanField *field;
    uint16_t field_id;
} ManyLoad;

static bool complete_targets(const DbObject *holder, void *user)
{
    const ManyLoad *load = user;
    g_autoptr(Value) targets = value_ref(holder->cells[load->field_id]);
    for (unsigned i = 0; i < value_count(targets); i++) {
        Uuid target = value_uuid(value_at(targets, i));
        if (uuid_is_null(target)) {
            continue;
        }
        DbObject *other = view_draft_or_ghost(load->view, load->field->link_class, target);
        const Value *set = other->cells[load->field->link_field];
        if (!lists(set, holder->ref)) {
            object_set(other, load->field->link_field,
                       value_array_with(set, value_new_ref(holder->ref)));
        }
    }
    return true;
}

/* Both sides are stored, unless one cannot be; what one side says counts for the other. */
static void load_many(DbView *view, uint16_t class_id, uint16_t field_id)
{
    const PlanField *field = &view->plan->fields[class_id][field_id];
    db_each(view, class_id, complete_targets, &(ManyLoad){view, field, field_id});
}
