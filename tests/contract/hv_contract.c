/* One suite for every hypervisor driver: what hv.h promises, whatever is below.
 *
 *   hv_contract DRIVER GUEST     runs the suite; GUEST is the boot sector made from guest.S
 *   hv_contract DRIVER GUEST --hold ROOT    starts a domain, says so and waits to be killed
 *   hv_contract DRIVER GUEST --churn ROOT   starts and ends domains until it is killed
 *
 * The guest obeys letters on its serial line, see guest.S; the fake driver's guests do the same
 * without a processor. What needs a whole operating system in the guest is hv_linux.c. */
#include "base/fd.h"
#include "hv_device.h"
#include "hv_guest.h"
#include "hv_store.h"

#include <sys/socket.h>

static void test_host(Bench *bench)
{
    HvHostInfo info = {0};
    Err *err = NULL;
    assert_ok(bench->driver->host_info(bench->hv, &info, &err), err);
    g_assert_cmpuint(info.cpu_count, >=, 1);
    g_assert_cmpuint(info.socket_count, >=, 1);
    g_assert_cmpuint(info.memory_total, >=, info.memory_free);
    g_assert_cmpuint(info.memory_free, >, 0);
    g_assert_cmpstr(info.engine_version, !=, "");
    g_assert_cmpstr(info.accelerator, !=, "");
    g_assert_cmpstr(info.cpu_vendor, !=, "");
}

/* What a key has it say is among its messages until they are deleted. */
static void test_hypervisor(Bench *bench)
{
    const HvDriver *driver = bench->driver;
    static const char said[] = "'h' pressed";
    Err *err = NULL;
    assert_ok(driver->host_debug_keys(bench->hv, "h", &err), err);
    for (unsigned i = 0; i < 2; i++) {
        g_autofree char *messages = driver->host_messages(bench->hv, i == 1, &err);
        assert_ok(messages != NULL, err);
        g_assert_nonnull(strstr(messages, said));
    }
    g_autofree char *rest = driver->host_messages(bench->hv, false, &err);
    g_assert_null(strstr(rest, said));
}

/* All that a VM can say of its machine, at once; what that does is seen by whoever looks into the
 * engine. */
static void test_tuned(Bench *bench)
{
    Err *err = NULL;
    const HvDriver *driver = bench->driver;
    g_auto(Guest) guest = {0};
    guest_init(&guest, bench, 3);
    HvCpuSet anywhere = {0};
    hv_cpu_set_add(&anywhere, 0);
    HvDomainConfig *config = &guest.config;
    static const char *const strings[] = {"bios-vendor", "Clearwater", "oem-1", "contract", NULL};
    config->cpu_weight = 512;
    config->cpu_cap = 50;
    config->affinity = &anywhere;
    config->affinity_count = 1;
    config->features_on = HV_FEATURE_ACPI | HV_FEATURE_APIC | HV_FEATURE_PAE | HV_FEATURE_NX |
                          HV_FEATURE_VIRIDIAN | HV_FEATURE_VIRIDIAN_REFERENCE_TSC |
                          HV_FEATURE_VIRIDIAN_STIMER;
    config->features_off = HV_FEATURE_HPET | HV_FEATURE_ACPI_S3 | HV_FEATURE_USB_TABLET;
    config->tsc_mode = HV_TSC_NATIVE;
    config->shadow_multiplier = 2;
    config->video_mib = 32;
    config->time_offset = 3600;
    config->bios_strings = strings;
    config->generation_id = uuid_generate();
    int domid;
    assert_ok(driver->domain_create(bench->hv, bench->op, config, &domid, &err), err);
    g_assert_cmpint(guest_state(bench, config->uuid), ==, HV_STATE_PAUSED);
    if (driver->caps & HV_CAP_SHADOW) {
        bool done = driver->domain_set_shadow(bench->hv, bench->op, config->uuid, 3, &err);
        g_assert_cmpint(done, ==, config->kind != HV_KIND_PV);
        g_clear_pointer(&err, err_free);
    }
    guest_destroy(bench, &guest);
}

/* SSE3, which all processors of today and QEMU's own have. */
static void test_hidden_feature(Bench *bench)
{
    static const uint32_t sse3 = 1;
    static const struct {
        uint32_t hidden;
        const char *answer;
    } starts[] = {{sse3, "n"}, {0, "y"}};
    for (unsigned i = 0; i < G_N_ELEMENTS(starts); i++) {
        g_auto(Guest) guest = {0};
        guest_init(&guest, bench, 1);
        guest.config.cpu_hidden[HV_CPU_ECX] = starts[i].hidden;
        auto_fd line = guest_start(bench, &guest);
        line_send(line, "s");
        g_free(line_expect(bench, line, starts[i].answer));
        guest_destroy(bench, &guest);
    }
}

