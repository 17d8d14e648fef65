/* WebSocket (RFC 6455), server side: the handshake's accept key, and frames as bytes.  No I/O. */
#pragma once

#include "net/http1.h"

/* Whether `head` asks for version 13. `ret_accept` (owned) is the Sec-WebSocket-Accept value. */
bool websocket_accept_key(const HttpHead *head, char **ret_accept);

/* A decoder fed with bytes as they come. Pure; fuzzed. */
typedef struct WebSocketDecoder WebSocketDecoder;
WebSocketDecoder *websocket_decoder_new(size_t max_frame);
void websocket_decoder_free(WebSocketDecoder *decoder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WebSocketDecoder, websocket_decoder_free)
/* Appends payload bytes, of text and binary frames alike, to `out` and whole answers (pong,
 * close) to `control`.  False when the peer broke the protocol or closed; `ret_closed` tells
 * which.  After that it stays false and nothing more is appended. */
bool websocket_decode(WebSocketDecoder *decoder, const void *data, size_t length, GByteArray *out,
                      GByteArray *control, bool *ret_closed);

/* A whole binary frame; nothing for no bytes. */
void websocket_append_binary(GByteArray *out, const void *data, size_t length);

enum {
    WEBSOCKET_CLOSE_NORMAL = 1000,
    WEBSOCKET_CLOSE_PROTOCOL = 1002,
    WEBSOCKET_CLOSE_TOO_BIG = 1009,
};
void websocket_append_close(GByteArray *out, uint16_t code);
