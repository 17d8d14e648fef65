/* What the two ends of a passage make of each other's words: one end is the module, the other
 * writes and reads bytes. */
#include "../assert_ok.h"
#include "base/fd.h"
#include "hv/passage.h"
#include "hv/stream.h"
#include "wire/value.h"

#include <sys/socket.h>

#define LIMIT (30 * USEC_PER_SEC)

/* Our end, and what the module asked of the engine. */
typedef struct Peer {
    int fd, theirs;
    Op *op;
    GThread *thread;
    bool done;
    Err *err;
    unsigned copied, given, went_on, ended, published, retracted;
    unsigned prepared, loaded, taken;
    char state[16];
} Peer;

static const Uuid domain = {{1, 2, 3}};

static bool on_copy(void *user, Op *op, HvPassage *passage, Err **err)
{
    Peer *peer = user;
    peer->copied++;
    bool done = hv_passage_put(passage, op, "state", 5, err);
    /* Its last piece is kept until we return. */
    struct pollfd poll_fd = {.fd = peer->fd, .events = POLLIN};
    g_assert_cmpint(poll(&poll_fd, 1, 0), ==, 0);
    return done;
}

static bool on_give(void *user, Err **err)
{
    (void)err;
    ((Peer *)user)->given++;
    return true;
}

static void on_go_on(void *user)
{
    ((Peer *)user)->went_on++;
}

static bool on_end(void *user, Op *op, Err **err)
{
    (void)err;
    ((Peer *)user)->ended++;
    return op_check(op, NULL);
}

static void on_progress(void *user, double done)
{
    (void)user;
    g_assert_cmpfloat(done, <=, 1.0);
}

static bool on_publish(void *user, Err **err)
{
    (void)err;
    ((Peer *)user)->published++;
    return true;
}

static void on_retract(void *user)
{
    ((Peer *)user)->retracted++;
}

static bool on_prepare(void *user, Op *op, Err **err)
{
    ((Peer *)user)->prepared++;
    return op_check(op, err);
}

static bool on_load(void *user, Op *op, HvPassage *passage, Err **err)
{
    Peer *peer = user;
    peer->loaded++;
    const char *first = hv_passage_peek(passage, op, 1, err);
    g_assert_true(!first || *first == 's');
    return first && hv_passage_get(passage, op, peer->state, 5, err);
}

static bool on_take(void *user, Err **err)
{
    (void)err;
    ((Peer *)user)->taken++;
    return true;
}

static gpointer run_sender(gpointer user)
{
    Peer *peer = user;
    const HvSend send = {peer->theirs, on_progress, on_publish, on_retract, peer};
    const HvPassageSource source = {.engine = "test",
                                    .domain = domain,
                                    .memory_bytes = 5,
                                    .copy = on_copy,
                                    .give = on_give,
                                    .go_on = on_go_on,
                                    .end = on_end,
                                    .user = peer};
    peer->done = hv_passage_send(&send, peer->op, &source, &peer->err);
    return NULL;
}

static gpointer run_receiver(gpointer user)
{
    Peer *peer = user;
    const HvPassageTarget target = {.engine = "test",
                                    .domain = domain,
                                    .prepare = on_prepare,
                                    .load = on_load,
                                    .take = on_take,
                                    .user = peer};
    peer->done = hv_passage_receive(peer->theirs, peer->op, &target, &peer->err);
    return NULL;
}

