/* Text conversions: what is taken, what is refused, and that outputs stay as they were then. */
#include "base/text.h"

#include <string.h>

static void test_int(void)
{
    static const struct {
        const char *text;
        int64_t number;
    } good[] = {{"0", 0},
                {"-0", 0},
                {"007", 7},
                {"-1", -1},
                {"9223372036854775807", INT64_MAX},
                {"-9223372036854775808", INT64_MIN},
                {"0x10", 16},
                {"0XfF", 255},
                {"0x7fffffffffffffff", INT64_MAX}};
    static const char *const bad[] = {"",
                                      "-",
                                      "+1",
                                      " 1",
                                      "1 ",
                                      "1.0",
                                      "1e3",
                                      "--1",
                                      "0x",
                                      "-0x1",
                                      "0xg",
                                      "0x8000000000000000",
                                      "9223372036854775808",
                                      "-9223372036854775809",
                                      "99999999999999999999999",
                                      "12a",
                                      "\xc2\xb2"};
    for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
        int64_t number = 42;
        g_assert_true(text_parse_int(good[i].text, &number));
        g_assert_cmpint(number, ==, good[i].number);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        int64_t number = 42;
        g_assert_false(text_parse_int(bad[i], &number));
        g_assert_cmpint(number, ==, 42);
    }
}

static void test_int_format(void)
{
    char text[TEXT_INT_SIZE];
    g_assert_cmpstr(text_format_int(0, text), ==, "0");
    g_assert_cmpstr(text_format_int(-7, text), ==, "-7");
    g_assert_cmpstr(text_format_int(1073741824, text), ==, "1073741824");
    g_assert_cmpstr(text_format_int(INT64_MAX, text), ==, "9223372036854775807");
    g_assert_cmpstr(text_format_int(INT64_MIN, text), ==, "-9223372036854775808");
}

static void test_uint(void)
{
    uint64_t number = 42;
    g_assert_true(text_parse_uint("18446744073709551615", UINT64_MAX, &number));
    g_assert_cmpuint(number, ==, UINT64_MAX);
    g_assert_false(text_parse_uint("18446744073709551616", UINT64_MAX, &number));
    g_assert_true(text_parse_uint("65535", 65535, &number));
    g_assert_false(text_parse_uint("65536", 65535, &number));
    g_assert_true(text_parse_uint("3", 3, &number));
    g_assert_false(text_parse_uint("4", 3, &number));
    g_assert_false(text_parse_uint("-1", 10, &number));
    g_assert_false(text_parse_uint("0x1", 10, &number));
    g_assert_false(text_parse_uint("", 10, &number));
    g_assert_cmpuint(number, ==, 3);
}

static void test_float(void)
{
    static const char *const bad[] = {"",      "+1",   " 1", "1 ", "0x1p3", "nan", "inf", "-inf",
                                      "1e999", "1..2", "e5", "-",  ".",     "1e",  "1,5"};
    double number = 42;
    g_assert_true(text_parse_float("-1.5e3", &number));
    g_assert_cmpfloat(number, ==, -1500);
    g_assert_true(text_parse_float("3", &number));
    g_assert_cmpfloat(number, ==, 3);
    g_assert_true(text_parse_float(".25", &number));
    g_assert_cmpfloat(number, ==, 0.25);
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_assert_false(text_parse_float(bad[i], &number));
    }
    g_assert_cmpfloat(number, ==, 0.25);
}

static void test_bool(void)
{
    static const char *const yes[] = {"true", "t", "yes", "y", "1", "TRUE", "Yes"};
    static const char *const no[] = {"false", "f", "no", "n", "0", "False"};
    bool truth = false;
    for (size_t i = 0; i < G_N_ELEMENTS(yes); i++) {
        truth = false;
        g_assert_true(text_parse_bool(yes[i], &truth) && truth);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(no); i++) {
        truth = true;
        g_assert_true(text_parse_bool(no[i], &truth) && !truth);
    }
    g_assert_false(text_parse_bool("", &truth));
    g_assert_false(text_parse_bool("truee", &truth));
    g_assert_false(text_parse_bool("2", &truth));
}

static void test_size(void)
{
    int64_t size = 42;
    g_assert_true(text_parse_size("1024", &size));
    g_assert_cmpint(size, ==, 1024);
    g_assert_true(text_parse_size("512MiB", &size));
    g_assert_cmpint(size, ==, INT64_C(512) << 20);
    g_assert_true(text_parse_size("2gib", &size));
    g_assert_cmpint(size, ==, INT64_C(2) << 30);
    g_assert_true(text_parse_size("10kb", &size));
    g_assert_cmpint(size, ==, 10240);
    g_assert_true(text_parse_size("7bytes", &size));
    g_assert_cmpint(size, ==, 7);
    g_assert_true(text_parse_size("8388607TiB", &size));
    g_assert_cmpint(size, ==, INT64_C(8388607) << 40);
    static const char *const bad[] = {"",
                                      "MiB",
                                      "-1MiB",
                                      "1 MiB",
                                      "1.5GiB",
                                      "8388608TiB",
                                      "1PiBx",
                                      "0x10",
                                      "99999999999999999999",
                                      "1Mi",
                                      "9999999999999999999999999999999999999999"};
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        size = 42;
        g_assert_false(text_parse_size(bad[i], &size));
        g_assert_cmpint(size, ==, 42);
    }
}

