/* What a scan makes of a repository folder after a crash.
 *
 * Each state is made by hand or by a child process that dies between two calls, and the folder is
 * then taken up again.  The states are those of docs/internals/storage.md. */
#include "../assert_ok.h"
#include "base/fd.h"
#include "base/subprocess.h"
#include "storage/dir/dir_name.h"
#include "storage/image/qemu_img.h"
#include "storage/sr.h"
#include "wire/value.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/wait.h>

#define MIB      ((uint64_t)1024 * 1024)
#define DEADLINE (60 * USEC_PER_SEC)

typedef struct Fixture {
    char *folder;
    const char *device_config[3];
    SrConfig config;
    Op *op;
    Sr *sr;
    Uuid disk; /* 4 MiB, the first filled with 1 */
} Fixture;

static const SrDriver *const driver = &sr_file_driver;

static char *path_of(const Fixture *fix, DirKind kind, Uuid uuid, const char *format)
{
    return g_build_filename(fix->folder, DIR_NAME(kind, uuid, format), NULL);
}

static bool is_there(const Fixture *fix, DirKind kind, Uuid uuid, const char *format)
{
    g_autofree char *path = path_of(fix, kind, uuid, format);
    return access(path, F_OK) == 0;
}

static void link_image(const Fixture *fix, DirKind from_kind, Uuid from, DirKind to_kind, Uuid to,
                       const char *format)
{
    g_autofree char *old_path = path_of(fix, from_kind, from, format);
    g_autofree char *new_path = path_of(fix, to_kind, to, format);
    g_assert_cmpint(link(old_path, new_path), ==, 0);
}

static void unlink_image(const Fixture *fix, DirKind kind, Uuid uuid, const char *format)
{
    g_autofree char *path = path_of(fix, kind, uuid, format);
    g_assert_cmpint(unlink(path), ==, 0);
}

static void image_io(Fixture *fix, const char *path, const char *format, const char *command)
{
    Err *err = NULL;
    g_autofree char *out = NULL;
    const char *argv[] = {"qemu-io", "-f", format, "-c", command, path, NULL};
    assert_ok(op_run_ok(fix->op, argv, &out, &err), err);
    g_assert_null(strstr(out, "failed"));
}

static void make_disk(Fixture *fix, const char *format)
{
    Err *err = NULL;
    g_auto(SrVdi) vdi = {0};
    fix->disk = uuid_generate();
    assert_ok(driver->vdi_create(fix->op, fix->sr, fix->disk, 4 * MIB, format, &vdi, &err), err);
    g_autofree char *path = path_of(fix, DIR_LEAF, fix->disk, format);
    image_io(fix, path, format, "write -P 1 0 1M");
}

static void open_folder(Fixture *fix)
{
    Err *err = NULL;
    fix->sr = driver->attach(fix->op, &fix->config, &err);
    assert_ok(fix->sr != NULL, err);
}

static void close_folder(Fixture *fix)
{
    Err *err = NULL;
    assert_ok(driver->detach(fix->op, g_steal_pointer(&fix->sr), &err), err);
}

static void fixture_start(Fixture *fix, const char *format)
{
    Err *err = NULL;
    fix->op = op_new(DEADLINE);
    fix->folder = g_dir_make_tmp("dir-repair-XXXXXX", NULL);
    fix->device_config[0] = "location";
    fix->device_config[1] = fix->folder;
    fix->config = (SrConfig){.uuid = uuid_generate(), .device_config = fix->device_config};
    assert_ok(driver->create(fix->op, &fix->config, &err), err);
    open_folder(fix);
    make_disk(fix, format);
}

static void fixture_stop(Fixture *fix)
{
    Err *err = NULL;
    close_folder(fix);
    const char *argv[] = {"rm", "-rf", fix->folder, NULL};
    assert_ok(op_run_ok(fix->op, argv, NULL, &err), err);
    g_free(fix->folder);
    op_unref(fix->op);
}

static unsigned scan(Fixture *fix)
{
    Err *err = NULL;
    g_autoptr(GArray) vdis = driver->scan(fix->op, fix->sr, &err);
    assert_ok(vdis != NULL, err);
    return vdis->len;
}

