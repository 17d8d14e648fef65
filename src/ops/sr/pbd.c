/* PBD.create, destroy, plug and unplug. */
#include "gen/db_pbd.h"
#include "gen/db_sr.h"
#include "gen/errors.h"
#include "gen/ops_pbd.h"
#include "ops/sr/sr_attach.h"

bool pbd_create(Call *call, const PbdCreateArgs *args, PbdRef *ret_result, Err **err)
{
    HostRef host = {value_uuid(value_get(args->record, "host"))};
    SrRef sr = {value_uuid(value_get(args->record, "SR"))};
    const Value *device_config = value_get(args->record, "device_config");
    const Value *other_config = value_get(args->record, "other_config");
    DbTxn *txn = db_begin(call->db);
    const DbView *view = db_txn_view(txn);
    bool ok =
        db_find(view, CLASS_HOST, host.id) || err_handle_invalid(err, "host", REF_TEXT(host.id));
    ok = ok && (db_sr_exists(view, sr) || err_handle_invalid(err, "SR", REF_TEXT(sr.id)));
    if (ok && device_config && value_get(device_config, "SRmaster")) {
        ok = err_value_not_supported(err, "SRmaster", value_get_string(device_config, "SRmaster"),
                                     "the host that manages an SR is found, not configured");
    }
    for (unsigned i = 0; ok && i < db_sr_pbds_count(view, sr); i++) {
        PbdRef other = db_sr_pbds_at(view, sr, i);
        if (host_ref_equal(db_pbd_host(view, other), host)) {
            ok = err_pbd_exists(err, REF_TEXT(sr.id), REF_TEXT(host.id), REF_TEXT(other.id));
        }
    }
    if (!ok) {
        db_abort(txn);
        return false;
    }
    PbdRef pbd = db_pbd_create(txn);
    db_pbd_set_host(txn, pbd, host);
    db_pbd_set_sr(txn, pbd, sr);
    db_pbd_set_currently_attached(txn, pbd, false);
    if (device_config) {
        db_pbd_set_device_config(txn, pbd, value_ref((Value *)device_config));
    }
    if (other_config) {
        db_pbd_set_other_config(txn, pbd, value_ref((Value *)other_config));
    }
    *ret_result = pbd;
    return db_commit(txn, err);
}

bool pbd_destroy(Call *call, const PbdDestroyArgs *args, Err **err)
{
    DbTxn *txn = db_begin(call->db);
    if (db_pbd_currently_attached(db_txn_view(txn), args->self)) {
        db_abort(txn);
        return err_operation_not_allowed(err, "PBD is currently attached");
    }
    db_pbd_delete(txn, args->self);
    return db_commit(txn, err);
}

bool pbd_plug(Call *call, const PbdPlugArgs *args, Err **err)
{
    return sr_attach_plug(call, args->self, err);
}

bool pbd_unplug(Call *call, const PbdUnplugArgs *args, Err **err)
{
    return sr_attach_unplug(call, args->self, err);
}
