/* Appending to a text that is written in very many small pieces. */
#pragma once

#include <glib.h>
#include <string.h>

/* g_string_append_len(), without a call for the few bytes that most pieces have. */
static inline void wire_put(GString *out, const char *text, size_t length)
{
    if (out->allocated_len - out->len <= length) {
        g_string_append_len(out, text, (gssize)length);
        return;
    }
    memcpy(out->str + out->len, text, length);
    out->len += length;
    out->str[out->len] = '\0';
}

static inline void wire_put_text(GString *out, const char *text)
{
    wire_put(out, text, strlen(text));
}
