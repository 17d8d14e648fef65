/* A parser by descent, and its inverse. */
#include "wire/sexpr.h"

#include "wire/limits.h"

#include <string.h>

typedef struct Reader {
    const char *at, *end;
    unsigned depth, count;
} Reader;

static Value *read_value(Reader *reader, Err **err);
static Value *read_list(Reader *reader, Err **err);
static Value *read_quoted(Reader *reader, Err **err);
static Value *read_bare(Reader *reader);
static void skip_space(Reader *reader);
static bool refuse(Err **err, const char *why);

Value *sexpr_parse(const char *text, size_t length, Err **err)
{
    if (!g_utf8_validate_len(text, length, NULL)) {
        refuse(err, "it is not UTF-8");
        return NULL;
    }
    Reader reader = {.at = text, .end = text + length};
    g_autoptr(Value) value = read_value(&reader, err);
    if (!value) {
        return NULL;
    }
    skip_space(&reader);
    if (reader.at != reader.end) {
        refuse(err, "something follows its end");
        return NULL;
    }
    return g_steal_pointer(&value);
}

void sexpr_append(GString *out, const Value *value)
{
    if (value_kind(value) == VALUE_ARRAY) {
        g_string_append_c(out, '(');
        for (unsigned i = 0; i < value_count(value); i++) {
            if (i > 0) {
                g_string_append_c(out, ' ');
            }
            sexpr_append(out, value_at(value, i));
        }
        g_string_append_c(out, ')');
        return;
    }
    g_string_append_c(out, '\'');
    for (const char *c = value_string(value); *c; c++) {
        if (*c == '\'' || *c == '\\') {
            g_string_append_c(out, '\\');
        }
        g_string_append_c(out, *c);
    }
    g_string_append_c(out, '\'');
}

static Value *read_value(Reader *reader, Err **err)
{
    skip_space(reader);
    if (++reader->count > WIRE_MAX_VALUES) {
        refuse(err, "it has too many parts");
        return NULL;
    }
    if (reader->at == reader->end) {
        refuse(err, "it ends too early");
        return NULL;
    }
    switch (*reader->at) {
    case '(':
        return read_list(reader, err);
    case '\'':
    case '"':
        return read_quoted(reader, err);
    case ')':
        refuse(err, "a list ends that did not begin");
        return NULL;
    }
    return read_bare(reader);
}

static Value *read_list(Reader *reader, Err **err)
{
    g_autoptr(Value) list = value_new_array(4);
    reader->at++;
    if (++reader->depth > WIRE_MAX_DEPTH) {
        refuse(err, "it is nested too deeply");
        return NULL;
    }
    for (;;) {
        skip_space(reader);
        if (reader->at < reader->end && *reader->at == ')') {
            reader->at++;
            reader->depth--;
            return g_steal_pointer(&list);
        }
        Value *item = read_value(reader, err);
        if (!item) {
            return NULL;
        }
        value_array_add(list, item);
    }
}

static Value *read_quoted(Reader *reader, Err **err)
{
    g_autoptr(GString) word = g_string_new(NULL);
    char quote = *reader->at++;
    while (reader->at < reader->end && *reader->at != quote) {
        if (*reader->at == '\\' && reader->at + 1 < reader->end) {
            reader->at++;
        }
        g_string_append_c(word, *reader->at++);
    }
    if (reader->at == reader->end) {
        refuse(err, "a word does not end");
        return NULL;
    }
    reader->at++;
    return value_new_string_len(word->str, word->len);
}

static Value *read_bare(Reader *reader)
{
    const char *start = reader->at;
    while (reader->at < reader->end && !strchr(" \t\r\n()'\"", *reader->at)) {
        reader->at++;
    }
    return value_new_string_len(start, reader->at - start);
}

static void skip_space(Reader *reader)
{
    while (reader->at < reader->end && g_ascii_isspace(*reader->at)) {
        reader->at++;
    }
}

static bool refuse(Err **err, const char *why)
{
    return err_internal(err, "a text that holds a record is damaged: %s", why);
}
