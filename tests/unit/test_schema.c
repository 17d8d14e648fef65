/* Coercion of outside values, empty values, look-ups. */
#include "store_fixture.h"

#include "db/schema.h"

static const TypeInfo type_bool = {.kind = TYPE_BOOL, .name = "bool"};
static const TypeInfo type_any = {.kind = TYPE_ANY, .name = "any"};
static const TypeInfo type_void = {.kind = TYPE_VOID, .name = "void"};
static const TypeInfo type_vm_record = {
    .kind = TYPE_RECORD, .class_id = CLASS_VM, .name = "VM record"};
static const TypeInfo type_int_map = {
    .kind = TYPE_MAP, .key = &type_int, .item = &type_string, .name = "(int -> string) map"};
static const TypeInfo type_ref_map = {
    .kind = TYPE_MAP, .key = &type_vm_ref, .item = &type_int, .name = "(VM ref -> int) map"};
static const TypeInfo type_power_map = {
    .kind = TYPE_MAP, .key = &type_power, .item = &type_int, .name = "(power -> int) map"};
static const TypeInfo type_int_set = {.kind = TYPE_SET, .item = &type_int, .name = "int set"};

/* Coerces `value` (taken over), which must succeed. */
static Value *coerced(const TypeInfo *type, Value *value)
{
    g_autoptr(Value) input = value;
    g_autoptr(Err) err = NULL;
    Value *result = type_coerce(&test_schema, type, input, "arg", &err);
    g_assert_null(err);
    g_assert_nonnull(result);
    return result;
}

/* Coerces `value` (taken over), which must fail with `code`. */
static void refused(const TypeInfo *type, Value *value, const char *code)
{
    g_autoptr(Value) input = value;
    g_autoptr(Err) err = NULL;
    g_assert_null(type_coerce(&test_schema, type, input, "arg", &err));
    g_assert_true(err_is(err, code));
}

static void check(const TypeInfo *type, Value *value, Value *expected)
{
    g_autoptr(Value) want = expected;
    g_autoptr(Value) result = coerced(type, value);
    g_assert_cmpint(value_kind(result), ==, value_kind(want));
    g_assert_true(value_equal(result, want));
}

static void test_scalars(void)
{
    check(&type_string, value_new_string("x"), value_new_string("x"));
    check(&type_string, value_new_void(), value_new_string(""));
    check(&type_int, value_new_int(-5), value_new_int(-5));
    check(&type_int, value_new_string("42"), value_new_int(42));
    check(&type_int, value_new_string("0x10"), value_new_int(16));
    check(&type_int, value_new_string("9223372036854775807"), value_new_int(INT64_MAX));
    check(&type_float, value_new_float(1.5), value_new_float(1.5));
    check(&type_float, value_new_int(2), value_new_float(2));
    check(&type_float, value_new_string("2.25"), value_new_float(2.25));
    check(&type_bool, value_new_bool(true), value_new_bool(true));
    check(&type_bool, value_new_string("true"), value_new_bool(true));
    check(&type_bool, value_new_string("0"), value_new_bool(false));
    check(&type_datetime, value_new_datetime(7), value_new_datetime(7));
    check(&type_datetime, value_new_string("19700101T00:01:00Z"), value_new_datetime(60));
    check(&type_power, value_new_string("Running"), value_new_string("Running"));
    check(&type_any, value_new_float(3), value_new_float(3));
    check(&type_void, value_new_string("ignored"), value_new_void());
}

static void test_wrong_scalars(void)
{
    refused(&type_string, value_new_int(1), "INTERNAL_ERROR");
    refused(&type_string, value_new_array(0), "INTERNAL_ERROR");
    refused(&type_string, value_new_nil(), "INTERNAL_ERROR");
    refused(&type_int, value_new_string(""), "INTERNAL_ERROR");
    refused(&type_int, value_new_string("12 "), "INTERNAL_ERROR");
    refused(&type_int, value_new_string("9223372036854775808"), "INTERNAL_ERROR");
    refused(&type_int, value_new_float(1), "INTERNAL_ERROR");
    refused(&type_float, value_new_string("much"), "INTERNAL_ERROR");
    refused(&type_bool, value_new_string("maybe"), "INTERNAL_ERROR");
    refused(&type_bool, value_new_struct(0), "INTERNAL_ERROR");
    refused(&type_datetime, value_new_string("tomorrow"), "INTERNAL_ERROR");
    refused(&type_datetime, value_new_int(7), "INTERNAL_ERROR");
    refused(&type_power, value_new_string("running"), "INTERNAL_ERROR");
    refused(&type_power, value_new_int(1), "INTERNAL_ERROR");
}

