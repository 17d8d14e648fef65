/* QEMU's commit job.
 *
 * A leaf is copied down while the guest writes to it, and when both are the same the guest is moved
 * to the lower image.  For that moment it stands still, until the image has the leaf's name: what
 * it writes afterwards must never be found under another one.  A parent is never written to, so
 * nobody needs to stand still for it.
 *
 * The record names the node that is being merged before the job begins.  Afterwards the node can
 * be deleted just if the job has come to its end, which is how the next driver tells. */
#include "hv/qemu/merge.h"

#include "base/log.h"
#include "base/text.h"
#include "hv/qemu/hooks.h"
#include "hv/qemu/image.h"
#include "hv/qemu/job.h"
#include "hv/qemu/qemu.h"

/* For QEMU to drop what a job leaves, and to move the guest to another image. */
#define CLEANUP_LIMIT (30 * USEC_PER_SEC)
#define SWITCH_LIMIT  (30 * USEC_PER_SEC)
#define JOB_PREFIX    "merge-"
#define JOB_WHAT      "merge an image"
/* Marks descriptors that QEMU got for writing to images which it had for reading only. One that
 * stays in its set keeps QEMU's locks of the file, beyond all use. */
#define WRITER_MARK "merge"

static bool qemu_merge_check(const QemuDomain *domain, const QemuDisk *disk, const HvMerge *merge,
                             Err **err);
static bool qemu_merge_run(QemuDomain *domain, Op *op, QemuDisk *disk, const HvMerge *merge,
                           Err **err);
static bool qemu_merge_add_writer(QemuDomain *domain, Op *op, const QemuNode *node,
                                  const HvImage *image, Err **err);
static void qemu_merge_remove_writers(QemuDomain *domain, Op *op);
static bool qemu_merge_start(QemuDomain *domain, Op *op, const QemuDisk *disk, const HvMerge *merge,
                             const char *job, Err **err);
static bool qemu_merge_switch(QemuDomain *domain, const char *job, const HvMerge *merge, Err **err);
static bool qemu_merge_mark(QemuDomain *domain, QemuDisk *disk, unsigned node, bool merged,
                            Err **err);
static bool qemu_merge_delete_node(QemuDomain *domain, Op *op, const QemuDisk *disk);
static void qemu_merge_drop_node(QemuDomain *domain, Op *op, QemuDisk *disk);

bool qemu_merge_disk(Hv *hv, Op *op, Uuid uuid, const HvMerge *merge, Err **err)
{
    g_autoptr(QemuDomain) domain = qemu_domain_get(hv, uuid, err);
    QemuDisk *disk = domain ? qemu_record_find_disk(domain->record, merge->disk_id) : NULL;
    if (domain && !disk) {
        return err_internal(err, "domain %s has no disk %s", domain->name, merge->disk_id);
    }
    if (!disk || !qemu_merge_check(domain, disk, merge, err)) {
        return false;
    }
    bool done = disk->merged ||
                (qemu_merge_mark(domain, disk, disk->nodes->len - 1 - merge->top, false, err) &&
                 qemu_merge_run(domain, op, disk, merge, err));
    /* That of a leaf was published while the guest stood still. */
    done = done && (merge->top == 0 || merge->publish(merge->user, err));
    if (done || merge->top == 0) {
        g_autoptr(Op) cleanup = op_new(CLEANUP_LIMIT);
        qemu_merge_drop_node(domain, cleanup, disk);
    }
    return done;
}

void qemu_merge_settle(QemuDomain *domain, Op *op)
{
    if (qemu_job_cancel_all(domain, op, JOB_PREFIX) > 0) {
        log_info("a merge of domain %s was cut short and is begun anew later", domain->name);
    }
    for (unsigned i = 0; i < domain->record->disks->len; i++) {
        QemuDisk *disk = g_ptr_array_index(domain->record->disks, i);
        if (disk->merging > 0 && disk->merging + 1 == disk->nodes->len) {
            qemu_merge_drop_node(domain, op, disk);
        } else if (disk->merging > 0 && !disk->merged) {
            bool merged = qemu_merge_delete_node(domain, op, disk);
            (void)qemu_merge_mark(domain, disk, merged ? disk->merging : 0, merged, NULL);
        }
    }
    qemu_merge_remove_writers(domain, op);
}

