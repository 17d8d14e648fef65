/* The command line of a domain: that it says what the configuration says. */
#include "hv/qemu/cmdline.h"

#include "base/fd.h"
#include "hv/qemu/boot.h"
#include "wire/json.h"

#include <fcntl.h>
#include <sys/stat.h>

static const QemuHost host = {.kvm = false, .aio = "threads"};
static const QemuChannels channels = {10, 11, 12, 13, 14, false};

typedef struct Fixture {
    char *dir, *leaf, *base, *kernel;
    HvImage images[2];
    HvDisk disks[3];
    HvNic nics[2];
    HvDomainConfig config;
} Fixture;

static char *make_file(const char *dir, const char *name)
{
    char *path = g_build_filename(dir, name, NULL);
    g_assert_true(fd_write_file(path, name, strlen(name), 0644, NULL));
    return path;
}

static void set_up(Fixture *fixture)
{
    *fixture = (Fixture){.dir = g_dir_make_tmp("cmdline-XXXXXX", NULL)};
    fixture->leaf = make_file(fixture->dir, "leaf");
    fixture->base = make_file(fixture->dir, "base");
    fixture->kernel = make_file(fixture->dir, "kernel");
    fixture->images[0] = (HvImage){fixture->leaf, "qcow2"};
    fixture->images[1] = (HvImage){fixture->base, "raw"};
    fixture->disks[0] = (HvDisk){"second", 4, false, false, false, fixture->images, 1};
    fixture->disks[1] = (HvDisk){"drive", 3, true, true, false, NULL, 0};
    fixture->disks[2] = (HvDisk){"first", 0, false, false, true, fixture->images, 2};
    fixture->nics[0] = (HvNic){"b", 1, "52:54:00:00:00:02", 9000, -1};
    fixture->nics[1] = (HvNic){"a", 0, "52:54:00:00:00:01", 0, -1};
    fixture->config = (HvDomainConfig){
        .name = "one, two",
        .vcpus = 1,
        .vcpus_max = 4,
        .cores_per_socket = 2,
        .memory_bytes = 64 << 20,
        .memory_max_bytes = 128 << 20,
        .boot_order = "dc",
        .disks = fixture->disks,
        .disk_count = 3,
        .nics = fixture->nics,
        .nic_count = 2,
    };
}

static void tear_down(Fixture *fixture)
{
    unlink(fixture->leaf);
    unlink(fixture->base);
    unlink(fixture->kernel);
    rmdir(fixture->dir);
    g_free(fixture->leaf);
    g_free(fixture->base);
    g_free(fixture->kernel);
    g_free(fixture->dir);
}

/* All arguments, a line each. (owned) */
static char *build(const HvDomainConfig *config, const QemuHost *on)
{
    g_auto(QemuCmdline) cmdline;
    qemu_cmdline_init(&cmdline);
    g_autoptr(QemuRecord) record = qemu_record_new(config->uuid);
    g_autoptr(Err) err = NULL;
    if (!qemu_cmdline_build(&cmdline, on, config, &channels, record, &err)) {
        return err_to_string(err);
    }
    return g_strjoinv("\n", (char **)cmdline.argv->pdata);
}

static void assert_has(const char *text, const char *part)
{
    if (!strstr(text, part)) {
        g_error("no %s in:\n%s", part, text);
    }
}

static void assert_lacks(const char *text, const char *part)
{
    if (strstr(text, part)) {
        g_error("%s in:\n%s", part, text);
    }
}

static void test_machine(void)
{
    Fixture fixture;
    set_up(&fixture);
    g_autofree char *text = build(&fixture.config, &host);
    assert_has(text, "-nodefaults\n-no-user-config\n-S\n");
    assert_has(text, "\n-name\nguest=one,, two\n");
    assert_has(text, "\n-smp\ncpus=1,maxcpus=4,sockets=2,cores=2,threads=1\n");
    assert_has(text, "\n-m\n131072k\n");
    assert_has(text, "\n-accel\ntcg,");
    assert_has(text, "\n-cpu\nmax\n");
    assert_has(text, "spawn=deny");
    assert_has(text, "\n-rtc\nbase=utc\n");
    assert_lacks(text, "-incoming");
    /* No path of ours is for QEMU to open. */
    assert_lacks(text, fixture.dir);
    const QemuHost with_kvm = {.kvm = true, .aio = "io_uring"};
    fixture.config.cores_per_socket = 3;
    fixture.config.time_offset = 3600;
    g_autofree char *other = build(&fixture.config, &with_kvm);
    assert_has(other, "\n-accel\nkvm\n");
    assert_has(other, "\n-cpu\nhost,");
    assert_has(other, "sockets=4,cores=1,");
    assert_has(other, "\"aio\":\"io_uring\"");
    assert_lacks(other, "base=utc");
    tear_down(&fixture);
}

