/* WebSocket frames to bytes and back (RFC 6455), as a server does it.
 * Sending the 101 answer is the handler's part, moving the bytes relay.c's. */
#include "net/websocket.h"

#include <string.h>

/* What the server appends to the key before it hashes it (RFC 6455, section 1.3). */
#define ACCEPT_GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
#define KEY_BYTES   16

#define MAX_HEADER  14 /* two bytes, eight of length, four of mask */
#define MASK_BYTES  4
#define MAX_CONTROL 125 /* payload of a control frame */

#define FIN_BIT      0x80
#define RESERVED     0x70
#define MASK_BIT     0x80
#define LENGTH_BITS  0x7f
#define LENGTH_IN_16 126
#define LENGTH_IN_64 127

typedef enum Opcode {
    OPCODE_CONTINUATION = 0x0,
    OPCODE_TEXT = 0x1,
    OPCODE_BINARY = 0x2,
    OPCODE_CLOSE = 0x8,
    OPCODE_PING = 0x9,
    OPCODE_PONG = 0xa,
} Opcode;

struct WebSocketDecoder {
    size_t max_frame;
    uint8_t header[MAX_HEADER];
    unsigned header_length;
    bool in_payload;
    uint64_t left;    /* payload bytes of this frame still to come */
    unsigned mask_at; /* which byte of the mask is next */
    bool in_message;  /* continuation frames are to follow */
    bool ended;
    uint8_t control[MAX_CONTROL]; /* payload of a control frame so far */
    unsigned control_length;
};

static unsigned needed_header(const WebSocketDecoder *decoder);
static uint16_t begin_frame(WebSocketDecoder *decoder);
static uint64_t frame_length(const WebSocketDecoder *decoder, bool *ret_minimal);
static bool opcode_fits(const WebSocketDecoder *decoder, uint64_t length);
static void take_payload(WebSocketDecoder *decoder, const uint8_t *data, size_t length,
                         GByteArray *out);
static void end_frame(WebSocketDecoder *decoder, GByteArray *control);
static Opcode opcode(const WebSocketDecoder *decoder);
static bool is_control(Opcode code);
static void append_frame(GByteArray *out, Opcode code, const void *data, size_t length);

bool websocket_accept_key(const HttpHead *head, char **ret_accept)
{
    const char *key = http_header(head, "Sec-WebSocket-Key");
    const char *version = http_header(head, "Sec-WebSocket-Version");
    if (!key || !version || strcmp(version, "13") != 0 || strcmp(head->method, "GET") != 0 ||
        !http_header_has_token(head, "Upgrade", "websocket") ||
        !http_header_has_token(head, "Connection", "upgrade")) {
        return false;
    }
    gsize key_length = 0;
    g_autofree guchar *decoded = g_base64_decode(key, &key_length);
    if (key_length != KEY_BYTES) {
        return false;
    }
    g_autoptr(GChecksum) sha1 = g_checksum_new(G_CHECKSUM_SHA1);
    g_checksum_update(sha1, (const guchar *)key, -1);
    g_checksum_update(sha1, (const guchar *)ACCEPT_GUID, -1);
    guint8 digest[20];
    gsize digest_length = sizeof digest;
    g_checksum_get_digest(sha1, digest, &digest_length);
    *ret_accept = g_base64_encode(digest, digest_length);
    return true;
}

WebSocketDecoder *websocket_decoder_new(size_t max_frame)
{
    WebSocketDecoder *decoder = g_new0(WebSocketDecoder, 1);
    decoder->max_frame = max_frame;
    return decoder;
}

void websocket_decoder_free(WebSocketDecoder *decoder)
{
    g_free(decoder);
}

bool websocket_decode(WebSocketDecoder *decoder, const void *data, size_t length, GByteArray *out,
                      GByteArray *control, bool *ret_closed)
{
    const uint8_t *bytes = data;
    *ret_closed = false;
    while (length > 0 && !decoder->ended) {
        size_t used = 1;
        if (decoder->in_payload) {
            used = MIN(decoder->left, length);
            take_payload(decoder, bytes, used, out);
        } else {
            decoder->header[decoder->header_length++] = *bytes;
            if (decoder->header_length == needed_header(decoder)) {
                uint16_t problem = begin_frame(decoder);
                if (problem) {
                    websocket_append_close(control, problem);
                    decoder->ended = true;
                    return false;
                }
            }
        }
        bytes += used;
        length -= used;
        if (decoder->in_payload && decoder->left == 0) {
            end_frame(decoder, control);
            *ret_closed = decoder->ended;
        }
    }
    return !decoder->ended;
}

void websocket_append_binary(GByteArray *out, const void *data, size_t length)
{
    if (length > 0) {
        append_frame(out, OPCODE_BINARY, data, length);
    }
}

void websocket_append_close(GByteArray *out, uint16_t code)
{
    const uint8_t payload[] = {(uint8_t)(code >> 8), (uint8_t)code};
    append_frame(out, OPCODE_CLOSE, payload, sizeof payload);
}

