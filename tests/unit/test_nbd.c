/* The NBD client against a server that the test plays, good and bad. */
#include "hv/nbd.h"

#include "base/fd.h"

#include <sys/socket.h>

#define PATIENCE (60 * USEC_PER_SEC)
#define SIZE     65536

/* What the server says; the last words are those before it hangs up. */
typedef struct Server {
    int fd;
    uint64_t magic;
    uint16_t flags;
    uint32_t reply_magic;
    uint32_t error;
    bool hangs_up; /* instead of the first reply */
    char data[SIZE];
    unsigned flushes;
} Server;

static const Server good = {
    .magic = UINT64_C(0x4e42444d41474943), .flags = 3, .reply_magic = 0x67446698u};

static bool take(int fd, void *data, size_t length)
{
    return recv(fd, data, length, MSG_WAITALL) == (ssize_t)length;
}

static void put(int fd, const void *data, size_t length)
{
    (void)send(fd, data, length, MSG_NOSIGNAL);
}

static void put_number(int fd, uint64_t number, unsigned bytes)
{
    uint64_t big = GUINT64_TO_BE(number << (64 - 8 * bytes));
    put(fd, &big, bytes);
}

static uint64_t get_number(const unsigned char *at, unsigned bytes)
{
    uint64_t number = 0;
    for (unsigned i = 0; i < bytes; i++) {
        number = number << 8 | at[i];
    }
    return number;
}

static gpointer serve(gpointer data)
{
    Server *server = data;
    int fd = server->fd;
    put_number(fd, server->magic, 8);
    put_number(fd, UINT64_C(0x49484156454f5054), 8);
    put_number(fd, server->flags, 2);
    unsigned char choice[20], request[28];
    if (!take(fd, choice, sizeof choice)) {
        return NULL;
    }
    g_assert_cmpuint(get_number(choice + 12, 4), ==, 1);
    put_number(fd, SIZE, 8);
    put_number(fd, 1, 2);
    while (take(fd, request, sizeof request)) {
        g_assert_cmpuint(get_number(request, 4), ==, 0x25609513u);
        uint64_t command = get_number(request + 6, 2);
        uint64_t offset = get_number(request + 16, 8);
        uint64_t length = get_number(request + 24, 4);
        if (command == 2 || server->hangs_up) {
            break;
        }
        if (command == 1) {
            g_assert_true(take(fd, server->data + offset, length));
        }
        server->flushes += command == 3;
        put_number(fd, server->reply_magic, 4);
        put_number(fd, server->error, 4);
        put(fd, request + 8, 8);
        if (command == 0) {
            put(fd, server->data + offset, length);
        }
    }
    shutdown(fd, SHUT_RDWR);
    return NULL;
}

static GThread *start(Server *server, int *ret_client)
{
    int pair[2];
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), ==, 0);
    server->fd = pair[0];
    *ret_client = pair[1];
    return g_thread_new("server", serve, server);
}

static void stop(Server *server, GThread *thread)
{
    g_thread_join(thread);
    close(server->fd);
}

static void test_good(void)
{
    g_autoptr(Op) op = op_new(PATIENCE);
    Server server = good;
    int fd;
    GThread *thread = start(&server, &fd);
    Err *err = NULL;
    g_autoptr(Nbd) nbd = nbd_open(op, fd, &err);
    g_assert_nonnull(nbd);
    g_assert_cmpuint(nbd_size(nbd), ==, SIZE);
    g_assert_true(nbd_write(nbd, op, 512, "something", 9, &err));
    g_assert_true(nbd_flush(nbd, op, &err));
    char read[16] = "";
    g_assert_true(nbd_read(nbd, op, 516, read, 5, &err));
    g_assert_cmpstr(read, ==, "thing");
    g_assert_cmpuint(server.flushes, ==, 1);
    nbd_close(g_steal_pointer(&nbd));
    stop(&server, thread);
}

static void test_bad_greeting(void)
{
    g_autoptr(Op) op = op_new(PATIENCE);
    Server servers[] = {good, good, good};
    servers[0].magic = 7;
    servers[1].flags = 1;
    servers[2].flags = 0;
    for (unsigned i = 0; i < G_N_ELEMENTS(servers); i++) {
        int fd;
        GThread *thread = start(&servers[i], &fd);
        g_autoptr(Err) err = NULL;
        g_assert_null(nbd_open(op, fd, &err));
        g_assert_nonnull(err);
        stop(&servers[i], thread);
    }
}

static void test_bad_replies(void)
{
    g_autoptr(Op) op = op_new(PATIENCE);
    Server servers[] = {good, good, good};
    servers[0].reply_magic = 7;
    servers[1].error = 28; /* no space */
    servers[2].hangs_up = true;
    for (unsigned i = 0; i < G_N_ELEMENTS(servers); i++) {
        int fd;
        GThread *thread = start(&servers[i], &fd);
        g_autoptr(Err) err = NULL;
        Nbd *nbd = nbd_open(op, fd, &err);
        g_assert_nonnull(nbd);
        g_assert_false(nbd_write(nbd, op, 0, "x", 1, &err));
        g_assert_nonnull(err);
        nbd_close(nbd);
        stop(&servers[i], thread);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/nbd/good", test_good);
    g_test_add_func("/nbd/bad_greeting", test_bad_greeting);
    g_test_add_func("/nbd/bad_replies", test_bad_replies);
    return g_test_run();
}
