/* websocket.c: the accept key, and frames cut and broken in every way. */
#include "net/websocket.h"

#include <string.h>

#define MAX_FRAME 70000

typedef struct Decoded {
    GByteArray *out;
    GByteArray *control;
    bool going;
    bool closed;
} Decoded;

static void decoded_clear(Decoded *decoded)
{
    g_byte_array_unref(decoded->out);
    g_byte_array_unref(decoded->control);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Decoded, decoded_clear)

/* Feeds `data` in pieces of `piece` bytes. */
static Decoded decode(const void *data, size_t length, size_t piece)
{
    Decoded decoded = {g_byte_array_new(), g_byte_array_new(), true, false};
    g_autoptr(WebSocketDecoder) decoder = websocket_decoder_new(MAX_FRAME);
    for (size_t at = 0; at < length; at += piece) {
        size_t count = MIN(piece, length - at);
        g_autofree void *copy = g_memdup2((const char *)data + at, count);
        bool closed;
        decoded.going =
            websocket_decode(decoder, copy, count, decoded.out, decoded.control, &closed);
        decoded.closed = decoded.closed || closed;
    }
    return decoded;
}

/* Appends a masked frame, as a client sends it. */
static void append_masked(GByteArray *frames, uint8_t first, const void *payload, size_t length)
{
    static const uint8_t mask[] = {0x37, 0xfa, 0x21, 0x3d};
    uint8_t header[10] = {first};
    unsigned extra = length > UINT16_MAX ? 8 : length > 125 ? 2 : 0;
    header[1] = (uint8_t)(0x80 | (extra == 8 ? 127 : extra == 2 ? 126 : length));
    for (unsigned i = 0; i < extra; i++) {
        header[2 + i] = (uint8_t)((uint64_t)length >> (8 * (extra - 1 - i)));
    }
    g_byte_array_append(frames, header, 2 + extra);
    g_byte_array_append(frames, mask, sizeof mask);
    for (size_t i = 0; i < length; i++) {
        uint8_t byte = (uint8_t)(((const uint8_t *)payload)[i] ^ mask[i % 4]);
        g_byte_array_append(frames, &byte, 1);
    }
}

static void assert_bytes(const GByteArray *array, const void *data, size_t length)
{
    g_assert_cmpmem(array->data, array->len, data, length);
}

static bool accept_key(const char *headers, char **ret_accept)
{
    g_autofree char *text = g_strdup_printf("GET /console HTTP/1.1\r\n%s\r\n", headers);
    g_auto(HttpHead) head = {0};
    size_t used;
    int status;
    g_assert_cmpint(http1_parse_request(text, strlen(text), &head, &used, &status), ==,
                    HTTP_PARSE_DONE);
    return websocket_accept_key(&head, ret_accept);
}

