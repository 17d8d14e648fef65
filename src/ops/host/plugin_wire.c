/* Only the one value inside an answer matters: it is a text, or a struct of Status and Value or
 * ErrorDescription, as the API itself answers. */
#include "ops/host/plugin_wire.h"

#include "base/text.h"
#include "wire/xmlrpc.h"

static Value *find_value(const char *text);
static PluginAnswer read_failure(const Value *description, Err **ret_error);

char *plugin_wire_call(const char *function, Uuid session, const Value *args)
{
    g_autoptr(Value) params = value_new_array(2);
    value_array_add(params, value_new_ref(session));
    value_array_add(params, value_ref((Value *)args));
    return plugin_wire_request(function, params);
}

char *plugin_wire_request(const char *method, const Value *params)
{
    g_autofree char *name = g_markup_escape_text(method, -1);
    GString *call = g_string_new("<?xml version=\"1.0\"?>");
    g_string_append_printf(call, "<methodCall><methodName>%s</methodName><params>", name);
    for (unsigned i = 0; i < value_count(params); i++) {
        g_string_append(call, "<param>");
        xmlrpc_append_value(call, value_at(params, i));
        g_string_append(call, "</param>");
    }
    g_string_append(call, "</params></methodCall>");
    return g_string_free(call, FALSE);
}

PluginAnswer plugin_wire_read(const char *text, Value **ret_value, Err **ret_error)
{
    g_autoptr(Value) value = find_value(text);
    Value *result = value;
    if (value && value_kind(value) == VALUE_STRUCT) {
        const char *status = value_get_string(value, "Status");
        if (text_equal(status, "Failure")) {
            return read_failure(value_get(value, "ErrorDescription"), ret_error);
        }
        result = text_equal(status, "Success") ? value_get(value, "Value") : NULL;
    }
    if (!result) {
        return PLUGIN_UNCLEAR;
    }
    *ret_value = value_ref(result);
    return PLUGIN_SUCCEEDED;
}

/* The one value of a methodResponse; NULL for a fault and for what is no response. (owned) */
static Value *find_value(const char *text)
{
    static const char CLOSING[] = "</value>";
    const char *begin = strstr(text, "<value");
    const char *end = g_strrstr(text, CLOSING);
    if (!strstr(text, "<methodResponse") || strstr(text, "<fault") || !begin || !end ||
        end < begin) {
        return NULL;
    }
    return xmlrpc_parse_value(begin, end + strlen(CLOSING) - begin, NULL);
}

static PluginAnswer read_failure(const Value *description, Err **ret_error)
{
    unsigned count = value_count(description);
    if (count == 0 || value_kind(description) != VALUE_ARRAY) {
        return PLUGIN_UNCLEAR;
    }
    g_autoptr(GPtrArray) params = g_ptr_array_new();
    for (unsigned i = 1; i < count; i++) {
        g_ptr_array_add(params, (gpointer)value_string(value_at(description, i)));
    }
    g_ptr_array_add(params, NULL);
    err_setv(ret_error, __FILE__, __LINE__, value_string(value_at(description, 0)),
             (const char *const *)params->pdata);
    return PLUGIN_FAILED;
}
