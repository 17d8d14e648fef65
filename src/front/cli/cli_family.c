/* What the generated commands do; the tables they work by are cli_families[]. */
#include "front/cli/cli_family.h"

#include "base/text.h"
#include "front/cli/cli_api.h"
#include "front/cli/cli_fail.h"
#include "front/cli/cli_filter.h"
#include "front/cli/cli_output.h"
#include "front/cli/cli_param.h"
#include "front/cli/cli_record.h"

typedef struct Verb {
    const char *suffix;
    const char *const *required;
} Verb;

static const char *const no_params[] = {NULL};
static const char *const uuid_param[] = {"uuid", NULL};
static const char *const name_params[] = {"uuid", "param-name", NULL};
static const char *const key_params[] = {"uuid", "param-name", "param-key", NULL};

static const Verb verbs[] = {
    [CLI_VERB_LIST] = {"list", no_params},
    [CLI_VERB_PARAM_LIST] = {"param-list", uuid_param},
    [CLI_VERB_PARAM_GET] = {"param-get", name_params},
    [CLI_VERB_PARAM_SET] = {"param-set", uuid_param},
    [CLI_VERB_PARAM_ADD] = {"param-add", name_params},
    [CLI_VERB_PARAM_REMOVE] = {"param-remove", key_params},
    [CLI_VERB_PARAM_CLEAR] = {"param-clear", name_params},
};

static bool is_possible(const CliField *field, CliVerb verb);
static bool run_in_database(Cli *cli, const CliFamily *family, CliVerb verb, Err **err);
static bool open_database(Cli *cli, Uuid *ret_session, Err **err);
static bool run(Cli *cli, const CliFamily *family, CliVerb verb, Err **err);
static bool list(Cli *cli, const CliFamily *family, Err **err);
static GArray *fetch_rows(CliObjects *objects, const CliFamily *family, Err **err);
static bool apply_filters(CliObjects *objects, const CliFamily *family, GArray *rows, Err **err);
static char **choose_columns(Cli *cli, const CliFamily *family);
static bool param_list(CliObjects *objects, const CliFamily *family, const CliRow *row);
static bool param_get(CliObjects *objects, const CliFamily *family, const CliRow *row, Err **err);

bool cli_family_find(const char *command, const CliFamily **ret_family, CliVerb *ret_verb)
{
    for (unsigned i = 0; i < cli_family_count; i++) {
        const CliFamily *family = &cli_families[i];
        size_t length = strlen(family->name);
        if (!g_str_has_prefix(command, family->name) || command[length] != '-') {
            continue;
        }
        for (CliVerb verb = 0; verb < CLI_VERB_COUNT; verb++) {
            if (text_equal(command + length + 1, verbs[verb].suffix) &&
                cli_family_has(family, verb)) {
                *ret_family = family;
                *ret_verb = verb;
                return true;
            }
        }
    }
    return false;
}

bool cli_family_has(const CliFamily *family, CliVerb verb)
{
    for (unsigned i = 0; i < family->record->field_count; i++) {
        const CliField *field = &family->record->fields[i];
        if (!(field->flags & CLI_FIELD_HIDDEN) && is_possible(field, verb)) {
            return true;
        }
    }
    return false;
}

char *cli_family_command(const CliFamily *family, CliVerb verb)
{
    return g_strdup_printf("%s-%s", family->name, verbs[verb].suffix);
}

const char *const *cli_family_required(CliVerb verb)
{
    return verbs[verb].required;
}

bool cli_family_run(Cli *cli, const CliFamily *family, CliVerb verb, Err **err)
{
    bool is_reading =
        verb == CLI_VERB_LIST || verb == CLI_VERB_PARAM_LIST || verb == CLI_VERB_PARAM_GET;
    g_autoptr(Value) database = cli_args_get_map(cli->args, "database");
    return is_reading && value_count(database) > 0 ? run_in_database(cli, family, verb, err)
                                                   : run(cli, family, verb, err);
}

static bool is_possible(const CliField *field, CliVerb verb)
{
    switch (verb) {
    case CLI_VERB_LIST:
    case CLI_VERB_PARAM_LIST:
    case CLI_VERB_PARAM_GET:
        return true;
    case CLI_VERB_PARAM_SET:
        return field->flags & CLI_FIELD_SETTABLE || cli_record_is_map_writable(field);
    case CLI_VERB_PARAM_ADD:
    case CLI_VERB_PARAM_REMOVE:
        return field->flags & CLI_FIELD_ADDABLE;
    case CLI_VERB_PARAM_CLEAR:
        return field->flags & (CLI_FIELD_SETTABLE | CLI_FIELD_SET | CLI_FIELD_MAP);
    case CLI_VERB_COUNT:
        break;
    }
    return false;
}

/* Reads another pool's database by a session of its own. */
static bool run_in_database(Cli *cli, const CliFamily *family, CliVerb verb, Err **err)
{
    Uuid own = cli->caller.session;
    Uuid opened;
    if (!open_database(cli, &opened, err)) {
        return false;
    }
    cli->caller.session = opened;
    bool ok = run(cli, family, verb, err);
    cli_api_do(cli, "session.logout", NULL, NULL);
    cli->caller.session = own;
    return ok;
}

