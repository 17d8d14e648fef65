/* What needs an operating system in the guest that takes part: devices that come and go, the
 * guest agent, shutdown on request, suspending a whole Linux.
 *
 *   hv_linux DRIVER GUEST    GUEST is the folder that tools/guest/build made
 *
 * One guest does one test after the other, as it takes its time to boot. */
#include "base/fd.h"
#include "hv_fixture.h"

#include <unistd.h>

#define PROMPT "clearwater-guest# "

static const char *const mac = "52:54:00:aa:bb:01";

typedef struct Linux {
    Bench *bench;
    HvDomainConfig config;
    HvImage image;
    HvDisk disks[2];
    HvNic nic;
    char *kernel, *ramdisk, *disk_path;
    int line;
} Linux;

static void linux_init(Linux *guest, Bench *bench)
{
    *guest = (Linux){
        .bench = bench,
        .kernel = g_build_filename(bench->guest, "vmlinuz", NULL),
        .ramdisk = g_build_filename(bench->guest, "initrd", NULL),
        .disk_path = bench_new_qcow2(bench, 64 * MIB),
    };
    guest->image = (HvImage){guest->disk_path, "qcow2"};
    guest->disks[0] = (HvDisk){"root-disk", 0, false, false, true, &guest->image, 1};
    guest->disks[1] = (HvDisk){"cd-drive", 3, true, true, false, NULL, 0};
    guest->nic = (HvNic){"first-nic", 0, mac, 1500, -1, NULL, NULL};
    guest->config = (HvDomainConfig){
        .uuid = uuid_generate(),
        .name = "linux",
        .vcpus = 1,
        .vcpus_max = 2,
        .memory_bytes = 256 * MIB,
        .memory_max_bytes = 256 * MIB,
        .firmware = HV_FIRMWARE_DIRECT_KERNEL,
        .kernel = guest->kernel,
        .ramdisk = guest->ramdisk,
        .cmdline = "console=ttyS0 quiet no_timer_check",
        .disks = guest->disks,
        .disk_count = 2,
        .nics = &guest->nic,
        .nic_count = 1,
        .start_ticket = 1,
    };
}

static void linux_clear(Linux *guest)
{
    fd_close(&guest->line);
    g_free(guest->kernel);
    g_free(guest->ramdisk);
    g_free(guest->disk_path);
}

static void linux_boot(Linux *guest)
{
    Bench *bench = guest->bench;
    Err *err = NULL;
    int domid;
    assert_ok(bench->driver->domain_create(bench->hv, bench->op, &guest->config, &domid, &err),
              err);
    guest->line = bench->driver->console_open(bench->hv, guest->config.uuid, HV_CONSOLE_TEXT, &err);
    assert_ok(guest->line >= 0, err);
    assert_ok(
        bench->driver->domain_set_paused(bench->hv, bench->op, guest->config.uuid, false, &err),
        err);
    g_free(line_expect(bench, guest->line, PROMPT));
}

/* Runs a command in the guest's shell; what the line shows until the next prompt. (owned) */
static char *linux_run(Linux *guest, const char *command)
{
    g_autofree char *text = g_strconcat(command, "\n", NULL);
    line_send(guest->line, text);
    return line_expect(guest->bench, guest->line, PROMPT);
}

/* Until the command's output has `text` in it, or has not. */
static void linux_wait(Linux *guest, const char *command, const char *text, bool there)
{
    g_autofree char *loop = g_strdup_printf("until %s %s | grep -q %s; do usleep 50000; done",
                                            there ? "" : "!", command, text);
    g_free(linux_run(guest, loop));
}

/* The value of `name` in what the agent says, once it has one. (owned) */
static char *linux_await_info(Linux *guest, bool networks, const char *name)
{
    Bench *bench = guest->bench;
    Err *err = NULL;
    for (;;) {
        unsigned changes = bench_count_changes(bench);
        g_auto(HvGuestInfo) info = {0};
        assert_ok(bench->driver->guest_info(bench->hv, bench->op, guest->config.uuid, &info, &err),
                  err);
        char **list = networks ? info.networks : info.os_version;
        for (unsigned i = 0; list && list[i]; i += 2) {
            if (g_str_equal(list[i], name)) {
                return g_strdup(list[i + 1]);
            }
        }
        bench_wait_change(bench, changes);
    }
}

