/* Any bytes to the WebSocket decoder: whole and one by one must come to the same. */
#include "fuzz.h"

#include "net/websocket.h"

#define MAX_FRAME 4096

typedef struct Decoded {
    GByteArray *out;
    GByteArray *control;
    bool going;
    bool closed;
} Decoded;

static Decoded decode(const uint8_t *data, size_t size, size_t piece);
static void decoded_clear(Decoded *decoded);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Decoded whole = decode(data, size, MAX(size, 1));
    Decoded bytewise = decode(data, size, 1);
    g_assert_cmpint(whole.going, ==, bytewise.going);
    g_assert_cmpint(whole.closed, ==, bytewise.closed);
    g_assert_cmpmem(whole.out->data, whole.out->len, bytewise.out->data, bytewise.out->len);
    g_assert_cmpmem(whole.control->data, whole.control->len, bytewise.control->data,
                    bytewise.control->len);
    g_assert_cmpuint(whole.out->len, <=, size);
    decoded_clear(&whole);
    decoded_clear(&bytewise);
    return 0;
}

static Decoded decode(const uint8_t *data, size_t size, size_t piece)
{
    Decoded decoded = {g_byte_array_new(), g_byte_array_new(), true, false};
    g_autoptr(WebSocketDecoder) decoder = websocket_decoder_new(MAX_FRAME);
    for (size_t at = 0; at < size; at += piece) {
        bool closed;
        decoded.going = websocket_decode(decoder, data + at, MIN(piece, size - at), decoded.out,
                                         decoded.control, &closed);
        decoded.closed = decoded.closed || closed;
    }
    return decoded;
}

static void decoded_clear(Decoded *decoded)
{
    g_byte_array_unref(decoded->out);
    g_byte_array_unref(decoded->control);
}
