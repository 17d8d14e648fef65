/* VM.provision: a clone of a template becomes a VM with the disks the template asks for. */
#include "core/core.h"
#include "gen/db_pool.h"
#include "gen/db_sr.h"
#include "gen/db_vbd.h"
#include "gen/db_vdi.h"
#include "gen/db_vm.h"
#include "gen/db_vm_metrics.h"
#include "gen/errors.h"
#include "gen/ops_vm.h"
#include "ops/undo.h"
#include "ops/vdi/vdi_disk.h"
#include "ops/vm/provision.h"

typedef struct ProvisionedDisks {
    Call *call;
    VdiRef vdis[PROVISION_MAX_DISKS];
    unsigned count;
} ProvisionedDisks;

static bool create_disk(Call *call, const ProvisionDisk *wanted, ProvisionedDisks *made, Err **err);
static void destroy_disks(void *user);
static void write_vbd(DbTxn *txn, VmRef vm, const ProvisionDisk *wanted, VdiRef vdi);

bool vm_provision(Call *call, const VmProvisionArgs *args, Err **err)
{
    const char *xml = db_vm_other_config_get(call_view(call), args->vm, "disks");
    ProvisionDisk wanted[PROVISION_MAX_DISKS];
    unsigned count = 0;
    if (xml && !provision_parse(xml, wanted, &count, err)) {
        return false;
    }
    g_auto(Undo) undo = {0};
    ProvisionedDisks *made = arena_new0(call->arena, ProvisionedDisks, 1);
    made->call = call;
    undo_push(&undo, destroy_disks, made);
    for (unsigned i = 0; i < count; i++) {
        if (!create_disk(call, &wanted[i], made, err)) {
            return false;
        }
        call_progress(call, (i + 1.0) / count);
    }
    DbTxn *txn = db_begin(call->db);
    for (unsigned i = 0; i < count; i++) {
        write_vbd(txn, args->vm, &wanted[i], made->vdis[i]);
    }
    db_vm_set_other_config_key(txn, args->vm, "disks", NULL);
    db_vm_set_other_config_key(txn, args->vm, "postinstall", NULL);
    db_vm_set_is_a_template(txn, args->vm, false);
    db_vm_metrics_set_install_time(txn, db_vm_metrics(db_txn_view(txn), args->vm),
                                   g_get_real_time() / USEC_PER_SEC);
    if (!db_commit(txn, err)) {
        return false;
    }
    undo_disarm(&undo);
    return true;
}

static bool create_disk(Call *call, const ProvisionDisk *wanted, ProvisionedDisks *made, Err **err)
{
    const DbView *view = call_view(call);
    VdiDiskSpec spec = {.sr = *wanted->sr
                                  ? db_sr_by_uuid(view, wanted->sr)
                                  : db_pool_default_sr(view, platform_pool(call_platform(call))),
                        .virtual_size = wanted->size,
                        .name_label = wanted->device,
                        .name_description = "Created by template provisioner"};
    if (sr_ref_is_null(spec.sr)) {
        return err_uuid_invalid(err, "sr", wanted->sr);
    }
    if (!vdi_type_from_string(wanted->type, &spec.type)) {
        return err_vdi_incompatible_type(err, "", wanted->type);
    }
    if (!vdi_disk_create(call, &spec, &made->vdis[made->count], err)) {
        return false;
    }
    made->count++;
    return true;
}

static void destroy_disks(void *user)
{
    ProvisionedDisks *made = user;
    for (unsigned i = 0; i < made->count; i++) {
        vdi_disk_destroy(made->call, made->vdis[i], NULL);
    }
}

static void write_vbd(DbTxn *txn, VmRef vm, const ProvisionDisk *wanted, VdiRef vdi)
{
    VbdRef vbd = db_vbd_create(txn);
    db_vbd_set_vm(txn, vbd, vm);
    db_vbd_set_vdi(txn, vbd, vdi);
    db_vbd_set_userdevice(txn, vbd, wanted->device);
    db_vbd_set_bootable(txn, vbd, wanted->bootable);
    db_vbd_set_mode(txn, vbd, VBD_MODE_RW);
    db_vbd_set_type(txn, vbd, VBD_TYPE_DISK);
    db_vbd_set_unpluggable(txn, vbd, strcmp(wanted->type, "system") != 0);
    db_vbd_set_other_config_key(txn, vbd, "owner", "");
}
