/* The story of a start: check, plan (disks opened, NICs plugged), build, let go, write down. */
#include "ops/vm/vm_boot.h"

#include "core/core.h"
#include "gen/db_vm.h"
#include "gen/errors.h"
#include "ops/vbd/vbd_claim.h"
#include "ops/vdi/vdi_merge.h"
#include "ops/vif/vif_port.h"
#include "ops/vm/vm_boot_record.h"
#include "ops/vm/vm_check.h"
#include "ops/vm/vm_cpu.h"
#include "ops/vm/vm_guest.h"
#include "ops/vm/vm_plan.h"
#include "ops/vm/vm_state.h"
#include "ops/vm/vm_watch.h"

/* What the database said of a VM whose start may still fail. */
typedef struct RecordedState {
    Call *call;
    VmRef vm;
    VdiRef suspend_vdi; /* null: it was halted */
} RecordedState;

/* What it takes to end a domain whose start failed. */
typedef struct BuiltDomain {
    Platform *platform;
    Uuid uuid;
} BuiltDomain;

static bool build_domain(Call *call, VmRef vm, HvDomainConfig *config, const HvImage *saved,
                         Undo *undo, int *ret_domid, Err **err);
static void destroy_built(void *user);
static bool write_running(Call *call, VmRef vm, const HvDomainConfig *config, int domid,
                          const VmBoot *how, Undo *undo, Err **err);
static void write_back(void *user);
static void detach_taps(Call *call, VmRef vm);

/* The watch knows of the domain before it can end.  The database says "running" before the guest's
 * first instruction: a guest that ran while it was still recorded as suspended would be resumed a
 * second time from the same memory, on top of disks that it had changed. */
bool vm_boot(Call *call, VmRef vm, const VmBoot *how, Err **err)
{
    Platform *platform = call_platform(call);
    g_auto(VbdClaim) claim = {0};
    g_auto(Undo) undo = {0};
    HvDomainConfig config;
    int domid;
    if (!vm_check_can_boot(call, vm, how->force, err) || !vbd_claim_take(call, vm, &claim, err) ||
        !vm_boot_record_name(call->db, vm, err) || !vm_plan(call, vm, &undo, &config, err) ||
        !build_domain(call, vm, &config, how->saved, &undo, &domid, err) ||
        !vm_plan_open_ports(call, vm, err) ||
        !write_running(call, vm, &config, domid, how, &undo, err)) {
        return false;
    }
    if (!how->paused && !platform_hv_driver(platform)->domain_set_paused(
                            platform_hv(platform), call->op, config.uuid, false, err)) {
        return false;
    }
    undo_disarm(&undo);
    return true;
}

bool vm_halt(Call *call, VmRef vm, Err **err)
{
    if (!vm_end_domain(call, vm, err)) {
        return false;
    }
    DbTxn *txn = db_begin(call->db);
    vm_state_set_halted(txn, vm);
    if (!db_commit(txn, err)) {
        return false;
    }
    vdi_merge_request_vm(platform_merger(call_platform(call)), call_view(call), vm);
    return true;
}

bool vm_restart(Call *call, VmRef vm, Err **err)
{
    const VmBoot again = {.force = true};
    if (!op_check(call->op, err) || !vm_end_domain(call, vm, err)) {
        return false;
    }
    if (vm_boot(call, vm, &again, err)) {
        return true;
    }
    DbTxn *txn = db_begin(call->db);
    vm_state_set_halted(txn, vm);
    db_commit_async(txn);
    return false;
}

bool vm_end_domain(Call *call, VmRef vm, Err **err)
{
    Platform *platform = call_platform(call);
    Uuid uuid = vm_domain_uuid(call_view(call), vm);
    g_autoptr(Op) op = core_undo_op();
    vm_watch_ended(platform_vm_watch(platform), uuid);
    if (!platform_hv_driver(platform)->domain_destroy(platform_hv(platform), op, uuid, err)) {
        return false;
    }
    detach_taps(call, vm);
    return true;
}

Uuid vm_domain_uuid(const DbView *view, VmRef vm)
{
    Uuid uuid = {{0}};
    uuid_parse(db_vm_uuid(view, vm), &uuid);
    return uuid;
}

static bool build_domain(Call *call, VmRef vm, HvDomainConfig *config, const HvImage *saved,
                         Undo *undo, int *ret_domid, Err **err)
{
    Platform *platform = call_platform(call);
    const HvDriver *hv = platform_hv_driver(platform);
    BuiltDomain *built = arena_new0(call->arena, BuiltDomain, 1);
    *built = (BuiltDomain){platform, config->uuid};
    undo_push(undo, destroy_built, built);
    config->saved = saved;
    vm_cpu_plan(call_view(call), vm, platform_host(platform), saved != NULL, config);
    vm_watch_started(platform_vm_watch(platform), config->uuid, config->start_ticket,
                     vm_guest_map(config->store_data));
    return hv->domain_create(platform_hv(platform), call->op, config, ret_domid, err);
}

static void destroy_built(void *user)
{
    BuiltDomain *built = user;
    g_autoptr(Op) op = core_undo_op();
    vm_watch_ended(platform_vm_watch(built->platform), built->uuid);
    platform_hv_driver(built->platform)
        ->domain_destroy(platform_hv(built->platform), op, built->uuid, NULL);
}

static bool write_running(Call *call, VmRef vm, const HvDomainConfig *config, int domid,
                          const VmBoot *how, Undo *undo, Err **err)
{
    RecordedState *before = arena_new0(call->arena, RecordedState, 1);
    DbTxn *txn = db_begin(call->db);
    *before = (RecordedState){call, vm, db_vm_suspend_vdi(db_txn_view(txn), vm)};
    if (!how->saved) {
        vm_boot_record_write(txn, vm);
        vm_cpu_write(txn, vm, platform_host(call_platform(call)), config);
    }
    vm_state_set_running(txn, call_platform(call), vm, domid, how->paused);
    undo_push(undo, write_back, before);
    return db_commit(txn, err);
}

static void write_back(void *user)
{
    RecordedState *before = user;
    DbTxn *txn = db_begin(before->call->db);
    if (vdi_ref_is_null(before->suspend_vdi)) {
        vm_state_set_halted(txn, before->vm);
    } else {
        vm_state_set_suspended(txn, before->vm, before->suspend_vdi);
    }
    db_commit_async(txn);
}

static void detach_taps(Call *call, VmRef vm)
{
    const DbView *view = call_view(call);
    for (unsigned i = 0; i < db_vm_vifs_count(view, vm); i++) {
        vif_port_detach(call, db_vm_vifs_at(view, vm, i));
    }
}
