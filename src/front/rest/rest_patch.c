/* A merge patch becomes a chain of the calls that other clients make: set_ for fields, remove_from_
 * and add_to_ for keys of maps.  All of it is checked before the first call. */
#include "front/rest/rest_handlers.h"

typedef struct Step {
    char *method;
    Value *params;     /* without the session */
    const char *field; /* what it belongs to; told once its last step is done */
    bool is_last;
} Step;

/* A patch under way. */
typedef struct Patch {
    GArray *steps; /* Step */
    guint next;
    Value *applied; /* names of fields */
} Patch;

static bool plan(RestRequest *request, Patch *patch, Err **err);
static bool plan_field(RestRequest *request, const DbView *view, const char *name, Value *value,
                       Patch *patch, Err **err);
static bool plan_map(RestRequest *request, const DbView *view, const DbField *field,
                     const Value *changes, Patch *patch, Err **err);
static bool plan_key(RestRequest *request, const DbView *view, const DbField *field,
                     const char *key, Value *change, const Value *old, Patch *patch, Err **err);
static const MethodInfo *find_writer(const RestRequest *request, const char *start,
                                     const DbField *field, unsigned params);
static void add_step(RestRequest *request, Patch *patch, const MethodInfo *method,
                     const DbField *field, Value *first, Value *second);
static void take_step(RestRequest *request);
static void after_step(void *user, const Value *result, const Err *error);
static void patch_free(void *patch);

void rest_patch(RestRequest *request)
{
    g_autoptr(Err) error = NULL;
    Patch *patch = g_new0(Patch, 1);
    patch->steps = g_array_new(false, false, sizeof(Step));
    patch->applied = value_new_array(0);
    request->work = patch;
    request->free_work = patch_free;
    if (!rest_check_version(request, &error) || !plan(request, patch, &error)) {
        rest_reply_error(request, error);
        return;
    }
    http_park(request->exchange, NULL, NULL);
    take_step(request);
}

static bool plan(RestRequest *request, Patch *patch, Err **err)
{
    g_autoptr(DbSnapshot) snapshot = db_snapshot(core_db(request->core));
    const DbView *view = db_snapshot_view(snapshot);
    for (unsigned i = 0; i < value_count(request->body); i++) {
        if (!plan_field(request, view, value_name_at(request->body, i), value_at(request->body, i),
                        patch, err)) {
            return false;
        }
        if (patch->steps->len > 0) {
            g_array_index(patch->steps, Step, patch->steps->len - 1).is_last = true;
        }
    }
    return patch->steps->len <= REST_MAX_STEPS ||
           rest_fail(err, 400, "the patch needs more than %d calls", REST_MAX_STEPS);
}

static bool plan_field(RestRequest *request, const DbView *view, const char *name, Value *value,
                       Patch *patch, Err **err)
{
    const DbClass *class_info = &db_view_schema(view)->classes[request->path.class_id];
    int index = db_class_find_field(class_info, name);
    const DbField *field = index < 0 ? NULL : &class_info->fields[index];
    if (!field || (field->flags & DB_FIELD_INTERNAL)) {
        return rest_fail(err, 400, "%s has no field '%s'", class_info->name, name);
    }
    bool is_merged = field->type->kind == TYPE_MAP && value_kind(value) == VALUE_STRUCT &&
                     find_writer(request, "add_to", field, 3) &&
                     find_writer(request, "remove_from", field, 2);
    if (is_merged) {
        return plan_map(request, view, field, value, patch, err);
    }
    const MethodInfo *setter = find_writer(request, "set", field, 2);
    if (!setter) {
        return rest_fail(err, 400, "the field '%s' of %s cannot be set", name, class_info->name);
    }
    Value *taken = rest_value_decode(view, field->type, value, name, err);
    if (!taken) {
        return false;
    }
    add_step(request, patch, setter, field, taken, NULL);
    return true;
}

static bool plan_map(RestRequest *request, const DbView *view, const DbField *field,
                     const Value *changes, Patch *patch, Err **err)
{
    const DbClass *class_info = &db_view_schema(view)->classes[request->path.class_id];
    const Value *old =
        db_get(view, request->path.class_id, request->self, (uint16_t)(field - class_info->fields));
    for (unsigned i = 0; i < value_count(changes); i++) {
        if (!plan_key(request, view, field, value_name_at(changes, i), value_at(changes, i), old,
                      patch, err)) {
            return false;
        }
    }
    return true;
}

/* A key that is there goes first: adding refuses it. */
static bool plan_key(RestRequest *request, const DbView *view, const DbField *field,
                     const char *key, Value *change, const Value *old, Patch *patch, Err **err)
{
    Value *before = value_get(old, key);
    bool is_removal = value_kind(change) == VALUE_NIL;
    g_autoptr(Value) taken =
        is_removal ? NULL : rest_value_decode(view, field->type->item, change, field->name, err);
    if (!is_removal && !taken) {
        return false;
    }
    if (taken && before && value_equal(taken, before)) {
        return true;
    }
    if (before) {
        add_step(request, patch, find_writer(request, "remove_from", field, 2), field,
                 value_new_string(key), NULL);
    }
    if (taken) {
        add_step(request, patch, find_writer(request, "add_to", field, 3), field,
                 value_new_string(key), g_steal_pointer(&taken));
    }
    return true;
}

static const MethodInfo *find_writer(const RestRequest *request, const char *start,
                                     const DbField *field, unsigned params)
{
    const DbSchema *schema = db_schema(core_db(request->core));
    g_autofree char *message = g_strdup_printf("%s_%s", start, field->name);
    const MethodInfo *method = rest_method(schema, request->path.class_id, message);
    bool fits = method && method->param_count == params &&
                method->params[0].type->kind == TYPE_REF && !(method->flags & METHOD_HIDDEN);
    bool is_setter = params == 2 && strcmp(start, "set") == 0;
    return fits && (!is_setter || strcmp(method->params[1].type->name, field->type->name) == 0)
               ? method
               : NULL;
}

/* `first` and `second` (may be NULL) are taken over. */
static void add_step(RestRequest *request, Patch *patch, const MethodInfo *method,
                     const DbField *field, Value *first, Value *second)
{
    Step step = {
        .method = g_strdup(method->name), .params = value_new_array(3), .field = field->name};
    value_array_add(step.params, value_new_ref(request->self));
    value_array_add(step.params, first);
    if (second) {
        value_array_add(step.params, second);
    }
    g_array_append_val(patch->steps, step);
}

/* REST_MAX_STEPS bounds how deep this and after_step() call each other. */
static void take_step(RestRequest *request)
{
    Patch *patch = request->work;
    if (patch->next == patch->steps->len) {
        rest_reply_object(request, 200);
        return;
    }
    const Step *step = &g_array_index(patch->steps, Step, patch->next++);
    rest_request_call(request, step->method, value_ref(step->params), after_step);
}

static void after_step(void *user, const Value *result, const Err *error)
{
    (void)result;
    RestRequest *request = user;
    Patch *patch = request->work;
    const Step *step = &g_array_index(patch->steps, Step, patch->next - 1);
    if (error) {
        rest_reply_partly(request, error, patch->applied);
        return;
    }
    if (step->is_last) {
        value_array_add(patch->applied, value_new_string(step->field));
    }
    take_step(request);
}

static void patch_free(void *work)
{
    Patch *patch = work;
    for (guint i = 0; i < patch->steps->len; i++) {
        Step *step = &g_array_index(patch->steps, Step, i);
        g_free(step->method);
        value_unref(step->params);
    }
    g_array_unref(patch->steps);
    value_unref(patch->applied);
    g_free(patch);
}
