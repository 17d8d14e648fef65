/* The effects of state changes on the VM, its devices, its consoles and its metrics. */
#include "ops/vm/vm_state.h"

#include "base/text.h"
#include "gen/db_console.h"
#include "gen/db_pbd.h"
#include "gen/db_vbd.h"
#include "gen/db_vdi.h"
#include "gen/db_vif.h"
#include "gen/db_vm.h"
#include "gen/db_vm_guest_metrics.h"
#include "gen/db_vm_metrics.h"
#include "gen/errors.h"
#include "ops/console/console_location.h"

static void set_power_state(DbTxn *txn, VmRef vm, VmPowerState state);
static void add_tasks(GArray *tasks, const Value *current);
static void attach_devices(DbTxn *txn, VmRef vm, bool is_resumed);
static void create_consoles(DbTxn *txn, Platform *platform, VmRef vm);
static void create_console(DbTxn *txn, Platform *platform, VmRef vm, ConsoleProtocol protocol);
static void destroy_consoles(DbTxn *txn, VmRef vm);
static void destroy_guest_metrics(DbTxn *txn, VmRef vm);
static void write_start_metrics(DbTxn *txn, VmRef vm);

void vm_state_set_running(DbTxn *txn, Platform *platform, VmRef vm, int domid, bool paused)
{
    const DbView *view = db_txn_view(txn);
    bool is_resumed = db_vm_power_state(view, vm) == VM_POWER_STATE_SUSPENDED;
    set_power_state(txn, vm, paused ? VM_POWER_STATE_PAUSED : VM_POWER_STATE_RUNNING);
    db_vm_set_resident_on(txn, vm, platform_host(platform));
    db_vm_set_domid(txn, vm, domid);
    db_vm_set_memory_target(txn, vm, db_vm_memory_dynamic_max(view, vm));
    db_vm_set_suspend_vdi(txn, vm, (VdiRef){{{0}}});
    attach_devices(txn, vm, is_resumed);
    destroy_consoles(txn, vm);
    create_consoles(txn, platform, vm);
    if (!is_resumed) { /* what a guest said before it slept still holds */
        destroy_guest_metrics(txn, vm);
    }
    write_start_metrics(txn, vm);
}

bool vm_state_brings_vbd(const DbView *view, VbdRef vbd)
{
    return db_vm_power_state(view, db_vbd_vm(view, vbd)) != VM_POWER_STATE_SUSPENDED ||
           db_vbd_currently_attached(view, vbd);
}

bool vm_state_brings_vif(const DbView *view, VifRef vif)
{
    return db_vm_power_state(view, db_vif_vm(view, vif)) != VM_POWER_STATE_SUSPENDED ||
           db_vif_currently_attached(view, vif);
}

bool vm_state_is_up(const DbView *view, VmRef vm)
{
    VmPowerState state = db_vm_power_state(view, vm);
    return state == VM_POWER_STATE_RUNNING || state == VM_POWER_STATE_PAUSED;
}

GArray *vm_state_tasks(const DbView *view, VmRef vm)
{
    GArray *tasks = g_array_new(FALSE, FALSE, sizeof(Uuid));
    add_tasks(tasks, db_vm_current_operations(view, vm));
    for (unsigned i = 0; i < db_vm_vbds_count(view, vm); i++) {
        add_tasks(tasks, db_vbd_current_operations(view, db_vm_vbds_at(view, vm, i)));
    }
    for (unsigned i = 0; i < db_vm_vifs_count(view, vm); i++) {
        add_tasks(tasks, db_vif_current_operations(view, db_vm_vifs_at(view, vm, i)));
    }
    return tasks;
}

bool vm_state_check_up(const DbView *view, VmRef vm, Err **err)
{
    if (vm_state_is_up(view, vm)) {
        return true;
    }
    g_autofree char *actual =
        g_ascii_strdown(vm_power_state_to_string(db_vm_power_state(view, vm)), -1);
    return err_vm_bad_power_state(err, REF_TEXT(vm.id), "paused, running", actual);
}

void vm_state_set_paused(DbTxn *txn, VmRef vm, bool paused)
{
    if (vm_state_is_up(db_txn_view(txn), vm)) {
        set_power_state(txn, vm, paused ? VM_POWER_STATE_PAUSED : VM_POWER_STATE_RUNNING);
    }
}

