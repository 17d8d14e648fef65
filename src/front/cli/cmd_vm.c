/* Commands that change the power state of virtual machines, and small ones about one machine. */
#include "base/text.h"
#include "front/cli/cli_api.h"
#include "front/cli/cli_error.h"
#include "front/cli/cli_host_report.h"
#include "front/cli/cli_output.h"
#include "front/cli/cli_select.h"
#include "gen/xe_table.h"

/* How machines are started or resumed. */
typedef struct StartOptions {
    const char *method;    /* VM.start or VM.resume */
    const char *method_on; /* with a host */
    bool is_forced, is_paused;
    bool has_host;
    Uuid host;
} StartOptions;

static bool start(Cli *cli, StartOptions *options, unsigned select_flags, Err **err);
static CliOperation start_one, call_one, show_bios, list_vifs, list_crashdumps;
static bool choose(Cli *cli, const char *gentle, const char *hard, Err **err);

bool cmd_vm_start(Cli *cli, Err **err)
{
    StartOptions options = {.method = "VM.start", .method_on = "VM.start_on"};
    return cli_args_get_bool(cli->args, "paused", false, &options.is_paused, err) &&
           start(cli, &options, CLI_SELECT_CONTROL_DOMAINS, err);
}

bool cmd_vm_resume(Cli *cli, Err **err)
{
    StartOptions options = {.method = "VM.resume", .method_on = "VM.resume_on"};
    return start(cli, &options, 0, err);
}

bool cmd_vm_shutdown(Cli *cli, Err **err)
{
    return choose(cli, "VM.clean_shutdown", "VM.hard_shutdown", err);
}

bool cmd_vm_reboot(Cli *cli, Err **err)
{
    return choose(cli, "VM.clean_reboot", "VM.hard_reboot", err);
}

bool cmd_vm_is_bios_customized(Cli *cli, Err **err)
{
    return cli_select_run(cli, CLI_SELECT_VM, 0, NULL, show_bios, NULL, err);
}

bool cmd_vm_vif_list(Cli *cli, Err **err)
{
    static const char *const ignored[] = {"params", NULL};
    return cli_select_run(cli, CLI_SELECT_VM, CLI_SELECT_MANY, ignored, list_vifs, NULL, err);
}

bool cmd_vm_crashdump_list(Cli *cli, Err **err)
{
    return cli_select_run(cli, CLI_SELECT_VM, 0, NULL, list_crashdumps, NULL, err);
}

static bool start(Cli *cli, StartOptions *options, unsigned select_flags, Err **err)
{
    static const char *const ignored[] = {"on", "paused", "progress", NULL};
    const char *host = cli_args_get(cli->args, "on");
    if (!cli_args_get_bool(cli->args, "force", false, &options->is_forced, err)) {
        return false;
    }
    options->has_host = host != NULL;
    return (!host || cli_select_host_named(cli, host, &options->host, err)) &&
           cli_select_run(cli, CLI_SELECT_VM, select_flags, ignored, start_one, options, err);
}

static bool start_one(Cli *cli, const CliRow *row, void *user, Err **err)
{
    const StartOptions *options = user;
    Value *params = cli_api_params(value_new_ref(row->ref), NULL);
    if (options->has_host) {
        value_array_add(params, value_new_ref(options->host));
    }
    value_array_add(params, value_new_bool(options->is_paused));
    value_array_add(params, value_new_bool(options->is_forced));
    Err *error = NULL;
    if (cli_api_do(cli, options->has_host ? options->method_on : options->method, params, &error)) {
        return true;
    }
    if (err_is(error, "NO_HOSTS_AVAILABLE")) {
        cli_output_list(
            cli, (const char *const[]){
                     "There are no suitable hosts to start this VM on.",
                     "The following table provides per-host reasons for why the VM could not be "
                     "started:",
                     "", NULL});
        cli_host_report_show(cli, row->ref);
    }
    return err_propagate(err, error);
}

/* One message for --force, another without. */
static bool choose(Cli *cli, const char *gentle, const char *hard, Err **err)
{
    static const char *const ignored[] = {"progress", NULL};
    bool is_forced = false;
    return cli_args_get_bool(cli->args, "force", false, &is_forced, err) &&
           cli_select_run(cli, CLI_SELECT_VM, 0, ignored, call_one,
                          (void *)(is_forced ? hard : gentle), err);
}

/* `user` is the name of a message that takes only the machine. */
static bool call_one(Cli *cli, const CliRow *row, void *user, Err **err)
{
    return cli_api_do(cli, user, cli_api_params(value_new_ref(row->ref), NULL), err);
}

/* Every machine has the strings of a plain one until somebody sets others. */
static bool show_bios(Cli *cli, const CliRow *row, void *user, Err **err)
{
    (void)user;
    g_autoptr(Value) strings = cli_api_field(cli, "VM", row->ref, "bios_strings", err);
    if (!strings) {
        return false;
    }
    const char *maker = value_get_string(strings, "bios-vendor");
    const char *product = value_get_string(strings, "system-product-name");
    bool is_generic = text_equal(maker, "Xen") && text_equal(product, "HVM domU");
    cli_output_remark(cli, value_count(strings) == 0 ? "No BIOS strings are set."
                           : is_generic              ? "The BIOS strings are the usual ones."
                                                     : "The BIOS strings are the VM's own.");
    return true;
}

static bool list_vifs(Cli *cli, const CliRow *row, void *user, Err **err)
{
    static const char *const columns[] = {
        "uuid", "device", "MAC", "network-uuid", "network-name-label", "vm-name-label", NULL};
    (void)user;
    (void)err;
    cli_record_show_all(cli, &cli_record_vif, value_get(row->record, "VIFs"), "params", columns);
    return true;
}

static bool list_crashdumps(Cli *cli, const CliRow *row, void *user, Err **err)
{
    (void)user;
    (void)err;
    cli_record_show_all(cli, &cli_record_crashdump, value_get(row->record, "crash_dumps"), NULL,
                        NULL);
    return true;
}
