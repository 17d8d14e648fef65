/* Making and deleting objects, and sending messages to them: one call each, which may be long. */
#include "front/rest/rest_handlers.h"
#include "gen/schema.h"
#include "wire/json.h"

static void call_method(RestRequest *request, const MethodInfo *method, Value *params,
                        DispatchDone done);
static void answer_create(void *user, const Value *result, const Err *error);
static void answer_delete(void *user, const Value *result, const Err *error);
static void answer_action(void *user, const Value *result, const Err *error);
static void answer_task(void *user, const Value *result, const Err *error);
static void reply_result(RestRequest *request, int status, const TypeInfo *type,
                         const Value *result);
static Value *take_arguments(RestRequest *request, const MethodInfo *method, unsigned first,
                             Value *params, Err **err);
static Value *take_argument(const DbView *view, const MethodParam *param, Value *given, Err **err);
static bool check_members(const MethodInfo *method, unsigned first, const Value *body, Err **err);
static Value *take_record(RestRequest *request, const MethodInfo *method, Err **err);
static Value *complete_record(const DbClass *class_info, const Value *body, Err **err);
static bool may_be_empty(const TypeInfo *type);

void rest_create(RestRequest *request)
{
    g_autoptr(Err) error = NULL;
    const DbSchema *schema = db_schema(core_db(request->core));
    const MethodInfo *method = rest_method(schema, request->path.class_id, "create");
    if (!method) {
        rest_reply_no_method(request, "GET");
        return;
    }
    bool by_record = method->param_count == 1 && method->params[0].type->kind == TYPE_RECORD;
    Value *params = by_record ? take_record(request, method, &error)
                              : take_arguments(request, method, 0, value_new_array(0), &error);
    if (!params) {
        rest_reply_error(request, error);
        return;
    }
    call_method(request, method, params, answer_create);
}

void rest_delete(RestRequest *request)
{
    g_autoptr(Err) error = NULL;
    const DbSchema *schema = db_schema(core_db(request->core));
    const MethodInfo *method = rest_method(schema, request->path.class_id, "destroy");
    if (!method || method->param_count != 1) {
        rest_reply_no_method(request, "GET, PATCH");
    } else if (value_count(request->body) > 0) {
        rest_fail(&error, 400, "a DELETE has no body");
        rest_reply_error(request, error);
    } else if (!rest_check_version(request, &error)) {
        rest_reply_error(request, error);
    } else {
        Value *params = value_new_array(1);
        value_array_add(params, value_new_ref(request->self));
        call_method(request, method, params, answer_delete);
    }
}

void rest_act(RestRequest *request)
{
    g_autoptr(Err) error = NULL;
    const DbSchema *schema = db_schema(core_db(request->core));
    const MethodInfo *method = rest_path_action(schema, &request->path);
    if (!method) {
        rest_fail(&error, 404, "%s objects do not have this action",
                  schema->classes[request->path.class_id].name);
        rest_reply_error(request, error);
        return;
    }
    Value *params = value_new_array(method->param_count);
    unsigned first = 0;
    if (*request->path.id) {
        value_array_add(params, value_new_ref(request->self));
        first = 1;
    }
    params = take_arguments(request, method, first, params, &error);
    if (!params) {
        rest_reply_error(request, error);
        return;
    }
    call_method(request, method, params, answer_action);
}

/* As it is, or as a task. */
static void call_method(RestRequest *request, const MethodInfo *method, Value *params,
                        DispatchDone done)
{
    bool is_async = rest_request_flag(request, "async");
    if (is_async && !(method->flags & METHOD_ASYNC)) {
        g_autoptr(Value) own_params = params;
        g_autoptr(Err) error = NULL;
        rest_fail(&error, 400, "%s cannot run as a task", method->name);
        rest_reply_error(request, error);
        return;
    }
    g_autofree char *name = g_strdup_printf("%s%s", is_async ? "Async." : "", method->name);
    http_park(request->exchange, NULL, NULL);
    rest_request_call(request, name, params, is_async ? answer_task : done);
}

/* Most constructors answer a reference; a token is told as what it is. */
static void answer_create(void *user, const Value *result, const Err *error)
{
    RestRequest *request = user;
    const DbSchema *schema = db_schema(core_db(request->core));
    const MethodInfo *method = rest_method(schema, request->path.class_id, "create");
    if (error) {
        rest_reply_error(request, error);
    } else if (method->result->kind == TYPE_REF) {
        request->self = value_uuid(result);
        rest_reply_object(request, 201);
    } else {
        reply_result(request, 201, method->result, result);
    }
}

static void answer_delete(void *user, const Value *result, const Err *error)
{
    (void)result;
    if (error) {
        rest_reply_error(user, error);
    } else {
        rest_reply(user, 204, NULL, NULL);
    }
}

static void answer_action(void *user, const Value *result, const Err *error)
{
    RestRequest *request = user;
    const MethodInfo *method = rest_path_action(db_schema(core_db(request->core)), &request->path);
    if (error) {
        rest_reply_error(request, error);
    } else if (method->result->kind == TYPE_VOID) {
        rest_reply(request, 204, NULL, NULL);
    } else {
        reply_result(request, 200, method->result, result);
    }
}