static void test_states(Bench *bench)
{
    Err *err = NULL;
    const HvDriver *driver = bench->driver;
    g_auto(Guest) guest = {0};
    guest_init(&guest, bench, 7);
    Uuid uuid = guest.config.uuid;
    int domid;
    g_assert_cmpint(guest_state(bench, uuid), ==, HV_STATE_GONE);
    assert_ok(driver->domain_create(bench->hv, bench->op, &guest.config, &domid, &err), err);
    g_assert_cmpint(guest_state(bench, uuid), ==, HV_STATE_PAUSED);
    g_assert_false(driver->domain_create(bench->hv, bench->op, &guest.config, &domid, &err));
    g_clear_pointer(&err, err_free);
    for (unsigned i = 0; i < 2; i++) {
        assert_ok(driver->domain_set_paused(bench->hv, bench->op, uuid, false, &err), err);
        g_assert_cmpint(guest_state(bench, uuid), ==, HV_STATE_RUNNING);
    }
    for (unsigned i = 0; i < 2; i++) {
        assert_ok(driver->domain_set_paused(bench->hv, bench->op, uuid, true, &err), err);
        g_assert_cmpint(guest_state(bench, uuid), ==, HV_STATE_PAUSED);
    }
    HvDomainInfo info;
    assert_ok(driver->domain_info(bench->hv, uuid, &info, &err), err);
    g_assert_cmpint(info.domid, ==, domid);
    g_assert_cmpuint(info.vcpus, ==, 1);
    g_assert_cmpuint(info.memory_bytes, ==, bench->kind->memory);
    g_assert_cmpuint(info.start_ticket, ==, 7);
    g_auto(HvDomainStats) stats = {0};
    assert_ok(driver->domain_stats(bench->hv, bench->op, uuid, &stats, &err), err);
    g_assert_cmpuint(stats.memory_bytes, ==, bench->kind->memory);
    g_assert_cmpuint(stats.vcpus->len, ==, 1);
    g_assert_cmpuint(stats.disks->len, >, 0);
    g_assert_cmpstr(g_array_index(stats.disks, HvDiskStats, 0).id, ==, guest.config.disks[0].id);
    g_auto(HvHostStats) machine = {0};
    assert_ok(driver->host_stats(bench->hv, &machine, &err), err);
    g_assert_cmpuint(machine.cpus->len, >, 0);
    g_assert_cmpuint(machine.memory_total, >, machine.memory_free);
    g_assert_cmpuint(machine.memory_free, >, 0);
    g_autoptr(GArray) list = driver->domain_list(bench->hv, &err);
    g_assert_cmpuint(list->len, ==, 1);
    g_assert_true(uuid_equal(g_array_index(list, HvDomainInfo, 0).uuid, uuid));
    guest_destroy(bench, &guest);
    g_assert_cmpint(bench_wait_exit(bench, uuid, 7), ==, HV_EXIT_DESTROYED);
    guest_destroy(bench, &guest);
    g_autoptr(GArray) rest = driver->domain_list(bench->hv, &err);
    g_assert_cmpuint(rest->len, ==, 0);
    g_assert_false(driver->domain_set_paused(bench->hv, bench->op, uuid, false, &err));
    g_assert_cmpstr(err->code, ==, "INTERNAL_ERROR");
    err_free(err);
}

static void test_guest_ends(Bench *bench)
{
    static const struct {
        const char *letter;
        HvExitReason reason;
    } ends[] = {{"p", HV_EXIT_SHUTDOWN}, {"r", HV_EXIT_REBOOT}, {"c", HV_EXIT_CRASH}};
    for (unsigned i = 0; i < G_N_ELEMENTS(ends); i++) {
        g_auto(Guest) guest = {0};
        guest_init(&guest, bench, 100 + i);
        auto_fd line = guest_start(bench, &guest);
        line_send(line, ends[i].letter);
        g_assert_cmpint(bench_wait_exit(bench, guest.config.uuid, 100 + i), ==, ends[i].reason);
        g_assert_cmpint(guest_state(bench, guest.config.uuid), ==, HV_STATE_SHUTDOWN);
        guest_destroy(bench, &guest);
        g_assert_cmpuint(bench_count_exits(bench, guest.config.uuid), ==, 1);
    }
}

static void test_power_button(Bench *bench)
{
    Err *err = NULL;
    g_auto(Guest) guest = {0};
    guest_init(&guest, bench, 1);
    auto_fd line = guest_start(bench, &guest);
    Uuid uuid = guest.config.uuid;
    assert_ok(
        bench->driver->domain_shutdown(bench->hv, bench->op, uuid, HV_SHUTDOWN_POWEROFF, &err),
        err);
    /* The boot sector does not know the button; the domain stays as it is. */
    if (!bench->is_real) {
        g_assert_cmpint(bench_wait_exit(bench, uuid, 1), ==, HV_EXIT_SHUTDOWN);
    }
    guest_destroy(bench, &guest);
    g_assert_cmpuint(bench_count_exits(bench, uuid), ==, 1);
}

