/* TLS as a layer below Stream: contexts, handshakes, and the records of a connection.
 * Not here: making certificates (tls_certificate.c).
 *
 * All SSL objects are non-blocking.  Writes go out through a socket BIO of ours, because
 * OpenSSL's own uses write(2), which kills the process with SIGPIPE when the peer has gone.
 * Where the kernel encrypts (kTLS), OpenSSL's is used after all; a program on such a kernel
 * ignores SIGPIPE. */
#include "net/tls.h"

#include "base/lock.h"
#include "net/stream_layer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

/* Mozilla's "intermediate" choice for TLS 1.2: forward secrecy and authenticated ciphers. */
#define TLS12_CIPHERS                                                                              \
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"     \
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"

struct TlsContext {
    gint refs; /* the owner's and one per stream, which uses `bio_method` */
    Lock lock; /* guards the pointer `ssl_context` */
    SSL_CTX *ssl_context;
    BIO_METHOD *bio_method;
};

/* What hangs from a Stream's `state`. */
typedef struct TlsState {
    TlsContext *context; /* (ref) */
    SSL *ssl;
    bool broken; /* a failed SSL must not be used again, not even to say goodbye */
} TlsState;

static TlsContext *context_new(SSL_CTX *ssl_context, Err **err);
static SSL_CTX *new_server(const char *pem_path, Err **err);
static SSL_CTX *new_settings(const SSL_METHOD *method, Err **err);
static SSL_CTX *take_settings(const TlsContext *tls);
static void context_unref(TlsContext *tls);
static BIO_METHOD *quiet_socket_method(void);
static int quiet_write(BIO *bio, const char *data, int length);
static bool attach(TlsContext *tls, Stream *stream, Err **err);
static bool expect_host(SSL *ssl, const char *host, Err **err);
static bool fail(Err **err, const char *doing);
static const char *last_reason(void);
static ssize_t tls_try_read(Stream *stream, void *buffer, size_t size);
static ssize_t tls_try_write(Stream *stream, const void *data, size_t length);
static ssize_t unfinished(Stream *stream, int result);
static void tls_end_write(Stream *stream);
static bool tls_has_pending_input(const Stream *stream);
static void tls_free(Stream *stream);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SSL_CTX, SSL_CTX_free)

static const StreamLayer tls_layer = {
    .try_read = tls_try_read,
    .try_write = tls_try_write,
    .end_write = tls_end_write,
    .has_pending_input = tls_has_pending_input,
    .free = tls_free,
};

TlsContext *tls_server_new(const char *pem_path, Err **err)
{
    return context_new(new_server(pem_path, err), err);
}

bool tls_server_reload(TlsContext *tls, const char *pem_path, Err **err)
{
    SSL_CTX *fresh = new_server(pem_path, err);
    if (!fresh) {
        return false;
    }
    lock_acquire(&tls->lock);
    SSL_CTX *old = tls->ssl_context;
    tls->ssl_context = fresh;
    lock_release(&tls->lock);
    SSL_CTX_free(old);
    return true;
}

TlsContext *tls_client_new(const char *ca_path, Err **err)
{
    g_autoptr(SSL_CTX) settings = new_settings(TLS_client_method(), err);
    if (settings && ca_path) {
        if (SSL_CTX_load_verify_file(settings, ca_path) != 1) {
            err_internal(err, "cannot use %s as trusted certificates: %s", ca_path, last_reason());
            return NULL;
        }
        /* Hosts sign their own certificates: one in the file is trusted for what it is. */
        X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(settings), X509_V_FLAG_PARTIAL_CHAIN);
        SSL_CTX_set_verify(settings, SSL_VERIFY_PEER, NULL);
    }
    return context_new(g_steal_pointer(&settings), err);
}

void tls_context_free(TlsContext *tls)
{
    if (tls) {
        context_unref(tls);
    }
}

Stream *tls_accept(TlsContext *tls, Stream *stream, Err **err)
{
    g_autoptr(Stream) owned = stream;
    if (!attach(tls, owned, err)) {
        return NULL;
    }
    SSL_set_accept_state(((TlsState *)owned->state)->ssl);
    return g_steal_pointer(&owned);
}

int tls_try_handshake(Stream *stream)
{
    TlsState *state = stream->state;
    ERR_clear_error();
    int result = SSL_do_handshake(state->ssl);
    return result == 1 ? 1 : (int)unfinished(stream, result);
}

