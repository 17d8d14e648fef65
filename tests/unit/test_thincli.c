/* The thin CLI protocol: bytes of every message, and refusal of everything else. */
#include "net/thincli.h"

static void test_greeting(void)
{
    static const char expected[] = "XenSource thin CLI protocol\0\0\0\0\2\0\0";
    g_autoptr(GByteArray) out = g_byte_array_new();
    int32_t major = -1, minor = -1;
    thincli_append_greeting(out);
    g_assert_cmpmem(out->data, out->len, expected, sizeof expected);
    g_assert_cmpuint(out->len, ==, THINCLI_GREETING_SIZE);
    g_assert_true(thincli_parse_greeting(out->data, &major, &minor));
    g_assert_cmpint(major, ==, 0);
    g_assert_cmpint(minor, ==, 2);
    out->data[3] = 'x';
    g_assert_false(thincli_parse_greeting(out->data, &major, &minor));
}

/* Parses the only message of `out`. */
static ThinCliMessage parse(const GByteArray *out)
{
    ThinCliMessage message = {0};
    g_autoptr(Err) err = NULL;
    guint32 length;
    memcpy(&length, out->data, sizeof length);
    g_assert_cmpuint(GUINT32_FROM_LE(length), ==, out->len - 4);
    g_assert_true(thincli_parse(out->data + 4, out->len - 4, &message, &err));
    g_assert_null(err);
    return message;
}

static void test_text(void)
{
    static const char expected[] = "\x0f\0\0\0\x09\0\0\0\0\0\0\0\3\0\0\0abc";
    g_autoptr(GByteArray) out = g_byte_array_new();
    thincli_append_text(out, THINCLI_PRINT, "abc");
    g_assert_cmpmem(out->data, out->len, expected, sizeof expected - 1);
    g_auto(ThinCliMessage) message = parse(out);
    g_assert_cmpint(message.kind, ==, THINCLI_COMMAND);
    g_assert_cmpint(message.tag, ==, THINCLI_PRINT);
    g_assert_cmpstr(message.text, ==, "abc");
}

static void test_numbers(void)
{
    g_autoptr(GByteArray) out = g_byte_array_new();
    thincli_append_number(out, THINCLI_COMMAND, THINCLI_EXIT, -1);
    g_auto(ThinCliMessage) exit = parse(out);
    g_assert_cmpint(exit.tag, ==, THINCLI_EXIT);
    g_assert_cmpint(exit.number, ==, -1);
    g_byte_array_set_size(out, 0);
    thincli_append_number(out, THINCLI_BLOB, THINCLI_CHUNK, 70000);
    g_auto(ThinCliMessage) chunk = parse(out);
    g_assert_cmpint(chunk.kind, ==, THINCLI_BLOB);
    g_assert_cmpint(chunk.number, ==, 70000);
}

static void test_error_and_transfer(void)
{
    g_autoptr(GByteArray) out = g_byte_array_new();
    thincli_append_error(out, "CODE", (const char *const[]){"a", "", NULL});
    g_auto(ThinCliMessage) error = parse(out);
    g_assert_cmpint(error.tag, ==, THINCLI_ERROR);
    g_assert_cmpstr(error.text, ==, "CODE");
    g_assert_cmpuint(g_strv_length(error.params), ==, 2);
    g_assert_cmpstr(error.params[0], ==, "a");
    g_assert_cmpstr(error.params[1], ==, "");
    g_byte_array_set_size(out, 0);
    thincli_append_transfer(out, THINCLI_HTTP_PUT, "file", "/import?x=1");
    g_auto(ThinCliMessage) transfer = parse(out);
    g_assert_cmpstr(transfer.text, ==, "file");
    g_assert_cmpstr(transfer.path, ==, "/import?x=1");
}

static void test_bad_payloads(void)
{
    static const struct {
        const char *bytes;
        size_t length;
    } cases[] = {
        {"", 0},
        {"\x09\0\0", 3},
        {"\x09\0\0\0", 4},                                    /* no tag */
        {"\x08\0\0\0\0\0\0\0", 8},                            /* no such kind */
        {"\x09\0\0\0\2\0\0\0", 8},                            /* a tag that is gone */
        {"\x09\0\0\0\5\0\0\0", 8},                            /* a response's tag */
        {"\x09\0\0\0\0\0\0\0\4\0\0\0abc", 15},                /* a text that is cut off */
        {"\x09\0\0\0\0\0\0\0\xff\xff\xff\xff", 12},           /* a negative length */
        {"\x09\0\0\0\3\0\0\0x", 9},                           /* something left over */
        {"\x0a\0\0\0\0\0\0\0", 8},                            /* a command's tag */
        {"\x0b\0\0\0\7\0\0\0\xff\xff\xff\xff", 12},           /* a negative chunk */
        {"\x09\0\0\0\x0e\0\0\0\0\0\0\0\xff\xff\xff\x7f", 16}, /* a list that is not there */
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(ThinCliMessage) message = {0};
        g_autoptr(Err) err = NULL;
        g_assert_false(thincli_parse(cases[i].bytes, cases[i].length, &message, &err));
        g_assert_nonnull(err);
        g_assert_null(message.text);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/thincli/greeting", test_greeting);
    g_test_add_func("/thincli/text", test_text);
    g_test_add_func("/thincli/numbers", test_numbers);
    g_test_add_func("/thincli/error_and_transfer", test_error_and_transfer);
    g_test_add_func("/thincli/bad", test_bad_payloads);
    return g_test_run();
}
