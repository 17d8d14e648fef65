/* Hosts. What only calls one message is in the command tables. */
#include "base/text.h"
#include "front/cli/cli_api.h"
#include "front/cli/cli_fail.h"
#include "front/cli/cli_output.h"
#include "front/cli/cli_prompt.h"
#include "front/cli/cli_select.h"
#include "front/cli/cli_transfer.h"
#include "gen/xe_table.h"

static bool careful(Cli *cli, const char *method, const char *const *warnings, Err **err);
static CliOperation upload_bug_report, install_certificate;
static bool upload_report(Cli *cli, const char *method, Uuid self, Err **err);
static char *join_texts(const Value *texts);

bool cmd_host_forget(Cli *cli, Err **err)
{
    static const char *const warnings[] = {
        "WARNING: This is for a host that is gone for good. One that still works",
        "WARNING: leaves the pool by pool-eject.",
        "WARNING: A forgotten host has to be installed anew before it is of use.",
        "WARNING: There is no way back.",
        NULL,
    };
    return careful(cli, "host.destroy", warnings, err);
}

bool cmd_host_declare_dead(Cli *cli, Err **err)
{
    static const char *const warnings[] = {
        "WARNING: Make sure that the host is off.",
        "WARNING: If it still runs virtual machines, they will run twice",
        "WARNING: and destroy the data on their disks.",
        NULL,
    };
    return careful(cli, "host.declare_dead", warnings, err);
}

bool cmd_host_bugreport_upload(Cli *cli, Err **err)
{
    static const char *const ignored[] = {"url", "http_proxy", NULL};
    return cli_select_run(cli, CLI_SELECT_HOST, 0, ignored, upload_bug_report, NULL, err);
}

bool cmd_host_crashdump_upload(Cli *cli, Err **err)
{
    Uuid crashdump;
    return cli_api_find_param(cli, "host_crashdump", "uuid", &crashdump, err) &&
           upload_report(cli, "host_crashdump.upload", crashdump, err);
}

bool cmd_host_get_cpu_features(Cli *cli, Err **err)
{
    Uuid host;
    bool is_named = cli_args_get(cli->args, "uuid") != NULL;
    if (!(is_named ? cli_api_find_param(cli, "host", "uuid", &host, err)
                   : cli_api_this_host(cli, &host, err))) {
        return false;
    }
    g_autoptr(Value) info = cli_api_field(cli, "host", host, "cpu_info", err);
    if (!info) {
        return false;
    }
    const char *features = value_get_string(info, "features");
    cli_output_item(cli, features ? features : "");
    return true;
}

bool cmd_host_get_vms_which_prevent_evacuation(Cli *cli, Err **err)
{
    Uuid host;
    if (!cli_api_find_param(cli, "host", "uuid", &host, err)) {
        return false;
    }
    g_autoptr(Value) reasons = cli_api_call(cli, "host.get_vms_which_prevent_evacuation",
                                            cli_api_params(value_new_ref(host), NULL), err);
    if (!reasons) {
        return false;
    }
    g_autoptr(GPtrArray) table = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
    GPtrArray *row = cli_output_row_new();
    g_ptr_array_add(table, row);
    for (unsigned i = 0; i < value_count(reasons); i++) {
        Uuid vm;
        g_autofree char *text = join_texts(value_at(reasons, i));
        if (value_ref_parse(value_name_at(reasons, i), &vm)) {
            g_autofree char *uuid = cli_api_uuid(cli, "VM", vm, NULL);
            cli_output_row_add(row, uuid ? uuid : CLI_RECORD_NOWHERE, text);
        }
    }
    cli_output_table(cli, table);
    return true;
}

bool cmd_host_ha_xapi_healthcheck(Cli *cli, Err **err)
{
    g_autoptr(Value) is_healthy = cli_api_call(cli, "host.ha_xapi_healthcheck", NULL, err);
    if (!is_healthy) {
        return false;
    }
    if (!value_bool(is_healthy)) {
        cli_output_stderr(cli, "The daemon does not work as it should.\n");
        return err_set(err, "CLI_EXIT");
    }
    cli_output_print(cli, "The daemon works.");
    return true;
}

