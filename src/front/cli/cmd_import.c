/* Imports: machines and disks from files of the user's. */
#include "base/text.h"
#include "front/cli/cli_api.h"
#include "front/cli/cli_fail.h"
#include "front/cli/cli_output.h"
#include "front/cli/cli_transfer.h"
#include "front/cli/cli_vm.h"
#include "gen/xe_table.h"
#include "wire/xmlrpc.h"

typedef struct Import {
    Uuid sr;
    bool is_restore, is_forced, is_metadata, is_dry_run;
} Import;

static bool read_options(Cli *cli, Import *ret_import, Err **err);
static bool import_url(Cli *cli, const Import *import, const char *url, Err **err);
static bool import_file(Cli *cli, const Import *import, const char *file, Err **err);
static char *archive_name(const char *file);
static bool show_machines(Cli *cli, const Import *import, const Value *vms, Err **err);
static bool complain(Cli *cli, const char *text, Err **err);

bool cmd_import_vm(Cli *cli, Err **err)
{
    Import import = {0};
    const char *url = cli_args_get(cli->args, "url");
    const char *file = cli_args_get(cli->args, "filename");
    if (!read_options(cli, &import, err)) {
        return false;
    }
    if (!text_equal(cli_args_get_or(cli->args, "type", "default"), "default")) {
        return cli_fail(err, "vm-import needs conversion of other formats, which is not "
                             "available yet.");
    }
    if (url && file) {
        return complain(cli, "Give either url or filename, not both.\n", err);
    }
    if (!url && !file) {
        return err_set(err, "CLI_REQUIRED", "filename");
    }
    if (import.is_dry_run && !import.is_metadata) {
        return complain(cli, "dry-run needs metadata=true.\n", err);
    }
    return url ? import_url(cli, &import, url, err) : import_file(cli, &import, file, err);
}

bool cmd_import_vdi(Cli *cli, Err **err)
{
    Uuid vdi;
    if (!cli_api_find_param(cli, "VDI", "uuid", &vdi, err)) {
        return false;
    }
    g_autoptr(GString) path = g_string_new("/import_raw_vdi");
    const char *format = cli_args_get(cli->args, "format");
    cli_transfer_append(path, "vdi", REF_TEXT(vdi));
    if (format) {
        cli_transfer_append(path, "format", format);
    }
    CliTransfer transfer = {.label = "VDI import",
                            .file = cli_args_get(cli->args, "filename"),
                            .path = path->str,
                            .is_upload = true,
                            .done = "VDI import"};
    return cli_transfer_run(cli, &transfer, NULL, err);
}

static bool read_options(Cli *cli, Import *ret_import, Err **err)
{
    const CliArgs *args = cli->args;
    bool is_named = cli_args_get(args, "sr-uuid") != NULL;
    return (is_named ? cli_api_find_param(cli, "SR", "sr-uuid", &ret_import->sr, err)
                     : cli_vm_default_sr(cli, "The pool has no default SR; name one by sr-uuid.",
                                         &ret_import->sr, err)) &&
           cli_args_get_bool(args, "preserve", false, &ret_import->is_restore, err) &&
           cli_args_get_bool(args, "force", false, &ret_import->is_forced, err) &&
           cli_args_get_bool(args, "metadata", false, &ret_import->is_metadata, err) &&
           cli_args_get_bool(args, "dry-run", false, &ret_import->is_dry_run, err);
}

static bool import_url(Cli *cli, const Import *import, const char *url, Err **err)
{
    g_autoptr(Value) vms = cli_api_call(
        cli, "VM.import",
        cli_api_params(value_new_string(url), value_new_ref(import->sr),
                       value_new_bool(import->is_restore), value_new_bool(import->is_forced), NULL),
        err);
    return vms && show_machines(cli, import, vms, err);
}

static bool import_file(Cli *cli, const Import *import, const char *file, Err **err)
{
    g_autoptr(GString) path = g_string_new(import->is_metadata ? "/import_metadata" : "/import");
    g_autoptr(Value) vdis = cli_args_get_map(cli->args, "vdi");
    cli_transfer_append(path, "restore", import->is_restore ? "true" : "false");
    cli_transfer_append(path, "force", import->is_forced ? "true" : "false");
    cli_transfer_append(path, "dry_run", import->is_dry_run ? "true" : "false");
    cli_transfer_append(path, "sr_id", REF_TEXT(import->sr));
    for (unsigned i = 0; i < value_count(vdis); i++) {
        g_autofree char *name = g_strdup_printf("vdi:%s", value_name_at(vdis, i));
        cli_transfer_append(path, name, value_string(value_at(vdis, i)));
    }
    g_autofree char *archive = archive_name(file);
    CliTransfer transfer = {.label = "VM import",
                            .file = archive,
                            .path = path->str,
                            .is_upload = true,
                            .done = "VM import"};
    g_autofree char *result = NULL;
    if (!cli_transfer_run(cli, &transfer, &result, err)) {
        return false;
    }
    g_autoptr(Value) vms = xmlrpc_parse_value(result, strlen(result), err);
    return vms && show_machines(cli, import, vms, err);
}

/* Who names the ova.xml of an unpacked archive means the archive. */
static char *archive_name(const char *file)
{
    static const char suffix[] = "ova.xml";
    g_autofree char *lower = g_ascii_strdown(file, -1);
    size_t length = strlen(file);
    return g_strndup(file, g_str_has_suffix(lower, suffix) ? length - strlen(suffix) : length);
}

/* The references come as texts out of a task, as references out of a call. */
static bool show_machines(Cli *cli, const Import *import, const Value *vms, Err **err)
{
    g_autoptr(GString) line = g_string_new(NULL);
    for (unsigned i = 0; i < value_count(vms); i++) {
        Uuid vm = value_uuid(value_at(vms, i));
        if (value_kind(value_at(vms, i)) == VALUE_STRING) {
            value_ref_parse(value_string(value_at(vms, i)), &vm);
        }
        g_autofree char *uuid = cli_api_uuid(cli, "VM", vm, err);
        if (!uuid) {
            return false;
        }
        g_string_append_printf(line, "%s%s", i > 0 ? "," : "", uuid);
    }
    if (line->len == 0 && import->is_dry_run) {
        g_string_assign(line, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx");
    }
    cli_output_print(cli, "%s", line->str);
    return true;
}

static bool complain(Cli *cli, const char *text, Err **err)
{
    cli_output_stderr(cli, "%s", text);
    return err_set(err, "CLI_EXIT");
}
