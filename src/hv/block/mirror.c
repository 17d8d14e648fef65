/* QEMU's mirror job.
 *
 * While it copies, the guest writes to its disk; once both are the same, what it writes goes to
 * both at a time.  Then the guest stands still until it is settled which of the two counts, and has
 * been moved there: nothing is ever written to one of them alone that the other should have.
 *
 * The record names the copy before the job begins.  A driver that comes later finds the job or its
 * outcome, and is told by disk_mirror_settle() what that should be. */
#include "hv/block/mirror.h"

#include "base/text.h"
#include "hv/block/chain.h"
#include "hv/block/job.h"

/* To move the guest, and for QEMU to drop what it has no more use for. */
#define SWITCH_LIMIT      (30 * USEC_PER_SEC)
#define CLEANUP_LIMIT     (30 * USEC_PER_SEC)
#define PROGRESS_INTERVAL (USEC_PER_SEC / 2)
#define JOB_PREFIX        "mirror-"
#define JOB_WHAT          "copy a disk"

static bool block_mirror_check(BlockGuest *guest, const BlockDisk *disk, Err **err);
static bool block_mirror_run(BlockGuest *guest, Op *op, BlockDisk *disk, const char *job,
                             const HvMirror *mirror, Err **err);
static bool block_mirror_add_copy(BlockGuest *guest, Op *op, BlockDisk *disk,
                                  const HvMirror *mirror, Err **err);
static bool block_mirror_start(BlockGuest *guest, Op *op, const BlockDisk *disk, const char *job,
                               Err **err);
static bool block_mirror_follow(BlockGuest *guest, Op *op, const char *job, const HvMirror *mirror,
                                Err **err);
static double block_mirror_progress(BlockGuest *guest, Op *op, const char *job);
static bool block_mirror_switch(BlockGuest *guest, const char *job, const HvMirror *mirror,
                                Err **err);
static bool block_mirror_publish(BlockGuest *guest, Op *op, const char *job, const HvMirror *mirror,
                                 Err **err);
static void block_mirror_finish(BlockGuest *guest, BlockDisk *disk, bool moved);

bool block_mirror_disk(BlockGuest *guest, Op *op, const HvMirror *mirror, Err **err)
{
    BlockDisk *disk = block_guest_find_disk(guest, mirror->disk_id, err);
    if (!disk || !block_mirror_check(guest, disk, err)) {
        return false;
    }
    g_autofree char *job = g_strconcat(JOB_PREFIX, disk->id, NULL);
    block_job_expect(guest, job);
    bool moved = block_mirror_run(guest, op, disk, job, mirror, err);
    block_job_forget(guest, job);
    block_mirror_finish(guest, disk, moved);
    return moved;
}

bool block_mirror_settle(BlockGuest *guest, Op *op, const char *disk_id, const char *target,
                         Err **err)
{
    BlockDisk *disk = block_disk_find(guest->disks, disk_id);
    if (!disk || !disk->mirror) {
        return true;
    }
    g_autofree char *job = g_strconcat(JOB_PREFIX, disk->id, NULL);
    bool wanted = g_str_equal(disk->mirror, target);
    bool moved = block_chain_is_used(guest, op, disk->copy.name);
    if (wanted && !moved) {
        block_job_expect(guest, job);
        moved = block_job_complete(guest, op, job, JOB_WHAT, NULL);
        block_job_forget(guest, job);
    }
    if (!moved) {
        (void)block_job_cancel_all(guest, op, job);
    }
    if (block_guest_runs(guest)) {
        block_mirror_finish(guest, disk, moved);
    }
    return moved == wanted || err_internal(err, "disk %s of domain %s is not where it should be",
                                           disk_id, guest->name);
}

static bool block_mirror_check(BlockGuest *guest, const BlockDisk *disk, Err **err)
{
    bool runs = block_guest_runs(guest);
    LOCK_GUARD(guest->lock);
    bool free = disk->nodes->len > 0 && !disk->is_cd && disk->merging == 0 && !disk->mirror;
    return (runs && free) ||
           err_internal(err, "disk %s of domain %s cannot be moved now", disk->id, guest->name);
}

static bool block_mirror_run(BlockGuest *guest, Op *op, BlockDisk *disk, const char *job,
                             const HvMirror *mirror, Err **err)
{
    if (!block_mirror_add_copy(guest, op, disk, mirror, err) ||
        !block_mirror_start(guest, op, disk, job, err)) {
        return false;
    }
    if (!block_mirror_follow(guest, op, job, mirror, err)) {
        (void)block_job_cancel(guest, job);
        return false;
    }
    return block_mirror_switch(guest, job, mirror, err);
}

