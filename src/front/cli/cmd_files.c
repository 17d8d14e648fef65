/* Other files that move between the user and a server: backups, logs, reports, databases, patches,
 * blobs. */
#include "base/text.h"
#include "front/cli/cli_api.h"
#include "front/cli/cli_output.h"
#include "front/cli/cli_prompt.h"
#include "front/cli/cli_select.h"
#include "front/cli/cli_transfer.h"
#include "gen/xe_table.h"

/* A file that one of the hosts has or takes. */
typedef struct HostFile {
    const char *path;
    const char *label;
    const char *param; /* names the file */
    bool is_upload;
} HostFile;

static bool move_file(Cli *cli, const char *path, const char *label, const char *param,
                      bool is_upload, char **ret_result, Err **err);
static bool move_host_file(Cli *cli, const HostFile *file, Err **err);
static CliOperation move_one;
static char *host_url(Cli *cli, Uuid host, const char *path);
static bool move_blob(Cli *cli, bool is_upload, Err **err);
static bool upload_object(Cli *cli, const char *path, const char *label, const char *class_name,
                          Err **err);

bool cmd_download_host_backup(Cli *cli, Err **err)
{
    return move_host_file(cli, &(HostFile){"/host_backup", "Host backup", "file-name", false}, err);
}

bool cmd_upload_host_restore(Cli *cli, Err **err)
{
    return move_host_file(cli, &(HostFile){"/host_restore", "Host restore", "file-name", true},
                          err);
}

bool cmd_download_host_logs(Cli *cli, Err **err)
{
    return move_host_file(cli, &(HostFile){"/host_logs_download", "Host logs", "file-name", false},
                          err);
}

bool cmd_download_system_status(Cli *cli, Err **err)
{
    g_autoptr(GString) path = g_string_new("/system-status");
    cli_transfer_append(path, "entries", cli_args_get_or(cli->args, "entries", ""));
    cli_transfer_append(path, "output", cli_args_get_or(cli->args, "output", "tar"));
    return move_host_file(cli, &(HostFile){path->str, "Status report", "filename", false}, err);
}

bool cmd_download_database(Cli *cli, Err **err)
{
    return move_file(cli, "/pool/xmldbdump", "Database dump", "file-name", false, NULL, err);
}

bool cmd_upload_database(Cli *cli, Err **err)
{
    static const char *const warnings[] = {
        "WARNING: The database of the pool is about to be replaced and this host to restart.",
        NULL,
    };
    bool is_dry_run = false, is_agreed = true;
    if (!cli_args_get_bool(cli->args, "dry-run", false, &is_dry_run, err) ||
        (!is_dry_run && !cli_prompt_warn(cli, warnings, &is_agreed, err))) {
        return false;
    }
    g_autoptr(GString) path = g_string_new("/pool/xmldbdump");
    cli_transfer_append(path, "dry_run", is_dry_run ? "true" : "false");
    return !is_agreed ||
           move_file(cli, path->str, "Database restore", "file-name", true, NULL, err);
}

bool cmd_download_audit_log(Cli *cli, Err **err)
{
    g_autoptr(GString) path = g_string_new("/audit_log");
    const char *since = cli_args_get(cli->args, "since");
    if (since) {
        cli_transfer_append(path, "since", since);
    }
    return move_file(cli, path->str, "audit-log-get", "filename", false, NULL, err);
}

bool cmd_upload_patch(Cli *cli, Err **err)
{
    return upload_object(cli, "/pool_patch_upload", "Upload of the patch", "pool_patch", err);
}

bool cmd_upload_update(Cli *cli, Err **err)
{
    g_autoptr(GString) path = g_string_new("/pool_patch_upload");
    Uuid sr;
    if (!cli_api_find_optional(cli, "SR", "sr-uuid", &sr, err)) {
        return false;
    }
    if (!uuid_is_null(sr)) {
        cli_transfer_append(path, "sr_id", REF_TEXT(sr));
    }
    return upload_object(cli, path->str, "Update upload", "pool_patch", err);
}

bool cmd_upload_bundle(Cli *cli, Err **err)
{
    return move_file(cli, "/bundle", "Bundle upload", "filename", true, NULL, err);
}

bool cmd_download_blob(Cli *cli, Err **err)
{
    return move_blob(cli, false, err);
}

bool cmd_upload_blob(Cli *cli, Err **err)
{
    return move_blob(cli, true, err);
}

/* Without a parameter that names the file, it goes to the standard output. */
static bool move_file(Cli *cli, const char *path, const char *label, const char *param,
                      bool is_upload, char **ret_result, Err **err)
{
    CliTransfer transfer = {.label = label,
                            .file = cli_args_get_or(cli->args, param, ""),
                            .path = path,
                            .is_upload = is_upload,
                            .done = label};
    return cli_transfer_run(cli, &transfer, ret_result, err);
}

static bool move_host_file(Cli *cli, const HostFile *file, Err **err)
{
    static const char *const ignored[] = {"file-name", "filename", "entries", "output", NULL};
    return cli_select_run(cli, CLI_SELECT_HOST, CLI_SELECT_ONE, ignored, move_one, (void *)file,
                          err);
}

static bool move_one(Cli *cli, const CliRow *row, void *user, Err **err)
{
    const HostFile *file = user;
    g_autofree char *url = host_url(cli, row->ref, file->path);
    return move_file(cli, url, file->label, file->param, file->is_upload, NULL, err);
}

/* A path alone is on the server xe talks to; other hosts are named. */
static char *host_url(Cli *cli, Uuid host, const char *path)
{
    Uuid here;
    g_autoptr(Value) address = cli_api_field(cli, "host", host, "address", NULL);
    bool is_here = cli_api_this_host(cli, &here, NULL) && uuid_equal(here, host);
    if (is_here || !address || *value_string(address) == '\0') {
        return g_strdup(path);
    }
    bool is_ipv6 = strchr(value_string(address), ':') != NULL;
    return g_strdup_printf(is_ipv6 ? "https://[%s]%s" : "https://%s%s", value_string(address),
                           path);
}

static bool move_blob(Cli *cli, bool is_upload, Err **err)
{
    Uuid blob;
    if (!cli_api_find_param(cli, "blob", "uuid", &blob, err)) {
        return false;
    }
    g_autoptr(GString) path = g_string_new("/blob");
    cli_transfer_append(path, "ref", REF_TEXT(blob));
    return move_file(cli, path->str, is_upload ? "Blob upload" : "Blob download", "filename",
                     is_upload, NULL, err);
}

/* The result of the task is the text of a reference. */
static bool upload_object(Cli *cli, const char *path, const char *label, const char *class_name,
                          Err **err)
{
    g_autofree char *result = NULL;
    Uuid ref;
    if (!move_file(cli, path, label, "file-name", true, &result, err)) {
        return false;
    }
    return value_ref_parse(result, &ref)
               ? cli_api_show_new(cli, class_name, value_new_ref(ref), err)
               : err_internal(err, "the upload ended without a reference");
}
