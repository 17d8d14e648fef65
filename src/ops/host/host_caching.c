/* Caching blocks of shared disks on local storage: a local SR of a host at rest, with a driver that
 * can. */
#include "gen/db_host.h"
#include "gen/db_pbd.h"
#include "gen/db_sr.h"
#include "gen/errors.h"
#include "gen/ops_host.h"
#include "gen/ops_pool.h"
#include "ops/host/host_here.h"
#include "ops/sr/sr_shared_state.h"

static const char *const caching_features[] = {"SR_SUPPORTS_LOCAL_CACHING", NULL};

static bool check_at_rest(Call *call, HostRef host, Err **err);
static bool enable(Call *call, HostRef host, SrRef sr, Err **err);
static bool disable(Call *call, HostRef host, Err **err);

bool host_enable_local_storage_caching(Call *call, const HostEnableLocalStorageCachingArgs *args,
                                       Err **err)
{
    return host_here_check(call, args->host, err) && enable(call, args->host, args->sr, err);
}

bool host_disable_local_storage_caching(Call *call, const HostDisableLocalStorageCachingArgs *args,
                                        Err **err)
{
    return host_here_check(call, args->host, err) && disable(call, args->host, err);
}

/* The first local SR that will do. */
bool pool_enable_local_storage_caching(Call *call, const PoolEnableLocalStorageCachingArgs *args,
                                       Err **err)
{
    (void)args;
    HostRef host = platform_host(call_platform(call));
    g_autoptr(GArray) srs = db_sr_all(call_view(call));
    for (guint i = 0; i < srs->len; i++) {
        if (enable(call, host, g_array_index(srs, SrRef, i), NULL)) {
            return true;
        }
    }
    return err_set(err, "HOSTS_FAILED_TO_ENABLE_CACHING", REF_TEXT(host.id));
}

bool pool_disable_local_storage_caching(Call *call, const PoolDisableLocalStorageCachingArgs *args,
                                        Err **err)
{
    (void)args;
    HostRef host = platform_host(call_platform(call));
    return disable(call, host, NULL) ||
           err_set(err, "HOSTS_FAILED_TO_DISABLE_CACHING", REF_TEXT(host.id));
}

static bool check_at_rest(Call *call, HostRef host, Err **err)
{
    const DbView *view = call_view(call);
    if (db_host_enabled(view, host)) {
        return err_host_not_disabled(err);
    }
    g_autoptr(GArray) guests = host_here_guests(view, host);
    return guests->len == 0 || err_host_in_use(err, REF_TEXT(host.id), "vm",
                                               REF_TEXT(g_array_index(guests, VmRef, 0).id));
}

static bool enable(Call *call, HostRef host, SrRef sr, Err **err)
{
    const DbView *view = call_view(call);
    if (!check_at_rest(call, host, err)) {
        return false;
    }
    if (db_sr_shared(view, sr) || db_sr_pbds_count(view, sr) != 1 ||
        !sr_shared_state_has_feature(view, sr, caching_features)) {
        return err_sr_operation_not_supported(err, REF_TEXT(sr.id));
    }
    if (!host_ref_equal(db_pbd_host(view, db_sr_pbds_at(view, sr, 0)), host)) {
        return err_host_cannot_see_sr(err, REF_TEXT(host.id), REF_TEXT(sr.id));
    }
    DbTxn *txn = db_begin(call->db);
    db_sr_set_local_cache_enabled(txn, db_host_local_cache_sr(db_txn_view(txn), host), false);
    db_sr_set_local_cache_enabled(txn, sr, true);
    db_host_set_local_cache_sr(txn, host, sr);
    return db_commit(txn, err);
}

static bool disable(Call *call, HostRef host, Err **err)
{
    if (!check_at_rest(call, host, err)) {
        return false;
    }
    DbTxn *txn = db_begin(call->db);
    db_sr_set_local_cache_enabled(txn, db_host_local_cache_sr(db_txn_view(txn), host), false);
    db_host_set_local_cache_sr(txn, host, (SrRef){{{0}}});
    return db_commit(txn, err);
}
