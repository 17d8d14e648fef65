/* XML-RPC: every shape clients send, everything that must be refused, and the exact bytes that
 * clients compare with. */
#include "wire/xmlrpc.h"

#include "wire/json.h"
#include "wire/limits.h"

#include <string.h>

static Value *parse(const char *text)
{
    g_autoptr(Err) err = NULL;
    Value *value = xmlrpc_parse_value(text, strlen(text), &err);
    if (!value) {
        g_autofree char *why = err_to_string(err);
        g_error("%s: %s", text, why);
    }
    return value;
}

/* Compares what `text` is read as with the JSON form of the value. */
static void assert_read(const char *text, ValueKind kind, const char *json)
{
    g_autoptr(Value) value = parse(text);
    g_autoptr(GString) out = g_string_new(NULL);
    json_append(out, value);
    g_assert_cmpint(value_kind(value), ==, kind);
    g_assert_cmpstr(out->str, ==, json);
}

static void assert_refused(const char *text, const char *reason)
{
    g_autoptr(Err) err = NULL;
    g_assert_null(xmlrpc_parse_value(text, strlen(text), &err));
    g_assert_true(err_is(err, "INTERNAL_ERROR"));
    g_assert_true(g_str_has_prefix(err->params[0], "XML-RPC: "));
    if (!strstr(err->params[0], reason)) {
        g_error("%s: expected \"%s\", got \"%s\"", text, reason, err->params[0]);
    }
}

/* Writes `value` (taken over). */
static void assert_written(Value *value, const char *expected)
{
    g_autoptr(Value) owned = value;
    g_autoptr(GString) out = g_string_new(NULL);
    xmlrpc_append_value(out, owned);
    g_assert_cmpstr(out->str, ==, expected);
}

static void test_strings_in(void)
{
    assert_read("<value/>", VALUE_STRING, "\"\"");
    assert_read("<value></value>", VALUE_STRING, "\"\"");
    assert_read("<value>x</value>", VALUE_STRING, "\"x\"");
    assert_read("<value>  </value>", VALUE_STRING, "\"  \"");
    assert_read("<value> a\n b </value>", VALUE_STRING, "\" a\\n b \"");
    assert_read("<value><string> x </string></value>", VALUE_STRING, "\" x \"");
    assert_read("<value> <string/> </value>", VALUE_STRING, "\"\"");
    assert_read("<value>&lt;&gt;&amp;&quot;&apos;&#65;&#x42;</value>", VALUE_STRING,
                "\"<>&\\\"'AB\"");
    assert_read("<value><![CDATA[<a> & b]]>c</value>", VALUE_STRING, "\"<a> & bc\"");
    assert_read("<value>a<!-- no --><?pi no?>b</value>", VALUE_STRING, "\"ab\"");
    assert_read("<value>123</value>", VALUE_STRING, "\"123\"");
    assert_read("<?xml version='1.0' encoding='ISO-8859-1'?><value>\xe4</value>", VALUE_STRING,
                "\"\xc3\xa4\"");
}

static void test_scalars_in(void)
{
    assert_read("<value><int>5</int></value>", VALUE_INT, "5");
    assert_read("<value><i4> -5\n</i4></value>", VALUE_INT, "-5");
    assert_read("<value><i8>9223372036854775807</i8></value>", VALUE_INT, "9223372036854775807");
    assert_read("<value><boolean>1</boolean></value>", VALUE_BOOL, "true");
    assert_read("<value><boolean>true</boolean></value>", VALUE_BOOL, "true");
    assert_read("<value><boolean>0</boolean></value>", VALUE_BOOL, "false");
    assert_read("<value><boolean>yes</boolean></value>", VALUE_BOOL, "false");
    assert_read("<value><double>-2.5e1</double></value>", VALUE_FLOAT, "-25.0");
    assert_read("<value><double>3</double></value>", VALUE_FLOAT, "3.0");
    assert_read("<value><dateTime.iso8601>20240131T09:08:07</dateTime.iso8601></value>",
                VALUE_DATETIME, "\"20240131T09:08:07Z\"");
    assert_read("<value><dateTime.iso8601>2024-01-31T09:08:07Z</dateTime.iso8601></value>",
                VALUE_DATETIME, "\"20240131T09:08:07Z\"");
    assert_read("<value><nil/></value>", VALUE_NIL, "null");
    assert_read("<value><ex:nil/></value>", VALUE_NIL, "null");
}