Stream *tls_connect(TlsContext *tls, Stream *stream, Op *op, const char *host, Err **err)
{
    g_autoptr(Stream) owned = stream;
    if (!attach(tls, owned, err)) {
        return NULL;
    }
    SSL *ssl = ((TlsState *)owned->state)->ssl;
    SSL_set_connect_state(ssl);
    if (!expect_host(ssl, host, err)) {
        return NULL;
    }
    int result;
    while ((result = tls_try_handshake(owned)) == STREAM_AGAIN) {
        struct pollfd poll_fd = {.fd = owned->fd, .events = owned->wanted};
        if (!op_poll(op, &poll_fd, 1, err)) {
            return NULL;
        }
    }
    if (result == STREAM_FAILED) {
        err_internal(err, "cannot agree on TLS with %s: %s", host, owned->problem);
        return NULL;
    }
    return g_steal_pointer(&owned);
}

char *tls_certificate_fingerprint(const TlsContext *tls)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    g_autoptr(SSL_CTX) settings = take_settings(tls);
    if (X509_digest(SSL_CTX_get0_certificate(settings), EVP_sha256(), digest, &length) != 1) {
        return NULL;
    }
    GString *text = g_string_sized_new(length * 3);
    for (unsigned i = 0; i < length; i++) {
        g_string_append_printf(text, "%s%02x", i ? ":" : "", digest[i]);
    }
    return g_string_free(text, false);
}

char *tls_certificate_pem(const TlsContext *tls)
{
    g_autoptr(SSL_CTX) settings = take_settings(tls);
    BIO *bio = BIO_new(BIO_s_mem());
    char *pem = NULL;
    if (bio && PEM_write_bio_X509(bio, SSL_CTX_get0_certificate(settings)) == 1) {
        char *data = NULL;
        long length = BIO_get_mem_data(bio, &data);
        pem = g_strndup(data, (gsize)length);
    }
    BIO_free(bio);
    return pem;
}

/* Takes `ssl_context` over; NULL stands for a failure that was told already. */
static TlsContext *context_new(SSL_CTX *ssl_context, Err **err)
{
    BIO_METHOD *bio_method = ssl_context ? quiet_socket_method() : NULL;
    if (!bio_method) {
        if (ssl_context) {
            fail(err, "set up TLS");
        }
        SSL_CTX_free(ssl_context);
        return NULL;
    }
    TlsContext *tls = g_new0(TlsContext, 1);
    tls->refs = 1;
    tls->ssl_context = ssl_context;
    tls->bio_method = bio_method;
    lock_init(&tls->lock, LOCK_NET_TLS);
    return tls;
}

static SSL_CTX *new_server(const char *pem_path, Err **err)
{
    g_autoptr(SSL_CTX) settings = new_settings(TLS_server_method(), err);
    if (settings && (SSL_CTX_use_certificate_chain_file(settings, pem_path) != 1 ||
                     SSL_CTX_use_PrivateKey_file(settings, pem_path, SSL_FILETYPE_PEM) != 1 ||
                     SSL_CTX_check_private_key(settings) != 1)) {
        err_internal(err, "cannot use %s as certificate and key: %s", pem_path, last_reason());
        return NULL;
    }
    return g_steal_pointer(&settings);
}

static SSL_CTX *new_settings(const SSL_METHOD *method, Err **err)
{
    g_autoptr(SSL_CTX) settings = SSL_CTX_new(method);
    if (!settings || SSL_CTX_set_min_proto_version(settings, TLS1_2_VERSION) != 1 ||
        SSL_CTX_set_cipher_list(settings, TLS12_CIPHERS) != 1) {
        fail(err, "set up TLS");
        return NULL;
    }
    /* Connections wait for hours in a long poll: they give their buffers back meanwhile. */
    SSL_CTX_set_mode(settings, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                   SSL_MODE_RELEASE_BUFFERS);
    /* Peers close the socket without a TLS goodbye; HTTP says itself where a message ends. */
    SSL_CTX_set_options(settings, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                      SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_ENABLE_KTLS);
    return g_steal_pointer(&settings);
}

/* What is in force now; a reload does not take it away from who uses it. (owned) */
static SSL_CTX *take_settings(const TlsContext *tls)
{
    Lock *lock = (Lock *)&tls->lock;
    lock_acquire(lock);
    SSL_CTX *settings = tls->ssl_context;
    SSL_CTX_up_ref(settings);
    lock_release(lock);
    return settings;
}

static void context_unref(TlsContext *tls)
{
    if (g_atomic_int_dec_and_test(&tls->refs)) {
        SSL_CTX_free(tls->ssl_context);
        BIO_meth_free(tls->bio_method);
        lock_clear(&tls->lock);
        g_free(tls);
    }
}

