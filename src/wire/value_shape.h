/* How a Value lies in memory: for value.c, and for the writers, who look at hundreds of thousands
 * of them in one answer.  Everybody else goes by value.h. */
#pragma once

#include "wire/value.h"

struct Value {
    gint refs;
    unsigned kind : 4;   /* ValueKind */
    unsigned count : 28; /* bytes of a string, items of an array, members of a struct;
                            of an int: 1 when it is typed */
};

typedef struct Scalar {
    Value head;
    union {
        int64_t integer; /* int, datetime, bool */
        double number;
    };
} Scalar;

typedef struct String {
    Value head;
    char text[]; /* NUL-terminated */
} String;

typedef struct Reference {
    Value head;
    Uuid uuid;
} Reference;

typedef struct Array {
    Value head;
    unsigned capacity;
    Value **items;
} Array;

typedef struct Member {
    const char *name; /* owned by the struct if its `owns_names` */
    Value *item;
} Member;

/* The names of a struct are either all static or all its own, so that no member needs a flag. */
typedef struct Struct {
    Value head;
    unsigned capacity;
    bool owns_names;
    Member *members;
    /* Name to position + 1; NULL for a small struct.  A tree and not a hash table, because an
     * attacker can choose names that collide. */
    GTree *index;
} Struct;

/* value_kind() without a call. */
static inline ValueKind kind_of(const Value *value)
{
    return value ? (ValueKind)value->kind : VALUE_NIL;
}

static inline Array *value_as_array(const Value *value)
{
    g_assert(value->kind == VALUE_ARRAY);
    return (Array *)value;
}

static inline Struct *value_as_struct(const Value *value)
{
    g_assert(value->kind == VALUE_STRUCT);
    return (Struct *)value;
}