static void test_resize(Bench *bench)
{
    Err *err = NULL;
    g_auto(Guest) guest = {0};
    guest_init(&guest, bench, 1);
    guest.config.memory_max_bytes = 2 * bench->kind->memory;
    auto_fd line = guest_start(bench, &guest);
    Uuid uuid = guest.config.uuid;
    uint64_t more = bench->kind->memory + bench->kind->memory / 2;
    assert_ok(bench->driver->domain_set_memory(bench->hv, bench->op, uuid, more, &err), err);
    assert_ok(bench->driver->domain_set_vcpus(bench->hv, bench->op, uuid, 2, &err), err);
    HvDomainInfo info;
    assert_ok(bench->driver->domain_info(bench->hv, uuid, &info, &err), err);
    g_assert_cmpuint(info.vcpus, ==, 2);
    g_assert_false(bench->driver->domain_set_vcpus(bench->hv, bench->op, uuid, 3, &err));
    g_clear_pointer(&err, err_free);
    guest_destroy(bench, &guest);
}

static void test_disks(Bench *bench)
{
    Err *err = NULL;
    const HvDriver *driver = bench->driver;
    g_auto(Guest) guest = {0};
    guest_init(&guest, bench, 1);
    auto_fd line = guest_start(bench, &guest);
    Uuid uuid = guest.config.uuid;
    g_autofree char *path = bench_new_disk(bench);
    const HvImage image = {path, "raw"};
    HvDisk disk = {"extra", 1, false, false, false, &image, 1};
    for (unsigned i = 0; i < 2; i++) {
        assert_ok(driver->disk_plug(bench->hv, bench->op, uuid, &disk, &err), err);
    }
    g_assert_true(guest_has_device(bench, uuid, "extra"));
    g_assert_true(guest_has_device(bench, uuid, GUEST_DISK));
    disk.id = "another";
    g_assert_false(driver->disk_plug(bench->hv, bench->op, uuid, &disk, &err));
    g_clear_pointer(&err, err_free);
    disk.position = 99;
    if (bench->is_real) {
        g_assert_false(driver->disk_plug(bench->hv, bench->op, uuid, &disk, &err));
        g_clear_pointer(&err, err_free);
    }
    if (bench_caps(bench->kind, driver) & HV_CAP_LIVE_RESIZE) {
        assert_ok(driver->disk_resize(bench->hv, bench->op, uuid, GUEST_DISK, 4 * MIB, &err), err);
    }
    /* A guest that stands still cannot give a device back. */
    assert_ok(driver->domain_set_paused(bench->hv, bench->op, uuid, true, &err), err);
    bool gone = driver->disk_unplug(bench->hv, bench->op, uuid, GUEST_DISK, false, &err);
    g_assert_cmpint(gone, ==, !bench->is_real);
    g_assert_cmpint(guest_has_device(bench, uuid, GUEST_DISK), ==, !gone);
    g_assert_false(guest_has_device(bench, uuid, "another"));
    if (!gone) {
        g_assert_cmpstr(err->code, ==, "DEVICE_DETACH_TIMEOUT");
        g_assert_cmpstr(err->params[0], ==, "VBD");
        g_assert_cmpstr(err->params[1], ==, GUEST_DISK);
        g_clear_pointer(&err, err_free);
    }
    assert_ok(driver->disk_unplug(bench->hv, bench->op, uuid, "never-there", true, &err), err);
    guest_destroy(bench, &guest);
}

static void test_missing_image(Bench *bench)
{
    if (!bench->is_real) {
        g_test_skip("the fake engine opens no images");
        return;
    }
    Err *err = NULL;
    g_auto(Guest) guest = {0};
    guest_init(&guest, bench, 1);
    guest.image.path = "/nonexistent/disk";
    int domid;
    g_assert_false(bench->driver->domain_create(bench->hv, bench->op, &guest.config, &domid, &err));
    g_assert_cmpstr(err->code, ==, "INTERNAL_ERROR");
    g_clear_pointer(&err, err_free);
    /* Taken for qcow2, the raw image makes QEMU itself give up. */
    guest.image = (HvImage){guest.path, "qcow2"};
    g_assert_false(bench->driver->domain_create(bench->hv, bench->op, &guest.config, &domid, &err));
    g_assert_nonnull(strstr(err->params[0], "qcow2"));
    g_clear_pointer(&err, err_free);
    guest.config.firmware = HV_FIRMWARE_DIRECT_KERNEL;
    g_autofree char *kernel = g_build_filename(bench->root, "kernel", NULL);
    assert_ok(fd_write_file(kernel, "no kernel", 9, 0644, &err), err);
    guest.config.kernel = kernel;
    guest.image.format = "raw";
    g_assert_false(bench->driver->domain_create(bench->hv, bench->op, &guest.config, &domid, &err));
    g_assert_cmpstr(err->code, ==, "BOOTLOADER_FAILED");
    g_clear_pointer(&err, err_free);
    guest.config.kernel = "/nonexistent/kernel";
    g_assert_false(bench->driver->domain_create(bench->hv, bench->op, &guest.config, &domid, &err));
    g_assert_cmpstr(err->code, ==, "BOOTLOADER_FAILED");
    g_clear_pointer(&err, err_free);
    g_autoptr(GArray) list = bench->driver->domain_list(bench->hv, &err);
    g_assert_cmpuint(list->len, ==, 0);
    g_autoptr(GDir) run = g_dir_open(bench->run_dir, 0, NULL);
    g_assert_null(g_dir_read_name(run));
}

