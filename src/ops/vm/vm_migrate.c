/* VM.migrate_send and assert_can_migrate, within this host: disks go to other SRs and NICs to other
 * networks, while the guest runs if it does.  What the maps do not name stays where it is. */
#include "base/text.h"
#include "core/oplock.h"
#include "gen/db_host.h"
#include "gen/db_network.h"
#include "gen/db_sr.h"
#include "gen/db_vbd.h"
#include "gen/db_vif.h"
#include "gen/db_vm.h"
#include "gen/errors.h"
#include "gen/ops_vm.h"
#include "ops/hold.h"
#include "ops/message/alert.h"
#include "ops/vdi/vdi_move.h"
#include "ops/vif/vif_move.h"
#include "ops/vm/vm_cpu.h"

/* What a migration is to do. */
typedef struct Migration {
    VmRef vm;
    const Value *dest, *vdi_map, *vif_map, *options;
} Migration;

static bool check(Call *call, const Migration *migration, Err **err);
static bool check_destination(Call *call, const Value *dest, Err **err);
static bool check_disk(Call *call, VmRef vm, const char *vdi, const Value *sr, Err **err);
static bool check_nic(const DbView *view, VmRef vm, const char *vif, const Value *network,
                      Err **err);
static bool has_disk(const DbView *view, VmRef vm, VdiRef vdi);
static bool move_disks(Call *call, const Migration *migration, Err **err);
static bool move_disk(Call *call, VdiRef vdi, SrRef sr, double begin, double end, Err **err);
static bool move_nics(Call *call, const Migration *migration, Err **err);

bool vm_migrate_send(Call *call, const VmMigrateSendArgs *args, VmRef *ret_result, Err **err)
{
    const Migration migration = {args->vm, args->dest, args->vdi_map, args->vif_map, args->options};
    if (!check(call, &migration, err) || !move_disks(call, &migration, err) ||
        !move_nics(call, &migration, err)) {
        return false;
    }
    const DbView *view = call_view(call);
    HostRef host = platform_host(call_platform(call));
    alert_vm(call, args->vm, "VM_MIGRATED", ALERT_INFORMATION,
             arena_printf(call->arena, "migrated from host: %s (uuid: %s) to host",
                          db_host_name_label(view, host), db_host_uuid(view, host)));
    *ret_result = args->vm;
    return true;
}

bool vm_assert_can_migrate(Call *call, const VmAssertCanMigrateArgs *args, Err **err)
{
    const Migration migration = {args->vm, args->dest, args->vdi_map, args->vif_map, args->options};
    return oplock_check(call_view(call), CLASS_VM, args->vm.id, "migrate_send", err) &&
           check(call, &migration, err);
}

static bool check(Call *call, const Migration *migration, Err **err)
{
    if (!check_destination(call, migration->dest, err)) {
        return false;
    }
    if (text_equal(value_get_string(migration->options, "copy"), "true")) {
        return err_operation_not_allowed(err, "A VM is copied within its pool by VM.copy.");
    }
    if (!text_equal(value_get_string(migration->options, "force"), "true") &&
        !vm_cpu_check(call_view(call), migration->vm, platform_host(call_platform(call)), err)) {
        return false;
    }
    for (unsigned i = 0; i < value_count(migration->vdi_map); i++) {
        if (!check_disk(call, migration->vm, value_name_at(migration->vdi_map, i),
                        value_at(migration->vdi_map, i), err)) {
            return false;
        }
    }
    for (unsigned i = 0; i < value_count(migration->vif_map); i++) {
        if (!check_nic(call_view(call), migration->vm, value_name_at(migration->vif_map, i),
                       value_at(migration->vif_map, i), err)) {
            return false;
        }
    }
    return true;
}

/* What host.migrate_receive gave; other hosts have nothing here that would send to them. */
static bool check_destination(Call *call, const Value *dest, Err **err)
{
    const char *text = value_get_string(dest, "host");
    HostRef host;
    if (!text || !value_ref_parse(text, &host.id)) {
        return err_invalid_value(err, "dest:host", text ? text : "");
    }
    return host_ref_equal(host, platform_host(call_platform(call))) ||
           err_cannot_contact_host(err, text);
}

static bool check_disk(Call *call, VmRef vm, const char *vdi, const Value *sr, Err **err)
{
    VdiRef disk;
    if (!value_ref_parse(vdi, &disk.id) || !has_disk(call_view(call), vm, disk)) {
        return err_invalid_value(err, "vdi_map", vdi);
    }
    return vdi_move_check(call, disk, (SrRef){value_uuid(sr)}, err);
}

static bool check_nic(const DbView *view, VmRef vm, const char *vif, const Value *network,
                      Err **err)
{
    VifRef nic;
    NetworkRef target = {value_uuid(network)};
    if (!value_ref_parse(vif, &nic.id) || !db_vif_exists(view, nic) ||
        !vm_ref_equal(db_vif_vm(view, nic), vm)) {
        return err_invalid_value(err, "vif_map", vif);
    }
    return db_network_exists(view, target) ||
           err_handle_invalid(err, "network", REF_TEXT(target.id));
}

static bool has_disk(const DbView *view, VmRef vm, VdiRef vdi)
{
    for (unsigned i = 0; i < db_vm_vbds_count(view, vm); i++) {
        if (vdi_ref_equal(db_vbd_vdi(view, db_vm_vbds_at(view, vm, i)), vdi)) {
            return true;
        }
    }
    return false;
}

/* Those that moved before one failed stay where they are. */
static bool move_disks(Call *call, const Migration *migration, Err **err)
{
    unsigned count = value_count(migration->vdi_map);
    for (unsigned i = 0; i < count; i++) {
        VdiRef vdi;
        SrRef sr = {value_uuid(value_at(migration->vdi_map, i))};
        (void)value_ref_parse(value_name_at(migration->vdi_map, i), &vdi.id);
        if (!move_disk(call, vdi, sr, (double)i / count, (double)(i + 1) / count, err)) {
            return false;
        }
    }
    return true;
}

static bool move_disk(Call *call, VdiRef vdi, SrRef sr, double begin, double end, Err **err)
{
    g_auto(Hold) hold = {0};
    VdiRef moved;
    return hold_take(call, CLASS_VDI, vdi.id, "mirror", &hold, err) &&
           vdi_move(call, vdi, sr, begin, end, &moved, err);
}

static bool move_nics(Call *call, const Migration *migration, Err **err)
{
    for (unsigned i = 0; i < value_count(migration->vif_map); i++) {
        VifRef vif;
        NetworkRef network = {value_uuid(value_at(migration->vif_map, i))};
        (void)value_ref_parse(value_name_at(migration->vif_map, i), &vif.id);
        if (!network_ref_equal(db_vif_network(call_view(call), vif), network) &&
            !vif_move_to(call, vif, network, err)) {
            return false;
        }
    }
    return true;
}
