/* Encoding and parsing of thin CLI messages, and reading one from a stream.
 * What the messages make a side do is in front/cli (the daemon) and xe (the client). */
#include "net/thincli.h"

#define GREETING_TEXT "XenSource thin CLI protocol"

G_STATIC_ASSERT(sizeof GREETING_TEXT - 1 + 4 + 4 == THINCLI_GREETING_SIZE);

/* What is still to be read of a payload; `bad` sticks. */
typedef struct Cursor {
    const uint8_t *at;
    size_t left;
    bool bad;
} Cursor;

static void append_int(GByteArray *out, int32_t number);
static void append_string(GByteArray *out, const char *text);
static guint begin_message(GByteArray *out, ThinCliKind kind, ThinCliTag tag);
static void end_message(GByteArray *out, guint start);
static int32_t take_int(Cursor *cursor);
static char *take_string(Cursor *cursor);
static char **take_list(Cursor *cursor);
static bool take_arguments(Cursor *cursor, ThinCliMessage *message);
static bool take_command(Cursor *cursor, ThinCliMessage *message);

void thincli_message_clear(ThinCliMessage *message)
{
    g_free(message->text);
    g_free(message->path);
    g_strfreev(message->params);
    *message = (ThinCliMessage){0};
}

void thincli_append_greeting(GByteArray *out)
{
    g_byte_array_append(out, (const guint8 *)GREETING_TEXT, sizeof GREETING_TEXT - 1);
    append_int(out, THINCLI_MAJOR);
    append_int(out, THINCLI_MINOR);
}

bool thincli_parse_greeting(const void *greeting, int32_t *ret_major, int32_t *ret_minor)
{
    if (memcmp(greeting, GREETING_TEXT, sizeof GREETING_TEXT - 1) != 0) {
        return false;
    }
    Cursor cursor = {.at = (const uint8_t *)greeting + sizeof GREETING_TEXT - 1, .left = 8};
    *ret_major = take_int(&cursor);
    *ret_minor = take_int(&cursor);
    return true;
}

void thincli_append_plain(GByteArray *out, ThinCliKind kind, ThinCliTag tag)
{
    end_message(out, begin_message(out, kind, tag));
}

void thincli_append_number(GByteArray *out, ThinCliKind kind, ThinCliTag tag, int32_t number)
{
    guint start = begin_message(out, kind, tag);
    append_int(out, number);
    end_message(out, start);
}

void thincli_append_text(GByteArray *out, ThinCliTag tag, const char *text)
{
    guint start = begin_message(out, THINCLI_COMMAND, tag);
    append_string(out, text);
    end_message(out, start);
}

void thincli_append_transfer(GByteArray *out, ThinCliTag tag, const char *file, const char *path)
{
    guint start = begin_message(out, THINCLI_COMMAND, tag);
    append_string(out, file);
    append_string(out, path);
    end_message(out, start);
}

void thincli_append_error(GByteArray *out, const char *code, const char *const *params)
{
    guint start = begin_message(out, THINCLI_COMMAND, THINCLI_ERROR);
    append_string(out, code);
    append_int(out, (int32_t)g_strv_length((char **)params));
    for (unsigned i = 0; params[i]; i++) {
        append_string(out, params[i]);
    }
    end_message(out, start);
}

bool thincli_parse(const void *payload, size_t length, ThinCliMessage *ret_message, Err **err)
{
    Cursor cursor = {.at = payload, .left = length};
    g_auto(ThinCliMessage) message = {0};
    message.kind = (ThinCliKind)take_int(&cursor);
    message.tag = (ThinCliTag)take_int(&cursor);
    if (!take_arguments(&cursor, &message) || cursor.bad || cursor.left > 0) {
        return err_internal(err, "a thin CLI message of %zu bytes (kind %d, tag %d) is malformed",
                            length, (int)message.kind, (int)message.tag);
    }
    *ret_message = message;
    message = (ThinCliMessage){0};
    return true;
}

