/* One suite for every storage driver: what sr.h promises, whatever is below.
 *
 * Drivers that keep real images (file, ext) are asked for the guest's bytes too, through qemu-io;
 * ext runs on a file through a loop device and needs root for it. */
#include "../assert_ok.h"
#include "base/fd.h"
#include "base/subprocess.h"
#include "storage/sr.h"
#include "wire/value.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#define MIB      ((uint64_t)1024 * 1024)
#define DEADLINE (120 * USEC_PER_SEC)

typedef struct Kind {
    const char *name;
    const SrDriver *driver;
    bool has_data;  /* images can be written and read back */
    bool on_device; /* lives on a block device: needs root and loop devices */
} Kind;

static const Kind kinds[] = {
    {"file", &sr_file_driver, true, false},
    {"ext", &sr_ext_driver, true, true},
    {"fake", &sr_fake_driver, false, false},
};

/* A repository of one kind in a folder of its own, made and attached. */
typedef struct Fixture {
    const Kind *kind;
    const SrDriver *driver;
    char *root, *place, *mount_dir;
    const char *device_config[3];
    SrConfig config;
    Op *op;
    Sr *sr;
} Fixture;

static char *run_tool(Op *op, const char *const *argv)
{
    char *out = NULL;
    Err *err = NULL;
    assert_ok(op_run_ok(op, argv, &out, &err), err);
    return out;
}

static void assert_fails(bool done, Err **err, int code)
{
    g_autofree char *expected = g_strdup_printf("SR_BACKEND_FAILURE_%d", code);
    g_assert_false(done);
    g_assert_nonnull(*err);
    g_assert_cmpstr((*err)->code, ==, expected);
    g_assert_cmpuint(g_strv_length((*err)->params), ==, 3);
    g_assert_cmpstr((*err)->params[1], !=, "");
    err_free(*err);
    *err = NULL;
}

static void fixture_config(Fixture *fix)
{
    bool on_device = fix->kind->on_device;
    fix->device_config[0] = on_device ? "device" : "location";
    fix->device_config[1] = fix->place;
    fix->config = (SrConfig){
        .uuid = uuid_generate(),
        .device_config = fix->device_config,
        .mount_dir = fix->mount_dir,
    };
}

