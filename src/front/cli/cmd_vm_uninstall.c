/* Removal of virtual machines, templates and snapshots together with their disks. */
#include "base/text.h"
#include "front/cli/cli_api.h"
#include "front/cli/cli_output.h"
#include "front/cli/cli_prompt.h"
#include "front/cli/cli_select.h"
#include "front/cli/cli_vm.h"
#include "gen/xe_table.h"

/* What goes with one machine. */
typedef struct Doomed {
    Uuid vm;
    GArray *vdis;     /* Uuid: disks the machine owns */
    Uuid suspend_vdi; /* null: none */
} Doomed;

static CliOperation collect;
static bool uninstall(Cli *cli, GArray *vms, Err **err);
static void doomed_clear(gpointer data);
static bool inspect(Cli *cli, Uuid vm, Doomed *ret_doomed, GPtrArray *lines, Err **err);
static void inspect_disks(Cli *cli, const Value *vbds, GArray *vdis, GPtrArray *lines);
static char *describe_vdi(const Value *vdi);
static bool destroy(Cli *cli, const Doomed *doomed, Err **err);

bool cmd_vm_uninstall(Cli *cli, Err **err)
{
    g_autoptr(GArray) vms = g_array_new(FALSE, FALSE, sizeof(Uuid));
    if (!cli_select_run(cli, CLI_SELECT_VM, 0, NULL, collect, vms, err)) {
        return false;
    }
    unsigned selected = vms->len;
    for (unsigned i = 0; i < selected; i++) {
        g_autoptr(Value) snapshots =
            cli_api_field(cli, "VM", g_array_index(vms, Uuid, i), "snapshots", err);
        if (!snapshots) {
            return false;
        }
        for (unsigned j = 0; j < value_count(snapshots); j++) {
            Uuid snapshot = value_uuid(value_at(snapshots, j));
            g_array_append_val(vms, snapshot);
        }
    }
    return uninstall(cli, vms, err);
}

bool cmd_template_uninstall(Cli *cli, Err **err)
{
    Uuid template;
    g_autoptr(GArray) vms = g_array_new(FALSE, FALSE, sizeof(Uuid));
    if (!cli_vm_find_kind(cli, "template", "template-uuid", NULL, &template, err)) {
        return false;
    }
    g_array_append_val(vms, template);
    return uninstall(cli, vms, err);
}

bool cmd_snapshot_uninstall(Cli *cli, Err **err)
{
    Uuid snapshot;
    g_autoptr(GArray) vms = g_array_new(FALSE, FALSE, sizeof(Uuid));
    if (!cli_vm_find_kind(cli, "snapshot", "snapshot-uuid", "uuid", &snapshot, err)) {
        return false;
    }
    g_array_append_val(vms, snapshot);
    return uninstall(cli, vms, err);
}

static bool collect(Cli *cli, const CliRow *row, void *user, Err **err)
{
    (void)cli;
    (void)err;
    g_array_append_val((GArray *)user, row->ref);
    return true;
}

static bool uninstall(Cli *cli, GArray *vms, Err **err)
{
    g_autoptr(GArray) doomed = g_array_new(FALSE, FALSE, sizeof(Doomed));
    g_array_set_clear_func(doomed, doomed_clear);
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    bool is_agreed = false;
    for (unsigned i = 0; i < vms->len; i++) {
        Doomed one = {0};
        if (!inspect(cli, g_array_index(vms, Uuid, i), &one, lines, err)) {
            return false;
        }
        g_array_append_val(doomed, one);
    }
    cli_output_print(cli, "To be destroyed:");
    for (unsigned i = 0; i < lines->len; i++) {
        cli_output_print(cli, "%s", (const char *)g_ptr_array_index(lines, i));
    }
    if (!cli_args_get_bool(cli->args, "force", false, &is_agreed, err) ||
        (!is_agreed && !cli_prompt_confirm(cli, &is_agreed, err))) {
        return false;
    }
    if (!is_agreed) {
        return true;
    }
    for (unsigned i = 0; i < doomed->len; i++) {
        if (!destroy(cli, &g_array_index(doomed, Doomed, i), err)) {
            return false;
        }
    }
    cli_output_print(cli, "Destroyed.");
    return true;
}

