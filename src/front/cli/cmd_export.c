/* Exports: machines, templates, snapshots and disks into files of the user's. */
#include "base/text.h"
#include "front/cli/cli_api.h"
#include "front/cli/cli_select.h"
#include "front/cli/cli_transfer.h"
#include "front/cli/cli_vm.h"
#include "gen/xe_table.h"

/* Several machines go to files with numbers behind their name. */
typedef struct Export {
    unsigned count;
} Export;

static CliOperation export_one;
static bool export_kind(Cli *cli, const char *kind, const char *param, Err **err);
static bool export_vm(Cli *cli, Uuid vm, const char *file, Err **err);
static const char *compression(Cli *cli);
static bool append_flag(Cli *cli, GString *path, const char *param, const char *name, Err **err);

bool cmd_export_vm(Cli *cli, Err **err)
{
    static const char *const ignored[] = {"filename",          "metadata",
                                          "compress",          "preserve-power-state",
                                          "include-snapshots", "excluded-device-types",
                                          "progress",          NULL};
    Export numbering = {0};
    return cli_select_run(cli, CLI_SELECT_VM, 0, ignored, export_one, &numbering, err);
}

bool cmd_export_template(Cli *cli, Err **err)
{
    return export_kind(cli, "template", "template-uuid", err);
}

bool cmd_export_snapshot(Cli *cli, Err **err)
{
    return export_kind(cli, "snapshot", "snapshot-uuid", err);
}

bool cmd_export_vdi(Cli *cli, Err **err)
{
    Uuid vdi;
    if (!cli_api_find_param(cli, "VDI", "uuid", &vdi, err)) {
        return false;
    }
    g_autoptr(GString) path = g_string_new("/export_raw_vdi");
    const char *format = cli_args_get(cli->args, "format");
    const char *base = cli_args_get(cli->args, "base");
    cli_transfer_append(path, "vdi", REF_TEXT(vdi));
    if (format) {
        cli_transfer_append(path, "format", format);
    }
    if (base) {
        cli_transfer_append(path, "base", base);
    }
    CliTransfer transfer = {.label = "VDI export",
                            .file = cli_args_get(cli->args, "filename"),
                            .path = path->str,
                            .done = "VDI export"};
    return cli_transfer_run(cli, &transfer, NULL, err);
}

static bool export_one(Cli *cli, const CliRow *row, void *user, Err **err)
{
    Export *numbering = user;
    const char *name = cli_args_get(cli->args, "filename");
    unsigned number = ++numbering->count;
    g_autofree char *file = number > 1 ? g_strdup_printf("%s%u", name, number) : g_strdup(name);
    return export_vm(cli, row->ref, file, err);
}

static bool export_kind(Cli *cli, const char *kind, const char *param, Err **err)
{
    Uuid vm;
    return cli_vm_find_kind(cli, kind, param, NULL, &vm, err) &&
           export_vm(cli, vm, cli_args_get(cli->args, "filename"), err);
}

static bool export_vm(Cli *cli, Uuid vm, const char *file, Err **err)
{
    bool is_metadata = false;
    if (!cli_args_get_bool(cli->args, "metadata", false, &is_metadata, err)) {
        return false;
    }
    g_autoptr(GString) path = g_string_new(is_metadata ? "/export_metadata" : "/export");
    cli_transfer_append(path, "ref", REF_TEXT(vm));
    cli_transfer_append(path, "use_compression", compression(cli));
    if (!append_flag(cli, path, "preserve-power-state", "preserve_power_state", err) ||
        !append_flag(cli, path, "include-snapshots", "export_snapshots", err)) {
        return false;
    }
    const char *excluded = cli_args_get(cli->args, "excluded-device-types");
    if (is_metadata && excluded) {
        cli_transfer_append(path, "excluded_device_types", excluded);
    }
    CliTransfer transfer = {
        .label = "VM export", .file = file, .path = path->str, .announces = true, .done = "Export"};
    return cli_transfer_run(cli, &transfer, NULL, err);
}

static const char *compression(Cli *cli)
{
    const char *wanted = cli_args_get_or(cli->args, "compress", "false");
    if (text_equal(wanted, "true") || text_equal(wanted, "gzip")) {
        return "gzip";
    }
    return text_equal(wanted, "zstd") ? "zstd" : "false";
}

static bool append_flag(Cli *cli, GString *path, const char *param, const char *name, Err **err)
{
    bool is_set = false;
    if (!cli_args_get_bool(cli->args, param, false, &is_set, err)) {
        return false;
    }
    cli_transfer_append(path, name, is_set ? "true" : "false");
    return true;
}