/* A descriptor is given back by QEMU only while the guest runs. */
static bool qemu_merge_check(const QemuDomain *domain, const QemuDisk *disk, const HvMerge *merge,
                             Err **err)
{
    LOCK_GUARD((Lock *)&domain->lock);
    if (disk->nodes->len != merge->image_count || merge->top + 1 >= merge->image_count ||
        disk->read_only) {
        return err_internal(err, "disk %s of domain %s has no image to merge there", disk->id,
                            domain->name);
    }
    bool free =
        disk->merging == 0 || (disk->merged && disk->merging == disk->nodes->len - 1 - merge->top);
    return (domain->state == HV_STATE_RUNNING && free) ||
           err_internal(err, "domain %s cannot merge an image now", domain->name);
}

static bool qemu_merge_run(QemuDomain *domain, Op *op, QemuDisk *disk, const HvMerge *merge,
                           Err **err)
{
    g_autofree char *job = g_strconcat(JOB_PREFIX, disk->id, NULL);
    const QemuNode *nodes = (const QemuNode *)disk->nodes->data;
    unsigned top = disk->merging;
    qemu_job_expect(domain, job);
    /* The lower image takes the data; the one above gets a new header. */
    bool done =
        qemu_merge_add_writer(domain, op, &nodes[top - 1], &merge->images[merge->top + 1], err) &&
        (merge->top < 2 ||
         qemu_merge_add_writer(domain, op, &nodes[top + 1], &merge->images[merge->top - 1], err)) &&
        qemu_merge_start(domain, op, disk, merge, job, err);
    if (done) {
        Err *why = NULL;
        done = qemu_job_wait(domain, op, job, merge->top == 0, JOB_WHAT, &why) ||
               (qemu_job_cancel(domain, job) && merge->top > 0);
        if (done) {
            err_free(why);
        } else {
            err_propagate(err, why);
        }
    }
    done = done && (merge->top > 0 || qemu_merge_switch(domain, job, merge, err));
    g_autoptr(Op) cleanup = op_new(CLEANUP_LIMIT);
    if (merge->top > 0) {
        (void)qemu_merge_mark(domain, disk, done ? top : 0, done, NULL);
    }
    qemu_merge_remove_writers(domain, cleanup);
    qemu_job_forget(domain, job);
    return done;
}

static bool qemu_merge_add_writer(QemuDomain *domain, Op *op, const QemuNode *node,
                                  const HvImage *image, Err **err)
{
    g_auto(QemuImage) opened = {.fd = -1};
    if (node->writable) {
        return true;
    }
    if (!qemu_image_open_buffered(image, &opened, err)) {
        return false;
    }
    Value *args = value_new_struct(2);
    value_struct_add_static(args, "fdset-id", value_new_int(node->fdset));
    value_struct_add_static(args, "opaque", value_new_string(WRITER_MARK));
    return qmp_call_fd(domain->qmp, op, "add-fd", args, opened.fd, NULL, err);
}

static void qemu_merge_remove_writers(QemuDomain *domain, Op *op)
{
    g_autoptr(Value) sets = NULL;
    (void)qmp_call(domain->qmp, op, "query-fdsets", NULL, &sets, NULL);
    for (unsigned i = 0; i < value_count(sets); i++) {
        const Value *set = value_at(sets, i);
        const Value *fds = value_get(set, "fds");
        for (unsigned j = 0; j < value_count(fds); j++) {
            const Value *entry = value_at(fds, j);
            if (text_equal(value_get_string(entry, "opaque"), WRITER_MARK)) {
                Value *args = value_new_struct(2);
                value_struct_add_static(args, "fdset-id", value_ref(value_get(set, "fdset-id")));
                value_struct_add_static(args, "fd", value_ref(value_get(entry, "fd")));
                (void)qmp_call(domain->qmp, op, "remove-fd", args, NULL, NULL);
            }
        }
    }
}