bool cmd_host_server_certificate_install(Cli *cli, Err **err)
{
    static const char *const ignored[] = {"certificate", "private-key", "certificate-chain", NULL};
    return cli_select_run(cli, CLI_SELECT_HOST, CLI_SELECT_ONE, ignored, install_certificate, NULL,
                          err);
}

bool cmd_hostdriver_select(Cli *cli, Err **err)
{
    Uuid driver;
    const char *name = cli_args_get(cli->args, "variant-name");
    if (!cli_api_find_param(cli, "Host_driver", "uuid", &driver, err)) {
        return false;
    }
    g_autoptr(Value) variants = cli_api_field(cli, "Host_driver", driver, "variants", err);
    for (unsigned i = 0; variants && i < value_count(variants); i++) {
        Uuid variant = value_uuid(value_at(variants, i));
        g_autoptr(Value) label = cli_api_field(cli, "Driver_variant", variant, "name", NULL);
        if (label && text_equal(value_string(label), name)) {
            return cli_api_do(cli, "Host_driver.select",
                              cli_api_params(value_new_ref(driver), value_new_ref(variant), NULL),
                              err);
        }
    }
    return variants && cli_fail(err, "The driver has no variant called %s", name);
}

static bool careful(Cli *cli, const char *method, const char *const *warnings, Err **err)
{
    Uuid host;
    bool is_agreed = false;
    return cli_api_find_param(cli, "host", "uuid", &host, err) &&
           cli_prompt_warn(cli, warnings, &is_agreed, err) &&
           (!is_agreed || cli_api_do(cli, method, cli_api_params(value_new_ref(host), NULL), err));
}

static bool upload_bug_report(Cli *cli, const CliRow *row, void *user, Err **err)
{
    (void)user;
    return upload_report(cli, "host.bugreport_upload", row->ref, err);
}

static bool upload_report(Cli *cli, const char *method, Uuid self, Err **err)
{
    Value *options = value_new_struct(1);
    const char *proxy = cli_args_get(cli->args, "http_proxy");
    if (proxy) {
        value_struct_add_static(options, "http_proxy", value_new_string(proxy));
    }
    return cli_api_do(cli, method,
                      cli_api_params(value_new_ref(self),
                                     value_new_string(cli_args_get_or(cli->args, "url", "")),
                                     options, NULL),
                      err);
}

static bool install_certificate(Cli *cli, const CliRow *row, void *user, Err **err)
{
    (void)user;
    const char *chain_file = cli_args_get(cli->args, "certificate-chain");
    g_autofree char *certificate =
        cli_transfer_load(cli, "certificate file", cli_args_get(cli->args, "certificate"), err);
    g_autofree char *key = certificate
                               ? cli_transfer_load(cli, "private key file",
                                                   cli_args_get(cli->args, "private-key"), err)
                               : NULL;
    if (!key) {
        return false;
    }
    g_autofree char *chain = chain_file
                                 ? cli_transfer_load(cli, "certificate chain file", chain_file, err)
                                 : g_strdup("");
    bool ok =
        chain && cli_api_do(cli, "host.install_server_certificate",
                            cli_api_params(value_new_ref(row->ref), value_new_string(certificate),
                                           value_new_string(key), value_new_string(chain), NULL),
                            err);
    memset(key, 0, strlen(key));
    return ok;
}

static char *join_texts(const Value *texts)
{
    g_autoptr(GString) joined = g_string_new(NULL);
    for (unsigned i = 0; i < value_count(texts); i++) {
        g_string_append_printf(joined, "%s%s", i > 0 ? " " : "", value_string(value_at(texts, i)));
    }
    return g_string_free(g_steal_pointer(&joined), FALSE);
}
