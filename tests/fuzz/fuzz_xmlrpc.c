/* Any bytes as a methodCall and as a single value; what is taken must be written as a document
 * that is taken again. */
#include "fuzz.h"

#include "wire/xmlrpc.h"

/* The written form of what `text` is read as. */
static GString *rewrite(const GString *text)
{
    g_autoptr(Err) err = NULL;
    g_autoptr(Value) value = xmlrpc_parse_value(text->str, text->len, &err);
    g_assert_nonnull(value);
    GString *out = g_string_new(NULL);
    xmlrpc_append_value(out, value);
    return out;
}

/* The first reading may change the text (XML turns CR into LF, and a typed number loses its
 * type), the second may not. */
static void check_writing(const Value *value)
{
    g_autoptr(GString) first = g_string_new(NULL);
    xmlrpc_append_value(first, value);
    g_autoptr(GString) second = rewrite(first);
    g_autoptr(GString) third = rewrite(second);
    g_assert_cmpstr(second->str, ==, third->str);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(Err) value_err = NULL;
    g_autoptr(Value) value = xmlrpc_parse_value((const char *)data, size, &value_err);
    g_assert_true((value == NULL) == (value_err != NULL));
    if (value) {
        check_writing(value);
    }
    g_autoptr(Err) request_err = NULL;
    g_auto(XmlRpcRequest) request = {0};
    if (xmlrpc_parse_request((const char *)data, size, &request, &request_err)) {
        g_assert_nonnull(request.method);
        for (unsigned i = 0; i < value_count(request.params); i++) {
            check_writing(value_at(request.params, i));
        }
    } else {
        g_assert_nonnull(request_err);
    }
    return 0;
}
