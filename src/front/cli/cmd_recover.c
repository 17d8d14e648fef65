/* Recovery of machines and appliances out of the database that another pool left on a disk. */
#include "front/cli/cli_api.h"
#include "gen/xe_table.h"

/* What to call, by a session on that database. */
typedef struct Recovery {
    const char *class_name;
    const char *message;
    bool takes_force;
} Recovery;

static bool recover(Cli *cli, const Recovery *recovery, Err **err);
static bool recover_object(Cli *cli, const Recovery *recovery, Uuid session_to, Err **err);

bool cmd_recover_vm(Cli *cli, Err **err)
{
    return recover(cli, &(Recovery){"VM", "recover", true}, err);
}

bool cmd_recover_vm_check(Cli *cli, Err **err)
{
    return recover(cli, &(Recovery){"VM", "assert_can_be_recovered", false}, err);
}

bool cmd_recover_appliance(Cli *cli, Err **err)
{
    return recover(cli, &(Recovery){"VM_appliance", "recover", true}, err);
}

bool cmd_recover_appliance_check(Cli *cli, Err **err)
{
    return recover(cli, &(Recovery){"VM_appliance", "assert_can_be_recovered", false}, err);
}

static bool recover(Cli *cli, const Recovery *recovery, Err **err)
{
    Uuid own = cli->caller.session;
    Uuid vdi;
    if (!cli_api_find_param(cli, "VDI", "database:vdi-uuid", &vdi, err)) {
        return false;
    }
    g_autoptr(Value) session =
        cli_api_call(cli, "VDI.open_database", cli_api_params(value_new_ref(vdi), NULL), err);
    if (!session) {
        return false;
    }
    cli->caller.session = value_uuid(session);
    bool ok = recover_object(cli, recovery, own, err);
    cli_api_do(cli, "session.logout", NULL, NULL);
    cli->caller.session = own;
    return ok;
}

static bool recover_object(Cli *cli, const Recovery *recovery, Uuid session_to, Err **err)
{
    Uuid object;
    bool is_forced = false;
    if (!cli_api_find_param(cli, recovery->class_name, "uuid", &object, err) ||
        !cli_args_get_bool(cli->args, "force", false, &is_forced, err)) {
        return false;
    }
    Value *params = cli_api_params(value_new_ref(object), value_new_ref(session_to), NULL);
    if (recovery->takes_force) {
        value_array_add(params, value_new_bool(is_forced));
    }
    g_autofree char *method = g_strdup_printf("%s.%s", recovery->class_name, recovery->message);
    return cli_api_do(cli, method, params, err);
}
