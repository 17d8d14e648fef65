/* A walk through everything a client sent. */
#include "front/call_text.h"

#include "base/text.h"
#include "gen/errors.h"

static bool check_bytes(const char *text, size_t length, Err **err);

bool call_text_check(const Value *value, Err **err)
{
    if (value_kind(value) == VALUE_STRING &&
        !check_bytes(value_string(value), value_string_length(value), err)) {
        return false;
    }
    for (unsigned i = 0; i < value_count(value); i++) {
        const char *name = value_kind(value) == VALUE_STRUCT ? value_name_at(value, i) : "";
        if (!check_bytes(name, strlen(name), err) || !call_text_check(value_at(value, i), err)) {
            return false;
        }
    }
    return true;
}

static bool check_bytes(const char *text, size_t length, Err **err)
{
    if (text_is_utf8_xml(text, length)) {
        return true;
    }
    g_autofree char *shown = g_utf8_make_valid(text, length);
    return err_invalid_value(err, "Invalid UTF-8 string in parameter", shown);
}
