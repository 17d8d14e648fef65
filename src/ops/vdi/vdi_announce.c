/* Drivers that make images have their uuid for a location. */
#include "ops/vdi/vdi_announce.h"

#include "gen/db_vdi.h"
#include "ops/vdi/vdi_rows.h"

VdiRef vdi_announce(DbTxn *txn, SrRef sr, Uuid uuid)
{
    char location[UUID_TEXT_SIZE];
    const SrVdi image = {
        .uuid = uuid, .location = (char *)uuid_format(uuid, location), .managed = true};
    VdiRef vdi = vdi_rows_add(txn, sr, &image);
    db_vdi_set_type(txn, vdi, VDI_TYPE_SUSPEND);
    return vdi;
}

void vdi_announce_withdraw(DbTxn *txn, VdiRef announced)
{
    if (db_vdi_exists(db_txn_view(txn), announced)) {
        vdi_rows_remove(txn, announced);
    }
}

/* A scan may have taken the object for one whose image is gone. */
VdiRef vdi_announce_put(DbTxn *txn, SrRef sr, const SrVdi *made, VdiRef announced)
{
    VdiRef vdi = vdi_rows_put(txn, sr, made);
    if (!vdi_ref_equal(vdi, announced)) {
        vdi_announce_withdraw(txn, announced);
    }
    return vdi;
}
