/* JSON by jansson on the way in, straight to the buffer on the way out.  The envelopes of
 * JSON-RPC are in jsonrpc.c. */
#include "wire/json.h"

#include "base/text.h"
#include "wire/limits.h"
#include "wire/put.h"
#include "wire/value_shape.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

typedef json_t JsonNode;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(JsonNode, json_decref)

static bool json_check_limits(const char *text, size_t length, Err **err);
static Value *json_parse_flags(const char *text, size_t length, size_t more_flags, Err **err);
static Value *json_to_value(const json_t *node, bool ints_are_real);
static Value *json_real_to_value(double number, bool may_be_int);
static Value *json_array_to_value(const json_t *node, bool ints_are_real);
static Value *json_object_to_value(const json_t *node, bool ints_are_real);
static void json_append_quoted(GString *out, const char *text);
static void json_append_string(GString *out, const char *text, size_t length);
static void json_append_escape(GString *out, unsigned char byte);
static size_t json_plain_length(const char *text, size_t length);
static bool json_word_has_escape(uint64_t word);
static void json_append_float(GString *out, double number);
static void json_append_items(GString *out, const Value *value);
static void json_append_members(GString *out, const Value *value);

Value *json_parse(const char *text, size_t length, Err **err)
{
    return json_parse_flags(text, length, 0, err);
}

/* Most texts have no such integer, so the exact way comes first. */
Value *json_parse_wide(const char *text, size_t length, Err **err)
{
    Value *exact = json_parse_flags(text, length, 0, NULL);
    return exact ? exact : json_parse_flags(text, length, JSON_DECODE_INT_AS_REAL, err);
}

static Value *json_parse_flags(const char *text, size_t length, size_t more_flags, Err **err)
{
    if (!json_check_limits(text, length, err)) {
        return NULL;
    }
    json_error_t error;
    const size_t flags = JSON_DECODE_ANY | JSON_REJECT_DUPLICATES | more_flags;
    g_autoptr(JsonNode) root = json_loadb(text, length, flags, &error);
    if (!root) {
        err_internal(err, "JSON: %s (line %d, column %d)", error.text, error.line, error.column);
        return NULL;
    }
    return json_to_value(root, more_flags & JSON_DECODE_INT_AS_REAL);
}

void json_append(GString *out, const Value *value)
{
    char buffer[MAX(VALUE_REF_TEXT_SIZE, TEXT_DATETIME_SIZE)];
    switch (kind_of(value)) {
    case VALUE_NIL:
        wire_put(out, "null", 4);
        return;
    case VALUE_VOID:
        wire_put(out, "\"\"", 2);
        return;
    case VALUE_STRING:
        json_append_string(out, ((const String *)value)->text, value->count);
        return;
    case VALUE_INT:
        wire_put_text(out, text_format_int(value_int(value), buffer));
        return;
    case VALUE_FLOAT:
        json_append_float(out, value_float(value));
        return;
    case VALUE_BOOL:
        wire_put(out, value_bool(value) ? "true" : "false", value_bool(value) ? 4 : 5);
        return;
    case VALUE_DATETIME:
        json_append_quoted(out, text_format_datetime(value_datetime(value), buffer));
        return;
    case VALUE_REF:
        json_append_quoted(out, value_ref_format(value_uuid(value), buffer));
        return;
    case VALUE_ARRAY:
        json_append_items(out, value);
        return;
    case VALUE_STRUCT:
        json_append_members(out, value);
        return;
    }
    g_assert_not_reached();
}

/* Runs that need no escape, which is nearly all text, are copied whole. */
void json_append_escaped(GString *out, const char *text, size_t length)
{
    for (;;) {
        size_t plain = json_plain_length(text, length);
        wire_put(out, text, plain);
        if (plain == length) {
            return;
        }
        json_append_escape(out, (unsigned char)text[plain]);
        text += plain + 1;
        length -= plain + 1;
    }
}

/* jansson recurses and allocates as deep and as much as the text says, so depth and size are
 * looked at before it is asked.  Text that is not JSON passes here and fails there. */
static bool json_check_limits(const char *text, size_t length, Err **err)
{
    size_t depth = 0;
    /* Every value but the first stands behind an opening bracket or behind a comma. */
    size_t values = 1;
    bool in_string = false;
    for (size_t i = 0; i < length; i++) {
        char c = text[i];
        if (c == '\0') {
            return err_internal(err, "JSON: a NUL character"); /* jansson takes it for the end */
        }
        if (in_string) {
            i += c == '\\';
            in_string = c != '"';
        } else if (c == '"') {
            in_string = true;
        } else if (c == '[' || c == '{') {
            values++;
            depth++;
        } else if (c == ',') {
            values++;
        } else if ((c == ']' || c == '}') && depth > 0) {
            depth--;
        }
        if (depth > WIRE_MAX_DEPTH) {
            return err_internal(err, "JSON: nested deeper than %d", WIRE_MAX_DEPTH);
        }
        if (values > WIRE_MAX_VALUES) {
            return err_internal(err, "JSON: more than %d values", WIRE_MAX_VALUES);
        }
    }
    return true;
}