static void test_containers_in(void)
{
    assert_read("<value><array><data/></array></value>", VALUE_ARRAY, "[]");
    assert_read("<value><array/></value>", VALUE_ARRAY, "[]");
    assert_read("<value><struct/></value>", VALUE_STRUCT, "{}");
    assert_read("<value>\n <array>\n <data>\n <value>a</value>\n <value><int>1</int></value>\n"
                " </data>\n </array>\n</value>",
                VALUE_ARRAY, "[\"a\",1]");
    assert_read("<value><struct> <member> <name>a&lt;</name> <value>1</value> </member>"
                "<member><value><array><data/></array></value><name/></member></struct></value>",
                VALUE_STRUCT, "{\"a<\":\"1\",\"\":[]}");
}

static void test_document_type(void)
{
    assert_read("<!DOCTYPE value><value>a</value>", VALUE_STRING, "\"a\"");
    assert_read("<?xml version=\"1.0\"?><!DOCTYPE value SYSTEM \"file:///etc/hostname\">"
                "<value>a&amp;</value>",
                VALUE_STRING, "\"a&\"");
    assert_read("<!DOCTYPE value [<!ELEMENT value ANY>]><value>a</value>", VALUE_STRING, "\"a\"");
    assert_refused("<!DOCTYPE value [<!ENTITY e \"x\">]><value>&e;</value>", "entity e");
    assert_refused("<!DOCTYPE value [<!ENTITY e \"x\">]><value>unused</value>", "entity e");
    assert_refused("<!DOCTYPE value [<!ENTITY e SYSTEM \"file:///etc/hostname\">]>"
                   "<value>&e;</value>",
                   "entity e");
    assert_refused("<!DOCTYPE value [<!ENTITY % p SYSTEM \"file:///etc/hostname\"> %p;]>"
                   "<value/>",
                   "entity p");
    assert_refused("<!DOCTYPE value SYSTEM \"x\"><value>&e;</value>", "entity e");
    assert_refused("<value>&e;</value>", "'e'");
}

static void test_bad_scalars(void)
{
    assert_refused("<value><int/></value>", "64 bit integer");
    assert_refused("<value><int>1.5</int></value>", "64 bit integer");
    assert_refused("<value><int>1 2</int></value>", "64 bit integer");
    assert_refused("<value><i8>9223372036854775808</i8></value>", "64 bit integer");
    assert_refused("<value><double>one</double></value>", "number");
    assert_refused("<value><double/></value>", "number");
    assert_refused("<value><dateTime.iso8601>now</dateTime.iso8601></value>", "date and time");
    assert_refused("<value><nil>x</nil></value>", "text where");
}

static void test_bad_structure(void)
{
    assert_refused("", "");
    assert_refused("x", "");
    assert_refused("<value>", "");
    assert_refused("<value></valu>", "");
    assert_refused("<value/><value/>", "");
    assert_refused("<value/>x", "");
    assert_refused("<value>\xff</value>", "");
    assert_refused("<value>&#0;</value>", "");
    assert_refused("<value>&#1;</value>", "");
    assert_refused("<value>\x01</value>", "");
    assert_refused("<string/>", "may not be");
    assert_refused("<methodCall/>", "may not be");
    assert_refused("<value><value/></value>", "may not be");
    assert_refused("<value><data/></value>", "may not be");
    assert_refused("<value><base64/></value>", "not an element");
    assert_refused("<value><string><int/></string></value>", "may not be");
    assert_refused("<value>a<string>b</string></value>", "text before");
    assert_refused("<value><string>b</string>c</value>", "text where");
    assert_refused("<value><string/><string/></value>", "one already");
    assert_refused("<value><int>1</int><nil/></value>", "one already");
    assert_refused("<value><array><data/><data/></array></value>", "one already");
    assert_refused("<value><array>x</array></value>", "text where");
    assert_refused("<value><array><data>x</data></array></value>", "text where");
    assert_refused("<value><array><value/></array></value>", "may not be");
    assert_refused("<value><struct><name>a</name></struct></value>", "may not be");
    assert_refused("<value><struct><member/></struct></value>", "needs a <name>");
    assert_refused("<value><struct><member><name>a</name></member></struct></value>", "needs a");
    assert_refused("<value><struct><member><value/></member></struct></value>", "needs a <name>");
    assert_refused("<value><struct><member><name>a</name><name>b</name><value/></member>"
                   "</struct></value>",
                   "one already");
    assert_refused("<value><struct><member><name>a</name><value/><value/></member>"
                   "</struct></value>",
                   "one already");
    assert_refused("<value><struct><member><name>a</name><value/></member>"
                   "<member><name>a</name><value/></member></struct></value>",
                   "two members called a");
}