void vm_state_set_halted(DbTxn *txn, VmRef vm)
{
    const DbView *view = db_txn_view(txn);
    set_power_state(txn, vm, VM_POWER_STATE_HALTED);
    db_vm_set_resident_on(txn, vm, (HostRef){{{0}}});
    db_vm_set_domid(txn, vm, -1);
    db_vm_set_suspend_vdi(txn, vm, (VdiRef){{{0}}});
    g_autoptr(GArray) vbds = db_vm_vbds_array(view, vm);
    for (guint i = 0; i < vbds->len; i++) {
        vm_state_detach_vbd(txn, g_array_index(vbds, VbdRef, i));
    }
    g_autoptr(GArray) vifs = db_vm_vifs_array(view, vm);
    for (guint i = 0; i < vifs->len; i++) {
        db_vif_set_currently_attached(txn, g_array_index(vifs, VifRef, i), false);
    }
    destroy_consoles(txn, vm);
    destroy_guest_metrics(txn, vm);
}

void vm_state_set_suspended(DbTxn *txn, VmRef vm, VdiRef suspend_vdi)
{
    set_power_state(txn, vm, VM_POWER_STATE_SUSPENDED);
    db_vm_set_resident_on(txn, vm, (HostRef){{{0}}});
    db_vm_set_domid(txn, vm, -1);
    db_vm_set_suspend_vdi(txn, vm, suspend_vdi);
    destroy_consoles(txn, vm);
}

void vm_state_refresh_metrics(DbTxn *txn, VmRef vm, uint64_t memory_bytes, unsigned vcpus)
{
    const DbView *view = db_txn_view(txn);
    VmMetricsRef metrics = db_vm_metrics(view, vm);
    if (!db_vm_metrics_exists(view, metrics)) {
        metrics = db_vm_metrics_create(txn);
        db_vm_set_metrics(txn, vm, metrics);
    }
    db_vm_metrics_set_last_updated(txn, metrics, g_get_real_time() / USEC_PER_SEC);
    db_vm_metrics_set_memory_actual(txn, metrics, memory_bytes);
    db_vm_metrics_set_vcpus_number(txn, metrics, vcpus);
    bool is_hvm = *db_vm_hvm_boot_policy(view, vm) != '\0';
    bool is_pvh = db_vm_domain_type(view, vm) == DOMAIN_TYPE_PVH;
    db_vm_metrics_set_hvm(txn, metrics, is_hvm);
    db_vm_metrics_set_current_domain_type(txn, metrics,
                                          is_hvm   ? DOMAIN_TYPE_HVM
                                          : is_pvh ? DOMAIN_TYPE_PVH
                                                   : DOMAIN_TYPE_PV);
}

const char *vm_state_device_name(unsigned position, char name[VM_DEVICE_NAME_SIZE])
{
    if (position < 26) {
        g_snprintf(name, VM_DEVICE_NAME_SIZE, "xvd%c", 'a' + position);
    } else {
        g_snprintf(name, VM_DEVICE_NAME_SIZE, "xvd%c%c", 'a' + position / 26 - 1,
                   'a' + position % 26);
    }
    return name;
}

void vm_state_delete_devices(DbTxn *txn, VmRef vm)
{
    const DbView *view = db_txn_view(txn);
    g_autoptr(GArray) vbds = db_vm_vbds_array(view, vm);
    for (guint i = 0; i < vbds->len; i++) {
        db_vbd_delete(txn, g_array_index(vbds, VbdRef, i));
    }
    g_autoptr(GArray) vifs = db_vm_vifs_array(view, vm);
    for (guint i = 0; i < vifs->len; i++) {
        db_vif_delete(txn, g_array_index(vifs, VifRef, i));
    }
    destroy_consoles(txn, vm);
}

/* The disk's own VBDs, allowed_operations and all, hang on whether it is attached: the VDI counts
 * as changed too. */
void vm_state_attach_vbd(DbTxn *txn, VbdRef vbd)
{
    const DbView *view = db_txn_view(txn);
    uint64_t position = 0;
    char name[VM_DEVICE_NAME_SIZE];
    if (!vm_state_is_up(view, db_vbd_vm(view, vbd))) {
        return;
    }
    text_parse_uint(db_vbd_userdevice(view, vbd), UINT8_MAX, &position);
    db_vbd_set_device(txn, vbd, vm_state_device_name(position, name));
    db_vbd_set_currently_attached(txn, vbd, true);
    db_touch(txn, CLASS_VDI, db_vbd_vdi(view, vbd).id);
}

