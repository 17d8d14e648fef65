/* The descriptions have the form that XenServer's storage plugins give of themselves. */
#include "front/services.h"

#include "gen/db_sm.h"
#include "gen/errors.h"
#include "wire/json.h"

static bool tell_services(FrontRequest *request, Err **err);
static bool tell_storage(FrontRequest *request, Err **err);
static Value *describe(const DbView *view, SmRef manager);
static void add(Value *record, const char *name, const char *text);
static bool reply(FrontRequest *request, const Value *value, Err **err);
static char *rest_of_path(const FrontRequest *request, const char *start);

const FrontHandler front_services_handler = {HTTP_ACTION_GET_SERVICES, FRONT_HERE, tell_services};
const FrontHandler front_services_sm_handler = {HTTP_ACTION_GET_SERVICES_SM, FRONT_HERE,
                                                tell_storage};

static bool tell_services(FrontRequest *request, Err **err)
{
    g_autofree char *rest = rest_of_path(request, "/services");
    if (*rest) {
        request->status = 404;
        return err_internal(err, "there is no service %s", rest);
    }
    g_autoptr(Value) mux = value_new_struct(9);
    Value *features = value_new_array(1);
    value_array_add(features, value_new_string("/services/SM"));
    add(mux, "driver", "mux");
    add(mux, "name", "storage multiplexer");
    add(mux, "description", "passes calls on to the kinds of storage");
    add(mux, "vendor", "Clearwater");
    add(mux, "copyright", "see the source code");
    add(mux, "version", CLEARWATER_VERSION);
    add(mux, "required_api_version", "2.0");
    value_struct_add(mux, "features", features);
    value_struct_add(mux, "configuration", value_new_array(0));
    return reply(request, mux, err);
}

static bool tell_storage(FrontRequest *request, Err **err)
{
    g_autofree char *wanted = rest_of_path(request, "/services/SM");
    g_autoptr(DbSnapshot) snapshot = db_snapshot(core_db(request->core));
    const DbView *view = db_snapshot_view(snapshot);
    g_autoptr(GArray) managers = db_sm_all(view);
    g_autoptr(Value) all = value_new_array(managers->len);
    for (guint i = 0; i < managers->len; i++) {
        SmRef manager = g_array_index(managers, SmRef, i);
        if (!*wanted || strcmp(db_sm_type(view, manager), wanted) == 0) {
            value_array_add(all, describe(view, manager));
        }
    }
    if (*wanted && value_count(all) == 0) {
        request->status = 404;
        return err_internal(err, "there is no kind of storage %s", wanted);
    }
    return reply(request, *wanted ? value_at(all, 0) : all, err);
}

/* (owned) */
static Value *describe(const DbView *view, SmRef manager)
{
    Value *record = value_new_struct(9);
    add(record, "driver", db_sm_type(view, manager));
    add(record, "name", db_sm_name_label(view, manager));
    add(record, "description", db_sm_name_description(view, manager));
    add(record, "vendor", db_sm_vendor(view, manager));
    add(record, "copyright", db_sm_copyright(view, manager));
    add(record, "version", db_sm_version(view, manager));
    add(record, "required_api_version", db_sm_required_api_version(view, manager));
    value_struct_add(record, "features", value_ref((Value *)db_sm_capabilities(view, manager)));
    value_struct_add(record, "configuration",
                     value_ref((Value *)db_sm_configuration(view, manager)));
    return record;
}

static void add(Value *record, const char *name, const char *text)
{
    value_struct_add(record, name, value_new_string(text));
}

static bool reply(FrontRequest *request, const Value *value, Err **err)
{
    static const char *const headers[] = {"cache-control", "no-cache, no-store", "content-type",
                                          "application/json", NULL};
    GString *body = g_string_new(NULL);
    json_append(body, value);
    return front_request_reply(request, 200, headers, body, err);
}

/* What follows `start`, without slashes around it. (owned) */
static char *rest_of_path(const FrontRequest *request, const char *start)
{
    const char *rest = request->head->path + strlen(start);
    size_t skipped = strspn(rest, "/");
    char *copy = g_strdup(rest + skipped);
    while (g_str_has_suffix(copy, "/")) {
        copy[strlen(copy) - 1] = '\0';
    }
    return copy;
}
