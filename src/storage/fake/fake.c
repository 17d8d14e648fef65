/* The `fake` repository: images without content, for tests and for scale.
 *
 * It keeps to the contracts and to the way real drivers split and merge chains.  Records live in
 * memory; each is mirrored in a small file of the folder the caller gives, so that a repository
 * is there again after a restart of the daemon. */
#include "base/fd.h"
#include "base/lock.h"
#include "base/text.h"
#include "storage/sr.h"
#include "storage/sr_fail.h"
#include "wire/value.h"

#include <errno.h>
#include <sys/stat.h>

#define FAKE_SIZE        ((uint64_t)1 << 40) /* bytes, unless device_config:size says otherwise */
#define FAKE_RECORD_SIZE 256                 /* bytes of one mirror file */

typedef struct FakeVdi {
    Uuid uuid, parent; /* the null uuid: none */
    uint64_t size;
    bool raw, read_only, managed;
} FakeVdi;

struct Sr {
    char *folder; /* NULL: memory only */
    uint64_t size;
    Lock lock;
    GHashTable *vdis;    /* Uuid * -> FakeVdi, the key is in the value */
    GHashTable *pending; /* Uuid * of images with a live snapshot under way */
};

static bool fake_create(Op *op, const SrConfig *config, Err **err);
static bool fake_destroy(Op *op, const SrConfig *config, Err **err);
static Sr *fake_attach(Op *op, const SrConfig *config, Err **err);
static void load(Sr *sr);
static bool parse_record(const char *text, FakeVdi *ret_vdi);
static bool fake_detach(Op *op, Sr *sr, Err **err);
static char *fake_probe(Op *op, const SrConfig *config, Err **err);
static bool fake_stat(Op *op, Sr *sr, SrStat *ret_stat, Err **err);
static GArray *fake_scan(Op *op, Sr *sr, Err **err);
static bool fake_vdi_create(Op *op, Sr *sr, Uuid uuid, uint64_t virtual_size, const char *format,
                            SrVdi *ret_vdi, Err **err);
static bool fake_vdi_destroy(Op *op, Sr *sr, const char *location, Err **err);
static bool fake_vdi_resize(Op *op, Sr *sr, const char *location, uint64_t virtual_size,
                            SrVdi *ret_vdi, Err **err);
static bool fake_vdi_clone(Op *op, Sr *sr, const char *location, Uuid copy_uuid,
                           bool copy_read_only, SrVdi *ret_source, SrVdi *ret_copy,
                           SrVdi *ret_parent, Err **err);
static bool fake_live_begin(Op *op, Sr *sr, const char *location, SrImage *ret_overlay, Err **err);
static bool fake_live_commit(Op *op, Sr *sr, const char *location, const SrImage *overlay,
                             Uuid copy_uuid, bool copy_read_only, SrVdi *ret_source,
                             SrVdi *ret_copy, SrVdi *ret_parent, Err **err);
static bool fake_live_abort(Op *op, Sr *sr, const char *location, const SrImage *overlay,
                            Err **err);
static bool fake_vdi_coalesce(Op *op, Sr *sr, const char *location, SrVdi *ret_vdi, Err **err);
static bool fake_merge_begin(Op *op, Sr *sr, const char *location, Err **err);
static bool fake_merge_commit(Op *op, Sr *sr, const char *location, Err **err);
static bool merge(Op *op, Sr *sr, const char *location, unsigned most, SrVdi *ret_vdi, Err **err);
static bool fake_vdi_copy(Op *op, Sr *sr, const char *location, const SrDriver *target_driver,
                          Sr *target, Uuid copy_uuid, SrProgress progress, void *user,
                          SrVdi *ret_copy, Err **err);
static bool fake_vdi_import(Op *op, Sr *sr, Uuid uuid, const SrImage *source, SrProgress progress,
                            void *user, SrVdi *ret_vdi, Err **err);
