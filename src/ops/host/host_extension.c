/* Extensions of the API: methods that a program of the administrator's answers, spoken to as
 * plugins are, and called with a JSON-RPC text that names the method. */
#include "gen/errors.h"
#include "gen/ops_host.h"
#include "gen/ops_pool.h"
#include "ops/host/host_here.h"
#include "ops/host/host_plugin.h"
#include "ops/host/plugin_run.h"
#include "ops/host/plugin_wire.h"
#include "wire/json.h"
#include "wire/jsonrpc.h"

static char *find_extension(Call *call, const char *name);
static PluginReport report_failure;
static char *as_text(const Value *value);

bool host_has_extension(Call *call, const HostHasExtensionArgs *args, bool *ret_result, Err **err)
{
    if (!host_here_check(call, args->host, err)) {
        return false;
    }
    g_autofree char *path = find_extension(call, args->name);
    *ret_result = path != NULL;
    return true;
}

bool pool_has_extension(Call *call, const PoolHasExtensionArgs *args, bool *ret_result, Err **err)
{
    (void)err;
    g_autofree char *path = find_extension(call, args->name);
    *ret_result = path != NULL;
    return true;
}

bool host_call_extension(Call *call, const HostCallExtensionArgs *args, char **ret_result,
                         Err **err)
{
    g_auto(JsonRpcRequest) request = {0};
    if (!host_here_check(call, args->host, err) ||
        !jsonrpc_parse_request(args->call, strlen(args->call), &request, err)) {
        return false;
    }
    g_autofree char *path = find_extension(call, request.method);
    if (!path) {
        return err_message_method_unknown(err, request.method);
    }
    g_autofree char *text = plugin_wire_request(request.method, request.params);
    g_autoptr(Value) value = NULL;
    if (!plugin_run(call->op, path, text, false, report_failure, &value, err)) {
        return false;
    }
    *ret_result = as_text(value);
    return true;
}

/* (owned) */
static char *find_extension(Call *call, const char *name)
{
    const char *etc = platform_paths(call_platform(call))->etc_dir;
    g_autofree char *folder = g_build_filename(etc, "extensions", NULL);
    return host_plugin_find(folder, name);
}

static bool report_failure(const char *path, const char *status, const SubprocessResult *result,
                           Err **err)
{
    return err_set(err, "INTERNAL_ERROR", path, status, result->out, result->err);
}

/* A text as it is, anything else as JSON. (owned) */
static char *as_text(const Value *value)
{
    if (value_kind(value) == VALUE_STRING) {
        return g_strdup(value_string(value));
    }
    GString *json = g_string_new(NULL);
    json_append(json, value);
    return g_string_free(json, FALSE);
}