static Value *json_to_value(const json_t *node, bool ints_are_real)
{
    switch (json_typeof(node)) {
    case JSON_NULL:
        return value_new_nil();
    case JSON_TRUE:
        return value_new_bool(true);
    case JSON_FALSE:
        return value_new_bool(false);
    case JSON_INTEGER:
        return value_new_int(json_integer_value(node));
    case JSON_REAL:
        return json_real_to_value(json_real_value(node), ints_are_real);
    case JSON_STRING:
        return value_new_string_len(json_string_value(node), json_string_length(node));
    case JSON_ARRAY:
        return json_array_to_value(node, ints_are_real);
    case JSON_OBJECT:
        return json_object_to_value(node, ints_are_real);
    }
    g_assert_not_reached();
}

static Value *json_real_to_value(double number, bool may_be_int)
{
    /* A double holds every integer up to 2^53 as it is. */
    const double exact = 9007199254740992.0;
    bool is_int = may_be_int && number == floor(number) && fabs(number) <= exact;
    return is_int ? value_new_int((int64_t)number) : value_new_float(number);
}

static Value *json_array_to_value(const json_t *node, bool ints_are_real)
{
    size_t count = json_array_size(node);
    Value *array = value_new_array((unsigned)count);
    for (size_t i = 0; i < count; i++) {
        value_array_add(array, json_to_value(json_array_get(node, i), ints_are_real));
    }
    return array;
}

static Value *json_object_to_value(const json_t *node, bool ints_are_real)
{
    json_t *object = (json_t *)node; /* jansson's iterators are not const */
    Value *record = value_new_struct((unsigned)json_object_size(object));
    for (void *at = json_object_iter(object); at; at = json_object_iter_next(object, at)) {
        value_struct_add(record, json_object_iter_key(at),
                         json_to_value(json_object_iter_value(at), ints_are_real));
    }
    return record;
}

/* A text that has nothing to escape. */
static void json_append_quoted(GString *out, const char *text)
{
    wire_put(out, "\"", 1);
    wire_put_text(out, text);
    wire_put(out, "\"", 1);
}

static void json_append_string(GString *out, const char *text, size_t length)
{
    wire_put(out, "\"", 1);
    json_append_escaped(out, text, length);
    wire_put(out, "\"", 1);
}

static void json_append_escape(GString *out, unsigned char byte)
{
    if (byte == '\n') {
        g_string_append(out, "\\n");
    } else if (byte == '\t') {
        g_string_append(out, "\\t");
    } else if (byte == '\r') {
        g_string_append(out, "\\r");
    } else if (byte < 0x20) {
        g_string_append_printf(out, "\\u%04x", byte);
    } else {
        g_string_append_c(out, '\\');
        g_string_append_c(out, (gchar)byte);
    }
}

/* How many bytes come before the first that needs an escape. */
static size_t json_plain_length(const char *text, size_t length)
{
    size_t plain = 0;
    uint64_t word;
    while (plain + sizeof word <= length) {
        memcpy(&word, text + plain, sizeof word);
        if (json_word_has_escape(word)) {
            break;
        }
        plain += sizeof word;
    }
    while (plain < length) {
        unsigned char byte = (unsigned char)text[plain];
        if (byte < 0x20 || byte == '"' || byte == '\\') {
            break;
        }
        plain++;
    }
    return plain;
}

/* Whether one of eight bytes is below a space, a quote or a backslash.  A byte less what it must
 * not be below borrows into its top bit, which it did not have before. */
static bool json_word_has_escape(uint64_t word)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t quote = word ^ (ones * '"');
    uint64_t backslash = word ^ (ones * '\\');
    uint64_t found = ((word - ones * 0x20) & ~word) | ((quote - ones) & ~quote) |
                     ((backslash - ones) & ~backslash);
    return found & (ones * 0x80);
}

/* The shortest of 16 and 17 digits that reads back the same.  JSON has no word for what is not
 * a number. */
static void json_append_float(GString *out, double number)
{
    char buffer[G_ASCII_DTOSTR_BUF_SIZE];
    if (!isfinite(number)) {
        g_string_append(out, "null");
        return;
    }
    g_ascii_formatd(buffer, sizeof buffer, "%.16g", number);
    if (g_ascii_strtod(buffer, NULL) != number) {
        g_ascii_formatd(buffer, sizeof buffer, "%.17g", number);
    }
    size_t mantissa = strcspn(buffer, "e");
    g_string_append_len(out, buffer, (gssize)mantissa);
    if (!memchr(buffer, '.', mantissa)) {
        g_string_append(out, ".0"); /* tells clients with typed numbers that it is no integer */
    }
    g_string_append(out, buffer + mantissa);
}

static void json_append_items(GString *out, const Value *value)
{
    const Array *array = value_as_array(value);
    wire_put(out, "[", 1);
    for (unsigned i = 0; i < value->count; i++) {
        if (i > 0) {
            wire_put(out, ",", 1);
        }
        json_append(out, array->items[i]);
    }
    wire_put(out, "]", 1);
}

static void json_append_members(GString *out, const Value *value)
{
    const Struct *record = value_as_struct(value);
    wire_put(out, "{", 1);
    for (unsigned i = 0; i < value->count; i++) {
        const Member *member = &record->members[i];
        if (i > 0) {
            wire_put(out, ",", 1);
        }
        json_append_string(out, member->name, strlen(member->name));
        wire_put(out, ":", 1);
        json_append(out, member->item);
    }
    wire_put(out, "}", 1);
}
