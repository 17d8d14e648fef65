/* tls_pem.c: what PEM texts say, and which a server may show. */
#include "net/tls_pem.h"

#include "base/err.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <string.h>

enum { NOW = 1800000000, DAY = 24 * 60 * 60 };

/* How a certificate is made for a test. */
typedef struct Recipe {
    EVP_PKEY *key;    /* that it is about */
    EVP_PKEY *signer; /* NULL: its own key */
    const EVP_MD *digest;
    int64_t from, to;
} Recipe;

static EVP_PKEY *rsa_key, *other_key, *short_key, *curve_key;

static char *take(BIO *bio)
{
    char *data = NULL;
    long length = BIO_get_mem_data(bio, &data);
    char *text = g_strndup(data, (gsize)length);
    BIO_free(bio);
    return text;
}

static char *key_text(EVP_PKEY *key)
{
    BIO *bio = BIO_new(BIO_s_mem());
    g_assert_cmpint(PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL), ==, 1);
    return take(bio);
}

static char *make(const Recipe *recipe)
{
    X509 *certificate = X509_new();
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    ASN1_TIME_set(X509_getm_notBefore(certificate), recipe->from);
    ASN1_TIME_set(X509_getm_notAfter(certificate), recipe->to);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                               (const unsigned char *)"host", -1, -1, 0);
    X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
    X509_set_pubkey(certificate, recipe->key);
    EVP_PKEY *signer = recipe->signer ? recipe->signer : recipe->key;
    g_assert_cmpint(X509_sign(certificate, signer, recipe->digest), >, 0);
    BIO *bio = BIO_new(BIO_s_mem());
    g_assert_cmpint(PEM_write_bio_X509(bio, certificate), ==, 1);
    X509_free(certificate);
    return take(bio);
}

static char *make_good(void)
{
    return make(&(Recipe){rsa_key, NULL, EVP_sha256(), NOW - DAY, NOW + DAY});
}

static void test_read(void)
{
    g_autofree char *key = key_text(rsa_key);
    g_autofree char *pem = make_good();
    g_autofree char *both = g_strconcat("text before\n", key, pem, "text after\n", NULL);
    TlsCertificateInfo info;
    g_assert_true(tls_pem_read_certificate(both, &info));
    g_assert_cmpint(info.not_before, ==, NOW - DAY);
    g_assert_cmpint(info.not_after, ==, NOW + DAY);
    g_assert_cmpuint(strlen(info.sha256), ==, 95);
    g_assert_cmpuint(strlen(info.sha1), ==, 59);
    g_assert_cmpuint(strspn(info.sha256, "0123456789ABCDEF:"), ==, 95);
    g_autofree char *first = tls_pem_first_certificate(both);
    g_assert_cmpstr(first, ==, pem);
    g_assert_false(tls_pem_is_crl(both));
}

static void test_unreadable(void)
{
    g_autofree char *good = make_good();
    g_autofree char *cut = g_strndup(good, strlen(good) / 2);
    g_autofree char *key = key_text(rsa_key);
    g_autofree char *long_text = g_strnfill(TLS_PEM_MAX_BYTES, '\n');
    g_autofree char *too_long = g_strconcat(long_text, good, NULL);
    const char *const bad[] = {
        "",  "text",   cut,
        key, too_long, "-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----\n"};
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        TlsCertificateInfo info;
        g_assert_false(tls_pem_read_certificate(bad[i], &info));
        g_assert_null(tls_pem_first_certificate(bad[i]));
        g_assert_false(tls_pem_is_crl(bad[i]));
    }
}

static void test_crl(void)
{
    X509_CRL *crl = X509_CRL_new();
    ASN1_TIME *time = ASN1_TIME_set(NULL, NOW);
    X509_NAME *name = X509_NAME_new();
    X509_CRL_set_version(crl, X509_CRL_VERSION_2);
    X509_CRL_set_issuer_name(crl, name);
    X509_CRL_set1_lastUpdate(crl, time);
    X509_CRL_set1_nextUpdate(crl, time);
    g_assert_cmpint(X509_CRL_sign(crl, rsa_key, EVP_sha256()), >, 0);
    BIO *bio = BIO_new(BIO_s_mem());
    g_assert_cmpint(PEM_write_bio_X509_CRL(bio, crl), ==, 1);
    g_autofree char *pem = take(bio);
    X509_NAME_free(name);
    ASN1_TIME_free(time);
    X509_CRL_free(crl);
    TlsCertificateInfo info;
    g_assert_true(tls_pem_is_crl(pem));
    g_assert_false(tls_pem_read_certificate(pem, &info));
}

static void test_join(void)
{
    g_autofree char *key = key_text(rsa_key);
    g_autofree char *leaf = make_good();
    g_autofree char *link = make(&(Recipe){other_key, NULL, EVP_sha256(), NOW - DAY, NOW + DAY});
    g_autofree char *chain = g_strconcat(link, "\n", link, NULL);
    g_autofree char *alone = NULL;
    g_autofree char *whole = NULL;
    g_autoptr(Err) err = NULL;
    g_assert_true(tls_pem_join_server(leaf, key, "", NOW, &alone, &err));
    g_autofree char *expected = g_strconcat(key, leaf, NULL);
    g_assert_cmpstr(alone, ==, expected);
    g_assert_true(tls_pem_join_server(leaf, key, chain, NOW, &whole, &err));
    g_autofree char *longer = g_strconcat(key, leaf, link, link, NULL);
    g_assert_cmpstr(whole, ==, longer);
}