static bool is_xml(const char *text)
{
    return text_is_utf8_xml(text, strlen(text));
}

static void test_utf8_xml(void)
{
    g_assert_true(is_xml(""));
    g_assert_true(is_xml("a\t\n\r\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"));
    g_assert_true(is_xml("\xef\xbf\xbd"));       /* U+FFFD */
    g_assert_false(is_xml("\xef\xbf\xbe"));      /* U+FFFE */
    g_assert_false(is_xml("\xef\xbf\xbf"));      /* U+FFFF */
    g_assert_false(is_xml("a\x01"));             /* control */
    g_assert_false(is_xml("a\xff"));             /* no UTF-8 */
    g_assert_false(is_xml("\xed\xa0\x80"));      /* surrogate */
    g_assert_false(is_xml("\xc0\xaf"));          /* overlong */
    g_assert_false(is_xml("\xef\xbf"));          /* cut */
    g_assert_false(text_is_utf8_xml("a\0b", 3)); /* NUL */
}

static void test_datetime_format(void)
{
    char text[TEXT_DATETIME_SIZE];
    g_assert_cmpstr(text_format_datetime(0, text), ==, "19700101T00:00:00Z");
    g_assert_cmpstr(text_format_datetime(1706692087, text), ==, "20240131T09:08:07Z");
    g_assert_cmpstr(text_format_datetime(-1, text), ==, "19691231T23:59:59Z");
    g_assert_cmpstr(text_format_datetime(INT64_MAX, text), ==, "99991231T23:59:59Z");
    g_assert_cmpstr(text_format_datetime(INT64_MIN, text), ==, "00000101T00:00:00Z");
}

static void test_datetime_parse(void)
{
    static const struct {
        const char *text;
        int64_t seconds;
    } good[] = {{"19700101T00:00:00Z", 0},
                {"20240131T09:08:07Z", 1706692087},
                {"20240131T09:08:07", 1706692087},
                {"2024-01-31T09:08:07Z", 1706692087},
                {"20240131T10:08:07+01:00", 1706692087},
                {"20240131T03:38:07-05:30", 1706692087},
                {"2024-01-31T09:08:07.123Z", 1706692087},
                {"20240229T00:00:00Z", 1709164800}};
    static const char *const bad[] = {"",
                                      "20240131",
                                      "20240131T09:08",
                                      "20240131T09:08:07X",
                                      "20240131T09:08:07Z ",
                                      "20240131 09:08:07Z",
                                      "2024-0131T09:08:07Z",
                                      "20241301T09:08:07Z",
                                      "20240100T09:08:07Z",
                                      "20230229T00:00:00Z",
                                      "20240431T00:00:00Z",
                                      "20240131T24:08:07Z",
                                      "20240131T09:60:07Z",
                                      "20240131T09:08:61Z",
                                      "20240131T09:08:07.Z",
                                      "20240131T09:08:07+1:00",
                                      "20240131T09:08:07+0100",
                                      "20240131T09:08:07+24:00",
                                      "-0240131T09:08:07Z"};
    for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
        int64_t seconds = 42;
        g_assert_true(text_parse_datetime(good[i].text, &seconds));
        g_assert_cmpint(seconds, ==, good[i].seconds);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        int64_t seconds = 42;
        g_assert_false(text_parse_datetime(bad[i], &seconds));
        g_assert_cmpint(seconds, ==, 42);
    }
}

static void test_equal(void)
{
    g_assert_true(text_equal(NULL, NULL));
    g_assert_true(text_equal("a", "a"));
    g_assert_false(text_equal("a", NULL));
    g_assert_false(text_equal(NULL, ""));
    g_assert_false(text_equal("a", "b"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/text/int", test_int);
    g_test_add_func("/text/int-format", test_int_format);
    g_test_add_func("/text/uint", test_uint);
    g_test_add_func("/text/float", test_float);
    g_test_add_func("/text/bool", test_bool);
    g_test_add_func("/text/size", test_size);
    g_test_add_func("/text/utf8-xml", test_utf8_xml);
    g_test_add_func("/text/datetime-format", test_datetime_format);
    g_test_add_func("/text/datetime-parse", test_datetime_parse);
    g_test_add_func("/text/equal", test_equal);
    return g_test_run();
}
