/* A merge and a user of the disk cannot miss each other: the merge first notes which image it takes
 * and then looks whether anybody uses it; a user first writes down that it does and then looks
 * which disk is being merged.  Stopping one is cheap, because an interrupted merge leaves an image
 * that reads as before. */
#include "ops/vdi/vdi_merge.h"

#include "base/log.h"
#include "core/dispatch.h"
#include "gen/db_vbd.h"
#include "gen/db_vdi.h"
#include "gen/db_vm.h"
#include "ops/platform.h"
#include "ops/vdi/vdi_merge_plan.h"
#include "ops/vdi/vdi_rows.h"
#include "ops/vm/vm_boot.h"
#include "ops/vm/vm_plan.h"

/* Between two looks at images that could not be merged: their disks were busy, or it failed. */
#define SHORTEST_PAUSE USEC_PER_SEC
#define LONGEST_PAUSE  (60 * USEC_PER_SEC)

/* What goes on in one SR. */
typedef struct MergeJob {
    VdiMerger *merger;
    SrRef sr; /* key of the table */
    bool running;
    bool again;     /* somebody asked while it ran */
    bool left;      /* this round found an image that it did not merge */
    Usec pause;     /* before the next round, if nobody asks */
    Op *op;         /* of this run; NULL when none does */
    VdiRef current; /* the image that is merged; null: none */
    Op *current_op;
} MergeJob;

struct VdiMerger {
    Platform *platform;
    Lock lock;
    GCond changed;    /* a job let go of its disk, or ended */
    GHashTable *jobs; /* Uuid * of the SR's reference -> MergeJob * */
};

static MergeJob *find_job(VdiMerger *merger, SrRef sr);
static MergeJob *find_merge(VdiMerger *merger, const DbView *view, VdiRef vdi);
static void run_job(void *user);
static bool end_round(MergeJob *job);
static void pause_round(MergeJob *job);
static bool merge_sr(Call *call, void *user, Err **err);
static void merge_disk(Call *call, MergeJob *job, const SrUse *use, VdiRef vdi);
static void look_again(MergeJob *job, const VdiMergePlan *plan);
static Op *begin_merge(MergeJob *job, VdiRef vdi);
static void end_merge(MergeJob *job);
static bool merge_image(Call *call, Op *op, const SrUse *use, VdiRef vdi, const VdiMergePlan *plan,
                        Err **err);
static bool merge_open(Call *call, Op *op, const SrUse *use, const char *location,
                       const VdiMergePlan *plan, Err **err);
static bool publish(void *user, Err **err);

VdiMerger *vdi_merger_new(Platform *platform)
{
    VdiMerger *merger = g_new0(VdiMerger, 1);
    merger->platform = platform;
    lock_init(&merger->lock, LOCK_SR);
    g_cond_init(&merger->changed);
    merger->jobs = g_hash_table_new_full(uuid_hash, uuid_equal_ptr, NULL, g_free);
    return merger;
}

void vdi_merger_free(VdiMerger *merger)
{
    if (!merger) {
        return;
    }
    g_hash_table_unref(merger->jobs);
    g_cond_clear(&merger->changed);
    lock_clear(&merger->lock);
    g_free(merger);
}

void vdi_merge_request(VdiMerger *merger, SrRef sr)
{
    Core *core = platform_core(merger->platform);
    MergeJob *job;
    g_autoptr(Op) op = op_new_child(core_op(core), USEC_NEVER);
    {
        LOCK_GUARD(&merger->lock);
        job = find_job(merger, sr);
        if (job->running) {
            job->again = true;
            g_cond_broadcast(&merger->changed);
            return;
        }
        job->running = true;
        job->pause = SHORTEST_PAUSE;
        job->op = g_steal_pointer(&op);
    }
    core_run_operation(core, run_job, job);
}

void vdi_merge_request_vm(VdiMerger *merger, const DbView *view, VmRef vm)
{
    for (unsigned i = 0; i < db_vm_vbds_count(view, vm); i++) {
        VdiRef vdi = db_vbd_vdi(view, db_vm_vbds_at(view, vm, i));
        if (db_vdi_exists(view, vdi)) {
            vdi_merge_request(merger, db_vdi_sr(view, vdi));
        }
    }
}

