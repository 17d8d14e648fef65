/* Writes to fields: which message, with what value. */
#include "front/cli/cli_param.h"

#include "base/text.h"
#include "front/cli/cli_api.h"
#include "front/cli/cli_fail.h"
#include "front/cli/cli_filter.h"
#include "front/cli/cli_value.h"

static bool set_one(CliObjects *objects, const CliRecord *record, const CliRow *row,
                    const CliParam *param, Err **err);
static bool set_field(CliObjects *objects, const CliField *field, const CliRow *row,
                      const char *text, Err **err);
static bool set_key(CliObjects *objects, const CliField *field, const CliRow *row, const char *key,
                    const char *text, Err **err);
static bool remove_item(CliObjects *objects, const CliField *field, const CliRow *row,
                        const char *item, Err **err);
static bool replace_map(CliObjects *objects, const CliField *field, const CliRow *row,
                        const char *key, const char *text, Err **err);
static const CliField *find_named(CliObjects *objects, const CliRecord *record, Err **err);
static bool clear_all(CliObjects *objects, const CliField *field, const CliRow *row, Err **err);
static bool cell_has(const CliCell *cell, const CliField *field, const char *item);

bool cli_param_set(CliObjects *objects, const CliRecord *record, const CliRow *row, Err **err)
{
    const CliArgs *args = cli_objects_cli(objects)->args;
    for (unsigned i = 0; i < args->params->len; i++) {
        const CliParam *param = &g_array_index(args->params, CliParam, i);
        if (!text_equal(param->name, "uuid") && !cli_is_common_param(param->name) &&
            !set_one(objects, record, row, param, err)) {
            return false;
        }
    }
    return true;
}

bool cli_param_add(CliObjects *objects, const CliRecord *record, const CliRow *row, Err **err)
{
    static const char *const own[] = {"uuid", "param-name", "param-key", NULL};
    Cli *cli = cli_objects_cli(objects);
    const CliField *field = find_named(objects, record, err);
    if (!field) {
        return false;
    }
    if (!(field->flags & CLI_FIELD_ADDABLE)) {
        return field->flags & (CLI_FIELD_SET | CLI_FIELD_MAP)
                   ? cli_fail(err, "Parameter is read-only")
                   : cli_fail(err, "Can only add to parameters of type Set or Map");
    }
    if (field->flags & CLI_FIELD_SET) {
        const char *key = cli_args_get(cli->args, "param-key");
        if (!key) {
            return cli_fail(err, "Name the value to add to the set by param-key=<value>.");
        }
        Value *item = cli_value_parse(cli, field->type->item, field->texts, key, field->name, err);
        return item && cli_api_do(cli, field->adder,
                                  cli_api_params(value_new_ref(row->ref), item, NULL), err);
    }
    for (unsigned i = 0; i < cli->args->params->len; i++) {
        const CliParam *param = &g_array_index(cli->args->params, CliParam, i);
        if (g_strv_contains(own, param->name) || cli_is_common_param(param->name)) {
            continue;
        }
        bool ok =
            field->set_map
                ? replace_map(objects, field, row, param->name, param->value, err)
                : cli_api_do(cli, field->adder,
                             cli_api_params(value_new_ref(row->ref), value_new_string(param->name),
                                            value_new_string(param->value), NULL),
                             err);
        if (!ok) {
            return false;
        }
    }
    return true;
}

bool cli_param_remove(CliObjects *objects, const CliRecord *record, const CliRow *row, Err **err)
{
    const char *key = cli_args_get(cli_objects_cli(objects)->args, "param-key");
    const CliField *field = find_named(objects, record, err);
    if (!field) {
        return false;
    }
    if (!(field->flags & CLI_FIELD_REMOVABLE)) {
        return field->flags & (CLI_FIELD_SET | CLI_FIELD_MAP)
                   ? cli_fail(err, "Nothing can be removed from this field.")
                   : cli_fail(err, "This field is neither a set nor a map.");
    }
    g_auto(CliCell) cell = cli_record_cell(objects, field, row);
    if (!cell_has(&cell, field, key)) {
        return cli_fail(
            err, field->flags & CLI_FIELD_SET ? "Key %s is not in the set" : "Key %s is not in map",
            key);
    }
    return remove_item(objects, field, row, key, err);
}

bool cli_param_clear(CliObjects *objects, const CliRecord *record, const CliRow *row, Err **err)
{
    const CliField *field = find_named(objects, record, err);
    if (!field) {
        return false;
    }
    if (field->set_map) {
        return cli_api_do(cli_objects_cli(objects), field->set_map,
                          cli_api_params(value_new_ref(row->ref), value_new_struct(0), NULL), err);
    }
    if (field->flags & CLI_FIELD_REMOVABLE) {
        return clear_all(objects, field, row, err);
    }
    if (!field->setter) {
        return cli_fail(err, "This field cannot be changed.");
    }
    g_autoptr(Err) cause = NULL;
    if (set_field(objects, field, row, "", &cause)) {
        return true;
    }
    return cli_fail(err, "This field cannot be empty.");
}

