/* Which console a request names. */
#pragma once

#include "front/auth.h"
#include "gen/types.h"

typedef struct ConsoleTarget {
    VmRef vm;
    Uuid domain; /* the VM's uuid, by which the engine knows it */
    bool is_text;
} ConsoleTarget;

/* `ref` wins over `uuid`; both may be NULL.  HANDLE_INVALID or UUID_INVALID when there is no such
 * VM or console; VM_BAD_POWER_STATE or INTERNAL_ERROR when its VM does not run here. */
bool console_find(const DbView *view, HostRef here, const char *ref, const char *uuid,
                  ConsoleTarget *ret_target, Err **err);

/* The console that the parameters of a request name, if `caller` may see it: that of the control
 * domain takes `host_part`. */
bool console_find_for(const FrontCaller *caller, const HttpHead *head, Permission host_part,
                      ConsoleTarget *ret_target, Err **err);
