/* Which console a request names.  Reads the database and nothing else. */
#pragma once

#include "db/store.h"
#include "gen/types.h"

typedef struct ConsoleTarget {
    VmRef vm;
    Uuid domain; /* the VM's uuid, by which the engine knows it */
    bool is_text;
} ConsoleTarget;

typedef enum ConsoleFound {
    CONSOLE_FOUND,
    CONSOLE_MISSING,  /* no such VM or console: HANDLE_INVALID or UUID_INVALID */
    CONSOLE_NOT_HERE, /* its VM does not run, or runs elsewhere */
} ConsoleFound;

/* `ref` wins over `uuid`; both may be NULL. */
ConsoleFound console_find(const DbView *view, HostRef here, const char *ref, const char *uuid,
                          ConsoleTarget *ret_target, Err **err);