static char *nest(int depth)
{
    GString *text = g_string_new("<value>");
    for (int i = 0; i < depth; i++) {
        g_string_append(text,
                        i % 2 ? "<struct><member><name>n</name><value>" : "<array><data><value>");
    }
    for (int i = depth - 1; i >= 0; i--) {
        g_string_append(text, i % 2 ? "</value></member></struct>" : "</value></data></array>");
    }
    g_string_append(text, "</value>");
    return g_string_free(text, FALSE);
}

static void test_limits(void)
{
    g_autofree char *deep = nest(WIRE_MAX_DEPTH);
    g_autoptr(Value) value = parse(deep);
    g_assert_cmpint(value_kind(value), ==, VALUE_ARRAY);
    g_autofree char *deeper = nest(WIRE_MAX_DEPTH + 1);
    assert_refused(deeper, "nested deeper");

    g_autoptr(GString) many = g_string_new("<value><array><data>");
    for (int i = 1; i < WIRE_MAX_VALUES; i++) {
        g_string_append(many, "<value/>");
    }
    size_t end = many->len;
    g_string_append(many, "</data></array></value>");
    g_autoptr(Value) most = parse(many->str);
    g_assert_cmpuint(value_count(most), ==, WIRE_MAX_VALUES - 1);
    g_string_insert(many, (gssize)end, "<value/>");
    assert_refused(many->str, "more than");
}

static void test_request(void)
{
    static const char text[] =
        "<?xml version=\"1.0\"?><methodCall><methodName>session.login_with_password</methodName>"
        "<params><param><value>root</value></param><param><value><string>p&amp;w</string></value>"
        "</param></params></methodCall>";
    g_autoptr(Err) err = NULL;
    g_auto(XmlRpcRequest) request = {0};
    g_assert_true(xmlrpc_parse_request(text, strlen(text), &request, &err));
    g_assert_cmpstr(request.method, ==, "session.login_with_password");
    g_assert_cmpuint(value_count(request.params), ==, 2);
    g_assert_cmpstr(value_string(value_at(request.params, 1)), ==, "p&w");
    xmlrpc_request_clear(&request);
    static const char bare[] = "<methodCall>\n<params/>\n<methodName>m</methodName>\n</methodCall>";
    g_assert_true(xmlrpc_parse_request(bare, strlen(bare), &request, &err));
    g_assert_cmpstr(request.method, ==, "m");
    g_assert_cmpuint(value_count(request.params), ==, 0);
}

static void test_bad_requests(void)
{
    static const char *const bad[] = {
        "",
        "<value/>",
        "<methodResponse/>",
        "<methodCall/>",
        "<methodCall><methodName>m</methodName></methodCall>",
        "<methodCall><params/></methodCall>",
        "<methodCall><methodName>m</methodName><methodName>m</methodName><params/></methodCall>",
        "<methodCall><methodName>m</methodName><params/><params/></methodCall>",
        "<methodCall><methodName>m</methodName><params><param/></params></methodCall>",
        "<methodCall><methodName>m</methodName><params><value/></params></methodCall>",
        ("<methodCall><methodName>m</methodName><params><param><value/><value/></param></params>"
         "</methodCall>"),
        "<methodCall><methodName>m</methodName><params>x</params></methodCall>",
        "<methodCall><methodName>m<b/></methodName><params/></methodCall>",
        "<methodCall><methodName>m</methodName><params><param><value><array><data><value>x",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(Err) err = NULL;
        XmlRpcRequest request = {0};
        g_assert_false(xmlrpc_parse_request(bad[i], strlen(bad[i]), &request, &err));
        g_assert_true(err_is(err, "INTERNAL_ERROR"));
        g_assert_null(request.method);
        g_assert_null(request.params);
    }
}