static void test_refs(void)
{
    Uuid uuid = uuid_generate();
    check(&type_vm_ref, value_new_ref(uuid), value_new_ref(uuid));
    check(&type_vm_ref, value_new_string(REF_TEXT(uuid)), value_new_ref(uuid));
    check(&type_vm_ref, value_new_string("OpaqueRef:NULL"), value_new_ref(test_ref(0)));
    check(&type_vm_ref, value_new_string(""), value_new_ref(test_ref(0)));
    refused(&type_vm_ref, value_new_int(0), "INTERNAL_ERROR");

    g_autoptr(Err) err = NULL;
    g_autoptr(Value) text = value_new_string("no such thing");
    g_assert_null(type_coerce(&test_schema, &type_vm_ref, text, "arg", &err));
    g_assert_true(err_is(err, "HANDLE_INVALID"));
    g_assert_cmpstr(err->params[0], ==, "VM");
    g_assert_cmpstr(err->params[1], ==, "no such thing");
}

static Value *three_ints(const char *first, int second, const char *third)
{
    Value *array = value_new_array(3);
    value_array_add(array, value_new_string(first));
    value_array_add(array, value_new_int(second));
    value_array_add(array, value_new_string(third));
    return array;
}

static void test_sets(void)
{
    g_autoptr(Value) set = coerced(&type_int_set, three_ints("2", 1, "0x2"));
    g_assert_cmpuint(value_count(set), ==, 2);
    g_assert_cmpint(value_int(value_at(set, 0)), ==, 2);
    g_assert_cmpint(value_int(value_at(set, 1)), ==, 1);
    refused(&type_int_set, three_ints("2", 1, "x"), "INTERNAL_ERROR");
    refused(&type_int_set, value_new_struct(0), "INTERNAL_ERROR");
    refused(&type_int_set, value_new_string(""), "INTERNAL_ERROR");

    g_autoptr(Value) list = three_ints("2", 1, "2");
    g_autoptr(Value) restored = type_restore(&test_schema, &type_int_set, list, "arg", NULL);
    g_assert_cmpuint(value_count(restored), ==, 3);
}

static void test_twins_of_every_kind(void)
{
    static const TypeInfo any_set = {.kind = TYPE_SET, .item = &type_any, .name = "any set"};
    Value *array = value_new_array(0);
    for (unsigned i = 0; i < 2; i++) {
        Value *list = value_new_array(1);
        Value *record = value_new_struct(2);
        value_array_add(list, value_new_int(3));
        value_struct_add(record, i ? "a" : "b", value_new_int(i ? 1 : 2));
        value_struct_add(record, i ? "b" : "a", value_new_int(i ? 2 : 1));
        value_array_add(array, value_new_nil());
        value_array_add(array, value_new_void());
        value_array_add(array, value_new_string("s"));
        value_array_add(array, value_new_float(0.5));
        value_array_add(array, value_new_bool(true));
        value_array_add(array, value_new_datetime(5));
        value_array_add(array, value_new_ref(test_ref(1)));
        value_array_add(array, list);
        value_array_add(array, record);
    }
    g_autoptr(Value) set = coerced(&any_set, array);
    g_assert_cmpuint(value_count(set), ==, 9);
}

static Value *one_member(const char *name, Value *item)
{
    Value *map = value_new_struct(1);
    value_struct_add(map, name, item);
    return map;
}

static void test_maps(void)
{
    Uuid uuid = uuid_generate();
    g_autofree char *upper = g_ascii_strup(UUID_TEXT(uuid), -1);
    g_autofree char *ref_text = g_strconcat("OpaqueRef:", upper, NULL);
    check(&type_string_map, one_member("k", value_new_string("v")),
          one_member("k", value_new_string("v")));
    check(&type_int_map, one_member("0x10", value_new_string("v")),
          one_member("16", value_new_string("v")));
    check(&type_ref_map, one_member(ref_text, value_new_string("3")),
          one_member(REF_TEXT(uuid), value_new_int(3)));
    check(&type_power_map, one_member("Halted", value_new_int(3)),
          one_member("Halted", value_new_int(3)));
    refused(&type_power_map, one_member("halted", value_new_int(3)), "INTERNAL_ERROR");
    refused(&type_int_map, one_member("ten", value_new_string("v")), "INTERNAL_ERROR");
    refused(&type_string_map, one_member("k", value_new_int(1)), "INTERNAL_ERROR");
    refused(&type_string_map, value_new_array(0), "INTERNAL_ERROR");

    Value *twins = one_member("16", value_new_string("a"));
    value_struct_add(twins, "0x10", value_new_string("b"));
    refused(&type_int_map, twins, "INTERNAL_ERROR");
}

static void test_records(void)
{
    Value *record = value_new_struct(0);
    value_struct_add(record, "memory", value_new_string("77"));
    value_struct_add(record, "name_label", value_new_string("web"));
    value_struct_add(record, "unknown", value_new_nil());
    value_struct_add(record, "hidden", value_new_string("internal"));
    value_struct_add(record, "gone", value_new_string("removed"));
    g_autoptr(Value) result = coerced(&type_vm_record, record);
    g_assert_cmpuint(value_count(result), ==, 2);
    g_assert_cmpint(value_int(value_get(result, "memory")), ==, 77);
    g_assert_cmpstr(value_get_string(result, "name_label"), ==, "web");
    refused(&type_vm_record, one_member("memory", value_new_string("x")), "INTERNAL_ERROR");
    refused(&type_vm_record, value_new_string(""), "INTERNAL_ERROR");
}

