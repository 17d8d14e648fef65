/* Reading a schema before the store opens: defaults parsed once, relations checked and made
 * known to both of their sides. */
#include "db/plan.h"

#include "db/plan_text.h"
#include "wire/json.h"

static void plan_texts(DbPlan *plan, uint16_t class_id);
static bool plan_values(DbPlan *plan, uint16_t class_id, uint16_t field_id, Err **err);
static bool plan_link(DbPlan *plan, uint16_t class_id, uint16_t field_id, Err **err);
static bool plan_link_derived(DbPlan *plan, uint16_t class_id, uint16_t field_id, Err **err);
static bool plan_link_many(DbPlan *plan, uint16_t class_id, uint16_t field_id, Err **err);
static void plan_stored(DbPlan *plan, uint16_t class_id, uint16_t field_id);
static void plan_sparse(DbPlan *plan, uint16_t class_id, uint16_t field_id);
static bool is_ref_set(const TypeInfo *type);
static bool bad_relation(const DbClass *class_info, const DbField *field, const char *why,
                         Err **err);

DbPlan *plan_new(const DbSchema *schema, Err **err)
{
    g_autoptr(DbPlan) plan = g_new0(DbPlan, 1);
    plan->schema = schema;
    plan->fields = g_new0(PlanField *, schema->class_count);
    plan->sparse = g_array_new(FALSE, FALSE, sizeof(PlanSparse));
    for (unsigned i = 0; i < WIRE_FORM_COUNT; i++) {
        plan->texts[i] = g_new0(PlanText, schema->class_count);
    }
    for (uint16_t c = 0; c < schema->class_count; c++) {
        plan->fields[c] = g_new0(PlanField, schema->classes[c].field_count);
    }
    for (uint16_t c = 0; c < schema->class_count; c++) {
        for (uint16_t f = 0; f < schema->classes[c].field_count; f++) {
            if (!plan_values(plan, c, f, err) || !plan_link(plan, c, f, err)) {
                return NULL;
            }
            plan_stored(plan, c, f);
            plan_sparse(plan, c, f);
        }
        plan_texts(plan, c);
    }
    return g_steal_pointer(&plan);
}

void plan_free(DbPlan *plan)
{
    if (!plan) {
        return;
    }
    for (uint16_t c = 0; c < plan->schema->class_count; c++) {
        for (uint16_t f = 0; f < plan->schema->classes[c].field_count; f++) {
            value_unref(plan->fields[c][f].initial);
            value_unref(plan->fields[c][f].empty);
        }
        g_free(plan->fields[c]);
        for (unsigned i = 0; i < WIRE_FORM_COUNT; i++) {
            plan_text_clear(&plan->texts[i][c]);
        }
    }
    for (unsigned i = 0; i < WIRE_FORM_COUNT; i++) {
        g_free(plan->texts[i]);
    }
    g_free(plan->fields);
    g_array_unref(plan->sparse);
    g_free(plan);
}

static void plan_texts(DbPlan *plan, uint16_t class_id)
{
    for (unsigned i = 0; i < WIRE_FORM_COUNT; i++) {
        plan_text_init(&plan->texts[i][class_id], plan_class(plan, class_id),
                       plan->fields[class_id], &wire_forms[i]);
    }
}

static bool plan_values(DbPlan *plan, uint16_t class_id, uint16_t field_id, Err **err)
{
    const DbClass *class_info = plan_class(plan, class_id);
    const DbField *field = &class_info->fields[field_id];
    PlanField *planned = &plan->fields[class_id][field_id];
    planned->empty = type_empty_value(field->type);
    if (!field->default_json) {
        planned->initial = value_ref(planned->empty);
        return true;
    }
    g_autofree char *what = g_strdup_printf("the default of %s.%s", class_info->name, field->name);
    g_autoptr(Value) parsed = json_parse(field->default_json, strlen(field->default_json), NULL);
    if (!parsed) {
        return err_internal(err, "%s is not JSON: %s", what, field->default_json);
    }
    planned->initial = type_coerce(plan->schema, field->type, parsed, what, err);
    return planned->initial != NULL;
}

