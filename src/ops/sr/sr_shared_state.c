/* SR.assert_can_host_ha_statefile, and the messages about copies of the database for site recovery,
 * which no driver keeps yet. */
#include "ops/sr/sr_shared_state.h"

#include "base/text.h"
#include "gen/db_host.h"
#include "gen/db_pbd.h"
#include "gen/db_sm.h"
#include "gen/db_sr.h"
#include "gen/errors.h"
#include "gen/ops_sr.h"

/* One of them will do. */
static const char *const state_features[] = {"VDI_GENERATE_CONFIG", "VDI_ATTACH_OFFLINE", NULL};
static const char *const database_features[] = {"SR_METADATA", NULL};

static bool check(const DbView *view, SrRef sr, const char *const *features, Err **err);
static bool is_everywhere(const DbView *view, SrRef sr);

bool sr_assert_can_host_ha_statefile(Call *call, const SrAssertCanHostHaStatefileArgs *args,
                                     Err **err)
{
    return sr_shared_state_check(call_view(call), args->sr, err);
}

bool sr_assert_supports_database_replication(Call *call,
                                             const SrAssertSupportsDatabaseReplicationArgs *args,
                                             Err **err)
{
    return check(call_view(call), args->sr, database_features, err);
}

bool sr_enable_database_replication(Call *call, const SrEnableDatabaseReplicationArgs *args,
                                    Err **err)
{
    return check(call_view(call), args->sr, database_features, err) &&
           err_not_implemented(err, call->method->name);
}

/* No SR has a copy. */
bool sr_disable_database_replication(Call *call, const SrDisableDatabaseReplicationArgs *args,
                                     Err **err)
{
    (void)call;
    (void)args;
    (void)err;
    return true;
}

bool sr_shared_state_check(const DbView *view, SrRef sr, Err **err)
{
    return check(view, sr, state_features, err);
}

bool sr_shared_state_has_feature(const DbView *view, SrRef sr, const char *const *features)
{
    const char *type = db_sr_type(view, sr);
    g_autoptr(GArray) managers = db_sm_all(view);
    for (guint i = 0; i < managers->len; i++) {
        SmRef manager = g_array_index(managers, SmRef, i);
        for (size_t j = 0; features[j]; j++) {
            if (text_equal(db_sm_type(view, manager), type) &&
                value_get(db_sm_features(view, manager), features[j])) {
                return true;
            }
        }
    }
    return false;
}

static bool check(const DbView *view, SrRef sr, const char *const *features, Err **err)
{
    if (!is_everywhere(view, sr)) {
        return err_sr_has_no_pbds(err, REF_TEXT(sr.id));
    }
    return sr_shared_state_has_feature(view, sr, features) ||
           err_sr_operation_not_supported(err, REF_TEXT(sr.id));
}

/* A host has at most one PBD for an SR. */
static bool is_everywhere(const DbView *view, SrRef sr)
{
    unsigned count = db_sr_pbds_count(view, sr);
    for (unsigned i = 0; i < count; i++) {
        if (!db_pbd_currently_attached(view, db_sr_pbds_at(view, sr, i))) {
            return false;
        }
    }
    return count > 0 && count >= db_host_count(view);
}