static void test_hidden_features(void)
{
    Fixture fixture;
    set_up(&fixture);
    uint32_t *hidden = fixture.config.cpu_hidden;
    g_autofree char *all = build(&fixture.config, &host);
    assert_has(all, "\n-cpu\nmax\n");
    hidden[HV_CPU_ECX] = 1u << 20 | 1u << 27; /* nobody hides OSXSAVE but the guest's kernel */
    hidden[HV_CPU_EDX] = 1u << 28;
    hidden[HV_CPU_EXTENDED_ECX] = 1u << 0 | 1u << 16 | 1u << 14;
    hidden[HV_CPU_EXTENDED_EDX] = 1u << 27 | 1u << 0;
    g_autofree char *some = build(&fixture.config, &host);
    assert_has(some, "\n-cpu\nmax,sse4.2=off,ht=off,lahf-lm=off,fma4=off,rdtscp=off\n");
    const QemuHost kvm = {.kvm = true, .aio = "threads"};
    memset(hidden, 0, sizeof fixture.config.cpu_hidden);
    hidden[HV_CPU_ECX] = 1u << 28;
    g_autofree char *avx = build(&fixture.config, &kvm);
    assert_has(avx, "\n-cpu\nhost,migratable=on,avx=off,avx2=off,avx512f=off\n");
    tear_down(&fixture);
}

static void test_disks(void)
{
    Fixture fixture;
    set_up(&fixture);
    g_autofree char *text = build(&fixture.config, &host);
    /* The chain of "first": the base below, read-only and without a backing of its own. */
    const char *base = strstr(text, "{\"driver\":\"raw\",\"node-name\":\"disk0-");
    g_assert_nonnull(base);
    g_assert_nonnull(strstr(base, "\"read-only\":true"));
    const char *leaf = strstr(base, "{\"driver\":\"qcow2\",\"node-name\":\"disk0-");
    g_assert_nonnull(leaf);
    assert_has(leaf, "\"read-only\":false");
    assert_has(leaf, "\"backing\":\"disk0-");
    /* An image alone must not bring the chain that its header names. */
    assert_has(text, "\"backing\":null");
    assert_has(text, "\"id\":\"disk-first\",\"drive\":\"disk0-");
    assert_has(text,
               "{\"driver\":\"ide-cd\",\"id\":\"disk-drive\",\"bus\":\"ide.0\",\"bootindex\":1}");
    assert_has(text, "\"bus\":\"plug\",\"addr\":\"0x1\",\"bootindex\":2}");
    assert_has(text, "\"bus\":\"plug\",\"addr\":\"0x5\",\"bootindex\":3}");
    tear_down(&fixture);
}

static void test_nics(void)
{
    Fixture fixture;
    set_up(&fixture);
    g_autofree char *text = build(&fixture.config, &host);
    assert_has(text, "\"mac\":\"52:54:00:00:00:02\",\"host_mtu\":9000,\"romfile\":\"\"");
    assert_lacks(text, "-netdev");
    auto_fd tap = open("/dev/null", O_RDWR | O_CLOEXEC);
    fixture.nics[0].tap_fd = tap;
    fixture.config.boot_order = "ncd";
    g_autofree char *other = build(&fixture.config, &host);
    assert_has(other, "\n-netdev\ntap,id=net1,fd=");
    assert_has(other, "\"netdev\":\"net1\"");
    assert_lacks(other, "romfile");
    tear_down(&fixture);
}

static void test_boot_order(void)
{
    Fixture fixture;
    set_up(&fixture);
    static const struct {
        const char *order;
        unsigned first, second, cd, nic;
    } orders[] = {
        {"c", 1, 2, 0, 0}, {"d", 0, 0, 1, 0},  {"cdn", 1, 2, 3, 4}, {"ndc", 4, 5, 3, 1},
        {"", 1, 2, 3, 0},  {NULL, 1, 2, 3, 0}, {"cc", 1, 2, 0, 0},  {"xyz", 0, 0, 0, 0},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(orders); i++) {
        HvDomainConfig *config = &fixture.config;
        config->boot_order = orders[i].order;
        g_assert_cmpuint(qemu_boot_disk_index(config, &config->disks[2]), ==, orders[i].first);
        g_assert_cmpuint(qemu_boot_disk_index(config, &config->disks[0]), ==, orders[i].second);
        g_assert_cmpuint(qemu_boot_disk_index(config, &config->disks[1]), ==, orders[i].cd);
        g_assert_cmpuint(qemu_boot_nic_index(config, &config->nics[1]), ==, orders[i].nic);
    }
    fixture.config.firmware = HV_FIRMWARE_DIRECT_KERNEL;
    g_assert_cmpuint(qemu_boot_disk_index(&fixture.config, &fixture.config.disks[2]), ==, 0);
    tear_down(&fixture);
}

