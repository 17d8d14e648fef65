/* Value: kinds and accessors, sharing, structs small and large, copies with one change. */
#include "wire/value.h"

#include <string.h>

static void test_scalars(void)
{
    g_autoptr(Value) string = value_new_string("a\xc3\xa4");
    g_autoptr(Value) number = value_new_int(INT64_MIN);
    g_autoptr(Value) real = value_new_float(-0.5);
    g_autoptr(Value) truth = value_new_bool(true);
    g_autoptr(Value) when = value_new_datetime(1706692087);
    Uuid uuid = uuid_generate();
    g_autoptr(Value) reference = value_new_ref(uuid);
    g_assert_cmpint(value_kind(string), ==, VALUE_STRING);
    g_assert_cmpstr(value_string(string), ==, "a\xc3\xa4");
    g_assert_cmpuint(value_string_length(string), ==, 3);
    g_assert_cmpint(value_int(number), ==, INT64_MIN);
    g_assert_cmpfloat(value_float(real), ==, -0.5);
    g_assert_true(value_bool(truth));
    g_assert_cmpint(value_datetime(when), ==, 1706692087);
    g_assert_true(uuid_equal(value_uuid(reference), uuid));
    g_assert_cmpuint(value_count(string), ==, 0);
}

static void test_wrong_kinds_read_as_empty(void)
{
    g_autoptr(Value) string = value_new_string("7");
    g_autoptr(Value) number = value_new_int(7);
    g_assert_cmpint(value_int(string), ==, 0);
    g_assert_cmpfloat(value_float(number), ==, 0);
    g_assert_false(value_bool(number));
    g_assert_cmpint(value_datetime(number), ==, 0);
    g_assert_cmpstr(value_string(number), ==, "");
    g_assert_cmpuint(value_string_length(number), ==, 0);
    g_assert_true(uuid_is_null(value_uuid(string)));
    g_assert_null(value_get(string, "x"));
}

static void test_common_scalars_are_shared(void)
{
    g_assert_true(value_new_nil() == value_new_nil());
    g_assert_true(value_new_void() == value_new_void());
    g_assert_true(value_new_bool(true) == value_new_bool(true));
    g_assert_true(value_new_bool(true) != value_new_bool(false));
    g_assert_true(value_new_string("") == value_new_string_len("x", 0));
    g_assert_true(value_new_int(0) == value_new_int(0));
    g_assert_true(value_new_ref((Uuid){{0}}) == value_new_ref((Uuid){{0}}));
    g_assert_cmpstr(value_string(value_new_string("")), ==, "");
    Value *nil = value_new_nil();
    for (unsigned i = 0; i < 10; i++) {
        value_unref(nil); /* a constant does not mind */
    }
    g_assert_cmpint(value_kind(value_ref(nil)), ==, VALUE_NIL);
    value_unref(NULL);
}

static void test_string_with_nul(void)
{
    g_autoptr(Value) string = value_new_string_len("a\0b", 3);
    g_assert_cmpmem(value_string(string), value_string_length(string), "a\0b", 3);
    g_autoptr(Value) shorter = value_new_string("a");
    g_assert_false(value_equal(string, shorter));
}

static void test_array(void)
{
    g_autoptr(Value) array = value_new_array(0);
    for (int i = 0; i < 100; i++) {
        value_array_add(array, value_new_int(i));
    }
    g_assert_cmpuint(value_count(array), ==, 100);
    g_assert_cmpint(value_int(value_at(array, 99)), ==, 99);
}

static void test_struct_mixes_static_and_copied_names(void)
{
    g_autoptr(Value) record = value_new_struct(1);
    char name[] = "copied";
    value_struct_add_static(record, "fixed", value_new_int(1));
    value_struct_add(record, name, value_new_int(2));
    value_struct_add_static(record, "later", value_new_int(3));
    memset(name, 'x', sizeof name - 1);
    g_assert_cmpstr(value_name_at(record, 0), ==, "fixed");
    g_assert_cmpstr(value_name_at(record, 1), ==, "copied");
    g_assert_cmpstr(value_name_at(record, 2), ==, "later");
    g_assert_cmpint(value_int(value_get(record, "copied")), ==, 2);
    g_assert_null(value_get(record, "absent"));
    g_assert_null(value_get_string(record, "fixed"));
}