/* How long the header is, as far as its bytes so far tell. */
static unsigned needed_header(const WebSocketDecoder *decoder)
{
    if (decoder->header_length < 2) {
        return 2;
    }
    unsigned mask = decoder->header[1] & MASK_BIT ? MASK_BYTES : 0;
    switch (decoder->header[1] & LENGTH_BITS) {
    case LENGTH_IN_16:
        return 2 + 2 + mask;
    case LENGTH_IN_64:
        return 2 + 8 + mask;
    default:
        return 2 + mask;
    }
}

/* Returns 0, or the code to close with. */
static uint16_t begin_frame(WebSocketDecoder *decoder)
{
    bool minimal;
    uint64_t length = frame_length(decoder, &minimal);
    /* Clients mask everything, so that no proxy takes a payload for a request. */
    if ((decoder->header[0] & RESERVED) || !(decoder->header[1] & MASK_BIT) || !minimal ||
        !opcode_fits(decoder, length)) {
        return WEBSOCKET_CLOSE_PROTOCOL;
    }
    if (length > decoder->max_frame) {
        return WEBSOCKET_CLOSE_TOO_BIG;
    }
    decoder->in_payload = true;
    decoder->left = length;
    decoder->mask_at = 0;
    decoder->control_length = 0;
    return 0;
}

static uint64_t frame_length(const WebSocketDecoder *decoder, bool *ret_minimal)
{
    unsigned short_length = decoder->header[1] & LENGTH_BITS;
    unsigned bytes = short_length == LENGTH_IN_64 ? 8 : short_length == LENGTH_IN_16 ? 2 : 0;
    uint64_t length = bytes ? 0 : short_length;
    for (unsigned i = 0; i < bytes; i++) {
        length = length << 8 | decoder->header[2 + i];
    }
    *ret_minimal = bytes == 0 || (bytes == 2 && length >= LENGTH_IN_16) ||
                   (bytes == 8 && length > UINT16_MAX && length <= INT64_MAX);
    return length;
}

static bool opcode_fits(const WebSocketDecoder *decoder, uint64_t length)
{
    switch (opcode(decoder)) {
    case OPCODE_CONTINUATION:
        return decoder->in_message;
    case OPCODE_TEXT:
    case OPCODE_BINARY:
        return !decoder->in_message;
    case OPCODE_CLOSE:
    case OPCODE_PING:
    case OPCODE_PONG:
        return (decoder->header[0] & FIN_BIT) && length <= MAX_CONTROL;
    }
    return false;
}

static void take_payload(WebSocketDecoder *decoder, const uint8_t *data, size_t length,
                         GByteArray *out)
{
    const uint8_t *mask = decoder->header + decoder->header_length - MASK_BYTES;
    uint8_t *target = decoder->control + decoder->control_length;
    if (is_control(opcode(decoder))) {
        decoder->control_length += (unsigned)length;
    } else {
        g_byte_array_set_size(out, out->len + (guint)length);
        target = out->data + out->len - length;
    }
    for (size_t i = 0; i < length; i++) {
        target[i] = data[i] ^ mask[(decoder->mask_at + i) % MASK_BYTES];
    }
    decoder->mask_at = (unsigned)((decoder->mask_at + length) % MASK_BYTES);
    decoder->left -= length;
}

static void end_frame(WebSocketDecoder *decoder, GByteArray *control)
{
    Opcode code = opcode(decoder);
    if (code == OPCODE_CLOSE) {
        /* The peer's own code is the answer to it. */
        append_frame(control, OPCODE_CLOSE, decoder->control, MIN(decoder->control_length, 2));
        decoder->ended = true;
    } else if (code == OPCODE_PING) {
        append_frame(control, OPCODE_PONG, decoder->control, decoder->control_length);
    } else if (!is_control(code)) {
        decoder->in_message = !(decoder->header[0] & FIN_BIT);
    }
    decoder->in_payload = false;
    decoder->header_length = 0;
}

static Opcode opcode(const WebSocketDecoder *decoder)
{
    return decoder->header[0] & 0x0f;
}

static bool is_control(Opcode code)
{
    return code >= OPCODE_CLOSE;
}

static void append_frame(GByteArray *out, Opcode code, const void *data, size_t length)
{
    uint8_t header[MAX_HEADER - MASK_BYTES] = {(uint8_t)(FIN_BIT | code)};
    unsigned length_bytes = length > UINT16_MAX ? 8 : length >= LENGTH_IN_16 ? 2 : 0;
    header[1] = (uint8_t)(length_bytes == 8   ? LENGTH_IN_64
                          : length_bytes == 2 ? LENGTH_IN_16
                                              : length);
    for (unsigned i = 0; i < length_bytes; i++) {
        header[2 + i] = (uint8_t)((uint64_t)length >> (8 * (length_bytes - 1 - i)));
    }
    g_byte_array_append(out, header, 2 + length_bytes);
    g_byte_array_append(out, data, (guint)length);
}