static bool plan_link(DbPlan *plan, uint16_t class_id, uint16_t field_id, Err **err)
{
    const DbSchema *schema = plan->schema;
    const DbClass *class_info = plan_class(plan, class_id);
    const DbField *field = &class_info->fields[field_id];
    if (!is_ref_set(field->type) || field->relation_class == DB_NO_RELATION) {
        return true;
    }
    if (field->relation_class >= schema->class_count ||
        field->relation_field >= schema->classes[field->relation_class].field_count) {
        return bad_relation(class_info, field, "the other side does not exist", err);
    }
    if (field->type->item->class_id != field->relation_class) {
        return bad_relation(class_info, field, "it holds refs to another class", err);
    }
    const DbField *other = &schema->classes[field->relation_class].fields[field->relation_field];
    const TypeInfo *back = other->type->kind == TYPE_SET ? other->type->item : other->type;
    if (back->kind != TYPE_REF || back->class_id != class_id) {
        return bad_relation(class_info, field, "the other side does not refer to this class", err);
    }
    return other->type->kind == TYPE_REF ? plan_link_derived(plan, class_id, field_id, err)
                                         : plan_link_many(plan, class_id, field_id, err);
}

static bool plan_link_derived(DbPlan *plan, uint16_t class_id, uint16_t field_id, Err **err)
{
    const DbClass *class_info = plan_class(plan, class_id);
    const DbField *field = &class_info->fields[field_id];
    PlanField *set = &plan->fields[class_id][field_id];
    PlanField *ref = &plan->fields[field->relation_class][field->relation_field];
    if (ref->link != PLAN_LINK_NONE) {
        return bad_relation(class_info, field, "another set is derived from the same field", err);
    }
    set->link = PLAN_LINK_DERIVED;
    set->link_class = field->relation_class;
    set->link_field = field->relation_field;
    ref->link = PLAN_LINK_REF;
    ref->link_class = class_id;
    ref->link_field = field_id;
    return true;
}

static bool plan_link_many(DbPlan *plan, uint16_t class_id, uint16_t field_id, Err **err)
{
    const DbClass *class_info = plan_class(plan, class_id);
    const DbField *field = &class_info->fields[field_id];
    const DbField *other = &plan_class(plan, field->relation_class)->fields[field->relation_field];
    if (other->relation_class != class_id || other->relation_field != field_id) {
        return bad_relation(class_info, field, "the other side names another field", err);
    }
    if (other == field) {
        return bad_relation(class_info, field, "a set cannot be the other side of itself", err);
    }
    PlanField *set = &plan->fields[class_id][field_id];
    set->link = PLAN_LINK_MANY;
    set->link_class = field->relation_class;
    set->link_field = field->relation_field;
    return true;
}

static void plan_stored(DbPlan *plan, uint16_t class_id, uint16_t field_id)
{
    const DbClass *class_info = plan_class(plan, class_id);
    PlanField *planned = &plan->fields[class_id][field_id];
    planned->is_stored =
        class_info->flags & DB_CLASS_PERSISTENT && planned->link != PLAN_LINK_DERIVED &&
        !(class_info->fields[field_id].flags & (DB_FIELD_VOLATILE | DB_FIELD_REMOVED));
}

static void plan_sparse(DbPlan *plan, uint16_t class_id, uint16_t field_id)
{
    if (plan_class(plan, class_id)->fields[field_id].flags & DB_FIELD_SPARSE) {
        PlanSparse sparse = {class_id, field_id};
        g_array_append_val(plan->sparse, sparse);
    }
}

static bool is_ref_set(const TypeInfo *type)
{
    return type->kind == TYPE_SET && type->item->kind == TYPE_REF;
}

static bool bad_relation(const DbClass *class_info, const DbField *field, const char *why,
                         Err **err)
{
    return err_internal(err, "the schema's relation of %s.%s: %s", class_info->name, field->name,
                        why);
}
