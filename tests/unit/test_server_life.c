/* The life of the HTTP server's connections: parking, deadlines, limits, listeners, stopping, and
 * all of it over TLS. */
#include "base/fd.h"
#include "server_fixture.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <sched.h>
#include <sys/stat.h>

/* Runs out while a test waits for it, but not while it sends a request. */
#define SHORT_TIMEOUT (400 * USEC_PER_MSEC)

/* The request behind a parked one waits for it, and is answered by whoever ends the first. */
static void test_park_and_pipeline(void)
{
    Fixture fixture;
    fixture_init(&fixture, &plain_config, NULL);
    g_autoptr(Stream) stream = net_connect(fixture.port, NULL);
    net_send(stream, PARK_REQUEST "POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\nnext");
    net_signal_wait(&fixture.entered, 1);
    g_assert_cmpuint(http_server_stats(fixture.server).parked, ==, 1);
    g_thread_join(g_thread_new("reply", reply_to_parked, &fixture));
    net_expect(stream,
               WOKEN_ANSWER "HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: keep-alive\r\n"
                            "content-type: text/plain\r\n\r\nnext");
    g_assert_cmpuint(http_server_stats(fixture.server).parked, ==, 0);
    g_assert_cmpuint(fixture.gone.count, ==, 0);
    fixture_clear(&fixture);
}

static void test_many_parked(void)
{
    enum { COUNT = 500 };
    Fixture fixture;
    fixture_init(&fixture, &plain_config, NULL);
    Stream *streams[COUNT];
    for (unsigned i = 0; i < COUNT; i++) {
        streams[i] = net_connect(fixture.port, NULL);
        net_send(streams[i], PARK_REQUEST);
    }
    net_signal_wait(&fixture.entered, COUNT);
    HttpServerStats stats = http_server_stats(fixture.server);
    g_assert_cmpuint(stats.parked, ==, COUNT);
    g_assert_cmpuint(stats.connections, ==, COUNT);
    g_assert_cmpuint(stats.workers, <=, 64);
    /* A server full of parked exchanges still answers. */
    g_autofree char *answer = talk_once(&fixture, "GET / HTTP/1.0\r\n\r\n");
    g_assert_true(g_str_has_prefix(answer, "HTTP/1.0 200 OK\r\n"));
    g_thread_join(g_thread_new("reply", reply_to_parked, &fixture));
    for (unsigned i = 0; i < COUNT; i++) {
        net_expect(streams[i], WOKEN_ANSWER);
        stream_free(streams[i]);
    }
    fixture_clear(&fixture);
}

static void test_peer_gone(void)
{
    Fixture fixture;
    fixture_init(&fixture, &plain_config, NULL);
    Stream *stream = net_connect(fixture.port, NULL);
    net_send(stream, PARK_REQUEST);
    net_signal_wait(&fixture.entered, 1);
    stream_free(stream);
    net_signal_wait(&fixture.gone, 1);
    reply_to_parked(&fixture);
    g_assert_cmpuint(fixture.gone.count, ==, 1);
    g_assert_cmpuint(http_server_stats(fixture.server).parked, ==, 0);
    g_assert_cmpuint(http_server_stats(fixture.server).connections, ==, 0);
    fixture_clear(&fixture);
}

typedef struct SelfReply {
    HttpExchange *exchange;
    NetSignal parked;
    NetSignal done;
} SelfReply;

static void reply_inside_gone(void *user)
{
    SelfReply *self = user;
    http_reply(self->exchange, 200, NULL, g_string_new("to nobody"));
    net_signal_raise(&self->done);
}

static void handle_self_reply(HttpExchange *exchange, void *user)
{
    SelfReply *self = user;
    self->exchange = exchange;
    http_park(exchange, reply_inside_gone, self);
    net_signal_raise(&self->parked);
}