static void test_values_out(void)
{
    assert_written(value_new_string("text"), "<value>text</value>");
    assert_written(value_new_string("<>&\"'\t\n\r"), "<value>&lt;&gt;&amp;&quot;'\t\n\r</value>");
    assert_written(value_new_string("\x01"
                                    "a\x1f"
                                    "b\x0c"),
                   "<value>ab</value>");
    assert_written(value_new_string_len("a\0b", 3), "<value>ab</value>");
    assert_written(value_new_int(1073741824), "<value>1073741824</value>");
    assert_written(value_new_typed_int(7), "<value><i4>7</i4></value>");
    assert_written(value_new_int(INT64_MIN), "<value>-9223372036854775808</value>");
    assert_written(value_new_float(0.1), "<value><double>0.1</double></value>");
    assert_written(value_new_float(2), "<value><double>2</double></value>");
    assert_written(value_new_float(1.0 / 3), "<value><double>0.3333333333333333</double></value>");
    assert_written(value_new_bool(true), "<value><boolean>1</boolean></value>");
    assert_written(value_new_bool(false), "<value><boolean>0</boolean></value>");
    assert_written(value_new_datetime(0),
                   "<value><dateTime.iso8601>19700101T00:00:00Z</dateTime.iso8601></value>");
    assert_written(value_new_ref((Uuid){{0}}), "<value>OpaqueRef:NULL</value>");
    assert_written(value_new_void(), "<value></value>");
    assert_written(value_new_nil(), "<value><nil/></value>");
    assert_written(value_new_array(0), "<value><array><data></data></array></value>");
    assert_written(value_new_struct(0), "<value><struct></struct></value>");
    Value *record = value_new_struct(1);
    value_struct_add(record, "a<b", value_new_int(1));
    assert_written(record, "<value><struct><member><name>a&lt;b</name><value>1</value></member>"
                           "</struct></value>");
}

#define RESPONSE(inside)                                                                           \
    "<?xml version=\"1.0\"?><methodResponse><params><param>" inside                                \
    "</param></params></methodResponse>"

static void test_envelopes(void)
{
    g_autoptr(GString) out = g_string_new(NULL);
    xmlrpc_open_result(out);
    xmlrpc_append_value(out, value_new_void());
    xmlrpc_close_result(out);
    g_assert_cmpstr(out->str, ==,
                    RESPONSE("<value><struct><member><name>Status</name><value>Success</value>"
                             "</member><member><name>Value</name><value></value></member>"
                             "</struct></value>"));
    g_autoptr(Err) error = NULL;
    err_set(&error, "SESSION_AUTHENTICATION_FAILED", "ro<ot", "Authentication failure");
    g_string_truncate(out, 0);
    xmlrpc_append_error(out, error);
    g_assert_cmpstr(out->str, ==,
                    RESPONSE("<value><struct><member><name>Status</name><value>Failure</value>"
                             "</member><member><name>ErrorDescription</name><value><array><data>"
                             "<value>SESSION_AUTHENTICATION_FAILED</value><value>ro&lt;ot</value>"
                             "<value>Authentication failure</value></data></array></value>"
                             "</member></struct></value>"));
    g_autoptr(Value) names = value_new_array(1);
    value_array_add(names, value_new_string("VM.start"));
    g_string_truncate(out, 0);
    xmlrpc_append_bare_result(out, names);
    g_assert_cmpstr(out->str, ==,
                    RESPONSE("<value><array><data><value>VM.start</value></data></array></value>"));
}

static void test_round_trip(void)
{
    const char *text = "<value><struct><member><name>a&amp;</name><value>x&lt;\t </value></member>"
                       "<member><name>b</name><value><array><data><value><boolean>1</boolean>"
                       "</value><value></value><value><nil/></value></data></array></value>"
                       "</member></struct></value>";
    g_autoptr(Value) value = parse(text);
    assert_written(value_ref(value), text);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/xmlrpc/in/strings", test_strings_in);
    g_test_add_func("/xmlrpc/in/scalars", test_scalars_in);
    g_test_add_func("/xmlrpc/in/containers", test_containers_in);
    g_test_add_func("/xmlrpc/in/document-type", test_document_type);
    g_test_add_func("/xmlrpc/in/bad-scalars", test_bad_scalars);
    g_test_add_func("/xmlrpc/in/bad-structure", test_bad_structure);
    g_test_add_func("/xmlrpc/in/limits", test_limits);
    g_test_add_func("/xmlrpc/request", test_request);
    g_test_add_func("/xmlrpc/request/bad", test_bad_requests);
    g_test_add_func("/xmlrpc/out/values", test_values_out);
    g_test_add_func("/xmlrpc/out/envelopes", test_envelopes);
    g_test_add_func("/xmlrpc/round-trip", test_round_trip);
    return g_test_run();
}