static bool block_mirror_add_copy(BlockGuest *guest, Op *op, BlockDisk *disk,
                                  const HvMirror *mirror, Err **err)
{
    g_auto(BlockImage) image = {.fd = -1};
    if (!block_image_open(mirror->image, false, &image, err)) {
        return false;
    }
    {
        LOCK_GUARD(guest->lock);
        disk->mirror = g_strdup(mirror->target);
        disk->copy = block_disk_new_node(disk, guest->next_node);
        disk->copy.writable = true;
    }
    return block_guest_save(guest, err) &&
           block_chain_add_node(guest, op, &disk->copy, &image, NULL, err);
}

static bool block_mirror_start(BlockGuest *guest, Op *op, const BlockDisk *disk, const char *job,
                               Err **err)
{
    Value *args = value_new_struct(7);
    value_struct_add_static(args, "job-id", value_new_string(job));
    value_struct_add_static(args, "device", value_new_string(block_disk_top_node(disk)));
    value_struct_add_static(args, "target", value_new_string(disk->copy.name));
    value_struct_add_static(args, "sync", value_new_string("full"));
    value_struct_add_static(args, "copy-mode", value_new_string("write-blocking"));
    value_struct_add_static(args, "on-source-error", value_new_string("report"));
    value_struct_add_static(args, "on-target-error", value_new_string("report"));
    return qmp_call(guest->qmp, op, "blockdev-mirror", args, NULL, err);
}

static bool block_mirror_follow(BlockGuest *guest, Op *op, const char *job, const HvMirror *mirror,
                                Err **err)
{
    for (;;) {
        g_autoptr(Err) why = NULL;
        g_autoptr(Op) moment = op_new_child(op, PROGRESS_INTERVAL);
        if (block_job_wait(guest, moment, job, true, JOB_WHAT, &why)) {
            return true;
        }
        if (!op_check(op, err)) {
            return false;
        }
        if (op_check(moment, NULL)) {
            err_propagate(err, g_steal_pointer(&why));
            return false;
        }
        mirror->progress(mirror->user, block_mirror_progress(guest, op, job));
    }
}

static double block_mirror_progress(BlockGuest *guest, Op *op, const char *job)
{
    g_autoptr(Value) jobs = NULL;
    (void)qmp_call(guest->qmp, op, "query-block-jobs", NULL, &jobs, NULL);
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
static bool block_mirror_switch(BlockGuest *guest, const char *job, const HvMirror *mirror,
                                Err **err)
{
    g_autoptr(Op) op = op_new(SWITCH_LIMIT);
    if (!block_guest_take_control(guest, op, err)) {
        (void)block_job_cancel(guest, job);
        return false;
    }
    bool runs = block_guest_runs(guest);
    bool moved = false;
    if (block_guest_set_paused(guest, op, true, err)) {
        moved = block_mirror_publish(guest, op, job, mirror, err);
    } else {
        (void)block_job_cancel(guest, job);
    }
    /* One that cannot go on is noticed by its state. */
    if (runs) {
        (void)block_guest_set_paused(guest, op, false, NULL);
    }
    block_guest_leave_control(guest);
    return moved;
}

static bool block_mirror_publish(BlockGuest *guest, Op *op, const char *job, const HvMirror *mirror,
                                 Err **err)
{
    if (!mirror->publish(mirror->user, err)) {
        (void)block_job_cancel(guest, job);
        return false;
    }
    Err *why = NULL;
    if (block_job_complete(guest, op, job, JOB_WHAT, &why)) {
        return true;
    }
    if (block_job_cancel(guest, job)) {
        err_free(why); /* it was late, not lost */
        return true;
    }
    mirror->retract(mirror->user);
    err_propagate(err, why);
    return false;
}

/* Drops the chain or the copy, whichever the guest has not.  The record goes on naming both until
 * that is done.  QEMU gives descriptors back only while the guest runs. */
static void block_mirror_finish(BlockGuest *guest, BlockDisk *disk, bool moved)
{
    g_autoptr(Op) op = op_new(CLEANUP_LIMIT);
    if (!disk->mirror) {
        return;
    }
    if (moved) {
        for (unsigned i = disk->nodes->len; i-- > 0;) {
            block_chain_remove_node(guest, op, &g_array_index(disk->nodes, BlockNode, i));
        }
    } else {
        block_chain_remove_node(guest, op, &disk->copy);
    }
    {
        LOCK_GUARD(guest->lock);
        if (moved) {
            block_disk_clear_nodes(disk);
            g_array_append_val(disk->nodes, disk->copy);
            disk->copy = (BlockNode){0};
        }
        block_disk_node_clear(&disk->copy);
        g_clear_pointer(&disk->mirror, g_free);
    }
    (void)block_guest_save(guest, NULL);
}
