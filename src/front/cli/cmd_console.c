/* console: the user's terminal on the text console of one machine. */
#include "base/text.h"
#include "front/cli/cli_api.h"
#include "front/cli/cli_error.h"
#include "front/cli/cli_output.h"
#include "front/cli/cli_select.h"
#include "front/cli/cli_transfer.h"
#include "gen/xe_table.h"

static bool find_console(Cli *cli, const CliRow *vm, Value **ret_console, Err **err);
static bool complain(Cli *cli, const char *text, Err **err);

bool cmd_console(Cli *cli, Err **err)
{
    bool is_single = cli_args_get(cli->args, "uuid") || cli_args_get(cli->args, "vm");
    g_autoptr(CliObjects) objects = cli_objects_new(cli, !is_single);
    g_autoptr(GArray) vms =
        cli_select_rows(objects, CLI_SELECT_VM, CLI_SELECT_CONTROL_DOMAINS, NULL, err);
    if (!vms) {
        return false;
    }
    if (vms->len != 1) {
        return complain(
            cli, vms->len == 0 ? "No VM matches.\n" : "More than one VM matches; name one.\n", err);
    }
    const CliRow *vm = &g_array_index(vms, CliRow, 0);
    g_autoptr(Value) console = NULL;
    if (!find_console(cli, vm, &console, err)) {
        return false;
    }
    cli_output_print(cli, "Console of %s; Ctrl-] leaves it.",
                     value_get_string(vm->record, "name_label"));
    g_autoptr(GString) url = g_string_new(value_get_string(console, "location"));
    cli_transfer_append(url, "session_id", REF_TEXT(cli->caller.session));
    return cli_transfer_connect(cli, url->str, err);
}

static bool find_console(Cli *cli, const CliRow *vm, Value **ret_console, Err **err)
{
    const Value *consoles = value_get(vm->record, "consoles");
    for (unsigned i = 0; consoles && i < value_count(consoles); i++) {
        g_autoptr(Value) console =
            cli_api_record(cli, "console", value_uuid(value_at(consoles, i)), NULL);
        if (console && text_equal(value_get_string(console, "protocol"), "vt100")) {
            *ret_console = g_steal_pointer(&console);
            return true;
        }
    }
    return complain(cli, "The VM has no text console.\n", err);
}

static bool complain(Cli *cli, const char *text, Err **err)
{
    cli_output_stderr(cli, "%s", text);
    return err_set(err, "CLI_EXIT");
}
