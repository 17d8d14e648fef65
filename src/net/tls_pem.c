/* Everything that comes in here was written by somebody else: a text that is no PEM is an answer,
 * not a failure, and nothing asks for a pass phrase. */
#include "net/tls_pem.h"

#include "gen/errors.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

enum { RSA_MIN_BITS = 2048, RSA_MAX_BITS = 4096 };

static X509 *read_x509(const char *pem);
static BIO *open_text(const char *pem);
static bool describe(const X509 *certificate, TlsCertificateInfo *ret_info);
static bool read_time(const ASN1_TIME *time, int64_t *ret_seconds);
static bool read_fingerprint(const X509 *certificate, const EVP_MD *digest, char *ret_text);
static EVP_PKEY *read_key(const char *pem, Err **err);
static bool check_key(const EVP_PKEY *key, Err **err);
static bool check_leaf(X509 *leaf, EVP_PKEY *key, int64_t now, Err **err);
static bool check_validity(const X509 *leaf, int64_t now, Err **err);
static bool has_good_signature(const X509 *certificate);
static bool append_chain(BIO *out, const char *chain, Err **err);
static char *take_text(BIO *out);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509, X509_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509_CRL, X509_CRL_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY, EVP_PKEY_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BIO, BIO_free)

bool tls_pem_read_certificate(const char *pem, TlsCertificateInfo *ret_info)
{
    g_autoptr(X509) certificate = read_x509(pem);
    return certificate && describe(certificate, ret_info);
}

char *tls_pem_first_certificate(const char *pem)
{
    g_autoptr(X509) certificate = read_x509(pem);
    g_autoptr(BIO) out = BIO_new(BIO_s_mem());
    return certificate && out && PEM_write_bio_X509(out, certificate) == 1 ? take_text(out) : NULL;
}

char *tls_pem_format_time(int64_t seconds)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(seconds);
    return time ? g_date_time_format_iso8601(time) : g_strdup("");
}

bool tls_pem_is_crl(const char *pem)
{
    g_autoptr(BIO) in = open_text(pem);
    g_autoptr(X509_CRL) crl = in ? PEM_read_bio_X509_CRL(in, NULL, NULL, NULL) : NULL;
    ERR_clear_error();
    return crl != NULL;
}

bool tls_pem_join_server(const char *certificate, const char *key, const char *chain, int64_t now,
                         char **ret_pem, Err **err)
{
    g_autoptr(EVP_PKEY) own_key = read_key(key, err);
    if (!own_key || !check_key(own_key, err)) {
        return false;
    }
    g_autoptr(X509) leaf = read_x509(certificate);
    if (!leaf) {
        return err_server_certificate_invalid(err);
    }
    if (!check_leaf(leaf, own_key, now, err)) {
        return false;
    }
    g_autoptr(BIO) out = BIO_new(BIO_s_secmem());
    if (!out || PEM_write_bio_PrivateKey(out, own_key, NULL, NULL, 0, NULL, NULL) != 1 ||
        PEM_write_bio_X509(out, leaf) != 1) {
        return err_internal(err, "cannot write the certificate and its key");
    }
    if (*chain && !append_chain(out, chain, err)) {
        return false;
    }
    *ret_pem = take_text(out);
    return true;
}

/* (owned) */
static X509 *read_x509(const char *pem)
{
    g_autoptr(BIO) in = open_text(pem);
    X509 *certificate = in ? PEM_read_bio_X509(in, NULL, NULL, NULL) : NULL;
    ERR_clear_error();
    return certificate;
}

/* NULL for a text that is too long. (owned) */
static BIO *open_text(const char *pem)
{
    size_t length = strnlen(pem, TLS_PEM_MAX_BYTES + 1);
    return length <= TLS_PEM_MAX_BYTES ? BIO_new_mem_buf(pem, (int)length) : NULL;
}

static bool describe(const X509 *certificate, TlsCertificateInfo *ret_info)
{
    TlsCertificateInfo info;
    bool ok = read_time(X509_get0_notBefore(certificate), &info.not_before) &&
              read_time(X509_get0_notAfter(certificate), &info.not_after) &&
              read_fingerprint(certificate, EVP_sha256(), info.sha256) &&
              read_fingerprint(certificate, EVP_sha1(), info.sha1);
    if (ok) {
        *ret_info = info;
    }
    return ok;
}

