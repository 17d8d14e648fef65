/* QEMU's mirror job.
 *
 * While it copies, the guest writes to its disk; once both are the same, what it writes goes to
 * both at a time.  Then the guest stands still until it is settled which of the two counts, and has
 * been moved there: nothing is ever written to one of them alone that the other should have.
 *
 * The record names the copy before the job begins.  A driver that comes later finds the job or its
 * outcome, and is told by disk_mirror_settle() what that should be. */
#include "hv/qemu/chain.h"
#include "hv/qemu/hooks.h"
#include "hv/qemu/job.h"

#include "base/text.h"

/* To move the guest, and for QEMU to drop what it has no more use for. */
#define SWITCH_LIMIT      (30 * USEC_PER_SEC)
#define CLEANUP_LIMIT     (30 * USEC_PER_SEC)
#define PROGRESS_INTERVAL (USEC_PER_SEC / 2)
#define JOB_PREFIX        "mirror-"
#define JOB_WHAT          "copy a disk"

static bool qemu_mirror_check(const QemuDomain *domain, const QemuDisk *disk, Err **err);
static bool qemu_mirror_run(QemuDomain *domain, Op *op, QemuDisk *disk, const char *job,
                            const HvMirror *mirror, Err **err);
static bool qemu_mirror_add_copy(QemuDomain *domain, Op *op, QemuDisk *disk, const HvMirror *mirror,
                                 Err **err);
static bool qemu_mirror_start(QemuDomain *domain, Op *op, const QemuDisk *disk, const char *job,
                              Err **err);
static bool qemu_mirror_follow(QemuDomain *domain, Op *op, const char *job, const HvMirror *mirror,
                               Err **err);
static double qemu_mirror_progress(QemuDomain *domain, Op *op, const char *job);
static bool qemu_mirror_switch(QemuDomain *domain, const char *job, const HvMirror *mirror,
                               Err **err);
static bool qemu_mirror_runs(QemuDomain *domain);
static bool qemu_mirror_publish(QemuDomain *domain, Op *op, const char *job, const HvMirror *mirror,
                                Err **err);
static bool qemu_mirror_complete(QemuDomain *domain, Op *op, const char *job, Err **err);
static bool qemu_mirror_is_moved(QemuDomain *domain, Op *op, const QemuDisk *disk);
static void qemu_mirror_finish(QemuDomain *domain, QemuDisk *disk, bool moved);

bool qemu_mirror_disk(Hv *hv, Op *op, Uuid uuid, const HvMirror *mirror, Err **err)
{
    g_autoptr(QemuDomain) domain = qemu_domain_get(hv, uuid, err);
    QemuDisk *disk = domain ? qemu_record_find_disk(domain->record, mirror->disk_id) : NULL;
    if (domain && !disk) {
        return err_internal(err, "domain %s has no disk %s", domain->name, mirror->disk_id);
    }
    if (!disk || !qemu_mirror_check(domain, disk, err)) {
        return false;
    }
    g_autofree char *job = g_strconcat(JOB_PREFIX, disk->id, NULL);
    qemu_job_expect(domain, job);
    bool moved = qemu_mirror_run(domain, op, disk, job, mirror, err);
    qemu_job_forget(domain, job);
    qemu_mirror_finish(domain, disk, moved);
    return moved;
}

bool qemu_mirror_settle(Hv *hv, Op *op, Uuid uuid, const char *disk_id, const char *target,
                        Err **err)
{
    g_autoptr(QemuDomain) domain = qemu_domain_get(hv, uuid, err);
    QemuDisk *disk = domain ? qemu_record_find_disk(domain->record, disk_id) : NULL;
    if (!disk || !disk->mirror) {
        return domain != NULL;
    }
    g_autofree char *job = g_strconcat(JOB_PREFIX, disk->id, NULL);
    bool wanted = g_str_equal(disk->mirror, target);
    bool moved = qemu_mirror_is_moved(domain, op, disk);
    if (wanted && !moved) {
        qemu_job_expect(domain, job);
        moved = qemu_mirror_complete(domain, op, job, NULL);
        qemu_job_forget(domain, job);
    }
    if (!moved) {
        (void)qemu_job_cancel_all(domain, op, job);
    }
    if (qemu_mirror_runs(domain)) {
        qemu_mirror_finish(domain, disk, moved);
    }
    return moved == wanted || err_internal(err, "disk %s of domain %s is not where it should be",
                                           disk_id, domain->name);
}

