/* Connections of disks. What only calls one message is in the command tables. */
#include "base/text.h"
#include "front/cli/cli_api.h"
#include "front/cli/cli_fail.h"
#include "front/cli/cli_vm.h"
#include "gen/xe_table.h"

#define UNPLUG_POLL (1 * USEC_PER_SEC)

static bool parse_mode(Cli *cli, const char **ret_mode, Err **err);
static bool parse_type(Cli *cli, const char **ret_type, Err **err);
static bool await_unplug(Cli *cli, Uuid vbd, Usec timeout);

bool cmd_vbd_create(Cli *cli, Err **err)
{
    Uuid vm, vdi;
    bool is_bootable = false, is_unpluggable = true;
    const char *mode = NULL, *type = NULL;
    if (!cli_api_find_param(cli, "VM", "vm-uuid", &vm, err) ||
        !cli_api_find_optional(cli, "VDI", "vdi-uuid", &vdi, err) ||
        !cli_args_get_bool(cli->args, "bootable", false, &is_bootable, err) ||
        !parse_mode(cli, &mode, err) || !parse_type(cli, &type, err) ||
        !cli_args_get_bool(cli->args, "unpluggable", true, &is_unpluggable, err)) {
        return false;
    }
    if (text_equal(type, "Disk") && uuid_is_null(vdi)) {
        return cli_fail(err, "A disk needs vdi-uuid; only a drive can be empty.");
    }
    g_autoptr(Value) plain =
        cli_vm_vbd_record(vm, vdi, cli_args_get(cli->args, "device"), mode, type);
    g_autoptr(Value) record = value_struct_with(plain, "bootable", value_new_bool(is_bootable));
    Value *whole = value_struct_with(record, "unpluggable", value_new_bool(is_unpluggable));
    return cli_api_show_new(cli, "VBD",
                            cli_api_call(cli, "VBD.create", cli_api_params(whole, NULL), err), err);
}

bool cmd_vbd_unplug(Cli *cli, Err **err)
{
    Uuid vbd;
    bool is_forced = false;
    double timeout = 0;
    const char *text = cli_args_get(cli->args, "timeout");
    if (text && !text_parse_float(text, &timeout)) {
        return cli_fail(err, "The value of 'timeout' must be a number of seconds.");
    }
    if (!cli_api_find_param(cli, "VBD", "uuid", &vbd, err) ||
        !cli_args_get_bool(cli->args, "force", false, &is_forced, err)) {
        return false;
    }
    Err *error = NULL;
    if (cli_api_do(cli, is_forced ? "VBD.unplug_force" : "VBD.unplug",
                   cli_api_params(value_new_ref(vbd), NULL), &error)) {
        return true;
    }
    if (err_is(error, "DEVICE_DETACH_REJECTED") &&
        await_unplug(cli, vbd, (Usec)(CLAMP(timeout, 0, 86400) * USEC_PER_SEC))) {
        err_free(error);
        return true;
    }
    return err_propagate(err, error);
}

static bool parse_mode(Cli *cli, const char **ret_mode, Err **err)
{
    const char *text = cli_args_get_or(cli->args, "mode", "rw");
    bool is_read_only = g_ascii_strcasecmp(text, "ro") == 0;
    if (!is_read_only && g_ascii_strcasecmp(text, "rw") != 0) {
        return cli_fail(err, "The value of 'mode' must be ro or rw, not %s.", text);
    }
    *ret_mode = is_read_only ? "RO" : "RW";
    return true;
}

static bool parse_type(Cli *cli, const char **ret_type, Err **err)
{
    static const char *const types[] = {"CD", "Disk", "Floppy"};
    const char *text = cli_args_get_or(cli->args, "type", "Disk");
    for (unsigned i = 0; i < G_N_ELEMENTS(types); i++) {
        if (g_ascii_strcasecmp(text, types[i]) == 0) {
            *ret_type = types[i];
            return true;
        }
    }
    return cli_fail(err, "The value of 'type' must be CD, Disk or Floppy, not %s.", text);
}

/* A guest that refused may still let go a little later. */
static bool await_unplug(Cli *cli, Uuid vbd, Usec timeout)
{
    g_autoptr(Op) op = op_new_child(cli->op, timeout);
    while (op_sleep(op, UNPLUG_POLL, NULL)) {
        g_autoptr(Value) is_attached = cli_api_field(cli, "VBD", vbd, "currently_attached", NULL);
        if (is_attached && !value_bool(is_attached)) {
            return true;
        }
    }
    return false;
}