static GArray *fake_vdi_chain(Op *op, Sr *sr, const char *location, Err **err);
static bool fake_vdi_stat(Op *op, Sr *sr, const char *location, SrVdi *ret_vdi, Err **err);
static FakeVdi *find(Sr *sr, const char *location, Err **err);
static FakeVdi *add(Sr *sr, const FakeVdi *vdi);
static void save(const Sr *sr, const FakeVdi *vdi);
static void drop(Sr *sr, const FakeVdi *vdi);
static bool split(Sr *sr, FakeVdi *source, bool share_parent, FakeVdi *copy, Err **err);
static unsigned count_children(const Sr *sr, Uuid parent);
static bool check_size(uint64_t size, Err **err);
static bool check_free(const Sr *sr, Uuid uuid, Err **err);
static uint64_t used_bytes(const Sr *sr);
static char *image_path(const Sr *sr, Uuid uuid, const char *ending);
static void describe(const FakeVdi *vdi, SrVdi *ret_vdi);

static const char *const config_help[] = {"size", "bytes it claims to have", NULL};

const SrDriver sr_fake_driver = {
    .type = "fake",
    .label = "Fake",
    .description = "Images without content, for tests",
    .content_type = "user",
    .caps = SR_CAP_CREATE | SR_CAP_DELETE | SR_CAP_SCAN | SR_CAP_VDI_CREATE | SR_CAP_VDI_DELETE |
            SR_CAP_VDI_RESIZE | SR_CAP_VDI_CLONE | SR_CAP_VDI_SNAPSHOT | SR_CAP_VDI_RESIZE_ONLINE |
            SR_CAP_PROBE | SR_CAP_VDI_MIRROR,
    .config_help = config_help,
    .create = fake_create,
    .destroy = fake_destroy,
    .attach = fake_attach,
    .detach = fake_detach,
    .probe = fake_probe,
    .stat = fake_stat,
    .scan = fake_scan,
    .vdi_create = fake_vdi_create,
    .vdi_destroy = fake_vdi_destroy,
    .vdi_resize = fake_vdi_resize,
    .vdi_clone = fake_vdi_clone,
    .live_snapshot_begin = fake_live_begin,
    .live_snapshot_commit = fake_live_commit,
    .live_snapshot_abort = fake_live_abort,
    .vdi_coalesce = fake_vdi_coalesce,
    .live_merge_begin = fake_merge_begin,
    .live_merge_commit = fake_merge_commit,
    .live_merge_abort = fake_merge_begin,
    .vdi_copy = fake_vdi_copy,
    .vdi_import = fake_vdi_import,
    .vdi_chain = fake_vdi_chain,
    .vdi_stat = fake_vdi_stat,
};

static bool fake_create(Op *op, const SrConfig *config, Err **err)
{
    return op_check(op, err) && (!config->mount_dir || fd_make_dirs(config->mount_dir, 0700, err));
}

static bool fake_destroy(Op *op, const SrConfig *config, Err **err)
{
    if (!op_check(op, err)) {
        return false;
    }
    g_autoptr(GDir) folder = config->mount_dir ? g_dir_open(config->mount_dir, 0, NULL) : NULL;
    const char *name;
    Uuid uuid;
    while (folder && (name = g_dir_read_name(folder)) != NULL) {
        g_autofree char *path = g_build_filename(config->mount_dir, name, NULL);
        if (uuid_parse(name, &uuid)) {
            unlink(path);
        }
    }
    return true;
}

static Sr *fake_attach(Op *op, const SrConfig *config, Err **err)
{
    if (!fake_create(op, config, err)) {
        return NULL;
    }
    Sr *sr = g_new0(Sr, 1);
    sr->folder = g_strdup(config->mount_dir);
    const char *size = sr_config_get(config, "size");
    if (!size || !text_parse_uint(size, INT64_MAX, &sr->size)) {
        sr->size = FAKE_SIZE;
    }
    lock_init(&sr->lock, LOCK_SR);
    sr->vdis = g_hash_table_new_full(uuid_hash, uuid_equal_ptr, NULL, g_free);
    sr->pending = g_hash_table_new_full(uuid_hash, uuid_equal_ptr, g_free, NULL);
    load(sr);
    return sr;
}