void vm_state_attach_vif(DbTxn *txn, VifRef vif)
{
    if (vm_state_is_up(db_txn_view(txn), db_vif_vm(db_txn_view(txn), vif))) {
        db_vif_set_currently_attached(txn, vif, true);
    }
}

void vm_state_detach_vbd(DbTxn *txn, VbdRef vbd)
{
    if (db_vbd_currently_attached(db_txn_view(txn), vbd)) {
        db_vbd_set_currently_attached(txn, vbd, false);
        db_touch(txn, CLASS_VDI, db_vbd_vdi(db_txn_view(txn), vbd).id);
    }
}

/* What may be done with an appliance hangs on the states of its VMs: it counts as changed too. */
static void set_power_state(DbTxn *txn, VmRef vm, VmPowerState state)
{
    db_vm_set_power_state(txn, vm, state);
    db_touch(txn, CLASS_VM_APPLIANCE, db_vm_appliance(db_txn_view(txn), vm).id);
}

static void add_tasks(GArray *tasks, const Value *current)
{
    for (unsigned i = 0; i < value_count(current); i++) {
        Uuid task;
        if (value_ref_parse(value_name_at(current, i), &task)) {
            g_array_append_val(tasks, task);
        }
    }
}

static void attach_devices(DbTxn *txn, VmRef vm, bool is_resumed)
{
    const DbView *view = db_txn_view(txn);
    g_autoptr(GArray) vbds = db_vm_vbds_array(view, vm);
    for (guint i = 0; i < vbds->len; i++) {
        VbdRef vbd = g_array_index(vbds, VbdRef, i);
        if (!is_resumed || db_vbd_currently_attached(view, vbd)) {
            vm_state_attach_vbd(txn, vbd);
        }
    }
    g_autoptr(GArray) vifs = db_vm_vifs_array(view, vm);
    for (guint i = 0; i < vifs->len; i++) {
        VifRef vif = g_array_index(vifs, VifRef, i);
        if (!is_resumed || db_vif_currently_attached(view, vif)) {
            vm_state_attach_vif(txn, vif);
        }
    }
}

static void create_consoles(DbTxn *txn, Platform *platform, VmRef vm)
{
    unsigned caps = platform_hv_driver(platform)->caps;
    if (caps & HV_CAP_VNC) {
        create_console(txn, platform, vm, CONSOLE_PROTOCOL_RFB);
    }
    if (caps & HV_CAP_TEXT_CONSOLE) {
        create_console(txn, platform, vm, CONSOLE_PROTOCOL_VT100);
    }
}

static void create_console(DbTxn *txn, Platform *platform, VmRef vm, ConsoleProtocol protocol)
{
    ConsoleRef console = db_console_create(txn);
    db_console_set_protocol(txn, console, protocol);
    db_console_set_vm(txn, console, vm);
    console_location_write(txn, platform, console);
}

static void destroy_consoles(DbTxn *txn, VmRef vm)
{
    g_autoptr(GArray) consoles = db_vm_consoles_array(db_txn_view(txn), vm);
    for (guint i = 0; i < consoles->len; i++) {
        db_console_delete(txn, g_array_index(consoles, ConsoleRef, i));
    }
}

static void destroy_guest_metrics(DbTxn *txn, VmRef vm)
{
    VmGuestMetricsRef metrics = db_vm_guest_metrics(db_txn_view(txn), vm);
    db_vm_guest_metrics_delete(txn, metrics);
    db_vm_set_guest_metrics(txn, vm, (VmGuestMetricsRef){{{0}}});
}

static void write_start_metrics(DbTxn *txn, VmRef vm)
{
    const DbView *view = db_txn_view(txn);
    vm_state_refresh_metrics(txn, vm, db_vm_memory_dynamic_max(view, vm),
                             db_vm_vcpus_at_startup(view, vm));
    db_vm_metrics_set_start_time(txn, db_vm_metrics(view, vm), g_get_real_time() / USEC_PER_SEC);
}
