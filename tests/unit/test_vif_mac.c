/* ops/vif/vif_mac.c: addresses people write and addresses that follow from a seed. */
#include "ops/vif/vif_mac.h"

static void test_parse(void)
{
    char mac[VIF_MAC_SIZE];
    g_assert_true(vif_mac_parse("02:AB:cd:00:11:Ff", mac));
    g_assert_cmpstr(mac, ==, "02:ab:cd:00:11:ff");
    g_assert_true(vif_mac_parse("00:16:3e:00:00:01", mac));
}

static void test_bad(void)
{
    static const char *const bad[] = {"",
                                      "x",
                                      "02:ab:cd:00:11",
                                      "02:ab:cd:00:11:ff:",
                                      "02:ab:cd:00:11:fff",
                                      "02-ab-cd-00-11-ff",
                                      "02:ab:cd:00:11:fg",
                                      "2:ab:cd:00:11:ff:0",
                                      "02ab:cd:00:11:ff::",
                                      "01:00:5e:00:00:01", /* multicast */
                                      "ff:ff:ff:ff:ff:ff"};
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        char mac[VIF_MAC_SIZE] = "untouched";
        g_test_message("%s", bad[i]);
        g_assert_false(vif_mac_parse(bad[i], mac));
        g_assert_cmpstr(mac, ==, "untouched");
    }
}

static void test_generate(void)
{
    static const char seed[] = "d5c5fc2f-1f0e-4a2c-9c5a-2f7a1b3c4d5e";
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (unsigned position = 0; position < 64; position++) {
        char mac[VIF_MAC_SIZE], again[VIF_MAC_SIZE], parsed[VIF_MAC_SIZE];
        vif_mac_generate(seed, position, mac);
        vif_mac_generate(seed, position, again);
        g_assert_cmpstr(mac, ==, again);
        g_assert_true(vif_mac_parse(mac, parsed));
        g_assert_cmpstr(mac, ==, parsed);
        g_assert_cmpint(g_ascii_xdigit_value(mac[1]) & 2, ==, 2); /* locally administered */
        g_assert_true(g_hash_table_add(seen, g_strdup(mac)));
    }
    char one[VIF_MAC_SIZE], other[VIF_MAC_SIZE];
    vif_mac_generate(seed, 0, one);
    vif_mac_generate("another seed", 0, other);
    g_assert_cmpstr(one, !=, other);
}

/* The chain as it is defined: the sum of the seed, hashed twice for each position; the first four
 * bytes of one link and two of the next. */
static void test_generate_follows_the_chain(void)
{
    uint8_t link[16];
    gsize size = sizeof link;
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_MD5);
    g_checksum_update(checksum, (const guchar *)"seed", 4);
    g_checksum_get_digest(checksum, link, &size);
    for (unsigned position = 0; position < 3; position++) {
        uint8_t next[16];
        size = sizeof next;
        g_checksum_reset(checksum);
        g_checksum_update(checksum, link, sizeof link);
        g_checksum_get_digest(checksum, next, &size);
        g_autofree char *expected = g_strdup_printf(
            "%02x:%02x:%02x:%02x:%02x:%02x", (unsigned)((link[0] | 2) & 0xfe), (unsigned)link[1],
            (unsigned)link[2], (unsigned)link[3], (unsigned)next[1], (unsigned)next[2]);
        char mac[VIF_MAC_SIZE];
        vif_mac_generate("seed", position, mac);
        g_assert_cmpstr(mac, ==, expected);
        g_checksum_reset(checksum);
        g_checksum_update(checksum, next, sizeof next);
        size = sizeof link;
        g_checksum_get_digest(checksum, link, &size);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/vif_mac/parse", test_parse);
    g_test_add_func("/vif_mac/bad", test_bad);
    g_test_add_func("/vif_mac/generate", test_generate);
    g_test_add_func("/vif_mac/generate-follows-the-chain", test_generate_follows_the_chain);
    return g_test_run();
}
