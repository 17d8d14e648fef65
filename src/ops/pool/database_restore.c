/* Devices are known by name, as their hardware addresses are another machine's. */
#include "ops/pool/database_restore.h"

#include "gen/db_host.h"
#include "gen/db_pbd.h"
#include "gen/db_pif.h"
#include "gen/db_pool.h"
#include "gen/errors.h"
#include "ops/host/host_management.h"
#include "ops/network/pif_rows.h"
#include "ops/state/state_draft.h"

static HostRef find_coordinator(const DbView *view);
static void forget_others(DbTxn *txn, HostRef host);
static bool fit_interfaces(Platform *platform, DbTxn *txn, HostRef host, Err **err);
static bool fit_interface(const DbView *here, HostRef this_host, DbTxn *txn, PifRef pif, Err **err);
static bool refuse_management(const DbView *restored, HostRef host, Err **err);

bool database_restore_fit(Platform *platform, Db *restored, Err **err)
{
    g_autoptr(DbSnapshot) snapshot = db_snapshot(platform_db(platform));
    const DbView *here = db_snapshot_view(snapshot);
    DbTxn *txn = db_begin(restored);
    HostRef host = find_coordinator(db_txn_view(txn));
    if (host_ref_is_null(host)) {
        db_abort(txn);
        return err_internal(err, "the dump has no coordinator of a pool");
    }
    forget_others(txn, host);
    db_host_set_uuid(txn, host, db_host_uuid(here, platform_host(platform)));
    if (!fit_interfaces(platform, txn, host, err)) {
        db_abort(txn);
        return false;
    }
    return db_commit(txn, err);
}

bool database_restore_commit(Platform *platform, Db *restored, Err **err)
{
    const StateDirs dirs = {.state_dir = platform_paths(platform)->state_dir,
                            .etc_dir = platform_paths(platform)->etc_dir};
    g_auto(StateDraft) draft = {0};
    DbBackend backend;
    if (!state_draft_begin(&dirs, &draft, err)) {
        return false;
    }
    g_autofree char *path =
        state_draft_path(&draft, state_area_name(STATE_AREA_STATE), STATE_DATABASE);
    g_autoptr(DbSnapshot) snapshot = db_snapshot(restored);
    return db_backend_sqlite(path, &backend, err) && db_export(snapshot, &backend, err) &&
           state_draft_commit(&draft, false, err);
}

static HostRef find_coordinator(const DbView *view)
{
    g_autoptr(GArray) pools = db_pool_all(view);
    HostRef host =
        pools->len == 1 ? db_pool_master(view, g_array_index(pools, PoolRef, 0)) : (HostRef){{{0}}};
    return db_host_exists(view, host) ? host : (HostRef){{{0}}};
}

/* Their parts of the network and of storage go too, as nobody would ever bring them back. */
static void forget_others(DbTxn *txn, HostRef host)
{
    g_autoptr(GArray) hosts = db_host_all(db_txn_view(txn));
    g_autoptr(GArray) pifs = db_pif_all(db_txn_view(txn));
    g_autoptr(GArray) pbds = db_pbd_all(db_txn_view(txn));
    for (guint i = 0; i < pifs->len; i++) {
        PifRef pif = g_array_index(pifs, PifRef, i);
        if (!host_ref_equal(db_pif_host(db_txn_view(txn), pif), host)) {
            db_pif_delete(txn, pif);
        }
    }
    for (guint i = 0; i < pbds->len; i++) {
        PbdRef pbd = g_array_index(pbds, PbdRef, i);
        if (!host_ref_equal(db_pbd_host(db_txn_view(txn), pbd), host)) {
            db_pbd_delete(txn, pbd);
        }
    }
    for (guint i = 0; i < hosts->len; i++) {
        HostRef other = g_array_index(hosts, HostRef, i);
        if (!host_ref_equal(other, host)) {
            db_host_delete(txn, other);
        }
    }
}

static bool fit_interfaces(Platform *platform, DbTxn *txn, HostRef host, Err **err)
{
    g_autoptr(DbSnapshot) snapshot = db_snapshot(platform_db(platform));
    const DbView *here = db_snapshot_view(snapshot);
    PifRef management = host_management_pif(here, platform_host(platform));
    const char *device = pif_ref_is_null(management) ? NULL : db_pif_device(here, management);
    bool is_found = false;
    db_host_set_management_set(txn, host, db_host_management_set(here, platform_host(platform)));
    for (unsigned i = 0; i < db_host_pifs_count(db_txn_view(txn), host); i++) {
        PifRef pif = db_host_pifs_at(db_txn_view(txn), host, i);
        bool is_management = g_strcmp0(db_pif_device(db_txn_view(txn), pif), device) == 0;
        db_pif_set_management(txn, pif, is_management);
        is_found |= is_management;
        if (!fit_interface(here, platform_host(platform), txn, pif, err)) {
            return false;
        }
    }
    return is_found || !device || refuse_management(db_txn_view(txn), host, err);
}

static bool fit_interface(const DbView *here, HostRef this_host, DbTxn *txn, PifRef pif, Err **err)
{
    g_autofree char *device = g_strdup(db_pif_device(db_txn_view(txn), pif));
    if (!db_pif_physical(db_txn_view(txn), pif)) {
        return true;
    }
    PifRef twin = pif_rows_find(here, this_host, device);
    if (pif_ref_is_null(twin)) {
        return err_restore_target_missing_device(err, device);
    }
    db_pif_set_mac(txn, pif, db_pif_mac(here, twin));
    return true;
}

static bool refuse_management(const DbView *restored, HostRef host, Err **err)
{
    g_autoptr(GPtrArray) devices = g_ptr_array_new();
    for (unsigned i = 0; i < db_host_pifs_count(restored, host); i++) {
        PifRef pif = db_host_pifs_at(restored, host, i);
        g_ptr_array_add(devices, (char *)db_pif_device(restored, pif));
    }
    g_ptr_array_add(devices, NULL);
    return err_setv(err, __FILE__, __LINE__, "RESTORE_TARGET_MGMT_IF_NOT_IN_BACKUP",
                    (const char *const *)devices->pdata);
}