static void check_agent(Linux *guest)
{
    Bench *bench = guest->bench;
    Err *err = NULL;
    g_autofree char *distro = linux_await_info(guest, false, "distro");
    g_assert_cmpstr(distro, ==, "clearwater-demo");
    g_auto(HvGuestInfo) info = {0};
    assert_ok(bench->driver->guest_info(bench->hv, bench->op, guest->config.uuid, &info, &err),
              err);
    g_assert_true(info.alive);
    g_assert_nonnull(info.hostname);
    g_assert_nonnull(info.agent_version);
    g_free(linux_run(guest, "ip address add 10.9.8.7/24 dev eth0"));
    g_autofree char *address = linux_await_info(guest, true, "0/ip");
    g_assert_cmpstr(address, ==, "10.9.8.7");
    g_autofree char *first = linux_await_info(guest, true, "0/ipv4/0");
    g_assert_cmpstr(first, ==, "10.9.8.7");
}

static void check_disks(Linux *guest)
{
    Bench *bench = guest->bench;
    const HvDriver *driver = bench->driver;
    Uuid uuid = guest->config.uuid;
    Err *err = NULL;
    g_autofree char *base = bench_new_qcow2(bench, 64 * MIB);
    g_autofree char *path = bench_new_overlay(bench, base, "qcow2");
    const HvImage chain[] = {{path, "qcow2"}, {base, "qcow2"}};
    const HvDisk disk = {"extra-disk", 1, false, false, false, chain, 2};
    for (unsigned i = 0; i < 2; i++) {
        assert_ok(driver->disk_plug(bench->hv, bench->op, uuid, &disk, &err), err);
        linux_wait(guest, "ls /sys/block", "vdb", true);
        g_free(linux_run(guest, "dd if=/dev/zero of=/dev/vdb bs=64k count=4 conv=fsync"));
        assert_ok(driver->disk_unplug(bench->hv, bench->op, uuid, "extra-disk", false, &err), err);
        linux_wait(guest, "ls /sys/block", "vdb", false);
    }
    /* QEMU has let the images go, too: another program may open them for writing. */
    const char *const check[] = {"qemu-img", "check", "-q", "-r", "leaks", path, NULL};
    bench_run_program(bench, check);
    assert_ok(driver->disk_unplug(bench->hv, bench->op, uuid, "root-disk", false, &err), err);
    linux_wait(guest, "ls /sys/block", "vda", false);
    assert_ok(driver->disk_plug(bench->hv, bench->op, uuid, &guest->disks[0], &err), err);
    linux_wait(guest, "ls /sys/block", "vda", true);
}

static void check_live_resize(Linux *guest)
{
    Bench *bench = guest->bench;
    Err *err = NULL;
    assert_ok(bench->driver->disk_resize(bench->hv, bench->op, guest->config.uuid, "root-disk",
                                         128 * MIB, &err),
              err);
    linux_wait(guest, "cat /sys/block/vda/size", "262144", true);
}

static void check_cd(Linux *guest)
{
    Bench *bench = guest->bench;
    Uuid uuid = guest->config.uuid;
    Err *err = NULL;
    g_autofree char *path = g_build_filename(bench->root, "a.iso", NULL);
    g_autofree char *data = g_malloc0(2048 * 512);
    memcpy(data, "a-medium", 8);
    assert_ok(fd_write_file(path, data, 2048 * 512, 0600, &err), err);
    const HvImage image = {path, "raw"};
    assert_ok(bench->driver->cd_change(bench->hv, bench->op, uuid, "cd-drive", &image, &err), err);
    linux_wait(guest, "head -c 8 /dev/sr0", "a-medium", true);
    assert_ok(bench->driver->cd_change(bench->hv, bench->op, uuid, "cd-drive", NULL, &err), err);
    linux_wait(guest, "head -c 8 /dev/sr0", "a-medium", false);
}

