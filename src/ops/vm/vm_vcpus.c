/* VM.set_VCPUs_max, set_VCPUs_at_startup and set_VCPUs_number_live. */
#include "gen/db_vm.h"
#include "gen/db_vm_metrics.h"
#include "gen/errors.h"
#include "gen/ops_vm.h"
#include "ops/vm/vm_boot.h"
#include "ops/vm/vm_turn.h"

static bool check_range(int64_t value, int64_t min, int64_t max, const char *field, Err **err)
{
    if (value >= min && value <= max) {
        return true;
    }
    g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, value);
    return err_invalid_value(err, field, text);
}

bool vm_set_vcpus_max(Call *call, const VmSetVcpusMaxArgs *args, Err **err)
{
    int64_t startup = db_vm_vcpus_at_startup(call_view(call), args->self);
    if (!check_range(args->value, MAX(startup, 1), INT64_MAX, "VCPUs_max", err)) {
        return false;
    }
    DbTxn *txn = db_begin(call->db);
    db_vm_set_vcpus_max(txn, args->self, args->value);
    return db_commit(txn, err);
}

bool vm_set_vcpus_at_startup(Call *call, const VmSetVcpusAtStartupArgs *args, Err **err)
{
    int64_t max = db_vm_vcpus_max(call_view(call), args->self);
    if (!check_range(args->value, 1, max, "VCPUs_at_startup", err)) {
        return false;
    }
    DbTxn *txn = db_begin(call->db);
    db_vm_set_vcpus_at_startup(txn, args->self, args->value);
    return db_commit(txn, err);
}

bool vm_set_vcpus_number_live(Call *call, const VmSetVcpusNumberLiveArgs *args, Err **err)
{
    Platform *platform = call_platform(call);
    const DbView *view = call_view(call);
    g_auto(VmTurn) turn = {0};
    if (!vm_turn_take(call, args->self, &turn, err) ||
        !check_range(args->nvcpu, 1, db_vm_vcpus_max(view, args->self), "VCPUs_number", err) ||
        !platform_hv_driver(platform)->domain_set_vcpus(
            platform_hv(platform), call->op, vm_domain_uuid(view, args->self), args->nvcpu, err)) {
        return false;
    }
    DbTxn *txn = db_begin(call->db);
    db_vm_set_vcpus_at_startup(txn, args->self, args->nvcpu);
    db_vm_metrics_set_vcpus_number(txn, db_vm_metrics(db_txn_view(txn), args->self), args->nvcpu);
    return db_commit(txn, err);
}
