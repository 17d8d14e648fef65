/* VDI.pool_migrate. */
#include "gen/db_vdi.h"
#include "gen/errors.h"
#include "gen/ops_vdi.h"
#include "ops/hold.h"
#include "ops/vdi/vdi_move.h"

/* As in 6.2 it is a VM that moves, with this disk alone; so a disk needs one. */
bool vdi_pool_migrate(Call *call, const VdiPoolMigrateArgs *args, VdiRef *ret_result, Err **err)
{
    VmRef vm = vdi_move_vm(call_view(call), args->vdi);
    g_auto(Hold) hold = {0};
    if (vm_ref_is_null(vm)) {
        return err_vdi_needs_vm_for_migrate(err, REF_TEXT(args->vdi.id));
    }
    return hold_take(call, CLASS_VM, vm.id, "migrate_send", &hold, err) &&
           vdi_move_check(call, args->vdi, args->sr, err) &&
           vdi_move(call, args->vdi, args->sr, 0.0, 1.0, ret_result, err);
}
