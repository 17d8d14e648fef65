/* Disks. What only calls one message is in the command tables. */
#include "base/text.h"
#include "front/cli/cli_api.h"
#include "front/cli/cli_fail.h"
#include "front/cli/cli_output.h"
#include "front/cli/cli_record.h"
#include "gen/xe_table.h"

static bool rename_copy(Cli *cli, Uuid vdi, const char *param, const char *field, Err **err);

bool cmd_vdi_clone(Cli *cli, Err **err)
{
    Uuid vdi;
    if (!cli_api_find_param(cli, "VDI", "uuid", &vdi, err)) {
        return false;
    }
    Value *copy = cli_api_call(
        cli, "VDI.clone",
        cli_api_params(value_new_ref(vdi), cli_args_get_map(cli->args, "driver-params"), NULL),
        err);
    if (copy &&
        (!rename_copy(cli, value_uuid(copy), "new-name-label", "name_label", err) ||
         !rename_copy(cli, value_uuid(copy), "new-name-description", "name_description", err))) {
        value_unref(copy);
        return false;
    }
    return cli_api_show_new(cli, "VDI", copy, err);
}

bool cmd_vdi_copy(Cli *cli, Err **err)
{
    Uuid vdi, base, sr, into;
    bool has_sr = cli_args_get(cli->args, "sr-uuid");
    bool has_into = cli_args_get(cli->args, "into-vdi-uuid");
    if (has_sr == has_into) {
        return cli_fail(err,
                        "Give either sr-uuid, for a new disk, or into-vdi-uuid, to overwrite one.");
    }
    if (!cli_api_find_param(cli, "VDI", "uuid", &vdi, err) ||
        !cli_api_find_optional(cli, "VDI", "base-vdi-uuid", &base, err) ||
        !cli_api_find_optional(cli, "SR", "sr-uuid", &sr, err) ||
        !cli_api_find_optional(cli, "VDI", "into-vdi-uuid", &into, err)) {
        return false;
    }
    return cli_api_show_new(
        cli, "VDI",
        cli_api_call(cli, "VDI.copy",
                     cli_api_params(value_new_ref(vdi), value_new_ref(sr), value_new_ref(base),
                                    value_new_ref(into), NULL),
                     err),
        err);
}

bool cmd_vdi_pool_migrate(Cli *cli, Err **err)
{
    Uuid vdi, sr;
    if (!cli_api_find_param(cli, "VDI", "uuid", &vdi, err) ||
        !cli_api_find_param(cli, "SR", "sr-uuid", &sr, err)) {
        return false;
    }
    Value *options = value_new_struct(1);
    const char *format = cli_args_get(cli->args, "dest-img-format");
    if (format) {
        value_struct_add_static(options, "dest-img-format", value_new_string(format));
    }
    return cli_api_show_new(
        cli, "VDI",
        cli_api_call(cli, "VDI.pool_migrate",
                     cli_api_params(value_new_ref(vdi), value_new_ref(sr), options, NULL), err),
        err);
}

bool cmd_vdi_resize(Cli *cli, Err **err)
{
    Uuid vdi;
    int64_t size = 0;
    bool is_online = text_equal(cli_args_get(cli->args, "online"), "true");
    return cli_api_find_param(cli, "VDI", "uuid", &vdi, err) &&
           cli_args_get_size(cli->args, "disk-size", &size, err) &&
           cli_api_do(cli, is_online ? "VDI.resize_online" : "VDI.resize",
                      cli_api_params(value_new_ref(vdi), value_new_int(size), NULL), err);
}

bool cmd_vdi_cd_list(Cli *cli, Err **err)
{
    static const char *const columns[] = {"name-label", "uuid", NULL};
    g_autoptr(CliObjects) objects = cli_objects_new(cli, true);
    g_autoptr(GArray) srs = cli_objects_all(objects, "SR", NULL, err);
    if (!srs) {
        return false;
    }
    g_autoptr(Value) vdis = value_new_array(0);
    for (unsigned i = 0; i < srs->len; i++) {
        const Value *sr = g_array_index(srs, CliRow, i).record;
        const Value *content = value_get(sr, "VDIs");
        if (!text_equal(value_get_string(sr, "content_type"), "iso")) {
            continue;
        }
        for (unsigned j = 0; j < value_count(content); j++) {
            value_array_add(vdis, value_ref(value_at(content, j)));
        }
    }
    cli_record_show_all(cli, &cli_record_vdi, vdis, "params", columns);
    return true;
}

static bool rename_copy(Cli *cli, Uuid vdi, const char *param, const char *field, Err **err)
{
    const char *text = cli_args_get(cli->args, param);
    return !text || cli_api_set(cli, "VDI", vdi, field, value_new_string(text), err);
}
