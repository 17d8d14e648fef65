/* ops/undo.c: the order of undoing, and when nothing is undone. */
#include "ops/undo.h"

static GString *trace;

static void note(void *user)
{
    g_string_append(trace, user);
}

static void test_last_first(void)
{
    trace = g_string_new(NULL);
    {
        g_auto(Undo) undo = {NULL};
        undo_push(&undo, note, "a");
        undo_push(&undo, note, "b");
        undo_push(&undo, note, "c");
        g_assert_cmpstr(trace->str, ==, "");
    }
    g_assert_cmpstr(trace->str, ==, "cba");
    g_string_free(trace, TRUE);
}

static void test_disarmed(void)
{
    trace = g_string_new(NULL);
    {
        g_auto(Undo) undo = {NULL};
        undo_push(&undo, note, "a");
        undo_disarm(&undo);
        undo_push(&undo, note, "b");
    }
    g_assert_cmpstr(trace->str, ==, "b");
    g_string_free(trace, TRUE);
}

static void test_once(void)
{
    trace = g_string_new(NULL);
    Undo undo = {NULL};
    undo_push(&undo, note, "a");
    undo_run(&undo);
    undo_run(&undo);
    undo_disarm(&undo);
    g_assert_cmpstr(trace->str, ==, "a");
    g_string_free(trace, TRUE);
}

/* A step that is undone may push no more, but it may run an undo of its own. */
static void nest(void *user)
{
    g_auto(Undo) inner = {NULL};
    undo_push(&inner, note, user);
}

static void test_nested(void)
{
    trace = g_string_new(NULL);
    {
        g_auto(Undo) undo = {NULL};
        undo_push(&undo, note, "b");
        undo_push(&undo, nest, "a");
    }
    g_assert_cmpstr(trace->str, ==, "ab");
    g_string_free(trace, TRUE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/undo/last-first", test_last_first);
    g_test_add_func("/undo/disarmed", test_disarmed);
    g_test_add_func("/undo/once", test_once);
    g_test_add_func("/undo/nested", test_nested);
    return g_test_run();
}
