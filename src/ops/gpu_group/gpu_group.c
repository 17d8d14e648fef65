/* Groups of graphics cards as people make them; no card is found by itself yet. */
#include "gen/db_gpu_group.h"
#include "gen/db_vgpu.h"
#include "gen/errors.h"
#include "gen/ops_gpu_group.h"

static bool refuse_used(const char *code, const Value *users, Err **err);
static Value *attached_vgpus(const DbView *view, GpuGroupRef group);

bool gpu_group_create(Call *call, const GpuGroupCreateArgs *args, GpuGroupRef *ret_result,
                      Err **err)
{
    DbTxn *txn = db_begin(call->db);
    GpuGroupRef group = db_gpu_group_create(txn);
    db_gpu_group_set_name_label(txn, group, args->name_label);
    db_gpu_group_set_name_description(txn, group, args->name_description);
    db_gpu_group_set_other_config(txn, group, value_ref((Value *)args->other_config));
    *ret_result = group;
    return db_commit(txn, err);
}

/* Virtual GPUs that no VM uses now go with it. */
bool gpu_group_destroy(Call *call, const GpuGroupDestroyArgs *args, Err **err)
{
    DbTxn *txn = db_begin(call->db);
    const DbView *view = db_txn_view(txn);
    g_autoptr(Value) vgpus = attached_vgpus(view, args->self);
    if (!refuse_used("GPU_GROUP_CONTAINS_VGPU", vgpus, err) ||
        !refuse_used("GPU_GROUP_CONTAINS_PGPU", db_gpu_group_pgpus(view, args->self), err)) {
        db_abort(txn);
        return false;
    }
    g_autoptr(GArray) idle = db_gpu_group_vgpus_array(view, args->self);
    for (guint i = 0; i < idle->len; i++) {
        db_vgpu_delete(txn, g_array_index(idle, VgpuRef, i));
    }
    db_gpu_group_delete(txn, args->self);
    return db_commit(txn, err);
}

/* The error names every user. */
static bool refuse_used(const char *code, const Value *users, Err **err)
{
    g_autoptr(GPtrArray) refs = g_ptr_array_new_with_free_func(g_free);
    for (unsigned i = 0; i < value_count(users); i++) {
        g_ptr_array_add(refs, g_strdup(REF_TEXT(value_uuid(value_at(users, i)))));
    }
    g_ptr_array_add(refs, NULL);
    return refs->len == 1 ||
           err_setv(err, __FILE__, __LINE__, code, (const char *const *)refs->pdata);
}

/* (owned) */
static Value *attached_vgpus(const DbView *view, GpuGroupRef group)
{
    Value *vgpus = value_new_array(0);
    for (unsigned i = 0; i < db_gpu_group_vgpus_count(view, group); i++) {
        VgpuRef vgpu = db_gpu_group_vgpus_at(view, group, i);
        if (db_vgpu_currently_attached(view, vgpu)) {
            value_array_add(vgpus, value_new_ref(vgpu.id));
        }
    }
    return vgpus;
}
