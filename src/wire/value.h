/* The one in-memory form of everything that crosses the wire or rests in the
 * database: an immutable, reference-counted tree.
 *
 * A Value is built by one thread, then shared freely; nobody changes it after it
 * was handed on.  Structs keep the order of their members.  Constructors return
 * (owned); value_array_add() and value_struct_add() take over the child. */
#pragma once

#include "base/err.h"
#include "base/uuid.h"

#include <stdint.h>

typedef enum ValueKind {
    VALUE_NIL,    /* XML-RPC <nil/>, JSON null */
    VALUE_VOID,   /* the empty answer: XML-RPC <value></value>, JSON "" */
    VALUE_STRING, /* UTF-8; also enums, and every untyped XML-RPC value on input */
    VALUE_INT,    /* 64 bit */
    VALUE_FLOAT,
    VALUE_BOOL,
    VALUE_DATETIME, /* seconds since the epoch, UTC */
    VALUE_REF,      /* an object reference; the null uuid is OpaqueRef:NULL */
    VALUE_ARRAY,
    VALUE_STRUCT,
} ValueKind;

typedef struct Value Value;

Value *value_ref(Value *value);
void value_unref(Value *value); /* NULL-safe */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Value, value_unref)

/* Scalars that repeat (nil, void, true, false, "", 0, the null ref) are shared. */
Value *value_new_nil(void);
Value *value_new_void(void);
Value *value_new_string(const char *text);
Value *value_new_string_len(const char *text, size_t length);
Value *value_new_int(int64_t number);
/* An int that XML-RPC writes with its type, as <i4>: only event.from's counts are sent so. */
Value *value_new_typed_int(int64_t number);
Value *value_new_float(double number);
Value *value_new_bool(bool truth);
Value *value_new_datetime(int64_t seconds);
Value *value_new_ref(Uuid uuid);
Value *value_new_array(unsigned size_hint);
Value *value_new_struct(unsigned size_hint);

void value_array_add(Value *array, Value *item);
void value_struct_add(Value *record, const char *name,
                      Value *item); /* name copied; no check for twins */
/* As value_struct_add() for a name that lives for ever (a table's); it is not copied. */
void value_struct_add_static(Value *record, const char *name, Value *item);

/* Reading. NULL is read as VALUE_NIL, so that what value_get() did not find needs no check. */
ValueKind value_kind(const Value *value);
const char *value_string(const Value *value); /* "" unless VALUE_STRING */
size_t value_string_length(const Value *value);
int64_t value_int(const Value *value); /* 0 unless VALUE_INT */
bool value_is_typed_int(const Value *value);
double value_float(const Value *value);
bool value_bool(const Value *value);
int64_t value_datetime(const Value *value);
Uuid value_uuid(const Value *value); /* the null uuid unless VALUE_REF */

unsigned value_count(const Value *value);                      /* items or members; 0 for scalars */
Value *value_at(const Value *value, unsigned index);           /* (borrowed) */
const char *value_name_at(const Value *value, unsigned index); /* member name (borrowed) */
Value *value_get(const Value *record, const char *name);       /* NULL when absent (borrowed) */
const char *value_get_string(const Value *record,
                             const char *name); /* NULL when absent or no string */

bool value_equal(const Value *a, const Value *b); /* struct members in any order */

/* Copies with one thing changed; the argument stays as it was. (owned) */
Value *value_struct_with(const Value *record, const char *name, Value *item /* taken over */);
Value *value_struct_without(const Value *record, const char *name);
Value *value_array_with(const Value *array, Value *item /* taken over */);
Value *value_array_without(const Value *array, const Value *item);

/* References as text: "OpaqueRef:<uuid>" or "OpaqueRef:NULL". */
#define VALUE_REF_TEXT_SIZE 47
const char *value_ref_format(Uuid uuid, char text[VALUE_REF_TEXT_SIZE]);
bool value_ref_parse(const char *text,
                     Uuid *ret_uuid); /* "" and OpaqueRef:NULL give the null uuid */
/* The text of a reference for the length of the enclosing block. */
#define REF_TEXT(uuid)  value_ref_format((uuid), (char[VALUE_REF_TEXT_SIZE]){0})
#define UUID_TEXT(uuid) uuid_format((uuid), (char[UUID_TEXT_SIZE]){0})
