/* Streams that are made by connecting: to a host's port, with or without TLS, or to a unix
 * socket.  Names are looked up on a thread of their own, because getaddrinfo(3) can neither be
 * cancelled nor given a deadline. */
#include "base/fd.h"
#include "base/lock.h"
#include "net/tls.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>

#define SERVICE_SIZE 8 /* a port number as text */

/* Shared by the thread that looks up and the one that waits; the last one frees it. */
typedef struct Lookup {
    gint refs;
    char *host;
    char service[SERVICE_SIZE];
    Lock lock;
    GCond done_changed;
    bool done;
    int result; /* getaddrinfo()'s */
    struct addrinfo *addresses;
} Lookup;

static struct addrinfo *look_up(Op *op, const char *host, uint16_t port, Err **err);
static int get_addresses(const char *host, const char *service, int flags,
                         struct addrinfo **ret_addresses);
static struct addrinfo *look_up_on_thread(Op *op, const char *host, const char *service, Err **err);
static void *lookup_thread(void *user);
static void lookup_unref(Lookup *lookup);
static Stream *connect_to(Op *op, const struct addrinfo *address, Err **err);

Stream *stream_connect_tcp(Op *op, const char *host, uint16_t port, TlsContext *tls, Err **err)
{
    struct addrinfo *addresses = look_up(op, host, port, err);
    if (!addresses) {
        return NULL;
    }
    g_autoptr(Stream) stream = NULL;
    g_autoptr(Err) cause = NULL;
    for (struct addrinfo *address = addresses; address && !stream; address = address->ai_next) {
        g_clear_pointer(&cause, err_free);
        stream = connect_to(op, address, &cause);
    }
    freeaddrinfo(addresses);
    if (!stream) {
        if (op_is_cancelled(op)) {
            err_propagate(err, g_steal_pointer(&cause));
            return NULL;
        }
        g_autofree char *text = err_to_string(cause);
        err_internal(err, "cannot connect to %s port %u: %s", host, port, text);
        return NULL;
    }
    return tls ? tls_connect(tls, g_steal_pointer(&stream), op, host, err)
               : g_steal_pointer(&stream);
}

Stream *stream_connect_unix(Op *op, const char *path, Err **err)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    if (g_strlcpy(name.sun_path, path, sizeof name.sun_path) >= sizeof name.sun_path) {
        err_internal(err, "cannot connect to %s: the path is longer than %zu bytes", path,
                     sizeof name.sun_path - 1);
        return NULL;
    }
    struct addrinfo address = {
        .ai_family = AF_UNIX,
        .ai_addr = (struct sockaddr *)&name,
        .ai_addrlen = sizeof name,
    };
    g_autoptr(Err) cause = NULL;
    Stream *stream = connect_to(op, &address, &cause);
    if (!stream) {
        g_autofree char *text = err_to_string(cause);
        err_internal(err, "cannot connect to %s: %s", path, text);
    }
    return stream;
}

static struct addrinfo *look_up(Op *op, const char *host, uint16_t port, Err **err)
{
    char service[SERVICE_SIZE];
    g_snprintf(service, sizeof service, "%u", port);
    struct addrinfo *addresses = NULL;
    if (get_addresses(host, service, AI_NUMERICHOST, &addresses) == 0) {
        return addresses;
    }
    return look_up_on_thread(op, host, service, err);
}

static int get_addresses(const char *host, const char *service, int flags,
                         struct addrinfo **ret_addresses)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = flags | AI_NUMERICSERV};
    return getaddrinfo(host, service, &hints, ret_addresses);
}

static struct addrinfo *look_up_on_thread(Op *op, const char *host, const char *service, Err **err)
{
    Lookup *lookup = g_new0(Lookup, 1);
    lookup->refs = 2;
    lookup->host = g_strdup(host);
    g_strlcpy(lookup->service, service, sizeof lookup->service);
    lock_init(&lookup->lock, LOCK_NET_CONNECTION);
    g_cond_init(&lookup->done_changed);
    GThread *thread = g_thread_try_new("net-lookup", lookup_thread, lookup, NULL);
    if (!thread) {
        lookup_unref(lookup);
        lookup_unref(lookup);
        err_internal(err, "cannot look up %s: no thread could be started", host);
        return NULL;
    }
    g_thread_unref(thread);

    struct addrinfo *addresses = NULL;
    lock_acquire(&lookup->lock);
    bool waiting = true;
    while (waiting && !lookup->done) {
        waiting = op_wait(op, &lookup->done_changed, &lookup->lock.mutex, err);
    }
    if (waiting && lookup->result) {
        err_internal(err, "cannot look up %s: %s", host, gai_strerror(lookup->result));
    } else if (waiting) {
        addresses = g_steal_pointer(&lookup->addresses);
    }
    lock_release(&lookup->lock);
    lookup_unref(lookup);
    return addresses;
}

static void *lookup_thread(void *user)
{
    Lookup *lookup = user;
    struct addrinfo *addresses = NULL;
    int result = get_addresses(lookup->host, lookup->service, 0, &addresses);
    lock_acquire(&lookup->lock);
    lookup->result = result;
    lookup->addresses = addresses;
    lookup->done = true;
    g_cond_signal(&lookup->done_changed);
    lock_release(&lookup->lock);
    lookup_unref(lookup);
    return NULL;
}

static void lookup_unref(Lookup *lookup)
{
    if (!g_atomic_int_dec_and_test(&lookup->refs)) {
        return;
    }
    if (lookup->addresses) {
        freeaddrinfo(lookup->addresses);
    }
    g_cond_clear(&lookup->done_changed);
    lock_clear(&lookup->lock);
    g_free(lookup->host);
    g_free(lookup);
}

static Stream *connect_to(Op *op, const struct addrinfo *address, Err **err)
{
    auto_fd fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        err_errno(err, errno, "cannot make a socket");
        return NULL;
    }
    if (address->ai_family != AF_UNIX) {
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    }
    int problem = connect(fd, address->ai_addr, address->ai_addrlen) == 0 ? 0 : errno;
    if (problem == EINPROGRESS) {
        struct pollfd poll_fd = {.fd = fd, .events = POLLOUT};
        if (!op_poll(op, &poll_fd, 1, err)) {
            return NULL;
        }
        socklen_t size = sizeof problem;
        if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &problem, &size) != 0) {
            problem = errno;
        }
    }
    if (problem) {
        err_errno(err, problem, "connect");
        return NULL;
    }
    return stream_new_fd(fd_steal(&fd));
}
