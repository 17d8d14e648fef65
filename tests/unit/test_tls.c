/* tls.c and tls_certificate.c: certificates, handshakes, and who is refused. */
#include "net_fixture.h"

#include <glib/gstdio.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <sys/stat.h>

typedef struct Files {
    char *folder;
    char *pem;
    char *other_pem;
} Files;

static char *make_certificate(const char *folder, const char *name, const char *host)
{
    static const char *const addresses[] = {"127.0.0.1", "::1", NULL};
    g_autoptr(Err) err = NULL;
    char *path = g_build_filename(folder, name, NULL);
    assert_ok(tls_make_self_signed(path, host, addresses, &err), err);
    return path;
}

static void files_init(Files *files)
{
    files->folder = g_dir_make_tmp("clearwater-XXXXXX", NULL);
    files->pem = make_certificate(files->folder, "host.pem", "host.example");
    files->other_pem = make_certificate(files->folder, "other.pem", "host.example");
}

static void files_clear(Files *files)
{
    g_assert_cmpint(g_remove(files->pem), ==, 0);
    g_assert_cmpint(g_remove(files->other_pem), ==, 0);
    g_assert_cmpint(g_rmdir(files->folder), ==, 0);
    g_free(files->pem);
    g_free(files->other_pem);
    g_free(files->folder);
}

typedef struct Server {
    TlsContext *tls;
    Stream *stream;
    bool accepted;
} Server;

/* Shakes hands as a server, then sends back the first bytes it gets. */
static void *serve(void *user)
{
    Server *server = user;
    g_autoptr(Op) op = net_test_op();
    g_autoptr(Stream) stream = tls_accept(server->tls, g_steal_pointer(&server->stream), NULL);
    int result;
    while ((result = tls_try_handshake(stream)) == STREAM_AGAIN) {
        struct pollfd poll_fd = {stream_fd(stream), stream_wanted_events(stream), 0};
        g_assert_true(op_poll(op, &poll_fd, 1, NULL));
    }
    server->accepted = result == 1;
    char buffer[64];
    ssize_t count = result == 1 ? stream_read(stream, op, buffer, sizeof buffer, NULL) : -1;
    if (count > 0) {
        g_assert_true(stream_write_all(stream, op, buffer, (size_t)count, NULL));
        stream_shutdown_write(stream);
    }
    return NULL;
}

/* Connects by socket pair; true when the client was satisfied. */
static bool shake_hands(const char *server_pem, const char *ca_path, const char *host)
{
    int fds[2];
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==, 0);
    g_autoptr(Err) err = NULL;
    g_autoptr(TlsContext) server_tls = tls_server_new(server_pem, &err);
    assert_ok(server_tls != NULL, err);
    g_autoptr(TlsContext) client_tls = tls_client_new(ca_path, &err);
    assert_ok(client_tls != NULL, err);
    Server server = {server_tls, stream_new_fd(fds[0]), false};
    GThread *thread = g_thread_new("server", serve, &server);
    g_autoptr(Op) op = net_test_op();
    g_autoptr(Stream) client = tls_connect(client_tls, stream_new_fd(fds[1]), op, host, &err);
    g_assert_true((client == NULL) == (err != NULL));
    bool done = client != NULL;
    if (done) {
        g_assert_true(stream_is_tls(client));
        net_send(client, "echo");
        net_expect(client, "echo");
        net_expect_end(client);
    }
    g_clear_pointer(&client, stream_free);
    g_thread_join(thread);
    return done;
}

static void test_names(void)
{
    Files files;
    files_init(&files);
    static const char *const known[] = {"host.example", "localhost", "127.0.0.1", "::1"};
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++) {
        g_assert_true(shake_hands(files.pem, files.pem, known[i]));
    }
    g_assert_false(shake_hands(files.pem, files.pem, "other.example"));
    g_assert_false(shake_hands(files.pem, files.pem, "127.0.0.2"));
    g_assert_false(shake_hands(files.pem, files.other_pem, "host.example"));
    g_assert_true(shake_hands(files.pem, NULL, "whatever"));
    files_clear(&files);
}

