/* relay.c: bytes through pairs, raw and as WebSocket, with slow readers and every kind of end. */
#include "net_fixture.h"

#include "net/relay.h"

#include <sys/socket.h>

typedef struct Fixture {
    Relay *relay;
    Stream *client;  /* the far end of the client's side */
    Stream *backend; /* the far end of the backend's side */
    NetSignal ended;
} Fixture;

static void make_pair(Stream **ret_far, Stream **ret_near)
{
    int fds[2];
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==, 0);
    *ret_far = stream_new_fd(fds[0]);
    *ret_near = stream_new_fd(fds[1]);
}

static void fixture_init_excess(Fixture *fixture, RelayFraming framing, RelayExcess excess,
                                const char *early)
{
    g_autoptr(Err) err = NULL;
    *fixture = (Fixture){0};
    net_signal_init(&fixture->ended);
    fixture->relay = relay_new(&err);
    assert_ok(fixture->relay != NULL, err);
    Stream *client;
    Stream *backend;
    make_pair(&fixture->client, &client);
    make_pair(&fixture->backend, &backend);
    stream_unread(client, early, strlen(early));
    relay_add(fixture->relay, client, framing, backend, excess, net_signal_raise, &fixture->ended);
}

static void fixture_init(Fixture *fixture, RelayFraming framing, const char *early)
{
    fixture_init_excess(fixture, framing, RELAY_HOLD, early);
}

static void fixture_clear(Fixture *fixture)
{
    relay_free(fixture->relay);
    g_assert_cmpuint(fixture->ended.count, ==, 1);
    stream_free(fixture->client);
    stream_free(fixture->backend);
    net_signal_clear(&fixture->ended);
}

static void send_bytes(Stream *stream, const char *data, size_t length)
{
    g_autoptr(Op) op = net_test_op();
    g_assert_true(stream_write_all(stream, op, data, length, NULL));
}

static void test_raw(void)
{
    Fixture fixture;
    fixture_init(&fixture, RELAY_RAW, "early, ");
    net_send(fixture.client, "late");
    net_expect(fixture.backend, "early, late");
    net_send(fixture.backend, "RFB 003.008\n");
    net_expect(fixture.client, "RFB 003.008\n");
    g_assert_cmpuint(relay_count(fixture.relay), ==, 1);
    fixture_clear(&fixture);
}

static void test_ends(void)
{
    Fixture by_client;
    fixture_init(&by_client, RELAY_RAW, "");
    net_send(by_client.client, "last words");
    g_clear_pointer(&by_client.client, stream_free);
    g_autofree char *words = net_read_all(by_client.backend);
    g_assert_cmpstr(words, ==, "last words");
    net_signal_wait(&by_client.ended, 1);
    g_assert_cmpuint(relay_count(by_client.relay), ==, 0);
    fixture_clear(&by_client);

    Fixture by_backend;
    fixture_init(&by_backend, RELAY_RAW, "");
    net_send(by_backend.backend, "goodbye");
    stream_shutdown_write(by_backend.backend);
    g_autofree char *goodbye = net_read_all(by_backend.client);
    g_assert_cmpstr(goodbye, ==, "goodbye");
    net_signal_wait(&by_backend.ended, 1);
    fixture_clear(&by_backend);
}

typedef struct Flood {
    Stream *stream;
    Op *op;
    size_t written;
} Flood;

static void *flood(void *user)
{
    Flood *source = user;
    g_autofree char *block = g_strnfill(64 * 1024, 'f');
    while (stream_write_all(source->stream, source->op, block, 64 * 1024, NULL)) {
        source->written += 64 * 1024;
    }
    return NULL;
}

/* What a sender can get rid of while nobody reads is bounded; the rest arrives when one does. */
static void test_back_pressure(void)
{
    enum { TOTAL = 32 * 1024 * 1024 };
    Fixture fixture;
    fixture_init(&fixture, RELAY_RAW, "");
    g_autoptr(Op) op = net_test_op();
    Flood source = {fixture.backend, op, 0};
    GThread *thread = g_thread_new("flood", flood, &source);
    g_autofree char *buffer = g_malloc(1024 * 1024);
    /* The other direction is not held up by a client that does not read. */
    net_send(fixture.client, "key press");
    for (size_t done = 0; done < TOTAL;) {
        g_autoptr(Err) err = NULL;
        ssize_t count = stream_read(fixture.client, op, buffer, 1024 * 1024, &err);
        assert_ok(count > 0, err);
        done += (size_t)count;
    }
    op_cancel(op);
    g_thread_join(thread);
    g_assert_cmpuint(source.written, <, TOTAL + 8 * 1024 * 1024);
    net_expect(fixture.backend, "key press");
    fixture_clear(&fixture);
}

