/* The daemon may have died at any line of any operation.  What a domain found now means depends on
 * what the database had promised:
 *   paused             -> it is adopted as it is;
 *   running            -> adopted, and let run if its start or pause was cut short;
 *   halted             -> its start was half done and nobody was told of it: ended;
 *   suspended          -> its memory is safe in the image: ended;
 *   no VM at all       -> ended.
 * One that was given to another host may be there, which only who sent it can find out: it stands
 * still here and stays.
 * A VM recorded as running without a domain is halted, unless the engine knows how it ended: then
 * the watch acts on that. */
#include "ops/vm/vm_adopt.h"

#include "base/log.h"
#include "gen/db_vif.h"
#include "gen/db_vm.h"
#include "ops/sr/sr_attach.h"
#include "ops/vdi/vdi_move.h"
#include "ops/vif/vif_port.h"
#include "ops/vm/vm_boot.h"
#include "ops/vm/vm_devices.h"
#include "ops/vm/vm_state.h"
#include "ops/vm/vm_watch.h"

static void settle_domain(Call *call, const HvDomainInfo *domain);
static bool end_domain(Call *call, VmRef vm, Uuid domain, Err **err);
static bool adopt_domain(Call *call, VmRef vm, const HvDomainInfo *domain, Err **err);
static void refresh_ports(Call *call, VmRef vm);
static bool halt_missing(Call *call, const GArray *domains, Err **err);
static bool has_domain(const GArray *domains, Uuid uuid);

bool vm_adopt(Call *call, void *user, Err **err)
{
    Platform *platform = user;
    g_autoptr(GArray) domains =
        platform_hv_driver(platform)->domain_list(platform_hv(platform), err);
    if (!domains) {
        return false;
    }
    for (guint i = 0; i < domains->len; i++) {
        settle_domain(call, &g_array_index(domains, HvDomainInfo, i));
    }
    if (!halt_missing(call, domains, err)) {
        return false;
    }
    sr_attach_drop_orphans(call);
    return true;
}

/* What cannot be settled is no reason for the others to stay without a daemon. */
static void settle_domain(Call *call, const HvDomainInfo *domain)
{
    const DbView *view = call_view(call);
    VmRef vm = db_vm_by_uuid(view, UUID_TEXT(domain->uuid));
    g_autoptr(Err) error = NULL;
    bool ok = true;
    bool is_wanted = !vm_ref_is_null(vm) && vm_state_is_up(view, vm);
    if (domain->given) {
        log_warn("domain %s was given to another host, which may have it", UUID_TEXT(domain->uuid));
        ok = !is_wanted || adopt_domain(call, vm, domain, &error);
    } else if (!is_wanted) {
        log_warn("ending domain %s: no VM that should run stands behind it",
                 UUID_TEXT(domain->uuid));
        ok = end_domain(call, vm, domain->uuid, &error);
    } else if (domain->state == HV_STATE_PAUSED || domain->state == HV_STATE_RUNNING) {
        ok = adopt_domain(call, vm, domain, &error);
    } /* else the watch is told and acts on it */
    if (!ok) {
        g_autofree char *text = err_to_string(error);
        log_error("domain %s is not as its VM should be: %s", UUID_TEXT(domain->uuid), text);
    }
}

static bool end_domain(Call *call, VmRef vm, Uuid domain, Err **err)
{
    Platform *platform = call_platform(call);
    if (!vm_ref_is_null(vm)) {
        return vm_end_domain(call, vm, err);
    }
    vm_watch_ended(platform_vm_watch(platform), domain);
    return platform_hv_driver(platform)->domain_destroy(platform_hv(platform), call->op, domain,
                                                        err);
}

static bool adopt_domain(Call *call, VmRef vm, const HvDomainInfo *domain, Err **err)
{
    Platform *platform = call_platform(call);
    bool should_run =
        db_vm_power_state(call_view(call), vm) == VM_POWER_STATE_RUNNING && !domain->given;
    bool is_paused = domain->state == HV_STATE_PAUSED;
    vm_watch_started(platform_vm_watch(platform), domain->uuid, domain->start_ticket, NULL);
    if (!domain->given && !vdi_move_settle(call, vm, err)) {
        /* It stood still since its disk was to move: what it has written is where it should be. */
        vm_halt(call, vm, NULL);
        return false;
    }
    bool ok = true;
    if (is_paused && should_run) {
        ok = platform_hv_driver(platform)->domain_set_paused(platform_hv(platform), call->op,
                                                             domain->uuid, false, err);
        is_paused = !ok;
    }
    if (!is_paused) {
        (void)vdi_move_settle(call, vm, NULL); /* what is left over costs space alone */
    }
    DbTxn *txn = db_begin(call->db);
    db_vm_set_domid(txn, vm, domain->domid);
    db_vm_set_resident_on(txn, vm, platform_host(platform));
    vm_state_set_paused(txn, vm, is_paused);
    vm_state_refresh_metrics(txn, vm, domain->memory_bytes, domain->vcpus);
    log_info("adopted domain %s", UUID_TEXT(domain->uuid));
    ok = db_commit(txn, ok ? err : NULL) && ok;
    ok = vm_devices_settle(call, vm, ok ? err : NULL) && ok;
    refresh_ports(call, vm);
    return ok;
}

/* A setting may have been written just before the daemon died. */
static void refresh_ports(Call *call, VmRef vm)
{
    const DbView *view = call_view(call);
    for (unsigned i = 0; i < db_vm_vifs_count(view, vm); i++) {
        VifRef vif = db_vm_vifs_at(view, vm, i);
        g_autoptr(Err) error = NULL;
        if (!vif_port_refresh(call, vif, &error)) {
            g_autofree char *text = err_to_string(error);
            log_error("VIF %s is not as it should be: %s", db_vif_uuid(view, vif), text);
        }
    }
}

static bool halt_missing(Call *call, const GArray *domains, Err **err)
{
    VmWatch *watch = platform_vm_watch(call_platform(call));
    DbTxn *txn = db_begin(call->db);
    const DbView *view = db_txn_view(txn);
    g_autoptr(GArray) vms = db_vm_all(view);
    for (guint i = 0; i < vms->len; i++) {
        VmRef vm = g_array_index(vms, VmRef, i);
        Uuid uuid = vm_domain_uuid(view, vm);
        if (vm_state_is_up(view, vm) && !db_vm_is_control_domain(view, vm) &&
            !has_domain(domains, uuid) && !vm_watch_has_exit(watch, uuid)) {
            log_info("VM %s does not run any more", db_vm_uuid(view, vm));
            vm_state_set_halted(txn, vm);
        }
    }
    return db_commit(txn, err);
}

static bool has_domain(const GArray *domains, Uuid uuid)
{
    for (guint i = 0; i < domains->len; i++) {
        const HvDomainInfo *domain = &g_array_index(domains, HvDomainInfo, i);
        if (domain->state != HV_STATE_GONE && uuid_equal(domain->uuid, uuid)) {
            return true;
        }
    }
    return false;
}
