/* Helpers of the cmd_vm*.c files. */
#include "front/cli/cli_vm.h"

#include "front/cli/cli_api.h"
#include "front/cli/cli_fail.h"

bool cli_vm_find_kind(Cli *cli, const char *kind, const char *param, const char *other_param,
                      Uuid *ret_vm, Err **err)
{
    const char *uuid = cli_args_get(cli->args, param);
    if (!uuid && other_param) {
        uuid = cli_args_get(cli->args, other_param);
    }
    if (!uuid) {
        return err_set(err, "CLI_REQUIRED", param);
    }
    Uuid vm;
    if (!cli_api_find(cli, "VM", uuid, &vm, err)) {
        return false;
    }
    g_autofree char *field = g_strdup_printf("is_a_%s", kind);
    g_autoptr(Value) is_kind = cli_api_field(cli, "VM", vm, field, err);
    if (!is_kind) {
        return false;
    }
    if (!value_bool(is_kind)) {
        return cli_fail(err, "%s is not a %s.", uuid, kind);
    }
    *ret_vm = vm;
    return true;
}

bool cli_vm_connect_disk(Cli *cli, const CliDisk *disk, Err **err)
{
    Value *record = cli_vm_vbd_record(disk->vm, disk->vdi, disk->device, disk->mode, disk->type);
    if (disk->is_owner) {
        Value *owner = value_new_struct(1);
        value_struct_add_static(owner, "owner", value_new_string(""));
        Value *with_owner = value_struct_with(record, "other_config", owner);
        value_unref(record);
        record = with_owner;
    }
    g_autoptr(Value) vbd = cli_api_call(cli, "VBD.create", cli_api_params(record, NULL), err);
    if (!vbd) {
        return false;
    }
    /* A halted machine, or one without drivers, gets the disk at its next start. */
    cli_api_do(cli, "VBD.plug", cli_api_params(value_ref(vbd), NULL), NULL);
    return true;
}

Value *cli_vm_vbd_record(Uuid vm, Uuid vdi, const char *device, const char *mode, const char *type)
{
    Value *record = value_new_struct(11);
    value_struct_add_static(record, "VM", value_new_ref(vm));
    value_struct_add_static(record, "VDI", value_new_ref(vdi));
    value_struct_add_static(record, "userdevice", value_new_string(device));
    value_struct_add_static(record, "bootable", value_new_bool(false));
    value_struct_add_static(record, "mode", value_new_string(mode));
    value_struct_add_static(record, "type", value_new_string(type));
    value_struct_add_static(record, "unpluggable", value_new_bool(true));
    value_struct_add_static(record, "empty", value_new_bool(uuid_is_null(vdi)));
    value_struct_add_static(record, "other_config", value_new_struct(0));
    value_struct_add_static(record, "qos_algorithm_type", value_new_string(""));
    value_struct_add_static(record, "qos_algorithm_params", value_new_struct(0));
    return record;
}

bool cli_vm_default_sr(Cli *cli, const char *complaint, Uuid *ret_sr, Err **err)
{
    Uuid pool;
    if (!cli_api_pool(cli, &pool, err)) {
        return false;
    }
    g_autoptr(Value) sr = cli_api_field(cli, "pool", pool, "default_SR", err);
    if (!sr) {
        return false;
    }
    g_autofree char *uuid = cli_api_uuid(cli, "SR", value_uuid(sr), NULL);
    if (!uuid) {
        return cli_fail(err, "%s", complaint);
    }
    *ret_sr = value_uuid(sr);
    return true;
}