bool vdi_merge_stop(Call *call, VdiRef vdi, Err **err)
{
    VdiMerger *merger = platform_merger(call_platform(call));
    const DbView *view = call_view(call);
    g_autoptr(Op) merge = NULL;
    {
        LOCK_GUARD(&merger->lock);
        const MergeJob *job = find_merge(merger, view, vdi);
        merge = job ? op_ref(job->current_op) : NULL;
    }
    if (!merge) {
        return true;
    }
    op_cancel(merge);
    LOCK_GUARD(&merger->lock);
    while (find_merge(merger, view, vdi)) {
        if (!op_wait(call->op, &merger->changed, &merger->lock.mutex, err)) {
            return false;
        }
    }
    return true;
}

bool vdi_merge_stop_vm(Call *call, VmRef vm, Err **err)
{
    const DbView *view = call_view(call);
    for (unsigned i = 0; i < db_vm_vbds_count(view, vm); i++) {
        if (!vdi_merge_stop(call, db_vbd_vdi(view, db_vm_vbds_at(view, vm, i)), err)) {
            return false;
        }
    }
    return true;
}

bool vdi_merge_stop_sr(VdiMerger *merger, Op *op, SrRef sr, Err **err)
{
    MergeJob *job;
    g_autoptr(Op) run = NULL;
    {
        LOCK_GUARD(&merger->lock);
        job = find_job(merger, sr);
        run = job->running ? op_ref(job->op) : NULL;
    }
    if (!run) {
        return true;
    }
    op_cancel(run);
    LOCK_GUARD(&merger->lock);
    while (job->running && job->op == run) {
        if (!op_wait(op, &merger->changed, &merger->lock.mutex, err)) {
            return false;
        }
    }
    return true;
}

static MergeJob *find_job(VdiMerger *merger, SrRef sr)
{
    MergeJob *job = g_hash_table_lookup(merger->jobs, &sr.id);
    if (!job) {
        job = g_new0(MergeJob, 1);
        job->merger = merger;
        job->sr = sr;
        g_hash_table_insert(merger->jobs, &job->sr.id, job);
    }
    return job;
}

/* The job that merges this disk now, or an image that it stands on. */
static MergeJob *find_merge(VdiMerger *merger, const DbView *view, VdiRef vdi)
{
    unsigned depth;
    GHashTableIter iter;
    g_hash_table_iter_init(&iter, merger->jobs);
    for (gpointer value; g_hash_table_iter_next(&iter, NULL, &value);) {
        MergeJob *job = value;
        if (!vdi_ref_is_null(job->current) &&
            vdi_merge_stands_on(view, vdi, job->current, &depth)) {
            return job;
        }
    }
    return NULL;
}

static void run_job(void *user)
{
    MergeJob *job = user;
    do {
        g_autoptr(Err) error = NULL;
        if (!core_run_internal(platform_core(job->merger->platform), "disk merge", merge_sr, job,
                               &error)) {
            g_autofree char *text = err_to_string(error);
            log_debug("looking for disks to merge ended: %s", text);
        }
    } while (!end_round(job));
}

/* True when the job is over: nothing is left and nobody asked again, or it was stopped. */
static bool end_round(MergeJob *job)
{
    VdiMerger *merger = job->merger;
    pause_round(job);
    g_autoptr(Op) op = NULL; /* given back without the lock */
    LOCK_GUARD(&merger->lock);
    bool more = (job->again || job->left) && op_check(job->op, NULL);
    job->again = false;
    if (more) {
        return false;
    }
    job->running = false;
    op = g_steal_pointer(&job->op);
    g_cond_broadcast(&merger->changed);
    return true;
}

/* An image that is left is tried again by itself, and at once when somebody asks. */
static void pause_round(MergeJob *job)
{
    VdiMerger *merger = job->merger;
    g_autoptr(Op) op = op_new_child(job->op, job->pause);
    LOCK_GUARD(&merger->lock);
    while (job->left && !job->again && op_wait(op, &merger->changed, &merger->lock.mutex, NULL)) {
    }
    job->pause = job->again ? SHORTEST_PAUSE : MIN(2 * job->pause, LONGEST_PAUSE);
}

static bool merge_sr(Call *call, void *user, Err **err)
{
    MergeJob *job = user;
    g_auto(SrUse) use = {0};
    job->left = false;
    if (!platform_use_sr(job->merger->platform, call_view(call), job->sr, &use, NULL)) {
        return true;
    }
    g_autoptr(GArray) images = use.driver->scan(job->op, use.sr, err);
    job->left = !images;
    for (guint i = 0; images && i < images->len; i++) {
        const SrVdi *image = &g_array_index(images, SrVdi, i);
        if (image->mergeable && op_check(job->op, NULL)) {
            merge_disk(call, job, &use, vdi_rows_find(call_view(call), job->sr, image->location));
        }
    }
    return images != NULL;
}

