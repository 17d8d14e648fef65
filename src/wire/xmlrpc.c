/* Writing XML-RPC: the byte shapes the XenAPI's clients compare with.  Reading is in
 * xmlrpc_parse.c. */
#include "wire/xmlrpc.h"

#include "base/text.h"
#include "wire/put.h"
#include "wire/value_shape.h"

#include <string.h>

#define XMLRPC_PROLOGUE "<?xml version=\"1.0\"?><methodResponse><params><param>"
#define XMLRPC_EPILOGUE "</param></params></methodResponse>"

/* What the xmlrpc_escape table says about a byte, where it does not name its entity. */
static const char xmlrpc_drop[] = "";

/* Control characters cannot be written in XML at all, except for TAB, LF and CR. */
static const char *const xmlrpc_escape[256] = {
    [0x00 ... 0x08] = xmlrpc_drop,
    [0x0b ... 0x0c] = xmlrpc_drop,
    [0x0e ... 0x1f] = xmlrpc_drop,
    ['<'] = "&lt;",
    ['>'] = "&gt;",
    ['&'] = "&amp;",
    ['"'] = "&quot;",
};

static void xmlrpc_append_float(GString *out, double number);
static void xmlrpc_append_array(GString *out, const Value *array);
static void xmlrpc_append_struct(GString *out, const Value *record);
static void xmlrpc_append_status(GString *out, const char *status, const char *name);

void xmlrpc_request_clear(XmlRpcRequest *request)
{
    g_clear_pointer(&request->method, g_free);
    g_clear_pointer(&request->params, value_unref);
}

void xmlrpc_append_value(GString *out, const Value *value)
{
    char buffer[MAX(VALUE_REF_TEXT_SIZE, TEXT_DATETIME_SIZE)];
    wire_put_text(out, "<value>");
    switch (kind_of(value)) {
    case VALUE_NIL:
        wire_put_text(out, "<nil/>");
        break;
    case VALUE_VOID:
        break;
    case VALUE_STRING:
        xmlrpc_append_escaped(out, ((const String *)value)->text, value->count);
        break;
    case VALUE_INT:
        wire_put_text(out, value_is_typed_int(value) ? "<i4>" : "");
        wire_put_text(out, text_format_int(value_int(value), buffer));
        wire_put_text(out, value_is_typed_int(value) ? "</i4>" : "");
        break;
    case VALUE_FLOAT:
        xmlrpc_append_float(out, value_float(value));
        break;
    case VALUE_BOOL:
        wire_put_text(out, value_bool(value) ? "<boolean>1</boolean>" : "<boolean>0</boolean>");
        break;
    case VALUE_DATETIME:
        wire_put_text(out, "<dateTime.iso8601>");
        wire_put_text(out, text_format_datetime(value_datetime(value), buffer));
        wire_put_text(out, "</dateTime.iso8601>");
        break;
    case VALUE_REF:
        wire_put_text(out, value_ref_format(value_uuid(value), buffer));
        break;
    case VALUE_ARRAY:
        xmlrpc_append_array(out, value);
        break;
    case VALUE_STRUCT:
        xmlrpc_append_struct(out, value);
        break;
    }
    wire_put_text(out, "</value>");
}

/* Runs that need no escape, which is nearly all text, are copied whole. */
void xmlrpc_append_escaped(GString *out, const char *text, size_t length)
{
    size_t start = 0;
    for (size_t i = 0; i < length; i++) {
        const char *escape = xmlrpc_escape[(unsigned char)text[i]];
        if (escape) {
            wire_put(out, text + start, i - start);
            wire_put_text(out, escape);
            start = i + 1;
        }
    }
    wire_put(out, text + start, length - start);
}

void xmlrpc_open_result(GString *out)
{
    xmlrpc_append_status(out, "Success", "Value");
}

void xmlrpc_close_result(GString *out)
{
    wire_put_text(out, "</member></struct></value>" XMLRPC_EPILOGUE);
}

void xmlrpc_append_error(GString *out, const Err *error)
{
    xmlrpc_append_status(out, "Failure", "ErrorDescription");
    wire_put_text(out, "<value><array><data><value>");
    xmlrpc_append_escaped(out, error->code, strlen(error->code));
    wire_put_text(out, "</value>");
    for (char **param = error->params; *param; param++) {
        wire_put_text(out, "<value>");
        xmlrpc_append_escaped(out, *param, strlen(*param));
        wire_put_text(out, "</value>");
    }
    wire_put_text(out, "</data></array></value></member></struct></value>" XMLRPC_EPILOGUE);
}

void xmlrpc_append_bare_result(GString *out, const Value *result)
{
    wire_put_text(out, XMLRPC_PROLOGUE);
    xmlrpc_append_value(out, result);
    wire_put_text(out, XMLRPC_EPILOGUE);
}

static void xmlrpc_append_float(GString *out, double number)
{
    char buffer[G_ASCII_DTOSTR_BUF_SIZE];
    g_ascii_formatd(buffer, sizeof buffer, "%.16g", number);
    g_string_append_printf(out, "<double>%s</double>", buffer);
}

static void xmlrpc_append_array(GString *out, const Value *array)
{
    wire_put_text(out, "<array><data>");
    for (unsigned i = 0; i < array->count; i++) {
        xmlrpc_append_value(out, value_as_array(array)->items[i]);
    }
    wire_put_text(out, "</data></array>");
}

/* XenServer writes member names as they are.  Those that need no escape look the same here, and
 * one with a "<" in it, the key of somebody's other_config, does not break the document. */
static void xmlrpc_append_struct(GString *out, const Value *record)
{
    wire_put_text(out, "<struct>");
    for (unsigned i = 0; i < record->count; i++) {
        const Member *member = &value_as_struct(record)->members[i];
        wire_put_text(out, "<member><name>");
        xmlrpc_append_escaped(out, member->name, strlen(member->name));
        wire_put_text(out, "</name>");
        xmlrpc_append_value(out, member->item);
        wire_put_text(out, "</member>");
    }
    wire_put_text(out, "</struct>");
}

/* Opens the response up to the name of its second member. */
static void xmlrpc_append_status(GString *out, const char *status, const char *name)
{
    g_string_append_printf(out,
                           XMLRPC_PROLOGUE "<value><struct><member><name>Status</name>"
                                           "<value>%s</value></member><member><name>%s</name>",
                           status, name);
}