static bool qemu_mirror_check(const QemuDomain *domain, const QemuDisk *disk, Err **err)
{
    LOCK_GUARD((Lock *)&domain->lock);
    bool free = disk->nodes->len > 0 && !disk->is_cd && disk->merging == 0 && !disk->mirror;
    return (domain->state == HV_STATE_RUNNING && free) ||
           err_internal(err, "disk %s of domain %s cannot be moved now", disk->id, domain->name);
}

static bool qemu_mirror_run(QemuDomain *domain, Op *op, QemuDisk *disk, const char *job,
                            const HvMirror *mirror, Err **err)
{
    if (!qemu_mirror_add_copy(domain, op, disk, mirror, err) ||
        !qemu_mirror_start(domain, op, disk, job, err)) {
        return false;
    }
    if (!qemu_mirror_follow(domain, op, job, mirror, err)) {
        (void)qemu_job_cancel(domain, job);
        return false;
    }
    return qemu_mirror_switch(domain, job, mirror, err);
}

static bool qemu_mirror_add_copy(QemuDomain *domain, Op *op, QemuDisk *disk, const HvMirror *mirror,
                                 Err **err)
{
    g_auto(QemuImage) image = {.fd = -1};
    if (!qemu_image_open(mirror->image, false, &image, err)) {
        return false;
    }
    {
        LOCK_GUARD(&domain->lock);
        disk->mirror = g_strdup(mirror->target);
        disk->copy = qemu_record_new_node(domain->record, disk);
        disk->copy.writable = true;
    }
    return qemu_domain_save_record(domain, err) &&
           qemu_chain_add_node(domain, op, &disk->copy, &image, NULL, err);
}

static bool qemu_mirror_start(QemuDomain *domain, Op *op, const QemuDisk *disk, const char *job,
                              Err **err)
{
    Value *args = value_new_struct(7);
    value_struct_add_static(args, "job-id", value_new_string(job));
    value_struct_add_static(args, "device", value_new_string(qemu_record_top_node(disk)));
    value_struct_add_static(args, "target", value_new_string(disk->copy.name));
    value_struct_add_static(args, "sync", value_new_string("full"));
    value_struct_add_static(args, "copy-mode", value_new_string("write-blocking"));
    value_struct_add_static(args, "on-source-error", value_new_string("report"));
    value_struct_add_static(args, "on-target-error", value_new_string("report"));
    return qmp_call(domain->qmp, op, "blockdev-mirror", args, NULL, err);
}

static bool qemu_mirror_follow(QemuDomain *domain, Op *op, const char *job, const HvMirror *mirror,
                               Err **err)
{
    for (;;) {
        g_autoptr(Err) why = NULL;
        g_autoptr(Op) moment = op_new_child(op, PROGRESS_INTERVAL);
        if (qemu_job_wait(domain, moment, job, true, JOB_WHAT, &why)) {
            return true;
        }
        if (!op_check(op, err)) {
            return false;
        }
        if (op_check(moment, NULL)) {
            err_propagate(err, g_steal_pointer(&why));
            return false;
        }
        mirror->progress(mirror->user, qemu_mirror_progress(domain, op, job));
    }
}

static double qemu_mirror_progress(QemuDomain *domain, Op *op, const char *job)
{
    g_autoptr(Value) jobs = NULL;
    (void)qmp_call(domain->qmp, op, "query-block-jobs", NULL, &jobs, NULL);
    for (unsigned i = 0; i < value_count(jobs); i++) {
        const Value *entry = value_at(jobs, i);
        const Value *length = value_get(entry, "len");
        const Value *offset = value_get(entry, "offset");
        if (text_equal(value_get_string(entry, "device"), job) && length && offset &&
            value_int(length) > 0) {
            return CLAMP((double)value_int(offset) / (double)value_int(length), 0.0, 1.0);
        }
    }
    return 0.0;
}