static bool open_database(Cli *cli, Uuid *ret_session, Err **err)
{
    const char *vdi_uuid = cli_args_get(cli->args, "database:vdi-uuid");
    const char *file = cli_args_get(cli->args, "database:filename");
    if (vdi_uuid && file) {
        return cli_fail(err, "Give either database:vdi-uuid or database:filename, not both.");
    }
    g_autoptr(Value) session = NULL;
    if (vdi_uuid) {
        Uuid vdi;
        if (!cli_api_find(cli, "VDI", vdi_uuid, &vdi, err)) {
            return false;
        }
        session =
            cli_api_call(cli, "VDI.open_database", cli_api_params(value_new_ref(vdi), NULL), err);
    } else {
        session = cli_api_call(cli, "session.create_from_db_file",
                               cli_api_params(value_new_string(file ? file : ""), NULL), err);
    }
    if (!session) {
        return false;
    }
    *ret_session = value_uuid(session);
    return true;
}

static bool run(Cli *cli, const CliFamily *family, CliVerb verb, Err **err)
{
    if (verb == CLI_VERB_LIST) {
        return list(cli, family, err);
    }
    const char *class_name = family->record->class_name;
    g_autoptr(CliObjects) objects = cli_objects_new(cli, false);
    CliRow row = {0};
    if (!cli_api_find_param(cli, class_name, "uuid", &row.ref, err)) {
        return false;
    }
    g_autoptr(Value) record = cli_api_record(cli, class_name, row.ref, err);
    if (!record) {
        return false;
    }
    row.record = record;
    switch (verb) {
    case CLI_VERB_PARAM_LIST:
        return param_list(objects, family, &row);
    case CLI_VERB_PARAM_GET:
        return param_get(objects, family, &row, err);
    case CLI_VERB_PARAM_SET:
        return cli_param_set(objects, family->record, &row, err);
    case CLI_VERB_PARAM_ADD:
        return cli_param_add(objects, family->record, &row, err);
    case CLI_VERB_PARAM_REMOVE:
        return cli_param_remove(objects, family->record, &row, err);
    case CLI_VERB_PARAM_CLEAR:
        return cli_param_clear(objects, family->record, &row, err);
    case CLI_VERB_LIST:
    case CLI_VERB_COUNT:
        break;
    }
    return false;
}

static bool list(Cli *cli, const CliFamily *family, Err **err)
{
    bool is_single = cli_args_get(cli->args, "uuid") != NULL;
    g_autoptr(CliObjects) objects = cli_objects_new(cli, !is_single);
    g_autoptr(GArray) rows = fetch_rows(objects, family, err);
    if (!rows || !apply_filters(objects, family, rows, err)) {
        return false;
    }
    g_auto(GStrv) columns = choose_columns(cli, family);
    g_autoptr(GPtrArray) table = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
    for (unsigned i = 0; i < rows->len; i++) {
        g_ptr_array_add(table,
                        cli_record_row(objects, family->record, &g_array_index(rows, CliRow, i),
                                       (const char *const *)columns, true));
    }
    cli_output_table(cli, table);
    return true;
}

/* A uuid that is given names the only candidate. */
static GArray *fetch_rows(CliObjects *objects, const CliFamily *family, Err **err)
{
    Cli *cli = cli_objects_cli(objects);
    const char *class_name = family->record->class_name;
    const char *uuid = cli_args_get(cli->args, "uuid");
    if (!uuid || family->query) {
        return cli_objects_all(objects, class_name, family->query, err);
    }
    GArray *rows = g_array_new(FALSE, FALSE, sizeof(CliRow));
    CliRow row = {0};
    if (cli_api_find(cli, class_name, uuid, &row.ref, NULL)) {
        row.record = cli_objects_find(objects, class_name, row.ref);
    }
    if (row.record) {
        g_array_append_val(rows, row);
    }
    return rows;
}

static bool apply_filters(CliObjects *objects, const CliFamily *family, GArray *rows, Err **err)
{
    const CliArgs *args = cli_objects_cli(objects)->args;
    for (const CliText *where = family->where; where->name; where++) {
        if (!cli_filter_apply(objects, family->record, where->name, where->text, rows, err)) {
            return false;
        }
    }
    for (unsigned i = 0; i < args->params->len; i++) {
        const CliParam *param = &g_array_index(args->params, CliParam, i);
        if (!text_equal(param->name, "params") && !cli_is_common_param(param->name) &&
            !g_str_has_prefix(param->name, "database:") &&
            !cli_filter_apply(objects, family->record, param->name, param->value, rows, err)) {
            return false;
        }
    }
    return true;
}

/* NULL: all fields. (owned) */
static char **choose_columns(Cli *cli, const CliFamily *family)
{
    const char *wanted = cli_args_get(cli->args, "params");
    if (!wanted) {
        return g_strdupv((char **)family->columns);
    }
    return text_equal(wanted, "all") ? NULL : g_strsplit(wanted, ",", -1);
}

static bool param_list(CliObjects *objects, const CliFamily *family, const CliRow *row)
{
    g_autoptr(GPtrArray) table = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
    g_ptr_array_add(table, cli_record_row(objects, family->record, row, NULL, false));
    cli_output_table(cli_objects_cli(objects), table);
    return true;
}

static bool param_get(CliObjects *objects, const CliFamily *family, const CliRow *row, Err **err)
{
    Cli *cli = cli_objects_cli(objects);
    const char *name = cli_args_get(cli->args, "param-name");
    const char *key = cli_args_get(cli->args, "param-key");
    const CliField *field = cli_record_find_field(family->record, name);
    if (!field) {
        return err_set(err, "CLI_NO_FIELD", name);
    }
    if (!key || !(field->flags & CLI_FIELD_MAP)) {
        g_autofree char *text = cli_record_text(objects, field, row);
        cli_output_item(cli, text);
        return true;
    }
    g_auto(CliCell) cell = cli_record_cell(objects, field, row);
    const char *item = cli_cell_lookup(&cell, key);
    if (!item) {
        return cli_fail(err, "Key %s not found in map", key);
    }
    cli_output_item(cli, item);
    return true;
}
