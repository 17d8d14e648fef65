/* What the generated dispatch tables look like (gen/dispatch.c fills them).
 * One entry stands for every name a client can call, explicit and implicit alike. */
#pragma once

#include "db/schema.h"

#include <stddef.h>

struct Call;

typedef enum MethodKind {
    METHOD_EXPLICIT,
    METHOD_GET_FIELD,
    METHOD_SET_FIELD,
    METHOD_ADD_TO_MAP,      /* add_to_<map>(self, key, value) */
    METHOD_REMOVE_FROM_MAP, /* remove_from_<map>(self, key) */
    METHOD_ADD_TO_SET,      /* add_<set>(self, value) */
    METHOD_REMOVE_FROM_SET, /* remove_<set>(self, value) */
    METHOD_GET_ALL,
    METHOD_GET_ALL_RECORDS,
    METHOD_GET_ALL_RECORDS_WHERE,
    METHOD_GET_ALL_WHERE,
    METHOD_GET_RECORD,
    METHOD_GET_BY_UUID,
    METHOD_GET_BY_NAME_LABEL,
    METHOD_CREATE,  /* from a record, without code of its own: only the row */
    METHOD_DESTROY, /* the row */
} MethodKind;

typedef enum MethodFlags {
    METHOD_ASYNC = 1 << 0,         /* Async.<name> exists */
    METHOD_NO_SESSION = 1 << 1,    /* no session as first parameter */
    METHOD_POOL_INTERNAL = 1 << 2, /* only sessions of the pool itself */
    METHOD_EMERGENCY = 1 << 3,     /* works without a coordinator */
    METHOD_HIDDEN = 1 << 4,
    METHOD_REMOVED =
        1 << 5,           /* answers MESSAGE_REMOVED: later releases have it no more, nor have we */
    METHOD_LONG = 1 << 6, /* runs on an operation thread: it has an `op` or says `long` */
    METHOD_IN_6_2 = 1 << 7,
    METHOD_PARKING = 1 << 8, /* may answer later: event.from, event.next, and a login that fails */
    METHOD_ACTION = 1 << 9,  /* the REST face has it as an action */
} MethodFlags;

/* One bit per role, most privileged first; in the order of model/roles.model. */
typedef enum Role {
    ROLE_POOL_ADMIN,
    ROLE_POOL_OPERATOR,
    ROLE_VM_POWER_ADMIN,
    ROLE_VM_ADMIN,
    ROLE_VM_OPERATOR,
    ROLE_CLIENT_CERT,
    ROLE_READ_ONLY,
    ROLE_COUNT,
} Role;

typedef struct MethodParam {
    const char *name;
    const TypeInfo *type;
    bool required;
    const char *default_json; /* used when an optional one is left out */
    bool may_be_null;         /* of a reference */
} MethodParam;

/* An operation that runs on an object while the message does: "start" on VM `self`.
 * `op` is the literal of <class>_operations; `param` the index of the parameter. */
typedef struct MethodOperation {
    uint16_t class_id;
    uint8_t param;
    const char *op;
} MethodOperation;

typedef struct MethodInfo {
    const char *name; /* "VM.start" */
    MethodKind kind;
    unsigned flags; /* MethodFlags */
    uint16_t class_id;
    uint16_t field_id;   /* of the field kinds */
    uint8_t roles;       /* bit 1 << Role; 0: local root and the pool itself only */
    uint8_t param_count; /* without the session */
    uint8_t required_count;
    uint8_t operation_count;
    const MethodParam *params;
    const TypeInfo *result;
    const MethodOperation *operations;
    /* Unpacks coerced arguments, calls the implementation and packs its result (owned; for void
     * value_new_void()). NULL for implicit kinds and for what is not implemented. */
    bool (*invoke)(struct Call *call, Value *const *args, Value **ret_result, Err **err);
    /* METHOD_SET_FIELD, ADD_TO and REMOVE_FROM kinds: runs before the write, may refuse or do the
     * deed; `new_value` is the field's whole new value. NULL: nothing runs. */
    bool (*on_change)(struct Call *call, Uuid self, const Value *new_value, Err **err);
} MethodInfo;

extern const MethodInfo method_table[];
extern const size_t method_count;

/* By wire name, "VM.start" or "VM_start"; NULL when unknown. Perfect hash. */
const MethodInfo *method_find(const char *name, size_t length);

/* Role protection of single map keys: keys of `field_id` whose change needs another role.
 * `key` may end in '*'. */
typedef struct MethodKeyRoles {
    uint16_t class_id, field_id;
    const char *key;
    uint8_t roles;
} MethodKeyRoles;
extern const MethodKeyRoles method_key_roles[];
extern const size_t method_key_roles_count;

extern const char *const role_names[ROLE_COUNT];
extern const char *const role_docs[ROLE_COUNT]; /* a sentence each */