static void load(Sr *sr)
{
    g_autoptr(GDir) folder = sr->folder ? g_dir_open(sr->folder, 0, NULL) : NULL;
    const char *name;
    while (folder && (name = g_dir_read_name(folder)) != NULL) {
        FakeVdi vdi = {0};
        g_autofree char *path = g_build_filename(sr->folder, name, NULL);
        g_autofree char *text = fd_read_file(path, FAKE_RECORD_SIZE, NULL, NULL);
        if (uuid_parse(name, &vdi.uuid) && text && parse_record(text, &vdi)) {
            g_hash_table_add(sr->vdis, g_memdup2(&vdi, sizeof vdi));
        }
    }
}

/* "<size> <raw> <read-only> <managed> <parent>", as save() writes it. */
static bool parse_record(const char *text, FakeVdi *ret_vdi)
{
    enum { SIZE, RAW, READ_ONLY, MANAGED, PARENT, FIELD_COUNT };
    FakeVdi vdi = *ret_vdi;
    g_auto(GStrv) fields = g_strsplit(text, " ", -1);
    if (g_strv_length(fields) != FIELD_COUNT ||
        !text_parse_uint(fields[SIZE], INT64_MAX, &vdi.size) ||
        !text_parse_bool(fields[RAW], &vdi.raw) ||
        !text_parse_bool(fields[READ_ONLY], &vdi.read_only) ||
        !text_parse_bool(fields[MANAGED], &vdi.managed) ||
        !uuid_parse(fields[PARENT], &vdi.parent)) {
        return false;
    }
    *ret_vdi = vdi;
    return true;
}

static bool fake_detach(Op *op, Sr *sr, Err **err)
{
    if (!op_check(op, err)) {
        return false;
    }
    g_hash_table_unref(sr->vdis);
    g_hash_table_unref(sr->pending);
    lock_clear(&sr->lock);
    g_free(sr->folder);
    g_free(sr);
    return true;
}

static char *fake_probe(Op *op, const SrConfig *config, Err **err)
{
    (void)config;
    return op_check(op, err) ? g_strdup("<?xml version=\"1.0\" ?>\n<SRlist>\n</SRlist>\n") : NULL;
}

static bool fake_stat(Op *op, Sr *sr, SrStat *ret_stat, Err **err)
{
    if (!op_check(op, err)) {
        return false;
    }
    LOCK_GUARD(&sr->lock);
    *ret_stat = (SrStat){.physical_size = sr->size, .physical_utilisation = used_bytes(sr)};
    return true;
}

static GArray *fake_scan(Op *op, Sr *sr, Err **err)
{
    if (!op_check(op, err)) {
        return NULL;
    }
    GArray *vdis = sr_vdi_array_new();
    LOCK_GUARD(&sr->lock);
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, sr->vdis);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const FakeVdi *fake = value;
        SrVdi vdi;
        describe(fake, &vdi);
        vdi.mergeable = vdi.parent && count_children(sr, fake->parent) == 1;
        g_array_append_val(vdis, vdi);
    }
    return vdis;
}

static bool fake_vdi_create(Op *op, Sr *sr, Uuid uuid, uint64_t virtual_size, const char *format,
                            SrVdi *ret_vdi, Err **err)
{
    FakeVdi vdi = {.uuid = uuid, .size = virtual_size, .managed = true};
    vdi.raw = g_strcmp0(format, "raw") == 0;
    LOCK_GUARD(&sr->lock);
    if (!op_check(op, err) || !check_size(virtual_size, err) || !check_free(sr, uuid, err)) {
        return false;
    }
    if (vdi.raw && virtual_size > sr->size - used_bytes(sr)) {
        return sr_fail(err, SR_FAIL_NO_SPACE, "%" G_GUINT64_FORMAT " bytes are not free",
                       virtual_size);
    }
    describe(add(sr, &vdi), ret_vdi);
    return true;
}

