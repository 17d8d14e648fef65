/* wire/tar.c: headers as other programs read them, and those that are refused. */
#include "wire/tar.h"

#include <glib.h>

static TarEntry entry_of(const char *name, int64_t size)
{
    TarEntry entry = {.size = size, .modified = 1, .mode = 0600, .is_file = true};
    g_strlcpy(entry.name, name, sizeof entry.name);
    return entry;
}

static void expect_round_trip(const char *name)
{
    const TarEntry entry = entry_of(name, 5);
    char header[TAR_BLOCK];
    TarEntry back;
    g_assert_true(tar_write_header(&entry, header));
    g_assert_cmpint(tar_read_header(header, &back), ==, TAR_ENTRY);
    g_assert_cmpstr(back.name, ==, name);
    g_assert_cmpint(back.size, ==, 5);
    g_assert_cmpuint(back.mode, ==, 0600);
    g_assert_true(back.is_file);
}

static void test_names(void)
{
    g_autofree char *hundred = g_strnfill(100, 'n');
    g_autofree char *folder = g_strnfill(155, 'd');
    g_autofree char *deep = g_strdup_printf("%s/%s", folder, hundred);
    g_autofree char *too_deep = g_strdup_printf("d%s/%s", folder, hundred);
    g_autofree char *too_long = g_strdup_printf("a/%sn", hundred);
    char header[TAR_BLOCK];
    expect_round_trip("state/host-uuid");
    expect_round_trip(hundred);
    expect_round_trip(deep);
    const TarEntry bad[] = {entry_of(too_deep, 1), entry_of(too_long, 1), entry_of("", 1),
                            entry_of("a", INT64_C(1) << 40)};
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_assert_false(tar_write_header(&bad[i], header));
    }
}

static void test_blocks(void)
{
    const TarEntry entry = entry_of("a", 1);
    char header[TAR_BLOCK] = {0};
    TarEntry back;
    g_assert_cmpint(tar_read_header(header, &back), ==, TAR_END);
    header[5] = 'x';
    g_assert_cmpint(tar_read_header(header, &back), ==, TAR_BAD);
    g_assert_true(tar_write_header(&entry, header));
    header[0] = 'b'; /* the sum is another one now */
    g_assert_cmpint(tar_read_header(header, &back), ==, TAR_BAD);
    g_assert_cmpint(tar_padding(0), ==, 0);
    g_assert_cmpint(tar_padding(1), ==, 511);
    g_assert_cmpint(tar_padding(512), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tar/names", test_names);
    g_test_add_func("/tar/blocks", test_blocks);
    return g_test_run();
}