static void check_nics(Linux *guest)
{
    Bench *bench = guest->bench;
    Uuid uuid = guest->config.uuid;
    Err *err = NULL;
    const HvNic nic = {"second-nic", 1, "52:54:00:aa:bb:02", 1500, -1, NULL, NULL};
    for (unsigned i = 0; i < 2; i++) {
        assert_ok(bench->driver->nic_plug(bench->hv, bench->op, uuid, &nic, &err), err);
        linux_wait(guest, "cat /sys/class/net/*/address", nic.mac, true);
        assert_ok(bench->driver->nic_unplug(bench->hv, bench->op, uuid, nic.id, false, &err), err);
        linux_wait(guest, "cat /sys/class/net/*/address", nic.mac, false);
    }
}

static void check_vcpus(Linux *guest)
{
    Bench *bench = guest->bench;
    Uuid uuid = guest->config.uuid;
    Err *err = NULL;
    assert_ok(bench->driver->domain_set_vcpus(bench->hv, bench->op, uuid, 2, &err), err);
    linux_wait(guest, "ls /sys/devices/system/cpu", "cpu1", true);
    assert_ok(bench->driver->domain_set_vcpus(bench->hv, bench->op, uuid, 1, &err), err);
    linux_wait(guest, "ls /sys/devices/system/cpu", "cpu1", false);
}

static void check_memory(Linux *guest)
{
    Bench *bench = guest->bench;
    Uuid uuid = guest->config.uuid;
    Err *err = NULL;
    assert_ok(bench->driver->domain_set_memory(bench->hv, bench->op, uuid, 192 * MIB, &err), err);
    HvDomainInfo info;
    do {
        /* The guest gives pages back at its own pace; each command lets it go on. */
        g_free(linux_run(guest, "usleep 50000"));
        assert_ok(bench->driver->domain_info(bench->hv, uuid, &info, &err), err);
    } while (info.memory_bytes != 192 * MIB);
    assert_ok(bench->driver->domain_set_memory(bench->hv, bench->op, uuid, 256 * MIB, &err), err);
}

static void check_suspend(Linux *guest)
{
    Bench *bench = guest->bench;
    const HvDriver *driver = bench->driver;
    Uuid uuid = guest->config.uuid;
    Err *err = NULL;
    g_free(linux_run(guest, "remembered=yes"));
    g_autofree char *path = bench_new_qcow2(bench, driver->domain_save_size(bench->hv, uuid));
    const HvImage image = {path, "qcow2"};
    assert_ok(driver->domain_save(bench->hv, bench->op, uuid, &image, &err), err);
    assert_ok(driver->domain_destroy(bench->hv, bench->op, uuid, &err), err);
    fd_close(&guest->line);
    /* As a copied suspend image is: the state in it is that of the image below. */
    g_autofree char *copy = bench_new_overlay(bench, path, "qcow2");
    const HvImage copied = {copy, "qcow2"};
    guest->config.start_ticket = 2;
    guest->config.saved = &copied;
    int domid;
    assert_ok(driver->domain_create(bench->hv, bench->op, &guest->config, &domid, &err), err);
    guest->config.saved = NULL;
    guest->line = driver->console_open(bench->hv, uuid, HV_CONSOLE_TEXT, &err);
    assert_ok(driver->domain_set_paused(bench->hv, bench->op, uuid, false, &err), err);
    line_ask(bench, guest->line, "\n", PROMPT);
    g_autofree char *answer = linux_run(guest, "echo x$remembered");
    g_assert_nonnull(strstr(answer, "xyes"));
    g_autofree char *distro = linux_await_info(guest, false, "distro");
    g_assert_cmpstr(distro, ==, "clearwater-demo");
}

