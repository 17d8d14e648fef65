/* The record of a class in one encoding, with every field at its default and cut by fields: most
 * fields of most objects are so, and a record is this text but for the few that are not. */
#pragma once

#include "db/object.h"
#include "wire/form.h"

typedef struct PlanPiece {
    const Value *initial; /* what the text has; the plan's (borrowed) */
    uint32_t start;       /* in the text; where the next one does when the field is not shown */
    uint32_t value, value_end;
} PlanPiece;

typedef struct PlanText {
    const WireForm *form;
    char *text;        /* (owned) */
    PlanPiece *pieces; /* one a field, and one for where the last ends (owned) */
} PlanText;

void plan_text_init(PlanText *text, const DbClass *class_info, const PlanField *fields,
                    const WireForm *form);
void plan_text_clear(PlanText *text);

/* The record of `object`; `write` (may be NULL) appends the value of `other_field`. */
void plan_text_append(const PlanText *text, DbObject *object, uint16_t other_field,
                      DbFieldWriter write, void *user, GString *out);
