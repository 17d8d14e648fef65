/* Any bytes to rrd_parser_feed(), in two pieces; what it takes is written and read back with the
 * same series. */
#include "fuzz.h"

#include "rrd/rrd_parse.h"
#include "rrd/rrd_text.h"

static bool to_string(void *user, const char *data, size_t length, Err **err)
{
    (void)err;
    g_string_append_len(user, data, (gssize)length);
    return true;
}

static Rrd *parse(const char *data, size_t size, Err **err)
{
    g_autoptr(RrdParser) parser = rrd_parser_new();
    size_t half = size / 2;
    return rrd_parser_feed(parser, data, half, err) &&
                   rrd_parser_feed(parser, data + half, size - half, err)
               ? rrd_parser_finish(parser, err)
               : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(Err) err = NULL;
    g_autoptr(Rrd) rrd = parse((const char *)data, size, &err);
    g_assert_true((rrd == NULL) == (err != NULL));
    if (rrd) {
        g_autoptr(GString) text = g_string_new(NULL);
        g_assert_true(rrd_text_write(rrd, RRD_XML, to_string, text, NULL));
        g_autoptr(Rrd) back = parse(text->str, text->len, NULL);
        g_assert_nonnull(back);
        g_assert_cmpuint(rrd_count(back), ==, rrd_count(rrd));
        for (unsigned i = 0; i < rrd_count(rrd); i++) {
            g_assert_cmpstr(rrd_name(back, i), ==, rrd_name(rrd, i));
        }
    }
    return 0;
}