static void test_static_names_are_not_copied(void)
{
    static const char name[] = "field";
    g_autoptr(Value) record = value_new_struct(1);
    value_struct_add_static(record, name, value_new_string("text"));
    g_assert_true(value_name_at(record, 0) == name);
    g_assert_cmpstr(value_get_string(record, "field"), ==, "text");
    g_autoptr(Value) changed = value_struct_with(record, "field", value_new_string("other"));
    g_assert_true(value_name_at(changed, 0) == name);
}

static Value *make_large_struct(int count)
{
    Value *record = value_new_struct(0);
    for (int i = 0; i < count; i++) {
        g_autofree char *name = g_strdup_printf("member%d", i);
        value_struct_add(record, name, value_new_int(i));
    }
    return record;
}

static void test_large_struct(void)
{
    g_autoptr(Value) record = make_large_struct(3000);
    for (int i = 0; i < 3000; i++) {
        g_autofree char *name = g_strdup_printf("member%d", i);
        g_assert_cmpstr(value_name_at(record, (unsigned)i), ==, name);
        g_assert_cmpint(value_int(value_get(record, name)), ==, i);
    }
    g_assert_null(value_get(record, "member3000"));
    g_autoptr(Value) changed = value_struct_with(record, "member7", value_new_int(-7));
    g_assert_cmpint(value_int(value_get(changed, "member7")), ==, -7);
    g_autoptr(Value) without = value_struct_without(record, "member7");
    g_assert_cmpuint(value_count(without), ==, 2999);
    g_assert_null(value_get(without, "member7"));
    g_assert_cmpint(value_int(value_get(without, "member2999")), ==, 2999);
    g_assert_cmpint(value_int(value_get(record, "member7")), ==, 7);
}

static void test_large_static_struct_becomes_owned(void)
{
    static char names[300][8];
    g_autoptr(Value) record = value_new_struct(0);
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        g_snprintf(names[i], sizeof names[i], "s%u", i);
        value_struct_add_static(record, names[i], value_new_int(i + 1));
    }
    value_struct_add(record, "copied", value_new_int(-1));
    memset(names, 'x', sizeof names); /* nothing may look there any more */
    g_assert_cmpint(value_int(value_get(record, "s299")), ==, 300);
    g_assert_cmpint(value_int(value_get(record, "copied")), ==, -1);
}

static void test_struct_copies(void)
{
    g_autoptr(Value) record = value_new_struct(0);
    value_struct_add(record, "a", value_new_int(1));
    value_struct_add(record, "b", value_new_string("two"));
    g_autoptr(Value) changed = value_struct_with(record, "a", value_new_int(5));
    g_autoptr(Value) extended = value_struct_with(record, "c", value_new_int(3));
    g_autoptr(Value) reduced = value_struct_without(record, "a");
    g_autoptr(Value) same = value_struct_without(record, "absent");
    g_assert_cmpint(value_int(value_get(record, "a")), ==, 1);
    g_assert_cmpuint(value_count(record), ==, 2);
    g_assert_cmpint(value_int(value_get(changed, "a")), ==, 5);
    g_assert_cmpstr(value_name_at(changed, 0), ==, "a");
    g_assert_true(value_get(changed, "b") == value_get(record, "b"));
    g_assert_cmpstr(value_name_at(extended, 2), ==, "c");
    g_assert_cmpuint(value_count(reduced), ==, 1);
    g_assert_true(value_equal(same, record));
}

static void test_array_copies(void)
{
    g_autoptr(Value) one = value_new_int(1);
    g_autoptr(Value) array = value_new_array(0);
    value_array_add(array, value_ref(one));
    value_array_add(array, value_new_int(2));
    g_autoptr(Value) longer = value_array_with(array, value_new_int(1));
    g_autoptr(Value) shorter = value_array_without(longer, one);
    g_assert_cmpuint(value_count(array), ==, 2);
    g_assert_cmpuint(value_count(longer), ==, 3);
    g_assert_cmpuint(value_count(shorter), ==, 1);
    g_assert_cmpint(value_int(value_at(shorter, 0)), ==, 2);
}