static void test_reply_inside_gone(void)
{
    SelfReply self = {0};
    net_signal_init(&self.parked);
    net_signal_init(&self.done);
    const HttpRoute route = {"GET", "/", HTTP_BODY_BUFFERED, 0, handle_self_reply, &self};
    g_autoptr(HttpServer) server = http_server_new(&plain_config, &route, 1, NULL);
    uint16_t port;
    g_assert_true(http_server_listen_tcp(server, "127.0.0.1", 0, NULL, &port, NULL));
    g_assert_true(http_server_start(server, NULL));
    Stream *stream = net_connect(port, NULL);
    net_send(stream, "GET / HTTP/1.1\r\n\r\n");
    net_signal_wait(&self.parked, 1);
    stream_free(stream);
    net_signal_wait(&self.done, 1);
    http_server_stop(server);
    net_signal_clear(&self.parked);
    net_signal_clear(&self.done);
}

/* Peers that go away at the moment they are answered: either side may win, nothing is lost. */
static void test_gone_against_reply(void)
{
    Fixture fixture;
    fixture_init(&fixture, &plain_config, NULL);
    for (unsigned i = 0; i < 200; i++) {
        Stream *stream = net_connect(fixture.port, NULL);
        net_send(stream, PARK_REQUEST);
        net_signal_wait(&fixture.entered, i + 1);
        GThread *thread = g_thread_new("reply", reply_to_parked, &fixture);
        stream_free(stream);
        g_thread_join(thread);
    }
    g_assert_cmpuint(http_server_stats(fixture.server).parked, ==, 0);
    fixture_clear(&fixture);
}

static void test_slow_head(void)
{
    const HttpServerConfig config = {.head_timeout = SHORT_TIMEOUT};
    Fixture fixture;
    fixture_init(&fixture, &config, NULL);
    g_autoptr(Stream) silent = net_connect(fixture.port, NULL);
    net_expect_end(silent);
    g_autoptr(Stream) slow = net_connect(fixture.port, NULL);
    net_send(slow, "GET / HTTP/1.1\r\nX: ");
    g_autofree char *answer = net_read_all(slow);
    g_assert_true(g_str_has_prefix(answer, "HTTP/1.1 408 Request Timeout\r\n"));
    /* A connection between requests has the idle timeout, not this one. */
    g_autoptr(Stream) kept = net_connect(fixture.port, NULL);
    net_send(kept, "GET /x HTTP/1.1\r\n\r\n");
    net_expect(kept, "HTTP/1.1 200 OK\r\ncontent-length: 30\r\nconnection: keep-alive\r\n\r\n"
                     "127.0.0.1 root=0 tls=0 path=/x");
    g_autoptr(Stream) other = net_connect(fixture.port, NULL);
    net_expect_end(other);
    net_send(kept, "GET /x HTTP/1.1\r\n\r\nG");
    net_expect(kept, "HTTP/1.1 200 OK\r\ncontent-length: 30\r\nconnection: keep-alive\r\n\r\n"
                     "127.0.0.1 root=0 tls=0 path=/x");
    net_expect(kept, "HTTP/1.1 408 Request Timeout\r\n");
    fixture_clear(&fixture);
}

static void test_slow_body_and_idle(void)
{
    const HttpServerConfig config = {.body_timeout = 20 * USEC_PER_MSEC,
                                     .idle_timeout = 20 * USEC_PER_MSEC};
    Fixture fixture;
    fixture_init(&fixture, &config, NULL);
    g_autofree char *answer = talk_once(&fixture, "POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nx");
    g_assert_true(g_str_has_prefix(answer, "HTTP/1.1 408 Request Timeout\r\n"));
    g_autofree char *idle = talk_once(&fixture, "HEAD / HTTP/1.1\r\n\r\n");
    g_assert_true(g_str_has_prefix(idle, "HTTP/1.1 200 OK\r\n"));
    fixture_clear(&fixture);
}

static void test_big_reply_to_slow_reader(void)
{
    Fixture fixture;
    fixture_init(&fixture, &plain_config, NULL);
    g_autoptr(Stream) stream = net_connect(fixture.port, NULL);
    net_send(stream, "GET /big HTTP/1.1\r\nConnection: close\r\n\r\n");
    g_autofree char *answer = net_read_all(stream);
    const char *body = strstr(answer, "\r\n\r\n");
    g_assert_nonnull(body);
    g_assert_cmpuint(strlen(body + 4), ==, BIG_REPLY);
    fixture_clear(&fixture);
}

/* The worker is free while the rest of an answer waits for its reader, who is not waited for
 * without end. */
