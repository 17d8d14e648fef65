/* QEMU's commit job.
 *
 * A leaf is copied down while the guest writes to it, and when both are the same the guest is moved
 * to the lower image.  For that moment it stands still, until the image has the leaf's name: what
 * it writes afterwards must never be found under another one.  A parent is never written to, so
 * nobody needs to stand still for it.
 *
 * The record names the node that is being merged before the job begins.  Afterwards the node can
 * be deleted just if the job has come to its end, which is how the next driver tells. */
#include "hv/block/merge.h"

#include "base/log.h"
#include "base/text.h"
#include "hv/block/image.h"
#include "hv/block/job.h"

/* For QEMU to drop what a job leaves, and to move the guest to another image. */
#define CLEANUP_LIMIT (30 * USEC_PER_SEC)
#define SWITCH_LIMIT  (30 * USEC_PER_SEC)
#define JOB_PREFIX    "merge-"
#define JOB_WHAT      "merge an image"
/* Marks descriptors that QEMU got for writing to images which it had for reading only. One that
 * stays in its set keeps QEMU's locks of the file, beyond all use. */
#define WRITER_MARK "merge"

static void block_merge_settle_disk(BlockGuest *guest, Op *op, BlockDisk *disk);
static bool block_merge_check(BlockGuest *guest, const BlockDisk *disk, const HvMerge *merge,
                              Err **err);
static bool block_merge_run(BlockGuest *guest, Op *op, BlockDisk *disk, const HvMerge *merge,
                            Err **err);
static bool block_merge_add_writer(BlockGuest *guest, Op *op, const BlockNode *node,
                                   const HvImage *image, Err **err);
static void block_merge_remove_writers(BlockGuest *guest, Op *op);
static bool block_merge_start(BlockGuest *guest, Op *op, const BlockDisk *disk,
                              const HvMerge *merge, const char *job, Err **err);
static bool block_merge_switch(BlockGuest *guest, const char *job, const HvMerge *merge, Err **err);
static bool block_merge_mark(BlockGuest *guest, BlockDisk *disk, unsigned node, bool merged,
                             Err **err);
static bool block_merge_delete_node(BlockGuest *guest, Op *op, const BlockDisk *disk,
                                    bool *ret_gone);
static bool block_merge_is_gone(BlockGuest *guest, Op *op, const char *name, bool *ret_gone);
static void block_merge_drop_node(BlockGuest *guest, Op *op, BlockDisk *disk);

bool block_merge_disk(BlockGuest *guest, Op *op, const HvMerge *merge, Err **err)
{
    BlockDisk *disk = block_guest_find_disk(guest, merge->disk_id, err);
    if (!disk) {
        return false;
    }
    block_merge_settle_disk(guest, op, disk);
    if (disk->merged && disk->nodes->len == merge->image_count + 1) {
        /* The driver before this one published it and came no further. */
        block_merge_drop_node(guest, op, disk);
    }
    if (!block_merge_check(guest, disk, merge, err)) {
        return false;
    }
    bool done = disk->merged ||
                (block_merge_mark(guest, disk, disk->nodes->len - 1 - merge->top, false, err) &&
                 block_merge_run(guest, op, disk, merge, err));
    /* That of a leaf was published while the guest stood still. */
    done = done && (merge->top == 0 || merge->publish(merge->user, err));
    if (done || merge->top == 0) {
        g_autoptr(Op) cleanup = op_new(CLEANUP_LIMIT);
        block_merge_drop_node(guest, cleanup, disk);
    }
    return done;
}

void block_merge_settle(BlockGuest *guest, Op *op)
{
    if (block_job_cancel_all(guest, op, JOB_PREFIX) > 0) {
        log_info("a merge of domain %s was cut short and is begun anew later", guest->name);
    }
    for (unsigned i = 0; i < guest->disks->len; i++) {
        block_merge_settle_disk(guest, op, g_ptr_array_index(guest->disks, i));
    }
    block_merge_remove_writers(guest, op);
}

