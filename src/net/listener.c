/* Listening sockets: TCP with or without TLS, and unix sockets.  An accepted connection goes to
 * connection.c.
 *
 * A client cannot pretend another address: the line "PROXY TCP6 ..." that proxies put in front
 * of a request is an error like any other line that is no request. */
#include "base/fd.h"
#include "base/log.h"
#include "net/server_priv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define BACKLOG      1024
#define ACCEPT_BATCH 64 /* connections taken before others get their turn */

/* A parked exchange says nothing for hours: dead peers are found by the kernel, after about two
 * minutes of silence. */
#define KEEPALIVE_IDLE_SECONDS     60
#define KEEPALIVE_INTERVAL_SECONDS 15
#define KEEPALIVE_PROBES           4

struct Listener {
    PollerItem item; /* first */
    HttpServer *server;
    Poller *poller;
    TlsContext *tls;       /* (borrowed) */
    char *unix_path;       /* NULL for TCP */
    struct stat unix_file; /* what was made there */
};

static Listener *listener_new(HttpServer *server, int fd);
static uint16_t bound_port(int fd);
static bool remove_stale_socket(const char *path, Err **err);
static void remove_own_socket(const Listener *listener);
static void on_event(PollerItem *item, PollerEvent event);
static bool accept_one(Listener *listener);
static void admit(Listener *listener, int fd, const struct sockaddr_storage *address);
static bool is_outside(int fd);
static bool is_local_root(int fd);
static void set_tcp_options(int fd);
static void format_peer(const struct sockaddr_storage *address, char text[INET6_ADDRSTRLEN]);

Listener *listener_new_tcp(HttpServer *server, const char *address, uint16_t port, TlsContext *tls,
                           uint16_t *ret_port, Err **err)
{
    g_autofree char *service = g_strdup_printf("%u", port);
    struct addrinfo hints = {
        .ai_socktype = SOCK_STREAM,
        .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
    };
    struct addrinfo *found = NULL;
    int result = getaddrinfo(address, service, &hints, &found);
    if (result) {
        err_internal(err, "cannot listen on %s: %s", address, gai_strerror(result));
        return NULL;
    }
    Listener *listener = NULL;
    auto_fd fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0) {
        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    }
    if (fd < 0 || bind(fd, found->ai_addr, found->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0) {
        err_errno(err, errno, "cannot listen on %s port %u", address, port);
    } else {
        *ret_port = bound_port(fd);
        listener = listener_new(server, fd_steal(&fd));
        listener->tls = tls;
    }
    freeaddrinfo(found);
    return listener;
}

Listener *listener_new_unix(HttpServer *server, const char *path, Err **err)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    if (g_strlcpy(name.sun_path, path, sizeof name.sun_path) >= sizeof name.sun_path) {
        err_internal(err, "cannot listen on %s: the path is longer than %zu bytes", path,
                     sizeof name.sun_path - 1);
        return NULL;
    }
    if (!remove_stale_socket(path, err)) {
        return NULL;
    }
    auto_fd fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    /* The mode of the socket before bind(2) is that of the file it makes: there is no moment
     * at which others could connect. */
    if (fd < 0 || fchmod(fd, 0600) != 0 || bind(fd, (struct sockaddr *)&name, sizeof name) != 0 ||
        listen(fd, BACKLOG) != 0) {
        err_errno(err, errno, "cannot listen on %s", path);
        return NULL;
    }
    Listener *listener = listener_new(server, fd_steal(&fd));
    listener->unix_path = g_strdup(path);
    (void)lstat(path, &listener->unix_file);
    return listener;
}

bool listener_start(Listener *listener, Err **err)
{
    return poller_arm(listener->poller, &listener->item, EPOLLIN, POLLER_NO_TIMER) ||
           err_internal(err, "cannot wait for connections");
}

void listener_free(Listener *listener)
{
    if (!listener) {
        return;
    }
    poller_forget(listener->poller, &listener->item);
    fd_close(&listener->item.fd);
    remove_own_socket(listener);
    g_free(listener->unix_path);
    g_free(listener);
}

static Listener *listener_new(HttpServer *server, int fd)
{
    Listener *listener = g_new0(Listener, 1);
    listener->item.fd = fd;
    listener->item.on_event = on_event;
    listener->server = server;
    listener->poller = server_choose_poller(server);
    return listener;
}

static uint16_t bound_port(int fd)
{
    struct sockaddr_storage address = {0};
    socklen_t size = sizeof address;
    (void)getsockname(fd, (struct sockaddr *)&address, &size);
    return ntohs(address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&address)->sin6_port
                                               : ((struct sockaddr_in *)&address)->sin_port);
}

static bool remove_stale_socket(const char *path, Err **err)
{
    struct stat info;
    if (lstat(path, &info) != 0) {
        return true;
    }
    if (!S_ISSOCK(info.st_mode)) {
        return err_internal(err, "cannot listen on %s: it exists and is no socket", path);
    }
    return unlink(path) == 0 || err_errno(err, errno, "cannot replace the old socket %s", path);
}

