/* What the tests of src/net share: an op that ends a stuck test, connections to a server under
 * test, and exact byte talk. */
#pragma once

#include "../assert_ok.h"
#include "net/server.h"

/* Far beyond what any step takes; reached only when the code under test is broken. */
#define NET_TEST_DEADLINE (30 * USEC_PER_SEC)

static inline Op *net_test_op(void)
{
    return op_new(NET_TEST_DEADLINE);
}

static inline Stream *net_connect(uint16_t port, TlsContext *tls)
{
    g_autoptr(Op) op = net_test_op();
    g_autoptr(Err) err = NULL;
    Stream *stream = stream_connect_tcp(op, "127.0.0.1", port, tls, &err);
    assert_ok(stream != NULL, err);
    return stream;
}

static inline void net_send(Stream *stream, const char *text)
{
    g_autoptr(Op) op = net_test_op();
    g_autoptr(Err) err = NULL;
    assert_ok(stream_write_all(stream, op, text, strlen(text), &err), err);
}

/* Reads exactly what is expected. */
static inline void net_expect(Stream *stream, const char *text)
{
    g_autoptr(Op) op = net_test_op();
    g_autoptr(Err) err = NULL;
    g_autofree char *got = g_malloc0(strlen(text) + 1);
    for (size_t done = 0; done < strlen(text);) {
        ssize_t count = stream_read(stream, op, got + done, strlen(text) - done, &err);
        assert_ok(count >= 0, err);
        if (count == 0) {
            break;
        }
        done += (size_t)count;
    }
    g_assert_cmpstr(got, ==, text);
}

/* Everything up to the end of the stream. (owned) */
static inline char *net_read_all(Stream *stream)
{
    g_autoptr(Op) op = net_test_op();
    g_autoptr(Err) err = NULL;
    GString *all = g_string_new(NULL);
    for (;;) {
        char buffer[4096];
        ssize_t count = stream_read(stream, op, buffer, sizeof buffer, &err);
        assert_ok(count >= 0, err);
        if (count == 0) {
            return g_string_free(all, false);
        }
        g_string_append_len(all, buffer, count);
    }
}

static inline void net_expect_end(Stream *stream)
{
    g_autofree char *rest = net_read_all(stream);
    g_assert_cmpstr(rest, ==, "");
}

/* A condition that some thread makes true, awaited with a deadline. */
typedef struct NetSignal {
    GMutex mutex;
    GCond changed;
    unsigned count;
} NetSignal;

static inline void net_signal_init(NetSignal *signal)
{
    g_mutex_init(&signal->mutex);
    g_cond_init(&signal->changed);
    signal->count = 0;
}

static inline void net_signal_clear(NetSignal *signal)
{
    g_mutex_clear(&signal->mutex);
    g_cond_clear(&signal->changed);
}

static inline void net_signal_raise(void *signal)
{
    NetSignal *raised = signal;
    g_mutex_lock(&raised->mutex);
    raised->count++;
    g_cond_broadcast(&raised->changed);
    g_mutex_unlock(&raised->mutex);
}

static inline void net_signal_wait(NetSignal *signal, unsigned count)
{
    gint64 until = g_get_monotonic_time() + NET_TEST_DEADLINE;
    g_mutex_lock(&signal->mutex);
    while (signal->count < count) {
        g_assert_true(g_cond_wait_until(&signal->changed, &signal->mutex, until));
    }
    g_mutex_unlock(&signal->mutex);
}
