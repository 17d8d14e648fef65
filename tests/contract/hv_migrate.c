/* A guest that moves between two hosts, each of which runs half of this.
 *
 *   hv_migrate DRIVER GUEST send ROOT DISK      starts the guest, has it count, and sends it
 *   hv_migrate DRIVER GUEST receive ROOT DISK   receives it, and has it count on
 *
 * The stream is standard input and output, so that anything can carry it. DISK is what both hosts
 * have of the same disk: a block device with a sector to spare behind its first. */
#include "base/fd.h"
#include "hv_guest.h"

#include <sys/socket.h>

#define TICKET 5
#define CHUNK  65536

/* A thread that copies one way, until the end. */
typedef struct Pipe {
    int from, to;
    bool shuts; /* `to` is a socket, whose other end learns of that end */
} Pipe;

static gpointer copy(gpointer user)
{
    const Pipe *pipe = user;
    g_autofree char *data = g_malloc(CHUNK);
    ssize_t got;
    while ((got = read(pipe->from, data, CHUNK)) > 0 &&
           fd_write_all(pipe->to, data, (size_t)got, NULL)) {
    }
    if (pipe->shuts) {
        (void)shutdown(pipe->to, SHUT_WR);
    } else {
        close(pipe->to);
    }
    return NULL;
}

static void on_progress(void *user, double done)
{
    (void)user;
    g_assert_cmpfloat(done, <=, 1.0);
}

static bool publish(void *user, Err **err)
{
    (void)user;
    (void)err;
    return true;
}

static void retract(void *user)
{
    (void)user;
}

static void send_guest(Bench *bench, Guest *guest, int stream)
{
    Err *err = NULL;
    auto_fd line = guest_start(bench, guest);
    line_ask(bench, line, "+", "B");
    line_ask(bench, line, "+w", "C.");
    const HvSend send = {stream, on_progress, publish, retract, NULL};
    assert_ok(bench->driver->domain_send(bench->hv, bench->op, guest->config.uuid, &send, &err),
              err);
    g_assert_cmpint(guest_state(bench, guest->config.uuid), ==, HV_STATE_GONE);
}

static void receive_guest(Bench *bench, Guest *guest, int stream)
{
    Err *err = NULL;
    int domid;
    Uuid uuid = guest->config.uuid;
    assert_ok(
        bench->driver->domain_receive(bench->hv, bench->op, &guest->config, stream, &domid, &err),
        err);
    g_assert_cmpint(guest_state(bench, uuid), ==, HV_STATE_PAUSED);
    auto_fd line = bench->driver->console_open(bench->hv, uuid, HV_CONSOLE_TEXT, &err);
    assert_ok(line >= 0, err);
    assert_ok(bench->driver->domain_set_paused(bench->hv, bench->op, uuid, false, &err), err);
    line_ask(bench, line, "+", "D");
    line_ask(bench, line, "d", "C");
    line_ask(bench, line, "w", ".");
    line_ask(bench, line, "d", "D");
    guest_destroy(bench, guest);
}

int main(int argc, char **argv)
{
    if (argc != 6) {
        g_printerr("usage: %s DRIVER GUEST send|receive ROOT DISK\n", argv[0]);
        return 2;
    }
    int pair[2];
    g_assert_no_errno(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
    Pipe pipes[] = {{STDIN_FILENO, pair[1], true}, {pair[1], STDOUT_FILENO, false}};
    g_thread_unref(g_thread_new("in", copy, &pipes[0]));
    GThread *out = g_thread_new("out", copy, &pipes[1]);
    Bench bench;
    bench_setup(&bench, argv[1], argv[2], argv[4]);
    Guest guest;
    guest_init(&guest, &bench, TICKET);
    guest.image.path = argv[5];
    guest.config.uuid = uuid_from_md5("hv_migrate");
    bool sends = g_str_equal(argv[3], "send");
    (sends ? send_guest : receive_guest)(&bench, &guest, pair[0]);
    close(pair[0]);
    g_thread_join(out);
    guest_clear(&guest);
    bench_teardown(&bench);
    g_printerr("%s: done\n", argv[3]);
    return 0;
}
