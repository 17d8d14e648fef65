/* Uuid: text form both ways, version bits, hash table use. */
#include "base/uuid.h"

#define SAMPLE "0123abcd-4567-89ef-0011-223344556677"

static void test_parse_and_format(void)
{
    char text[UUID_TEXT_SIZE];
    Uuid uuid;
    g_assert_true(uuid_parse(SAMPLE, &uuid));
    g_assert_cmpuint(uuid.bytes[0], ==, 0x01);
    g_assert_cmpuint(uuid.bytes[15], ==, 0x77);
    g_assert_cmpstr(uuid_format(uuid, text), ==, SAMPLE);
    g_assert_true(uuid_parse("0123ABCD-4567-89EF-0011-223344556677", &uuid));
    g_assert_cmpstr(uuid_format(uuid, text), ==, SAMPLE);
}

static void test_bad_texts(void)
{
    static const char *const bad[] = {"",
                                      "0123abcd-4567-89ef-0011-22334455667",
                                      "0123abcd-4567-89ef-0011-2233445566778",
                                      "0123abcd04567-89ef-0011-223344556677",
                                      "0123abcd-4567-89ef-0011-22334455667g",
                                      "0123abcd-4567-89ef-0011 223344556677",
                                      "{123abcd-4567-89ef-0011-22334455667}",
                                      "0123abc--4567-89ef-0011-223344556677"};
    Uuid uuid = {{1}};
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_assert_false(uuid_parse(bad[i], &uuid));
        g_assert_cmpuint(uuid.bytes[0], ==, 1);
    }
}

static void test_generate(void)
{
    Uuid a = uuid_generate();
    Uuid b = uuid_generate();
    g_assert_false(uuid_equal(a, b));
    g_assert_false(uuid_is_null(a));
    g_assert_cmpuint(a.bytes[6] >> 4, ==, 4);
    g_assert_cmpuint(a.bytes[8] >> 6, ==, 2);
}

static void test_from_md5(void)
{
    char text[UUID_TEXT_SIZE];
    g_assert_cmpstr(uuid_format(uuid_from_md5("abc"), text), ==,
                    "90015098-3cd2-4fb0-d696-3f7d28e17f72");
}

static void test_compare_and_hash(void)
{
    Uuid a = {{1}};
    Uuid b = {{2}};
    g_assert_cmpint(uuid_compare(a, b), <, 0);
    g_assert_cmpint(uuid_compare(b, a), >, 0);
    g_assert_cmpint(uuid_compare(a, a), ==, 0);
    g_autoptr(GHashTable) table = g_hash_table_new(uuid_hash, uuid_equal_ptr);
    g_hash_table_insert(table, &a, "a");
    g_hash_table_insert(table, &b, "b");
    Uuid key = {{2}};
    g_assert_cmpstr(g_hash_table_lookup(table, &key), ==, "b");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/uuid/text", test_parse_and_format);
    g_test_add_func("/uuid/bad", test_bad_texts);
    g_test_add_func("/uuid/generate", test_generate);
    g_test_add_func("/uuid/md5", test_from_md5);
    g_test_add_func("/uuid/hash", test_compare_and_hash);
    return g_test_run();
}