static void test_equal(void)
{
    g_autoptr(Value) a = value_new_struct(0);
    g_autoptr(Value) b = value_new_struct(0);
    value_struct_add(a, "x", value_new_int(1));
    value_struct_add(a, "y", value_new_string("s"));
    value_struct_add(b, "y", value_new_string("s"));
    value_struct_add(b, "x", value_new_int(1));
    g_assert_true(value_equal(a, b));
    g_autoptr(Value) other = value_struct_with(b, "x", value_new_int(2));
    g_assert_false(value_equal(a, other));
    g_autoptr(Value) renamed = value_struct_without(b, "x");
    value_struct_add(renamed, "z", value_new_int(1));
    g_assert_false(value_equal(a, renamed));

    g_autoptr(Value) number = value_new_int(1);
    g_autoptr(Value) real = value_new_float(1);
    g_autoptr(Value) real_again = value_new_float(1);
    g_autoptr(Value) when = value_new_datetime(1);
    g_autoptr(Value) truth = value_new_bool(true);
    g_assert_false(value_equal(number, real));
    g_assert_false(value_equal(number, when));
    g_assert_false(value_equal(number, truth));
    g_assert_true(value_equal(real, real_again));
    g_assert_false(value_equal(value_new_nil(), value_new_void()));
    g_assert_false(value_equal(value_new_void(), value_new_string("")));

    Uuid uuid = uuid_generate();
    g_autoptr(Value) first = value_new_ref(uuid);
    g_autoptr(Value) second = value_new_ref(uuid);
    g_assert_true(value_equal(first, second));
    g_assert_false(value_equal(first, value_new_ref((Uuid){{0}})));
}

static gpointer share(gpointer data)
{
    for (unsigned i = 0; i < 50000; i++) {
        value_unref(value_ref(data));
    }
    return NULL;
}

static void test_threads_share(void)
{
    g_autoptr(Value) value = value_new_string("shared");
    GThread *a = g_thread_new("share", share, value);
    GThread *b = g_thread_new("share", share, value);
    g_thread_join(a);
    g_thread_join(b);
    g_assert_cmpstr(value_string(value), ==, "shared");
}

static void test_refs_as_text(void)
{
    Uuid uuid, parsed;
    g_assert_true(uuid_parse("0123abcd-4567-89ef-0011-223344556677", &uuid));
    g_assert_cmpstr(REF_TEXT(uuid), ==, "OpaqueRef:0123abcd-4567-89ef-0011-223344556677");
    g_assert_cmpstr(REF_TEXT((Uuid){{0}}), ==, "OpaqueRef:NULL");
    g_assert_true(value_ref_parse(REF_TEXT(uuid), &parsed));
    g_assert_true(uuid_equal(uuid, parsed));
    g_assert_true(value_ref_parse("OpaqueRef:NULL", &parsed));
    g_assert_true(uuid_is_null(parsed));
    parsed = uuid;
    g_assert_true(value_ref_parse("", &parsed));
    g_assert_true(uuid_is_null(parsed));
    static const char *const bad[] = {"OpaqueRef:",
                                      "OpaqueRef:null",
                                      "NULL",
                                      "opaqueref:NULL",
                                      "0123abcd-4567-89ef-0011-223344556677",
                                      "OpaqueRef:0123abcd-4567-89ef-0011-22334455667",
                                      "DummyRef:|0123abcd-4567-89ef-0011-223344556677|x"};
    parsed = uuid;
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_assert_false(value_ref_parse(bad[i], &parsed));
        g_assert_true(uuid_equal(uuid, parsed));
    }
}

static void test_nothing_reads_as_nil(void)
{
    g_assert_cmpint(value_kind(NULL), ==, VALUE_NIL);
    g_assert_cmpstr(value_string(NULL), ==, "");
    g_assert_cmpint(value_int(NULL), ==, 0);
    g_assert_false(value_bool(NULL));
    g_assert_cmpuint(value_count(NULL), ==, 0);
    g_assert_null(value_get(NULL, "x"));
    g_assert_true(uuid_is_null(value_uuid(NULL)));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/value/scalars", test_scalars);
    g_test_add_func("/value/wrong-kinds", test_wrong_kinds_read_as_empty);
    g_test_add_func("/value/shared", test_common_scalars_are_shared);
    g_test_add_func("/value/nul", test_string_with_nul);
    g_test_add_func("/value/array", test_array);
    g_test_add_func("/value/struct/mixed-names", test_struct_mixes_static_and_copied_names);
    g_test_add_func("/value/struct/static-names", test_static_names_are_not_copied);
    g_test_add_func("/value/struct/large", test_large_struct);
    g_test_add_func("/value/struct/large-static", test_large_static_struct_becomes_owned);
    g_test_add_func("/value/struct/copies", test_struct_copies);
    g_test_add_func("/value/array/copies", test_array_copies);
    g_test_add_func("/value/equal", test_equal);
    g_test_add_func("/value/threads", test_threads_share);
    g_test_add_func("/value/nothing", test_nothing_reads_as_nil);
    g_test_add_func("/value/refs", test_refs_as_text);
    return g_test_run();
}