static void test_cd(Bench *bench)
{
    Err *err = NULL;
    const HvDriver *driver = bench->driver;
    g_auto(Guest) guest = {0};
    guest_init(&guest, bench, 1);
    auto_fd line = guest_start(bench, &guest);
    Uuid uuid = guest.config.uuid;
    g_autofree char *path = bench_new_disk(bench);
    const HvImage image = {path, "raw"};
    for (unsigned i = 0; i < 2; i++) {
        assert_ok(driver->cd_change(bench->hv, bench->op, uuid, GUEST_CD, &image, &err), err);
        assert_ok(driver->cd_change(bench->hv, bench->op, uuid, GUEST_CD, &image, &err), err);
        assert_ok(driver->cd_change(bench->hv, bench->op, uuid, GUEST_CD, NULL, &err), err);
    }
    assert_ok(driver->cd_change(bench->hv, bench->op, uuid, GUEST_CD, NULL, &err), err);
    g_assert_false(driver->cd_change(bench->hv, bench->op, uuid, "no-such-drive", NULL, &err));
    g_clear_pointer(&err, err_free);
    guest_destroy(bench, &guest);
    g_assert_cmpuint(bench->ejections, ==, 0);
}

static void test_nics(Bench *bench)
{
    Err *err = NULL;
    const HvDriver *driver = bench->driver;
    g_auto(Guest) guest = {0};
    guest_init(&guest, bench, 1);
    auto_fd line = guest_start(bench, &guest);
    Uuid uuid = guest.config.uuid;
    HvNic nic = {"second", 1, "52:54:00:12:34:57", 1500, -1, NULL, NULL};
    for (unsigned i = 0; i < 2; i++) {
        assert_ok(driver->nic_plug(bench->hv, bench->op, uuid, &nic, &err), err);
    }
    g_assert_true(guest_has_device(bench, uuid, "second"));
    nic.id = "another";
    g_assert_false(driver->nic_plug(bench->hv, bench->op, uuid, &nic, &err));
    g_clear_pointer(&err, err_free);
    assert_ok(driver->nic_unplug(bench->hv, bench->op, uuid, "never-there", false, &err), err);
    guest_destroy(bench, &guest);
}

static void test_snapshot(Bench *bench)
{
    Err *err = NULL;
    g_auto(Guest) guest = {0};
    guest_init(&guest, bench, 1);
    auto_fd line = guest_start(bench, &guest);
    line_ask(bench, line, "++w", ".");
    g_autofree char *path = bench_new_overlay(bench, guest.path, "raw");
    const HvImage overlay = {path, "qcow2"};
    const char *const ids[] = {GUEST_DISK};
    assert_ok(bench->driver->disk_snapshot(bench->hv, bench->op, guest.config.uuid, ids, &overlay,
                                           1, &err),
              err);
    line_ask(bench, line, "+w", ".");
    line_ask(bench, line, "d", "D");
    guest_destroy(bench, &guest);
    if (!bench->is_real) {
        return;
    }
    g_assert_cmpint(bench_read_byte(guest.path, 512), ==, 'C');
    const HvImage chain[] = {{path, "qcow2"}, {guest.path, "raw"}};
    guest.disks[0].images = chain;
    guest.disks[0].image_count = 2;
    auto_fd again = guest_start(bench, &guest);
    line_ask(bench, again, "d", "D");
    guest_destroy(bench, &guest);
}

/* Stands for the storage: the image below gets the name of the one that was merged. */
typedef struct Publish {
    const char *from, *to;
    bool unheard; /* it is done, and the driver does not learn of it */
    unsigned calls;
} Publish;

