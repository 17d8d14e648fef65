/* The states of jobs are with the guest, where the event thread writes them. */
#include "hv/block/job.h"

/* QEMU's events of jobs, and what they say of the one that they name. */
typedef struct JobEvent {
    const char *name;
    BlockJob state;        /* after it */
    BlockJob state_failed; /* after it, when it tells of an error */
} JobEvent;

static const JobEvent job_events[] = {
    {"BLOCK_JOB_READY", BLOCK_JOB_READY, BLOCK_JOB_READY},
    {"BLOCK_JOB_COMPLETED", BLOCK_JOB_DONE, BLOCK_JOB_FAILED},
    {"BLOCK_JOB_CANCELLED", BLOCK_JOB_FAILED, BLOCK_JOB_FAILED},
};

/* For QEMU to give up a job. */
#define CANCEL_LIMIT (30 * USEC_PER_SEC)

void block_job_expect(BlockGuest *guest, const char *id)
{
    LOCK_GUARD(guest->lock);
    g_hash_table_replace(guest->jobs, g_strdup(id), GINT_TO_POINTER(BLOCK_JOB_ACTIVE));
}

bool block_job_is_expected(BlockGuest *guest, const char *id)
{
    LOCK_GUARD(guest->lock);
    return g_hash_table_contains(guest->jobs, id);
}

void block_job_forget(BlockGuest *guest, const char *id)
{
    LOCK_GUARD(guest->lock);
    g_hash_table_remove(guest->jobs, id);
}

bool block_job_wait(BlockGuest *guest, Op *op, const char *id, bool until_ready, const char *what,
                    Err **err)
{
    LOCK_GUARD(guest->lock);
    for (;;) {
        BlockJob state = GPOINTER_TO_INT(g_hash_table_lookup(guest->jobs, id));
        if (state == BLOCK_JOB_DONE || (until_ready && state == BLOCK_JOB_READY)) {
            return true;
        }
        if (state == BLOCK_JOB_FAILED || guest->ended) {
            return err_internal(err, "QEMU did not %s of domain %s", what, guest->name);
        }
        if (!op_wait(op, guest->changed, &guest->lock->mutex, err)) {
            return false;
        }
    }
}

bool block_job_complete(BlockGuest *guest, Op *op, const char *id, const char *what, Err **err)
{
    Value *args = value_new_struct(1);
    value_struct_add_static(args, "device", value_new_string(id));
    return qmp_call(guest->qmp, op, "block-job-complete", args, NULL, err) &&
           block_job_wait(guest, op, id, false, what, err);
}

bool block_job_cancel(BlockGuest *guest, const char *id)
{
    g_autoptr(Op) op = op_new(CANCEL_LIMIT);
    Value *args = value_new_struct(2);
    value_struct_add_static(args, "device", value_new_string(id));
    value_struct_add_static(args, "force", value_new_bool(true));
    g_autoptr(Err) why = NULL;
    if (!qmp_call(guest->qmp, op, "block-job-cancel", args, NULL, &why) &&
        qmp_error_is_refusal(why)) {
        /* It is over, and if it ever was, its event came before this answer. */
        LOCK_GUARD(guest->lock);
        return GPOINTER_TO_INT(g_hash_table_lookup(guest->jobs, id)) == BLOCK_JOB_DONE;
    }
    return block_job_wait(guest, op, id, false, "end a job", NULL);
}

unsigned block_job_cancel_all(BlockGuest *guest, Op *op, const char *prefix)
{
    g_autoptr(Value) jobs = NULL;
    unsigned count = 0;
    (void)qmp_call(guest->qmp, op, "query-block-jobs", NULL, &jobs, NULL);
    for (unsigned i = 0; i < value_count(jobs); i++) {
        const char *id = value_get_string(value_at(jobs, i), "device");
        if (id && g_str_has_prefix(id, prefix)) {
            count++;
            block_job_expect(guest, id);
            block_job_cancel(guest, id);
            block_job_forget(guest, id);
        }
    }
    return count;
}

void block_job_on_event(BlockGuest *guest, const char *event, const Value *data)
{
    const char *id = data ? value_get_string(data, "device") : NULL;
    for (unsigned i = 0; id && i < G_N_ELEMENTS(job_events); i++) {
        if (g_str_equal(event, job_events[i].name)) {
            bool failed = value_get(data, "error") != NULL;
            block_job_set(guest, id, failed ? job_events[i].state_failed : job_events[i].state);
        }
    }
}

void block_job_set(BlockGuest *guest, const char *id, BlockJob state)
{
    LOCK_GUARD(guest->lock);
    if (g_hash_table_contains(guest->jobs, id)) {
        g_hash_table_replace(guest->jobs, g_strdup(id), GINT_TO_POINTER(state));
        g_cond_broadcast(guest->changed);
    }
}
