/* One question to the agent, at most one transaction. Called by the watch's thread only. */
#include "ops/vm/vm_guest.h"

#include "core/core.h"
#include "gen/db_vm.h"
#include "gen/db_vm_guest_metrics.h"
#include "gen/db_vm_metrics.h"
#include "ops/vm/vm_state.h"
#include "ops/vm/vm_store.h"

/* An agent that does not answer within this is taken as absent for this round. */
#define AGENT_TIMEOUT (3 * USEC_PER_SEC)

static void write_words(DbTxn *txn, VmRef vm, Platform *platform, const VmLook *look,
                        char *const *store);
static void write_guest(DbTxn *txn, VmRef vm, const HvGuestInfo *info);
static Value *map_of_version(const char *version);

Value *vm_guest_map(const char *const *pairs)
{
    Value *map = value_new_struct(4);
    for (; pairs && pairs[0] && pairs[1]; pairs += 2) {
        value_struct_add(map, pairs[0], value_new_string(pairs[1]));
    }
    return map;
}

void vm_guest_refresh(Platform *platform, const VmLook *look)
{
    Uuid domain = look->domain;
    g_auto(HvGuestInfo) info = {0};
    g_autoptr(Op) op = op_new_child(core_op(platform_core(platform)), AGENT_TIMEOUT);
    if (!platform_hv_driver(platform)->guest_info(platform_hv(platform), op, domain, &info, NULL)) {
        return;
    }
    DbTxn *txn = db_begin(platform_db(platform));
    const DbView *view = db_txn_view(txn);
    VmRef vm = db_vm_by_uuid(view, UUID_TEXT(domain));
    bool is_up = vm_state_is_up(view, vm);
    VmGuestMetricsRef metrics = db_vm_guest_metrics(view, vm);
    if (is_up && info.alive) {
        write_guest(txn, vm, &info);
    } else if (is_up && db_vm_guest_metrics_exists(view, metrics)) {
        db_vm_guest_metrics_set_live(txn, metrics, false);
    }
    if (is_up && info.store) {
        write_words(txn, vm, platform, look, info.store);
    }
    db_commit_async(txn);
}

static void write_words(DbTxn *txn, VmRef vm, Platform *platform, const VmLook *look,
                        char *const *store)
{
    g_autoptr(Value) words = vm_guest_map((const char *const *)store);
    g_autoptr(Value) seen = value_ref(words);
    if (!vm_watch_swap_words(platform_vm_watch(platform), look, &seen)) {
        return;
    }
    Value *merged = vm_store_merge(db_vm_xenstore_data(db_txn_view(txn), vm), seen, words);
    if (merged) {
        db_vm_set_xenstore_data(txn, vm, merged);
    }
}

static void write_guest(DbTxn *txn, VmRef vm, const HvGuestInfo *info)
{
    const DbView *view = db_txn_view(txn);
    VmGuestMetricsRef metrics = db_vm_guest_metrics(view, vm);
    bool is_new = !db_vm_guest_metrics_exists(view, metrics);
    if (is_new) {
        metrics = db_vm_guest_metrics_create(txn);
    }
    uint64_t before = db_object_modified(db_find(view, CLASS_VM_GUEST_METRICS, metrics.id));
    db_vm_guest_metrics_set_os_version(txn, metrics,
                                       vm_guest_map((const char *const *)info->os_version));
    db_vm_guest_metrics_set_networks(txn, metrics,
                                     vm_guest_map((const char *const *)info->networks));
    db_vm_guest_metrics_set_other(txn, metrics, vm_guest_map((const char *const *)info->other));
    db_vm_guest_metrics_set_memory(txn, metrics, vm_guest_map((const char *const *)info->memory));
    db_vm_guest_metrics_set_live(txn, metrics, true);
    db_vm_guest_metrics_set_pv_drivers_version(txn, metrics, map_of_version(info->agent_version));
    db_vm_guest_metrics_set_pv_drivers_detected(txn, metrics, true);
    db_vm_guest_metrics_set_pv_drivers_up_to_date(txn, metrics, true);
    bool changed = db_object_modified(db_find(view, CLASS_VM_GUEST_METRICS, metrics.id)) != before;
    if (is_new || changed) {
        db_vm_guest_metrics_set_last_updated(txn, metrics, g_get_real_time() / USEC_PER_SEC);
    }
    if (is_new) {
        db_vm_set_guest_metrics(txn, vm, metrics);
    }
}

/* "7.20.0-9". Clients of 6.2 take drivers as incomplete whose version has no micro. */
static Value *map_of_version(const char *version)
{
    static const char *const names[] = {"major", "minor", "micro", "build"};
    Value *map = value_new_struct(G_N_ELEMENTS(names));
    g_auto(GStrv) parts = g_strsplit_set(version ? version : "", ".-", G_N_ELEMENTS(names));
    for (unsigned i = 0; parts[i]; i++) {
        value_struct_add(map, names[i], value_new_string(parts[i]));
    }
    if (value_count(map) > 0 && !value_get(map, "micro")) {
        value_struct_add(map, "micro", value_new_string("-1"));
    }
    return map;
}
