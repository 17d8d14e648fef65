/* host.call_plugin: a program of the administrator's, run as the daemon's user with the caller's
 * own session, so that it can do through the API what the caller can. */
#include "ops/host/host_plugin.h"

#include "gen/errors.h"
#include "gen/ops_host.h"
#include "ops/host/host_here.h"
#include "ops/host/plugin_run.h"
#include "ops/host/plugin_wire.h"

#include <sys/stat.h>
#include <unistd.h>

static PluginReport report_failure;

bool host_call_plugin(Call *call, const HostCallPluginArgs *args, char **ret_result, Err **err)
{
    if (!host_here_check(call, args->host, err)) {
        return false;
    }
    const char *folder = platform_paths(call_platform(call))->plugin_dir;
    g_autofree char *path = host_plugin_find(folder, args->plugin);
    if (!path) {
        return err_xenapi_missing_plugin(err, args->plugin);
    }
    g_autofree char *request = plugin_wire_call(args->fn, call->session, args->args);
    g_autoptr(Value) value = NULL;
    if (!plugin_run(call->op, path, request, true, report_failure, &value, err)) {
        return false;
    }
    *ret_result = g_strdup(value_string(value));
    return true;
}

char *host_plugin_find(const char *folder, const char *name)
{
    struct stat status;
    if (!*name || *name == '.' || strchr(name, '/')) {
        return NULL;
    }
    g_autofree char *path = g_build_filename(folder, name, NULL);
    if (stat(path, &status) < 0 || !S_ISREG(status.st_mode) || access(path, X_OK) < 0) {
        return NULL;
    }
    return g_steal_pointer(&path);
}

static bool report_failure(const char *path G_GNUC_UNUSED, const char *status,
                           const SubprocessResult *result, Err **err)
{
    return err_xenapi_plugin_failure(err, status, result->out, result->err);
}