static void fixture_prepare(Fixture *fix, const Kind *kind)
{
    fix->kind = kind;
    fix->driver = kind->driver;
    fix->op = op_new(DEADLINE);
    fix->root = g_dir_make_tmp("sr-contract-XXXXXX", NULL);
    fix->place = g_build_filename(fix->root, kind->on_device ? "disk" : "images", NULL);
    fix->mount_dir = g_build_filename(fix->root, "mount", NULL);
    if (kind->on_device) {
        auto_fd fd = open(fix->place, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        g_assert_cmpint(ftruncate(fd, 128 * 1024 * 1024), ==, 0);
    }
    fixture_config(fix);
}

static void fixture_start(Fixture *fix, const Kind *kind)
{
    Err *err = NULL;
    fixture_prepare(fix, kind);
    assert_ok(fix->driver->create(fix->op, &fix->config, &err), err);
    fix->sr = fix->driver->attach(fix->op, &fix->config, &err);
    assert_ok(fix->sr != NULL, err);
}

static void fixture_stop(Fixture *fix)
{
    Err *err = NULL;
    if (fix->sr) {
        assert_ok(fix->driver->detach(fix->op, fix->sr, &err), err);
    }
    const char *argv[] = {"rm", "-rf", "--one-file-system", fix->root, NULL};
    g_free(run_tool(fix->op, argv));
    op_unref(fix->op);
    g_free(fix->root);
    g_free(fix->place);
    g_free(fix->mount_dir);
}

static Uuid make(Fixture *fix, uint64_t size)
{
    Err *err = NULL;
    Uuid uuid = uuid_generate();
    g_auto(SrVdi) vdi = {0};
    assert_ok(fix->driver->vdi_create(fix->op, fix->sr, uuid, size, NULL, &vdi, &err), err);
    g_assert_true(uuid_equal(vdi.uuid, uuid));
    return uuid;
}

static char *leaf_path(Fixture *fix, Uuid uuid, char **ret_format)
{
    Err *err = NULL;
    g_autoptr(GArray) chain = fix->driver->vdi_chain(fix->op, fix->sr, UUID_TEXT(uuid), &err);
    assert_ok(chain != NULL, err);
    const SrImage *leaf = &g_array_index(chain, SrImage, 0);
    *ret_format = g_strdup(leaf->format);
    return g_strdup(leaf->path);
}

static unsigned chain_length(Fixture *fix, Uuid uuid)
{
    Err *err = NULL;
    g_autoptr(GArray) chain = fix->driver->vdi_chain(fix->op, fix->sr, UUID_TEXT(uuid), &err);
    assert_ok(chain != NULL, err);
    return chain->len;
}

/* One qemu-io command on an image file. */
static void image_io(Fixture *fix, const char *path, const char *format, const char *command)
{
    const char *argv[] = {"qemu-io", "-f", format, "-c", command, path, NULL};
    g_autofree char *out = run_tool(fix->op, argv);
    g_assert_null(strstr(out, "failed"));
}

static void guest_io(Fixture *fix, Uuid uuid, const char *command)
{
    if (fix->kind->has_data) {
        g_autofree char *format = NULL;
        g_autofree char *path = leaf_path(fix, uuid, &format);
        image_io(fix, path, format, command);
    }
}

static void fill(Fixture *fix, Uuid uuid, unsigned pattern, unsigned offset_mib)
{
    g_autofree char *command = g_strdup_printf("write -P %u %uM 1M", pattern, offset_mib);
    guest_io(fix, uuid, command);
}

static void assert_filled(Fixture *fix, Uuid uuid, unsigned pattern, unsigned offset_mib)
{
    g_autofree char *command = g_strdup_printf("read -P %u %uM 1M", pattern, offset_mib);
    guest_io(fix, uuid, command);
}

static bool find_scanned(Fixture *fix, Uuid uuid, SrVdi *ret_vdi)
{
    Err *err = NULL;
    g_autoptr(GArray) vdis = fix->driver->scan(fix->op, fix->sr, &err);
    assert_ok(vdis != NULL, err);
    for (guint i = 0; i < vdis->len; i++) {
        SrVdi *vdi = &g_array_index(vdis, SrVdi, i);
        if (uuid_equal(vdi->uuid, uuid)) {
            *ret_vdi = *vdi;
            *vdi = (SrVdi){0};
            return true;
        }
    }
    return false;
}

static unsigned count_scanned(Fixture *fix)
{
    Err *err = NULL;
    g_autoptr(GArray) vdis = fix->driver->scan(fix->op, fix->sr, &err);
    assert_ok(vdis != NULL, err);
    return vdis->len;
}

/* Clones; checks what every clone must say of itself; returns the parent. */
static Uuid clone_into(Fixture *fix, Uuid source, Uuid copy, bool read_only)
{
    Err *err = NULL;
    g_auto(SrVdi) source_vdi = {0}, copy_vdi = {0}, parent_vdi = {0};
    assert_ok(fix->driver->vdi_clone(fix->op, fix->sr, UUID_TEXT(source), copy, read_only,
                                     &source_vdi, &copy_vdi, &parent_vdi, &err),
              err);
    g_assert_true(uuid_equal(source_vdi.uuid, source));
    g_assert_true(uuid_equal(copy_vdi.uuid, copy));
    g_assert_true(source_vdi.managed);
    g_assert_true(copy_vdi.managed);
    g_assert_false(parent_vdi.managed);
    g_assert_cmpint(copy_vdi.read_only, ==, read_only);
    g_assert_cmpstr(source_vdi.parent, ==, parent_vdi.location);
    g_assert_cmpstr(copy_vdi.parent, ==, parent_vdi.location);
    g_assert_cmpuint(copy_vdi.virtual_size, ==, source_vdi.virtual_size);
    return parent_vdi.uuid;
}

static void destroy(Fixture *fix, Uuid uuid)
{
    Err *err = NULL;
    assert_ok(fix->driver->vdi_destroy(fix->op, fix->sr, UUID_TEXT(uuid), &err), err);
}

static void test_create(Fixture *fix)
{
    Err *err = NULL;
    g_auto(SrVdi) vdi = {0}, scanned = {0};
    Uuid uuid = uuid_generate();
    assert_ok(fix->driver->vdi_create(fix->op, fix->sr, uuid, 10 * MIB + 1, NULL, &vdi, &err), err);
    g_assert_cmpuint(vdi.virtual_size, >=, 10 * MIB + 1);
    g_assert_cmpstr(vdi.format, ==, "qcow2");
    g_assert_null(vdi.parent);
    g_assert_true(vdi.managed);
    g_assert_false(vdi.read_only);
    g_assert_true(find_scanned(fix, uuid, &scanned));
    g_assert_cmpstr(scanned.location, ==, vdi.location);
    g_assert_cmpuint(scanned.virtual_size, ==, vdi.virtual_size);
    g_assert_false(scanned.mergeable);

    g_auto(SrVdi) twin = {0};
    assert_fails(fix->driver->vdi_create(fix->op, fix->sr, uuid, MIB, NULL, &twin, &err), &err, 43);
    assert_fails(fix->driver->vdi_create(fix->op, fix->sr, uuid_generate(), 0, NULL, &twin, &err),
                 &err, 79);
    assert_fails(fix->driver->vdi_stat(fix->op, fix->sr, UUID_TEXT(uuid_generate()), &twin, &err),
                 &err, 46);
    assert_fails(fix->driver->vdi_stat(fix->op, fix->sr, "../../etc/passwd", &twin, &err), &err,
                 46);
}

static void test_raw(Fixture *fix)
{
    Err *err = NULL;
    g_auto(SrVdi) vdi = {0}, grown = {0}, huge = {0};
    Uuid uuid = uuid_generate();
    assert_ok(fix->driver->vdi_create(fix->op, fix->sr, uuid, 4 * MIB, "raw", &vdi, &err), err);
    g_assert_cmpstr(vdi.format, ==, "raw");
    g_assert_cmpuint(vdi.virtual_size, ==, 4 * MIB);
    fill(fix, uuid, 7, 1);
    assert_ok(fix->driver->vdi_resize(fix->op, fix->sr, UUID_TEXT(uuid), 6 * MIB, &grown, &err),
              err);
    g_assert_cmpuint(grown.virtual_size, ==, 6 * MIB);
    assert_fails(fix->driver->vdi_create(fix->op, fix->sr, uuid_generate(), (uint64_t)1 << 45,
                                         "raw", &huge, &err),
                 &err, 44);

    Uuid copy = uuid_generate();
    clone_into(fix, uuid, copy, false);
    fill(fix, uuid, 8, 1);
    assert_filled(fix, copy, 7, 1);
    assert_filled(fix, uuid, 8, 1);
    destroy(fix, copy);
    g_auto(SrVdi) merged = {0};
    assert_ok(fix->driver->vdi_coalesce(fix->op, fix->sr, UUID_TEXT(uuid), &merged, &err), err);
    g_assert_null(merged.parent);
    g_assert_cmpuint(merged.virtual_size, ==, 6 * MIB);
    assert_filled(fix, uuid, 8, 1);
    g_assert_cmpuint(count_scanned(fix), ==, 1);
}

static void test_resize(Fixture *fix)
{
    Err *err = NULL;
    g_auto(SrVdi) vdi = {0}, same = {0}, no = {0};
    Uuid uuid = make(fix, 8 * MIB);
    fill(fix, uuid, 3, 2);
    assert_ok(fix->driver->vdi_resize(fix->op, fix->sr, UUID_TEXT(uuid), 16 * MIB, &vdi, &err),
              err);
    g_assert_cmpuint(vdi.virtual_size, ==, 16 * MIB);
    assert_ok(fix->driver->vdi_resize(fix->op, fix->sr, UUID_TEXT(uuid), 16 * MIB, &same, &err),
              err);
    assert_fails(fix->driver->vdi_resize(fix->op, fix->sr, UUID_TEXT(uuid), 8 * MIB, &no, &err),
                 &err, 79);
    assert_filled(fix, uuid, 3, 2);
}

static void test_clone(Fixture *fix)
{
    Uuid source = make(fix, 8 * MIB), snapshot = uuid_generate(), copy = uuid_generate();
    fill(fix, source, 1, 0);
    Uuid parent = clone_into(fix, source, snapshot, true);
    fill(fix, source, 2, 0);
    assert_filled(fix, snapshot, 1, 0);
    assert_filled(fix, source, 2, 0);
    g_assert_cmpuint(chain_length(fix, source), ==, 2);

    /* The snapshot was never written, so a copy of it needs no layer of its own. */
    Uuid shared = clone_into(fix, snapshot, copy, false);
    g_assert_true(uuid_equal(shared, parent));
    g_assert_cmpuint(chain_length(fix, copy), ==, 2);
    assert_filled(fix, copy, 1, 0);

    Err *err = NULL;
    g_auto(SrVdi) a = {0}, b = {0}, c = {0};
    assert_fails(fix->driver->vdi_clone(fix->op, fix->sr, UUID_TEXT(parent), uuid_generate(), false,
                                        &a, &b, &c, &err),
                 &err, 81);
    assert_fails(
        fix->driver->vdi_clone(fix->op, fix->sr, UUID_TEXT(source), copy, false, &a, &b, &c, &err),
        &err, 43);
    assert_fails(fix->driver->vdi_destroy(fix->op, fix->sr, UUID_TEXT(parent), &err), &err, 24);
}

static void test_destroy(Fixture *fix)
{
    Uuid source = make(fix, 8 * MIB), copy = uuid_generate();
    clone_into(fix, source, copy, false);
    g_assert_cmpuint(count_scanned(fix), ==, 3);
    destroy(fix, source);
    assert_filled(fix, copy, 0, 0);
    destroy(fix, source);
    g_assert_cmpuint(count_scanned(fix), ==, 2);
    destroy(fix, copy);
    g_assert_cmpuint(count_scanned(fix), ==, 0);
}

static void test_coalesce(Fixture *fix)
{
    Err *err = NULL;
    Uuid disk = make(fix, 8 * MIB);
    Uuid snapshots[] = {uuid_generate(), uuid_generate(), uuid_generate()};
    for (unsigned i = 0; i < G_N_ELEMENTS(snapshots); i++) {
        fill(fix, disk, i + 1, i);
        clone_into(fix, disk, snapshots[i], true);
    }
    fill(fix, disk, 9, 0);
    for (unsigned i = 0; i < G_N_ELEMENTS(snapshots); i++) {
        destroy(fix, snapshots[i]);
    }
    g_auto(SrVdi) before = {0}, after = {0}, again = {0};
    g_assert_true(find_scanned(fix, disk, &before));
    g_assert_true(before.mergeable);
    assert_ok(fix->driver->vdi_coalesce(fix->op, fix->sr, UUID_TEXT(disk), &after, &err), err);
    g_assert_null(after.parent);
    g_assert_false(after.read_only);
    g_assert_cmpuint(count_scanned(fix), ==, 1);
    assert_filled(fix, disk, 9, 0);
    assert_filled(fix, disk, 2, 1);
    assert_filled(fix, disk, 3, 2);
    assert_ok(fix->driver->vdi_coalesce(fix->op, fix->sr, UUID_TEXT(disk), &again, &err), err);
}

/* Who keeps the last snapshot only, again and again, gets no longer chain by it. */
static void test_coalesce_parents(Fixture *fix)
{
    Err *err = NULL;
    Uuid disk = make(fix, 8 * MIB), kept = uuid_generate();
    clone_into(fix, disk, kept, true);
    for (unsigned i = 0; i < 3; i++) {
        Uuid next = uuid_generate();
        fill(fix, disk, i + 1, i);
        Uuid parent = clone_into(fix, disk, next, true);
        destroy(fix, kept);
        kept = next;
        g_auto(SrVdi) shared = {0}, after = {0};
        g_assert_true(find_scanned(fix, disk, &shared));
        g_assert_false(shared.mergeable); /* two stand on its parent */
        assert_ok(fix->driver->vdi_coalesce(fix->op, fix->sr, UUID_TEXT(parent), &after, &err),
                  err);
        g_assert_true(!after.managed && !after.parent);
        g_assert_cmpuint(count_scanned(fix), ==, 3);
        assert_filled(fix, disk, i + 1, i);
    }
}

/* The names of a merge whose data a domain has moved: here there were none to move. */
static void test_live_merge(Fixture *fix)
{
    Err *err = NULL;
    Uuid disk = make(fix, 8 * MIB), snapshot = uuid_generate();
    const char *location = UUID_TEXT(disk);
    fill(fix, disk, 5, 0);
    clone_into(fix, disk, snapshot, true);
    destroy(fix, snapshot);
    assert_ok(fix->driver->live_merge_begin(fix->op, fix->sr, location, &err), err);
    assert_ok(fix->driver->live_merge_abort(fix->op, fix->sr, location, &err), err);
    assert_ok(fix->driver->live_merge_begin(fix->op, fix->sr, location, &err), err);
    assert_ok(fix->driver->live_merge_commit(fix->op, fix->sr, location, &err), err);
    g_assert_cmpuint(count_scanned(fix), ==, 1);
    assert_filled(fix, disk, 5, 0);
}

static void test_live_commit(Fixture *fix)
{
    Err *err = NULL;
    Uuid disk = make(fix, 8 * MIB), snapshot = uuid_generate();
    fill(fix, disk, 1, 0);
    g_auto(SrImage) overlay = {0}, twice = {0};
    assert_ok(fix->driver->live_snapshot_begin(fix->op, fix->sr, UUID_TEXT(disk), &overlay, &err),
              err);
    assert_fails(fix->driver->live_snapshot_begin(fix->op, fix->sr, UUID_TEXT(disk), &twice, &err),
                 &err, 82);
    /* What a scan repairs, it must not repair while the snapshot is under way. */
    g_assert_cmpuint(count_scanned(fix), >=, 1);
    if (fix->kind->has_data) {
        image_io(fix, overlay.path, overlay.format, "read -P 1 0 1M");
        image_io(fix, overlay.path, overlay.format, "write -P 2 0 1M");
    }
    assert_fails(fix->driver->vdi_destroy(fix->op, fix->sr, UUID_TEXT(disk), &err), &err, 24);
    g_auto(SrVdi) source = {0}, copy = {0}, parent = {0};
    assert_ok(fix->driver->live_snapshot_commit(fix->op, fix->sr, UUID_TEXT(disk), &overlay,
                                                snapshot, true, &source, &copy, &parent, &err),
              err);
    g_assert_true(uuid_equal(source.uuid, disk));
    g_assert_true(copy.read_only);
    g_assert_false(parent.managed);
    g_assert_cmpstr(source.parent, ==, parent.location);
    g_assert_cmpstr(copy.parent, ==, parent.location);
    assert_filled(fix, disk, 2, 0);
    assert_filled(fix, snapshot, 1, 0);
    g_assert_cmpuint(count_scanned(fix), ==, 3);
}

static void test_live_abort(Fixture *fix)
{
    Err *err = NULL;
    Uuid disk = make(fix, 8 * MIB);
    fill(fix, disk, 1, 0);
    for (unsigned i = 0; i < 2; i++) {
        g_auto(SrImage) overlay = {0};
        assert_ok(
            fix->driver->live_snapshot_begin(fix->op, fix->sr, UUID_TEXT(disk), &overlay, &err),
            err);
        assert_ok(
            fix->driver->live_snapshot_abort(fix->op, fix->sr, UUID_TEXT(disk), &overlay, &err),
            err);
    }
    assert_filled(fix, disk, 1, 0);
    g_assert_cmpuint(chain_length(fix, disk), ==, 1);
    g_assert_cmpuint(count_scanned(fix), ==, 1);
}

static void note_progress(void *user, double done)
{
    double *last = user;
    g_assert_cmpfloat(done, >=, *last);
    g_assert_cmpfloat(done, <=, 1);
    *last = done;
}

static void test_copy(Fixture *fix)
{
    Err *err = NULL;
    Uuid disk = make(fix, 8 * MIB), snapshot = uuid_generate(), copy = uuid_generate();
    fill(fix, disk, 1, 0);
    clone_into(fix, disk, snapshot, true);
    fill(fix, disk, 2, 1);
    double done = 0;
    Fixture other = {0};
    fixture_start(&other, &kinds[fix->kind->has_data ? 0 : 2]);
    g_auto(SrVdi) vdi = {0}, twin = {0};
    assert_ok(fix->driver->vdi_copy(fix->op, fix->sr, UUID_TEXT(disk), other.driver, other.sr, copy,
                                    note_progress, &done, &vdi, &err),
              err);
    g_assert_cmpfloat(done, ==, 1);
    g_assert_true(uuid_equal(vdi.uuid, copy));
    g_assert_null(vdi.parent);
    g_assert_cmpuint(vdi.virtual_size, ==, 8 * MIB);
    assert_filled(&other, copy, 1, 0);
    assert_filled(&other, copy, 2, 1);
    assert_fails(fix->driver->vdi_copy(fix->op, fix->sr, UUID_TEXT(disk), other.driver, other.sr,
                                       copy, NULL, NULL, &twin, &err),
                 &err, 43);
    fixture_stop(&other);
}

static void test_import(Fixture *fix)
{
    Err *err = NULL;
    Uuid uuid = uuid_generate();
    g_autofree char *path = g_build_filename(fix->root, "disk.img", NULL);
    g_autofree char *content = g_malloc(2 * MIB);
    memset(content, 0x5a, 2 * MIB);
    assert_ok(fd_write_file(path, content, 2 * MIB, 0600, &err), err);
    SrImage source = {.path = path, .format = "raw"};
    g_auto(SrVdi) vdi = {0}, no = {0};
    assert_ok(fix->driver->vdi_import(fix->op, fix->sr, uuid, &source, NULL, NULL, &vdi, &err),
              err);
    g_assert_cmpuint(vdi.virtual_size, ==, 2 * MIB);
    assert_filled(fix, uuid, 0x5a, 1);

    SrImage missing = {.path = "/nonexistent/disk.img", .format = "raw"};
    assert_fails(
        fix->driver->vdi_import(fix->op, fix->sr, uuid_generate(), &missing, NULL, NULL, &no, &err),
        &err, 202);
    g_assert_cmpuint(count_scanned(fix), ==, 1);
}

static void test_reattach(Fixture *fix)
{
    Err *err = NULL;
    Uuid disk = make(fix, 8 * MIB), snapshot = uuid_generate();
    fill(fix, disk, 4, 3);
    clone_into(fix, disk, snapshot, true);
    assert_ok(fix->driver->detach(fix->op, fix->sr, &err), err);
    fix->sr = NULL;
    assert_ok(fix->driver->create(fix->op, &fix->config, &err), err);
    fix->sr = fix->driver->attach(fix->op, &fix->config, &err);
    assert_ok(fix->sr != NULL, err);
    g_assert_cmpuint(count_scanned(fix), ==, 3);
    g_auto(SrVdi) vdi = {0};
    g_assert_true(find_scanned(fix, snapshot, &vdi));
    g_assert_true(vdi.read_only);
    assert_filled(fix, disk, 4, 3);
}

static void test_stat(Fixture *fix)
{
    Err *err = NULL;
    SrStat before = {0}, after = {0};
    assert_ok(fix->driver->stat(fix->op, fix->sr, &before, &err), err);
    g_assert_cmpuint(before.physical_size, >, 0);
    g_assert_cmpuint(before.physical_utilisation, <=, before.physical_size);
    if (!fix->kind->on_device) {
        return;
    }
    Uuid disk = make(fix, 32 * MIB);
    guest_io(fix, disk, "write -P 1 0 16M");
    assert_ok(fix->driver->stat(fix->op, fix->sr, &after, &err), err);
    g_assert_cmpuint(after.physical_utilisation, >=, before.physical_utilisation + 16 * MIB);
    g_auto(SrVdi) vdi = {0};
    assert_ok(fix->driver->vdi_stat(fix->op, fix->sr, UUID_TEXT(disk), &vdi, &err), err);
    g_assert_cmpuint(vdi.physical_utilisation, >=, 16 * MIB);
    g_assert_cmpuint(vdi.physical_utilisation, <, 32 * MIB);
}

static void test_cancelled(Fixture *fix)
{
    g_autoptr(Op) cancelled = op_new(DEADLINE);
    op_cancel(cancelled);
    Err *err = NULL;
    g_auto(SrVdi) vdi = {0};
    g_assert_false(
        fix->driver->vdi_create(cancelled, fix->sr, uuid_generate(), MIB, NULL, &vdi, &err));
    g_assert_true(err_is(err, "TASK_CANCELLED"));
    err_free(err);
    g_assert_cmpuint(count_scanned(fix), ==, 0);
}

typedef struct Worker {
    Fixture *fix;
    Uuid source;
} Worker;

static gpointer clone_and_destroy(gpointer user)
{
    const Worker *worker = user;
    for (unsigned i = 0; i < 5; i++) {
        Uuid copy = uuid_generate();
        clone_into(worker->fix, worker->source, copy, false);
        make(worker->fix, MIB);
        destroy(worker->fix, copy);
    }
    return NULL;
}

static void test_threads(Fixture *fix)
{
    Worker workers[4];
    GThread *threads[G_N_ELEMENTS(workers)];
    for (unsigned i = 0; i < G_N_ELEMENTS(workers); i++) {
        workers[i] = (Worker){fix, make(fix, MIB)};
        threads[i] = g_thread_new("worker", clone_and_destroy, &workers[i]);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(workers); i++) {
        g_thread_join(threads[i]);
    }
    /* Each source and its parent, and what was made beside. */
    g_assert_cmpuint(count_scanned(fix), ==, G_N_ELEMENTS(workers) * (2 + 5));
}

/* A domain that has the image open, as far as locks tell. */
static int hold_open(Fixture *fix, Uuid uuid)
{
    g_autofree char *format = NULL;
    g_autofree char *path = leaf_path(fix, uuid, &format);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = 100, .l_len = 1};
    g_assert_cmpint(fcntl(fd, F_OFD_SETLK, &lock), ==, 0);
    return fd;
}

