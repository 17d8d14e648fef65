/* A guest on its way from one driver to another: two of the same engine in two folders of one
 * machine, which share the guest's disk.
 *
 *   hv_passage DRIVER GUEST                  runs the suite with the guest of hv_contract
 *   hv_passage DRIVER GUEST --send ROOT      starts the traveller, says so and sends it
 *   hv_passage DRIVER GUEST --publish ROOT   sends it and says so when it is in publish()
 *   hv_passage DRIVER GUEST --copy ROOT      sends it and says so when it is in progress()
 *   hv_passage DRIVER GUEST --receive ROOT   receives it and says so when it is there
 *
 * The last four wait to be killed. */
#include "base/fd.h"
#include "hv/socket.h"
#include "hv_guest.h"

#include <sys/socket.h>

#define SOCKET "stream"
#define DISK   "traveller.qcow2"
#define BASE   "traveller.raw"
#define HOME   "home" /* a link to the folder of those three, in that of each bench */
#define TICKET 77

/* The guest is the same in every program. Its disk is an overlay: one with state of its own, that
 * has to be handed over. */
typedef struct Traveller {
    Guest guest;
    char *disk, *base;
    HvImage chain[2];
} Traveller;

/* How sending is disturbed, and what was heard of it. */
typedef struct Trip {
    Op *cancel;          /* in progress() */
    bool refuse;         /* in publish() */
    Holder *kill;        /* in publish() */
    const char *halt_in; /* the mode of this program, when it waits to be killed */
    unsigned published, retracted;
} Trip;

/* A thread that receives. */
typedef struct Receiver {
    Bench *bench;
    Op *op;
    int fd; /* a stream, or what listens for one */
    bool listens;
    HvDomainConfig config;
    GThread *thread;
    bool done;
    Err *why;
} Receiver;

G_NORETURN static void halt(void)
{
    g_assert_cmpint(write(STDOUT_FILENO, "r", 1), ==, 1);
    for (;;) {
        pause();
    }
}

static void on_progress(void *user, double done)
{
    const Trip *trip = user;
    g_assert_true(done >= 0.0 && done <= 1.0);
    if (g_strcmp0(trip->halt_in, "--copy") == 0) {
        halt();
    }
    if (trip->cancel) {
        op_cancel(trip->cancel);
    }
}

static bool publish(void *user, Err **err)
{
    Trip *trip = user;
    trip->published++;
    if (g_strcmp0(trip->halt_in, "--publish") == 0) {
        halt();
    }
    if (trip->kill) {
        bench_kill_holder(trip->kill);
    }
    return !trip->refuse || err_internal(err, "not now");
}

static void retract(void *user)
{
    Trip *trip = user;
    trip->retracted++;
}

static char *find_home(const Bench *bench)
{
    g_autofree char *link = g_build_filename(bench->root, HOME, NULL);
    return g_file_read_link(link, NULL);
}

static void traveller_init(Traveller *traveller, Bench *bench)
{
    g_autofree char *home = find_home(bench);
    Guest *guest = &traveller->guest;
    guest_init(guest, bench, TICKET);
    guest->config.uuid = uuid_from_md5(home);
    traveller->disk = g_build_filename(home, DISK, NULL);
    traveller->base = g_build_filename(home, BASE, NULL);
    if (!g_file_test(traveller->disk, G_FILE_TEST_EXISTS)) {
        g_assert_no_errno(rename(guest->path, traveller->base));
        g_autofree char *overlay = bench_new_overlay(bench, traveller->base, "raw");
        g_assert_no_errno(rename(overlay, traveller->disk));
    }
    traveller->chain[0] = (HvImage){traveller->disk, "qcow2"};
    traveller->chain[1] = (HvImage){traveller->base, "raw"};
    guest->disks[0].images = traveller->chain;
    guest->disks[0].image_count = 2;
}

static void traveller_clear(Traveller *traveller)
{
    g_free(traveller->disk);
    g_free(traveller->base);
    guest_clear(&traveller->guest);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Traveller, traveller_clear)

static gpointer run_receiver(gpointer user)
{
    Receiver *receiver = user;
    Bench *bench = receiver->bench;
    auto_fd stream = -1;
    int domid = 0;
    if (receiver->listens) {
        struct pollfd poll = {.fd = receiver->fd, .events = POLLIN};
        if (!op_poll(receiver->op, &poll, 1, &receiver->why)) {
            return NULL;
        }
        stream = accept(receiver->fd, NULL, NULL);
    } else {
        stream = receiver->fd;
    }
    receiver->done = bench->driver->domain_receive(bench->hv, receiver->op, &receiver->config,
                                                   stream, &domid, &receiver->why);
    g_assert_true(receiver->done == (domid > 0));
    return NULL;
}

