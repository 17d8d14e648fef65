/* One suite for every hypervisor driver: what hv.h promises, whatever is below.
 *
 *   hv_contract DRIVER GUEST     runs the suite; GUEST is the boot sector made from guest.S
 *   hv_contract DRIVER GUEST --hold ROOT   creates a domain, says so and waits to be killed
 *
 * The guest obeys letters on its serial line, see guest.S; the fake driver's guests do the same
 * without a processor. What needs a whole operating system in the guest is hv_linux.c. */
#include "base/fd.h"
#include "base/subprocess.h"
#include "base/text.h"
#include "hv_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

static const char *const disk_id = "b1f8e7de-0000-4000-8000-000000000001";
static const char *const cd_id = "b1f8e7de-0000-4000-8000-000000000002";
static const char *const nic_id = "b1f8e7de-0000-4000-8000-000000000003";

/* A small guest with a boot disk, an empty CD drive and a NIC without a cable. */
typedef struct Guest {
    HvDomainConfig config;
    HvImage image;
    HvDisk disks[2];
    HvNic nic;
    char *path;
} Guest;

static void guest_clear(Guest *guest)
{
    g_clear_pointer(&guest->path, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Guest, guest_clear)

static void guest_init(Guest *guest, Bench *bench, uint64_t ticket)
{
    *guest = (Guest){.path = bench_new_disk(bench)};
    guest->image = (HvImage){guest->path, "raw"};
    guest->disks[0] = (HvDisk){disk_id, 0, false, false, true, &guest->image, 1};
    guest->disks[1] = (HvDisk){cd_id, 3, true, true, false, NULL, 0};
    guest->nic = (HvNic){nic_id, 0, "52:54:00:12:34:56", 1500, -1};
    guest->config = (HvDomainConfig){
        .uuid = uuid_generate(),
        .name = "contract, with a comma",
        .vcpus = 1,
        .vcpus_max = 2,
        .memory_bytes = 64 * MIB,
        .memory_max_bytes = 64 * MIB,
        .firmware = HV_FIRMWARE_BIOS,
        .boot_order = "cdn",
        .vga = "",
        .disks = guest->disks,
        .disk_count = 2,
        .nics = &guest->nic,
        .nic_count = 1,
        .start_ticket = ticket,
    };
}

static HvState state_of(Bench *bench, Uuid uuid)
{
    HvDomainInfo info;
    Err *err = NULL;
    assert_ok(bench->driver->domain_info(bench->hv, uuid, &info, &err), err);
    return info.state;
}

/* Creates and starts it, and waits until the guest listens. Returns its serial line. */
static int start(Bench *bench, Guest *guest)
{
    Err *err = NULL;
    int domid = 0;
    assert_ok(bench->driver->domain_create(bench->hv, bench->op, &guest->config, &domid, &err),
              err);
    g_assert_cmpint(domid, >, 0);
    int line = bench->driver->console_open_text(bench->hv, guest->config.uuid, &err);
    assert_ok(line >= 0, err);
    assert_ok(bench->driver->domain_unpause(bench->hv, bench->op, guest->config.uuid, &err), err);
    g_free(line_expect(bench, line, "READY"));
    return line;
}

static void destroy(Bench *bench, Guest *guest)
{
    Err *err = NULL;
    assert_ok(bench->driver->domain_destroy(bench->hv, bench->op, guest->config.uuid, &err), err);
    g_assert_cmpint(state_of(bench, guest->config.uuid), ==, HV_STATE_GONE);
}

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

static void test_states(Bench *bench)
{
    Err *err = NULL;
    const HvDriver *driver = bench->driver;
    g_auto(Guest) guest = {0};
    guest_init(&guest, bench, 7);
    Uuid uuid = guest.config.uuid;
    int domid;
    g_assert_cmpint(state_of(bench, uuid), ==, HV_STATE_GONE);
    assert_ok(driver->domain_create(bench->hv, bench->op, &guest.config, &domid, &err), err);
    g_assert_cmpint(state_of(bench, uuid), ==, HV_STATE_PAUSED);
    g_assert_false(driver->domain_create(bench->hv, bench->op, &guest.config, &domid, &err));
    g_clear_pointer(&err, err_free);
    for (unsigned i = 0; i < 2; i++) {
        assert_ok(driver->domain_unpause(bench->hv, bench->op, uuid, &err), err);
        g_assert_cmpint(state_of(bench, uuid), ==, HV_STATE_RUNNING);
    }
    for (unsigned i = 0; i < 2; i++) {
        assert_ok(driver->domain_pause(bench->hv, bench->op, uuid, &err), err);
        g_assert_cmpint(state_of(bench, uuid), ==, HV_STATE_PAUSED);
    }
    HvDomainInfo info;
    assert_ok(driver->domain_info(bench->hv, uuid, &info, &err), err);
    g_assert_cmpint(info.domid, ==, domid);
    g_assert_cmpuint(info.vcpus, ==, 1);
    g_assert_cmpuint(info.memory_bytes, ==, 64 * MIB);
    g_assert_cmpuint(info.start_ticket, ==, 7);
    HvDomainStats stats = {0};
    assert_ok(driver->domain_stats(bench->hv, uuid, &stats, &err), err);
    g_assert_cmpuint(stats.memory_bytes, ==, 64 * MIB);
    g_autoptr(GArray) list = driver->domain_list(bench->hv, &err);
    g_assert_cmpuint(list->len, ==, 1);
    g_assert_true(uuid_equal(g_array_index(list, HvDomainInfo, 0).uuid, uuid));
    destroy(bench, &guest);
    g_assert_cmpint(bench_wait_exit(bench, uuid, 7), ==, HV_EXIT_DESTROYED);
    destroy(bench, &guest);
    g_autoptr(GArray) rest = driver->domain_list(bench->hv, &err);
    g_assert_cmpuint(rest->len, ==, 0);
    g_assert_false(driver->domain_unpause(bench->hv, bench->op, uuid, &err));
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
        auto_fd line = start(bench, &guest);
        line_send(line, ends[i].letter);
        g_assert_cmpint(bench_wait_exit(bench, guest.config.uuid, 100 + i), ==, ends[i].reason);
        g_assert_cmpint(state_of(bench, guest.config.uuid), ==, HV_STATE_SHUTDOWN);
        destroy(bench, &guest);
        g_assert_cmpuint(bench_count_exits(bench, guest.config.uuid), ==, 1);
    }
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        g_printerr("usage: %s DRIVER GUEST\n", argv[0]);
        return 2;
    }
    static const BenchTest tests[] = {
        {"host", 0, test_host},
        {"states", 0, test_states},
        {"guest_ends", HV_CAP_TEXT_CONSOLE, test_guest_ends},
    };
    return bench_run(argc, argv, tests, G_N_ELEMENTS(tests));
}
