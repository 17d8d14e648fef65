/* The thin CLI protocol: what travels between the program xe and the daemon once a
 * `POST /cli` was sent.  Both sides greet each other, then exchange messages: a little-endian
 * 32 bit length and a payload of that many bytes, which begins with its kind and its tag.
 * Raw bytes follow the payload of a chunk.  Encoding and parsing are pure; fuzzed. */
#pragma once

#include "net/stream.h"

#include <stdint.h>

enum {
    THINCLI_MAJOR = 0,
    THINCLI_MINOR = 2,
    THINCLI_GREETING_SIZE = 27 + 4 + 4,
    THINCLI_MAX_FROM_CLIENT = 64 * 1024,         /* bytes of one payload */
    THINCLI_MAX_FROM_SERVER = 256 * 1024 * 1024, /* bytes of one payload: a whole text is one */
};

typedef enum ThinCliKind {
    THINCLI_COMMAND = 9,
    THINCLI_RESPONSE = 10,
    THINCLI_BLOB = 11,
} ThinCliKind;

/* The numbers of the protocol; 2 was a command that no longer exists. */
typedef enum ThinCliTag {
    /* commands, from the server */
    THINCLI_PRINT = 0,         /* text; the client adds a newline */
    THINCLI_LOAD = 1,          /* text: the name of the client's file to send */
    THINCLI_PROMPT = 3,        /* the client sends one line of its input */
    THINCLI_EXIT = 4,          /* number: the exit status; the last message */
    THINCLI_HTTP_GET = 12,     /* text: the client's file to write; path: where from */
    THINCLI_HTTP_PUT = 13,     /* text: the client's file to read; path: where to */
    THINCLI_ERROR = 14,        /* text: an error code; params */
    THINCLI_DEBUG = 15,        /* text */
    THINCLI_PRINT_STDERR = 16, /* text; as it is */
    THINCLI_HTTP_CONNECT = 17, /* text: where to connect the terminal to */
    /* responses, from the client */
    THINCLI_OK = 5,
    THINCLI_FAILED = 6,
    THINCLI_WAIT = 18, /* still busy: sent every five minutes of a transfer */
    /* blobs, from the client */
    THINCLI_CHUNK = 7, /* number: how many raw bytes follow */
    THINCLI_END = 8,
} ThinCliTag;

typedef struct ThinCliMessage {
    ThinCliKind kind;
    ThinCliTag tag;
    int32_t number;
    char *text;
    char *path;
    char **params; /* NULL-terminated; THINCLI_ERROR only */
} ThinCliMessage;

void thincli_message_clear(ThinCliMessage *message);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ThinCliMessage, thincli_message_clear)

void thincli_append_greeting(GByteArray *out);
/* False when `greeting` (THINCLI_GREETING_SIZE bytes) is none. */
bool thincli_parse_greeting(const void *greeting, int32_t *ret_major, int32_t *ret_minor);

/* Whole messages, length included. */
void thincli_append_plain(GByteArray *out, ThinCliKind kind, ThinCliTag tag);
void thincli_append_number(GByteArray *out, ThinCliKind kind, ThinCliTag tag, int32_t number);
void thincli_append_text(GByteArray *out, ThinCliTag tag, const char *text);
void thincli_append_transfer(GByteArray *out, ThinCliTag tag, const char *file, const char *path);
void thincli_append_error(GByteArray *out, const char *code, const char *const *params);

/* Parses one payload, all of it. Unknown tags, negative sizes and bytes left over are errors. */
bool thincli_parse(const void *payload, size_t length, ThinCliMessage *ret_message, Err **err);

/* Reads one message whose payload is at most `limit` bytes. */
bool thincli_read(Stream *stream, Op *op, size_t limit, ThinCliMessage *ret_message, Err **err);
