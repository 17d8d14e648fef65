/* The certificate a host makes for itself on its first start.
 * Not here: using it (tls.c). */
#include "base/fd.h"
#include "net/tls.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#define KEY_BITS      2048
#define VALID_SECONDS (10L * 365 * 24 * 60 * 60)
/* RFC 5280 allows 20 octets and wants a positive number. */
#define SERIAL_BYTES 16
/* X.520's limit for a common name. */
#define MAX_COMMON_NAME 64

static bool fill_certificate(X509 *certificate, EVP_PKEY *key, const char *host_name,
                             const char *const *addresses);
static bool set_random_serial(X509 *certificate);
static bool set_names(X509 *certificate, const char *host_name);
static bool add_extension(X509 *certificate, int nid, const char *value);
static char *subject_alt_names(const char *host_name, const char *const *addresses);
static bool write_pem(const char *pem_path, X509 *certificate, EVP_PKEY *key, Err **err);
static bool is_plain_name(const char *text);

bool tls_make_self_signed(const char *pem_path, const char *host_name, const char *const *addresses,
                          Err **err)
{
    /* The names go into a list with commas, in OpenSSL's configuration syntax. */
    bool plain = is_plain_name(host_name);
    for (const char *const *address = addresses; address && *address; address++) {
        plain = plain && is_plain_name(*address);
    }
    if (!plain) {
        return err_internal(err, "cannot make a certificate for the host name '%s'", host_name);
    }

    bool done = false;
    EVP_PKEY *key = EVP_RSA_gen(KEY_BITS);
    X509 *certificate = X509_new();
    if (!key || !certificate || !fill_certificate(certificate, key, host_name, addresses)) {
        const char *reason = ERR_reason_error_string(ERR_peek_last_error());
        err_internal(err, "cannot make a certificate for %s: %s", host_name,
                     reason ? reason : "no reason given");
        goto out;
    }
    done = write_pem(pem_path, certificate, key, err);
out:
    X509_free(certificate);
    EVP_PKEY_free(key);
    return done;
}

static bool fill_certificate(X509 *certificate, EVP_PKEY *key, const char *host_name,
                             const char *const *addresses)
{
    g_autofree char *alt_names = subject_alt_names(host_name, addresses);
    return X509_set_version(certificate, X509_VERSION_3) && set_random_serial(certificate) &&
           X509_gmtime_adj(X509_getm_notBefore(certificate), 0) &&
           X509_gmtime_adj(X509_getm_notAfter(certificate), VALID_SECONDS) &&
           X509_set_pubkey(certificate, key) && set_names(certificate, host_name) &&
           add_extension(certificate, NID_basic_constraints, "critical,CA:FALSE") &&
           add_extension(certificate, NID_key_usage, "critical,digitalSignature,keyEncipherment") &&
           add_extension(certificate, NID_ext_key_usage, "serverAuth,clientAuth") &&
           add_extension(certificate, NID_subject_alt_name, alt_names) &&
           X509_sign(certificate, key, EVP_sha256()) > 0;
}

static bool set_random_serial(X509 *certificate)
{
    unsigned char bytes[SERIAL_BYTES];
    if (RAND_bytes(bytes, sizeof bytes) != 1) {
        return false;
    }
    bytes[0] = (unsigned char)((bytes[0] & 0x7f) | 0x40);
    BIGNUM *number = BN_bin2bn(bytes, sizeof bytes, NULL);
    bool done = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));
    BN_free(number);
    return done;
}

static bool set_names(X509 *certificate, const char *host_name)
{
    g_autofree char *common_name = g_strndup(host_name, MAX_COMMON_NAME);
    X509_NAME *name = X509_get_subject_name(certificate);
    return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)common_name,
                                      -1, -1, 0) &&
           X509_set_issuer_name(certificate, name);
}

static bool add_extension(X509 *certificate, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    bool done = extension && X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
    return done;
}

static char *subject_alt_names(const char *host_name, const char *const *addresses)
{
    GString *names = g_string_new(NULL);
    g_string_printf(names, "DNS:%s", host_name);
    if (!g_str_equal(host_name, "localhost")) {
        g_string_append(names, ",DNS:localhost");
    }
    for (; addresses && *addresses; addresses++) {
        g_string_append_printf(names, ",IP:%s", *addresses);
    }
    return g_string_free(names, false);
}

static bool write_pem(const char *pem_path, X509 *certificate, EVP_PKEY *key, Err **err)
{
    BIO *bio = BIO_new(BIO_s_secmem());
    bool done = false;
    if (!bio || PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) != 1 ||
        PEM_write_bio_X509(bio, certificate) != 1) {
        err_internal(err, "cannot encode the certificate for %s", pem_path);
        goto out;
    }
    char *data = NULL;
    long length = BIO_get_mem_data(bio, &data);
    done = fd_write_file(pem_path, data, (size_t)length, 0600, err);
out:
    BIO_free(bio);
    return done;
}

/* Letters, digits, dots, dashes and the colons of IPv6 addresses. */
static bool is_plain_name(const char *text)
{
    return *text && text[strspn(text, "0123456789.:-_ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                      "abcdefghijklmnopqrstuvwxyz")] == '\0';
}