/* Where QEMU does not answer, the record stays as it is, and the next merge asks again. */
static void block_merge_settle_disk(BlockGuest *guest, Op *op, BlockDisk *disk)
{
    g_autofree char *job = g_strconcat(JOB_PREFIX, disk->id, NULL);
    bool gone;
    if (disk->merging == 0 || disk->merged || block_job_is_expected(guest, job)) {
        return;
    }
    if (disk->merging + 1 == disk->nodes->len) {
        block_merge_drop_node(guest, op, disk);
    } else if (block_merge_delete_node(guest, op, disk, &gone)) {
        (void)block_merge_mark(guest, disk, gone ? disk->merging : 0, gone, NULL);
    }
}

/* A descriptor is given back by QEMU only while the guest runs. */
static bool block_merge_check(BlockGuest *guest, const BlockDisk *disk, const HvMerge *merge,
                              Err **err)
{
    bool runs = block_guest_runs(guest);
    LOCK_GUARD(guest->lock);
    if (disk->nodes->len != merge->image_count || merge->top + 1 >= merge->image_count ||
        disk->read_only) {
        return err_internal(err, "disk %s of domain %s has no image to merge there", disk->id,
                            guest->name);
    }
    bool free =
        disk->merging == 0 || (disk->merged && disk->merging == disk->nodes->len - 1 - merge->top);
    return (runs && free) || err_internal(err, "domain %s cannot merge an image now", guest->name);
}

static bool block_merge_run(BlockGuest *guest, Op *op, BlockDisk *disk, const HvMerge *merge,
                            Err **err)
{
    g_autofree char *job = g_strconcat(JOB_PREFIX, disk->id, NULL);
    const BlockNode *nodes = (const BlockNode *)disk->nodes->data;
    unsigned top = disk->merging;
    block_job_expect(guest, job);
    /* The lower image takes the data; the one above gets a new header. */
    bool done =
        block_merge_add_writer(guest, op, &nodes[top - 1], &merge->images[merge->top + 1], err) &&
        (merge->top < 2 ||
         block_merge_add_writer(guest, op, &nodes[top + 1], &merge->images[merge->top - 1], err)) &&
        block_merge_start(guest, op, disk, merge, job, err);
    if (done) {
        Err *why = NULL;
        done = block_job_wait(guest, op, job, merge->top == 0, JOB_WHAT, &why) ||
               (block_job_cancel(guest, job) && merge->top > 0);
        if (done) {
            err_free(why);
        } else {
            err_propagate(err, why);
        }
    }
    done = done && (merge->top > 0 || block_merge_switch(guest, job, merge, err));
    g_autoptr(Op) cleanup = op_new(CLEANUP_LIMIT);
    if (merge->top > 0) {
        (void)block_merge_mark(guest, disk, done ? top : 0, done, NULL);
    }
    block_merge_remove_writers(guest, cleanup);
    block_job_forget(guest, job);
    return done;
}

static bool block_merge_add_writer(BlockGuest *guest, Op *op, const BlockNode *node,
                                   const HvImage *image, Err **err)
{
    g_auto(BlockImage) opened = {.fd = -1};
    if (node->writable) {
        return true;
    }
    if (!block_image_open_buffered(image, &opened, err)) {
        return false;
    }
    Value *args = value_new_struct(2);
    value_struct_add_static(args, "fdset-id", value_new_int(node->fdset));
    value_struct_add_static(args, "opaque", value_new_string(WRITER_MARK));
    return qmp_call_fd(guest->qmp, op, "add-fd", args, opened.fd, NULL, err);
}

static void block_merge_remove_writers(BlockGuest *guest, Op *op)
{
    g_autoptr(Value) sets = NULL;
    (void)qmp_call(guest->qmp, op, "query-fdsets", NULL, &sets, NULL);
    for (unsigned i = 0; i < value_count(sets); i++) {
        const Value *set = value_at(sets, i);
        const Value *fds = value_get(set, "fds");
        for (unsigned j = 0; j < value_count(fds); j++) {
            const Value *entry = value_at(fds, j);
            if (text_equal(value_get_string(entry, "opaque"), WRITER_MARK)) {
                Value *args = value_new_struct(2);
                value_struct_add_static(args, "fdset-id", value_ref(value_get(set, "fdset-id")));
                value_struct_add_static(args, "fd", value_ref(value_get(entry, "fd")));
                (void)qmp_call(guest->qmp, op, "remove-fd", args, NULL, NULL);
            }
        }
    }
}

/* The header of the image above a parent keeps naming that parent, whose name the lower image is
 * about to get. */
