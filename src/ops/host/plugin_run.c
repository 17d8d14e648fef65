/* One argument, one answer. */
#include "ops/host/plugin_run.h"

#include "ops/host/plugin_wire.h"

bool plugin_run(Op *op, const char *path, const char *request, bool is_text, PluginReport *report,
                Value **ret_value, Err **err)
{
    const char *const argv[] = {path, request, NULL};
    g_auto(SubprocessResult) result = {0};
    g_autoptr(Value) value = NULL;
    Err *failure = NULL;
    if (!op_run(op, argv, &result, err)) {
        return false;
    }
    if (result.exit_status != 0) {
        return report(path, "non-zero exit", &result, err);
    }
    PluginAnswer answer = plugin_wire_read(result.out, &value, &failure);
    if (answer == PLUGIN_FAILED) {
        return err_propagate(err, failure);
    }
    if (answer == PLUGIN_UNCLEAR || (is_text && value_kind(value) != VALUE_STRING)) {
        return report(path, "unexpected answer", &result, err);
    }
    *ret_value = g_steal_pointer(&value);
    return true;
}
