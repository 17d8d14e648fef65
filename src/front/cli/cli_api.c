/* Thin helpers over core_invoke(). They add no rule of their own. */
#include "front/cli/cli_api.h"

#include "base/text.h"
#include "front/cli/cli_output.h"

Value *cli_api_params(Value *first, ...)
{
    Value *params = value_new_array(4);
    va_list args;
    va_start(args, first);
    for (Value *param = first; param; param = va_arg(args, Value *)) {
        value_array_add(params, param);
    }
    va_end(args);
    return params;
}

Value *cli_api_call(Cli *cli, const char *method, Value *params, Err **err)
{
    cli_output_flush(cli);
    if (!op_check(cli->op, err)) {
        value_unref(params);
        return NULL;
    }
    return core_invoke(cli->core, &cli->caller, method, params ? params : value_new_array(0), err);
}

bool cli_api_do(Cli *cli, const char *method, Value *params, Err **err)
{
    g_autoptr(Value) result = cli_api_call(cli, method, params, err);
    return result != NULL;
}

bool cli_api_find(Cli *cli, const char *class_name, const char *uuid, Uuid *ret_ref, Err **err)
{
    g_autofree char *method = g_strdup_printf("%s.get_by_uuid", class_name);
    g_autoptr(Value) ref =
        cli_api_call(cli, method, cli_api_params(value_new_string(uuid), NULL), err);
    if (!ref) {
        return false;
    }
    *ret_ref = value_uuid(ref);
    return true;
}

bool cli_api_find_param(Cli *cli, const char *class_name, const char *name, Uuid *ret_ref,
                        Err **err)
{
    const char *uuid = cli_args_get(cli->args, name);
    if (!uuid) {
        return err_set(err, "CLI_REQUIRED", name);
    }
    return cli_api_find(cli, class_name, uuid, ret_ref, err);
}

bool cli_api_find_optional(Cli *cli, const char *class_name, const char *name, Uuid *ret_ref,
                           Err **err)
{
    const char *uuid = cli_args_get(cli->args, name);
    if (uuid) {
        return cli_api_find(cli, class_name, uuid, ret_ref, err);
    }
    *ret_ref = (Uuid){{0}};
    return true;
}

Value *cli_api_record(Cli *cli, const char *class_name, Uuid ref, Err **err)
{
    return cli_api_field(cli, class_name, ref, "record", err);
}

Value *cli_api_field(Cli *cli, const char *class_name, Uuid ref, const char *field, Err **err)
{
    g_autofree char *method = g_strdup_printf("%s.get_%s", class_name, field);
    return cli_api_call(cli, method, cli_api_params(value_new_ref(ref), NULL), err);
}

char *cli_api_uuid(Cli *cli, const char *class_name, Uuid ref, Err **err)
{
    g_autoptr(Value) uuid = cli_api_field(cli, class_name, ref, "uuid", err);
    return uuid ? g_strdup(value_string(uuid)) : NULL;
}

bool cli_api_set(Cli *cli, const char *class_name, Uuid ref, const char *field, Value *value,
                 Err **err)
{
    g_autofree char *method = g_strdup_printf("%s.set_%s", class_name, field);
    return cli_api_do(cli, method, cli_api_params(value_new_ref(ref), value, NULL), err);
}

bool cli_api_pool(Cli *cli, Uuid *ret_pool, Err **err)
{
    g_autoptr(Value) pools = cli_api_call(cli, "pool.get_all", NULL, err);
    if (!pools) {
        return false;
    }
    if (value_count(pools) == 0) {
        return err_internal(err, "the host does not belong to a pool");
    }
    *ret_pool = value_uuid(value_at(pools, 0));
    return true;
}

bool cli_api_coordinator(Cli *cli, Uuid *ret_host, Err **err)
{
    Uuid pool;
    if (!cli_api_pool(cli, &pool, err)) {
        return false;
    }
    g_autoptr(Value) host = cli_api_field(cli, "pool", pool, "master", err);
    if (!host) {
        return false;
    }
    *ret_host = value_uuid(host);
    return true;
}

bool cli_api_this_host(Cli *cli, Uuid *ret_host, Err **err)
{
    g_autoptr(Value) host = cli_api_field(cli, "session", cli->caller.session, "this_host", err);
    if (!host) {
        return false;
    }
    *ret_host = value_uuid(host);
    return true;
}

bool cli_api_show_new(Cli *cli, const char *class_name, Value *result, Err **err)
{
    g_autoptr(Value) ref = result;
    if (!ref) {
        return false;
    }
    g_autofree char *uuid = cli_api_uuid(cli, class_name, value_uuid(ref), err);
    if (!uuid) {
        return false;
    }
    cli_output_item(cli, uuid);
    return true;
}