static void test_accept_key(void)
{
    /* The example of RFC 6455, section 1.3. */
    g_autofree char *accept = NULL;
    g_assert_true(accept_key("Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
                             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                             "Sec-WebSocket-Version: 13\r\n",
                             &accept));
    g_assert_cmpstr(accept, ==, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");

    static const char *const refused[] = {
        "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Version: 13\r\n",
        "Upgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Version: 13\r\n",
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n",
        "Upgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
        "Upgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 8\r\n",
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: c2hvcnQ=\r\n"
        "Sec-WebSocket-Version: 13\r\n",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(refused); i++) {
        char *none = NULL;
        g_assert_false(accept_key(refused[i], &none));
        g_assert_null(none);
    }
}

/* One stream of all kinds of frames, cut at every place. */
static void test_every_cut(void)
{
    g_autoptr(GByteArray) frames = g_byte_array_new();
    g_autofree char *medium = g_strnfill(126, 'm');
    append_masked(frames, 0x82, "binary,", 7);
    append_masked(frames, 0x81, "text,", 5);
    append_masked(frames, 0x02, "frag", 4);
    append_masked(frames, 0x89, "ping", 4);
    append_masked(frames, 0x00, "ment", 4);
    append_masked(frames, 0x80, "", 0);
    append_masked(frames, 0x8a, "pong", 4);
    append_masked(frames, 0x82, medium, 126);
    append_masked(frames, 0x88, "\x03\xe8why", 5);
    append_masked(frames, 0x82, "after", 5);
    g_autofree char *expected = g_strconcat("binary,text,fragment", medium, NULL);
    for (size_t piece = 1; piece <= frames->len; piece++) {
        g_auto(Decoded) decoded = decode(frames->data, frames->len, piece);
        g_assert_false(decoded.going);
        g_assert_true(decoded.closed);
        assert_bytes(decoded.out, expected, strlen(expected));
        assert_bytes(decoded.control, "\x8a\x04ping\x88\x02\x03\xe8", 10);
    }
}

static void test_lengths(void)
{
    static const size_t lengths[] = {0, 1, 125, 126, 127, 65535, 65536, MAX_FRAME};
    g_autofree char *payload = g_strnfill(MAX_FRAME, 'p');
    for (size_t i = 0; i < G_N_ELEMENTS(lengths); i++) {
        g_autoptr(GByteArray) frames = g_byte_array_new();
        append_masked(frames, 0x82, payload, lengths[i]);
        g_auto(Decoded) decoded = decode(frames->data, frames->len, 1000);
        g_assert_true(decoded.going);
        assert_bytes(decoded.out, payload, lengths[i]);
    }
}

static void test_bad_frames(void)
{
    static const struct {
        const char *bytes;
        size_t length;
        uint16_t code;
    } cases[] = {
        {"\x82\x01x", 3, 1002},                           /* not masked */
        {"\xc2\x80mask", 6, 1002},                        /* reserved bit */
        {"\x83\x80mask", 6, 1002},                        /* unknown data opcode */
        {"\x8b\x80mask", 6, 1002},                        /* unknown control opcode */
        {"\x80\x80mask", 6, 1002},                        /* continues nothing */
        {"\x09\x80mask", 6, 1002},                        /* ping in pieces */
        {"\x89\xfe\x00\x7emask", 8, 1002},                /* ping too long */
        {"\x82\xfe\x00\x7dmask", 8, 1002},                /* length not minimal, 16 bits */
        {"\x82\xff\0\0\0\0\0\0\xff\xffmask", 14, 1002},   /* likewise, 64 bits */
        {"\x82\xff\x80\0\0\0\0\0\0\0mask", 14, 1002},     /* sign bit */
        {"\x82\xff\0\0\0\0\0\x01\x11\x71mask", 14, 1009}, /* MAX_FRAME + 1 */
        {"\x02\x80mask\x82\x80mask", 12, 1002},           /* message inside a message */
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(Decoded) decoded = decode(cases[i].bytes, cases[i].length, cases[i].length);
        const uint8_t close[] = {0x88, 2, (uint8_t)(cases[i].code >> 8), (uint8_t)cases[i].code};
        g_assert_false(decoded.going);
        g_assert_false(decoded.closed);
        assert_bytes(decoded.control, close, sizeof close);
        g_assert_cmpuint(decoded.out->len, ==, 0);
    }
}

/* Nothing counts after the end, and it is told once. */
static void test_after_the_end(void)
{
    g_autoptr(WebSocketDecoder) decoder = websocket_decoder_new(MAX_FRAME);
    g_autoptr(GByteArray) out = g_byte_array_new();
    g_autoptr(GByteArray) control = g_byte_array_new();
    bool closed;
    g_assert_false(websocket_decode(decoder, "\x88\x80mask", 6, out, control, &closed));
    g_assert_true(closed);
    assert_bytes(control, "\x88\x00", 2);
    g_assert_false(websocket_decode(decoder, "\x82\x81maskx", 7, out, control, &closed));
    g_assert_cmpuint(out->len, ==, 0);
    g_assert_cmpuint(control->len, ==, 2);
}

static void test_append(void)
{
    g_autoptr(GByteArray) out = g_byte_array_new();
    websocket_append_binary(out, NULL, 0);
    g_assert_cmpuint(out->len, ==, 0);
    websocket_append_binary(out, "abc", 3);
    websocket_append_close(out, WEBSOCKET_CLOSE_NORMAL);
    assert_bytes(out,
                 "\x82\x03"
                 "abc\x88\x02\x03\xe8",
                 9);
    g_autofree char *payload = g_strnfill(65536, 'p');
    g_byte_array_set_size(out, 0);
    websocket_append_binary(out, payload, 126);
    g_assert_cmpmem(out->data, 4, "\x82\x7e\x00\x7e", 4);
    g_assert_cmpuint(out->len, ==, 4 + 126);
    g_byte_array_set_size(out, 0);
    websocket_append_binary(out, payload, 65536);
    g_assert_cmpmem(out->data, 10, "\x82\x7f\0\0\0\0\0\x01\0\0", 10);
    g_assert_cmpuint(out->len, ==, 10 + 65536);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/websocket/accept-key", test_accept_key);
    g_test_add_func("/websocket/every-cut", test_every_cut);
    g_test_add_func("/websocket/lengths", test_lengths);
    g_test_add_func("/websocket/bad-frames", test_bad_frames);
    g_test_add_func("/websocket/after-the-end", test_after_the_end);
    g_test_add_func("/websocket/append", test_append);
    return g_test_run();
}
