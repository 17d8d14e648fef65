/* Finishes what a crash left in a repository folder.  docs/internals/storage.md has the states
 * and why each is resolved as it is; the order of the steps here is part of that. */
#include "storage/dir/dir_repair.h"

#include "base/log.h"

static bool drop_unfinished(DirGuard *guard, const DirListing *listing, Err **err);
static bool settle_next(DirGuard *guard, const DirName *next, Err **err);
static bool drop_twin_leaf(DirGuard *guard, const DirListing *listing, const DirImage *raw,
                           Err **err);
static const DirImage *find_image(const DirListing *listing, const DirName *name);
static bool is_same_file(const DirImage *a, const DirImage *b);
static bool drop_orphan(DirGuard *guard, const DirListing *listing, bool *ret_dropped, Err **err);
static bool unlink_image(DirGuard *guard, const DirName *name, Err **err);

bool dir_repair(Op *op, DirGuard *guard, DirListing *ret_listing, Err **err)
{
    g_auto(DirListing) before = {0};
    if (!dir_image_list(op, guard->sr, &before, err) || !drop_unfinished(guard, &before, err)) {
        return false;
    }
    for (guint i = 0; i < before.names->len; i++) {
        const DirName *name = &g_array_index(before.names, DirName, i);
        if (name->kind == DIR_NEXT && !settle_next(guard, name, err)) {
            return false;
        }
    }
    g_auto(DirListing) settled = {0};
    if (!dir_image_list(op, guard->sr, &settled, err)) {
        return false;
    }
    for (guint i = 0; i < settled.images->len; i++) {
        const DirImage *image = &g_array_index(settled.images, DirImage, i);
        bool raw_leaf = image->name.kind == DIR_LEAF && g_str_equal(image->name.format, "raw");
        if (raw_leaf && !drop_twin_leaf(guard, &settled, image, err)) {
            return false;
        }
    }
    return dir_repair_drop_orphans(op, guard, err) &&
           dir_image_list(op, guard->sr, ret_listing, err);
}

bool dir_repair_drop_orphans(Op *op, DirGuard *guard, Err **err)
{
    bool dropped = true;
    while (dropped) {
        g_auto(DirListing) listing = {0};
        if (!dir_image_list(op, guard->sr, &listing, err)) {
            return false;
        }
        if (!listing.complete) {
            return true;
        }
        if (!drop_orphan(guard, &listing, &dropped, err)) {
            return false;
        }
    }
    return true;
}

static bool drop_unfinished(DirGuard *guard, const DirListing *listing, Err **err)
{
    for (guint i = 0; i < listing->names->len; i++) {
        const DirName *name = &g_array_index(listing->names, DirName, i);
        bool unfinished = name->kind == DIR_NEW &&
                          !dir_sr_file_is_locked(guard->sr, DIR_NAME(DIR_NEW, name->uuid, NULL));
        if (unfinished && !unlink_image(guard, name, err)) {
            return false;
        }
    }
    return true;
}

/* A live snapshot was begun and neither committed nor aborted.  Which image the domain writes to
 * shows in QEMU's locks.  When no domain runs any more both answers read the same, because the
 * overlay stands on the leaf's own file; going forward keeps what was written to it. */
static bool settle_next(DirGuard *guard, const DirName *next, Err **err)
{
    Sr *sr = guard->sr;
    if (dir_sr_file_is_locked(sr, DIR_NAME(DIR_NEXT, next->uuid, "qcow2"))) {
        return true;
    }
    DirName raw = {next->uuid, DIR_LEAF, "raw"}, qcow2 = {next->uuid, DIR_LEAF, "qcow2"};
    bool still_on_leaf =
        !dir_image_in_use(sr, next) && (dir_image_in_use(sr, &raw) || dir_image_in_use(sr, &qcow2));
    if (still_on_leaf) {
        return unlink_image(guard, next, err);
    }
    log_info("live snapshot of %s in %s is finished after a crash", UUID_TEXT(next->uuid),
             sr->path);
    return dir_sr_publish(sr, DIR_NAME(DIR_NEXT, next->uuid, "qcow2"),
                          DIR_NAME(DIR_LEAF, next->uuid, "qcow2"), err);
}

/* x.raw beside x.qcow2, which stands on that very file: the overlay took over, and only the old
 * name was not yet deleted. */
static bool drop_twin_leaf(DirGuard *guard, const DirListing *listing, const DirImage *raw,
                           Err **err)
{
    const DirImage *overlay = find_image(listing, &(DirName){raw->name.uuid, DIR_LEAF, "qcow2"});
    const DirImage *base =
        overlay && overlay->has_backing ? find_image(listing, &overlay->backing) : NULL;
    return !base || !is_same_file(base, raw) || unlink_image(guard, &raw->name, err);
}

static const DirImage *find_image(const DirListing *listing, const DirName *name)
{
    for (guint i = 0; i < listing->images->len; i++) {
        const DirImage *image = &g_array_index(listing->images, DirImage, i);
        if (image->name.kind == name->kind && uuid_equal(image->name.uuid, name->uuid) &&
            g_str_equal(image->name.format, name->format)) {
            return image;
        }
    }
    return NULL;
}

static bool is_same_file(const DirImage *a, const DirImage *b)
{
    return a->stat.st_dev == b->stat.st_dev && a->stat.st_ino == b->stat.st_ino;
}

static bool drop_orphan(DirGuard *guard, const DirListing *listing, bool *ret_dropped, Err **err)
{
    bool dropped = false;
    for (guint i = 0; i < listing->images->len; i++) {
        const DirImage *image = &g_array_index(listing->images, DirImage, i);
        if (image->name.kind != DIR_BASE ||
            dir_image_count_children(listing, image->name.uuid) > 0) {
            continue;
        }
        if (!unlink_image(guard, &image->name, err)) {
            return false;
        }
        dropped = true;
    }
    *ret_dropped = dropped;
    return true;
}

static bool unlink_image(DirGuard *guard, const DirName *name, Err **err)
{
    const char *file = DIR_NAME(name->kind, name->uuid, name->format);
    log_debug("%s of %s is not needed any more and is deleted", file, guard->sr->path);
    return dir_sr_unlink(guard->sr, file, err);
}