static void answer_task(void *user, const Value *result, const Err *error)
{
    RestRequest *request = user;
    if (error) {
        rest_reply_error(request, error);
        return;
    }
    g_autoptr(DbSnapshot) snapshot = db_snapshot(core_db(request->core));
    g_autoptr(Value) body = value_new_struct(1);
    Value *task = rest_id_value(db_snapshot_view(snapshot), CLASS_TASK, value_uuid(result));
    value_struct_add_static(body, "task", task);
    g_autofree char *location = g_strdup_printf("/rest/v1/task/%s", value_string(task));
    rest_reply(request, 202, body, &(RestHeaders){.location = location});
}

static void reply_result(RestRequest *request, int status, const TypeInfo *type,
                         const Value *result)
{
    g_autoptr(DbSnapshot) snapshot = db_snapshot(core_db(request->core));
    g_autoptr(Value) body = value_new_struct(1);
    value_struct_add_static(body, "result",
                            rest_value_encode(db_snapshot_view(snapshot), type, result));
    rest_reply(request, status, body, NULL);
}

/* Appends the parameters from `first` on to `params` (taken over), by their names. (owned) */
static Value *take_arguments(RestRequest *request, const MethodInfo *method, unsigned first,
                             Value *params, Err **err)
{
    g_autoptr(Value) taken = params;
    g_autoptr(DbSnapshot) snapshot = db_snapshot(core_db(request->core));
    if (!check_members(method, first, request->body, err)) {
        return NULL;
    }
    for (unsigned i = first; i < method->param_count; i++) {
        const MethodParam *param = &method->params[i];
        Value *given = value_get(request->body, param->name);
        Value *argument = take_argument(db_snapshot_view(snapshot), param, given, err);
        if (!argument) {
            return NULL;
        }
        value_array_add(taken, argument);
    }
    return g_steal_pointer(&taken);
}

static Value *take_argument(const DbView *view, const MethodParam *param, Value *given, Err **err)
{
    if (given) {
        return rest_value_decode(view, param->type, given, param->name, err);
    }
    if (param->required && !may_be_empty(param->type)) {
        rest_fail(err, 400, "the member '%s' is missing", param->name);
        return NULL;
    }
    return param->default_json ? json_parse(param->default_json, strlen(param->default_json), err)
                               : type_empty_value(param->type);
}

static bool check_members(const MethodInfo *method, unsigned first, const Value *body, Err **err)
{
    for (unsigned i = 0; i < value_count(body); i++) {
        bool is_known = false;
        for (unsigned j = first; j < method->param_count; j++) {
            is_known = is_known || strcmp(value_name_at(body, i), method->params[j].name) == 0;
        }
        if (!is_known) {
            return rest_fail(err, 400, "%s has no parameter '%s'", method->name,
                             value_name_at(body, i));
        }
    }
    return true;
}

/* The parameters of a constructor that takes a record. (owned) */
static Value *take_record(RestRequest *request, const MethodInfo *method, Err **err)
{
    g_autoptr(DbSnapshot) snapshot = db_snapshot(core_db(request->core));
    const DbView *view = db_snapshot_view(snapshot);
    const DbClass *class_info = &db_view_schema(view)->classes[method->class_id];
    g_autoptr(Value) complete = complete_record(class_info, request->body, err);
    Value *record =
        complete ? rest_value_decode(view, method->params[0].type, complete, class_info->name, err)
                 : NULL;
    if (!record) {
        return NULL;
    }
    Value *params = value_new_array(1);
    value_array_add(params, record);
    return params;
}

static Value *complete_record(const DbClass *class_info, const Value *body, Err **err)
{
    g_autoptr(Value) record = value_new_struct(class_info->field_count);
    for (unsigned i = 0; i < value_count(body); i++) {
        const char *name = value_name_at(body, i);
        int field = db_class_find_field(class_info, name);
        if (field < 0 || !(class_info->fields[field].flags & DB_FIELD_CONSTRUCTOR)) {
            rest_fail(err, 400, "%s has no field '%s' that can be given", class_info->name, name);
            return NULL;
        }
        value_struct_add(record, name, value_ref(value_at(body, i)));
    }
    for (uint16_t i = 0; i < class_info->field_count; i++) {
        const DbField *field = &class_info->fields[i];
        bool is_needed = (field->flags & DB_FIELD_CONSTRUCTOR) &&
                         !(field->flags & (DB_FIELD_HAS_DEFAULT | DB_FIELD_REMOVED)) &&
                         !value_get(body, field->name);
        if (is_needed && !may_be_empty(field->type)) {
            rest_fail(err, 400, "the member '%s' is missing", field->name);
            return NULL;
        }
        if (is_needed) {
            value_struct_add_static(record, field->name, type_empty_value(field->type));
        }
    }
    return g_steal_pointer(&record);
}

/* What may be left out although the call needs it: flags and maps. */
static bool may_be_empty(const TypeInfo *type)
{
    return type->kind == TYPE_BOOL || type->kind == TYPE_MAP;
}