static void test_in_use(Fixture *fix)
{
    Err *err = NULL;
    Uuid disk = make(fix, 8 * MIB), copy = uuid_generate();
    clone_into(fix, disk, copy, false);
    destroy(fix, copy);
    auto_fd held = hold_open(fix, disk);
    g_auto(SrVdi) a = {0}, b = {0}, c = {0};
    assert_fails(fix->driver->vdi_destroy(fix->op, fix->sr, UUID_TEXT(disk), &err), &err, 24);
    assert_fails(fix->driver->vdi_resize(fix->op, fix->sr, UUID_TEXT(disk), 16 * MIB, &a, &err),
                 &err, 24);
    assert_fails(
        fix->driver->vdi_clone(fix->op, fix->sr, UUID_TEXT(disk), copy, false, &a, &b, &c, &err),
        &err, 24);
    assert_fails(fix->driver->vdi_coalesce(fix->op, fix->sr, UUID_TEXT(disk), &a, &err), &err, 24);
    fd_close(&held);
    destroy(fix, disk);
}

static void test_depth(Fixture *fix)
{
    Err *err = NULL;
    Uuid disk = make(fix, MIB);
    for (unsigned i = 1; i < 30; i++) {
        clone_into(fix, disk, uuid_generate(), true);
        guest_io(fix, disk, "write -P 1 0 64k");
    }
    g_assert_cmpuint(chain_length(fix, disk), ==, 30);
    g_auto(SrVdi) a = {0}, b = {0}, c = {0};
    g_auto(SrImage) overlay = {0};
    assert_fails(fix->driver->vdi_clone(fix->op, fix->sr, UUID_TEXT(disk), uuid_generate(), true,
                                        &a, &b, &c, &err),
                 &err, 109);
    assert_fails(
        fix->driver->live_snapshot_begin(fix->op, fix->sr, UUID_TEXT(disk), &overlay, &err), &err,
        109);
    g_assert_cmpuint(chain_length(fix, disk), ==, 30);
}