static void test_certificate(void)
{
    Files files;
    files_init(&files);
    struct stat info;
    g_assert_cmpint(stat(files.pem, &info), ==, 0);
    g_assert_cmpint(info.st_mode & 0777, ==, 0600);
    g_autoptr(TlsContext) tls = tls_server_new(files.pem, NULL);
    g_autoptr(TlsContext) other = tls_server_new(files.other_pem, NULL);
    g_autofree char *fingerprint = tls_certificate_fingerprint(tls);
    g_autofree char *other_fingerprint = tls_certificate_fingerprint(other);
    g_assert_true(g_regex_match_simple("^([0-9a-f]{2}:){31}[0-9a-f]{2}$", fingerprint, 0, 0));
    g_assert_cmpstr(fingerprint, !=, other_fingerprint);

    g_autofree char *pem = tls_certificate_pem(tls);
    g_assert_true(g_str_has_prefix(pem, "-----BEGIN CERTIFICATE-----\n"));
    g_assert_null(strstr(pem, "PRIVATE"));
    BIO *bio = BIO_new_mem_buf(pem, -1);
    X509 *certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    g_assert_nonnull(certificate);
    int days = 0;
    int seconds = 0;
    g_assert_cmpint(ASN1_TIME_diff(&days, &seconds, X509_get0_notBefore(certificate),
                                   X509_get0_notAfter(certificate)),
                    ==, 1);
    g_assert_cmpint(days, ==, 3650);
    g_assert_cmpint(EVP_PKEY_get_bits(X509_get0_pubkey(certificate)), ==, 2048);
    g_assert_cmpint(X509_check_ip_asc(certificate, "::1", 0), ==, 1);
    g_assert_cmpint(X509_check_host(certificate, "localhost", 0, 0, NULL), ==, 1);
    X509_free(certificate);
    BIO_free(bio);
    files_clear(&files);
}

static void test_reload(void)
{
    Files files;
    files_init(&files);
    g_autoptr(TlsContext) tls = tls_server_new(files.pem, NULL);
    g_autoptr(TlsContext) other = tls_server_new(files.other_pem, NULL);
    g_autofree char *first = tls_certificate_fingerprint(tls);
    g_autofree char *wanted = tls_certificate_fingerprint(other);
    g_assert_false(tls_server_reload(tls, "/nonexistent.pem", NULL));
    g_autofree char *kept = tls_certificate_fingerprint(tls);
    g_assert_cmpstr(kept, ==, first);
    g_autoptr(Err) err = NULL;
    bool done = tls_server_reload(tls, files.other_pem, &err);
    assert_ok(done, err);
    g_autofree char *second = tls_certificate_fingerprint(tls);
    g_assert_cmpstr(second, ==, wanted);
    files_clear(&files);
}

static void test_bad_files(void)
{
    Files files;
    files_init(&files);
    g_autoptr(Err) missing = NULL;
    g_assert_null(tls_server_new("/nonexistent.pem", &missing));
    g_assert_nonnull(strstr(missing->params[0], "/nonexistent.pem"));
    g_assert_null(tls_client_new("/nonexistent.pem", NULL));
    g_assert_true(g_file_set_contents(files.other_pem, "no certificate", -1, NULL));
    g_autoptr(Err) garbage = NULL;
    g_assert_null(tls_server_new(files.other_pem, &garbage));
    g_assert_nonnull(garbage);
    static const char *const bad_address[] = {"127.0.0.1,DNS:evil", NULL};
    static const char *const no_address[] = {"not-an-address", NULL};
    g_assert_false(tls_make_self_signed(files.other_pem, "a,DNS:b", NULL, NULL));
    g_assert_false(tls_make_self_signed(files.other_pem, "", NULL, NULL));
    g_assert_false(tls_make_self_signed(files.other_pem, "host", bad_address, NULL));
    g_assert_false(tls_make_self_signed(files.other_pem, "host", no_address, NULL));
    files_clear(&files);
}

/* A host name longer than a certificate's common name may be, as cloud machines have them. */
static void test_long_host_name(void)
{
    g_autofree char *folder = g_dir_make_tmp("clearwater-XXXXXX", NULL);
    g_autofree char *label = g_strnfill(60, 'a');
    g_autofree char *host = g_strdup_printf("%s.%s.example", label, label);
    g_autofree char *pem = make_certificate(folder, "long.pem", host);
    g_assert_true(shake_hands(pem, pem, host));
    g_assert_cmpint(g_remove(pem), ==, 0);
    g_assert_cmpint(g_rmdir(folder), ==, 0);
}

static void test_peer_is_not_tls(void)
{
    Files files;
    files_init(&files);
    int fds[2];
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==, 0);
    g_autoptr(Stream) peer = stream_new_fd(fds[0]);
    net_send(peer, "HTTP/1.1 400 Bad Request\r\n\r\n");
    g_autoptr(TlsContext) client_tls = tls_client_new(NULL, NULL);
    g_autoptr(Op) op = net_test_op();
    g_autoptr(Err) err = NULL;
    g_assert_null(tls_connect(client_tls, stream_new_fd(fds[1]), op, "h", &err));
    g_assert_nonnull(strstr(err->params[0], "TLS"));
    files_clear(&files);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tls/names", test_names);
    g_test_add_func("/tls/certificate", test_certificate);
    g_test_add_func("/tls/reload", test_reload);
    g_test_add_func("/tls/bad-files", test_bad_files);
    g_test_add_func("/tls/long-host-name", test_long_host_name);
    g_test_add_func("/tls/peer-is-not-tls", test_peer_is_not_tls);
    return g_test_run();
}
