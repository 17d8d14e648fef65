/* What the store works out once from a schema: the values new objects start with, how each ref
 * field is tied to the sets of other objects, and which fields reach the disk. */
#pragma once

#include "db/schema.h"
#include "wire/form.h"

typedef enum PlanLinkKind {
    PLAN_LINK_NONE,
    PLAN_LINK_REF,     /* a ref that is listed in the derived set `field_id` of its target */
    PLAN_LINK_DERIVED, /* such a set; `field_id` is the ref field of `class_id` it comes from */
    PLAN_LINK_MANY,    /* a set whose targets list this object in their set `field_id` */
} PlanLinkKind;

typedef struct PlanField {
    Value *initial; /* of new objects; shared by all of them */
    Value *empty;   /* what a missing object reads as */
    bool is_stored;
    PlanLinkKind link;
    uint16_t link_class; /* the class on the other side */
    uint16_t link_field;
} PlanField;

typedef struct PlanSparse {
    uint16_t class_id, field_id;
} PlanSparse;

typedef struct DbPlan {
    const DbSchema *schema;
    PlanField **fields;                      /* by class, then by field */
    struct PlanText *texts[WIRE_FORM_COUNT]; /* each by class; db/plan_text.h */
    GArray *sparse;                          /* PlanSparse: every field with DB_FIELD_SPARSE */
} DbPlan;

/* Fails with INTERNAL_ERROR when a default or a relation of the schema makes no sense. (owned) */
DbPlan *plan_new(const DbSchema *schema, Err **err);
void plan_free(DbPlan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DbPlan, plan_free)

static inline const DbClass *plan_class(const DbPlan *plan, uint16_t class_id)
{
    return &plan->schema->classes[class_id];
}