static void test_sr_destroy(Fixture *fix)
{
    Err *err = NULL;
    make(fix, MIB);
    assert_ok(fix->driver->detach(fix->op, fix->sr, &err), err);
    fix->sr = NULL;
    g_autofree char *xml = fix->driver->probe(fix->op, &fix->config, &err);
    g_assert_nonnull(strstr(xml, "<SRlist>"));
    bool listed = strstr(xml, UUID_TEXT(fix->config.uuid)) != NULL;
    g_assert_cmpint(listed, ==, fix->kind->has_data);
    assert_ok(fix->driver->destroy(fix->op, &fix->config, &err), err);
    if (fix->kind->has_data) {
        g_assert_null(fix->driver->attach(fix->op, &fix->config, &err));
        assert_fails(false, &err, 47);
    }
    /* The medium is free for another repository. */
    fix->config.uuid = uuid_generate();
    assert_ok(fix->driver->create(fix->op, &fix->config, &err), err);
    fix->sr = fix->driver->attach(fix->op, &fix->config, &err);
    assert_ok(fix->sr != NULL, err);
    g_assert_cmpuint(count_scanned(fix), ==, 0);
}

static void test_occupied(Fixture *fix)
{
    Err *err = NULL;
    SrConfig other = fix->config;
    other.uuid = uuid_generate();
    if (fix->kind->on_device) {
        assert_fails(fix->driver->create(fix->op, &other, &err), &err, 16);
    } else {
        assert_fails(fix->driver->create(fix->op, &other, &err), &err, 42);
        g_autofree char *stray = g_build_filename(fix->root, "occupied", "letter.txt", NULL);
        g_autofree char *folder = g_path_get_dirname(stray);
        g_assert_cmpint(mkdir(folder, 0700), ==, 0);
        assert_ok(fd_write_file(stray, "hello", 5, 0600, &err), err);
        const char *config[] = {"location", folder, NULL};
        other.device_config = config;
        assert_fails(fix->driver->create(fix->op, &other, &err), &err, 61);
    }
    const char *nothing[] = {NULL};
    other.device_config = nothing;
    assert_fails(fix->driver->create(fix->op, &other, &err), &err, fix->kind->on_device ? 90 : 94);
}

