/* Copies of virtual machines: clone, copy, snapshots of running ones, and what is made of
 * snapshots. */
#include "base/text.h"
#include "front/cli/cli_api.h"
#include "front/cli/cli_error.h"
#include "front/cli/cli_output.h"
#include "front/cli/cli_select.h"
#include "front/cli/cli_vm.h"
#include "gen/xe_table.h"

/* Copying of every selected machine. */
typedef struct Copying {
    const char *method;
    Value *extra;    /* last parameter; NULL: none */
    GPtrArray *made; /* Value *: references of the copies */
} Copying;

static bool copy_selected(Cli *cli, const char *method, Value *extra, unsigned flags, Err **err);
static CliOperation copy_one;
static bool describe_copy(Cli *cli, Uuid copy, Err **err);
static bool show_copies(Cli *cli, GPtrArray *made, Err **err);
static bool find_snapshot(Cli *cli, Uuid *ret_snapshot, Err **err);
static bool copy_snapshot(Cli *cli, const char *method, Value *extra, Err **err);
static Value *ignored_vdis(Cli *cli, Err **err);

bool cmd_vm_clone(Cli *cli, Err **err)
{
    return copy_selected(cli, "VM.clone", NULL, CLI_SELECT_TEMPLATES, err);
}

bool cmd_vm_copy(Cli *cli, Err **err)
{
    Uuid sr;
    return cli_api_find_optional(cli, "SR", "sr-uuid", &sr, err) &&
           copy_selected(cli, "VM.copy", value_new_ref(sr), CLI_SELECT_TEMPLATES | CLI_SELECT_ONE,
                         err);
}

bool cmd_vm_snapshot(Cli *cli, Err **err)
{
    Value *vdis = ignored_vdis(cli, err);
    return vdis && copy_selected(cli, "VM.snapshot", vdis, 0, err);
}

bool cmd_vm_snapshot_with_quiesce(Cli *cli, Err **err)
{
    return copy_selected(cli, "VM.snapshot_with_quiesce", NULL, 0, err);
}

bool cmd_vm_checkpoint(Cli *cli, Err **err)
{
    return copy_selected(cli, "VM.checkpoint", NULL, 0, err);
}

bool cmd_snapshot_clone(Cli *cli, Err **err)
{
    return copy_snapshot(cli, "VM.clone", NULL, err);
}

bool cmd_snapshot_copy(Cli *cli, Err **err)
{
    Uuid sr;
    return cli_api_find_optional(cli, "SR", "sr-uuid", &sr, err) &&
           copy_snapshot(cli, "VM.copy", value_new_ref(sr), err);
}

bool cmd_snapshot_revert(Cli *cli, Err **err)
{
    Uuid snapshot;
    return find_snapshot(cli, &snapshot, err) &&
           cli_api_do(cli, "VM.revert", cli_api_params(value_new_ref(snapshot), NULL), err);
}

bool cmd_snapshot_destroy(Cli *cli, Err **err)
{
    Uuid snapshot;
    if (!find_snapshot(cli, &snapshot, err)) {
        return false;
    }
    g_autoptr(Value) state = cli_api_field(cli, "VM", snapshot, "power_state", err);
    if (!state) {
        return false;
    }
    bool is_halted = text_equal(value_string(state), "Halted");
    return (is_halted || cli_api_do(cli, "VM.hard_shutdown",
                                    cli_api_params(value_new_ref(snapshot), NULL), err)) &&
           cli_api_do(cli, "VM.destroy", cli_api_params(value_new_ref(snapshot), NULL), err);
}

bool cmd_snapshot_reset_powerstate(Cli *cli, Err **err)
{
    Uuid snapshot;
    return cli_args_assert_forced(cli->args, err) && find_snapshot(cli, &snapshot, err) &&
           cli_api_do(cli, "VM.power_state_reset", cli_api_params(value_new_ref(snapshot), NULL),
                      err);
}

/* Takes `extra` over. */
static bool copy_selected(Cli *cli, const char *method, Value *extra, unsigned flags, Err **err)
{
    static const char *const ignored[] = {
        "new-name-label", "new-name-description", "ignore-vdi-uuids", "sr-uuid", "progress", NULL};
    g_autoptr(Value) owned = extra;
    g_autoptr(GPtrArray) made = g_ptr_array_new_with_free_func((GDestroyNotify)value_unref);
    Copying copying = {method, owned, made};
    return cli_select_run(cli, CLI_SELECT_VM, flags, ignored, copy_one, &copying, err) &&
           (made->len == 0 || describe_copy(cli, value_uuid(g_ptr_array_index(made, 0)), err)) &&
           show_copies(cli, made, err);
}

static bool copy_one(Cli *cli, const CliRow *row, void *user, Err **err)
{
    Copying *copying = user;
    Value *params = cli_api_params(
        value_new_ref(row->ref), value_new_string(cli_args_get(cli->args, "new-name-label")), NULL);
    if (copying->extra) {
        value_array_add(params, value_ref(copying->extra));
    }
    Value *copy = cli_api_call(cli, copying->method, params, err);
    if (!copy) {
        return false;
    }
    g_ptr_array_add(copying->made, copy);
    return true;
}

static bool describe_copy(Cli *cli, Uuid copy, Err **err)
{
    const char *description = cli_args_get(cli->args, "new-name-description");
    return !description ||
           cli_api_set(cli, "VM", copy, "name_description", value_new_string(description), err);
}

static bool show_copies(Cli *cli, GPtrArray *made, Err **err)
{
    g_autoptr(GPtrArray) uuids = g_ptr_array_new_with_free_func(g_free);
    for (unsigned i = 0; i < made->len; i++) {
        char *uuid = cli_api_uuid(cli, "VM", value_uuid(g_ptr_array_index(made, i)), err);
        if (!uuid) {
            return false;
        }
        g_ptr_array_add(uuids, uuid);
    }
    g_ptr_array_add(uuids, NULL);
    cli_output_list(cli, (const char *const *)uuids->pdata);
    return true;
}

static bool find_snapshot(Cli *cli, Uuid *ret_snapshot, Err **err)
{
    return cli_vm_find_kind(cli, "snapshot", "snapshot-uuid", "uuid", ret_snapshot, err);
}

/* Takes `extra` over. */
static bool copy_snapshot(Cli *cli, const char *method, Value *extra, Err **err)
{
    g_autoptr(Value) owned = extra;
    Uuid snapshot;
    if (!find_snapshot(cli, &snapshot, err)) {
        return false;
    }
    Value *params = cli_api_params(
        value_new_ref(snapshot), value_new_string(cli_args_get(cli->args, "new-name-label")), NULL);
    if (owned) {
        value_array_add(params, g_steal_pointer(&owned));
    }
    Value *copy = cli_api_call(cli, method, params, err);
    if (copy && !describe_copy(cli, value_uuid(copy), err)) {
        value_unref(copy);
        return false;
    }
    return cli_api_show_new(cli, "VM", copy, err);
}

static Value *ignored_vdis(Cli *cli, Err **err)
{
    g_auto(GStrv) uuids = cli_args_get_list(cli->args, "ignore-vdi-uuids");
    g_autoptr(Value) vdis = value_new_array(g_strv_length(uuids));
    for (unsigned i = 0; uuids[i]; i++) {
        Uuid vdi;
        if (!cli_api_find(cli, "VDI", uuids[i], &vdi, err)) {
            return NULL;
        }
        value_array_add(vdis, value_new_ref(vdi));
    }
    return g_steal_pointer(&vdis);
}