static bool publish(void *user, Err **err)
{
    Publish *publish = user;
    publish->calls++;
    if (rename(publish->from, publish->to) < 0) {
        return err_errno(err, errno, "rename");
    }
    return !publish->unheard || err_internal(err, "nobody heard of it");
}

/* A chain of four becomes one of two, a parent first and then the leaf, under a guest that goes on
 * writing; the driver is closed and opened in between. */
static void merge_chain(Bench *bench, bool unheard)
{
    Err *err = NULL;
    const HvDriver *driver = bench->driver;
    g_auto(Guest) guest = {0};
    guest_init(&guest, bench, 1);
    Uuid uuid = guest.config.uuid;
    g_autofree char *low = bench_new_overlay(bench, guest.path, "raw");
    g_autofree char *middle = bench_new_overlay(bench, low, "qcow2");
    g_autofree char *leaf = bench_new_overlay(bench, middle, "qcow2");
    const HvImage chain[] = {
        {leaf, "qcow2"}, {middle, "qcow2"}, {low, "qcow2"}, {guest.path, "raw"}};
    guest.disks[0].images = chain;
    guest.disks[0].image_count = 4;
    auto_fd line = guest_start(bench, &guest);
    line_ask(bench, line, "+w", ".");
    Publish parent = {low, middle, unheard, 0};
    const HvMerge first = {GUEST_DISK, chain, 4, 1, publish, &parent};
    g_assert_true(driver->disk_merge(bench->hv, bench->op, uuid, &first, &err) != unheard);
    g_clear_pointer(&err, err_free);
    g_assert_cmpuint(parent.calls, ==, 1);
    line_ask(bench, line, "+w", ".");
    guest_reopen(bench, &guest, &line);
    const HvImage shorter[] = {{leaf, "qcow2"}, {middle, "qcow2"}, {guest.path, "raw"}};
    Publish own = {middle, leaf, false, 0};
    const HvMerge second = {GUEST_DISK, shorter, 3, 0, publish, &own};
    assert_ok(driver->disk_merge(bench->hv, bench->op, uuid, &second, &err), err);
    g_assert_cmpuint(own.calls, ==, 1);
    g_assert_cmpint(guest_state(bench, uuid), ==, HV_STATE_RUNNING);
    line_ask(bench, line, "+w", ".");
    const HvImage shortest[] = {{leaf, "qcow2"}, {guest.path, "raw"}};
    const HvMerge wrong = {GUEST_DISK, shortest, 2, 1, publish, &own};
    g_assert_false(driver->disk_merge(bench->hv, bench->op, uuid, &wrong, &err));
    g_clear_pointer(&err, err_free);
    assert_ok(driver->domain_set_paused(bench->hv, bench->op, uuid, true, &err), err);
    const HvMerge paused = {GUEST_DISK, shortest, 2, 0, publish, &own};
    g_assert_false(driver->disk_merge(bench->hv, bench->op, uuid, &paused, &err));
    g_clear_pointer(&err, err_free);
    guest_destroy(bench, &guest);
    g_assert_false(g_file_test(low, G_FILE_TEST_EXISTS));
    g_assert_false(g_file_test(middle, G_FILE_TEST_EXISTS));
    guest.disks[0].images = shortest;
    guest.disks[0].image_count = 2;
    auto_fd again = guest_start(bench, &guest);
    line_ask(bench, again, "d", "D");
    guest_destroy(bench, &guest);
}

static void test_merge(Bench *bench)
{
    merge_chain(bench, false);
}

/* The driver died between the change of names and its own record. */
static void test_merge_unheard(Bench *bench)
{
    merge_chain(bench, true);
}

static void test_save(Bench *bench)
{
    Err *err = NULL;
    const HvDriver *driver = bench->driver;
    g_auto(Guest) guest = {0};
    guest_init(&guest, bench, 1);
    Uuid uuid = guest.config.uuid;
    auto_fd line = guest_start(bench, &guest);
    g_assert_cmpint(guest_next_letter(bench, line), ==, 'B');
    uint64_t size = driver->domain_save_size(bench->hv, uuid);
    g_assert_cmpuint(size, >, 0);
    g_autofree char *path = bench_new_qcow2(bench, size);
    const HvImage image = {path, "qcow2"};
    assert_ok(driver->domain_save(bench->hv, bench->op, uuid, &image, &err), err);
    g_assert_cmpint(guest_state(bench, uuid), ==, HV_STATE_PAUSED);
    /* A checkpoint goes on. */
    assert_ok(driver->domain_set_paused(bench->hv, bench->op, uuid, false, &err), err);
    g_assert_cmpint(guest_next_letter(bench, line), ==, 'C');
    guest_destroy(bench, &guest);
    guest.config.start_ticket = 2;
    guest.config.saved = &image;
    for (unsigned i = 0; i < 2; i++) {
        int domid;
        assert_ok(driver->domain_create(bench->hv, bench->op, &guest.config, &domid, &err), err);
        g_assert_cmpint(guest_state(bench, uuid), ==, HV_STATE_PAUSED);
        auto_fd again = driver->console_open(bench->hv, uuid, HV_CONSOLE_TEXT, &err);
        assert_ok(driver->domain_set_paused(bench->hv, bench->op, uuid, false, &err), err);
        line_ask(bench, again, "x", "x");
        g_assert_cmpint(guest_next_letter(bench, again), ==, 'C');
        guest_destroy(bench, &guest);
    }
}

