/* Err: codes and parameters survive, NULL is allowed, replies stay UTF-8. */
#include "base/err.h"

#include <errno.h>

static void test_set(void)
{
    g_autoptr(Err) err = NULL;
    g_assert_false(err_set(&err, "VM_BAD_POWER_STATE", "ref", "Halted", "Running"));
    g_assert_true(err_is(err, "VM_BAD_POWER_STATE"));
    g_assert_false(err_is(err, "VM_BAD"));
    g_assert_false(err_is(NULL, "VM_BAD"));
    g_assert_cmpuint(g_strv_length(err->params), ==, 3);
    g_assert_cmpstr(err->params[2], ==, "Running");
    g_assert_cmpstr(err->file, ==, __FILE__);
    g_autofree char *text = err_to_string(err);
    g_assert_cmpstr(text, ==, "VM_BAD_POWER_STATE: [ ref; Halted; Running ]");
}

static void test_no_parameters(void)
{
    g_autoptr(Err) err = NULL;
    g_assert_false(err_set(&err, "TASK_CANCELLED"));
    g_assert_nonnull(err->params);
    g_assert_null(err->params[0]);
    g_autofree char *text = err_to_string(err);
    g_assert_cmpstr(text, ==, "TASK_CANCELLED: [  ]");
}

static void test_nobody_cares(void)
{
    const char *const params[] = {"a", NULL};
    g_assert_false(err_set(NULL, "A", "b"));
    g_assert_false(err_setv(NULL, __FILE__, __LINE__, "A", params));
    g_assert_false(err_internal(NULL, "%d", 1));
    g_assert_false(err_errno(NULL, EIO, "%d", 1));
}

static void test_internal(void)
{
    g_autoptr(Err) err = NULL;
    g_assert_false(err_internal(&err, "cannot %s %d", "count", 3));
    g_assert_true(err_is(err, "INTERNAL_ERROR"));
    g_assert_cmpstr(err->params[0], ==, "cannot count 3");
    g_clear_pointer(&err, err_free);
    g_assert_false(err_errno(&err, ENOENT, "open %s", "/x"));
    g_assert_cmpstr(err->params[0], ==, "open /x: No such file or directory");
    g_assert_null(err->params[1]);
}

static void test_vector_and_copy(void)
{
    const char *const params[] = {"VM", "OpaqueRef:NULL", NULL};
    g_autoptr(Err) err = NULL;
    g_assert_false(err_setv(&err, "x.c", 7, "HANDLE_INVALID", params));
    g_autoptr(Err) copy = err_copy(err);
    g_clear_pointer(&err, err_free);
    g_assert_cmpstr(copy->code, ==, "HANDLE_INVALID");
    g_assert_cmpstrv(copy->params, (char **)params);
    g_assert_cmpint(copy->line, ==, 7);
}

static void test_propagate(void)
{
    Err *source = NULL;
    g_autoptr(Err) err = NULL;
    err_set(&source, "A");
    g_assert_false(err_propagate(&err, source));
    g_assert_true(err == source);
    Err *second = err_copy(err);
    g_assert_false(err_propagate(NULL, second)); /* freed, as the leak checker sees */
}

static void test_invalid_utf8(void)
{
    g_autoptr(Err) err = NULL;
    err_set(&err, "A", "good", "bad\xff");
    g_assert_cmpstr(err->params[0], ==, "good");
    g_assert_true(g_utf8_validate(err->params[1], -1, NULL));
    g_assert_true(g_str_has_prefix(err->params[1], "bad"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/err/set", test_set);
    g_test_add_func("/err/no-parameters", test_no_parameters);
    g_test_add_func("/err/null", test_nobody_cares);
    g_test_add_func("/err/internal", test_internal);
    g_test_add_func("/err/copy", test_vector_and_copy);
    g_test_add_func("/err/propagate", test_propagate);
    g_test_add_func("/err/utf8", test_invalid_utf8);
    return g_test_run();
}
