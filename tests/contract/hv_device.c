/* A disk on a block device with raw data, as a LUN or a volume would be: here a loop device. */
#include "hv_device.h"

#include "base/fd.h"
#include "base/subprocess.h"
#include "hv_guest.h"

/* A file, and the device that has its bytes. */
typedef struct Device {
    Bench *bench;
    char *path, *file;
} Device;

static void device_clear(Device *device)
{
    if (device->path) {
        const char *const argv[] = {"losetup", "-d", device->path, NULL};
        bench_run_program(device->bench, argv);
    }
    g_free(device->path);
    g_free(device->file);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Device, device_clear)

/* False where there are no loop devices. */
static bool device_init(Device *device, Bench *bench)
{
    *device = (Device){.bench = bench, .file = bench_new_disk(bench)};
    const char *const argv[] = {"losetup", "--find", "--show", device->file, NULL};
    g_autoptr(Err) err = NULL;
    if (op_run_ok(bench->op, argv, &device->path, &err)) {
        g_strstrip(device->path);
        return true;
    }
    g_test_skip("there are no loop devices here");
    return false;
}

/* What is refused says why: the kernel serves the disk, and cannot do that. */
static void expect_refused(bool done, Err *err)
{
    g_assert_false(done);
    g_assert_cmpstr(err->code, ==, "INTERNAL_ERROR");
    g_assert_nonnull(strstr(err->params[0], "not served by QEMU"));
    err_free(err);
}

static void check_refusals(Bench *bench, const Guest *guest)
{
    Err *err = NULL;
    Uuid uuid = guest->config.uuid;
    const char *const ids[] = {GUEST_DISK};
    g_autofree char *path = bench_new_overlay(bench, guest->image.path, "raw");
    const HvImage overlay = {path, "qcow2"};
    bool done = bench->driver->disk_snapshot(bench->hv, bench->op, uuid, ids, &overlay, 1, &err);
    expect_refused(done, g_steal_pointer(&err));
    done = bench->driver->disk_resize(bench->hv, bench->op, uuid, GUEST_DISK, 4 * MIB, &err);
    expect_refused(done, g_steal_pointer(&err));
    const HvMirror mirror = {.disk_id = GUEST_DISK, .target = "another", .image = &overlay};
    done = bench->driver->disk_mirror(bench->hv, bench->op, uuid, &mirror, &err);
    expect_refused(done, g_steal_pointer(&err));
}

static uint64_t writes_of(Bench *bench, Uuid uuid)
{
    Err *err = NULL;
    g_auto(HvDomainStats) stats = {0};
    assert_ok(bench->driver->domain_stats(bench->hv, bench->op, uuid, &stats, &err), err);
    g_assert_cmpuint(stats.disks->len, >, 0);
    g_assert_cmpstr(g_array_index(stats.disks, HvDiskStats, 0).id, ==, GUEST_DISK);
    return g_array_index(stats.disks, HvDiskStats, 0).writes;
}

/* The first disk goes, and another device comes in its place. */
static void check_hot_plug(Bench *bench, Guest *guest, int line)
{
    Err *err = NULL;
    const HvDriver *driver = bench->driver;
    Uuid uuid = guest->config.uuid;
    g_auto(Device) other = {0};
    g_assert_true(device_init(&other, bench));
    assert_ok(driver->disk_unplug(bench->hv, bench->op, uuid, GUEST_DISK, false, &err), err);
    line_ask(bench, line, "n", ".");
    const HvImage image = {other.path, "raw"};
    const HvDisk disk = {"other", 0, false, false, false, &image, 1};
    assert_ok(driver->disk_plug(bench->hv, bench->op, uuid, &disk, &err), err);
    line_ask(bench, line, "v", ".");
    line_ask(bench, line, "+w", "C.");
    g_assert_cmpint(bench_read_byte(other.file, 512), ==, 'C');
    assert_ok(driver->disk_unplug(bench->hv, bench->op, uuid, "other", false, &err), err);
}

void hv_device_test(Bench *bench)
{
    if (!bench->is_real) {
        g_test_skip("the fake engine opens no images");
        return;
    }
    g_auto(Device) device = {0};
    if (!device_init(&device, bench)) {
        return;
    }
    g_auto(Guest) guest = {0};
    guest_init(&guest, bench, 1);
    Uuid uuid = guest.config.uuid;
    guest.image.path = device.path;
    auto_fd line = guest_start(bench, &guest);
    line_ask(bench, line, "+w", "B.");
    line_ask(bench, line, "d", "B");
    g_assert_cmpint(bench_read_byte(device.file, 512), ==, 'B');
    /* A boot sector has the disk by an emulated controller, which QEMU serves, and plugs nothing.
     */
    if (bench->kind->boots_kernel) {
        g_assert_cmpuint(writes_of(bench, uuid), >, 0);
        check_refusals(bench, &guest);
        check_hot_plug(bench, &guest, line);
    }
    guest_destroy(bench, &guest);
    g_assert_cmpint(bench_read_byte(device.file, 512), ==, 'B');
}
