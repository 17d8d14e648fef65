/* Storage repositories. What only calls one message is in the command tables. */
#include "base/text.h"
#include "front/cli/cli_api.h"
#include "front/cli/cli_output.h"
#include "front/cli/cli_transfer.h"
#include "front/cli/cli_value.h"
#include "gen/xe_table.h"

static bool find_host(Cli *cli, bool is_shared, Uuid *ret_host, Err **err);
static Value *device_config(Cli *cli, Err **err);
static Value *probe(Cli *cli, const char *method, Err **err);
static GPtrArray *describe_probe(const Value *result);

bool cmd_sr_create(Cli *cli, Err **err)
{
    Uuid host;
    bool is_shared = false;
    int64_t size = 0;
    if (!cli_args_get_bool(cli->args, "shared", false, &is_shared, err) ||
        !find_host(cli, is_shared, &host, err) ||
        (cli_args_get(cli->args, "physical-size") &&
         !cli_args_get_size(cli->args, "physical-size", &size, err))) {
        return false;
    }
    Value *config = device_config(cli, err);
    if (!config) {
        return false;
    }
    Value *params =
        cli_api_params(value_new_ref(host), config, value_new_int(size),
                       value_new_string(cli_args_get(cli->args, "name-label")),
                       value_new_string(cli_args_get_or(cli->args, "name-description", "")),
                       value_new_string(cli_args_get(cli->args, "type")),
                       value_new_string(cli_args_get_or(cli->args, "content-type", "")),
                       value_new_bool(is_shared), cli_args_get_map(cli->args, "sm-config"), NULL);
    g_autoptr(Value) sr = cli_api_call(cli, "SR.create", params, err);
    g_autofree char *uuid = sr ? cli_api_uuid(cli, "SR", value_uuid(sr), err) : NULL;
    if (!uuid) {
        return false;
    }
    cli_output_item(cli, uuid);
    return true;
}

bool cmd_sr_probe(Cli *cli, Err **err)
{
    g_autoptr(Value) result = probe(cli, "SR.probe", err);
    if (!result) {
        return false;
    }
    cli_output_item(cli, value_string(result));
    return true;
}

bool cmd_sr_probe_ext(Cli *cli, Err **err)
{
    g_autoptr(Value) results = probe(cli, "SR.probe_ext", err);
    if (!results) {
        return false;
    }
    g_autoptr(GPtrArray) table = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
    for (unsigned i = 0; i < value_count(results); i++) {
        g_ptr_array_add(table, describe_probe(value_at(results, i)));
    }
    cli_output_table(cli, table);
    return true;
}

/* A repository that is not shared belongs to a host, which has to be named when there are many. */
static bool find_host(Cli *cli, bool is_shared, Uuid *ret_host, Err **err)
{
    if (cli_args_get(cli->args, "host-uuid")) {
        return cli_api_find_param(cli, "host", "host-uuid", ret_host, err);
    }
    if (!is_shared) {
        g_autoptr(Value) hosts = cli_api_call(cli, "host.get_all", NULL, err);
        if (!hosts) {
            return false;
        }
        if (value_count(hosts) != 1) {
            return err_set(err, "CLI_REQUIRED", "host-uuid");
        }
    }
    return cli_api_coordinator(cli, ret_host, err);
}

/* "k-filename=f" gives k the content of the user's file f. */
static Value *device_config(Cli *cli, Err **err)
{
    static const char suffix[] = "-filename";
    g_autoptr(Value) given = cli_args_get_map(cli->args, "device-config");
    g_autoptr(Value) config = value_new_struct(value_count(given));
    for (unsigned i = 0; i < value_count(given); i++) {
        const char *name = value_name_at(given, i);
        if (!g_str_has_suffix(name, suffix)) {
            value_struct_add(config, name, value_ref(value_at(given, i)));
            continue;
        }
        g_autofree char *key = g_strndup(name, strlen(name) - strlen(suffix));
        const char *file = value_string(value_at(given, i));
        g_autofree char *content = cli_transfer_load(cli, file, file, err);
        if (!content) {
            return NULL;
        }
        value_struct_add(config, key, value_new_string(content));
    }
    return g_steal_pointer(&config);
}

static Value *probe(Cli *cli, const char *method, Err **err)
{
    Uuid host;
    Value *config = find_host(cli, true, &host, err) ? device_config(cli, err) : NULL;
    return config ? cli_api_call(cli, method,
                                 cli_api_params(value_new_ref(host), config,
                                                value_new_string(cli_args_get(cli->args, "type")),
                                                cli_args_get_map(cli->args, "sm-config"), NULL),
                                 err)
                  : NULL;
}

static GPtrArray *describe_probe(const Value *result)
{
    GPtrArray *row = cli_output_row_new();
    for (unsigned i = 0; i < value_count(result); i++) {
        const Value *member = value_at(result, i);
        if (value_kind(member) != VALUE_STRUCT) {
            g_autofree char *text = cli_value_scalar(member);
            cli_output_row_add(row, value_name_at(result, i), text);
            continue;
        }
        for (unsigned j = 0; j < value_count(member); j++) {
            g_autofree char *name =
                g_strdup_printf("%s:%s", value_name_at(result, i), value_name_at(member, j));
            g_autofree char *text = cli_value_scalar(value_at(member, j));
            cli_output_row_add(row, name, text);
        }
    }
    return row;
}