static void test_stuck_reader(void)
{
    const HttpServerConfig config = {
        .write_timeout = 20 * USEC_PER_MSEC, .max_workers = 1, .min_workers = 1};
    Fixture fixture;
    fixture_init(&fixture, &config, NULL);
    g_autoptr(Stream) stuck = net_connect(fixture.port, NULL);
    net_send(stuck, "GET /big HTTP/1.1\r\n\r\n");
    g_autofree char *other = talk_once(&fixture, "GET / HTTP/1.0\r\n\r\n");
    g_assert_true(g_str_has_prefix(other, "HTTP/1.0 200 OK\r\n"));
    gint64 until = g_get_monotonic_time() + NET_TEST_DEADLINE;
    while (http_server_stats(fixture.server).connections > 1) {
        g_assert_cmpint(g_get_monotonic_time(), <, until);
        g_thread_yield();
    }
    fixture_clear(&fixture);
}

static void test_oldest_idle_is_closed(void)
{
    const HttpServerConfig config = {.pollers = 2, .max_connections = 3};
    Fixture fixture;
    fixture_init(&fixture, &config, NULL);
    Stream *streams[4];
    for (unsigned i = 0; i < G_N_ELEMENTS(streams); i++) {
        streams[i] = net_connect(fixture.port, NULL);
        net_send(streams[i], "HEAD / HTTP/1.1\r\n\r\n");
        net_expect(streams[i], "HTTP/1.1 200 OK\r\ncontent-length: 29\r\n"
                               "connection: keep-alive\r\n\r\n");
        wait_for_workers(&fixture);
    }
    net_expect_end(streams[0]);
    net_send(streams[1], "HEAD / HTTP/1.1\r\n\r\n");
    net_expect(streams[1], "HTTP/1.1 200 OK\r\n");
    for (unsigned i = 0; i < G_N_ELEMENTS(streams); i++) {
        stream_free(streams[i]);
    }
    fixture_clear(&fixture);
}

/* A client that connects and says nothing cannot keep others out. */
static void test_silent_is_closed(void)
{
    const HttpServerConfig config = {.pollers = 2, .max_connections = 3};
    Fixture fixture;
    fixture_init(&fixture, &config, NULL);
    Stream *silent[3];
    for (unsigned i = 0; i < G_N_ELEMENTS(silent); i++) {
        silent[i] = net_connect(fixture.port, NULL);
    }
    g_autoptr(Stream) busy = net_connect(fixture.port, NULL);
    net_send(busy, "HEAD / HTTP/1.1\r\n\r\n");
    net_expect(busy, "HTTP/1.1 200 OK\r\n");
    net_expect_end(silent[0]);
    for (unsigned i = 0; i < G_N_ELEMENTS(silent); i++) {
        stream_free(silent[i]);
    }
    fixture_clear(&fixture);
}

