/* Making and printing UUIDs (RFC 4122 text form).  References, which wrap a UUID in
 * "OpaqueRef:", are made in wire/value.c. */
#include "base/uuid.h"

#include <errno.h>
#include <sys/random.h>

/* Where the hyphens stand in the text. */
static bool uuid_is_hyphen_position(unsigned position);

Uuid uuid_generate(void)
{
    Uuid uuid;
    ssize_t got;
    do {
        got = getrandom(uuid.bytes, sizeof uuid.bytes, 0);
    } while (got < 0 && errno == EINTR);
    if (got != sizeof uuid.bytes) {
        g_error("getrandom: %s", g_strerror(errno)); /* ends the process: ids must be unique */
    }
    uuid.bytes[6] = (uint8_t)((uuid.bytes[6] & 0x0f) | 0x40); /* version 4 */
    uuid.bytes[8] = (uint8_t)((uuid.bytes[8] & 0x3f) | 0x80); /* RFC 4122 variant */
    return uuid;
}

Uuid uuid_from_md5(const char *text)
{
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_MD5);
    g_checksum_update(checksum, (const guchar *)text, (gssize)strlen(text));
    Uuid uuid;
    gsize length = sizeof uuid.bytes;
    g_checksum_get_digest(checksum, uuid.bytes, &length);
    return uuid;
}

bool uuid_parse(const char *text, Uuid *ret_uuid)
{
    Uuid uuid;
    unsigned digits = 0;
    if (strlen(text) != UUID_TEXT_SIZE - 1) {
        return false;
    }
    for (unsigned i = 0; i < UUID_TEXT_SIZE - 1; i++) {
        if (uuid_is_hyphen_position(i)) {
            if (text[i] != '-') {
                return false;
            }
            continue;
        }
        int digit = g_ascii_xdigit_value(text[i]);
        if (digit < 0) {
            return false;
        }
        uint8_t *byte = &uuid.bytes[digits / 2];
        *byte = (uint8_t)(digits % 2 ? *byte | digit : digit << 4);
        digits++;
    }
    *ret_uuid = uuid;
    return true;
}

const char *uuid_format(Uuid uuid, char text[UUID_TEXT_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    char *out = text;
    for (unsigned i = 0; i < sizeof uuid.bytes; i++) {
        if (uuid_is_hyphen_position((unsigned)(out - text))) {
            *out++ = '-';
        }
        *out++ = digits[uuid.bytes[i] >> 4];
        *out++ = digits[uuid.bytes[i] & 0x0f];
    }
    *out = '\0';
    return text;
}

int uuid_compare(Uuid a, Uuid b)
{
    return memcmp(a.bytes, b.bytes, sizeof a.bytes);
}

guint uuid_hash(gconstpointer uuid)
{
    /* The last four bytes are random in every version we make. */
    guint hash;
    memcpy(&hash, ((const Uuid *)uuid)->bytes + 12, sizeof hash);
    return hash;
}

gboolean uuid_equal_ptr(gconstpointer a, gconstpointer b)
{
    return uuid_equal(*(const Uuid *)a, *(const Uuid *)b);
}

static bool uuid_is_hyphen_position(unsigned position)
{
    return position == 8 || position == 13 || position == 18 || position == 23;
}
