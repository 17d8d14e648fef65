/* event-wait: returns once some object of a class has the values that are given. */
#include "base/text.h"
#include "front/cli/cli_api.h"
#include "front/cli/cli_fail.h"
#include "front/cli/cli_record.h"
#include "gen/xe_table.h"

/* Changes of metrics show in records but are no events of theirs, so one looks again by itself. */
#define LOOK_AGAIN_SECONDS 30.0

static const CliFamily *find_family(const char *name);
static bool is_satisfied(Cli *cli, const CliFamily *family, bool *ret_found, Err **err);
static bool matches(CliObjects *objects, const CliFamily *family, const CliRow *row,
                    bool *ret_matches, Err **err);
static bool await_change(Cli *cli, const char *class_name, char **token, Err **err);

bool cmd_event_wait(Cli *cli, Err **err)
{
    const char *name = cli_args_get(cli->args, "class");
    const CliFamily *family = find_family(name);
    if (!family) {
        return cli_fail(err, "There is no class %s to wait for.", name);
    }
    /* The token is taken first: what changes while the objects are looked at is not missed. */
    g_autofree char *token = g_strdup("");
    bool is_found = false;
    while (is_satisfied(cli, family, &is_found, err)) {
        if (is_found) {
            return true;
        }
        if (cli_is_gone(cli)) {
            return err_set(err, "CLI_EXIT");
        }
        if (!await_change(cli, family->record->class_name, &token, err)) {
            return false;
        }
    }
    return false;
}

static const CliFamily *find_family(const char *name)
{
    for (unsigned i = 0; i < cli_family_count; i++) {
        if (text_equal(cli_families[i].name, name)) {
            return &cli_families[i];
        }
    }
    return NULL;
}

static bool is_satisfied(Cli *cli, const CliFamily *family, bool *ret_found, Err **err)
{
    g_autoptr(CliObjects) objects = cli_objects_new(cli, true);
    g_autoptr(GArray) rows =
        cli_objects_all(objects, family->record->class_name, family->query, err);
    if (!rows) {
        return false;
    }
    *ret_found = false;
    for (unsigned i = 0; i < rows->len && !*ret_found; i++) {
        if (!matches(objects, family, &g_array_index(rows, CliRow, i), ret_found, err)) {
            return false;
        }
    }
    return true;
}

/* "field=value", or "field=/=value" for anything else. */
static bool matches(CliObjects *objects, const CliFamily *family, const CliRow *row,
                    bool *ret_matches, Err **err)
{
    const CliArgs *args = cli_objects_cli(objects)->args;
    *ret_matches = true;
    for (unsigned i = 0; i < args->params->len; i++) {
        const CliParam *param = &g_array_index(args->params, CliParam, i);
        if (text_equal(param->name, "class") || cli_is_common_param(param->name)) {
            continue;
        }
        const CliField *field = cli_record_find_field(family->record, param->name);
        if (!field) {
            return cli_fail(err, "key missing: %s", param->name);
        }
        bool is_inverse = g_str_has_prefix(param->value, "/=");
        g_autofree char *text = cli_record_text(objects, field, row);
        bool is_equal = text_equal(text, param->value + (is_inverse ? 2 : 0));
        *ret_matches = *ret_matches && is_equal != is_inverse;
    }
    return true;
}

static bool await_change(Cli *cli, const char *class_name, char **token, Err **err)
{
    Value *classes = value_new_array(1);
    value_array_add(classes, value_new_string(class_name));
    g_autoptr(Value) batch = cli_api_call(cli, "event.from",
                                          cli_api_params(classes, value_new_string(*token),
                                                         value_new_float(LOOK_AGAIN_SECONDS), NULL),
                                          err);
    const char *next = batch ? value_get_string(batch, "token") : NULL;
    if (next) {
        g_free(*token);
        *token = g_strdup(next);
    }
    return batch != NULL;
}