static bool block_merge_start(BlockGuest *guest, Op *op, const BlockDisk *disk,
                              const HvMerge *merge, const char *job, Err **err)
{
    const BlockNode *nodes = (const BlockNode *)disk->nodes->data;
    Value *args = value_new_struct(5);
    value_struct_add_static(args, "job-id", value_new_string(job));
    value_struct_add_static(args, "device", value_new_string(block_disk_top_node(disk)));
    value_struct_add_static(args, "base-node", value_new_string(nodes[disk->merging - 1].name));
    if (merge->top > 0) {
        g_autofree char *file = g_path_get_basename(merge->images[merge->top].path);
        value_struct_add_static(args, "top-node", value_new_string(nodes[disk->merging].name));
        value_struct_add_static(args, "backing-file", value_new_string(file));
    }
    return qmp_call(guest->qmp, op, "block-commit", args, NULL, err);
}

/* Not to be interrupted: the guest stands still meanwhile. */
static bool block_merge_switch(BlockGuest *guest, const char *job, const HvMerge *merge, Err **err)
{
    g_autoptr(Op) op = op_new(SWITCH_LIMIT);
    if (!block_guest_take_control(guest, op, err)) {
        block_job_cancel(guest, job);
        return false;
    }
    bool runs = block_guest_runs(guest);
    bool done = block_guest_set_paused(guest, op, true, err) &&
                block_job_complete(guest, op, job, JOB_WHAT, err);
    bool moved = done || block_job_cancel(guest, job);
    done = moved && merge->publish(merge->user, done ? err : NULL) && done;
    if (runs && !block_guest_set_paused(guest, op, false, done ? err : NULL)) {
        done = false;
    }
    block_guest_leave_control(guest);
    return done;
}

static bool block_merge_mark(BlockGuest *guest, BlockDisk *disk, unsigned node, bool merged,
                             Err **err)
{
    {
        LOCK_GUARD(guest->lock);
        disk->merging = node;
        disk->merged = merged;
    }
    return block_guest_save(guest, err);
}

/* Refused by QEMU while the node is part of the chain. One that is not there, because the driver
 * before this one had deleted it, is gone too. False when QEMU did not answer. */
static bool block_merge_delete_node(BlockGuest *guest, Op *op, const BlockDisk *disk,
                                    bool *ret_gone)
{
    const char *name = g_array_index(disk->nodes, BlockNode, disk->merging).name;
    g_autoptr(Err) why = NULL;
    Value *args = value_new_struct(1);
    value_struct_add_static(args, "node-name", value_new_string(name));
    *ret_gone = qmp_call(guest->qmp, op, "blockdev-del", args, NULL, &why);
    return *ret_gone ||
           (qmp_error_is_refusal(why) && block_merge_is_gone(guest, op, name, ret_gone));
}

static bool block_merge_is_gone(BlockGuest *guest, Op *op, const char *name, bool *ret_gone)
{
    g_autoptr(Value) nodes = NULL;
    Value *args = value_new_struct(1);
    value_struct_add_static(args, "flat", value_new_bool(true));
    if (!qmp_call(guest->qmp, op, "query-named-block-nodes", args, &nodes, NULL)) {
        return false;
    }
    *ret_gone = true;
    for (unsigned i = 0; i < value_count(nodes); i++) {
        *ret_gone &= !text_equal(value_get_string(value_at(nodes, i), "node-name"), name);
    }
    return true;
}

/* Takes the node that was merged out of QEMU and the record, if it is not part of the chain. */
static void block_merge_drop_node(BlockGuest *guest, Op *op, BlockDisk *disk)
{
    int64_t fdset = g_array_index(disk->nodes, BlockNode, disk->merging).fdset;
    bool gone;
    if (!block_merge_delete_node(guest, op, disk, &gone)) {
        return;
    }
    if (!gone) {
        (void)block_merge_mark(guest, disk, 0, false, NULL);
        return;
    }
    {
        LOCK_GUARD(guest->lock);
        g_array_remove_index(disk->nodes, disk->merging);
        disk->merging = 0;
        disk->merged = false;
    }
    Value *args = value_new_struct(1);
    value_struct_add_static(args, "fdset-id", value_new_int(fdset));
    (void)qmp_call(guest->qmp, op, "remove-fd", args, NULL, NULL);
    (void)block_guest_save(guest, NULL);
}
