/* JSON: what is read into which kind, what is refused, and the exact bytes that are written. */
#include "wire/json.h"

#include "wire/limits.h"

#include <math.h>
#include <string.h>

static Value *parse(const char *text)
{
    g_autoptr(Err) err = NULL;
    Value *value = json_parse(text, strlen(text), &err);
    if (!value) {
        g_autofree char *why = err_to_string(err);
        g_error("%s: %s", text, why);
    }
    return value;
}

static void assert_refused(const char *text, size_t length)
{
    g_autoptr(Err) err = NULL;
    g_assert_null(json_parse(text, length, &err));
    g_assert_true(err_is(err, "INTERNAL_ERROR"));
    g_assert_true(g_str_has_prefix(err->params[0], "JSON: "));
}

/* Writes `value` (taken over). */
static void assert_written(Value *value, const char *expected)
{
    g_autoptr(Value) owned = value;
    g_autoptr(GString) out = g_string_new(NULL);
    json_append(out, owned);
    g_assert_cmpstr(out->str, ==, expected);
}

static void test_numbers_in(void)
{
    static const struct {
        const char *text;
        int64_t number;
    } integers[] = {{"0", 0},
                    {"-0", 0},
                    {"9223372036854775807", INT64_MAX},
                    {"-9223372036854775808", INT64_MIN},
                    {" 9007199254740993 ", 9007199254740993}};
    for (size_t i = 0; i < G_N_ELEMENTS(integers); i++) {
        g_autoptr(Value) value = parse(integers[i].text);
        g_assert_cmpint(value_kind(value), ==, VALUE_INT);
        g_assert_cmpint(value_int(value), ==, integers[i].number);
    }
    static const char *const reals[] = {"1.0", "1e0", "10E-1"};
    for (size_t i = 0; i < G_N_ELEMENTS(reals); i++) {
        g_autoptr(Value) value = parse(reals[i]);
        g_assert_cmpint(value_kind(value), ==, VALUE_FLOAT);
        g_assert_cmpfloat(value_float(value), ==, 1);
    }
}

static void test_documents_in(void)
{
    g_autoptr(Value) value = parse("{\"b\":[true,false,null,\"x\\u00e4\\n\"],\"a\":{\"\":\"\"}}");
    g_assert_cmpstr(value_name_at(value, 0), ==, "b");
    g_assert_cmpstr(value_name_at(value, 1), ==, "a");
    const Value *array = value_get(value, "b");
    g_assert_true(value_bool(value_at(array, 0)));
    g_assert_cmpint(value_kind(value_at(array, 1)), ==, VALUE_BOOL);
    g_assert_cmpint(value_kind(value_at(array, 2)), ==, VALUE_NIL);
    g_assert_cmpstr(value_string(value_at(array, 3)), ==, "x\xc3\xa4\n");
    g_assert_cmpstr(value_get_string(value_get(value, "a"), ""), ==, "");
}

static void test_bad_input(void)
{
    static const char *const bad[] = {"",
                                      " ",
                                      "[",
                                      "]",
                                      "[1,]",
                                      "[1 2]",
                                      "{\"a\"}",
                                      "{\"a\":}",
                                      "{a:1}",
                                      "{'a':1}",
                                      "{\"a\":1,\"a\":2}",
                                      "\"a",
                                      "\"a\nb\"",
                                      "\"\\x\"",
                                      "\"\\u0000\"",
                                      "\"\\ud800\"",
                                      "{\"a\\u0000b\":1}",
                                      "\"\xff\"",
                                      "\"\xc0\xaf\"",
                                      "\"\xed\xa0\x80\"",
                                      "tru",
                                      "NaN",
                                      "Infinity",
                                      "01",
                                      "+1",
                                      ".5",
                                      "1.",
                                      "0x10",
                                      "1e999",
                                      "9223372036854775808",
                                      "-9223372036854775809",
                                      "1 2",
                                      "[] x",
                                      "// comment\n1",
                                      "\xef\xbb\xbf[]"};
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        assert_refused(bad[i], strlen(bad[i]));
    }
    assert_refused("1\0", 2);
    assert_refused("\"a\0b\"", 5);
}

static char *nested(int depth)
{
    g_autofree char *open = g_strnfill((gsize)depth, '[');
    g_autofree char *close = g_strnfill((gsize)depth, ']');
    return g_strconcat(open, close, NULL);
}

static void test_limits(void)
{
    g_autofree char *deep = nested(WIRE_MAX_DEPTH);
    g_autoptr(Value) value = parse(deep);
    g_assert_cmpint(value_kind(value), ==, VALUE_ARRAY);
    g_autofree char *deeper = nested(WIRE_MAX_DEPTH + 1);
    assert_refused(deeper, strlen(deeper));
    /* Brackets in strings do not count. */
    g_autoptr(Value) text = parse("\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[[[\"");
    g_assert_cmpuint(value_string_length(text), ==, 48);

    g_autoptr(GString) many = g_string_new("[0");
    for (int i = 2; i < WIRE_MAX_VALUES; i++) {
        g_string_append(many, ",0");
    }
    g_string_append_c(many, ']');
    g_autoptr(Value) most = parse(many->str);
    g_assert_cmpuint(value_count(most), ==, WIRE_MAX_VALUES - 1);
    g_string_insert(many, 1, "0,");
    assert_refused(many->str, many->len);
}

