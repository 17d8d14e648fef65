/* Disks and drives of virtual machines. */
#include "base/text.h"
#include "front/cli/cli_api.h"
#include "front/cli/cli_fail.h"
#include "front/cli/cli_output.h"
#include "front/cli/cli_select.h"
#include "front/cli/cli_vm.h"
#include "gen/xe_table.h"

/* Which connections of a machine are listed. */
typedef struct Listing {
    const char *type;  /* Disk, CD */
    const char *title; /* "Disk", "CD" */
    const char *const *columns;
} Listing;

/* A disk that is added to each machine. */
typedef struct Addition {
    Uuid sr;
    int64_t size;
    const char *device;
} Addition;

static const char *const disk_columns[] = {"uuid", "vm-name-label", "userdevice", NULL};
static const char *const cd_columns[] = {"uuid", "vm-name-label", "userdevice", "empty", NULL};
static const Listing disk_listing = {"Disk", "Disk", disk_columns};
static const Listing cd_listing = {"CD", "CD", cd_columns};

static bool list_selected(Cli *cli, const Listing *listing, Err **err);
static CliOperation list_one, add_disk, remove_disk, add_cd, remove_cd, eject_cd, insert_cd;
static void show_disk(Cli *cli, const Listing *listing, unsigned number, Uuid vbd,
                      const Value *record);
static Value *disk_record(const Addition *addition, const char *vm_uuid);
static bool find_cd(Cli *cli, bool must_be_only, Uuid *ret_vdi, Err **err);
static bool is_in_iso_sr(Cli *cli, Uuid vdi);
static bool vbd_holds(Cli *cli, const Value *vbd, const char *name);
static GArray *find_drives(Cli *cli, const CliRow *vm, bool empty_only);

bool cmd_vm_disk_list(Cli *cli, Err **err)
{
    return list_selected(cli, &disk_listing, err);
}

bool cmd_vm_cd_list(Cli *cli, Err **err)
{
    return list_selected(cli, &cd_listing, err);
}

bool cmd_snapshot_disk_list(Cli *cli, Err **err)
{
    Uuid snapshot;
    if (!cli_vm_find_kind(cli, "snapshot", "snapshot-uuid", "uuid", &snapshot, err)) {
        return false;
    }
    g_autoptr(Value) record = cli_api_record(cli, "VM", snapshot, err);
    CliRow row = {snapshot, record};
    return record && list_one(cli, &row, (void *)&disk_listing, err);
}

bool cmd_vm_disk_add(Cli *cli, Err **err)
{
    static const char *const ignored[] = {"sr-uuid", "device", "disk-size", NULL};
    Addition addition = {.device = cli_args_get(cli->args, "device")};
    bool is_named = cli_args_get(cli->args, "sr-uuid") != NULL;
    return cli_args_get_size(cli->args, "disk-size", &addition.size, err) &&
           (is_named ? cli_api_find_param(cli, "SR", "sr-uuid", &addition.sr, err)
                     : cli_vm_default_sr(cli, "The pool has no default SR; name one by sr-uuid.",
                                         &addition.sr, err)) &&
           cli_select_run(cli, CLI_SELECT_VM, 0, ignored, add_disk, &addition, err);
}

bool cmd_vm_disk_remove(Cli *cli, Err **err)
{
    static const char *const ignored[] = {"device", NULL};
    return cli_select_run(cli, CLI_SELECT_VM, 0, ignored, remove_disk, NULL, err);
}

bool cmd_vm_cd_add(Cli *cli, Err **err)
{
    static const char *const ignored[] = {"cd-name", "device", "cd-location", NULL};
    Uuid vdi;
    return find_cd(cli, false, &vdi, err) &&
           cli_select_run(cli, CLI_SELECT_VM, 0, ignored, add_cd, &vdi, err);
}

bool cmd_vm_cd_remove(Cli *cli, Err **err)
{
    static const char *const ignored[] = {"cd-name", NULL};
    return cli_select_run(cli, CLI_SELECT_VM, 0, ignored, remove_cd, NULL, err);
}

bool cmd_vm_cd_eject(Cli *cli, Err **err)
{
    return cli_select_run(cli, CLI_SELECT_VM, 0, NULL, eject_cd, NULL, err);
}

bool cmd_vm_cd_insert(Cli *cli, Err **err)
{
    static const char *const ignored[] = {"cd-name", NULL};
    Uuid vdi;
    return find_cd(cli, true, &vdi, err) &&
           cli_select_run(cli, CLI_SELECT_VM, 0, ignored, insert_cd, &vdi, err);
}

