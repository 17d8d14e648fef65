/* Commands that look for the reason of trouble. */
#include "base/text.h"
#include "front/cli/cli_api.h"
#include "front/cli/cli_call.h"
#include "front/cli/cli_host_report.h"
#include "front/cli/cli_output.h"
#include "front/cli/cli_record.h"
#include "gen/xe_table.h"

static void show_vbds(Cli *cli, const Value *vbds, bool is_attached, const char *const *columns);
static bool has_vbds(Cli *cli, const Value *vbds, bool is_attached);
static Value *network_filter(Cli *cli);
static GPtrArray *timing_row(Cli *cli, Uuid host, bool with_counts);
static int compare_pairs(gconstpointer a, gconstpointer b);

bool cmd_diagnostic_vm_status(Cli *cli, Err **err)
{
    static const char *const vm_columns[] = {"uuid", "name-label", "power-state", "possible-hosts",
                                             NULL};
    static const char *const vbd_columns[] = {"uuid",       "userdevice", "device", "vdi-uuid",
                                              "empty",      "mode",       "type",   "storage-lock",
                                              "attachable", NULL};
    Uuid vm;
    if (!cli_api_find_param(cli, "VM", "uuid", &vm, err)) {
        return false;
    }
    g_autoptr(Value) vbds = cli_api_field(cli, "VM", vm, "VBDs", err);
    if (!vbds) {
        return false;
    }
    cli_record_show(cli, &cli_record_vm, vm, NULL, vm_columns);
    cli_output_item(cli, "Disks of the VM:");
    cli_record_show_all(cli, &cli_record_vbd, vbds, NULL, vbd_columns);
    cli_output_item(cli, "Can it start on a host?");
    cli_host_report_show(cli, vm);
    g_autoptr(Err) refusal = NULL;
    if (cli_api_do(cli, "VM.assert_agile", cli_api_params(value_new_ref(vm), NULL), &refusal)) {
        cli_output_item(cli, "It can run on any host.");
        return true;
    }
    g_autofree char *reason = cli_host_report_reason(cli, refusal);
    g_autofree char *text = g_strdup_printf("It cannot run on every host: %s", reason);
    cli_output_item(cli, text);
    return true;
}

bool cmd_diagnostic_vdi_status(Cli *cli, Err **err)
{
    static const char *const vdi_columns[] = {"uuid",     "name-label",   "sr-uuid", "read-only",
                                              "sharable", "storage-lock", NULL};
    static const char *const vbd_columns[] = {"uuid", "userdevice", "device",       "empty",
                                              "mode", "type",       "storage-lock", NULL};
    Uuid vdi;
    if (!cli_api_find_param(cli, "VDI", "uuid", &vdi, err)) {
        return false;
    }
    g_autoptr(Value) vbds = cli_api_field(cli, "VDI", vdi, "VBDs", err);
    if (!vbds) {
        return false;
    }
    cli_record_show(cli, &cli_record_vdi, vdi, NULL, vdi_columns);
    if (has_vbds(cli, vbds, true)) {
        cli_output_item(cli, "In use by:");
        show_vbds(cli, vbds, true, vbd_columns);
    } else {
        cli_output_item(cli, "Not in use.");
    }
    if (has_vbds(cli, vbds, false)) {
        cli_output_item(cli, "Could be used by:");
        show_vbds(cli, vbds, false, vbd_columns);
    }
    return true;
}

bool cmd_diagnostic_net_stats(Cli *cli, Err **err)
{
    Uuid host;
    if (!cli_api_this_host(cli, &host, err)) {
        return false;
    }
    g_autoptr(Value) lines =
        cli_api_call(cli, "Diagnostics.network_stats",
                     cli_api_params(value_new_ref(host), network_filter(cli), NULL), err);
    g_autoptr(GPtrArray) table = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
    for (unsigned i = 0; lines && i < value_count(lines); i++) {
        const Value *line = value_at(lines, i);
        GPtrArray *row = cli_output_row_new();
        for (unsigned j = 0; j < value_count(line); j++) {
            cli_output_row_add(row,
                               j == 0   ? "method"
                               : j == 1 ? "uri"
                                        : "count",
                               value_string(value_at(line, j)));
        }
        g_ptr_array_add(table, row);
    }
    cli_output_table(cli, table);
    return lines != NULL;
}