static bool read_time(const ASN1_TIME *time, int64_t *ret_seconds)
{
    struct tm parts;
    if (ASN1_TIME_to_tm(time, &parts) != 1) {
        return false;
    }
    *ret_seconds = timegm(&parts);
    return true;
}

static bool read_fingerprint(const X509 *certificate, const EVP_MD *digest, char *ret_text)
{
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    if (X509_digest(certificate, digest, bytes, &length) != 1) {
        return false;
    }
    for (unsigned i = 0; i < length; i++) {
        g_snprintf(ret_text + 3 * i, 4, i + 1 < length ? "%02X:" : "%02X", bytes[i]);
    }
    return true;
}

static int no_pass_phrase(char *buffer, int size, int for_writing, void *user)
{
    (void)buffer;
    (void)size;
    (void)for_writing;
    (void)user;
    return -1;
}

static EVP_PKEY *read_key(const char *pem, Err **err)
{
    g_autoptr(BIO) in = open_text(pem);
    EVP_PKEY *key = in ? PEM_read_bio_PrivateKey(in, NULL, no_pass_phrase, NULL) : NULL;
    ERR_clear_error();
    if (!key) {
        err_server_certificate_key_invalid(err);
    }
    return key;
}

static bool check_key(const EVP_PKEY *key, Err **err)
{
    if (!EVP_PKEY_is_a(key, "RSA")) {
        const ASN1_OBJECT *object = OBJ_nid2obj(EVP_PKEY_get_base_id(key));
        char oid[64] = "";
        OBJ_obj2txt(oid, sizeof oid, object, 1);
        return err_server_certificate_key_algorithm_not_supported(err, oid);
    }
    BIGNUM *third_prime = NULL;
    if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_FACTOR3, &third_prime) == 1) {
        BN_clear_free(third_prime);
        return err_server_certificate_key_rsa_multi_not_supported(err);
    }
    ERR_clear_error();
    int bits = EVP_PKEY_get_bits(key);
    if (bits < RSA_MIN_BITS || bits > RSA_MAX_BITS) {
        g_autofree char *length = g_strdup_printf("%d", bits);
        return err_server_certificate_key_rsa_length_not_supported(err, length);
    }
    return true;
}

static bool check_leaf(X509 *leaf, EVP_PKEY *key, int64_t now, Err **err)
{
    if (!check_validity(leaf, now, err)) {
        return false;
    }
    if (EVP_PKEY_eq(X509_get0_pubkey(leaf), key) != 1) {
        ERR_clear_error();
        return err_server_certificate_key_mismatch(err);
    }
    return has_good_signature(leaf) || err_server_certificate_signature_not_supported(err);
}

static bool check_validity(const X509 *leaf, int64_t now, Err **err)
{
    TlsCertificateInfo info;
    if (!describe(leaf, &info)) {
        return err_server_certificate_invalid(err);
    }
    g_autofree char *now_text = tls_pem_format_time(now);
    if (now < info.not_before) {
        g_autofree char *not_before = tls_pem_format_time(info.not_before);
        return err_server_certificate_not_valid_yet(err, now_text, not_before);
    }
    if (now > info.not_after) {
        g_autofree char *not_after = tls_pem_format_time(info.not_after);
        return err_server_certificate_expired(err, now_text, not_after);
    }
    return true;
}

/* Digests that nobody can forge today. */
static bool has_good_signature(const X509 *certificate)
{
    int digest = NID_undef;
    return OBJ_find_sigid_algs(X509_get_signature_nid(certificate), &digest, NULL) == 1 &&
           (digest == NID_sha256 || digest == NID_sha384 || digest == NID_sha512);
}

static bool append_chain(BIO *out, const char *chain, Err **err)
{
    g_autoptr(BIO) in = open_text(chain);
    unsigned count = 0;
    for (;;) {
        g_autoptr(X509) link = in ? PEM_read_bio_X509(in, NULL, NULL, NULL) : NULL;
        if (!link) {
            break;
        }
        count++;
        if (PEM_write_bio_X509(out, link) != 1) {
            return err_internal(err, "cannot write the certificate's chain");
        }
    }
    bool at_end = !in || ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    ERR_clear_error();
    return (count > 0 && at_end) || err_server_certificate_chain_invalid(err);
}

/* (owned) */
static char *take_text(BIO *out)
{
    char *data = NULL;
    long length = BIO_get_mem_data(out, &data);
    return g_strndup(data, (gsize)length);
}