static bool list_selected(Cli *cli, const Listing *listing, Err **err)
{
    static const char *const ignored[] = {"vbd-params", "vdi-params", NULL};
    return cli_select_run(cli, CLI_SELECT_VM, 0, ignored, list_one, (void *)listing, err);
}

static bool list_one(Cli *cli, const CliRow *row, void *user, Err **err)
{
    const Listing *listing = user;
    const Value *vbds = value_get(row->record, "VBDs");
    unsigned number = 0;
    (void)err;
    for (unsigned i = 0; vbds && i < value_count(vbds); i++) {
        Uuid vbd = value_uuid(value_at(vbds, i));
        g_autoptr(Value) record = cli_api_record(cli, "VBD", vbd, NULL);
        if (record && text_equal(value_get_string(record, "type"), listing->type)) {
            show_disk(cli, listing, number++, vbd, record);
        }
    }
    return true;
}

static void show_disk(Cli *cli, const Listing *listing, unsigned number, Uuid vbd,
                      const Value *record)
{
    static const char *const vdi_columns[] = {"uuid", "name-label", "virtual-size", "sr-name-label",
                                              NULL};
    g_autofree char *vbd_title = g_strdup_printf("%s %u VBD:", listing->title, number);
    cli_output_remark(cli, vbd_title);
    cli_record_show(cli, &cli_record_vbd, vbd, "vbd-params", listing->columns);
    if (!value_bool(value_get(record, "empty"))) {
        g_autofree char *vdi_title = g_strdup_printf("%s %u VDI:", listing->title, number);
        cli_output_remark(cli, vdi_title);
        cli_record_show(cli, &cli_record_vdi, value_uuid(value_get(record, "VDI")), "vdi-params",
                        vdi_columns);
    }
}

static bool add_disk(Cli *cli, const CliRow *row, void *user, Err **err)
{
    const Addition *addition = user;
    Value *record = disk_record(addition, value_get_string(row->record, "uuid"));
    g_autoptr(Value) vdi = cli_api_call(cli, "VDI.create", cli_api_params(record, NULL), err);
    if (!vdi) {
        return false;
    }
    CliDisk disk = {.vm = row->ref,
                    .vdi = value_uuid(vdi),
                    .device = addition->device,
                    .mode = "RW",
                    .type = "Disk",
                    .is_owner = true};
    if (!cli_vm_connect_disk(cli, &disk, err)) {
        cli_api_do(cli, "VDI.destroy", cli_api_params(value_ref(vdi), NULL), NULL);
        return false;
    }
    return true;
}

static Value *disk_record(const Addition *addition, const char *vm_uuid)
{
    static const char name[] = "Added by xe vm-disk-add";
    Value *hint = value_new_struct(1);
    value_struct_add_static(hint, "vmhint", value_new_string(vm_uuid));
    Value *record = value_new_struct(9);
    value_struct_add_static(record, "name_label", value_new_string(name));
    value_struct_add_static(record, "name_description", value_new_string(name));
    value_struct_add_static(record, "SR", value_new_ref(addition->sr));
    value_struct_add_static(record, "virtual_size", value_new_int(addition->size));
    value_struct_add_static(record, "type", value_new_string("user"));
    value_struct_add_static(record, "sharable", value_new_bool(false));
    value_struct_add_static(record, "read_only", value_new_bool(false));
    value_struct_add_static(record, "other_config", value_new_struct(0));
    value_struct_add_static(record, "sm_config", hint);
    return record;
}

static bool remove_disk(Cli *cli, const CliRow *row, void *user, Err **err)
{
    const char *device = cli_args_get(cli->args, "device");
    const Value *vbds = value_get(row->record, "VBDs");
    (void)user;
    for (unsigned i = 0; vbds && i < value_count(vbds); i++) {
        Uuid vbd = value_uuid(value_at(vbds, i));
        g_autoptr(Value) record = cli_api_record(cli, "VBD", vbd, NULL);
        if (record && text_equal(value_get_string(record, "userdevice"), device)) {
            Value *vdi = value_ref(value_get(record, "VDI"));
            return cli_api_do(cli, "VBD.destroy", cli_api_params(value_new_ref(vbd), NULL), err) &&
                   cli_api_do(cli, "VDI.destroy", cli_api_params(vdi, NULL), err);
        }
    }
    return cli_fail(err, "The VM has no such disk.");
}

static bool add_cd(Cli *cli, const CliRow *row, void *user, Err **err)
{
    CliDisk disk = {.vm = row->ref,
                    .vdi = *(const Uuid *)user,
                    .device = cli_args_get(cli->args, "device"),
                    .mode = "RO",
                    .type = "CD"};
    return cli_vm_connect_disk(cli, &disk, err);
}