static void test_restore_of_nothing(Bench *bench)
{
    if (!bench->is_real) {
        g_test_skip("the fake engine takes any image");
        return;
    }
    Err *err = NULL;
    g_auto(Guest) guest = {0};
    guest_init(&guest, bench, 1);
    g_autofree char *path = bench_new_qcow2(bench, MIB);
    const HvImage image = {path, "qcow2"};
    int domid;
    guest.config.saved = &image;
    g_assert_false(bench->driver->domain_create(bench->hv, bench->op, &guest.config, &domid, &err));
    g_clear_pointer(&err, err_free);
    g_assert_cmpint(guest_state(bench, guest.config.uuid), ==, HV_STATE_GONE);
}

static void test_consoles(Bench *bench)
{
    Err *err = NULL;
    g_auto(Guest) guest = {0};
    guest_init(&guest, bench, 1);
    auto_fd line = guest_start(bench, &guest);
    for (unsigned i = 0; i < 2; i++) {
        auto_fd viewer =
            bench->driver->console_open(bench->hv, guest.config.uuid, HV_CONSOLE_VNC, &err);
        assert_ok(viewer >= 0, err);
        g_free(line_expect(bench, viewer, "RFB 003.008\n"));
    }
    g_autoptr(GBytes) picture =
        bench->driver->console_screenshot(bench->hv, bench->op, guest.config.uuid, &err);
    assert_ok(picture != NULL, err);
    size_t size;
    const char *data = g_bytes_get_data(picture, &size);
    g_assert_cmpuint(size, >, 8);
    g_assert_cmpmem(data, 8, "\x89PNG\r\n\x1a\n", 8);
    guest_destroy(bench, &guest);
}

/* The driver is closed and opened again; the guest has noticed nothing. */
static void test_adoption(Bench *bench)
{
    Err *err = NULL;
    g_auto(Guest) guest = {0};
    guest_init(&guest, bench, 9);
    Uuid uuid = guest.config.uuid;
    int line = guest_start(bench, &guest);
    g_assert_cmpint(guest_next_letter(bench, line), ==, 'B');
    close(line);
    HvDomainInfo before, after;
    assert_ok(bench->driver->domain_info(bench->hv, uuid, &before, &err), err);
    bench_close(bench);
    bench_open(bench);
    assert_ok(bench->driver->domain_info(bench->hv, uuid, &after, &err), err);
    g_assert_cmpint(after.state, ==, HV_STATE_RUNNING);
    g_assert_cmpint(after.domid, ==, before.domid);
    g_assert_cmpuint(after.start_ticket, ==, 9);
    g_assert_cmpuint(after.memory_bytes, ==, before.memory_bytes);
    auto_fd again = bench->driver->console_open(bench->hv, uuid, HV_CONSOLE_TEXT, &err);
    assert_ok(again >= 0, err);
    g_assert_cmpint(guest_next_letter(bench, again), ==, 'C');
    g_autofree char *path = bench_new_disk(bench);
    const HvImage image = {path, "raw"};
    assert_ok(bench->driver->cd_change(bench->hv, bench->op, uuid, GUEST_CD, &image, &err), err);
    assert_ok(bench->driver->cd_change(bench->hv, bench->op, uuid, GUEST_CD, NULL, &err), err);
    line_send(again, "p");
    g_assert_cmpint(bench_wait_exit(bench, uuid, 9), ==, HV_EXIT_SHUTDOWN);
    guest_destroy(bench, &guest);
}

/* What hold() below started is adopted after it was killed. */
static void test_adoption_after_kill(Bench *bench)
{
    Err *err = NULL;
    bench_close(bench);
    bench_run_holder(bench, "--hold", 0);
    bench_open(bench);
    g_autoptr(GArray) list = bench->driver->domain_list(bench->hv, &err);
    g_assert_cmpuint(list->len, ==, 1);
    HvDomainInfo info = g_array_index(list, HvDomainInfo, 0);
    g_assert_cmpint(info.state, ==, HV_STATE_RUNNING);
    g_assert_cmpuint(info.start_ticket, ==, 77);
    auto_fd line = bench->driver->console_open(bench->hv, info.uuid, HV_CONSOLE_TEXT, &err);
    g_assert_cmpint(guest_next_letter(bench, line), ==, 'B');
    assert_ok(bench->driver->domain_destroy(bench->hv, bench->op, info.uuid, &err), err);
    g_assert_cmpint(bench_wait_exit(bench, info.uuid, 77), ==, HV_EXIT_DESTROYED);
}

