/* Users and groups of a directory, and their roles. */
#include "front/cli/cli_api.h"
#include "front/cli/cli_fail.h"
#include "gen/xe_table.h"

static bool change_role(Cli *cli, const char *method, Err **err);
static bool find_role(Cli *cli, Uuid *ret_role, Err **err);
static Value *look_up(Cli *cli, const char *method, const char *text, Err **err);

bool cmd_subject_add(Cli *cli, Err **err)
{
    const char *name = cli_args_get(cli->args, "subject-name");
    Value *identifier = look_up(cli, "auth.get_subject_identifier", name, err);
    if (!identifier) {
        return false;
    }
    Value *information =
        look_up(cli, "auth.get_subject_information_from_identifier", value_string(identifier), err);
    if (!information) {
        value_unref(identifier);
        return false;
    }
    Value *record = value_new_struct(2);
    value_struct_add_static(record, "subject_identifier", identifier);
    value_struct_add_static(record, "other_config", information);
    return cli_api_show_new(cli, "subject",
                            cli_api_call(cli, "subject.create", cli_api_params(record, NULL), err),
                            err);
}

bool cmd_subject_role_add(Cli *cli, Err **err)
{
    return change_role(cli, "subject.add_to_roles", err);
}

bool cmd_subject_role_remove(Cli *cli, Err **err)
{
    return change_role(cli, "subject.remove_from_roles", err);
}

/* Every user that is logged in, one after the other. */
bool cmd_session_subject_identifier_logout_all(Cli *cli, Err **err)
{
    g_autoptr(Value) identifiers =
        cli_api_call(cli, "session.get_all_subject_identifiers", NULL, err);
    for (unsigned i = 0; identifiers && i < value_count(identifiers); i++) {
        if (!cli_api_do(cli, "session.logout_subject_identifier",
                        cli_api_params(value_ref(value_at(identifiers, i)), NULL), err)) {
            return false;
        }
    }
    return identifiers != NULL;
}

static bool change_role(Cli *cli, const char *method, Err **err)
{
    Uuid subject, role;
    return find_role(cli, &role, err) &&
           cli_api_find_param(cli, "subject", "uuid", &subject, err) &&
           cli_api_do(cli, method,
                      cli_api_params(value_new_ref(subject), value_new_ref(role), NULL), err);
}

static bool find_role(Cli *cli, Uuid *ret_role, Err **err)
{
    const char *uuid = cli_args_get(cli->args, "role-uuid");
    const char *name = cli_args_get(cli->args, "role-name");
    if (!uuid && !name) {
        return err_set(err, "CLI_REQUIRED", "role-uuid or role-name");
    }
    if (uuid && name) {
        return cli_fail(err, "Give either role-uuid or role-name, not both.");
    }
    if (uuid) {
        return cli_api_find(cli, "role", uuid, ret_role, err);
    }
    g_autoptr(Value) roles = look_up(cli, "role.get_by_name_label", name, err);
    if (!roles) {
        return false;
    }
    if (value_count(roles) == 0) {
        return err_set(err, "ROLE_NOT_FOUND");
    }
    *ret_role = value_uuid(value_at(roles, 0));
    return true;
}

static Value *look_up(Cli *cli, const char *method, const char *text, Err **err)
{
    return cli_api_call(cli, method, cli_api_params(value_new_string(text), NULL), err);
}