static bool remove_cd(Cli *cli, const CliRow *row, void *user, Err **err)
{
    const char *name = cli_args_get(cli->args, "cd-name");
    const Value *vbds = value_get(row->record, "VBDs");
    (void)user;
    for (unsigned i = 0; vbds && i < value_count(vbds); i++) {
        Uuid vbd = value_uuid(value_at(vbds, i));
        g_autoptr(Value) record = cli_api_record(cli, "VBD", vbd, NULL);
        if (record && vbd_holds(cli, record, name)) {
            return cli_api_do(cli, "VBD.destroy", cli_api_params(value_new_ref(vbd), NULL), err);
        }
    }
    return cli_fail(err, "The VM has no such disk.");
}

static bool eject_cd(Cli *cli, const CliRow *row, void *user, Err **err)
{
    (void)user;
    g_autoptr(GArray) drives = find_drives(cli, row, false);
    if (drives->len == 0) {
        return cli_fail(err, "The VM has no drive.");
    }
    if (drives->len > 1) {
        return cli_fail(err, "The VM has more than one drive; vbd-eject takes one by its uuid.");
    }
    return cli_api_do(cli, "VBD.eject",
                      cli_api_params(value_new_ref(g_array_index(drives, Uuid, 0)), NULL), err);
}

static bool insert_cd(Cli *cli, const CliRow *row, void *user, Err **err)
{
    const Uuid *vdi = user;
    g_autoptr(GArray) drives = find_drives(cli, row, true);
    if (drives->len == 0) {
        return err_set(err, "VM_NO_EMPTY_CD_VBD", REF_TEXT(row->ref));
    }
    if (drives->len > 1) {
        return cli_fail(err,
                        "The VM has more than one empty drive; vbd-insert takes one by its uuid.");
    }
    return cli_api_do(
        cli, "VBD.insert",
        cli_api_params(value_new_ref(g_array_index(drives, Uuid, 0)), value_new_ref(*vdi), NULL),
        err);
}

/* The medium called by the parameter cd-name, in some repository of media. */
static bool find_cd(Cli *cli, bool must_be_only, Uuid *ret_vdi, Err **err)
{
    const char *name = cli_args_get(cli->args, "cd-name");
    g_autoptr(Value) vdis = cli_api_call(cli, "VDI.get_by_name_label",
                                         cli_api_params(value_new_string(name), NULL), err);
    if (!vdis) {
        return false;
    }
    unsigned found = 0;
    Uuid first = {{0}};
    for (unsigned i = 0; i < value_count(vdis); i++) {
        Uuid vdi = value_uuid(value_at(vdis, i));
        if (is_in_iso_sr(cli, vdi) && found++ == 0) {
            first = vdi;
        }
    }
    if (found == 0) {
        return cli_fail(err, "No medium is called %s.", name);
    }
    if (must_be_only && found > 1) {
        return cli_fail(err, "More than one medium is called %s; vbd-insert takes one by its uuid.",
                        name);
    }
    *ret_vdi = first;
    return true;
}

static bool is_in_iso_sr(Cli *cli, Uuid vdi)
{
    g_autoptr(Value) sr = cli_api_field(cli, "VDI", vdi, "SR", NULL);
    g_autoptr(Value) content =
        sr ? cli_api_field(cli, "SR", value_uuid(sr), "content_type", NULL) : NULL;
    return content && text_equal(value_string(content), "iso");
}

static bool vbd_holds(Cli *cli, const Value *vbd, const char *name)
{
    Uuid vdi = value_uuid(value_get(vbd, "VDI"));
    if (uuid_is_null(vdi)) {
        return text_equal(name, "<EMPTY>");
    }
    g_autoptr(Value) label = cli_api_field(cli, "VDI", vdi, "name_label", NULL);
    return label && text_equal(value_string(label), name) && is_in_iso_sr(cli, vdi);
}

/* Uuid of each CD drive of the machine. */
static GArray *find_drives(Cli *cli, const CliRow *vm, bool empty_only)
{
    GArray *drives = g_array_new(FALSE, FALSE, sizeof(Uuid));
    const Value *vbds = value_get(vm->record, "VBDs");
    for (unsigned i = 0; vbds && i < value_count(vbds); i++) {
        Uuid vbd = value_uuid(value_at(vbds, i));
        g_autoptr(Value) record = cli_api_record(cli, "VBD", vbd, NULL);
        if (record && text_equal(value_get_string(record, "type"), "CD") &&
            (!empty_only || value_bool(value_get(record, "empty")))) {
            g_array_append_val(drives, vbd);
        }
    }
    return drives;
}
