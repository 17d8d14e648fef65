/* The encodings of Values as text, as tables: what stands around structs, members, arrays, and how
 * texts and whole Values are written.  For writers of long texts that never were one Value; see
 * wire/writer.h.  Pure. */
#pragma once

#include "wire/value.h"

typedef enum WireFormId { WIRE_JSON, WIRE_XMLRPC, WIRE_FORM_COUNT } WireFormId;

typedef struct WirePiece {
    const char *text;
    size_t length;
} WirePiece;

typedef struct WireForm {
    WireFormId id;
    WirePiece open_struct, close_struct;
    WirePiece open_name, close_name; /* around the name of a member */
    WirePiece close_member;          /* behind its value */
    WirePiece open_array, close_array;
    WirePiece separator;             /* between members, and between items */
    WirePiece open_text, close_text; /* around a text that is a value */
    /* What stands there, or in a name: escaped. */
    void (*append_escaped)(GString *out, const char *text, size_t length);
    void (*append_value)(GString *out, const Value *value); /* json_append() and its kind */
} WireForm;

extern const WireForm wire_forms[WIRE_FORM_COUNT];