/* Where all others are used up, root still comes in. */
static void test_share_of_unix_socket(void)
{
    enum { LIMIT = 16, OTHERS = LIMIT - 1 };
    const HttpServerConfig config = {.max_connections = LIMIT};
    g_autofree char *folder = g_dir_make_tmp("clearwater-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "api", NULL);
    Fixture fixture;
    fixture_init(&fixture, &config, NULL);
    g_autoptr(Err) err = NULL;
    assert_ok(http_server_listen_unix(fixture.server, path, &err), err);
    Stream *parked[OTHERS];
    for (unsigned i = 0; i < OTHERS; i++) {
        parked[i] = net_connect(fixture.port, NULL);
        net_send(parked[i], PARK_REQUEST);
    }
    net_signal_wait(&fixture.entered, OTHERS);
    g_autoptr(Stream) refused = net_connect(fixture.port, NULL);
    net_expect_end(refused);
    g_autoptr(Op) op = net_test_op();
    g_autoptr(Stream) root = stream_connect_unix(op, path, &err);
    assert_ok(root != NULL, err);
    net_send(root, "HEAD / HTTP/1.1\r\n\r\n");
    net_expect(root, "HTTP/1.1 200 OK\r\n");
    reply_to_parked(&fixture);
    for (unsigned i = 0; i < OTHERS; i++) {
        net_expect(parked[i], WOKEN_ANSWER);
        stream_free(parked[i]);
    }
    fixture_clear(&fixture);
    g_assert_cmpint(g_rmdir(folder), ==, 0);
}

static void test_full_server_refuses(void)
{
    const HttpServerConfig config = {.max_connections = 1};
    Fixture fixture;
    fixture_init(&fixture, &config, NULL);
    g_autoptr(Stream) parked = net_connect(fixture.port, NULL);
    net_send(parked, PARK_REQUEST);
    net_signal_wait(&fixture.entered, 1);
    g_autoptr(Stream) refused = net_connect(fixture.port, NULL);
    net_expect_end(refused);
    reply_to_parked(&fixture);
    net_expect(parked, WOKEN_ANSWER);
    fixture_clear(&fixture);
}

static bool is_true(void *user)
{
    g_atomic_int_inc((gint *)user);
    return true;
}

static bool answers_at(uint16_t port, const char *address)
{
    g_autoptr(Err) err = NULL;
    g_autoptr(Op) op = net_test_op();
    g_autoptr(Stream) stream = stream_connect_tcp(op, address, port, NULL, &err);
    assert_ok(stream != NULL, err);
    net_send(stream, "GET / HTTP/1.0\r\n\r\n");
    char first;
    return stream_read(stream, op, &first, 1, NULL) == 1;
}

static void run_ip(const char *arguments)
{
    g_autofree char *command = g_strdup_printf("ip %s", arguments);
    int status = -1;
    g_assert_true(g_spawn_command_line_sync(command, NULL, NULL, &status, NULL));
    g_assert_cmpint(status, ==, 0);
}

/* The test has an address that is not of loopback in a network of its own. */
static void test_local_only(void)
{
    auto_fd home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    if (geteuid() != 0 || unshare(CLONE_NEWNET) != 0) {
        g_test_skip("needs root, for a network namespace of its own");
        return;
    }
    run_ip("link set lo up");
    run_ip("address add 192.0.2.1/32 dev lo");
    run_ip("address add 169.254.0.1/32 dev lo");
    run_ip("address add 2001:db8::1/128 dev lo");
    gint asked = 0;
    const HttpServerConfig config = {.is_local_only = is_true, .user = &asked};
    Fixture fixture;
    g_autoptr(Err) err = NULL;
    uint16_t port;
    fixture_init(&fixture, &config, NULL);
    assert_ok(http_server_listen_tcp(fixture.server, "::", 0, NULL, &port, &err), err);
    g_assert_true(answers_at(fixture.port, "127.0.0.1"));
    g_assert_true(answers_at(port, "127.0.0.1"));
    g_assert_true(answers_at(port, "169.254.0.1"));
    g_assert_true(answers_at(port, "::1"));
    g_assert_cmpint(g_atomic_int_get(&asked), ==, 0);
    g_assert_false(answers_at(port, "192.0.2.1"));
    g_assert_false(answers_at(port, "2001:db8::1"));
    g_assert_cmpint(g_atomic_int_get(&asked), ==, 2);
    fixture_clear(&fixture);
    g_assert_cmpint(setns(home, CLONE_NEWNET), ==, 0);
}

static void test_unix_socket(void)
{
    g_autofree char *folder = g_dir_make_tmp("clearwater-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "api", NULL);
    Fixture fixture;
    fixture_init(&fixture, &plain_config, NULL);
    g_autoptr(Err) err = NULL;
    assert_ok(http_server_listen_unix(fixture.server, path, &err), err);
    struct stat info;
    g_assert_cmpint(stat(path, &info), ==, 0);
    g_assert_cmpint(info.st_mode & 0777, ==, 0600);
    g_autoptr(Op) op = net_test_op();
    g_autoptr(Stream) stream = stream_connect_unix(op, path, &err);
    assert_ok(stream != NULL, err);
    net_send(stream, "GET /x HTTP/1.1\r\n\r\n");
    net_expect(stream, "HTTP/1.1 200 OK\r\ncontent-length: 25\r\nconnection: keep-alive\r\n\r\n"
                       "unix root=1 tls=0 path=/x");

    /* A socket left behind is replaced, any other file is not. */
    Fixture second;
    fixture_init(&second, &plain_config, NULL);
    assert_ok(http_server_listen_unix(second.server, path, &err), err);
    fixture_clear(&second);
    g_assert_cmpint(g_access(path, F_OK), !=, 0);
    g_assert_true(g_file_set_contents(path, "x", 1, NULL));
    g_assert_false(http_server_listen_unix(fixture.server, path, NULL));
    fixture_clear(&fixture);
    g_assert_cmpint(g_remove(path), ==, 0);
    g_assert_cmpint(g_rmdir(folder), ==, 0);
}

static void test_bad_listen(void)
{
    Fixture fixture;
    fixture_init(&fixture, &plain_config, NULL);
    g_autoptr(Err) err = NULL;
    g_assert_false(http_server_listen_tcp(fixture.server, "no address", 0, NULL, NULL, &err));
    g_assert_nonnull(err);
    g_autoptr(Err) in_use = NULL;
    g_assert_false(
        http_server_listen_tcp(fixture.server, "127.0.0.1", fixture.port, NULL, NULL, &in_use));
    g_assert_nonnull(in_use);
    fixture_clear(&fixture);
}

static void *stop_server(void *user)
{
    http_server_stop(((Fixture *)user)->server);
    return NULL;
}

/* Idle, parked, half read and running requests at once; the running one ends, parked ones are
 * told, and may be answered after the server is gone. */
static void test_stop_while_busy(void)
{
    Fixture fixture;
    fixture_init(&fixture, &plain_config, NULL);
    g_autoptr(Stream) idle = net_connect(fixture.port, NULL);
    g_autoptr(Stream) half = net_connect(fixture.port, NULL);
    net_send(half, "POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nhal");
    g_autoptr(Stream) parked = net_connect(fixture.port, NULL);
    net_send(parked, PARK_REQUEST);
    g_autoptr(Stream) running = net_connect(fixture.port, NULL);
    net_send(running, "POST /block HTTP/1.1\r\nContent-Length: 0\r\n\r\n");
    net_signal_wait(&fixture.entered, 2);

    GThread *stopper = g_thread_new("stop", stop_server, &fixture);
    net_signal_raise(&fixture.release);
    g_thread_join(stopper);
    net_expect(running, "HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: ");
    g_assert_cmpuint(fixture.gone.count, ==, 1);
    net_expect_end(parked);
    net_expect_end(idle);

    http_server_free(g_steal_pointer(&fixture.server));
    reply_to_parked(&fixture);
    fixture_clear(&fixture);
}

static void test_stop_unstarted(void)
{
    const HttpRoute route = {"GET", "/", HTTP_BODY_BUFFERED, 0, handle_whoami, NULL};
    g_autoptr(HttpServer) server = http_server_new(&plain_config, &route, 1, NULL);
    g_assert_true(http_server_listen_tcp(server, "127.0.0.1", 0, NULL, NULL, NULL));
    http_server_stop(server);
    http_server_stop(server);
}

typedef struct TlsFiles {
    char *folder;
    char *pem;
    TlsContext *server;
    TlsContext *client;
} TlsFiles;

static void tls_files_init(TlsFiles *files)
{
    static const char *const addresses[] = {"127.0.0.1", NULL};
    g_autoptr(Err) err = NULL;
    files->folder = g_dir_make_tmp("clearwater-XXXXXX", NULL);
    files->pem = g_build_filename(files->folder, "host.pem", NULL);
    assert_ok(tls_make_self_signed(files->pem, "host.example", addresses, &err), err);
    files->server = tls_server_new(files->pem, &err);
    assert_ok(files->server != NULL, err);
    files->client = tls_client_new(files->pem, &err);
    assert_ok(files->client != NULL, err);
}

static void tls_files_clear(TlsFiles *files)
{
    tls_context_free(files->server);
    tls_context_free(files->client);
    g_assert_cmpint(g_remove(files->pem), ==, 0);
    g_assert_cmpint(g_rmdir(files->folder), ==, 0);
    g_free(files->pem);
    g_free(files->folder);
}

static void test_tls(void)
{
    TlsFiles files;
    tls_files_init(&files);
    Fixture fixture;
    fixture_init(&fixture, &plain_config, files.server);
    g_autoptr(Stream) stream = net_connect(fixture.port, files.client);
    net_send(stream, "GET /x HTTP/1.1\r\n\r\n" PARK_REQUEST);
    net_expect(stream, "HTTP/1.1 200 OK\r\ncontent-length: 30\r\nconnection: keep-alive\r\n\r\n"
                       "127.0.0.1 root=0 tls=1 path=/x");
    net_signal_wait(&fixture.entered, 1);
    reply_to_parked(&fixture);
    net_expect(stream, WOKEN_ANSWER);
    net_send(stream, "GET /big HTTP/1.0\r\n\r\n");
    g_autofree char *big = net_read_all(stream);
    g_assert_cmpuint(strlen(strstr(big, "\r\n\r\n") + 4), ==, BIG_REPLY);

    g_autoptr(Stream) gone = net_connect(fixture.port, files.client);
    net_send(gone, PARK_REQUEST);
    net_signal_wait(&fixture.entered, 2);
    stream_free(g_steal_pointer(&gone));
    net_signal_wait(&fixture.gone, 1);
    reply_to_parked(&fixture);
    fixture_clear(&fixture);
    tls_files_clear(&files);
}

/* The stream outlives server and context. */
static void test_tls_take_over(void)
{
    TlsFiles files;
    tls_files_init(&files);
    Fixture fixture;
    fixture_init(&fixture, &plain_config, files.server);
    g_autoptr(Stream) client = net_connect(fixture.port, files.client);
    net_send(client, "CONNECT /console HTTP/1.0\r\n\r\nearly");
    g_autoptr(Stream) taken = take(&fixture);
    fixture_clear(&fixture);
    tls_files_clear(&files);
    net_expect(taken, "early");
    net_send(taken, "back");
    net_expect(client, "back");
    stream_shutdown_write(client);
    net_expect_end(taken);
}

/* A client that never speaks TLS, and one that never speaks. */
static void test_tls_bad_handshake(void)
{
    const HttpServerConfig config = {.head_timeout = SHORT_TIMEOUT};
    TlsFiles files;
    tls_files_init(&files);
    Fixture fixture;
    fixture_init(&fixture, &config, files.server);
    g_autoptr(Stream) plain = net_connect(fixture.port, NULL);
    net_send(plain, "GET / HTTP/1.1\r\n\r\n");
    g_autofree char *alert = net_read_all(plain);
    g_assert_null(strstr(alert, "HTTP/1.1 200"));
    g_autoptr(Stream) silent = net_connect(fixture.port, NULL);
    net_expect_end(silent);
    fixture_clear(&fixture);
    tls_files_clear(&files);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/server-life/park-and-pipeline", test_park_and_pipeline);
    g_test_add_func("/server-life/many-parked", test_many_parked);
    g_test_add_func("/server-life/peer-gone", test_peer_gone);
    g_test_add_func("/server-life/reply-inside-gone", test_reply_inside_gone);
    g_test_add_func("/server-life/gone-against-reply", test_gone_against_reply);
    g_test_add_func("/server-life/slow-head", test_slow_head);
    g_test_add_func("/server-life/slow-body-and-idle", test_slow_body_and_idle);
    g_test_add_func("/server-life/big-reply-to-slow-reader", test_big_reply_to_slow_reader);
    g_test_add_func("/server-life/stuck-reader", test_stuck_reader);
    g_test_add_func("/server-life/oldest-idle-is-closed", test_oldest_idle_is_closed);
    g_test_add_func("/server-life/silent-is-closed", test_silent_is_closed);
    g_test_add_func("/server-life/share-of-unix-socket", test_share_of_unix_socket);
    g_test_add_func("/server-life/full-server-refuses", test_full_server_refuses);
    g_test_add_func("/server-life/local-only", test_local_only);
    g_test_add_func("/server-life/unix-socket", test_unix_socket);
    g_test_add_func("/server-life/bad-listen", test_bad_listen);
    g_test_add_func("/server-life/stop-while-busy", test_stop_while_busy);
    g_test_add_func("/server-life/stop-unstarted", test_stop_unstarted);
    g_test_add_func("/server-life/tls", test_tls);
    g_test_add_func("/server-life/tls-take-over", test_tls_take_over);
    g_test_add_func("/server-life/tls-bad-handshake", test_tls_bad_handshake);
    return g_test_run();
}