static void refuse(const char *leaf, const char *key, const char *chain, const char *expected)
{
    g_autoptr(Err) err = NULL;
    char *pem = NULL;
    g_assert_false(tls_pem_join_server(leaf, key, chain, NOW, &pem, &err));
    g_assert_null(pem);
    g_autofree char *text = err_to_string(err);
    g_assert_cmpstr(text, ==, expected);
}

static void test_refused_keys(void)
{
    g_autofree char *leaf = make_good();
    g_autofree char *other = key_text(other_key);
    g_autofree char *too_short = key_text(short_key);
    g_autofree char *curve = key_text(curve_key);
    BIO *bio = BIO_new(BIO_s_mem());
    g_assert_cmpint(PEM_write_bio_PrivateKey(bio, rsa_key, EVP_aes_128_cbc(), (const void *)"pass",
                                             4, NULL, NULL),
                    ==, 1);
    g_autofree char *locked = take(bio);
    refuse(leaf, "", "", "SERVER_CERTIFICATE_KEY_INVALID: [  ]");
    refuse(leaf, leaf, "", "SERVER_CERTIFICATE_KEY_INVALID: [  ]");
    refuse(leaf, locked, "", "SERVER_CERTIFICATE_KEY_INVALID: [  ]");
    refuse(leaf, other, "", "SERVER_CERTIFICATE_KEY_MISMATCH: [  ]");
    refuse(leaf, too_short, "", "SERVER_CERTIFICATE_KEY_RSA_LENGTH_NOT_SUPPORTED: [ 1024 ]");
    refuse(leaf, curve, "",
           "SERVER_CERTIFICATE_KEY_ALGORITHM_NOT_SUPPORTED: [ 1.2.840.10045.2.1 ]");
}

static void test_refused_certificates(void)
{
    g_autofree char *key = key_text(rsa_key);
    g_autofree char *early = make(&(Recipe){rsa_key, NULL, EVP_sha256(), NOW + 1, NOW + DAY});
    g_autofree char *late = make(&(Recipe){rsa_key, NULL, EVP_sha256(), NOW - DAY, NOW - 1});
    g_autofree char *weak = make(&(Recipe){rsa_key, NULL, EVP_sha1(), NOW - DAY, NOW + DAY});
    g_autofree char *good = make_good();
    refuse("", key, "", "SERVER_CERTIFICATE_INVALID: [  ]");
    refuse(key, key, "", "SERVER_CERTIFICATE_INVALID: [  ]");
    refuse(early, key, "",
           "SERVER_CERTIFICATE_NOT_VALID_YET: [ 2027-01-15T08:00:00Z; 2027-01-15T08:00:01Z ]");
    refuse(late, key, "",
           "SERVER_CERTIFICATE_EXPIRED: [ 2027-01-15T08:00:00Z; 2027-01-15T07:59:59Z ]");
    refuse(weak, key, "", "SERVER_CERTIFICATE_SIGNATURE_NOT_SUPPORTED: [  ]");
    g_autofree char *torn = g_strconcat(good, "-----BEGIN CERTIFICATE-----\nA\n", NULL);
    refuse(good, key, "text", "SERVER_CERTIFICATE_CHAIN_INVALID: [  ]");
    refuse(good, key, torn, "SERVER_CERTIFICATE_CHAIN_INVALID: [  ]");
}

/* A key whose modulus has a third factor. */
static void test_refused_primes(void)
{
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    g_assert_cmpint(EVP_PKEY_keygen_init(context), ==, 1);
    g_assert_cmpint(EVP_PKEY_CTX_set_rsa_keygen_bits(context, 2048), ==, 1);
    g_assert_cmpint(EVP_PKEY_CTX_set_rsa_keygen_primes(context, 3), ==, 1);
    g_assert_cmpint(EVP_PKEY_generate(context, &key), ==, 1);
    EVP_PKEY_CTX_free(context);
    g_autofree char *text = key_text(key);
    g_autofree char *leaf = make(&(Recipe){key, NULL, EVP_sha256(), NOW - DAY, NOW + DAY});
    refuse(leaf, text, "", "SERVER_CERTIFICATE_KEY_RSA_MULTI_NOT_SUPPORTED: [  ]");
    EVP_PKEY_free(key);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    rsa_key = EVP_RSA_gen(2048);
    other_key = EVP_RSA_gen(2048);
    short_key = EVP_RSA_gen(1024);
    curve_key = EVP_EC_gen("P-256");
    g_test_add_func("/tls-pem/read", test_read);
    g_test_add_func("/tls-pem/unreadable", test_unreadable);
    g_test_add_func("/tls-pem/crl", test_crl);
    g_test_add_func("/tls-pem/join", test_join);
    g_test_add_func("/tls-pem/refused-keys", test_refused_keys);
    g_test_add_func("/tls-pem/refused-certificates", test_refused_certificates);
    g_test_add_func("/tls-pem/refused-primes", test_refused_primes);
    int result = g_test_run();
    EVP_PKEY_free(rsa_key);
    EVP_PKEY_free(other_key);
    EVP_PKEY_free(short_key);
    EVP_PKEY_free(curve_key);
    return result;
}