/* The header of the image above a parent keeps naming that parent, whose name the lower image is
 * about to get. */
static bool qemu_merge_start(QemuDomain *domain, Op *op, const QemuDisk *disk, const HvMerge *merge,
                             const char *job, Err **err)
{
    const QemuNode *nodes = (const QemuNode *)disk->nodes->data;
    Value *args = value_new_struct(5);
    value_struct_add_static(args, "job-id", value_new_string(job));
    value_struct_add_static(args, "device", value_new_string(qemu_record_top_node(disk)));
    value_struct_add_static(args, "base-node", value_new_string(nodes[disk->merging - 1].name));
    if (merge->top > 0) {
        g_autofree char *file = g_path_get_basename(merge->images[merge->top].path);
        value_struct_add_static(args, "top-node", value_new_string(nodes[disk->merging].name));
        value_struct_add_static(args, "backing-file", value_new_string(file));
    }
    return qmp_call(domain->qmp, op, "block-commit", args, NULL, err);
}

/* Not to be interrupted: the guest stands still meanwhile. */
static bool qemu_merge_switch(QemuDomain *domain, const char *job, const HvMerge *merge, Err **err)
{
    g_autoptr(Op) op = op_new(SWITCH_LIMIT);
    if (!qemu_domain_take_control(domain, op, err)) {
        qemu_job_cancel(domain, job);
        return false;
    }
    bool runs;
    {
        LOCK_GUARD(&domain->lock);
        runs = domain->state == HV_STATE_RUNNING;
    }
    Value *args = value_new_struct(1);
    value_struct_add_static(args, "device", value_new_string(job));
    bool done = qmp_call(domain->qmp, op, "stop", NULL, NULL, err);
    if (!done) {
        value_unref(args);
    }
    done = done && qmp_call(domain->qmp, op, "block-job-complete", args, NULL, err) &&
           qemu_job_wait(domain, op, job, false, JOB_WHAT, err);
    bool moved = done || qemu_job_cancel(domain, job);
    done = moved && merge->publish(merge->user, done ? err : NULL) && done;
    if (runs && !qmp_call(domain->qmp, op, "cont", NULL, NULL, done ? err : NULL)) {
        done = false;
    }
    qemu_domain_leave_control(domain);
    return done;
}

static bool qemu_merge_mark(QemuDomain *domain, QemuDisk *disk, unsigned node, bool merged,
                            Err **err)
{
    {
        LOCK_GUARD(&domain->lock);
        disk->merging = node;
        disk->merged = merged;
    }
    return qemu_domain_save_record(domain, err);
}

/* Refused by QEMU while the node is part of the chain. */
static bool qemu_merge_delete_node(QemuDomain *domain, Op *op, const QemuDisk *disk)
{
    const QemuNode *node = &g_array_index(disk->nodes, QemuNode, disk->merging);
    Value *args = value_new_struct(1);
    value_struct_add_static(args, "node-name", value_new_string(node->name));
    return qmp_call(domain->qmp, op, "blockdev-del", args, NULL, NULL);
}

/* Takes the node that was merged out of QEMU and the record, if it is not part of the chain. */
static void qemu_merge_drop_node(QemuDomain *domain, Op *op, QemuDisk *disk)
{
    int64_t fdset = g_array_index(disk->nodes, QemuNode, disk->merging).fdset;
    if (!qemu_merge_delete_node(domain, op, disk) && !disk->merged) {
        (void)qemu_merge_mark(domain, disk, 0, false, NULL);
        return;
    }
    {
        LOCK_GUARD(&domain->lock);
        g_array_remove_index(disk->nodes, disk->merging);
        disk->merging = 0;
        disk->merged = false;
    }
    Value *args = value_new_struct(1);
    value_struct_add_static(args, "fdset-id", value_new_int(fdset));
    (void)qmp_call(domain->qmp, op, "remove-fd", args, NULL, NULL);
    (void)qemu_domain_save_record(domain, NULL);
}