/* How a guest ended while nobody looked, the driver being killed before. */
static void test_end_after_kill(Bench *bench)
{
    static const struct {
        const char *letter;
        HvExitReason reason;
    } ends[] = {{"p", HV_EXIT_SHUTDOWN}, {"r", HV_EXIT_REBOOT}};
    if (!bench->is_real) {
        g_test_skip("the fake engine's guests stand still while no driver is open");
        return;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(ends); i++) {
        Err *err = NULL;
        bench_close(bench);
        bench_run_holder(bench, "--hold", 0);
        g_autoptr(GDir) run = g_dir_open(bench->run_dir, 0, NULL);
        const char *domain = g_dir_read_name(run);
        auto_fd line = bench->kind->open_line(bench, domain);
        line_send(line, ends[i].letter);
        bench->kind->wait_end(bench, domain);
        Uuid uuid;
        g_assert_true(uuid_parse(domain, &uuid));
        bench_open(bench);
        g_assert_cmpint(bench_wait_exit(bench, uuid, 77), ==, ends[i].reason);
        g_assert_cmpint(guest_state(bench, uuid), ==, HV_STATE_SHUTDOWN);
        assert_ok(bench->driver->domain_destroy(bench->hv, bench->op, uuid, &err), err);
    }
}

/* Processes that die: under our eyes, and while nobody looks. */
static void test_killed_process(Bench *bench)
{
    if (!bench->is_real) {
        g_test_skip("the fake engine has no processes");
        return;
    }
    Err *err = NULL;
    g_auto(Guest) guest = {0};
    guest_init(&guest, bench, 1);
    Uuid uuid = guest.config.uuid;
    for (uint64_t ticket = 1; ticket <= 2; ticket++) {
        guest.config.start_ticket = ticket;
        auto_fd line = guest_start(bench, &guest);
        HvDomainInfo info;
        assert_ok(bench->driver->domain_info(bench->hv, uuid, &info, &err), err);
        if (ticket == 2) {
            bench_close(bench);
        }
        bench->kind->kill(bench, &info);
        if (ticket == 2) {
            bench_open(bench);
        }
        g_assert_cmpint(bench_wait_exit(bench, uuid, ticket), ==, HV_EXIT_CRASH);
        g_assert_cmpint(guest_state(bench, uuid), ==, HV_STATE_GONE);
    }
}

/* Domain folders as a daemon that was killed in the middle of a start leaves them. */
static void test_unfinished_start(Bench *bench)
{
    static const char *const records[] = {NULL, "", "{\"version\":1", "{}"};
    Err *err = NULL;
    bench_close(bench);
    for (unsigned i = 0; i < G_N_ELEMENTS(records); i++) {
        char name[UUID_TEXT_SIZE];
        g_autofree char *dir =
            g_build_filename(bench->run_dir, uuid_format(uuid_generate(), name), NULL);
        g_autofree char *record = g_build_filename(dir, "domain.json", NULL);
        assert_ok(fd_make_dirs(dir, 0700, &err), err);
        if (records[i]) {
            assert_ok(fd_write_file(record, records[i], strlen(records[i]), 0600, &err), err);
        }
    }
    bench_open(bench);
    g_autoptr(GArray) list = bench->driver->domain_list(bench->hv, &err);
    g_assert_cmpuint(list->len, ==, 0);
    if (bench->is_real) {
        g_autoptr(GDir) run = g_dir_open(bench->run_dir, 0, NULL);
        g_assert_null(g_dir_read_name(run));
    }
}

/* A guest that reboots while no driver is open just does so. */
static void test_unattended_reboot(Bench *bench)
{
    g_auto(Guest) guest = {0};
    guest_init(&guest, bench, 1);
    auto_fd line = guest_start(bench, &guest);
    bench_close(bench);
    line_ask(bench, line, "r", "READY\r\n");
    bench_open(bench);
    g_assert_cmpint(guest_state(bench, guest.config.uuid), ==, HV_STATE_RUNNING);
    line_send(line, "r");
    g_assert_cmpint(bench_wait_exit(bench, guest.config.uuid, 1), ==, HV_EXIT_REBOOT);
    guest_destroy(bench, &guest);
}