static void doomed_clear(gpointer data)
{
    g_array_unref(((Doomed *)data)->vdis);
}

/* Appends a line for the machine and each of its disks. */
static bool inspect(Cli *cli, Uuid vm, Doomed *ret_doomed, GPtrArray *lines, Err **err)
{
    g_autoptr(Value) record = cli_api_record(cli, "VM", vm, err);
    if (!record) {
        return false;
    }
    Doomed doomed = {.vm = vm, .vdis = g_array_new(FALSE, FALSE, sizeof(Uuid))};
    g_ptr_array_add(lines, g_strdup_printf("VM : %s (%s)", value_get_string(record, "uuid"),
                                           value_get_string(record, "name_label")));
    inspect_disks(cli, value_get(record, "VBDs"), doomed.vdis, lines);
    Uuid suspend_vdi = value_uuid(value_get(record, "suspend_VDI"));
    g_autoptr(Value) image =
        uuid_is_null(suspend_vdi) ? NULL : cli_api_record(cli, "VDI", suspend_vdi, NULL);
    if (image) {
        doomed.suspend_vdi = suspend_vdi;
        g_ptr_array_add(lines, describe_vdi(image));
    }
    *ret_doomed = doomed;
    return true;
}

static void inspect_disks(Cli *cli, const Value *vbds, GArray *vdis, GPtrArray *lines)
{
    for (unsigned i = 0; vbds && i < value_count(vbds); i++) {
        g_autoptr(Value) vbd = cli_api_record(cli, "VBD", value_uuid(value_at(vbds, i)), NULL);
        const Value *config = vbd ? value_get(vbd, "other_config") : NULL;
        if (!config || !value_get(config, "owner")) {
            continue;
        }
        Uuid vdi = value_uuid(value_get(vbd, "VDI"));
        g_autoptr(Value) record = cli_api_record(cli, "VDI", vdi, NULL);
        if (record) {
            g_array_append_val(vdis, vdi);
            g_ptr_array_add(lines, describe_vdi(record));
        }
    }
}

static char *describe_vdi(const Value *vdi)
{
    bool is_shared = value_count(value_get(vdi, "VBDs")) > 1;
    return g_strdup_printf("VDI: %s (%s) %s", value_get_string(vdi, "uuid"),
                           value_get_string(vdi, "name_label"),
                           is_shared ? " (other VMs use it too)" : "");
}

static bool destroy(Cli *cli, const Doomed *doomed, Err **err)
{
    g_autoptr(Value) state = cli_api_field(cli, "VM", doomed->vm, "power_state", err);
    if (!state) {
        return false;
    }
    if (!text_equal(value_string(state), "Halted") &&
        !cli_api_do(cli, "VM.hard_shutdown", cli_api_params(value_new_ref(doomed->vm), NULL),
                    err)) {
        return false;
    }
    if (!cli_api_do(cli, "VM.destroy", cli_api_params(value_new_ref(doomed->vm), NULL), err)) {
        return false;
    }
    for (unsigned i = 0; i < doomed->vdis->len; i++) {
        Uuid vdi = g_array_index(doomed->vdis, Uuid, i);
        if (!cli_api_do(cli, "VDI.destroy", cli_api_params(value_new_ref(vdi), NULL), err)) {
            return false;
        }
    }
    if (!uuid_is_null(doomed->suspend_vdi)) {
        cli_api_do(cli, "VDI.destroy", cli_api_params(value_new_ref(doomed->suspend_vdi), NULL),
                   NULL);
    }
    return true;
}
