/* Extensions of the API: methods that a program of the administrator's answers, spoken to as
 * plugins are, and called with a JSON-RPC text that names the method. */
#include "base/subprocess.h"
#include "gen/errors.h"
#include "gen/ops_host.h"
#include "gen/ops_pool.h"
#include "ops/host/host_here.h"
#include "ops/host/host_plugin.h"
#include "ops/host/plugin_wire.h"
#include "wire/json.h"
#include "wire/jsonrpc.h"

static char *find_extension(Call *call, const char *name);
static bool run(Call *call, const char *path, const JsonRpcRequest *request, Value **ret_value,
                Err **err);
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
    g_autoptr(Value) value = NULL;
    if (!run(call, path, &request, &value, err)) {
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

static bool run(Call *call, const char *path, const JsonRpcRequest *request, Value **ret_value,
                Err **err)
{
    g_autofree char *text = plugin_wire_request(request->method, request->params);
    const char *const argv[] = {path, text, NULL};
    g_auto(SubprocessResult) result = {0};
    if (!op_run(call->op, argv, &result, err)) {
        return false;
    }
    if (result.exit_status != 0) {
        return err_set(err, "INTERNAL_ERROR", path, "non-zero exit", result.out, result.err);
    }
    Err *failure = NULL;
    switch (plugin_wire_read(result.out, ret_value, &failure)) {
    case PLUGIN_SUCCEEDED:
        return true;
    case PLUGIN_FAILED:
        return err_propagate(err, failure);
    case PLUGIN_UNCLEAR:
        break;
    }
    return err_set(err, "INTERNAL_ERROR", path, "unexpected answer", result.out, result.err);
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
