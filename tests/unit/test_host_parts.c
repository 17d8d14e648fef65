/* The pure parts of messages about hosts: names, rules, certificates, what plugins say. */
#include "base/err.h"
#include "ops/certificate/certificate_files.h"
#include "ops/host/host_clock.h"
#include "ops/host/host_name.h"
#include "ops/host/host_syslog.h"
#include "ops/host/host_upload.h"
#include "ops/host/plugin_wire.h"
#include "ops/host_crashdump/crashdump_scan.h"
#include "wire/xmlrpc.h"

static void test_name(void)
{
    g_autofree char *longest = g_strnfill(HOST_NAME_MAX_LENGTH, 'a');
    g_autofree char *too_long = g_strnfill(HOST_NAME_MAX_LENGTH + 1, 'a');
    const char *const good[] = {"a", "host", "host-1.example.org", "1", longest};
    for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
        g_assert_true(host_name_check(good[i], NULL));
    }
    const char *const bad[] = {"",    "-a",  "a-",  "a..b", ".a",       "a.",     "a_b",
                               "a b", "a\n", "a;b", "a/b",  "\xc3\xa4", too_long, "a.-b"};
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(Err) err = NULL;
        g_assert_false(host_name_check(bad[i], &err));
        g_assert_true(err_is(err, "HOST_NAME_INVALID"));
    }
}

static void test_syslog(void)
{
    g_autofree char *name = host_syslog_rule("log.example.org");
    g_autofree char *port = host_syslog_rule("[fe80::1]:514");
    g_assert_cmpstr(name, ==, "*.* @log.example.org\n");
    g_assert_cmpstr(port, ==, "*.* @[fe80::1]:514\n");
    static const char *const bad[] = {"", "a b", "a\n*.* /etc/passwd", "a;b", "@a", "a$b"};
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_assert_null(host_syslog_rule(bad[i]));
    }
}

static void test_certificate_name(void)
{
    static const char *const good[] = {"a.pem", "A-1_b.crl.pem"};
    static const char *const bad[] = {"",       ".",       "..",      ".pem",
                                      ".a.pem", "a/b.pem", "a b.pem", "\xc3\xa4.pem",
                                      "a",      "a.crt",   "a.PEM"};
    for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
        g_assert_true(certificate_name_is_valid(good[i]));
    }
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_assert_false(certificate_name_is_valid(bad[i]));
    }
}

static void test_zone(void)
{
    static const char *const links[][2] = {
        {"/usr/share/zoneinfo/Europe/Berlin", "Europe/Berlin"},
        {"../usr/share/zoneinfo/UTC", "UTC"},
        {"/etc/zone", "UTC"},
        {"/usr/share/zoneinfo/", "UTC"},
        {"", "UTC"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(links); i++) {
        g_autofree char *zone = host_clock_zone_of_link(links[i][0]);
        g_assert_cmpstr(zone, ==, links[i][1]);
    }
}

static void test_upload_url(void)
{
    g_autofree char *too_long = g_strnfill(HOST_UPLOAD_MAX_URL, 'a');
    g_autofree char *long_url = g_strconcat("http://", too_long, NULL);
    const char *const good[] = {"http://a", "HTTP://a/b?c=d", "ftp://user:word@host/"};
    const char *const bad[] = {
        "",           "a",          "http://",    "https://a",       "file:///a",
        "-Khttp://a", "http://a b", "http://a\n", "http://\xc3\xa4", long_url};
    for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
        g_assert_true(host_upload_url_is_valid(good[i]));
    }
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_assert_false(host_upload_url_is_valid(bad[i]));
    }
}

static void test_crashdump_name(void)
{
    int64_t time = 7;
    g_assert_true(crashdump_time_of_name("20240131-090807-UTC", &time));
    g_assert_cmpint(time, ==, 1706692087);
    g_autofree char *zone = g_strdup(g_getenv("TZ"));
    g_setenv("TZ", "+02:00", TRUE);
    g_assert_true(crashdump_time_of_name("20240131-090807-UTC", &time));
    g_assert_cmpint(time, ==, 1706692087);
    g_assert_true(crashdump_time_of_name("202401310908", &time));
    g_assert_cmpint(time, ==, 1706692080 - 7200);
    g_setenv("TZ", "UTC", TRUE);
    g_assert_true(crashdump_time_of_name("202401310908", &time));
    g_assert_cmpint(time, ==, 1706692080);
    if (zone) {
        g_setenv("TZ", zone, TRUE);
    } else {
        g_unsetenv("TZ");
    }
    static const char *const bad[] = {"",           "20240131-090807",     "20240131-090807-CET",
                                      "2024013109", "20241331-090807-UTC", "2024013109080"};
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_assert_false(crashdump_time_of_name(bad[i], &time));
    }
    g_assert_cmpint(time, ==, 1706692080);
}

