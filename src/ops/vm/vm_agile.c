/* VM.assert_agile: every enabled host has to reach the VM's disks and networks. */
#include "ops/vm/vm_agile.h"

#include "gen/db_host.h"
#include "gen/db_network.h"
#include "gen/db_pbd.h"
#include "gen/db_pif.h"
#include "gen/db_sr.h"
#include "gen/db_vbd.h"
#include "gen/db_vdi.h"
#include "gen/db_vif.h"
#include "gen/db_vm.h"
#include "gen/errors.h"
#include "gen/ops_vm.h"

static bool check_disks(const DbView *view, const GArray *hosts, VmRef vm, Err **err);
static bool check_networks(const DbView *view, const GArray *hosts, VmRef vm, Err **err);
static GArray *enabled_hosts(const DbView *view);
static bool is_sr_on_all(const DbView *view, const GArray *hosts, SrRef sr);
static bool is_network_on_all(const DbView *view, const GArray *hosts, NetworkRef network);

bool vm_assert_agile(Call *call, const VmAssertAgileArgs *args, Err **err)
{
    return vm_agile_check(call_view(call), args->self, err);
}

bool vm_agile_check(const DbView *view, VmRef vm, Err **err)
{
    if (db_vm_vgpus_count(view, vm) > 0) {
        return err_vm_has_vgpu(err, REF_TEXT(vm.id));
    }
    if (db_vm_vusbs_count(view, vm) > 0) {
        return err_vm_has_vusbs(err, REF_TEXT(vm.id));
    }
    g_autoptr(GArray) hosts = enabled_hosts(view);
    return check_disks(view, hosts, vm, err) && check_networks(view, hosts, vm, err);
}

static bool check_disks(const DbView *view, const GArray *hosts, VmRef vm, Err **err)
{
    for (unsigned i = 0; i < db_vm_vbds_count(view, vm); i++) {
        VbdRef vbd = db_vm_vbds_at(view, vm, i);
        SrRef sr = db_vdi_sr(view, db_vbd_vdi(view, vbd));
        if (!db_vbd_empty(view, vbd) && !is_sr_on_all(view, hosts, sr)) {
            return err_ha_constraint_violation_sr_not_shared(err, REF_TEXT(sr.id));
        }
    }
    return true;
}

static bool check_networks(const DbView *view, const GArray *hosts, VmRef vm, Err **err)
{
    for (unsigned i = 0; i < db_vm_vifs_count(view, vm); i++) {
        NetworkRef network = db_vif_network(view, db_vm_vifs_at(view, vm, i));
        if (!is_network_on_all(view, hosts, network)) {
            return err_ha_constraint_violation_network_not_shared(err, REF_TEXT(network.id));
        }
    }
    return true;
}

/* (owned) */
static GArray *enabled_hosts(const DbView *view)
{
    GArray *hosts = db_host_all(view);
    for (guint i = hosts->len; i > 0; i--) {
        if (!db_host_enabled(view, g_array_index(hosts, HostRef, i - 1))) {
            g_array_remove_index(hosts, i - 1);
        }
    }
    return hosts;
}

static bool is_sr_on_all(const DbView *view, const GArray *hosts, SrRef sr)
{
    bool is_missing = !db_sr_shared(view, sr);
    for (guint i = 0; i < hosts->len && !is_missing; i++) {
        is_missing = true;
        for (unsigned j = 0; j < db_sr_pbds_count(view, sr) && is_missing; j++) {
            PbdRef pbd = db_sr_pbds_at(view, sr, j);
            is_missing = !db_pbd_currently_attached(view, pbd) ||
                         !host_ref_equal(db_pbd_host(view, pbd), g_array_index(hosts, HostRef, i));
        }
    }
    return !is_missing;
}

/* A part of a bond does not count: the bond does. */
static bool is_network_on_all(const DbView *view, const GArray *hosts, NetworkRef network)
{
    bool is_missing = false;
    for (guint i = 0; i < hosts->len && !is_missing; i++) {
        is_missing = true;
        for (unsigned j = 0; j < db_network_pifs_count(view, network) && is_missing; j++) {
            PifRef pif = db_network_pifs_at(view, network, j);
            is_missing = !bond_ref_is_null(db_pif_bond_slave_of(view, pif)) ||
                         !host_ref_equal(db_pif_host(view, pif), g_array_index(hosts, HostRef, i));
        }
    }
    return !is_missing;
}
