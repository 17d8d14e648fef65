/* What a guest writes into its store, in VM.xenstore_data. */
#include "ops/vm/vm_store.h"

#include "../assert_ok.h"
#include "wire/json.h"

static Value *map_of(const char *text)
{
    Err *err = NULL;
    Value *map = text ? json_parse(text, strlen(text), &err) : NULL;
    assert_ok(!text || map, err);
    return map;
}

/* `expected` NULL: nothing is to be written. */
static void check(const char *data, const char *seen, const char *words, const char *expected)
{
    g_autoptr(Value) old = map_of(data);
    g_autoptr(Value) before = map_of(seen);
    g_autoptr(Value) now = map_of(words);
    g_autoptr(Value) wanted = map_of(expected);
    g_autoptr(Value) merged = vm_store_merge(old, before, now);
    g_assert_cmpint(merged != NULL, ==, wanted != NULL);
    g_assert_true(value_equal(merged, wanted));
}

static void test_first_look(void)
{
    check("{}", NULL, "{}", NULL);
    check("{\"vm-data/a\":\"1\"}", NULL, "{\"vm-data/a\":\"1\"}", NULL);
    check("{\"vm-data/a\":\"1\",\"vm-data/b\":\"2\"}", NULL, "{\"vm-data/a\":\"new\"}",
          "{\"vm-data/a\":\"new\",\"vm-data/b\":\"2\"}");
    check("{\"note\":\"x\"}", NULL, "{\"vm-data/a\":\"1\",\"vm-data/b\":\"2\"}",
          "{\"note\":\"x\",\"vm-data/a\":\"1\",\"vm-data/b\":\"2\"}");
}

static void test_changes(void)
{
    static const char seen[] = "{\"vm-data/a\":\"1\",\"vm-data/b\":\"2\"}";
    check("{\"note\":\"x\"}", seen, seen, NULL);
    check("{\"note\":\"x\",\"vm-data/a\":\"1\",\"vm-data/b\":\"2\"}", seen,
          "{\"vm-data/a\":\"new\",\"vm-data/c\":\"3\"}",
          "{\"note\":\"x\",\"vm-data/a\":\"new\",\"vm-data/c\":\"3\"}");
    /* A client was quicker to take it away, and has something that is on its way to the guest. */
    check("{\"vm-data/a\":\"9\"}", seen, "{\"vm-data/a\":\"1\"}", NULL);
}

static void test_words(void)
{
    g_autoptr(Arena) arena = arena_new();
    g_autoptr(Value) data = map_of("{\"vm-data/good\":\"1\",\"vm-data\":\"2\",\"vm-data/\":\"3\","
                                   "\"note\":\"4\",\"vm-data//x\":\"5\",\"vm-data/a b\":\"6\"}");
    const char *const *list = vm_store_data(arena, data);
    g_assert_cmpuint(g_strv_length((char **)list), ==, 2);
    g_assert_cmpstr(list[0], ==, "vm-data/good");
    g_assert_cmpstr(list[1], ==, "1");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/vm_store/first_look", test_first_look);
    g_test_add_func("/vm_store/changes", test_changes);
    g_test_add_func("/vm_store/words", test_words);
    return g_test_run();
}
