/* Finishes what a crash left in a repository folder.  docs/internals/storage.md has the states
 * and why each is resolved as it is; the order of the steps here is part of that. */
#include "storage/dir/dir_repair.h"

#include "base/log.h"
#include "storage/dir/dir_coalesce.h"

static bool drop_unfinished(DirGuard *guard, const DirName *name, Err **err);
static bool settle_next(DirGuard *guard, const DirName *next, Err **err);
static bool drop_some(DirGuard *guard, const DirListing *listing, bool *ret_dropped, Err **err);
static bool settle_merges(DirGuard *guard, const DirListing *listing, bool *ret_changed, Err **err);
static bool is_merging(Sr *sr, const DirImage *image);
static bool is_orphan(const DirListing *listing, const DirImage *image);
static bool is_twin(const DirListing *listing, const DirImage *image);
static const DirImage *find_image(const DirListing *listing, const DirName *name);
static bool unlink_image(DirGuard *guard, const DirName *name, Err **err);

bool dir_repair(Op *op, DirGuard *guard, DirListing *ret_listing, Err **err)
{
    g_autoptr(GArray) names = dir_image_list_names(guard->sr, err);
    if (!names) {
        return false;
    }
    for (guint i = 0; i < names->len; i++) {
        const DirName *name = &g_array_index(names, DirName, i);
        if ((name->kind == DIR_NEW && !drop_unfinished(guard, name, err)) ||
            (name->kind == DIR_NEXT && !settle_next(guard, name, err))) {
            return false;
        }
    }
    return dir_repair_drop_leftovers(op, guard, ret_listing, err);
}

bool dir_repair_drop_leftovers(Op *op, DirGuard *guard, DirListing *ret_listing, Err **err)
{
    g_auto(DirListing) listing = {0};
    bool dropped = true;
    while (dropped) {
        dir_listing_clear(&listing);
        if (!dir_image_list(op, guard->sr, &listing, err) ||
            !settle_merges(guard, &listing, &dropped, err) ||
            (!dropped && !drop_some(guard, &listing, &dropped, err))) {
            return false;
        }
    }
    *ret_listing = listing;
    listing = (DirListing){0};
    return true;
}

static bool drop_unfinished(DirGuard *guard, const DirName *name, Err **err)
{
    return dir_sr_file_is_locked(guard->sr, DIR_NAME(DIR_NEW, name->uuid, NULL)) ||
           unlink_image(guard, name, err);
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

static bool drop_some(DirGuard *guard, const DirListing *listing, bool *ret_dropped, Err **err)
{
    bool dropped = false;
    for (guint i = 0; i < listing->images->len; i++) {
        const DirImage *image = &g_array_index(listing->images, DirImage, i);
        if (!is_orphan(listing, image) && !is_twin(listing, image)) {
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

/* A merge that a domain did for a daemon that is gone.  If the domain moved to the parent, the leaf
 * has no reader any more but still the name.  With no domain left both read the same, because it
 * stood still until the name was changed. */
static bool settle_merges(DirGuard *guard, const DirListing *listing, bool *ret_changed, Err **err)
{
    Sr *sr = guard->sr;
    *ret_changed = false;
    for (guint i = 0; i < listing->images->len; i++) {
        const DirImage *leaf = &g_array_index(listing->images, DirImage, i);
        const DirImage *parent = leaf->has_backing ? find_image(listing, &leaf->backing) : NULL;
        if (leaf->name.kind != DIR_LEAF || !(leaf->stat.st_mode & DIR_MODE_MERGING) ||
            is_merging(sr, leaf)) {
            continue;
        }
        bool moved = parent && dir_image_is_mergeable(listing, leaf) &&
                     !dir_image_in_use(sr, &leaf->name) && dir_image_in_use(sr, &parent->name);
        if (moved) {
            log_info("merge of %s in %s is finished after a crash", UUID_TEXT(leaf->name.uuid),
                     sr->path);
            *ret_changed = true;
            return dir_coalesce_replace(sr, leaf, parent, err);
        }
        if (!dir_merge_mark(sr, leaf, false, err)) {
            return false;
        }
    }
    return true;
}

static bool is_merging(Sr *sr, const DirImage *image)
{
    LOCK_GUARD(&sr->lock);
    return g_hash_table_contains(sr->merging, UUID_TEXT(image->name.uuid));
}

static bool is_orphan(const DirListing *listing, const DirImage *image)
{
    return listing->damaged->len == 0 && image->name.kind == DIR_BASE &&
           dir_image_count_children(listing, image->name.uuid) == 0;
}

/* x.raw beside x.qcow2, which stands on that very file: the overlay took over, and only the old
 * name was not yet deleted. */
static bool is_twin(const DirListing *listing, const DirImage *image)
{
    if (image->name.kind != DIR_LEAF || !g_str_equal(image->name.format, "raw")) {
        return false;
    }
    const DirImage *overlay = find_image(listing, &(DirName){image->name.uuid, DIR_LEAF, "qcow2"});
    const DirImage *base =
        overlay && overlay->has_backing ? find_image(listing, &overlay->backing) : NULL;
    return base && base->stat.st_dev == image->stat.st_dev &&
           base->stat.st_ino == image->stat.st_ino;
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

static bool unlink_image(DirGuard *guard, const DirName *name, Err **err)
{
    const char *file = DIR_NAME(name->kind, name->uuid, name->format);
    log_debug("%s of %s is not needed any more and is deleted", file, guard->sr->path);
    return dir_sr_unlink(guard->sr, file, err);
}