bool cmd_diagnostic_timing_stats(Cli *cli, Err **err)
{
    bool with_counts = false;
    if (!cli_args_get_bool(cli->args, "counts", false, &with_counts, err)) {
        return false;
    }
    g_autoptr(Value) hosts = cli_api_call(cli, "host.get_all", NULL, err);
    g_autoptr(GPtrArray) table = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
    for (unsigned i = 0; hosts && i < value_count(hosts); i++) {
        g_ptr_array_add(table, timing_row(cli, value_uuid(value_at(hosts, i)), with_counts));
    }
    cli_output_table(cli, table);
    return hosts != NULL;
}

static void show_vbds(Cli *cli, const Value *vbds, bool is_attached, const char *const *columns)
{
    for (unsigned i = 0; i < value_count(vbds); i++) {
        Uuid vbd = value_uuid(value_at(vbds, i));
        g_autoptr(Value) attached = cli_api_field(cli, "VBD", vbd, "currently_attached", NULL);
        if (attached && value_bool(attached) == is_attached) {
            cli_record_show(cli, &cli_record_vbd, vbd, NULL, columns);
        }
    }
}

static bool has_vbds(Cli *cli, const Value *vbds, bool is_attached)
{
    for (unsigned i = 0; i < value_count(vbds); i++) {
        Uuid vbd = value_uuid(value_at(vbds, i));
        g_autoptr(Value) attached = cli_api_field(cli, "VBD", vbd, "currently_attached", NULL);
        if (attached && value_bool(attached) == is_attached) {
            return true;
        }
    }
    return false;
}

static Value *network_filter(Cli *cli)
{
    static const char *const names[] = {"method", "uri", "params"};
    Value *filter = value_new_struct(3);
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        const char *value = cli_args_get(cli->args, names[i]);
        if (value) {
            value_struct_add(filter, names[i], value_new_string(value));
        }
    }
    return filter;
}

/* Sorted by name; a host that does not answer shows why. */
static GPtrArray *timing_row(Cli *cli, Uuid host, bool with_counts)
{
    g_autoptr(Err) error = NULL;
    g_autoptr(Value) uuid = cli_api_field(cli, "host", host, "uuid", NULL);
    g_autoptr(Value) name = cli_api_field(cli, "host", host, "name_label", NULL);
    g_autoptr(Value) stats = cli_api_call(
        cli, "host.get_diagnostic_timing_stats",
        cli_api_params(value_new_ref(host), value_new_bool(with_counts), NULL), &error);
    g_autoptr(GArray) pairs = g_array_new(FALSE, FALSE, sizeof(CliText));
    g_autofree char *reason = error ? err_to_string(error) : NULL;
    CliText fixed[] = {
        {"host-uuid", uuid ? value_string(uuid) : ""},
        {"host-name-label", name ? value_string(name) : ""},
        {"Error", reason},
    };
    g_array_append_vals(pairs, fixed, reason ? 3 : 2);
    for (unsigned i = 0; stats && i < value_count(stats); i++) {
        CliText pair = {value_name_at(stats, i), value_string(value_at(stats, i))};
        g_array_append_val(pairs, pair);
    }
    g_array_sort(pairs, compare_pairs);
    GPtrArray *row = cli_output_row_new();
    for (unsigned i = 0; i < pairs->len; i++) {
        const CliText *pair = &g_array_index(pairs, CliText, i);
        cli_output_row_add(row, pair->name, pair->text);
    }
    return row;
}

static int compare_pairs(gconstpointer a, gconstpointer b)
{
    return strcmp(((const CliText *)a)->name, ((const CliText *)b)->name);
}
