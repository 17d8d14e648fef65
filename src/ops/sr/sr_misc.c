/* SR.scan, make, update, probe, get_supported_types and set_shared. */
#include "gen/db_pbd.h"
#include "gen/db_sr.h"
#include "gen/errors.h"
#include "gen/ops_sr.h"
#include "ops/vdi/vdi_merge.h"
#include "ops/vdi/vdi_sync.h"

bool sr_scan(Call *call, const SrScanArgs *args, Err **err)
{
    Platform *platform = call_platform(call);
    g_auto(SrUse) use = {0};
    if (!platform_use_sr(platform, call_view(call), args->sr, &use, err) ||
        !vdi_sync(call, args->sr, &use, err)) {
        return false;
    }
    vdi_merge_request(platform_merger(platform), args->sr);
    return true;
}

/* As in 6.2. */
bool sr_make(Call *call, const SrMakeArgs *args, char **ret_result, Err **err)
{
    (void)call;
    (void)args;
    (void)ret_result;
    return err_message_deprecated(err);
}

bool sr_update(Call *call, const SrUpdateArgs *args, Err **err)
{
    g_auto(SrUse) use = {0};
    return platform_use_sr(call_platform(call), call_view(call), args->sr, &use, err) &&
           vdi_sync_space(call, args->sr, &use, err);
}

bool sr_probe(Call *call, const SrProbeArgs *args, char **ret_result, Err **err)
{
    g_autofree char *type = g_ascii_strdown(args->type, -1);
    const SrDriver *driver = platform_sr_driver(type);
    if (!driver) {
        return err_sr_unknown_driver(err, type);
    }
    if (!host_ref_equal(args->host, platform_host(call_platform(call)))) {
        return err_handle_invalid(err, "host", REF_TEXT(args->host.id));
    }
    unsigned count = value_count(args->device_config);
    const char **pairs = arena_new0(call->arena, const char *, 2 * count + 1);
    for (unsigned i = 0; i < count; i++) {
        pairs[2 * i] = value_name_at(args->device_config, i);
        pairs[2 * i + 1] = value_string(value_at(args->device_config, i));
    }
    const SrConfig config = {.device_config = pairs, .mount_dir = ""};
    *ret_result = driver->probe(call->op, &config, err);
    return *ret_result != NULL;
}

bool sr_get_supported_types(Call *call, Value **ret_result, Err **err)
{
    (void)call;
    (void)err;
    Value *types = value_new_array(4);
    for (const SrDriver *const *driver = platform_sr_drivers(); *driver; driver++) {
        value_array_add(types, value_new_string((*driver)->type));
    }
    *ret_result = types;
    return true;
}

bool sr_set_shared(Call *call, const SrSetSharedArgs *args, Err **err)
{
    const DbView *view = call_view(call);
    unsigned attached = 0;
    for (unsigned i = 0; i < db_sr_pbds_count(view, args->sr); i++) {
        attached += db_pbd_currently_attached(view, db_sr_pbds_at(view, args->sr, i));
    }
    if (!args->value && attached > 1) {
        return err_sr_has_multiple_pbds(err, REF_TEXT(args->sr.id));
    }
    DbTxn *txn = db_begin(call->db);
    db_sr_set_shared(txn, args->sr, args->value);
    return db_commit(txn, err);
}