/* A failure is told to the log only: the disk stays as good as it was. */
static void merge_disk(Call *call, MergeJob *job, const SrUse *use, VdiRef vdi)
{
    g_autoptr(Err) error = NULL;
    g_autoptr(Op) op = begin_merge(job, vdi);
    const DbView *view = call_view(call);
    VdiMergePlan plan;
    bool can_live = platform_hv_driver(job->merger->platform)->caps & HV_CAP_LIVE_MERGE;
    bool merged = false;
    if (vdi_merge_plan(view, vdi, &plan) && (can_live || vbd_ref_is_null(plan.vbd))) {
        merged = merge_image(call, op, use, vdi, &plan, &error);
        if (merged) {
            log_info("merged disk %s with its parents", db_vdi_uuid(view, vdi));
            look_again(job, &plan);
        } else {
            g_autofree char *text = err_to_string(error);
            log_info("disk %s was not merged with its parents: %s", db_vdi_uuid(view, vdi), text);
        }
    }
    job->left |= !merged;
    end_merge(job);
}

/* A domain merges one parent at a time: there may be more. */
static void look_again(MergeJob *job, const VdiMergePlan *plan)
{
    LOCK_GUARD(&job->merger->lock);
    job->again |= !vbd_ref_is_null(plan->vbd);
}

static Op *begin_merge(MergeJob *job, VdiRef vdi)
{
    Op *op = op_new_child(job->op, USEC_NEVER);
    LOCK_GUARD(&job->merger->lock);
    job->current = vdi;
    job->current_op = op;
    return op;
}

static void end_merge(MergeJob *job)
{
    LOCK_GUARD(&job->merger->lock);
    job->current = (VdiRef){{{0}}};
    job->current_op = NULL;
    g_cond_broadcast(&job->merger->changed);
}

/* One that was interrupted may have merged some of several parents: the rows follow the image
 * either way, and are not to be interrupted themselves. */
static bool merge_image(Call *call, Op *op, const SrUse *use, VdiRef vdi, const VdiMergePlan *plan,
                        Err **err)
{
    g_auto(SrVdi) image = {0};
    g_autoptr(Op) stat_op = core_undo_op();
    const char *location = arena_strdup(call->arena, db_vdi_location(call_view(call), vdi));
    bool ok = vbd_ref_is_null(plan->vbd)
                  ? use->driver->vdi_coalesce(op, use->sr, location, &image, err)
                  : merge_open(call, op, use, location, plan, err);
    if (!image.location && !use->driver->vdi_stat(stat_op, use->sr, location, &image, NULL)) {
        return false;
    }
    sr_use_note_change(use);
    DbTxn *txn = db_begin(call->db);
    VdiRef parent = db_vdi_parent(db_txn_view(txn), vdi);
    vdi_rows_update(txn, vdi, &image);
    vdi_rows_prune(txn, parent);
    return db_commit(txn, ok ? err : NULL) && ok;
}

typedef struct Published {
    const SrUse *use;
    const char *location;
} Published;

/* The domain moves the data and the storage the names. */
static bool merge_open(Call *call, Op *op, const SrUse *use, const char *location,
                       const VdiMergePlan *plan, Err **err)
{
    Platform *platform = call_platform(call);
    const DbView *view = call_view(call);
    Published published = {use, location};
    HvMerge merge = {.disk_id = arena_strdup(call->arena, db_vbd_uuid(view, plan->vbd)),
                     .top = plan->top,
                     .publish = publish,
                     .user = &published};
    g_autoptr(Op) abort_op = core_undo_op();
    if (!vm_plan_images(call, view, plan->leaf, &merge.images, &merge.image_count, err) ||
        !use->driver->live_merge_begin(op, use->sr, location, err)) {
        return false;
    }
    Uuid domain = vm_domain_uuid(view, db_vbd_vm(view, plan->vbd));
    if (platform_hv_driver(platform)->disk_merge(platform_hv(platform), op, domain, &merge, err)) {
        return true;
    }
    use->driver->live_merge_abort(abort_op, use->sr, location, NULL);
    return false;
}

/* Not to be cancelled: the guest stands still. */
static bool publish(void *user, Err **err)
{
    const Published *published = user;
    const SrUse *use = published->use;
    g_autoptr(Op) op = core_undo_op();
    return use->driver->live_merge_commit(op, use->sr, published->location, err);
}