/* The path may meanwhile belong to a daemon that was started to take this one's place. */
static void remove_own_socket(const Listener *listener)
{
    struct stat info;
    if (listener->unix_path && lstat(listener->unix_path, &info) == 0 &&
        info.st_dev == listener->unix_file.st_dev && info.st_ino == listener->unix_file.st_ino) {
        (void)unlink(listener->unix_path);
    }
}

static void on_event(PollerItem *item, PollerEvent event)
{
    Listener *listener = (Listener *)item;
    if (event == POLLER_STOPPED || server_is_stopping(listener->server)) {
        return;
    }
    unsigned taken = 0;
    while (taken < ACCEPT_BATCH && accept_one(listener)) {
        taken++;
    }
    int problem = taken < ACCEPT_BATCH ? errno : 0;
    bool exhausted =
        problem == EMFILE || problem == ENFILE || problem == ENOBUFS || problem == ENOMEM;
    if (exhausted && !server_close_oldest(listener->server)) {
        log_warn("cannot accept a connection, trying again soon: %s", g_strerror(problem));
    }
    /* A connection that cannot be accepted stays and would be reported over and over. */
    if (!poller_arm(listener->poller, item, exhausted ? 0 : EPOLLIN,
                    exhausted ? SERVER_TIMER_ACCEPT : SERVER_TIMER_NONE)) {
        log_error("a listening socket is lost: the poller does not take it");
    }
}

/* False with errno when there is nothing to accept. */
static bool accept_one(Listener *listener)
{
    struct sockaddr_storage address = {0};
    socklen_t size = sizeof address;
    int fd = accept4(listener->item.fd, (struct sockaddr *)&address, &size,
                     SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0) {
        admit(listener, fd, &address);
        return true;
    }
    /* The peer has gone between its connecting and here, or the network had an error for it. */
    return errno == ECONNABORTED || errno == EINTR || errno == EPROTO || errno == EPERM ||
           errno == ENETDOWN || errno == EHOSTUNREACH || errno == ENETUNREACH;
}

static void admit(Listener *listener, int fd, const struct sockaddr_storage *address)
{
    HttpServer *server = listener->server;
    if (!server_make_room(server, listener->unix_path != NULL)) {
        close(fd);
        return;
    }
    if (listener->unix_path) {
        connection_start(server, fd, NULL, "unix", is_local_root(fd));
        return;
    }
    const HttpServerConfig *config = &server->config;
    if (config->is_local_only && is_outside(fd) && config->is_local_only(config->user)) {
        close(fd);
        return;
    }
    set_tcp_options(fd);
    char peer[INET6_ADDRSTRLEN];
    format_peer(address, peer);
    connection_start(server, fd, listener->tls, peer, false);
}

/* By which of the host's addresses the peer has come. */
static bool is_outside(int fd)
{
    enum { LOOPBACK = 127, LINK_LOCAL = 169 << 8 | 254 };
    struct sockaddr_storage address = {0};
    socklen_t size = sizeof address;
    (void)getsockname(fd, (struct sockaddr *)&address, &size);
    const uint8_t *ipv4 = (const uint8_t *)&((const struct sockaddr_in *)&address)->sin_addr;
    if (address.ss_family == AF_INET6) {
        const struct in6_addr *ipv6 = &((const struct sockaddr_in6 *)&address)->sin6_addr;
        if (!IN6_IS_ADDR_V4MAPPED(ipv6)) {
            return !IN6_IS_ADDR_LOOPBACK(ipv6);
        }
        ipv4 = &ipv6->s6_addr[12];
    }
    return ipv4[0] != LOOPBACK && (ipv4[0] << 8 | ipv4[1]) != LINK_LOCAL;
}

static bool is_local_root(int fd)
{
    struct ucred credentials;
    socklen_t size = sizeof credentials;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0 &&
           (credentials.uid == 0 || credentials.uid == geteuid());
}

static void set_tcp_options(int fd)
{
    const struct {
        int level;
        int name;
        int value;
    } options[] = {
        {IPPROTO_TCP, TCP_NODELAY, 1},
        {SOL_SOCKET, SO_KEEPALIVE, 1},
        {IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_SECONDS},
        {IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL_SECONDS},
        {IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_PROBES},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(options); i++) {
        (void)setsockopt(fd, options[i].level, options[i].name, &options[i].value, sizeof(int));
    }
}

/* Without the zone of a link-local address; an IPv4 peer of an IPv6 socket in IPv4's form. */
static void format_peer(const struct sockaddr_storage *address, char text[INET6_ADDRSTRLEN])
{
    const void *bytes = &((const struct sockaddr_in *)address)->sin_addr;
    int family = address->ss_family;
    if (family == AF_INET6) {
        const struct in6_addr *v6 = &((const struct sockaddr_in6 *)address)->sin6_addr;
        bool mapped = IN6_IS_ADDR_V4MAPPED(v6);
        family = mapped ? AF_INET : AF_INET6;
        bytes = mapped ? &v6->s6_addr[12] : (const void *)v6;
    }
    if (!inet_ntop(family, bytes, text, INET6_ADDRSTRLEN)) {
        g_strlcpy(text, "unknown", INET6_ADDRSTRLEN);
    }
}
