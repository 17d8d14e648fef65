/* The tables of form.h; the code they point to is in json.c and xmlrpc.c. */
#include "wire/form.h"

#include "wire/json.h"
#include "wire/xmlrpc.h"

#define PIECE(literal)                                                                             \
    {                                                                                              \
        literal, sizeof literal - 1                                                                \
    }

const WireForm wire_forms[WIRE_FORM_COUNT] = {
    [WIRE_JSON] =
        {
            .id = WIRE_JSON,
            .open_struct = PIECE("{"),
            .close_struct = PIECE("}"),
            .open_name = PIECE("\""),
            .close_name = PIECE("\":"),
            .close_member = PIECE(""),
            .open_array = PIECE("["),
            .close_array = PIECE("]"),
            .separator = PIECE(","),
            .open_text = PIECE("\""),
            .close_text = PIECE("\""),
            .append_escaped = json_append_escaped,
            .append_value = json_append,
        },
    [WIRE_XMLRPC] =
        {
            .id = WIRE_XMLRPC,
            .open_struct = PIECE("<value><struct>"),
            .close_struct = PIECE("</struct></value>"),
            .open_name = PIECE("<member><name>"),
            .close_name = PIECE("</name>"),
            .close_member = PIECE("</member>"),
            .open_array = PIECE("<value><array><data>"),
            .close_array = PIECE("</data></array></value>"),
            .separator = PIECE(""),
            .open_text = PIECE("<value>"),
            .close_text = PIECE("</value>"),
            .append_escaped = xmlrpc_append_escaped,
            .append_value = xmlrpc_append_value,
        },
};