static bool fake_vdi_destroy(Op *op, Sr *sr, const char *location, Err **err)
{
    LOCK_GUARD(&sr->lock);
    FakeVdi *vdi = find(sr, location, NULL);
    if (!op_check(op, err)) {
        return false;
    }
    if (vdi && (!vdi->managed || g_hash_table_contains(sr->pending, &vdi->uuid))) {
        return sr_fail(err, SR_FAIL_VDI_IN_USE, "image %s is needed by others", location);
    }
    while (vdi) {
        Uuid parent = vdi->parent;
        drop(sr, vdi);
        vdi = count_children(sr, parent) == 0 ? g_hash_table_lookup(sr->vdis, &parent) : NULL;
    }
    return true;
}

static bool fake_vdi_resize(Op *op, Sr *sr, const char *location, uint64_t virtual_size,
                            SrVdi *ret_vdi, Err **err)
{
    LOCK_GUARD(&sr->lock);
    FakeVdi *vdi = op_check(op, err) ? find(sr, location, err) : NULL;
    if (!vdi || !check_size(virtual_size, err)) {
        return false;
    }
    if (virtual_size < vdi->size) {
        return sr_fail(err, SR_FAIL_VDI_SIZE, "image %s cannot shrink", location);
    }
    vdi->size = virtual_size;
    save(sr, vdi);
    describe(vdi, ret_vdi);
    return true;
}

static bool fake_vdi_clone(Op *op, Sr *sr, const char *location, Uuid copy_uuid,
                           bool copy_read_only, SrVdi *ret_source, SrVdi *ret_copy,
                           SrVdi *ret_parent, Err **err)
{
    LOCK_GUARD(&sr->lock);
    FakeVdi *source = op_check(op, err) ? find(sr, location, err) : NULL;
    FakeVdi copy = {.uuid = copy_uuid, .read_only = copy_read_only};
    /* Nobody ever writes here, so an image on a parent can always share it. */
    if (!source || !split(sr, source, true, &copy, err)) {
        return false;
    }
    describe(source, ret_source);
    describe(&copy, ret_copy);
    describe(g_hash_table_lookup(sr->vdis, &copy.parent), ret_parent);
    return true;
}

static bool fake_live_begin(Op *op, Sr *sr, const char *location, SrImage *ret_overlay, Err **err)
{
    LOCK_GUARD(&sr->lock);
    const FakeVdi *vdi = op_check(op, err) ? find(sr, location, err) : NULL;
    if (!vdi) {
        return false;
    }
    if (g_hash_table_contains(sr->pending, &vdi->uuid)) {
        return sr_fail(err, SR_FAIL_VDI_SNAPSHOT, "a snapshot of %s is under way", location);
    }
    g_hash_table_add(sr->pending, g_memdup2(&vdi->uuid, sizeof vdi->uuid));
    *ret_overlay = (SrImage){
        .path = image_path(sr, vdi->uuid, ".next"),
        .format = g_strdup("qcow2"),
    };
    return true;
}

static bool fake_live_commit(Op *op, Sr *sr, const char *location, const SrImage *overlay,
                             Uuid copy_uuid, bool copy_read_only, SrVdi *ret_source,
                             SrVdi *ret_copy, SrVdi *ret_parent, Err **err)
{
    (void)overlay;
    LOCK_GUARD(&sr->lock);
    FakeVdi *source = op_check(op, err) ? find(sr, location, err) : NULL;
    FakeVdi copy = {.uuid = copy_uuid, .read_only = copy_read_only};
    if (!source || !split(sr, source, false, &copy, err)) {
        return false;
    }
    g_hash_table_remove(sr->pending, &source->uuid);
    describe(source, ret_source);
    describe(&copy, ret_copy);
    describe(g_hash_table_lookup(sr->vdis, &copy.parent), ret_parent);
    return true;
}

static bool fake_live_abort(Op *op, Sr *sr, const char *location, const SrImage *overlay, Err **err)
{
    (void)overlay;
    LOCK_GUARD(&sr->lock);
    const FakeVdi *vdi = op_check(op, err) ? find(sr, location, err) : NULL;
    if (!vdi) {
        return false;
    }
    g_hash_table_remove(sr->pending, &vdi->uuid);
    return true;
}