/* A backend that says more than a client takes is not held up, and heard again in the end. */
static void test_drop(RelayFraming framing)
{
    enum { TOTAL = 8 * 1024 * 1024 };
    Fixture fixture;
    fixture_init_excess(&fixture, framing, RELAY_DROP, "");
    g_autofree char *text = g_strnfill(TOTAL, 't');
    send_bytes(fixture.backend, text, TOTAL);
    stream_shutdown_write(fixture.backend);
    g_autofree char *heard = net_read_all(fixture.client);
    g_assert_cmpuint(strlen(heard), >, 0);
    g_assert_cmpuint(strlen(heard), <, TOTAL);
    fixture_clear(&fixture);
}

static void test_drop_raw(void)
{
    test_drop(RELAY_RAW);
}

static void test_drop_websocket(void)
{
    test_drop(RELAY_WEBSOCKET);
}

/* A masked binary frame with "hello" (the mask is zero), a ping, and half a frame. */
static const char frames[] = "\x82\x85\0\0\0\0hello\x89\x82\0\0\0\0pi\x82\x83\0\0\0\0th";
#define FRAMES_LENGTH (sizeof frames - 1)

static void test_websocket(void)
{
    Fixture fixture;
    fixture_init(&fixture, RELAY_WEBSOCKET, "");
    send_bytes(fixture.client, frames, FRAMES_LENGTH);
    net_expect(fixture.backend, "helloth");
    net_expect(fixture.client, "\x8a\x02pi");
    send_bytes(fixture.client, "e", 1);
    net_expect(fixture.backend, "e");
    net_send(fixture.backend, "screen");
    net_expect(fixture.client, "\x82\x06screen");
    stream_shutdown_write(fixture.backend);
    net_expect(fixture.client, "\x88\x02\x03\xe8");
    net_expect_end(fixture.client);
    fixture_clear(&fixture);
}

static void test_websocket_close(void)
{
    Fixture fixture;
    fixture_init(&fixture, RELAY_WEBSOCKET, "");
    send_bytes(fixture.client, "\x82\x83\0\0\0\0bye\x88\x82\0\0\0\0\x03\xe8", 17);
    net_expect(fixture.backend, "bye");
    net_expect_end(fixture.backend);
    net_expect(fixture.client, "\x88\x02\x03\xe8");
    net_signal_wait(&fixture.ended, 1);
    fixture_clear(&fixture);

    Fixture broken;
    fixture_init(&broken, RELAY_WEBSOCKET, "");
    net_send(broken.client, "GET / HTTP/1.1\r\n\r\n");
    net_expect(broken.client, "\x88\x02\x03\xea");
    net_signal_wait(&broken.ended, 1);
    fixture_clear(&broken);
}

static void test_many_pairs(void)
{
    enum { COUNT = 100 };
    NetSignal ended;
    net_signal_init(&ended);
    g_autoptr(Relay) relay = relay_new(NULL);
    Stream *clients[COUNT];
    Stream *backends[COUNT];
    for (unsigned i = 0; i < COUNT; i++) {
        Stream *client;
        Stream *backend;
        make_pair(&clients[i], &client);
        make_pair(&backends[i], &backend);
        relay_add(relay, client, RELAY_RAW, backend, RELAY_HOLD, net_signal_raise, &ended);
    }
    for (unsigned i = 0; i < COUNT; i++) {
        g_autofree char *text = g_strdup_printf("pair %u", i);
        net_send(clients[i], text);
        net_expect(backends[i], text);
    }
    for (unsigned i = 0; i < COUNT; i++) {
        stream_free(i % 2 ? clients[i] : backends[i]);
        net_expect_end(i % 2 ? backends[i] : clients[i]);
        stream_free(i % 2 ? backends[i] : clients[i]);
    }
    net_signal_wait(&ended, COUNT);
    g_assert_cmpuint(relay_count(relay), ==, 0);
    g_clear_pointer(&relay, relay_free);
    net_signal_clear(&ended);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/relay/raw", test_raw);
    g_test_add_func("/relay/ends", test_ends);
    g_test_add_func("/relay/back-pressure", test_back_pressure);
    g_test_add_func("/relay/drop/raw", test_drop_raw);
    g_test_add_func("/relay/drop/websocket", test_drop_websocket);
    g_test_add_func("/relay/websocket", test_websocket);
    g_test_add_func("/relay/websocket-close", test_websocket_close);
    g_test_add_func("/relay/many-pairs", test_many_pairs);
    return g_test_run();
}
