/* Settings of the pool that need a check before they are written, and its edition. */
#include "base/text.h"
#include "gen/db_host.h"
#include "gen/db_network.h"
#include "gen/db_pif.h"
#include "gen/db_pool.h"
#include "gen/db_sr.h"
#include "gen/errors.h"
#include "gen/ops_pool.h"
#include "ops/host/host_edition.h"
#include "ops/host/host_management.h"

bool pool_change_sr(Call *call, PoolRef self, const Value *new_value, Err **err)
{
    (void)self;
    SrRef sr = {value_uuid(new_value)};
    return sr_ref_is_null(sr) || db_sr_exists(call_view(call), sr) ||
           err_handle_invalid(err, "SR", REF_TEXT(sr.id));
}

/* The switches of the bridge engine have no controller; to have none is what can be asked. */
bool pool_set_vswitch_controller(Call *call, const PoolSetVswitchControllerArgs *args, Err **err)
{
    const DbView *view = call_view(call);
    Platform *platform = call_platform(call);
    const char *backend =
        db_host_software_version_get(view, platform_host(platform), "network_backend");
    if (*args->address && !text_equal(backend, "openvswitch")) {
        return err_operation_not_allowed(err, "The network backend of this pool has no controller");
    }
    DbTxn *txn = db_begin(call->db);
    db_pool_set_vswitch_controller(txn, platform_pool(platform), args->address);
    return db_commit(txn, err);
}

bool pool_management_reconfigure(Call *call, const PoolManagementReconfigureArgs *args, Err **err)
{
    const DbView *view = call_view(call);
    HostRef host = platform_host(call_platform(call));
    for (unsigned i = 0; i < db_network_pifs_count(view, args->network); i++) {
        PifRef pif = db_network_pifs_at(view, args->network, i);
        if (host_ref_equal(db_pif_host(view, pif), host)) {
            return host_management_move(call, pif, err);
        }
    }
    return err_pif_not_present(err, REF_TEXT(host.id), REF_TEXT(args->network.id));
}

bool pool_get_license_state(Call *call, const PoolGetLicenseStateArgs *args, Value **ret_result,
                            Err **err)
{
    (void)args;
    (void)err;
    const DbView *view = call_view(call);
    HostRef host = platform_host(call_platform(call));
    Value *state = value_new_struct(2);
    value_struct_add_static(state, "edition", value_new_string(db_host_edition(view, host)));
    value_struct_add_static(state, "expiry", value_new_string(HOST_EDITION_EXPIRY));
    *ret_result = state;
    return true;
}

bool pool_apply_edition(Call *call, const PoolApplyEditionArgs *args, Err **err)
{
    HostRef host = platform_host(call_platform(call));
    return text_equal(args->edition, db_host_edition(call_view(call), host)) ||
           err_invalid_edition(err, args->edition);
}

/* Nothing older than TLS 1.2 is spoken. */
bool pool_disable_ssl_legacy(Call *call, const PoolDisableSslLegacyArgs *args, Err **err)
{
    (void)call;
    (void)args;
    (void)err;
    return true;
}

/* Watching IGMP is a skill of Open vSwitch. */
bool pool_set_igmp_snooping_enabled(Call *call, const PoolSetIgmpSnoopingEnabledArgs *args,
                                    Err **err)
{
    (void)call;
    return !args->value || err_openvswitch_not_active(err);
}

/* The backups that this was for are gone since 6.2. */
bool pool_test_archive_target(Call *call, const PoolTestArchiveTargetArgs *args, char **ret_result,
                              Err **err)
{
    (void)call;
    (void)args;
    (void)ret_result;
    return err_message_removed(err);
}

/* No certificates for Secure Boot can be installed. */
bool pool_get_guest_secureboot_readiness(Call *call,
                                         const PoolGetGuestSecurebootReadinessArgs *args,
                                         PoolGuestSecurebootReadiness *ret_result, Err **err)
{
    (void)call;
    (void)args;
    (void)err;
    *ret_result = POOL_GUEST_SECUREBOOT_READINESS_NOT_READY;
    return true;
}