static void test_uefi(Bench *bench)
{
    g_auto(Guest) guest = {0};
    guest_init(&guest, bench, 1);
    g_autofree char *nvram = g_build_filename(bench->root, "nvram", NULL);
    guest.config.firmware = HV_FIRMWARE_UEFI;
    guest.config.nvram_path = nvram;
    auto_fd line = guest_boot(bench, &guest);
    g_assert_true(g_file_test(nvram, G_FILE_TEST_IS_REGULAR));
    /* The firmware tells that the boot sector is nothing for it. */
    g_free(line_expect(bench, line, "BdsDxe"));
    guest_destroy(bench, &guest);
}

/* A daemon that starts and ends domains all the time is killed at any moment: what it leaves is
 * either adopted or cleared away, and no process is left over. */
static void test_killed_anywhere(Bench *bench)
{
    Err *err = NULL;
    for (unsigned i = 0; i < bench->kind->kills; i++) {
        bench_close(bench);
        int milliseconds = g_test_rand_int_range(0, bench->kind->kill_within);
        bench_run_holder(bench, "--churn", (unsigned)milliseconds);
        bench_open(bench);
        g_autoptr(GArray) list = bench->driver->domain_list(bench->hv, &err);
        g_assert_cmpuint(list->len, <=, 1);
        for (unsigned j = 0; j < list->len; j++) {
            Uuid uuid = g_array_index(list, HvDomainInfo, j).uuid;
            assert_ok(bench->driver->domain_destroy(bench->hv, bench->op, uuid, &err), err);
        }
        bench_assert_nothing_left(bench);
    }
}

static void say_ready(void)
{
    g_assert_cmpint(write(STDOUT_FILENO, "r", 1), ==, 1);
}

/* The other program: starts a domain, or one after the other, and is killed meanwhile. */
G_NORETURN static void hold(char **argv)
{
    Bench bench;
    bench_setup(&bench, argv[1], argv[2], argv[4]);
    Guest guest;
    guest_init(&guest, &bench, 77);
    if (g_str_equal(argv[3], "--hold")) {
        (void)guest_start(&bench, &guest);
        say_ready();
        for (;;) {
            pause();
        }
    }
    say_ready();
    for (;;) {
        int line = guest_start(&bench, &guest);
        close(line);
        guest_destroy(&bench, &guest);
    }
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        g_printerr("usage: %s DRIVER GUEST\n", argv[0]);
        return 2;
    }
    if (argc == 5 && (g_str_equal(argv[3], "--hold") || g_str_equal(argv[3], "--churn"))) {
        hold(argv);
    }
    static const BenchTest tests[] = {
        {"host", 0, test_host},
        {"hypervisor", HV_CAP_HYPERVISOR, test_hypervisor},
        {"states", 0, test_states},
        {"tuned", 0, test_tuned},
        {"hidden_feature", HV_CAP_TEXT_CONSOLE, test_hidden_feature},
        {"guest_ends", HV_CAP_TEXT_CONSOLE, test_guest_ends},
        {"power_button", 0, test_power_button},
        {"resize", HV_CAP_MEMORY_BALLOON | HV_CAP_VCPU_HOTPLUG, test_resize},
        {"disks", 0, test_disks},
        {"device", HV_CAP_TEXT_CONSOLE, hv_device_test},
        {"missing_image", 0, test_missing_image},
        {"cd", 0, test_cd},
        {"nics", 0, test_nics},
        {"store", HV_CAP_STORE | HV_CAP_TEXT_CONSOLE, hv_store_test},
        {"snapshot", HV_CAP_LIVE_SNAPSHOT | HV_CAP_TEXT_CONSOLE, test_snapshot},
        {"merge", HV_CAP_LIVE_MERGE | HV_CAP_TEXT_CONSOLE, test_merge},
        {"merge_unheard", HV_CAP_LIVE_MERGE | HV_CAP_TEXT_CONSOLE, test_merge_unheard},
        {"save", HV_CAP_SAVE | HV_CAP_TEXT_CONSOLE, test_save},
        {"restore_of_nothing", HV_CAP_SAVE, test_restore_of_nothing},
        {"consoles", HV_CAP_VNC, test_consoles},
        {"adoption", HV_CAP_TEXT_CONSOLE, test_adoption},
        {"adoption_after_kill", HV_CAP_TEXT_CONSOLE, test_adoption_after_kill},
        {"end_after_kill", HV_CAP_TEXT_CONSOLE, test_end_after_kill},
        {"killed_process", HV_CAP_TEXT_CONSOLE, test_killed_process},
        {"unfinished_start", 0, test_unfinished_start},
        {"unattended_reboot", HV_CAP_UNATTENDED_REBOOT | HV_CAP_TEXT_CONSOLE,
         test_unattended_reboot},
        {"uefi", HV_CAP_UEFI | HV_CAP_TEXT_CONSOLE, test_uefi},
        {"killed_anywhere", HV_CAP_TEXT_CONSOLE, test_killed_anywhere},
    };
    return bench_run(argc, argv, tests, G_N_ELEMENTS(tests));
}