/* OpenSSL's socket BIO in everything but the write. */
static BIO_METHOD *quiet_socket_method(void)
{
    const BIO_METHOD *socket_method = BIO_s_socket();
    BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOCKET, "socket without SIGPIPE");
    if (method) {
        BIO_meth_set_write(method, quiet_write);
        BIO_meth_set_read(method, BIO_meth_get_read(socket_method));
        BIO_meth_set_puts(method, BIO_meth_get_puts(socket_method));
        BIO_meth_set_ctrl(method, BIO_meth_get_ctrl(socket_method));
        BIO_meth_set_create(method, BIO_meth_get_create(socket_method));
        BIO_meth_set_destroy(method, BIO_meth_get_destroy(socket_method));
    }
    return method;
}

static int quiet_write(BIO *bio, const char *data, int length)
{
    if (BIO_get_ktls_send(bio)) {
        return BIO_meth_get_write(BIO_s_socket())(bio, data, length);
    }
    int fd = -1;
    BIO_get_fd(bio, &fd);
    BIO_clear_retry_flags(bio);
    ssize_t count = send(fd, data, (size_t)length, MSG_NOSIGNAL);
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
        BIO_set_retry_write(bio);
    }
    return (int)count;
}

/* Puts TLS below `stream`. */
static bool attach(TlsContext *tls, Stream *stream, Err **err)
{
    g_autoptr(SSL_CTX) settings = take_settings(tls);
    SSL *ssl = SSL_new(settings);
    BIO *bio = ssl ? BIO_new(tls->bio_method) : NULL;
    if (!bio) {
        SSL_free(ssl);
        return fail(err, "begin TLS");
    }
    BIO_set_fd(bio, stream->fd, BIO_NOCLOSE);
    SSL_set_bio(ssl, bio, bio);
    TlsState *state = g_new0(TlsState, 1);
    g_atomic_int_inc(&tls->refs);
    state->context = tls;
    state->ssl = ssl;
    stream->state = state;
    stream->layer = &tls_layer;
    return true;
}

/* The name goes to the server as SNI, and into the check of the certificate if there is one. */
static bool expect_host(SSL *ssl, const char *host, Err **err)
{
    unsigned char address[sizeof(struct in6_addr)];
    bool numeric =
        inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1;
    bool done = numeric ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1
                        : SSL_set_tlsext_host_name(ssl, host) == 1 && SSL_set1_host(ssl, host) == 1;
    return done || fail(err, "use the name of the TLS server");
}

static bool fail(Err **err, const char *doing)
{
    return err_internal(err, "cannot %s: %s", doing, last_reason());
}

static const char *last_reason(void)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    return reason ? reason : "no reason given";
}

static ssize_t tls_try_read(Stream *stream, void *buffer, size_t size)
{
    TlsState *state = stream->state;
    ERR_clear_error();
    int result = SSL_read(state->ssl, buffer, (int)MIN(size, G_MAXINT));
    if (result > 0) {
        return result;
    }
    if (SSL_get_error(state->ssl, result) == SSL_ERROR_ZERO_RETURN) {
        return 0;
    }
    return unfinished(stream, result);
}

static ssize_t tls_try_write(Stream *stream, const void *data, size_t length)
{
    if (length == 0) {
        return 0;
    }
    TlsState *state = stream->state;
    ERR_clear_error();
    int result = SSL_write(state->ssl, data, (int)MIN(length, G_MAXINT));
    return result > 0 ? result : unfinished(stream, result);
}

/* STREAM_AGAIN or STREAM_FAILED, after the SSL call that returned `result` on this thread. */
static ssize_t unfinished(Stream *stream, int result)
{
    TlsState *state = stream->state;
    int saved_errno = errno;
    int code = SSL_get_error(state->ssl, result);
    if (code == SSL_ERROR_WANT_READ || code == SSL_ERROR_WANT_WRITE) {
        stream->wanted = code == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT;
        return STREAM_AGAIN;
    }
    state->broken = true;
    if (code == SSL_ERROR_SYSCALL && saved_errno) {
        stream_set_problem(stream, "%s", g_strerror(saved_errno));
    } else {
        stream_set_problem(stream, "TLS: %s", last_reason());
    }
    return STREAM_FAILED;
}

static void tls_end_write(Stream *stream)
{
    TlsState *state = stream->state;
    if (!state->broken && SSL_is_init_finished(state->ssl)) {
        ERR_clear_error();
        /* Best effort: a full socket means the peer is not listening for it anyway. */
        (void)SSL_shutdown(state->ssl);
    }
}

static bool tls_has_pending_input(const Stream *stream)
{
    const TlsState *state = stream->state;
    return SSL_pending(state->ssl) > 0;
}

static void tls_free(Stream *stream)
{
    TlsState *state = stream->state;
    SSL_free(state->ssl);
    context_unref(state->context);
    g_free(state);
}