static bool set_one(CliObjects *objects, const CliRecord *record, const CliRow *row,
                    const CliParam *param, Err **err)
{
    CliTarget target;
    if (!cli_filter_resolve(record, param->name, &target, err)) {
        return false;
    }
    const CliField *field = target.field;
    switch (target.kind) {
    case CLI_TARGET_SET:
        return cli_fail(err, "Cannot param-set on set fields");
    case CLI_TARGET_MAP:
        return cli_record_is_map_writable(field)
                   ? set_key(objects, field, row, target.key, param->value, err)
                   : cli_fail(err, "Field '%s' is read-only.", field->name);
    case CLI_TARGET_FIELD:
        break;
    }
    if (field->setter) {
        return set_field(objects, field, row, param->value, err);
    }
    if (cli_record_is_map_writable(field)) {
        return cli_fail(err, "Field '%s' is a map or set. use the 'name:key=value' syntax.",
                        param->name);
    }
    return cli_fail(err, "Field '%s' is read-only.", param->name);
}

static bool set_field(CliObjects *objects, const CliField *field, const CliRow *row,
                      const char *text, Err **err)
{
    Cli *cli = cli_objects_cli(objects);
    bool is_emptied =
        *text == '\0' && (field->type->kind == TYPE_SET || field->type->kind == TYPE_REF);
    Value *value = is_emptied
                       ? type_empty_value(field->type)
                       : cli_value_parse(cli, field->type, field->texts, text, field->name, err);
    return value && cli_api_do(cli, field->setter,
                               cli_api_params(value_new_ref(row->ref), value, NULL), err);
}

/* A key that is there already has to be removed before it is added. */
static bool set_key(CliObjects *objects, const CliField *field, const CliRow *row, const char *key,
                    const char *text, Err **err)
{
    Cli *cli = cli_objects_cli(objects);
    if (field->set_map) {
        return replace_map(objects, field, row, key, text, err);
    }
    if (!field->set_key) {
        g_auto(CliCell) cell = cli_record_cell(objects, field, row);
        if (cli_cell_lookup(&cell, key) && !remove_item(objects, field, row, key, err)) {
            return false;
        }
    }
    return cli_api_do(cli, field->set_key ? field->set_key : field->adder,
                      cli_api_params(value_new_ref(row->ref), value_new_string(key),
                                     value_new_string(text), NULL),
                      err);
}

static bool remove_item(CliObjects *objects, const CliField *field, const CliRow *row,
                        const char *item, Err **err)
{
    Cli *cli = cli_objects_cli(objects);
    if (field->set_map) {
        return replace_map(objects, field, row, item, NULL, err);
    }
    const TypeInfo *type = field->type->kind == TYPE_SET ? field->type->item : field->type->key;
    Value *value = cli_value_parse(cli, type, field->texts, item, field->name, err);
    return value && cli_api_do(cli, field->remover,
                               cli_api_params(value_new_ref(row->ref), value, NULL), err);
}

/* Writes the whole map with `key` changed; `text` NULL removes it.  Several changes in one command
 * each start from what is in the database now. */
static bool replace_map(CliObjects *objects, const CliField *field, const CliRow *row,
                        const char *key, const char *text, Err **err)
{
    Cli *cli = cli_objects_cli(objects);
    g_autofree char *getter = g_strdup(field->set_map);
    char *verb = strstr(getter, ".set_");
    verb[1] = 'g';
    g_autoptr(Value) map =
        cli_api_call(cli, getter, cli_api_params(value_new_ref(row->ref), NULL), err);
    if (!map) {
        return false;
    }
    Value *changed =
        text ? value_struct_with(map, key, value_new_string(text)) : value_struct_without(map, key);
    return cli_api_do(cli, field->set_map, cli_api_params(value_new_ref(row->ref), changed, NULL),
                      err);
}

static const CliField *find_named(CliObjects *objects, const CliRecord *record, Err **err)
{
    const char *name = cli_args_get(cli_objects_cli(objects)->args, "param-name");
    const CliField *field = cli_record_find_field(record, name);
    if (!field) {
        err_set(err, "CLI_NO_FIELD", name);
    }
    return field;
}

static bool clear_all(CliObjects *objects, const CliField *field, const CliRow *row, Err **err)
{
    g_auto(CliCell) cell = cli_record_cell(objects, field, row);
    GPtrArray *items = cell.is_map ? cell.keys : cell.items;
    for (unsigned i = 0; i < items->len; i++) {
        if (!remove_item(objects, field, row, g_ptr_array_index(items, i), err)) {
            return false;
        }
    }
    return true;
}

static bool cell_has(const CliCell *cell, const CliField *field, const char *item)
{
    if (field->flags & CLI_FIELD_MAP) {
        return cli_cell_lookup(cell, item) != NULL;
    }
    for (unsigned i = 0; i < cell->items->len; i++) {
        if (text_equal(g_ptr_array_index(cell->items, i), item)) {
            return true;
        }
    }
    return false;
}