static bool fake_vdi_coalesce(Op *op, Sr *sr, const char *location, SrVdi *ret_vdi, Err **err)
{
    return merge(op, sr, location, UINT_MAX, ret_vdi, err);
}

/* Nothing happens before the commit. */
static bool fake_merge_begin(Op *op, Sr *sr, const char *location, Err **err)
{
    LOCK_GUARD(&sr->lock);
    return op_check(op, err) && find(sr, location, err);
}

static bool fake_merge_commit(Op *op, Sr *sr, const char *location, Err **err)
{
    g_auto(SrVdi) merged = {0};
    return merge(op, sr, location, 1, &merged, err);
}

static bool merge(Op *op, Sr *sr, const char *location, unsigned most, SrVdi *ret_vdi, Err **err)
{
    LOCK_GUARD(&sr->lock);
    FakeVdi *vdi = op_check(op, err) ? find(sr, location, err) : NULL;
    if (!vdi) {
        return false;
    }
    FakeVdi *parent = g_hash_table_lookup(sr->vdis, &vdi->parent);
    for (; most > 0 && parent && count_children(sr, parent->uuid) == 1; most--) {
        vdi->parent = parent->parent;
        drop(sr, parent);
        save(sr, vdi);
        parent = g_hash_table_lookup(sr->vdis, &vdi->parent);
    }
    describe(vdi, ret_vdi);
    return true;
}

static bool fake_vdi_copy(Op *op, Sr *sr, const char *location, const SrDriver *target_driver,
                          Sr *target, Uuid copy_uuid, SrProgress progress, void *user,
                          SrVdi *ret_copy, Err **err)
{
    lock_acquire(&sr->lock);
    const FakeVdi *vdi = op_check(op, err) ? find(sr, location, err) : NULL;
    uint64_t size = vdi ? vdi->size : 0;
    lock_release(&sr->lock);
    if (size == 0 || !target_driver->vdi_create(op, target, copy_uuid, size, NULL, ret_copy, err)) {
        return false;
    }
    if (progress) {
        progress(user, 1);
    }
    return true;
}

static bool fake_vdi_import(Op *op, Sr *sr, Uuid uuid, const SrImage *source, SrProgress progress,
                            void *user, SrVdi *ret_vdi, Err **err)
{
    /* Its length stands for the size, whatever the format. */
    struct stat stat_buf;
    if (stat(source->path, &stat_buf) < 0) {
        return sr_fail_errno(err, SR_FAIL_VDI_COPY, errno, "cannot find %s", source->path);
    }
    if (!fake_vdi_create(op, sr, uuid, (uint64_t)stat_buf.st_size, NULL, ret_vdi, err)) {
        return false;
    }
    if (progress) {
        progress(user, 1);
    }
    return true;
}

static GArray *fake_vdi_chain(Op *op, Sr *sr, const char *location, Err **err)
{
    LOCK_GUARD(&sr->lock);
    const FakeVdi *vdi = op_check(op, err) ? find(sr, location, err) : NULL;
    if (!vdi) {
        return NULL;
    }
    GArray *chain = sr_image_array_new();
    for (; vdi; vdi = g_hash_table_lookup(sr->vdis, &vdi->parent)) {
        const char *format = vdi->raw ? "raw" : "qcow2";
        SrImage image = {
            .path = image_path(sr, vdi->uuid, ""),
            .format = g_strdup(format),
        };
        g_array_append_val(chain, image);
    }
    return chain;
}

static bool fake_vdi_stat(Op *op, Sr *sr, const char *location, SrVdi *ret_vdi, Err **err)
{
    LOCK_GUARD(&sr->lock);
    const FakeVdi *vdi = op_check(op, err) ? find(sr, location, err) : NULL;
    if (!vdi) {
        return false;
    }
    describe(vdi, ret_vdi);
    return true;
}

