/* Gives a domain of the fake engine away, and ends as a daemon does that is killed just then:
 * before it said so to the receiver.
 *
 *   give_away RUN_DIR OTHER_DIR DOMAIN    OTHER_DIR is the receiver's, and empty */
#include "hv/hv.h"

#include "../assert_ok.h"

#include <stdlib.h>
#include <sys/socket.h>

#define LIMIT (20 * USEC_PER_SEC)

/* Who receives, in a thread. */
typedef struct Receiver {
    const char *dir;
    HvDomainConfig config;
    int fd;
} Receiver;

static void on_exited(void *user, Uuid domain, uint64_t ticket, HvExitReason reason)
{
    (void)user, (void)domain, (void)ticket, (void)reason;
}

static void on_guest_changed(void *user, Uuid domain)
{
    (void)user, (void)domain;
}

static void on_progress(void *user, double done)
{
    (void)user, (void)done;
}

static bool publish(void *user, Err **err)
{
    (void)user, (void)err;
    _Exit(0);
}

static void retract(void *user)
{
    (void)user;
}

static Hv *open_driver(const char *dir)
{
    Err *err = NULL;
    const HvConfig config = {.run_dir = dir,
                             .log_dir = dir,
                             .user_name = "",
                             .events = {NULL, on_exited, on_guest_changed, NULL, NULL}};
    Hv *hv = hv_fake_driver.open(&config, &err);
    assert_ok(hv != NULL, err);
    return hv;
}

static gpointer receive(gpointer user)
{
    const Receiver *receiver = user;
    g_autoptr(Op) op = op_new(LIMIT);
    int domid;
    (void)hv_fake_driver.domain_receive(open_driver(receiver->dir), op, &receiver->config,
                                        receiver->fd, &domid, NULL);
    return NULL;
}

int main(int argc, char **argv)
{
    Receiver receiver = {.config = {.name = "guest", .vcpus = 1, .vcpus_max = 1}};
    if (argc != 4 || !uuid_parse(argv[3], &receiver.config.uuid)) {
        g_printerr("usage: %s RUN_DIR OTHER_DIR DOMAIN\n", argv[0]);
        return 2;
    }
    int pair[2];
    g_assert_no_errno(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
    receiver.dir = argv[2];
    receiver.fd = pair[1];
    g_thread_unref(g_thread_new("receiver", receive, &receiver));
    Err *err = NULL;
    g_autoptr(Op) op = op_new(LIMIT);
    const HvSend send = {pair[0], on_progress, publish, retract, NULL};
    assert_ok(
        hv_fake_driver.domain_send(open_driver(argv[1]), op, receiver.config.uuid, &send, &err),
        err);
    g_assert_not_reached();
}
