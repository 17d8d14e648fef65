/* Texts come from users: no end of a line in them reaches a header, and what is not ASCII is
 * encoded (RFC 2047 in headers, base64 in the body). */
#include "ops/message/mail_text.h"

#include "base/text.h"

#include <string.h>

enum {
    MAX_ADDRESS = 254,
    MAX_SERVER = 253 + sizeof "[]:65535",
    MAX_SUBJECT = 300, /* bytes */
    WORD_BYTES = 42,   /* of text in an encoded word, which is no longer than 75 with the rest */
    BASE64_LINE = 76,
};

static char *make_subject(const MailFacts *facts);
static void append_header(GString *out, const char *name, const char *value);
static void append_words(GString *out, const char *text);
static void append_base64(GString *out, const char *text);
static char *make_body(const MailFacts *facts);

GString *mail_text_write(const MailFacts *facts)
{
    g_autoptr(GDateTime) when = g_date_time_new_from_unix_utc(facts->when);
    g_autofree char *date = when ? g_date_time_format(when, "%a, %d %b %Y %H:%M:%S +0000") : NULL;
    g_autofree char *subject = make_subject(facts);
    g_autofree char *body = make_body(facts);
    GString *out = g_string_new(NULL);
    append_header(out, "From", facts->from);
    append_header(out, "To", facts->to);
    append_header(out, "Subject", subject);
    append_header(out, "Date", date ? date : "");
    append_header(out, "Auto-Submitted", "auto-generated");
    append_header(out, "MIME-Version", "1.0");
    append_header(out, "Content-Type", "text/plain; charset=utf-8");
    append_header(out, "Content-Transfer-Encoding", "base64");
    g_string_append(out, "\r\n");
    append_base64(out, body);
    return out;
}

bool mail_text_is_address(const char *text)
{
    const char *at = strchr(text, '@');
    if (!at || at == text || !at[1] || *text == '-' || strlen(text) > MAX_ADDRESS) {
        return false;
    }
    for (; *text; text++) {
        if (!g_ascii_isgraph(*text) || strchr("<>()[],;:\\\"", *text)) {
            return false;
        }
    }
    return true;
}

bool mail_text_is_server(const char *text)
{
    if (!g_ascii_isalnum(*text) && *text != '[') {
        return false;
    }
    for (const char *c = text; *c; c++) {
        if (!g_ascii_isalnum(*c) && !strchr(".-_:[]", *c)) {
            return false;
        }
    }
    return strlen(text) < MAX_SERVER;
}

static char *make_subject(const MailFacts *facts)
{
    g_autofree char *all =
        g_strdup_printf("[%s] %s (priority %d)", facts->origin, facts->name, (int)facts->priority);
    g_autofree char *valid = g_utf8_make_valid(all, -1);
    char *end = valid;
    for (; *end; end = g_utf8_next_char(end)) {
        if (end - valid > MAX_SUBJECT) {
            break;
        }
        *end = (unsigned char)*end < ' ' || *end == 0x7f ? ' ' : *end;
    }
    return g_strndup(valid, (gsize)(end - valid));
}

static void append_header(GString *out, const char *name, const char *value)
{
    g_string_append_printf(out, "%s: ", name);
    if (g_str_is_ascii(value)) {
        g_string_append(out, value);
    } else {
        append_words(out, value);
    }
    g_string_append(out, "\r\n");
}

/* Words of whole characters; white space between two of them is not part of the text. */
static void append_words(GString *out, const char *text)
{
    while (*text) {
        const char *end = text;
        while (*end && g_utf8_next_char(end) - text <= WORD_BYTES) {
            end = g_utf8_next_char(end);
        }
        g_autofree char *word = g_base64_encode((const guchar *)text, (gsize)(end - text));
        g_string_append_printf(out, "=?UTF-8?B?%s?=%s", word, *end ? "\r\n " : "");
        text = end;
    }
}

static void append_base64(GString *out, const char *text)
{
    g_autofree char *encoded = g_base64_encode((const guchar *)text, strlen(text));
    for (const char *line = encoded; *line; line += MIN(strlen(line), BASE64_LINE)) {
        g_string_append_printf(out, "%.*s\r\n", BASE64_LINE, line);
    }
}

static char *make_body(const MailFacts *facts)
{
    char time[TEXT_DATETIME_SIZE];
    return g_strdup_printf("Message:  %s\r\n"
                           "Priority: %d\r\n"
                           "About:    %s %s\r\n"
                           "Time:     %s\r\n"
                           "\r\n%s\r\n",
                           facts->name, (int)facts->priority, facts->cls, facts->object_uuid,
                           text_format_datetime(facts->when, time), facts->body);
}