/* Every function from here on is called with the lock held. */
static FakeVdi *find(Sr *sr, const char *location, Err **err)
{
    Uuid uuid;
    FakeVdi *vdi = uuid_parse(location, &uuid) ? g_hash_table_lookup(sr->vdis, &uuid) : NULL;
    if (!vdi) {
        sr_fail(err, SR_FAIL_VDI_UNAVAILABLE, "there is no image %s", location);
    }
    return vdi;
}

static FakeVdi *add(Sr *sr, const FakeVdi *vdi)
{
    FakeVdi *added = g_memdup2(vdi, sizeof *vdi);
    g_hash_table_add(sr->vdis, added);
    save(sr, added);
    return added;
}

/* A lost mirror file costs a test its restart, so that failures are not reported. */
static void save(const Sr *sr, const FakeVdi *vdi)
{
    if (sr->folder) {
        g_autofree char *path = image_path(sr, vdi->uuid, "");
        g_autofree char *text =
            g_strdup_printf("%" G_GUINT64_FORMAT " %d %d %d %s", vdi->size, vdi->raw,
                            vdi->read_only, vdi->managed, UUID_TEXT(vdi->parent));
        g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_NONE, 0600, NULL);
    }
}

static void drop(Sr *sr, const FakeVdi *vdi)
{
    g_autofree char *path = image_path(sr, vdi->uuid, "");
    if (sr->folder) {
        unlink(path);
    }
    g_hash_table_remove(sr->vdis, &vdi->uuid);
}

/* Puts `copy` beside `source` on a common parent. */
static bool split(Sr *sr, FakeVdi *source, bool share_parent, FakeVdi *copy, Err **err)
{
    if (!source->managed) {
        return sr_fail(err, SR_FAIL_VDI_CLONE, "%s is a parent of others", UUID_TEXT(source->uuid));
    }
    if (!check_free(sr, copy->uuid, err)) {
        return false;
    }
    if (!share_parent || uuid_is_null(source->parent)) {
        FakeVdi parent = *source;
        parent.uuid = uuid_generate();
        parent.read_only = true;
        parent.managed = false;
        add(sr, &parent);
        source->parent = parent.uuid;
        source->raw = false;
        save(sr, source);
    }
    copy->size = source->size;
    copy->parent = source->parent;
    copy->managed = true;
    add(sr, copy);
    return true;
}

static unsigned count_children(const Sr *sr, Uuid parent)
{
    unsigned count = 0;
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, sr->vdis);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        count += uuid_equal(((const FakeVdi *)value)->parent, parent);
    }
    return count;
}

static bool check_size(uint64_t size, Err **err)
{
    return (size > 0 && size <= INT64_MAX) ||
           sr_fail(err, SR_FAIL_VDI_SIZE, "an image cannot have %" G_GUINT64_FORMAT " bytes", size);
}

static bool check_free(const Sr *sr, Uuid uuid, Err **err)
{
    return !g_hash_table_contains(sr->vdis, &uuid) ||
           sr_fail(err, SR_FAIL_VDI_EXISTS, "there is an image %s already", UUID_TEXT(uuid));
}

static uint64_t used_bytes(const Sr *sr)
{
    uint64_t used = 0;
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, sr->vdis);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const FakeVdi *vdi = value;
        used += vdi->raw ? vdi->size : 0;
    }
    return used;
}

static char *image_path(const Sr *sr, Uuid uuid, const char *ending)
{
    g_autofree char *file = g_strconcat(UUID_TEXT(uuid), ending, NULL);
    return g_build_filename(sr->folder ? sr->folder : "/nonexistent", file, NULL);
}

static void describe(const FakeVdi *vdi, SrVdi *ret_vdi)
{
    *ret_vdi = (SrVdi){
        .uuid = vdi->uuid,
        .location = g_strdup(UUID_TEXT(vdi->uuid)),
        .format = g_strdup(vdi->raw ? "raw" : "qcow2"),
        .parent = uuid_is_null(vdi->parent) ? NULL : g_strdup(UUID_TEXT(vdi->parent)),
        .virtual_size = vdi->size,
        .physical_utilisation = vdi->raw ? vdi->size : 0,
        .read_only = vdi->read_only,
        .managed = vdi->managed,
    };
}