static const struct {
    const char *name;
    void (*func)(Fixture *fix);
    bool needs_data;
} cases[] = {
    {"create", test_create},
    {"raw", test_raw},
    {"resize", test_resize},
    {"clone", test_clone},
    {"destroy", test_destroy},
    {"coalesce", test_coalesce},
    {"coalesce-parents", test_coalesce_parents},
    {"live-merge", test_live_merge},
    {"live-commit", test_live_commit},
    {"live-abort", test_live_abort},
    {"copy", test_copy},
    {"import", test_import},
    {"reattach", test_reattach},
    {"stat", test_stat},
    {"cancelled", test_cancelled},
    {"threads", test_threads},
    {"in-use", test_in_use, true},
    {"depth", test_depth, true},
    {"sr-destroy", test_sr_destroy},
    {"occupied", test_occupied, true},
};

typedef struct Case {
    const Kind *kind;
    void (*func)(Fixture *fix);
} Case;

static void run_case(gconstpointer user)
{
    const Case *test = user;
    if (test->kind->on_device && (geteuid() != 0 || access("/dev/loop-control", F_OK) != 0)) {
        g_test_skip("needs root and loop devices");
        return;
    }
    Fixture fix = {0};
    fixture_start(&fix, test->kind);
    test->func(&fix);
    fixture_stop(&fix);
}

