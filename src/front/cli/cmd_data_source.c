/* Lists of data sources: what is measured of machines, hosts and storage. */
#include "front/cli/cli_api.h"
#include "front/cli/cli_output.h"
#include "front/cli/cli_select.h"
#include "front/cli/cli_value.h"
#include "gen/xe_table.h"

static CliOperation list_one;

bool cmd_vm_data_source_list(Cli *cli, Err **err)
{
    return cli_select_run(cli, CLI_SELECT_VM, 0, NULL, list_one, "VM", err);
}

bool cmd_host_data_source_list(Cli *cli, Err **err)
{
    return cli_select_run(cli, CLI_SELECT_HOST, 0, NULL, list_one, "host", err);
}

bool cmd_sr_data_source_list(Cli *cli, Err **err)
{
    return cli_select_run(cli, CLI_SELECT_SR, 0, NULL, list_one, "SR", err);
}

/* `user` is the name of the class. */
static bool list_one(Cli *cli, const CliRow *row, void *user, Err **err)
{
    static const char *const members[] = {
        "name_label", "name_description", "enabled", "standard", "min", "max", "units"};
    g_autoptr(Value) sources = cli_api_field(cli, user, row->ref, "data_sources", err);
    if (!sources) {
        return false;
    }
    g_autoptr(GPtrArray) table = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
    for (unsigned i = 0; i < value_count(sources); i++) {
        GPtrArray *shown = cli_output_row_new();
        for (unsigned j = 0; j < G_N_ELEMENTS(members); j++) {
            const Value *member = value_get(value_at(sources, i), members[j]);
            g_autofree char *text = member ? cli_value_scalar(member) : g_strdup("");
            cli_output_row_add(shown, members[j], text);
        }
        g_ptr_array_add(table, shown);
    }
    cli_output_table(cli, table);
    return true;
}
