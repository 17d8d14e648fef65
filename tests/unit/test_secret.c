/* Secret: holds its text, compares without looking at where two differ. */
#include "base/secret.h"

static void test_reveal(void)
{
    g_autoptr(Secret) secret = secret_new("pa55");
    g_assert_cmpstr(secret_reveal(secret), ==, "pa55");
    g_autoptr(Secret) empty = secret_new("");
    g_assert_cmpstr(secret_reveal(empty), ==, "");
    secret_free(NULL);
}

static void test_equal(void)
{
    g_autoptr(Secret) a = secret_new("abcd");
    g_autoptr(Secret) same = secret_new("abcd");
    g_autoptr(Secret) last = secret_new("abce");
    g_autoptr(Secret) first = secret_new("xbcd");
    g_autoptr(Secret) longer = secret_new("abcde");
    g_assert_true(secret_equal(a, same));
    g_assert_false(secret_equal(a, last));
    g_assert_false(secret_equal(a, first));
    g_assert_false(secret_equal(a, longer));
    g_assert_false(secret_equal(longer, a));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/secret/reveal", test_reveal);
    g_test_add_func("/secret/equal", test_equal);
    return g_test_run();
}