/* The disk as a domain would read it, and how many images it stands on. */
static void assert_disk(Fixture *fix, unsigned pattern, unsigned chain_length)
{
    Err *err = NULL;
    g_autoptr(GArray) chain = driver->vdi_chain(fix->op, fix->sr, UUID_TEXT(fix->disk), &err);
    assert_ok(chain != NULL, err);
    g_assert_cmpuint(chain->len, ==, chain_length);
    const SrImage *leaf = &g_array_index(chain, SrImage, 0);
    g_autofree char *command = g_strdup_printf("read -P %u 0 1M", pattern);
    image_io(fix, leaf->path, leaf->format, command);
}

static void make_overlay(Fixture *fix, DirKind kind, Uuid uuid, Uuid base, const char *base_format)
{
    Err *err = NULL;
    g_autofree char *path = path_of(fix, kind, uuid, "qcow2");
    assert_ok(qemu_img_create_overlay(fix->op, path, DIR_NAME(DIR_BASE, base, base_format),
                                      base_format, 4 * MIB, &err),
              err);
}

static int lock_like_qemu(const char *path)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);
    struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = 100, .l_len = 1};
    g_assert_cmpint(fcntl(fd, F_OFD_SETLK, &lock), ==, 0);
    return fd;
}

static void test_draft(void)
{
    Fixture fix = {0};
    fixture_start(&fix, "qcow2");
    Uuid left = uuid_generate(), at_work = uuid_generate();
    g_autofree char *left_path = path_of(&fix, DIR_NEW, left, NULL);
    g_autofree char *work_path = path_of(&fix, DIR_NEW, at_work, NULL);
    g_assert_true(fd_write_file(left_path, "x", 1, 0600, NULL));
    auto_fd fd = open(work_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    g_assert_cmpint(flock(fd, LOCK_EX | LOCK_NB), ==, 0);
    g_assert_cmpuint(scan(&fix), ==, 1);
    g_assert_false(is_there(&fix, DIR_NEW, left, NULL));
    g_assert_true(is_there(&fix, DIR_NEW, at_work, NULL));
    fd_close(&fd);
    g_assert_cmpuint(scan(&fix), ==, 1);
    g_assert_false(is_there(&fix, DIR_NEW, at_work, NULL));
    fixture_stop(&fix);
}

static void test_second_name_only(void)
{
    Fixture fix = {0};
    fixture_start(&fix, "qcow2");
    Uuid base = uuid_generate();
    make_overlay(&fix, DIR_NEW, fix.disk, base, "qcow2");
    link_image(&fix, DIR_LEAF, fix.disk, DIR_BASE, base, "qcow2");
    g_assert_cmpuint(scan(&fix), ==, 1);
    g_assert_false(is_there(&fix, DIR_BASE, base, "qcow2"));
    g_assert_false(is_there(&fix, DIR_NEW, fix.disk, NULL));
    assert_disk(&fix, 1, 1);
    fixture_stop(&fix);
}

static void test_copy_missing(void)
{
    Fixture fix = {0};
    fixture_start(&fix, "qcow2");
    Uuid base = uuid_generate(), copy = uuid_generate();
    link_image(&fix, DIR_LEAF, fix.disk, DIR_BASE, base, "qcow2");
    unlink_image(&fix, DIR_LEAF, fix.disk, "qcow2");
    make_overlay(&fix, DIR_LEAF, fix.disk, base, "qcow2");
    make_overlay(&fix, DIR_NEW, copy, base, "qcow2");
    g_assert_cmpuint(scan(&fix), ==, 2);
    g_assert_false(is_there(&fix, DIR_NEW, copy, NULL));
    g_assert_true(is_there(&fix, DIR_BASE, base, "qcow2"));
    assert_disk(&fix, 1, 2);
    fixture_stop(&fix);
}

static void test_raw_twin(void)
{
    Fixture fix = {0};
    fixture_start(&fix, "raw");
    Uuid base = uuid_generate();
    link_image(&fix, DIR_LEAF, fix.disk, DIR_BASE, base, "raw");
    make_overlay(&fix, DIR_LEAF, fix.disk, base, "raw");
    g_assert_cmpuint(scan(&fix), ==, 2);
    g_assert_false(is_there(&fix, DIR_LEAF, fix.disk, "raw"));
    g_assert_true(is_there(&fix, DIR_BASE, base, "raw"));
    assert_disk(&fix, 1, 2);

    /* The end of a merge the other way: the overlay is gone, the base's own name not yet. */
    link_image(&fix, DIR_BASE, base, DIR_LEAF, fix.disk, "raw");
    unlink_image(&fix, DIR_LEAF, fix.disk, "qcow2");
    g_assert_cmpuint(scan(&fix), ==, 1);
    g_assert_false(is_there(&fix, DIR_BASE, base, "raw"));
    assert_disk(&fix, 1, 1);
    fixture_stop(&fix);
}

static void test_orphans(void)
{
    Fixture fix = {0};
    fixture_start(&fix, "qcow2");
    Uuid base = uuid_generate(), lower = uuid_generate(), broken = uuid_generate();
    link_image(&fix, DIR_LEAF, fix.disk, DIR_BASE, lower, "qcow2");
    unlink_image(&fix, DIR_LEAF, fix.disk, "qcow2");
    make_overlay(&fix, DIR_BASE, base, lower, "qcow2");

    /* As long as one header cannot be read, a parent without children proves nothing. */
    g_autofree char *path = path_of(&fix, DIR_LEAF, broken, "qcow2");
    g_assert_true(fd_write_file(path, "not an image", 12, 0600, NULL));
    g_assert_cmpuint(scan(&fix), ==, 3);
    g_assert_true(is_there(&fix, DIR_BASE, base, "qcow2"));

    g_assert_cmpint(unlink(path), ==, 0);
    g_assert_cmpuint(scan(&fix), ==, 0);
    g_assert_false(is_there(&fix, DIR_BASE, base, "qcow2"));
    g_assert_false(is_there(&fix, DIR_BASE, lower, "qcow2"));
    fixture_stop(&fix);
}

/* A child begins a live snapshot and dies; the folder is closed meanwhile. */
static void begin_and_die(Fixture *fix)
{
    close_folder(fix);
    pid_t pid = fork();
    if (pid == 0) {
        g_autoptr(Op) op = op_new(DEADLINE);
        Sr *sr = driver->attach(op, &fix->config, NULL);
        SrImage overlay;
        bool begun =
            sr && driver->live_snapshot_begin(op, sr, UUID_TEXT(fix->disk), &overlay, NULL);
        _exit(begun ? 0 : 1);
    }
    int status = -1;
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_cmpint(status, ==, 0);
    g_assert_true(is_there(fix, DIR_NEXT, fix->disk, "qcow2"));
}

static void test_live_domain_gone(void)
{
    Fixture fix = {0};
    fixture_start(&fix, "qcow2");
    begin_and_die(&fix);
    g_autofree char *next = path_of(&fix, DIR_NEXT, fix.disk, "qcow2");
    image_io(&fix, next, "qcow2", "write -P 2 0 1M");
    open_folder(&fix);
    g_assert_false(is_there(&fix, DIR_NEXT, fix.disk, "qcow2"));
    assert_disk(&fix, 2, 2);
    fixture_stop(&fix);
}

static void test_live_domain_switched(void)
{
    Fixture fix = {0};
    fixture_start(&fix, "qcow2");
    begin_and_die(&fix);
    g_autofree char *next = path_of(&fix, DIR_NEXT, fix.disk, "qcow2");
    g_autofree char *leaf = path_of(&fix, DIR_LEAF, fix.disk, "qcow2");
    image_io(&fix, next, "qcow2", "write -P 2 0 1M");
    /* A domain has its parents open too. */
    auto_fd writes_to = lock_like_qemu(next), reads_from = lock_like_qemu(leaf);
    open_folder(&fix);
    g_assert_false(is_there(&fix, DIR_NEXT, fix.disk, "qcow2"));
    fd_close(&writes_to);
    fd_close(&reads_from);
    assert_disk(&fix, 2, 2);
    fixture_stop(&fix);
}

static void test_live_domain_not_switched(void)
{
    Fixture fix = {0};
    fixture_start(&fix, "qcow2");
    begin_and_die(&fix);
    g_autofree char *leaf = path_of(&fix, DIR_LEAF, fix.disk, "qcow2");
    auto_fd writes_to = lock_like_qemu(leaf);
    open_folder(&fix);
    g_assert_false(is_there(&fix, DIR_NEXT, fix.disk, "qcow2"));
    fd_close(&writes_to);
    g_assert_cmpuint(scan(&fix), ==, 1);
    assert_disk(&fix, 1, 1);
    fixture_stop(&fix);
}

static void test_foreign_parent(void)
{
    Fixture fix = {0};
    fixture_start(&fix, "qcow2");
    Uuid strange = uuid_generate();
    g_autofree char *path = path_of(&fix, DIR_LEAF, strange, "qcow2");
    Err *err = NULL;
    assert_ok(qemu_img_create_overlay(fix.op, path, "/etc/passwd", "raw", 4 * MIB, &err), err);
    g_autoptr(GArray) vdis = driver->scan(fix.op, fix.sr, &err);
    assert_ok(vdis != NULL, err);
    g_assert_cmpuint(vdis->len, ==, 2);
    for (guint i = 0; i < vdis->len; i++) {
        const SrVdi *vdi = &g_array_index(vdis, SrVdi, i);
        g_assert_cmpint(vdi->damaged, ==, uuid_equal(vdi->uuid, strange));
        g_assert_true(vdi->managed);
    }
    g_assert_null(driver->vdi_chain(fix.op, fix.sr, UUID_TEXT(strange), &err));
    g_assert_true(err_is(err, "SR_BACKEND_FAILURE_46"));
    err_free(err);
    fixture_stop(&fix);
}

/* What could not be asked must not look like images that are gone. */
static void test_cancelled_scan(void)
{
    Fixture fix = {0};
    fixture_start(&fix, "qcow2");
    g_autoptr(Op) cancelled = op_new(DEADLINE);
    op_cancel(cancelled);
    g_autoptr(Err) err = NULL;
    g_assert_null(driver->scan(cancelled, fix.sr, &err));
    g_assert_true(err_is(err, "TASK_CANCELLED"));
    fixture_stop(&fix);
}

static void test_not_mounted(void)
{
    Fixture fix = {0};
    fixture_start(&fix, "qcow2");
    close_folder(&fix);
    g_autofree char *marker = g_build_filename(fix.folder, "clearwater-sr", NULL);
    g_autofree char *aside = g_build_filename(fix.folder, "aside", NULL);
    g_assert_cmpint(rename(marker, aside), ==, 0);
    g_autoptr(Err) err = NULL;
    g_assert_null(driver->attach(fix.op, &fix.config, &err));
    g_assert_true(err_is(err, "SR_BACKEND_FAILURE_47"));
    g_assert_cmpint(rename(aside, marker), ==, 0);
    open_folder(&fix);
    fixture_stop(&fix);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/dir-repair/draft", test_draft);
    g_test_add_func("/dir-repair/second-name-only", test_second_name_only);
    g_test_add_func("/dir-repair/copy-missing", test_copy_missing);
    g_test_add_func("/dir-repair/raw-twin", test_raw_twin);
    g_test_add_func("/dir-repair/orphans", test_orphans);
    g_test_add_func("/dir-repair/live/domain-gone", test_live_domain_gone);
    g_test_add_func("/dir-repair/live/domain-switched", test_live_domain_switched);
    g_test_add_func("/dir-repair/live/domain-not-switched", test_live_domain_not_switched);
    g_test_add_func("/dir-repair/foreign-parent", test_foreign_parent);
    g_test_add_func("/dir-repair/cancelled-scan", test_cancelled_scan);
    g_test_add_func("/dir-repair/not-mounted", test_not_mounted);
    return g_test_run();
}
