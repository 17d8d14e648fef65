/* stream.c and stream_connect.c: blocking and non-blocking calls, put-back bytes, deadlines,
 * and connecting. */
#include "net_fixture.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

static void make_pair(Stream **ret_a, Stream **ret_b)
{
    int fds[2];
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==, 0);
    *ret_a = stream_new_fd(fds[0]);
    *ret_b = stream_new_fd(fds[1]);
}

static void test_both_ways(void)
{
    g_autoptr(Stream) a = NULL;
    g_autoptr(Stream) b = NULL;
    make_pair(&a, &b);
    net_send(a, "to b");
    net_send(b, "to a");
    net_expect(b, "to b");
    net_expect(a, "to a");
    g_assert_false(stream_is_tls(a));
    stream_shutdown_write(a);
    net_expect_end(b);
    net_send(b, "still");
    net_expect(a, "still");
}

static void test_would_block(void)
{
    g_autoptr(Stream) a = NULL;
    g_autoptr(Stream) b = NULL;
    make_pair(&a, &b);
    char buffer[16];
    g_assert_cmpint(stream_try_read(a, buffer, sizeof buffer), ==, STREAM_AGAIN);
    g_assert_cmpint(stream_wanted_events(a), ==, POLLIN);
    g_autofree char *block = g_strnfill(65536, 'x');
    ssize_t count;
    do {
        count = stream_try_write(a, block, 65536);
    } while (count > 0);
    g_assert_cmpint(count, ==, STREAM_AGAIN);
    g_assert_cmpint(stream_wanted_events(a), ==, POLLOUT);
}

static void test_unread(void)
{
    g_autoptr(Stream) a = NULL;
    g_autoptr(Stream) b = NULL;
    make_pair(&a, &b);
    net_send(a, "four");
    g_assert_false(stream_has_pending_input(b));
    stream_unread(b, "two, three, ", 12);
    stream_unread(b, "one, ", 5);
    stream_unread(b, "", 0);
    g_assert_true(stream_has_pending_input(b));
    char first[3];
    g_assert_cmpint(stream_try_read(b, first, sizeof first), ==, 3);
    g_assert_cmpmem(first, 3, "one", 3);
    net_expect(b, ", two, three, four");
    g_assert_false(stream_has_pending_input(b));
}

static void test_read_exact(void)
{
    g_autoptr(Stream) a = NULL;
    g_autoptr(Stream) b = NULL;
    make_pair(&a, &b);
    g_autoptr(Op) op = net_test_op();
    net_send(a, "12345678");
    char buffer[6];
    g_assert_true(stream_read_exact(b, op, buffer, sizeof buffer, NULL));
    g_assert_cmpmem(buffer, 6, "123456", 6);
    stream_shutdown_write(a);
    g_autoptr(Err) err = NULL;
    g_assert_false(stream_read_exact(b, op, buffer, sizeof buffer, &err));
    g_assert_true(err_is(err, "INTERNAL_ERROR"));
}

static void *write_much(void *user)
{
    g_autoptr(Op) op = net_test_op();
    g_autofree char *block = g_strnfill(4 * 1024 * 1024, 'x');
    g_assert_true(stream_write_all(user, op, block, strlen(block), NULL));
    stream_shutdown_write(user);
    return NULL;
}

/* The writer waits for its reader. */
static void test_write_all(void)
{
    g_autoptr(Stream) a = NULL;
    g_autoptr(Stream) b = NULL;
    make_pair(&a, &b);
    GThread *writer = g_thread_new("writer", write_much, a);
    g_autofree char *all = net_read_all(b);
    g_thread_join(writer);
    g_assert_cmpuint(strlen(all), ==, 4 * 1024 * 1024);
}

static void test_deadline_and_cancel(void)
{
    g_autoptr(Stream) a = NULL;
    g_autoptr(Stream) b = NULL;
    make_pair(&a, &b);
    char byte;
    g_autoptr(Op) late = op_new(1);
    g_autoptr(Err) timeout = NULL;
    g_assert_cmpint(stream_read(a, late, &byte, 1, &timeout), ==, -1);
    g_assert_true(err_is(timeout, "INTERNAL_ERROR"));
    g_autoptr(Op) cancelled = net_test_op();
    op_cancel(cancelled);
    g_autoptr(Err) err = NULL;
    g_assert_cmpint(stream_read(a, cancelled, &byte, 1, &err), ==, -1);
    g_assert_true(err_is(err, "TASK_CANCELLED"));
}