static void test_options(void)
{
    Value *one = value_new_array(1);
    value_array_add(one, value_new_string("5"));
    check(&type_int_option, one, value_new_int(5));
    check(&type_int_option, value_new_int(5), value_new_int(5));
    check(&type_int_option, value_new_array(0), value_new_nil());
    check(&type_int_option, value_new_nil(), value_new_nil());
    refused(&type_int_option, three_ints("1", 2, "3"), "INTERNAL_ERROR");
}

/* The text may be a password: a client must not find it in a log. */
static void test_errors_do_not_quote_strings(void)
{
    g_autoptr(Value) input = one_member("secret key", three_ints("sesame", 1, "sesame"));
    g_autoptr(Err) err = NULL;
    g_assert_null(type_coerce(&test_schema, &type_string_map, input, "arg", &err));
    g_autofree char *text = err_to_string(err);
    g_assert_null(strstr(text, "sesame"));
    g_assert_null(strstr(text, "secret key"));
    g_assert_nonnull(strstr(text, "arg"));
}

static void test_form(void)
{
    g_autoptr(Value) list = three_ints("2", 1, "3");
    g_autoptr(Value) numbers = coerced(&type_int_set, three_ints("2", 1, "3"));
    g_autoptr(Value) map = one_member("k", value_new_string("v"));
    g_autoptr(Value) wrong_map = one_member("k", value_new_int(1));
    g_autoptr(Value) literal = value_new_string("Halted");
    g_autoptr(Value) text = value_new_string("halted");
    g_autoptr(Value) nil = value_new_nil();
    g_assert_true(type_has_form(&type_int_set, numbers));
    g_assert_false(type_has_form(&type_int_set, list));
    g_assert_true(type_has_form(&type_string_map, map));
    g_assert_false(type_has_form(&type_string_map, wrong_map));
    g_assert_true(type_has_form(&type_power, literal));
    g_assert_false(type_has_form(&type_power, text));
    g_assert_false(type_has_form(&type_vm_ref, text));
    g_assert_true(type_has_form(&type_int_option, nil));
    g_assert_false(type_has_form(&type_int_option, text));
    g_assert_false(type_has_form(&type_int, nil));
}

static void test_empty_values(void)
{
    const struct {
        const TypeInfo *type;
        Value *value;
    } cases[] = {
        {&type_void, value_new_void()},
        {&type_string, value_new_string("")},
        {&type_int, value_new_int(0)},
        {&type_float, value_new_float(0)},
        {&type_bool, value_new_bool(false)},
        {&type_datetime, value_new_datetime(0)},
        {&type_power, value_new_string("Halted")},
        {&type_vm_ref, value_new_ref(test_ref(0))},
        {&type_int_set, value_new_array(0)},
        {&type_string_map, value_new_struct(0)},
        {&type_vm_record, value_new_struct(0)},
        {&type_int_option, value_new_nil()},
        {&type_any, value_new_nil()},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Value) expected = cases[i].value;
        g_autoptr(Value) empty = type_empty_value(cases[i].type);
        g_assert_cmpint(value_kind(empty), ==, value_kind(expected));
        g_assert_true(value_equal(empty, expected));
        g_assert_true(type_has_form(cases[i].type, empty));
    }
}

static void test_lookups(void)
{
    g_assert_cmpint(db_schema_find_class(&test_schema, "VBD"), ==, CLASS_VBD);
    g_assert_cmpint(db_schema_find_class(&test_schema, "vbd"), ==, -1);
    g_assert_cmpint(db_class_find_field(&test_classes[CLASS_VM], "memory"), ==, VM_MEMORY);
    g_assert_cmpint(db_class_find_field(&test_classes[CLASS_VM], "Memory"), ==, -1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/schema/scalars", test_scalars);
    g_test_add_func("/schema/wrong-scalars", test_wrong_scalars);
    g_test_add_func("/schema/refs", test_refs);
    g_test_add_func("/schema/sets", test_sets);
    g_test_add_func("/schema/twins-of-every-kind", test_twins_of_every_kind);
    g_test_add_func("/schema/maps", test_maps);
    g_test_add_func("/schema/records", test_records);
    g_test_add_func("/schema/options", test_options);
    g_test_add_func("/schema/errors-do-not-quote-strings", test_errors_do_not_quote_strings);
    g_test_add_func("/schema/form", test_form);
    g_test_add_func("/schema/empty-values", test_empty_values);
    g_test_add_func("/schema/lookups", test_lookups);
    return g_test_run();
}