bool thincli_read(Stream *stream, Op *op, size_t limit, ThinCliMessage *ret_message, Err **err)
{
    uint8_t prefix[4];
    if (!stream_read_exact(stream, op, prefix, sizeof prefix, err)) {
        return false;
    }
    Cursor cursor = {.at = prefix, .left = sizeof prefix};
    int32_t length = take_int(&cursor);
    if (length < 0 || (size_t)length > limit) {
        return err_internal(err, "a thin CLI message claims %d bytes, at most %zu are allowed",
                            length, limit);
    }
    g_autofree uint8_t *payload = g_malloc((size_t)length + 1);
    return stream_read_exact(stream, op, payload, (size_t)length, err) &&
           thincli_parse(payload, (size_t)length, ret_message, err);
}

static void append_int(GByteArray *out, int32_t number)
{
    uint32_t bits = GUINT32_TO_LE((uint32_t)number);
    g_byte_array_append(out, (const guint8 *)&bits, sizeof bits);
}

static void append_string(GByteArray *out, const char *text)
{
    size_t length = strlen(text);
    append_int(out, (int32_t)length);
    g_byte_array_append(out, (const guint8 *)text, (guint)length);
}

static guint begin_message(GByteArray *out, ThinCliKind kind, ThinCliTag tag)
{
    guint start = out->len;
    append_int(out, 0);
    append_int(out, (int32_t)kind);
    append_int(out, (int32_t)tag);
    return start;
}

static void end_message(GByteArray *out, guint start)
{
    uint32_t bits = GUINT32_TO_LE(out->len - start - (guint)sizeof bits);
    memcpy(out->data + start, &bits, sizeof bits);
}

static int32_t take_int(Cursor *cursor)
{
    uint32_t bits;
    if (cursor->bad || cursor->left < sizeof bits) {
        cursor->bad = true;
        return 0;
    }
    memcpy(&bits, cursor->at, sizeof bits);
    cursor->at += sizeof bits;
    cursor->left -= sizeof bits;
    return (int32_t)GUINT32_FROM_LE(bits);
}

static char *take_string(Cursor *cursor)
{
    int32_t length = take_int(cursor);
    if (cursor->bad || length < 0 || (size_t)length > cursor->left) {
        cursor->bad = true;
        return NULL;
    }
    char *text = g_strndup((const char *)cursor->at, (gsize)length);
    cursor->at += length;
    cursor->left -= (size_t)length;
    return text;
}

static char **take_list(Cursor *cursor)
{
    int32_t count = take_int(cursor);
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(g_free);
    for (int32_t i = 0; i < count && !cursor->bad; i++) {
        char *item = take_string(cursor);
        if (item) {
            g_ptr_array_add(list, item);
        }
    }
    g_ptr_array_add(list, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&list), FALSE);
}

/* False when the tag does not belong to the kind. */
static bool take_arguments(Cursor *cursor, ThinCliMessage *message)
{
    switch (message->kind) {
    case THINCLI_COMMAND:
        return take_command(cursor, message);
    case THINCLI_RESPONSE:
        return message->tag == THINCLI_OK || message->tag == THINCLI_FAILED ||
               message->tag == THINCLI_WAIT;
    case THINCLI_BLOB:
        if (message->tag == THINCLI_CHUNK) {
            message->number = take_int(cursor);
            return message->number >= 0;
        }
        return message->tag == THINCLI_END;
    }
    return false;
}

static bool take_command(Cursor *cursor, ThinCliMessage *message)
{
    switch (message->tag) {
    case THINCLI_PRINT:
    case THINCLI_LOAD:
    case THINCLI_DEBUG:
    case THINCLI_PRINT_STDERR:
    case THINCLI_HTTP_CONNECT:
        message->text = take_string(cursor);
        return true;
    case THINCLI_HTTP_GET:
    case THINCLI_HTTP_PUT:
        message->text = take_string(cursor);
        message->path = take_string(cursor);
        return true;
    case THINCLI_ERROR:
        message->text = take_string(cursor);
        message->params = take_list(cursor);
        return true;
    case THINCLI_EXIT:
        message->number = take_int(cursor);
        return true;
    case THINCLI_PROMPT:
        return true;
    case THINCLI_OK:
    case THINCLI_FAILED:
    case THINCLI_WAIT:
    case THINCLI_CHUNK:
    case THINCLI_END:
        return false;
    }
    return false;
}
