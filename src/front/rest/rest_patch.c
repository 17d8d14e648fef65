/* A merge patch happens as a whole or not at all.  It becomes the calls that other clients make:
 * set_ for fields, remove_from_ and add_to_ for keys of maps.  Those that only write are done in
 * one transaction.  One that does more, in the engine or on a disk, cannot be part of that: a patch
 * may have one, and it goes first, when everything else has been checked. */
#include "front/rest/rest_handlers.h"

typedef struct Patch {
    GPtrArray *writes; /* Dispatch, checked and not yet run */
    const MethodInfo *deed;
    Value *deed_params; /* (owned) without the session */
} Patch;

static bool plan(RestRequest *request, Patch *patch, Err **err);
static bool plan_field(RestRequest *request, const DbView *view, const char *name, Value *value,
                       Patch *patch, Err **err);
static bool plan_keys(RestRequest *request, const DbView *view, const DbField *field,
                      const Value *changes, Patch *patch, Err **err);
static bool plan_key(RestRequest *request, const DbView *view, const DbField *field,
                     const char *key, Value *change, const Value *old, Patch *patch, Err **err);
static Value *merged_map(RestRequest *request, const DbView *view, const DbField *field,
                         const Value *changes, Err **err);
static const Value *old_value(RestRequest *request, const DbView *view, const DbField *field);
static const MethodInfo *find_writer(const RestRequest *request, const char *start,
                                     const DbField *field, unsigned params);
static bool add_call(RestRequest *request, Patch *patch, const MethodInfo *method, Value *first,
                     Value *second, Err **err);
static void after_deed(void *user, const Value *result, const Err *error);
static void write_fields(RestRequest *request);
static void patch_free(void *patch);

void rest_patch(RestRequest *request)
{
    g_autoptr(Err) error = NULL;
    Patch *patch = g_new0(Patch, 1);
    patch->writes = g_ptr_array_new_with_free_func((GDestroyNotify)dispatch_free);
    request->work = patch;
    request->free_work = patch_free;
    if (!rest_check_version(request, &error) || !plan(request, patch, &error)) {
        rest_reply_error(request, error);
    } else if (patch->deed) {
        http_park(request->exchange, NULL, NULL);
        rest_request_call(request, patch->deed->name, value_ref(patch->deed_params), after_deed);
    } else {
        write_fields(request);
    }
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
    }
    return true;
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
    const MethodInfo *setter = find_writer(request, "set", field, 2);
    const MethodInfo *adder = find_writer(request, "add_to", field, 3);
    const MethodInfo *remover = find_writer(request, "remove_from", field, 2);
    bool is_merged =
        field->type->kind == TYPE_MAP && value_kind(value) == VALUE_STRUCT && adder && remover;
    if (is_merged && dispatch_is_write(adder) && dispatch_is_write(remover)) {
        return plan_keys(request, view, field, value, patch, err);
    }
    if (!setter) {
        return rest_fail(err, 400, "the field '%s' of %s cannot be set", name, class_info->name);
    }
    Value *taken = is_merged ? merged_map(request, view, field, value, err)
                             : rest_value_decode(view, field->type, value, name, err);
    return taken && add_call(request, patch, setter, taken, NULL, err);
}

static bool plan_keys(RestRequest *request, const DbView *view, const DbField *field,
                      const Value *changes, Patch *patch, Err **err)
{
    const Value *old = old_value(request, view, field);
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
    return (!before || add_call(request, patch, find_writer(request, "remove_from", field, 2),
                                value_new_string(key), NULL, err)) &&
           (!taken || add_call(request, patch, find_writer(request, "add_to", field, 3),
                               value_new_string(key), g_steal_pointer(&taken), err));
}

/* The whole map as it is to be, for a setter that does more than write. (owned) */
static Value *merged_map(RestRequest *request, const DbView *view, const DbField *field,
                         const Value *changes, Err **err)
{
    g_autoptr(Value) map = value_ref((Value *)old_value(request, view, field));
    for (unsigned i = 0; i < value_count(changes); i++) {
        const char *key = value_name_at(changes, i);
        Value *change = value_at(changes, i);
        bool is_removal = value_kind(change) == VALUE_NIL;
        Value *taken = is_removal
                           ? NULL
                           : rest_value_decode(view, field->type->item, change, field->name, err);
        if (!is_removal && !taken) {
            return NULL;
        }
        Value *next =
            is_removal ? value_struct_without(map, key) : value_struct_with(map, key, taken);
        value_unref(map);
        map = next;
    }
    return g_steal_pointer(&map);
}

static const Value *old_value(RestRequest *request, const DbView *view, const DbField *field)
{
    const DbClass *class_info = &db_view_schema(view)->classes[request->path.class_id];
    return db_get(view, request->path.class_id, request->self,
                  (uint16_t)(field - class_info->fields));
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
static bool add_call(RestRequest *request, Patch *patch, const MethodInfo *method, Value *first,
                     Value *second, Err **err)
{
    g_autoptr(Value) params = value_new_array(3);
    value_array_add(params, value_new_ref(request->self));
    value_array_add(params, first);
    if (second) {
        value_array_add(params, second);
    }
    if (!dispatch_is_write(method)) {
        if (patch->deed) {
            return rest_fail(err, 400,
                             "%s and %s do more than write a field: send them one after the other",
                             patch->deed->name, method->name);
        }
        patch->deed = method;
        patch->deed_params = g_steal_pointer(&params);
        return true;
    }
    if (patch->writes->len == REST_MAX_STEPS) {
        return rest_fail(err, 400, "the patch needs more than %d calls", REST_MAX_STEPS);
    }
    Dispatch *call = rest_request_prepare(request, method->name, g_steal_pointer(&params), err);
    if (call) {
        g_ptr_array_add(patch->writes, call);
    }
    return call != NULL;
}

static void after_deed(void *user, const Value *result, const Err *error)
{
    (void)result;
    if (error) {
        rest_reply_error(user, error);
    } else {
        write_fields(user);
    }
}

static void write_fields(RestRequest *request)
{
    Patch *patch = request->work;
    g_autoptr(Err) error = NULL;
    guint count = patch->writes->len;
    g_autofree Dispatch **writes = (Dispatch **)g_ptr_array_steal(patch->writes, NULL);
    if (count == 0 || dispatch_write_all(writes, count, &error)) {
        rest_reply_object(request, 200);
    } else {
        rest_reply_error(request, error);
    }
}

static void patch_free(void *work)
{
    Patch *patch = work;
    g_ptr_array_unref(patch->writes);
    value_unref(patch->deed_params);
    g_free(patch);
}
