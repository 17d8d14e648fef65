/* Records as text: what XenServer writes is read, what is written is read back, damage is told. */
#include "wire/sexpr.h"

#include "wire/json.h"

#include <string.h>

/* As JSON, the other form of a tree of strings. */
static void assert_reads(const char *text, const char *json)
{
    g_autoptr(Err) err = NULL;
    g_autoptr(Value) value = sexpr_parse(text, strlen(text), &err);
    g_assert_null(err);
    g_autoptr(GString) out = g_string_new(NULL);
    json_append(out, value);
    g_assert_cmpstr(out->str, ==, json);
}

static void test_read(void)
{
    assert_reads("()", "[]");
    assert_reads("'a'", "\"a\"");
    assert_reads("('a' 'b')", "[\"a\",\"b\"]");
    assert_reads(" ( ( 'k' 'v' )\n('k2' '') ) ", "[[\"k\",\"v\"],[\"k2\",\"\"]]");
    assert_reads("(bare \"double\")", "[\"bare\",\"double\"]");
    assert_reads("('it\\'s' '\\\\')", "[\"it's\",\"\\\\\"]");
    assert_reads("('tags' '(\\'a\\' \\'b\\')')", "[\"tags\",\"('a' 'b')\"]");
}

static void test_damaged(void)
{
    static const char *const damaged[] = {"",  "(",     ")",      "('a'",   "'a",
                                          "(", "'a' b", "'\\'",   "('a'))", "\xff",
                                          "'", "(((",   "('a' (", "('a' 'b"};
    for (size_t i = 0; i < G_N_ELEMENTS(damaged); i++) {
        g_autoptr(Err) err = NULL;
        g_autoptr(Value) value = sexpr_parse(damaged[i], strlen(damaged[i]), &err);
        g_assert_null(value);
        g_assert_true(err_is(err, "INTERNAL_ERROR"));
    }
}

static void test_deep(void)
{
    g_autofree char *deep = g_strnfill(100000, '(');
    g_autoptr(Err) err = NULL;
    g_assert_null(sexpr_parse(deep, strlen(deep), &err));
    g_assert_nonnull(strstr(err->params[0], "nested too deeply"));
}

static void test_round_trip(void)
{
    Value *inner = value_new_array(2);
    value_array_add(inner, value_new_string("it's \\ (here)"));
    value_array_add(inner, value_new_array(0));
    g_autoptr(Value) list = value_new_array(2);
    value_array_add(list, value_new_string("\xc3\xa4 \n"));
    value_array_add(list, inner);
    g_autoptr(GString) out = g_string_new(NULL);
    sexpr_append(out, list);
    g_autoptr(Value) back = sexpr_parse(out->str, out->len, NULL);
    g_assert_true(value_equal(list, back));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sexpr/read", test_read);
    g_test_add_func("/sexpr/damaged", test_damaged);
    g_test_add_func("/sexpr/deep", test_deep);
    g_test_add_func("/sexpr/round-trip", test_round_trip);
    return g_test_run();
}
