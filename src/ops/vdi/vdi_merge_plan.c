/* Only what the database says; who merges has noted it before and looks here afterwards. */
#include "ops/vdi/vdi_merge_plan.h"

#include "gen/db_sr.h"
#include "gen/db_vbd.h"
#include "gen/db_vdi.h"
#include "gen/db_vm.h"

#define MOST_PARENTS 64 /* no chain is as long */

static bool add_disk(const DbView *view, VdiRef vdi, unsigned depth, VdiMergePlan *plan);
static bool can_merge(const DbView *view, VbdRef vbd);

bool vdi_merge_plan(const DbView *view, VdiRef image, VdiMergePlan *ret_plan)
{
    VdiMergePlan plan = {{{{0}}}, {{{0}}}, 0};
    if (!db_vdi_exists(view, image)) {
        return false;
    }
    SrRef sr = db_vdi_sr(view, image);
    for (unsigned i = 0; i < db_sr_vdis_count(view, sr); i++) {
        VdiRef vdi = db_sr_vdis_at(view, sr, i);
        unsigned depth;
        if (vdi_merge_stands_on(view, vdi, image, &depth) && !add_disk(view, vdi, depth, &plan)) {
            return false;
        }
    }
    *ret_plan = plan;
    return true;
}

bool vdi_merge_stands_on(const DbView *view, VdiRef vdi, VdiRef image, unsigned *ret_depth)
{
    for (unsigned depth = 0; depth < MOST_PARENTS && db_vdi_exists(view, vdi); depth++) {
        if (vdi_ref_equal(vdi, image)) {
            *ret_depth = depth;
            return true;
        }
        vdi = db_vdi_parent(view, vdi);
    }
    return false;
}

static bool add_disk(const DbView *view, VdiRef vdi, unsigned depth, VdiMergePlan *plan)
{
    if (value_count(db_vdi_current_operations(view, vdi)) > 0) {
        return false;
    }
    for (unsigned i = 0; i < db_vdi_vbds_count(view, vdi); i++) {
        VbdRef vbd = db_vdi_vbds_at(view, vdi, i);
        if (value_count(db_vbd_current_operations(view, vbd)) > 0) {
            return false;
        }
        if (db_vbd_currently_attached(view, vbd)) {
            if (!vbd_ref_is_null(plan->vbd) || !can_merge(view, vbd)) {
                return false;
            }
            *plan = (VdiMergePlan){vbd, vdi, depth};
        }
    }
    return true;
}

static bool can_merge(const DbView *view, VbdRef vbd)
{
    VmRef vm = db_vbd_vm(view, vbd);
    return db_vm_power_state(view, vm) == VM_POWER_STATE_RUNNING &&
           db_vbd_mode(view, vbd) == VBD_MODE_RW &&
           value_count(db_vm_current_operations(view, vm)) == 0;
}
