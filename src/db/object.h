/* One version of one object: its identity, its generations and a cell for each field.
 *
 * A version that was published never changes.  Versions share their values: a new one costs a
 * pointer a field, and fields at their default point to the one value in the plan. */
#pragma once

#include "db/plan.h"
#include "db/store.h"

struct DbObject {
    gint refs; /* atomic */
    uint16_t class_id;
    uint16_t field_count;
    Uuid ref;
    uint64_t created;                   /* generation */
    uint64_t modified;                  /* generation */
    gint text_lengths[WIRE_FORM_COUNT]; /* db_record_length(); atomic */
    Value *cells[];                     /* never NULL */
};

/* What names an object in the tables of transactions and of the commit queue. */
typedef struct ObjectKey {
    Uuid ref;
    uint16_t class_id;
} ObjectKey;

guint object_key_hash(gconstpointer key);
gboolean object_key_equal(gconstpointer a, gconstpointer b);

/* All cells at their defaults, made and modified at `generation`. (owned) */
DbObject *object_new(const DbPlan *plan, uint16_t class_id, Uuid ref, uint64_t generation);
/* The same cells, modified at `generation`. (owned) */
DbObject *object_copy(const DbObject *object, uint64_t generation);
DbObject *object_ref(DbObject *object);
void object_unref(DbObject *object); /* NULL-safe */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DbObject, object_unref)

/* Only while the version is private to one thread. Takes `value` over. */
void object_set(DbObject *object, uint16_t field_id, Value *value);

/* The object's uuid out of its cell; false when the class has none or it is not one. */
bool object_uuid(const DbPlan *plan, const DbObject *object, Uuid *ret_uuid);