static void test_scalars_out(void)
{
    assert_written(value_new_nil(), "null");
    assert_written(value_new_void(), "\"\"");
    assert_written(value_new_bool(true), "true");
    assert_written(value_new_bool(false), "false");
    assert_written(value_new_int(INT64_MIN), "-9223372036854775808");
    assert_written(value_new_datetime(1706692087), "\"20240131T09:08:07Z\"");
    assert_written(value_new_ref((Uuid){{0}}), "\"OpaqueRef:NULL\"");
    assert_written(value_new_ref((Uuid){{1}}),
                   "\"OpaqueRef:01000000-0000-0000-0000-000000000000\"");
}

static void test_floats_out(void)
{
    assert_written(value_new_float(0), "0.0");
    assert_written(value_new_float(-3), "-3.0");
    assert_written(value_new_float(0.5), "0.5");
    assert_written(value_new_float(0.1), "0.1");
    assert_written(value_new_float(1.0 / 3), "0.3333333333333333");
    assert_written(value_new_float(0.1 + 0.2), "0.30000000000000004");
    assert_written(value_new_float(1e20), "1.0e+20");
    assert_written(value_new_float(1.5e-9), "1.5e-09");
    assert_written(value_new_float(NAN), "null");
    assert_written(value_new_float(-INFINITY), "null");
}

static void test_strings_out(void)
{
    assert_written(value_new_string("plain \xc3\xa4/"), "\"plain \xc3\xa4/\"");
    assert_written(value_new_string("\"\\"), "\"\\\"\\\\\"");
    assert_written(value_new_string("a\nb\tc\rd\x01"
                                    "e\x1f"),
                   "\"a\\nb\\tc\\rd\\u0001e\\u001f\"");
    assert_written(value_new_string("\n"), "\"\\n\"");
}

/* Every byte at every place of a text that is longer than what is looked at at once. */
static void test_escapes_out(void)
{
    enum { LENGTH = 20 };
    for (unsigned byte = 1; byte < 0x80; byte++) {
        for (unsigned at = 0; at < LENGTH; at++) {
            char text[LENGTH + 1];
            memset(text, byte % 2 ? 'x' : '!', LENGTH);
            text[at] = (char)byte;
            text[LENGTH] = '\0';
            bool is_escaped = byte < 0x20 || byte == '"' || byte == '\\';
            g_autoptr(Value) value = value_new_string(text);
            g_autoptr(GString) out = g_string_new(NULL);
            json_append(out, value);
            g_autoptr(Value) again = parse(out->str);
            g_assert_cmpstr(value_string(again), ==, text);
            g_assert_cmpint(out->len > LENGTH + 2, ==, is_escaped);
        }
    }
}

static void test_containers_out(void)
{
    assert_written(value_new_array(0), "[]");
    assert_written(value_new_struct(0), "{}");
    Value *record = value_new_struct(2);
    value_struct_add(record, "k\"", value_new_int(1));
    Value *array = value_new_array(2);
    value_array_add(array, value_new_string("x"));
    value_array_add(array, value_new_array(0));
    value_struct_add_static(record, "list", array);
    assert_written(record, "{\"k\\\"\":1,\"list\":[\"x\",[]]}");
}

static void test_round_trip(void)
{
    const char *text = "{\"a\":[1,-2.5,true,null,\"\\u0001\xe2\x82\xac\"],\"b\":{\"c\":\"\"}}";
    g_autoptr(Value) value = parse(text);
    assert_written(value_ref(value), text);
}

static void test_wide_integers(void)
{
    const char text[] = "{\"huge\": 18446744073709551615, \"small\": 5, \"real\": 1.5}";
    g_assert_null(json_parse(text, strlen(text), NULL));
    g_autoptr(Value) value = json_parse_wide(text, strlen(text), NULL);
    g_assert_nonnull(value);
    g_assert_cmpint(value_kind(value_get(value, "huge")), ==, VALUE_FLOAT);
    g_assert_cmpint(value_kind(value_get(value, "small")), ==, VALUE_INT);
    g_assert_cmpint(value_int(value_get(value, "small")), ==, 5);
    g_assert_cmpint(value_kind(value_get(value, "real")), ==, VALUE_FLOAT);
    g_assert_null(json_parse_wide("{", 1, NULL));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/json/in/numbers", test_numbers_in);
    g_test_add_func("/json/in/documents", test_documents_in);
    g_test_add_func("/json/in/bad", test_bad_input);
    g_test_add_func("/json/in/limits", test_limits);
    g_test_add_func("/json/out/scalars", test_scalars_out);
    g_test_add_func("/json/out/floats", test_floats_out);
    g_test_add_func("/json/out/strings", test_strings_out);
    g_test_add_func("/json/out/escapes", test_escapes_out);
    g_test_add_func("/json/out/containers", test_containers_out);
    g_test_add_func("/json/round-trip", test_round_trip);
    g_test_add_func("/json/wide-integers", test_wide_integers);
    return g_test_run();
}
