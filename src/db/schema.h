/* What the database has to know of a class: names, types, defaults and relations.
 * The tables are generated from the model (gen/schema.c); the code in this folder knows
 * no class by name. */
#pragma once

#include "wire/value.h"

typedef enum TypeKind {
    TYPE_VOID,
    TYPE_STRING,
    TYPE_INT,
    TYPE_FLOAT,
    TYPE_BOOL,
    TYPE_DATETIME,
    TYPE_ENUM,   /* a string out of `literals` */
    TYPE_REF,    /* to an object of class `class_id` */
    TYPE_SET,    /* VALUE_ARRAY of `item` without twins */
    TYPE_MAP,    /* VALUE_STRUCT: names are keys (`key`), values are `item` */
    TYPE_RECORD, /* VALUE_STRUCT of class `class_id` */
    TYPE_OPTION, /* `item` or nothing */
    TYPE_ANY,    /* event batches and the like: passed as it is */
} TypeKind;

typedef struct TypeInfo {
    TypeKind kind;
    uint16_t class_id;           /* TYPE_REF, TYPE_RECORD */
    const struct TypeInfo *key;  /* TYPE_MAP */
    const struct TypeInfo *item; /* TYPE_SET, TYPE_MAP, TYPE_OPTION */
    const char *const *literals; /* TYPE_ENUM, NULL-terminated */
    const char *name;            /* as the model writes it, for messages and documentation */
} TypeInfo;

typedef enum DbFieldFlags {
    DB_FIELD_VOLATILE = 1 << 0,    /* never stored; back to its default at start */
    DB_FIELD_SECRET = 1 << 1,      /* never logged */
    DB_FIELD_INTERNAL = 1 << 2,    /* not part of a record on the wire */
    DB_FIELD_WRITABLE = 1 << 3,    /* clients may set it */
    DB_FIELD_CONSTRUCTOR = 1 << 4, /* taken from the record given to create */
    DB_FIELD_HAS_DEFAULT = 1 << 5, /* may be left out of that record */
    DB_FIELD_REMOVED = 1 << 6,     /* kept for its number only */
    DB_FIELD_SPARSE = 1 << 7, /* db_find_sparse() tells who has another value than the default */
} DbFieldFlags;

#define DB_NO_RELATION UINT16_MAX

typedef struct DbField {
    const char *name; /* as on the wire: name_label, VCPUs_max */
    const TypeInfo *type;
    unsigned flags;           /* DbFieldFlags */
    const char *default_json; /* the default as JSON in wire form; NULL: the type's empty value */
    /* A one-to-many relation.  On the "many" side (a set of refs) these name the ref field of the
     * other class from which this set is derived; such a set is never stored or set by hand.
     * Many-to-many relations (set to set) name each other and both are kept equal. */
    uint16_t relation_class;
    uint16_t relation_field;
} DbField;

typedef enum DbClassFlags {
    DB_CLASS_PERSISTENT = 1 << 0, /* rows survive a restart */
    DB_CLASS_EVENTS = 1 << 1,     /* changes are told to event.from and event.next */
} DbClassFlags;

typedef struct DbClass {
    const char *name;       /* "VM_guest_metrics" */
    const char *event_name; /* lower case */
    unsigned flags;
    const DbField *fields;
    uint16_t field_count;
    int uuid_field;       /* index, or -1 */
    int name_label_field; /* index, or -1 */
} DbClass;

typedef struct DbSchema {
    const DbClass *classes;
    uint16_t class_count;
} DbSchema;

/* Brings a value that came from outside into the form cells have: digits to VALUE_INT, texts to
 * VALUE_REF, VALUE_DATETIME, enum literals checked, set twins dropped. `what` names the value in
 * the error: INTERNAL_ERROR for a wrong shape, HANDLE_INVALID for a text that is no reference.
 * (owned) */
Value *type_coerce(const DbSchema *schema, const TypeInfo *type, Value *value, const char *what,
                   Err **err);
/* As type_coerce() for what the store itself wrote: twins stay, because some sets are lists in
 * truth (task.error_info is a code and its parameters). (owned) */
Value *type_restore(const DbSchema *schema, const TypeInfo *type, Value *value, const char *what,
                    Err **err);
/* Whether `value` has the form that type_coerce() gives, all the way down. */
bool type_has_form(const TypeInfo *type, const Value *value);
Value *type_empty_value(
    const TypeInfo *type); /* "" 0 false epoch first-literal [] {} NULL (owned) */

int db_schema_find_class(const DbSchema *schema, const char *name); /* exact case; -1 when none */
int db_class_find_field(const DbClass *class_info, const char *name);