static void receiver_start(Receiver *receiver, Bench *bench, const Traveller *traveller, int fd,
                           bool listens)
{
    *receiver = (Receiver){.bench = bench,
                           .op = op_new(bench->kind->deadline),
                           .fd = fd,
                           .listens = listens,
                           .config = traveller->guest.config};
}

static void receiver_run(Receiver *receiver)
{
    receiver->thread = g_thread_new("receiver", run_receiver, receiver);
}

/* Whether it has the guest. Why not is told to those who want to know. */
static bool receiver_end(Receiver *receiver, Err **err)
{
    g_thread_join(receiver->thread);
    op_unref(receiver->op);
    if (!receiver->done) {
        err_propagate(err, receiver->why);
    }
    return receiver->done;
}

static bool send_to(Bench *bench, Op *op, const Traveller *traveller, Trip *trip, int fd, Err **err)
{
    const HvSend send = {fd, on_progress, publish, retract, trip};
    bool done = bench->driver->domain_send(bench->hv, op, traveller->guest.config.uuid, &send, err);
    fd_close(&fd);
    return done;
}

/* From one bench to the other, whole. */
static void move(Bench *from, Bench *to, const Traveller *traveller)
{
    Err *err = NULL;
    int pair[2];
    g_assert_no_errno(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
    Receiver receiver;
    receiver_start(&receiver, to, traveller, pair[1], false);
    receiver_run(&receiver);
    Trip trip = {0};
    bool sent = send_to(from, from->op, traveller, &trip, pair[0], &err);
    Err *why = NULL;
    assert_ok(receiver_end(&receiver, &why), why);
    assert_ok(sent, err);
    g_assert_cmpuint(trip.published, ==, 1);
    g_assert_cmpuint(trip.retracted, ==, 0);
}

static HvDomainInfo info_of(Bench *bench, Uuid uuid)
{
    HvDomainInfo info;
    Err *err = NULL;
    assert_ok(bench->driver->domain_info(bench->hv, uuid, &info, &err), err);
    return info;
}

static void assert_nothing_at(Bench *bench)
{
    Err *err = NULL;
    g_autoptr(GArray) list = bench->driver->domain_list(bench->hv, &err);
    g_assert_cmpuint(list->len, ==, 0);
    bench_assert_nothing_left(bench);
}

static int open_line(Bench *bench, Uuid uuid)
{
    Err *err = NULL;
    int line = bench->driver->console_open(bench->hv, uuid, HV_CONSOLE_TEXT, &err);
    assert_ok(line >= 0, err);
    return line;
}

static void let_run(Bench *bench, Uuid uuid)
{
    Err *err = NULL;
    assert_ok(bench->driver->domain_set_paused(bench->hv, bench->op, uuid, false, &err), err);
}

/* The other bench of a test, and the traveller, which sets out from `bench`. */
static Uuid set_out(Bench *bench, Bench *other, Traveller *traveller)
{
    bench_setup(other, bench->kind->name, bench->guest, NULL);
    const Bench *const benches[] = {bench, other};
    for (unsigned i = 0; i < G_N_ELEMENTS(benches); i++) {
        g_autofree char *link = g_build_filename(benches[i]->root, HOME, NULL);
        g_assert_no_errno(symlink(bench->root, link));
    }
    traveller_init(traveller, bench);
    return traveller->guest.config.uuid;
}

/* There and back: its memory, its disk and its ticket come along. */
static void test_there_and_back(Bench *bench)
{
    Bench other;
    g_auto(Traveller) traveller = {0};
    Uuid uuid = set_out(bench, &other, &traveller);
    int line = guest_start(bench, &traveller.guest);
    line_ask(bench, line, "+w", "B.");
    close(line);
    Bench *from = bench, *to = &other;
    static const char *const counted[][2] = {{"C", "D."}, {"E", "F."}};
    for (unsigned i = 0; i < G_N_ELEMENTS(counted); i++) {
        move(from, to, &traveller);
        g_assert_cmpint(guest_state(from, uuid), ==, HV_STATE_GONE);
        g_assert_cmpint(bench_wait_exit(from, uuid, TICKET), ==, HV_EXIT_DESTROYED);
        HvDomainInfo info = info_of(to, uuid);
        g_assert_cmpint(info.state, ==, HV_STATE_PAUSED);
        g_assert_cmpuint(info.start_ticket, ==, TICKET);
        g_assert_false(info.given);
        /* It outlives this driver, too. */
        bench_close(to);
        bench_open(to);
        g_assert_cmpint(guest_state(to, uuid), ==, HV_STATE_PAUSED);
        auto_fd there = open_line(to, uuid);
        let_run(to, uuid);
        line_ask(to, there, "d", i == 0 ? "B" : "D");
        line_ask(to, there, "+", counted[i][0]);
        line_ask(to, there, "+w", counted[i][1]);
        Bench *swap = from;
        from = to;
        to = swap;
    }
    g_assert_cmpuint(bench_count_exits(&other, uuid), ==, 1);
    guest_destroy(bench, &traveller.guest);
    if (bench->is_real) {
        const char *const argv[] = {"qemu-img", "check", "-q", traveller.disk, NULL};
        bench_run_program(bench, argv);
    }
    bench_teardown(&other);
}

typedef enum Refusal {
    REFUSE_GUEST,    /* it waits for another one */
    REFUSE_AT_ONCE,  /* its Op is cancelled */
    REFUSE_SILENTLY, /* nobody is there */
    REFUSE_PUBLISH,
    REFUSE_PROGRESS, /* the sender's Op is cancelled */
    REFUSALS,
    REFUSE_NOT, /* it is the guest that cannot be sent */
} Refusal;

static void try_in_vain(Bench *from, Bench *to, const Traveller *traveller, Refusal refusal)
{
    int pair[2];
    g_assert_no_errno(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
    g_autoptr(Op) op = op_new(from->kind->deadline);
    Trip trip = {.refuse = refusal == REFUSE_PUBLISH,
                 .cancel = refusal == REFUSE_PROGRESS ? op : NULL};
    Receiver receiver;
    receiver_start(&receiver, to, traveller, pair[1], false);
    if (refusal == REFUSE_GUEST) {
        receiver.config.uuid = uuid_generate();
    } else if (refusal == REFUSE_AT_ONCE) {
        op_cancel(receiver.op);
    }
    if (refusal == REFUSE_SILENTLY) {
        close(pair[1]);
        op_unref(receiver.op);
    } else {
        receiver_run(&receiver);
    }
    g_autoptr(Err) err = NULL;
    g_autoptr(Err) why = NULL;
    g_assert_false(send_to(from, op, traveller, &trip, pair[0], &err));
    g_assert_true(refusal == REFUSE_SILENTLY || !receiver_end(&receiver, &why));
    if (refusal == REFUSE_PUBLISH) {
        /* Each side hears the reason. */
        g_assert_cmpstr(err->params[0], ==, "not now");
        g_assert_nonnull(strstr(why->params[0], "not now"));
    } else if (refusal == REFUSE_GUEST) {
        g_assert_nonnull(strstr(err->params[0], "expected"));
    } else if (refusal == REFUSE_PROGRESS) {
        g_assert_cmpstr(err->code, ==, "TASK_CANCELLED");
    }
    g_assert_cmpuint(trip.published, ==, refusal == REFUSE_PUBLISH);
    g_assert_cmpuint(trip.retracted, ==, 0);
}

/* Whatever goes wrong, the guest goes on where it was, and can be sent another time. */
static void test_in_vain(Bench *bench)
{
    Bench other;
    g_auto(Traveller) traveller = {0};
    Uuid uuid = set_out(bench, &other, &traveller);
    auto_fd line = guest_start(bench, &traveller.guest);
    char letter = 'A';
    for (unsigned i = 0; i < REFUSALS; i++) {
        try_in_vain(bench, &other, &traveller, i);
        HvDomainInfo info = info_of(bench, uuid);
        g_assert_cmpint(info.state, ==, HV_STATE_RUNNING);
        g_assert_false(info.given);
        g_assert_cmpint(guest_next_letter(bench, line), ==, ++letter);
        assert_nothing_at(&other);
    }
    line_ask(bench, line, "w", ".");
    move(bench, &other, &traveller);
    auto_fd there = open_line(&other, uuid);
    let_run(&other, uuid);
    line_ask(&other, there, "d", (char[]){letter, '\0'});
    guest_destroy(&other, &traveller.guest);
    bench_teardown(&other);
}

/* One that stands still is not sent, and goes on standing still. */
static void test_paused(Bench *bench)
{
    Err *err = NULL;
    Bench other;
    g_auto(Traveller) traveller = {0};
    Uuid uuid = set_out(bench, &other, &traveller);
    auto_fd line = guest_start(bench, &traveller.guest);
    line_ask(bench, line, "+", "B");
    assert_ok(bench->driver->domain_set_paused(bench->hv, bench->op, uuid, true, &err), err);
    try_in_vain(bench, &other, &traveller, REFUSE_NOT);
    assert_nothing_at(&other);
    g_assert_cmpint(guest_state(bench, uuid), ==, HV_STATE_PAUSED);
    let_run(bench, uuid);
    line_ask(bench, line, "+", "C");
    guest_destroy(bench, &traveller.guest);
    bench_teardown(&other);
}

/* The sender's driver is killed while it copies, and when it has just given the guest away. */
static void test_killed_sender(Bench *bench)
{
    static const char *const modes[] = {"--copy", "--publish"};
    Err *err = NULL;
    Bench other;
    g_auto(Traveller) traveller = {0};
    Uuid uuid = set_out(bench, &other, &traveller);
    auto_fd listener = hv_socket_listen(bench->root, SOCKET, &err);
    for (unsigned i = 0; i < G_N_ELEMENTS(modes); i++) {
        bench_close(bench);
        Receiver receiver;
        receiver_start(&receiver, &other, &traveller, listener, true);
        receiver_run(&receiver);
        bench_run_holder(bench, modes[i], 0);
        g_assert_false(receiver_end(&receiver, NULL));
        assert_nothing_at(&other);
        bench_open(bench);
        bool given = i == 1;
        HvDomainInfo info = info_of(bench, uuid);
        g_assert_cmpint(info.given, ==, given);
        g_assert_cmpint(info.state, ==, given ? HV_STATE_PAUSED : HV_STATE_RUNNING);
        if (given) {
            g_assert_false(
                bench->driver->domain_set_paused(bench->hv, bench->op, uuid, false, &err));
            g_clear_pointer(&err, err_free);
            Trip again = {0};
            g_assert_false(send_to(bench, bench->op, &traveller, &again, -1, &err));
            g_clear_pointer(&err, err_free);
            g_assert_true(info_of(bench, uuid).given);
        }
        assert_ok(bench->driver->domain_reclaim(bench->hv, bench->op, uuid, &err), err);
        info = info_of(bench, uuid);
        g_assert_cmpint(info.state, ==, HV_STATE_RUNNING);
        g_assert_false(info.given);
        auto_fd line = open_line(bench, uuid);
        line_ask(bench, line, "+", "C");
        guest_destroy(bench, &traveller.guest);
    }
    bench_teardown(&other);
}

static int accept_stream(Bench *bench, int listener)
{
    Err *err = NULL;
    struct pollfd poll = {.fd = listener, .events = POLLIN};
    assert_ok(op_poll(bench->op, &poll, 1, &err), err);
    int stream = accept(listener, NULL, NULL);
    g_assert_cmpint(stream, >=, 0);
    return stream;
}

/* The receiver's driver is killed when it has all but the word, and when it has that, too. */
static void test_killed_receiver(Bench *bench)
{
    Err *err = NULL;
    Bench other;
    g_auto(Traveller) traveller = {0};
    Uuid uuid = set_out(bench, &other, &traveller);
    auto_fd listener = hv_socket_listen(bench->root, SOCKET, &err);
    auto_fd line = guest_start(bench, &traveller.guest);
    line_ask(bench, line, "+", "B");
    bench_close(&other);
    Holder holder = bench_start_holder(&other, "--receive");
    Trip trip = {.kill = &holder};
    int stream = accept_stream(bench, listener);
    g_assert_false(send_to(bench, bench->op, &traveller, &trip, stream, &err));
    g_clear_pointer(&err, err_free);
    bench_open(&other);
    assert_nothing_at(&other);
    /* Whether it was told of the end in time or not: here it is. */
    assert_ok(bench->driver->domain_reclaim(bench->hv, bench->op, uuid, &err), err);
    g_assert_cmpint(guest_state(bench, uuid), ==, HV_STATE_RUNNING);
    line_ask(bench, line, "+", "C");
    bench_close(&other);
    holder = bench_start_holder(&other, "--receive");
    trip = (Trip){0};
    stream = accept_stream(bench, listener);
    assert_ok(send_to(bench, bench->op, &traveller, &trip, stream, &err), err);
    bench_await_holder(&holder);
    bench_kill_holder(&holder);
    bench_open(&other);
    g_assert_cmpint(guest_state(&other, uuid), ==, HV_STATE_PAUSED);
    auto_fd there = open_line(&other, uuid);
    let_run(&other, uuid);
    line_ask(&other, there, "+", "D");
    guest_destroy(&other, &traveller.guest);
    bench_teardown(&other);
}

/* Either side is killed at any moment: afterwards exactly one of them has the guest. */
static void test_killed_anywhere(Bench *bench)
{
    Err *err = NULL;
    Bench other;
    g_auto(Traveller) traveller = {0};
    Uuid uuid = set_out(bench, &other, &traveller);
    auto_fd listener = hv_socket_listen(bench->root, SOCKET, &err);
    for (unsigned i = 0; i < MAX(bench->kind->kills / 4, 1); i++) {
        bench_close(bench);
        Receiver receiver;
        receiver_start(&receiver, &other, &traveller, listener, true);
        receiver_run(&receiver);
        int milliseconds = g_test_rand_int_range(0, 3 * bench->kind->kill_within);
        bench_run_holder(bench, "--send", (unsigned)milliseconds);
        op_cancel(receiver.op);
        bool there = receiver_end(&receiver, NULL);
        bench_open(bench);
        HvDomainInfo info = info_of(bench, uuid);
        g_test_message("killed after %d ms: %s, here %d%s", milliseconds,
                       there ? "it is there" : "it is not there", info.state,
                       info.given ? ", given" : "");
        if (there) {
            g_assert_true(info.state == HV_STATE_GONE || info.given);
            guest_destroy(bench, &traveller.guest);
            let_run(&other, uuid);
        } else {
            assert_nothing_at(&other);
            assert_ok(bench->driver->domain_reclaim(bench->hv, bench->op, uuid, &err), err);
        }
        Bench *where = there ? &other : bench;
        auto_fd line = open_line(where, uuid);
        line_ask(where, line, "+", "C");
        guest_destroy(where, &traveller.guest);
    }
    bench_teardown(&other);
}

static int connect_stream(const Bench *bench)
{
    Err *err = NULL;
    g_autofree char *home = find_home(bench);
    int stream = hv_socket_connect(home, SOCKET, &err);
    assert_ok(stream >= 0, err);
    return stream;
}

G_NORETURN static void hold(char **argv)
{
    const char *mode = argv[3];
    Err *err = NULL;
    Bench bench;
    bench_setup(&bench, argv[1], argv[2], argv[4]);
    Traveller traveller;
    traveller_init(&traveller, &bench);
    if (g_str_equal(mode, "--receive")) {
        int domid;
        assert_ok(bench.driver->domain_receive(bench.hv, bench.op, &traveller.guest.config,
                                               connect_stream(&bench), &domid, &err),
                  err);
        halt();
    }
    int line = guest_start(&bench, &traveller.guest);
    line_ask(&bench, line, "+", "B");
    close(line);
    int stream = connect_stream(&bench);
    Trip trip = {.halt_in = mode};
    if (g_str_equal(mode, "--send")) {
        g_assert_cmpint(write(STDOUT_FILENO, "r", 1), ==, 1);
    }
    (void)send_to(&bench, bench.op, &traveller, &trip, stream, NULL);
    for (;;) {
        pause();
    }
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        g_printerr("usage: %s DRIVER GUEST\n", argv[0]);
        return 2;
    }
    if (argc == 5 && g_str_has_prefix(argv[3], "--")) {
        hold(argv);
    }
    static const BenchTest tests[] = {
        {"there_and_back", HV_CAP_MIGRATE | HV_CAP_TEXT_CONSOLE, test_there_and_back},
        {"in_vain", HV_CAP_MIGRATE | HV_CAP_TEXT_CONSOLE, test_in_vain},
        {"paused", HV_CAP_MIGRATE | HV_CAP_TEXT_CONSOLE, test_paused},
        {"killed_sender", HV_CAP_MIGRATE | HV_CAP_TEXT_CONSOLE, test_killed_sender},
        {"killed_receiver", HV_CAP_MIGRATE | HV_CAP_TEXT_CONSOLE, test_killed_receiver},
        {"killed_anywhere", HV_CAP_MIGRATE | HV_CAP_TEXT_CONSOLE, test_killed_anywhere},
    };
    return bench_run(argc, argv, tests, G_N_ELEMENTS(tests));
}
