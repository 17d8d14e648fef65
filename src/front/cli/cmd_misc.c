/* Small commands about classes that have no file of their own. */
#include "base/text.h"
#include "front/cli/cli_api.h"
#include "front/cli/cli_fail.h"
#include "front/cli/cli_output.h"
#include "front/cli/cli_value.h"
#include "gen/xe_table.h"

static bool print_usage(Cli *cli, const char *method, const char *title, Value *of, Err **err);

bool cmd_appliance_shutdown(Cli *cli, Err **err)
{
    Uuid appliance;
    bool is_forced = false;
    return cli_api_find_param(cli, "VM_appliance", "uuid", &appliance, err) &&
           cli_args_get_bool(cli->args, "force", false, &is_forced, err) &&
           cli_api_do(cli, is_forced ? "VM_appliance.hard_shutdown" : "VM_appliance.clean_shutdown",
                      cli_api_params(value_new_ref(appliance), NULL), err);
}

bool cmd_blob_create(Cli *cli, Err **err)
{
    static const CliText owners[] = {
        {"vm-uuid", "VM"},     {"pool-uuid", "pool"},       {"sr-uuid", "SR"},
        {"host-uuid", "host"}, {"network-uuid", "network"},
    };
    bool is_public = false;
    if (!cli_args_get_bool(cli->args, "public", false, &is_public, err)) {
        return false;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(owners); i++) {
        Uuid owner;
        if (!cli_args_get(cli->args, owners[i].name)) {
            continue;
        }
        if (!cli_api_find_param(cli, owners[i].text, owners[i].name, &owner, err)) {
            return false;
        }
        g_autofree char *method = g_strdup_printf("%s.create_new_blob", owners[i].text);
        Value *blob = cli_api_call(
            cli, method,
            cli_api_params(value_new_ref(owner), value_new_string(cli_args_get(cli->args, "name")),
                           value_new_string(cli_args_get_or(cli->args, "mime-type", "")),
                           value_new_bool(is_public), NULL),
            err);
        return cli_api_show_new(cli, "blob", blob, err);
    }
    return cli_fail(err,
                    "Name the owner by vm-uuid, host-uuid, network-uuid, sr-uuid or pool-uuid.");
}

bool cmd_caller_query_usage(Cli *cli, Err **err)
{
    const char *group = cli_args_get(cli->args, "group");
    const char *uuid = cli_args_get(cli->args, "uuid");
    Uuid caller;
    if (!group == !uuid) {
        return cli_fail(err, "Give either uuid or group.");
    }
    if (group) {
        return print_usage(cli, "Caller.query_group_token_usage", "tokens", value_new_string(group),
                           err) &&
               print_usage(cli, "Caller.query_group_call_count", "calls", value_new_string(group),
                           err);
    }
    return cli_api_find(cli, "Caller", uuid, &caller, err) &&
           print_usage(cli, "Caller.query_token_usage", "tokens", value_new_ref(caller), err) &&
           print_usage(cli, "Caller.query_call_count", "calls", value_new_ref(caller), err);
}

/* Takes `of` over. */
static bool print_usage(Cli *cli, const char *method, const char *title, Value *of, Err **err)
{
    g_autoptr(Value) usage = cli_api_call(cli, method, cli_api_params(of, NULL), err);
    if (!usage) {
        return false;
    }
    g_autofree char *text = cli_value_scalar(usage);
    g_autofree char *line = g_strdup_printf("%s: %s", title, text);
    cli_output_item(cli, line);
    return true;
}
