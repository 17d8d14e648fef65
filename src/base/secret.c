/* Secrets on the heap, wiped with explicit_bzero(3).  Hashing passwords is not done here. */
#include "base/secret.h"

#include <string.h>

struct Secret {
    size_t length;
    char text[]; /* NUL-terminated */
};

Secret *secret_new(const char *text)
{
    size_t length = strlen(text);
    Secret *secret = g_malloc(sizeof(Secret) + length + 1);
    secret->length = length;
    memcpy(secret->text, text, length + 1);
    return secret;
}

void secret_free(Secret *secret)
{
    if (!secret) {
        return;
    }
    explicit_bzero(secret->text, secret->length);
    g_free(secret);
}

const char *secret_reveal(const Secret *secret)
{
    return secret->text;
}

bool secret_equal(const Secret *a, const Secret *b)
{
    /* The length may leak through time, the content not: every byte is looked at. */
    if (a->length != b->length) {
        return false;
    }
    volatile unsigned char difference = 0;
    for (size_t i = 0; i < a->length; i++) {
        difference |= (unsigned char)(a->text[i] ^ b->text[i]);
    }
    return difference == 0;
}
