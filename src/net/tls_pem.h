/* Certificates, revocation lists and keys as PEM texts: what they say, and whether a server can
 * show them.  Pure; tls_pem.c is one of the few files that include OpenSSL's headers. */
#pragma once

#include "base/err.h"

#include <stdint.h>

enum { TLS_PEM_MAX_BYTES = 256 * 1024 }; /* of one text */

/* Fingerprints are upper-case hex with colons between the bytes. */
typedef struct TlsCertificateInfo {
    int64_t not_before, not_after; /* seconds since the epoch */
    char sha256[3 * 32];
    char sha1[3 * 20];
} TlsCertificateInfo;

/* The first certificate in `pem`; false when there is none that can be read. */
bool tls_pem_read_certificate(const char *pem, TlsCertificateInfo *ret_info);
/* How errors about the validity of certificates write times: "2027-01-15T08:00:00Z". (owned) */
char *tls_pem_format_time(int64_t seconds);
/* The first certificate alone, written anew; NULL when there is none. (owned) */
char *tls_pem_first_certificate(const char *pem);
bool tls_pem_is_crl(const char *pem);

/* Checks what a server is to show, at the time `now`, and puts it into one text: key, certificate,
 * chain.  `chain` may be empty.  Fails with one of the SERVER_CERTIFICATE_ errors.  `ret_pem`
 * (owned) has the key in it: wipe it. */
bool tls_pem_join_server(const char *certificate, const char *key, const char *chain, int64_t now,
                         char **ret_pem, Err **err);
