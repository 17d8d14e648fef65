/* The messages of class crashdump. */
#include "gen/db_crashdump.h"
#include "gen/db_vdi.h"
#include "gen/ops_crashdump.h"
#include "ops/vdi/vdi_disk.h"

/* The object goes with its disk; one without a disk has nothing to keep it for. */
bool crashdump_destroy(Call *call, const CrashdumpDestroyArgs *args, Err **err)
{
    const DbView *view = call_view(call);
    VdiRef vdi = db_crashdump_vdi(view, args->self);
    if (db_vdi_exists(view, vdi)) {
        return vdi_disk_destroy(call, vdi, err);
    }
    DbTxn *txn = db_begin(call->db);
    db_crashdump_delete(txn, args->self);
    return db_commit(txn, err);
}
