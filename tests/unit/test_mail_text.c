/* message/mail_text.c: what a mail looks like, and that no text of a user's becomes a header. */
#include "ops/message/mail_text.h"

#include <string.h>

static const MailFacts plain = {.from = "clearwater@host",
                                .to = "a@example.org, b@example.org",
                                .origin = "lab",
                                .name = "BOND_STATUS_CHANGED",
                                .cls = "Host",
                                .object_uuid = "u-1",
                                .body = "1/2 up",
                                .priority = 3,
                                .when = 0};

/* What the body of a mail says. (owned) */
static char *body_of(const GString *mail)
{
    const char *encoded = strstr(mail->str, "\r\n\r\n") + 4;
    gsize length;
    guchar *text = g_base64_decode(encoded, &length);
    char *copy = g_strndup((const char *)text, length);
    g_free(text);
    return copy;
}

static void test_plain(void)
{
    g_autoptr(GString) mail = mail_text_write(&plain);
    g_assert_true(g_str_has_prefix(
        mail->str, "From: clearwater@host\r\nTo: a@example.org, b@example.org\r\n"
                   "Subject: [lab] BOND_STATUS_CHANGED (priority 3)\r\n"
                   "Date: Thu, 01 Jan 1970 00:00:00 +0000\r\nAuto-Submitted: auto-generated\r\n"));
    g_autofree char *body = body_of(mail);
    g_assert_cmpstr(body, ==,
                    "Message:  BOND_STATUS_CHANGED\r\nPriority: 3\r\nAbout:    Host u-1\r\n"
                    "Time:     19700101T00:00:00Z\r\n\r\n1/2 up\r\n");
}

static void test_hostile(void)
{
    MailFacts facts = plain;
    g_autofree char *long_name = g_strnfill(5000, 'n');
    facts.name = "x\r\nBcc: all@example.org\r\n\r\nhello";
    facts.body = "one\r\n.\r\nQUIT\r\n";
    g_autoptr(GString) mail = mail_text_write(&facts);
    g_assert_null(strstr(mail->str, "\r\nBcc"));
    g_assert_nonnull(strstr(mail->str, "Subject: [lab] x  Bcc: all@example.org    hello (pri"));
    g_assert_null(strstr(mail->str, "\r\n.\r\n"));
    facts.name = long_name;
    g_autoptr(GString) longer = mail_text_write(&facts);
    for (const char *line = longer->str; *line; line = strstr(line, "\r\n") + 2) {
        g_assert_cmpint(strstr(line, "\r\n") - line, <=, 998);
    }
}

static void test_other_letters(void)
{
    MailFacts facts = plain;
    facts.origin = "Größe und 漢字 漢字 漢字 漢字 漢字 漢字 漢字";
    facts.body = "größer";
    g_autoptr(GString) mail = mail_text_write(&facts);
    g_assert_true(g_str_is_ascii(mail->str));
    g_assert_nonnull(strstr(mail->str, "\r\nSubject: =?UTF-8?B?"));
    g_autofree char *body = body_of(mail);
    g_assert_nonnull(strstr(body, "größer"));
}

static void test_addresses(void)
{
    static const char *const good[] = {"a@b", "first.last+tag@example.org"};
    static const char *const bad[] = {"",     "a",     "@b",    "a@",      "-a@b",   "a b@c",
                                      "a@b>", "a,b@c", "a\n@b", "\"a\"@b", "größe@b"};
    for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
        g_assert_true(mail_text_is_address(good[i]));
    }
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_assert_false(mail_text_is_address(bad[i]));
    }
    g_assert_true(mail_text_is_server("mail.example.org"));
    g_assert_true(mail_text_is_server("10.0.0.1:2525"));
    g_assert_true(mail_text_is_server("[::1]:25"));
    g_assert_false(mail_text_is_server(""));
    g_assert_false(mail_text_is_server("-o"));
    g_assert_false(mail_text_is_server("a/b"));
    g_assert_false(mail_text_is_server("user@host"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/mail-text/plain", test_plain);
    g_test_add_func("/mail-text/hostile", test_hostile);
    g_test_add_func("/mail-text/other-letters", test_other_letters);
    g_test_add_func("/mail-text/addresses", test_addresses);
    return g_test_run();
}
