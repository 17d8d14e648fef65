/* The states of jobs are in the domain, where the event thread writes them. */
#include "hv/qemu/job.h"

/* For QEMU to give up a job. */
#define CANCEL_LIMIT (30 * USEC_PER_SEC)

void qemu_job_expect(QemuDomain *domain, const char *id)
{
    LOCK_GUARD(&domain->lock);
    g_hash_table_replace(domain->jobs, g_strdup(id), GINT_TO_POINTER(QEMU_JOB_ACTIVE));
}

void qemu_job_forget(QemuDomain *domain, const char *id)
{
    LOCK_GUARD(&domain->lock);
    g_hash_table_remove(domain->jobs, id);
}

bool qemu_job_wait(QemuDomain *domain, Op *op, const char *id, bool until_ready, const char *what,
                   Err **err)
{
    LOCK_GUARD(&domain->lock);
    for (;;) {
        QemuJob state = GPOINTER_TO_INT(g_hash_table_lookup(domain->jobs, id));
        if (state == QEMU_JOB_DONE || (until_ready && state == QEMU_JOB_READY)) {
            return true;
        }
        if (state == QEMU_JOB_FAILED || domain->gone) {
            return err_internal(err, "QEMU did not %s of domain %s", what, domain->name);
        }
        if (!op_wait(op, &domain->changed, &domain->lock.mutex, err)) {
            return false;
        }
    }
}

bool qemu_job_cancel(QemuDomain *domain, const char *id)
{
    g_autoptr(Op) op = op_new(CANCEL_LIMIT);
    Value *args = value_new_struct(2);
    value_struct_add_static(args, "device", value_new_string(id));
    value_struct_add_static(args, "force", value_new_bool(true));
    (void)qmp_call(domain->qmp, op, "block-job-cancel", args, NULL, NULL);
    return qemu_job_wait(domain, op, id, false, "end a job", NULL);
}

unsigned qemu_job_cancel_all(QemuDomain *domain, Op *op, const char *prefix)
{
    g_autoptr(Value) jobs = NULL;
    unsigned count = 0;
    (void)qmp_call(domain->qmp, op, "query-block-jobs", NULL, &jobs, NULL);
    for (unsigned i = 0; i < value_count(jobs); i++) {
        const char *id = value_get_string(value_at(jobs, i), "device");
        if (id && g_str_has_prefix(id, prefix)) {
            count++;
            qemu_job_expect(domain, id);
            qemu_job_cancel(domain, id);
            qemu_job_forget(domain, id);
        }
    }
    return count;
}
