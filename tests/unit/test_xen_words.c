/* What a guest wrote into its folder of xenstore, whatever it is, becomes a list within limits. */
#include "hv/xen/words.h"

#include <stdlib.h>
#include <string.h>

/* Pairs of path and value, NULL-terminated; each path's folder is there as well. */
static char *value_of(void *user, const char *path)
{
    for (const char *const *pair = user; *pair; pair += 2) {
        if (g_str_equal(pair[0], path)) {
            return strdup(pair[1]);
        }
    }
    return strdup("");
}

/* In one piece, as libxenstore's. */
static char **names_of(void *user, const char *path, unsigned *ret_count)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    size_t length = strlen(path), bytes = 0;
    for (const char *const *pair = user; *pair; pair += 2) {
        if (g_str_has_prefix(pair[0], path) && pair[0][length] == '/') {
            char *name = g_strndup(pair[0] + length + 1, strcspn(pair[0] + length + 1, "/"));
            if (g_ptr_array_find_with_equal_func(names, name, g_str_equal, NULL)) {
                g_free(name);
            } else {
                g_ptr_array_add(names, name);
                bytes += strlen(name) + 1;
            }
        }
    }
    *ret_count = names->len;
    char **list = malloc((names->len + 1) * sizeof *list + bytes);
    char *text = (char *)(list + names->len + 1);
    for (unsigned i = 0; i < names->len; i++) {
        list[i] = text;
        text = stpcpy(text, g_ptr_array_index(names, i)) + 1;
        g_free(g_ptr_array_index(names, i));
    }
    return list;
}

static char **no_names(void *user, const char *path, unsigned *ret_count)
{
    (void)user, (void)path;
    *ret_count = 0;
    return NULL;
}

static char **read_words(const char *const *pairs)
{
    const XenWordSource source = {value_of, names_of, (void *)pairs};
    return xen_words_read(&source);
}

static void expect_words(const char *const *pairs, const char *expected)
{
    g_auto(GStrv) words = read_words(pairs);
    g_autofree char *text = g_strjoinv(" ", words);
    g_assert_cmpstr(text, ==, expected);
}

static void test_folders(void)
{
    static const char *const pairs[] = {
        "vm-data/a",   "1", "vm-data/b/c", "2", "vm-data/b/d", "3",         "vm-data/e", "4",
        "vm-data/e/f", "5", "vm-data/g",   "",  "data/h",      "elsewhere", NULL};
    expect_words(pairs,
                 "vm-data/a 1 vm-data/e 4 vm-data/g  vm-data/b/c 2 vm-data/b/d 3 vm-data/e/f 5");
    static const char *const nothing[] = {NULL};
    expect_words(nothing, "");
    const XenWordSource none = {value_of, no_names, (void *)nothing};
    g_assert_null(xen_words_read(&none));
}

static void test_nonsense(void)
{
    g_autofree char *lengthy = g_strnfill(HV_STORE_VALUE_MAX + 1, 'x');
    const char *const pairs[] = {"vm-data/bytes", "\xff\xfe",     "vm-data/bell",
                                 "a\x07",         "vm-data/long", lengthy,
                                 "vm-data/good",  "yes",          NULL};
    expect_words(pairs, "vm-data/good yes");
}

/* Values count, and so do names without one. */
static void test_too_much(void)
{
    g_autofree char *value = g_strnfill(HV_STORE_VALUE_MAX, 'x');
    g_autofree char *name = g_strnfill(HV_STORE_PATH_MAX / 2, 'y');
    for (unsigned with_values = 0; with_values < 2; with_values++) {
        g_autoptr(GStrvBuilder) pairs = g_strv_builder_new();
        for (unsigned i = 0; i < HV_STORE_MAX_BYTES / strlen(name) + 1; i++) {
            g_autofree char *path = g_strdup_printf(HV_STORE_FOLDER "/%u%s", i, name);
            g_strv_builder_add_many(pairs, path, with_values ? value : "", NULL);
        }
        g_auto(GStrv) list = g_strv_builder_end(pairs);
        g_assert_null(read_words((const char *const *)list));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/xen_words/folders", test_folders);
    g_test_add_func("/xen_words/nonsense", test_nonsense);
    g_test_add_func("/xen_words/too_much", test_too_much);
    return g_test_run();
}
