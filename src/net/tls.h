/* TLS 1.2 and 1.3 by OpenSSL 3; tls.c, tls_certificate.c and tls_pem.c are all that include its
 * headers. */
#pragma once

#include "net/stream.h"

typedef struct TlsContext TlsContext;

/* Makes a self-signed certificate (RSA 2048, ten years, subjectAltName for `host_name`,
 * localhost and the addresses given) with its key into one PEM file of mode 0600.
 * `addresses` is NULL-terminated and may be NULL; each is a numeric address. */
bool tls_make_self_signed(const char *pem_path, const char *host_name, const char *const *addresses,
                          Err **err);

TlsContext *tls_server_new(const char *pem_path, Err **err);
/* From now on new connections get the certificate that is in `pem_path`; those that are there keep
 * theirs. On failure nothing changes. */
bool tls_server_reload(TlsContext *tls, const char *pem_path, Err **err);
/* `ca_path` NULL: the server's certificate is not checked, as xe does with a host it meets
 * first.  Otherwise the certificate must lead to one in that PEM file and name the host. */
TlsContext *tls_client_new(const char *ca_path, Err **err);
/* Streams made with it stay usable. */
void tls_context_free(TlsContext *tls);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TlsContext, tls_context_free)

/* Wraps `stream` (consumed) as the server of a handshake that goes on by
 * tls_try_handshake(): 1 done, STREAM_AGAIN, STREAM_FAILED. */
Stream *tls_accept(TlsContext *tls, Stream *stream, Err **err);
int tls_try_handshake(Stream *stream);
/* The client's part, to its end. `host` is the name or address the certificate must carry. */
Stream *tls_connect(TlsContext *tls, Stream *stream /* consumed */, Op *op, const char *host,
                    Err **err);

/* SHA-256 of the server certificate, lower-case hex with colons. (owned) */
char *tls_certificate_fingerprint(const TlsContext *tls);
/* The server certificate as PEM, without its key. (owned) */
char *tls_certificate_pem(const TlsContext *tls);