static void test_kernel(void)
{
    Fixture fixture;
    set_up(&fixture);
    HvDomainConfig *config = &fixture.config;
    config->firmware = HV_FIRMWARE_DIRECT_KERNEL;
    config->kernel = fixture.kernel;
    config->ramdisk = fixture.base;
    config->cmdline = "quiet a=1,2";
    g_autofree char *text = build(config, &host);
    assert_has(text, "\n-kernel\n/proc/self/fd/");
    assert_has(text, "\n-initrd\n/proc/self/fd/");
    assert_has(text, "\n-append\nquiet a=1,2\n");
    assert_has(text, "\"scsi-cd\"");
    config->kernel = "/nonexistent/kernel";
    g_autofree char *missing = build(config, &host);
    assert_has(missing, "BOOTLOADER_FAILED");
    config->kernel = NULL;
    g_autofree char *none = build(config, &host);
    assert_has(none, "BOOTLOADER_FAILED");
    config->kernel = fixture.dir;
    g_autofree char *folder = build(config, &host);
    assert_has(folder, "BOOTLOADER_FAILED");
    tear_down(&fixture);
}

/* A file that the domain's account may not read gets there as a copy. */
static void test_private_kernel(void)
{
    Fixture fixture;
    set_up(&fixture);
    g_assert_cmpint(chmod(fixture.kernel, 0600), ==, 0);
    fixture.config.firmware = HV_FIRMWARE_DIRECT_KERNEL;
    fixture.config.kernel = fixture.kernel;
    const QemuHost other_user = {.aio = "threads", .uid = 12345, .gid = 12345};
    g_auto(QemuCmdline) cmdline;
    qemu_cmdline_init(&cmdline);
    g_autoptr(QemuRecord) record = qemu_record_new(fixture.config.uuid);
    Err *err = NULL;
    g_assert_true(
        qemu_cmdline_build(&cmdline, &other_user, &fixture.config, &channels, record, &err));
    struct stat original, passed;
    int fd = g_array_index(cmdline.fds, int, 0);
    g_assert_cmpint(stat(fixture.kernel, &original), ==, 0);
    g_assert_cmpint(fstat(fd, &passed), ==, 0);
    g_assert_true(original.st_ino != passed.st_ino || original.st_dev != passed.st_dev);
    char content[16] = "";
    g_assert_cmpint(pread(fd, content, sizeof content, 0), ==, strlen("kernel"));
    g_assert_cmpstr(content, ==, "kernel");
    tear_down(&fixture);
}

static void test_firmware_texts(void)
{
    Fixture fixture;
    set_up(&fixture);
    const char *const texts[] = {
        "bios-vendor",  "Xen, Inc", "system-version", "4.2", "unknown", "x",
        "bios-version", "1",        "oem-1",          "",    NULL};
    fixture.config.bios_strings = texts;
    g_autofree char *text = build(&fixture.config, &host);
    assert_has(text, "\n-smbios\ntype=0,vendor=Xen,, Inc,version=1\n");
    assert_has(text, "\n-smbios\ntype=1,version=4.2\n");
    assert_lacks(text, "type=11");
    assert_lacks(text, "unknown");
    tear_down(&fixture);
}

static void test_generation_id(void)
{
    Fixture fixture;
    set_up(&fixture);
    g_autofree char *without = build(&fixture.config, &host);
    assert_lacks(without, "vmgenid");
    for (unsigned i = 0; i < sizeof fixture.config.generation_id.bytes; i++) {
        fixture.config.generation_id.bytes[i] = (uint8_t)i;
    }
    g_autofree char *text = build(&fixture.config, &host);
    assert_has(text,
               "\n-device\nvmgenid,id=generation,guid=03020100-0504-0706-0809-0a0b0c0d0e0f\n");
    tear_down(&fixture);
}

static void test_refused(void)
{
    Fixture fixture;
    set_up(&fixture);
    HvDomainConfig *config = &fixture.config;
    fixture.disks[0].position = 16;
    g_autofree char *beyond = build(config, &host);
    assert_has(beyond, "beyond");
    fixture.disks[0].position = 4;
    fixture.disks[0].image_count = 0;
    g_autofree char *empty = build(config, &host);
    assert_has(empty, "no image");
    fixture.disks[0].image_count = 1;
    fixture.disks[0].id = "a,b";
    g_autofree char *bad_id = build(config, &host);
    assert_has(bad_id, "refuses");
    fixture.disks[0].id = "good";
    fixture.nics[0].position = 8;
    g_autofree char *bad_nic = build(config, &host);
    assert_has(bad_nic, "beyond");
    fixture.nics[0].position = 1;
    fixture.images[0].path = fixture.dir;
    g_autofree char *folder = build(config, &host);
    assert_has(folder, "INTERNAL_ERROR");
    tear_down(&fixture);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/qemu_cmdline/machine", test_machine);
    g_test_add_func("/qemu_cmdline/hidden_features", test_hidden_features);
    g_test_add_func("/qemu_cmdline/disks", test_disks);
    g_test_add_func("/qemu_cmdline/nics", test_nics);
    g_test_add_func("/qemu_cmdline/boot_order", test_boot_order);
    g_test_add_func("/qemu_cmdline/kernel", test_kernel);
    g_test_add_func("/qemu_cmdline/private_kernel", test_private_kernel);
    g_test_add_func("/qemu_cmdline/firmware_texts", test_firmware_texts);
    g_test_add_func("/qemu_cmdline/generation_id", test_generation_id);
    g_test_add_func("/qemu_cmdline/refused", test_refused);
    return g_test_run();
}