/* What a plugin reads is a call with the function, the session and the map. */
static void test_plugin_call(void)
{
    g_autoptr(Value) args = value_new_struct(1);
    value_struct_add(args, "key", value_new_string("a <b> & c"));
    Uuid session = uuid_generate();
    g_autofree char *text = plugin_wire_call("f<>", session, args);
    g_auto(XmlRpcRequest) request = {0};
    g_assert_true(xmlrpc_parse_request(text, strlen(text), &request, NULL));
    g_assert_cmpstr(request.method, ==, "f<>");
    g_assert_cmpuint(value_count(request.params), ==, 2);
    g_assert_cmpstr(value_string(value_at(request.params, 0)), ==, REF_TEXT(session));
    g_assert_true(value_equal(value_at(request.params, 1), args));
}

#define ANSWER(inner)                                                                              \
    "<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n<value>" inner                    \
    "</value>\n</param>\n</params>\n</methodResponse>\n"
#define STATUS(status, name, value)                                                                \
    ANSWER("<struct><member><name>Status</name><value><string>" status                             \
           "</string></value></member><member><name>" name "</name><value>" value                  \
           "</value></member></struct>")

static void test_plugin_success(void)
{
    static const char *const answers[] = {ANSWER("<string>a &amp; b</string>"), ANSWER("a &amp; b"),
                                          STATUS("Success", "Value", "<string>a &amp; b</string>")};
    for (size_t i = 0; i < G_N_ELEMENTS(answers); i++) {
        g_autoptr(Value) result = NULL;
        g_assert_cmpint(plugin_wire_read(answers[i], &result, NULL), ==, PLUGIN_SUCCEEDED);
        g_assert_cmpstr(value_string(result), ==, "a & b");
    }
}

static void test_plugin_failure(void)
{
    g_autoptr(Value) result = NULL;
    g_autoptr(Err) err = NULL;
    static const char answer[] =
        STATUS("Failure", "ErrorDescription",
               "<array><data><value><string>MY_CODE</string></value><value>one</value>"
               "<value><string>two</string></value></data></array>");
    g_assert_cmpint(plugin_wire_read(answer, &result, &err), ==, PLUGIN_FAILED);
    g_autofree char *text = err_to_string(err);
    g_assert_cmpstr(text, ==, "MY_CODE: [ one; two ]");
    g_assert_null(result);
}

static void test_plugin_unclear(void)
{
    static const char *const answers[] = {
        "",
        "hello",
        "<value>x</value>",
        "<methodResponse></methodResponse>",
        "<methodResponse><params><param><value>x",
        "</value><methodResponse><value",
        "<methodResponse><fault><value>x</value></fault></methodResponse>",
        ANSWER("<struct></struct>"),
        STATUS("Perhaps", "Value", "x"),
        STATUS("Success", "Other", "x"),
        STATUS("Failure", "ErrorDescription", "x"),
        STATUS("Failure", "ErrorDescription", "<array><data></data></array>"),
        ANSWER("a</value><value>b")};
    for (size_t i = 0; i < G_N_ELEMENTS(answers); i++) {
        g_autoptr(Value) result = NULL;
        g_autoptr(Err) err = NULL;
        g_assert_cmpint(plugin_wire_read(answers[i], &result, &err), ==, PLUGIN_UNCLEAR);
        g_assert_null(result);
        g_assert_null(err);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/host-parts/name", test_name);
    g_test_add_func("/host-parts/syslog", test_syslog);
    g_test_add_func("/host-parts/certificate-name", test_certificate_name);
    g_test_add_func("/host-parts/zone", test_zone);
    g_test_add_func("/host-parts/upload-url", test_upload_url);
    g_test_add_func("/host-parts/crashdump-name", test_crashdump_name);
    g_test_add_func("/host-parts/plugin-call", test_plugin_call);
    g_test_add_func("/host-parts/plugin-success", test_plugin_success);
    g_test_add_func("/host-parts/plugin-failure", test_plugin_failure);
    g_test_add_func("/host-parts/plugin-unclear", test_plugin_unclear);
    return g_test_run();
}
