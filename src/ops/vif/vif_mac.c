/* Parsing, and the chain of MD5 sums behind generated addresses. */
#include "ops/vif/vif_mac.h"

static void hash(uint8_t digest[16]);

bool vif_mac_parse(const char *text, char ret_mac[VIF_MAC_SIZE])
{
    if (strlen(text) != VIF_MAC_SIZE - 1) {
        return false;
    }
    for (size_t i = 0; i < VIF_MAC_SIZE - 1; i++) {
        if (i % 3 == 2 ? text[i] != ':' : !g_ascii_isxdigit(text[i])) {
            return false;
        }
    }
    if (g_ascii_xdigit_value(text[1]) & 1) {
        return false;
    }
    for (size_t i = 0; i < VIF_MAC_SIZE; i++) {
        ret_mac[i] = g_ascii_tolower(text[i]);
    }
    return true;
}

void vif_mac_generate(const char *mac_seed, unsigned position, char ret_mac[VIF_MAC_SIZE])
{
    uint8_t first[16];
    Uuid seed = uuid_from_md5(mac_seed);
    memcpy(first, seed.bytes, sizeof first);
    for (unsigned i = 0; i < 2 * position; i++) {
        hash(first);
    }
    uint8_t second[16];
    memcpy(second, first, sizeof second);
    hash(second);
    uint8_t lead = (first[0] | 0x02) & ~0x01;
    g_snprintf(ret_mac, VIF_MAC_SIZE, "%02x:%02x:%02x:%02x:%02x:%02x", lead, first[1], first[2],
               first[3], second[1], second[2]);
}

static void hash(uint8_t digest[16])
{
    gsize size = 16;
    GChecksum *checksum = g_checksum_new(G_CHECKSUM_MD5);
    g_checksum_update(checksum, digest, 16);
    g_checksum_get_digest(checksum, digest, &size);
    g_checksum_free(checksum);
}