/* The read-only kind has a contract of its own. */
static void test_iso(void)
{
    Err *err = NULL;
    g_autoptr(Op) op = op_new(DEADLINE);
    g_autofree char *root = g_dir_make_tmp("sr-contract-XXXXXX", NULL);
    static const char *const files[] = {"debian.iso",  "Tools.ISO", "floppy.img", "notes.txt",
                                        ".hidden.iso", ".iso",      "bad\xff.iso"};
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = g_build_filename(root, files[i], NULL);
        assert_ok(fd_write_file(path, "0123456789", 10, 0600, &err), err);
    }
    g_autofree char *folder = g_build_filename(root, "folder.iso", NULL);
    g_assert_cmpint(mkdir(folder, 0700), ==, 0);

    const SrDriver *driver = &sr_iso_driver;
    const char *device_config[] = {"location", root, NULL};
    SrConfig config = {.uuid = uuid_generate(), .device_config = device_config};
    assert_ok(driver->create(op, &config, &err), err);
    Sr *sr = driver->attach(op, &config, &err);
    assert_ok(sr != NULL, err);
    g_autoptr(GArray) first = driver->scan(op, sr, &err);
    g_autoptr(GArray) second = driver->scan(op, sr, &err);
    g_assert_cmpuint(first->len, ==, 3);
    for (guint i = 0; i < first->len; i++) {
        const SrVdi *vdi = &g_array_index(first, SrVdi, i);
        g_assert_true(vdi->read_only && vdi->managed);
        g_assert_cmpuint(vdi->virtual_size, ==, 10);
        g_assert_cmpstr(vdi->name, ==, vdi->location);
        g_assert_true(uuid_equal(vdi->uuid, g_array_index(second, SrVdi, i).uuid));
        g_autoptr(GArray) chain = driver->vdi_chain(op, sr, vdi->location, &err);
        assert_ok(chain != NULL, err);
        g_assert_cmpuint(chain->len, ==, 1);
        g_assert_cmpstr(g_array_index(chain, SrImage, 0).format, ==, "raw");
    }
    g_auto(SrVdi) vdi = {0};
    g_assert_null(driver->vdi_chain(op, sr, "../debian.iso", &err));
    assert_fails(false, &err, 46);
    assert_fails(driver->vdi_create(op, sr, uuid_generate(), MIB, NULL, &vdi, &err), &err, 38);
    assert_fails(driver->vdi_destroy(op, sr, "debian.iso", &err), &err, 38);
    assert_fails(driver->destroy(op, &config, &err), &err, 38);

    Fixture target = {0};
    fixture_start(&target, &kinds[0]);
    assert_ok(driver->vdi_copy(op, sr, "debian.iso", target.driver, target.sr, uuid_generate(),
                               NULL, NULL, &vdi, &err),
              err);
    g_assert_cmpuint(vdi.virtual_size, ==, 512);
    fixture_stop(&target);

    assert_ok(driver->detach(op, sr, &err), err);
    device_config[1] = "/nonexistent/folder";
    g_assert_null(driver->attach(op, &config, &err));
    assert_fails(false, &err, 226);
    const char *argv[] = {"rm", "-rf", root, NULL};
    g_free(run_tool(op, argv));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t k = 0; k < G_N_ELEMENTS(kinds); k++) {
        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
            if (cases[i].needs_data && !kinds[k].has_data) {
                continue;
            }
            g_autofree char *path = g_strdup_printf("/sr/%s/%s", kinds[k].name, cases[i].name);
            Case *test = g_new(Case, 1);
            *test = (Case){&kinds[k], cases[i].func};
            g_test_add_data_func_full(path, test, run_case, g_free);
        }
    }
    g_test_add_func("/sr/iso", test_iso);
    return g_test_run();
}
