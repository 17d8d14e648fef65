/* JSON text <-> Value (RFC 8259, by jansson).  Pure; fuzzed. */
#pragma once

#include "wire/value.h"

/* Parses one JSON document. Numbers without fraction and exponent become VALUE_INT, others
 * VALUE_FLOAT; strings stay strings; null is VALUE_NIL. Refuses twin member names, depth beyond
 * WIRE_MAX_DEPTH, NUL characters, text that is not UTF-8. (owned) */
Value *json_parse(const char *text, size_t length, Err **err);

/* As json_parse() for a peer whose integers have 64 bits without sign, as QEMU's statistics do:
 * those beyond int64 become VALUE_FLOAT. (owned) */
Value *json_parse_wide(const char *text, size_t length, Err **err);

/* Appends `value`: refs and datetimes as strings, void as "", floats always with a fraction. */
void json_append(GString *out, const Value *value);

/* What stands between the quotes of a string. */
void json_append_escaped(GString *out, const char *text, size_t length);