static void begin(Peer *peer, GThreadFunc run)
{
    int pair[2];
    g_assert_no_errno(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
    *peer = (Peer){.fd = pair[0], .theirs = pair[1], .op = op_new(LIMIT)};
    peer->thread = g_thread_new("passage", run, peer);
}

/* Waits until the module is done with it. */
static void join(Peer *peer)
{
    g_thread_join(peer->thread);
    g_assert_true(peer->done == !peer->err);
}

static void clear(Peer *peer)
{
    g_clear_pointer(&peer->err, err_free);
    op_unref(peer->op);
    fd_close(&peer->fd);
    fd_close(&peer->theirs);
}

static void tell(Peer *peer, char message, const char *text)
{
    size_t length = strlen(text);
    char bytes[256] = {message, 0, 0, 0, (char)length};
    g_assert_cmpuint(5 + length, <, sizeof bytes);
    memcpy(bytes + 5, text, length);
    /* The module may have given up over what it was told before. */
    (void)hv_stream_write(peer->op, peer->fd, bytes, 5 + length, NULL);
}

/* The text that comes with it. (owned) */
static char *hear(Peer *peer, char message)
{
    Err *err = NULL;
    unsigned char head[5];
    assert_ok(hv_stream_read(peer->op, peer->fd, head, sizeof head, &err), err);
    g_assert_cmpint(head[0], ==, message);
    size_t length = (size_t)head[3] << 8 | head[4];
    char *text = g_malloc0(length + 1);
    assert_ok(hv_stream_read(peer->op, peer->fd, text, length, &err), err);
    return text;
}

static char *hello(void)
{
    return g_strdup_printf("clearwater 1 test %s", UUID_TEXT(domain));
}

/* The sender's way up to YOURS. */
static void take_all(Peer *peer)
{
    g_autofree char *expected = hello();
    g_autofree char *said = hear(peer, 'H');
    g_assert_cmpstr(said, ==, expected);
    tell(peer, 'R', "");
    g_autofree char *state = hear(peer, 'D');
    g_assert_cmpstr(state, ==, "state");
    g_free(hear(peer, 'E'));
    g_assert_cmpuint(peer->given, ==, 0);
    tell(peer, 'L', "");
    g_free(hear(peer, 'Y'));
    g_assert_cmpuint(peer->given, ==, 1);
    g_assert_cmpuint(peer->published, ==, 1);
}

static void test_sent(void)
{
    Peer peer;
    begin(&peer, run_sender);
    take_all(&peer);
    tell(&peer, 'T', "");
    join(&peer);
    g_assert_true(peer.done);
    g_assert_cmpuint(peer.ended, ==, 1);
    g_assert_cmpuint(peer.went_on, ==, 0);
    clear(&peer);
}

/* A receiver that says that it did not take the guest, and one that says nothing any more. */
static void test_not_taken(void)
{
    for (unsigned known = 0; known < 2; known++) {
        Peer peer;
        begin(&peer, run_sender);
        take_all(&peer);
        if (known) {
            tell(&peer, 'F', "the disk \x01 is full");
        }
        fd_close(&peer.fd);
        join(&peer);
        g_assert_false(peer.done);
        if (known) {
            g_assert_nonnull(strstr(peer.err->params[0], "the disk ? is full"));
        }
        g_assert_cmpuint(peer.went_on, ==, known);
        g_assert_cmpuint(peer.retracted, ==, known);
        g_assert_cmpuint(peer.ended, ==, 0);
        clear(&peer);
    }
}

/* Before YOURS, whatever the receiver says: the guest goes on. */
static void test_not_received(void)
{
    static const struct {
        char message;
        const char *text;
    } answers[] = {{'F', "no room"}, {'T', ""}, {'R', "with words"}, {'D', "state"}, {0, ""}};
    for (unsigned i = 0; i < G_N_ELEMENTS(answers); i++) {
        Peer peer;
        begin(&peer, run_sender);
        g_free(hear(&peer, 'H'));
        if (answers[i].message) {
            tell(&peer, answers[i].message, answers[i].text);
        } else {
            fd_close(&peer.fd);
        }
        join(&peer);
        g_assert_false(peer.done);
        g_assert_cmpuint(peer.copied, ==, 0);
        g_assert_cmpuint(peer.went_on, ==, 1);
        clear(&peer);
    }
}

/* Up to LOADED. */
static void give_all(Peer *peer)
{
    g_autofree char *words = hello();
    tell(peer, 'H', words);
    g_free(hear(peer, 'R'));
    tell(peer, 'D', "sta");
    tell(peer, 'D', "te");
    tell(peer, 'E', "");
    g_free(hear(peer, 'L'));
    g_assert_cmpuint(peer->taken, ==, 0);
}

static void test_received(void)
{
    Peer peer;
    begin(&peer, run_receiver);
    give_all(&peer);
    tell(&peer, 'Y', "");
    g_free(hear(&peer, 'T'));
    join(&peer);
    g_assert_true(peer.done);
    g_assert_cmpuint(peer.taken, ==, 1);
    g_assert_cmpstr(peer.state, ==, "state");
    clear(&peer);
}

/* Only a YOURS that is one makes it take the guest. */
static void test_not_given(void)
{
    static const struct {
        char message;
        const char *text;
    } words[] = {{'Y', "ours"}, {'F', "gave up"}, {'E', ""}, {'?', ""}, {0, ""}};
    for (unsigned i = 0; i < G_N_ELEMENTS(words); i++) {
        Peer peer;
        begin(&peer, run_receiver);
        give_all(&peer);
        if (words[i].message) {
            tell(&peer, words[i].message, words[i].text);
        } else {
            fd_close(&peer.fd);
        }
        join(&peer);
        g_assert_false(peer.done);
        g_assert_cmpuint(peer.taken, ==, 0);
        clear(&peer);
    }
}

/* Before there is anything to be undone. */
static void test_wrong_hello(void)
{
    static const char *const wrong[] = {"", "clearwater 2 test", "GET / HTTP/1.0",
                                        "clearwater 1 test 00000000-0000-0000-0000-000000000000"};
    for (unsigned i = 0; i < G_N_ELEMENTS(wrong); i++) {
        Peer peer;
        begin(&peer, run_receiver);
        tell(&peer, 'H', wrong[i]);
        g_free(hear(&peer, 'F'));
        join(&peer);
        g_assert_cmpuint(peer.prepared, ==, 0);
        clear(&peer);
    }
}

/* Lengths beyond what any message has; states longer and shorter than they should be. */
static void test_sizes(void)
{
    static const char *const states[] = {"stat", "states", ""};
    Peer peer;
    Err *err = NULL;
    begin(&peer, run_receiver);
    assert_ok(hv_stream_write(peer.op, peer.fd, "H\xff\xff\xff\xff", 5, &err), err);
    join(&peer);
    g_assert_cmpuint(peer.prepared, ==, 0);
    clear(&peer);
    for (unsigned i = 0; i < G_N_ELEMENTS(states); i++) {
        begin(&peer, run_receiver);
        g_autofree char *words = hello();
        tell(&peer, 'H', words);
        g_free(hear(&peer, 'R'));
        tell(&peer, 'D', states[i]);
        tell(&peer, 'E', "");
        join(&peer);
        g_assert_false(peer.done);
        clear(&peer);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/passage/sent", test_sent);
    g_test_add_func("/passage/not_taken", test_not_taken);
    g_test_add_func("/passage/not_received", test_not_received);
    g_test_add_func("/passage/received", test_received);
    g_test_add_func("/passage/not_given", test_not_given);
    g_test_add_func("/passage/wrong_hello", test_wrong_hello);
    g_test_add_func("/passage/sizes", test_sizes);
    return g_test_run();
}
