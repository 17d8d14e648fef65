/* The text in which XenServer keeps a record inside a field: words in quotes and lists of them,
 * as in (('name' 'guest') ('tags' '(\'a\' \'b\')')).  Pure; fuzzed.
 *
 * As Value a word is a string and a list an array. */
#pragma once

#include "wire/value.h"

/* Reads one expression. Words need no quotes when they have neither spaces, quotes nor
 * parentheses. Refuses depth beyond WIRE_MAX_DEPTH, more than WIRE_MAX_VALUES parts, text that is
 * not UTF-8: INTERNAL_ERROR. (owned) */
Value *sexpr_parse(const char *text, size_t length, Err **err);

/* Appends `value`, made of strings and arrays only. */
void sexpr_append(GString *out, const Value *value);
