/* The small guest, see hv_guest.h. */
#include "hv_guest.h"

#include "base/fd.h"

#include <sys/socket.h>

void guest_clear(Guest *guest)
{
    g_clear_pointer(&guest->path, g_free);
}

void guest_init(Guest *guest, Bench *bench, uint64_t ticket)
{
    *guest = (Guest){.path = bench_new_disk(bench)};
    guest->image = (HvImage){guest->path, "raw"};
    guest->disks[0] = (HvDisk){GUEST_DISK, 0, false, false, true, &guest->image, 1};
    guest->disks[1] = (HvDisk){GUEST_CD, 3, true, true, false, NULL, 0};
    guest->nic = (HvNic){GUEST_NIC, 0, "52:54:00:12:34:56", 1500, -1, NULL, NULL};
    guest->config = (HvDomainConfig){
        .uuid = uuid_generate(),
        .name = "contract, with a comma",
        .vcpus = 1,
        .vcpus_max = 2,
        .disks = guest->disks,
        .disk_count = 2,
        .nics = &guest->nic,
        .nic_count = 1,
        .start_ticket = ticket,
    };
    bench_describe_guest(bench, &guest->config);
}

HvState guest_state(Bench *bench, Uuid uuid)
{
    HvDomainInfo info;
    Err *err = NULL;
    assert_ok(bench->driver->domain_info(bench->hv, uuid, &info, &err), err);
    return info.state;
}

bool guest_has_device(Bench *bench, Uuid uuid, const char *id)
{
    Err *err = NULL;
    g_auto(GStrv) ids = bench->driver->domain_devices(bench->hv, uuid, &err);
    assert_ok(ids != NULL, err);
    return g_strv_contains((const char *const *)ids, id);
}

int guest_boot(Bench *bench, Guest *guest)
{
    Err *err = NULL;
    int domid = 0;
    assert_ok(bench->driver->domain_create(bench->hv, bench->op, &guest->config, &domid, &err),
              err);
    g_assert_cmpint(domid, >, 0);
    int line = bench->driver->console_open(bench->hv, guest->config.uuid, HV_CONSOLE_TEXT, &err);
    assert_ok(line >= 0, err);
    assert_ok(
        bench->driver->domain_set_paused(bench->hv, bench->op, guest->config.uuid, false, &err),
        err);
    return line;
}

int guest_start(Bench *bench, Guest *guest)
{
    int line = guest_boot(bench, guest);
    g_free(line_expect(bench, line, "READY\r\n"));
    return line;
}

void guest_reopen(Bench *bench, const Guest *guest, int *line)
{
    Err *err = NULL;
    fd_close(line);
    bench_close(bench);
    bench_open(bench);
    *line = bench->driver->console_open(bench->hv, guest->config.uuid, HV_CONSOLE_TEXT, &err);
    assert_ok(*line >= 0, err);
}

void guest_destroy(Bench *bench, Guest *guest)
{
    Err *err = NULL;
    assert_ok(bench->driver->domain_destroy(bench->hv, bench->op, guest->config.uuid, &err), err);
    g_assert_cmpint(guest_state(bench, guest->config.uuid), ==, HV_STATE_GONE);
}

char guest_next_letter(Bench *bench, int line)
{
    line_send(line, "+");
    struct pollfd poll = {.fd = line, .events = POLLIN};
    Err *err = NULL;
    assert_ok(op_poll(bench->op, &poll, 1, &err), err);
    char letter;
    g_assert_cmpint(recv(line, &letter, 1, 0), ==, 1);
    return letter;
}