/* Not to be interrupted: the guest stands still meanwhile. */
static bool qemu_mirror_switch(QemuDomain *domain, const char *job, const HvMirror *mirror,
                               Err **err)
{
    g_autoptr(Op) op = op_new(SWITCH_LIMIT);
    if (!qemu_domain_take_control(domain, op, err)) {
        (void)qemu_job_cancel(domain, job);
        return false;
    }
    bool runs = qemu_mirror_runs(domain);
    bool moved = false;
    if (qmp_call(domain->qmp, op, "stop", NULL, NULL, err)) {
        moved = qemu_mirror_publish(domain, op, job, mirror, err);
    } else {
        (void)qemu_job_cancel(domain, job);
    }
    /* One that cannot go on is noticed by its state. */
    if (runs) {
        (void)qmp_call(domain->qmp, op, "cont", NULL, NULL, NULL);
    }
    qemu_domain_leave_control(domain);
    return moved;
}

static bool qemu_mirror_runs(QemuDomain *domain)
{
    LOCK_GUARD(&domain->lock);
    return domain->state == HV_STATE_RUNNING;
}

static bool qemu_mirror_publish(QemuDomain *domain, Op *op, const char *job, const HvMirror *mirror,
                                Err **err)
{
    if (!mirror->publish(mirror->user, err)) {
        (void)qemu_job_cancel(domain, job);
        return false;
    }
    Err *why = NULL;
    if (qemu_mirror_complete(domain, op, job, &why)) {
        return true;
    }
    if (qemu_job_cancel(domain, job)) {
        err_free(why); /* it was late, not lost */
        return true;
    }
    mirror->retract(mirror->user);
    err_propagate(err, why);
    return false;
}

static bool qemu_mirror_complete(QemuDomain *domain, Op *op, const char *job, Err **err)
{
    Value *args = value_new_struct(1);
    value_struct_add_static(args, "device", value_new_string(job));
    return qmp_call(domain->qmp, op, "block-job-complete", args, NULL, err) &&
           qemu_job_wait(domain, op, job, false, JOB_WHAT, err);
}

/* Whether the guest has the copy for its disk. */
static bool qemu_mirror_is_moved(QemuDomain *domain, Op *op, const QemuDisk *disk)
{
    g_autoptr(Value) drives = NULL;
    (void)qmp_call(domain->qmp, op, "query-block", NULL, &drives, NULL);
    for (unsigned i = 0; i < value_count(drives); i++) {
        const Value *inserted = value_get(value_at(drives, i), "inserted");
        if (inserted && text_equal(value_get_string(inserted, "node-name"), disk->copy.name)) {
            return true;
        }
    }
    return false;
}

/* Drops the chain or the copy, whichever the guest has not.  The record goes on naming both until
 * that is done.  QEMU gives descriptors back only while the guest runs. */
static void qemu_mirror_finish(QemuDomain *domain, QemuDisk *disk, bool moved)
{
    g_autoptr(Op) op = op_new(CLEANUP_LIMIT);
    if (!disk->mirror) {
        return;
    }
    if (moved) {
        for (unsigned i = disk->nodes->len; i-- > 0;) {
            qemu_chain_remove_node(domain, op, &g_array_index(disk->nodes, QemuNode, i));
        }
    } else {
        qemu_chain_remove_node(domain, op, &disk->copy);
    }
    {
        LOCK_GUARD(&domain->lock);
        if (moved) {
            qemu_record_clear_nodes(disk);
            g_array_append_val(disk->nodes, disk->copy);
            disk->copy = (QemuNode){0};
        }
        qemu_record_node_clear(&disk->copy);
        g_clear_pointer(&disk->mirror, g_free);
    }
    (void)qemu_domain_save_record(domain, NULL);
}
