/* Table-driven commands: converts parameters to arguments, calls, prints. */
#include "front/cli/cli_call.h"

#include "base/text.h"
#include "front/cli/cli_api.h"
#include "front/cli/cli_error.h"
#include "front/cli/cli_output.h"
#include "front/cli/cli_value.h"
#include "wire/json.h"

static CliOperation call_once;
static Value *build_params(Cli *cli, const CliCommand *command, const CliRow *row, Err **err);
static Value *build_argument(Cli *cli, const CliArg *arg, const CliRow *row, Err **err);
static Value *param_argument(Cli *cli, const CliArg *arg, Err **err);
static Value *literal(Cli *cli, const char *text, Err **err);
static bool show_map(Cli *cli, const Value *map);

bool cli_call_run(Cli *cli, const CliCommand *command, Err **err)
{
    bool is_vm = command->flags & CLI_COMMAND_VM, is_host = command->flags & CLI_COMMAND_HOST;
    if (!is_vm && !is_host && !(command->flags & CLI_COMMAND_SR)) {
        return call_once(cli, NULL, (void *)command, err);
    }
    g_autoptr(GPtrArray) ignored = g_ptr_array_new_with_free_func(g_free);
    for (unsigned i = 0; i < command->arg_count; i++) {
        if (command->args[i].param) {
            g_ptr_array_add(ignored, g_strdup(command->args[i].param));
        }
    }
    g_ptr_array_add(ignored, g_strdup("progress"));
    g_ptr_array_add(ignored, NULL);
    CliSelectKind kind = is_vm ? CLI_SELECT_VM : is_host ? CLI_SELECT_HOST : CLI_SELECT_SR;
    return cli_select_run(cli, kind, 0, (const char *const *)ignored->pdata, call_once,
                          (void *)command, err);
}

bool cli_call_show(Cli *cli, const TypeInfo *type, const Value *result, Err **err)
{
    if (type->kind == TYPE_REF) {
        return cli_api_show_new(cli, cli_value_class_name(type), value_ref((Value *)result), err);
    }
    if (value_kind(result) == VALUE_STRUCT) {
        return show_map(cli, result);
    }
    if (value_kind(result) != VALUE_ARRAY) {
        g_autofree char *text = cli_value_scalar(result);
        cli_output_item(cli, text);
        return true;
    }
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    for (unsigned i = 0; i < value_count(result); i++) {
        const Value *item = value_at(result, i);
        if (value_kind(item) == VALUE_REF) {
            char *uuid = cli_api_uuid(cli, cli_value_class_name(type->item), value_uuid(item), err);
            if (!uuid) {
                return false;
            }
            g_ptr_array_add(lines, uuid);
        } else if (value_kind(item) == VALUE_ARRAY) {
            GString *line = g_string_new(NULL);
            for (unsigned j = 0; j < value_count(item); j++) {
                g_autofree char *text = cli_value_scalar(value_at(item, j));
                g_string_append_printf(line, "%s%s", j > 0 ? " " : "", text);
            }
            g_ptr_array_add(lines, g_string_free(line, FALSE));
        } else {
            g_ptr_array_add(lines, cli_value_scalar(item));
        }
    }
    g_ptr_array_add(lines, NULL);
    cli_output_list(cli, (const char *const *)lines->pdata);
    return true;
}

/* `row` is NULL for commands that select nothing. */
static bool call_once(Cli *cli, const CliRow *row, void *user, Err **err)
{
    const CliCommand *command = user;
    Value *params = build_params(cli, command, row, err);
    if (!params) {
        return false;
    }
    g_autoptr(Value) result = cli_api_call(cli, command->message, params, err);
    return result && (!command->is_shown || cli_call_show(cli, command->result, result, err));
}

static Value *build_params(Cli *cli, const CliCommand *command, const CliRow *row, Err **err)
{
    g_autoptr(Value) params = value_new_array(command->arg_count);
    g_autoptr(Value) record = NULL;
    for (unsigned i = 0; i < command->arg_count; i++) {
        const CliArg *arg = &command->args[i];
        Value *value = build_argument(cli, arg, row, err);
        if (!value) {
            return NULL;
        }
        if (arg->member) {
            record = record ? record : value_new_struct(command->arg_count);
            value_struct_add(record, arg->member, value);
        } else {
            value_array_add(params, value);
        }
    }
    if (record) {
        value_array_add(params, g_steal_pointer(&record));
    }
    return g_steal_pointer(&params);
}

static Value *build_argument(Cli *cli, const CliArg *arg, const CliRow *row, Err **err)
{
    switch (arg->kind) {
    case CLI_ARG_PARAM:
        return param_argument(cli, arg, err);
    case CLI_ARG_SELF:
        return value_new_ref(row->ref);
    case CLI_ARG_LITERAL:
        return literal(cli, arg->fallback, err);
    }
    return NULL;
}

static Value *param_argument(Cli *cli, const CliArg *arg, Err **err)
{
    if (arg->type->kind == TYPE_MAP) {
        return cli_args_get_map(cli->args, arg->param);
    }
    const char *text = cli_args_get(cli->args, arg->param);
    if (!text && arg->type->kind == TYPE_SET) {
        g_autoptr(Value) keys = cli_args_get_map_keys(cli->args, arg->param);
        if (value_count(keys) > 0) {
            return g_steal_pointer(&keys);
        }
    }
    if (text) {
        return cli_value_parse(cli, arg->type, NULL, text, arg->param, err);
    }
    if (!arg->fallback) {
        err_set(err, "CLI_REQUIRED", arg->param);
        return NULL;
    }
    return literal(cli, arg->fallback, err);
}

static Value *literal(Cli *cli, const char *text, Err **err)
{
    Uuid ref;
    if (*text != '@') {
        return json_parse(text, strlen(text), err);
    }
    bool ok = text_equal(text, "@pool")        ? cli_api_pool(cli, &ref, err)
              : text_equal(text, "@this-host") ? cli_api_this_host(cli, &ref, err)
                                               : cli_api_coordinator(cli, &ref, err);
    return ok ? value_new_ref(ref) : NULL;
}

static bool show_map(Cli *cli, const Value *map)
{
    g_autoptr(GPtrArray) table = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
    GPtrArray *row = cli_output_row_new();
    for (unsigned i = 0; i < value_count(map); i++) {
        g_autofree char *text = cli_value_scalar(value_at(map, i));
        cli_output_row_add(row, value_name_at(map, i), text);
    }
    g_ptr_array_add(table, row);
    cli_output_table(cli, table);
    return true;
}