/* Without a signal that would end the process. */
static void test_write_to_closed_peer(void)
{
    g_autoptr(Stream) a = NULL;
    Stream *b;
    make_pair(&a, &b);
    stream_free(b);
    g_autoptr(Op) op = net_test_op();
    g_autoptr(Err) err = NULL;
    g_assert_false(stream_write_all(a, op, "x", 1, &err));
    g_assert_nonnull(strstr(err->params[0], "send"));
}

/* A terminal, as the text console of a guest is one. */
static void test_terminal(void)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    g_assert_cmpint(master, >=, 0);
    g_assert_cmpint(grantpt(master), ==, 0);
    g_assert_cmpint(unlockpt(master), ==, 0);
    char name[64];
    g_assert_cmpint(ptsname_r(master, name, sizeof name), ==, 0);
    int guest = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    g_assert_cmpint(guest, >=, 0);
    g_autoptr(Stream) console = stream_new_fd(master);
    g_assert_cmpint(write(guest, "login:", 6), ==, 6);
    net_expect(console, "login:");
    net_send(console, "root\n");
    char line[16];
    g_assert_cmpint(read(guest, line, sizeof line), ==, 5);
    g_assert_cmpint(close(guest), ==, 0);
    g_autofree char *echo = net_read_all(console);
    g_assert_cmpstr(echo, ==, "root\r\n");
}

static uint16_t listen_local(int *ret_fd)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    *ret_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    g_assert_cmpint(bind(*ret_fd, (struct sockaddr *)&address, size), ==, 0);
    g_assert_cmpint(listen(*ret_fd, 8), ==, 0);
    g_assert_cmpint(getsockname(*ret_fd, (struct sockaddr *)&address, &size), ==, 0);
    return ntohs(address.sin_port);
}

static void test_connect(void)
{
    int listener;
    uint16_t port = listen_local(&listener);
    g_autoptr(Op) op = net_test_op();
    g_autoptr(Err) err = NULL;
    /* By name too: that way goes over the thread that looks names up. */
    static const char *const hosts[] = {"127.0.0.1", "localhost"};
    for (size_t i = 0; i < G_N_ELEMENTS(hosts); i++) {
        g_autoptr(Stream) stream = stream_connect_tcp(op, hosts[i], port, NULL, &err);
        assert_ok(stream != NULL, err);
        g_autoptr(Stream) accepted = stream_new_fd(accept(listener, NULL, NULL));
        net_send(stream, "hello");
        net_expect(accepted, "hello");
    }
    close(listener);
    g_assert_null(stream_connect_tcp(op, "127.0.0.1", port, NULL, &err));
    g_assert_nonnull(strstr(err->params[0], "127.0.0.1 port"));
    g_autoptr(Err) no_name = NULL;
    g_assert_null(stream_connect_tcp(op, "no such name.invalid", port, NULL, &no_name));
    g_assert_nonnull(strstr(no_name->params[0], "no such name.invalid"));
}

static void test_connect_cancelled(void)
{
    g_autoptr(Op) op = net_test_op();
    op_cancel(op);
    g_autoptr(Err) by_name = NULL;
    g_assert_null(stream_connect_tcp(op, "localhost", 1, NULL, &by_name));
    g_assert_true(err_is(by_name, "TASK_CANCELLED"));
}

static void test_connect_unix_fails(void)
{
    g_autoptr(Op) op = net_test_op();
    g_autoptr(Err) err = NULL;
    g_assert_null(stream_connect_unix(op, "/nonexistent/socket", &err));
    g_assert_nonnull(strstr(err->params[0], "/nonexistent/socket"));
    g_autofree char *long_path = g_strnfill(200, 'p');
    g_autoptr(Err) too_long = NULL;
    g_assert_null(stream_connect_unix(op, long_path, &too_long));
    g_assert_nonnull(too_long);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/stream/both-ways", test_both_ways);
    g_test_add_func("/stream/would-block", test_would_block);
    g_test_add_func("/stream/unread", test_unread);
    g_test_add_func("/stream/read-exact", test_read_exact);
    g_test_add_func("/stream/write-all", test_write_all);
    g_test_add_func("/stream/deadline-and-cancel", test_deadline_and_cancel);
    g_test_add_func("/stream/write-to-closed-peer", test_write_to_closed_peer);
    g_test_add_func("/stream/terminal", test_terminal);
    g_test_add_func("/stream/connect", test_connect);
    g_test_add_func("/stream/connect-cancelled", test_connect_cancelled);
    g_test_add_func("/stream/connect-unix-fails", test_connect_unix_fails);
    return g_test_run();
}