static void check_adoption(Linux *guest)
{
    Bench *bench = guest->bench;
    Err *err = NULL;
    bench_close(bench);
    bench_open(bench);
    g_autofree char *distro = linux_await_info(guest, false, "distro");
    g_assert_cmpstr(distro, ==, "clearwater-demo");
    /* Devices are known by what was recorded. */
    Uuid uuid = guest->config.uuid;
    assert_ok(bench->driver->disk_unplug(bench->hv, bench->op, uuid, "root-disk", false, &err),
              err);
    linux_wait(guest, "ls /sys/block", "vda", false);
}

static void check_sysrq(Linux *guest)
{
    Err *err = NULL;
    g_free(linux_run(guest, "echo 1 >/proc/sys/kernel/sysrq; dmesg -n 8"));
    assert_ok(guest->bench->driver->domain_sysrq(guest->bench->hv, guest->bench->op,
                                                 guest->config.uuid, 'h', &err),
              err);
    g_free(line_expect(guest->bench, guest->line, "sysrq: HELP"));
    /* From here on nobody reads the line, which holds no more than some 280 writes: a guest that
     * had more to say would wait. */
    g_free(linux_run(guest, "dmesg -n 1"));
}

static void check_shutdown(Linux *guest, HvShutdownMode mode, HvExitReason reason)
{
    Bench *bench = guest->bench;
    Uuid uuid = guest->config.uuid;
    Err *err = NULL;
    assert_ok(bench->driver->domain_shutdown(bench->hv, bench->op, uuid, mode, &err), err);
    g_assert_cmpint(bench_wait_exit(bench, uuid, guest->config.start_ticket), ==, reason);
    assert_ok(bench->driver->domain_destroy(bench->hv, bench->op, uuid, &err), err);
    fd_close(&guest->line);
}

static bool is_missing(Bench *bench)
{
    g_autofree char *kernel = g_build_filename(bench->guest, "vmlinuz", NULL);
    if (access(kernel, R_OK) == 0) {
        return false;
    }
    g_autofree char *why = g_strdup_printf("no guest: run tools/guest/build %s", bench->guest);
    g_test_skip(why);
    return true;
}

static void test_devices(Bench *bench)
{
    if (is_missing(bench)) {
        return;
    }
    Linux guest;
    linux_init(&guest, bench);
    linux_boot(&guest);
    check_agent(&guest);
    check_disks(&guest);
    check_live_resize(&guest);
    check_cd(&guest);
    check_nics(&guest);
    check_vcpus(&guest);
    check_memory(&guest);
    check_sysrq(&guest);
    check_shutdown(&guest, HV_SHUTDOWN_REBOOT, HV_EXIT_REBOOT);
    linux_clear(&guest);
}

static void test_suspend(Bench *bench)
{
    if (is_missing(bench)) {
        return;
    }
    Linux guest;
    linux_init(&guest, bench);
    linux_boot(&guest);
    check_suspend(&guest);
    check_adoption(&guest);
    check_shutdown(&guest, HV_SHUTDOWN_POWEROFF, HV_EXIT_SHUTDOWN);
    linux_clear(&guest);
}

/* Without an agent it is the power button that tells the guest. */
static void test_power_button(Bench *bench)
{
    if (is_missing(bench)) {
        return;
    }
    Linux guest;
    linux_init(&guest, bench);
    linux_boot(&guest);
    g_free(linux_await_info(&guest, false, "distro"));
    unsigned changes = bench_count_changes(bench);
    g_free(linux_run(&guest, "killall qemu-ga"));
    bench_wait_change(bench, changes);
    check_shutdown(&guest, HV_SHUTDOWN_POWEROFF, HV_EXIT_SHUTDOWN);
    linux_clear(&guest);
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        g_printerr("usage: %s DRIVER GUEST\n", argv[0]);
        return 2;
    }
    static const BenchTest tests[] = {
        {"devices", HV_CAP_GUEST_AGENT | HV_CAP_DIRECT_KERNEL, test_devices},
        {"suspend", HV_CAP_SAVE | HV_CAP_DIRECT_KERNEL, test_suspend},
        {"power_button", HV_CAP_DIRECT_KERNEL, test_power_button},
    };
    return bench_run(argc, argv, tests, G_N_ELEMENTS(tests));
}
