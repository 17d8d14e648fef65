/* The HTTP handlers as the model names them, and the permissions that are no message's: of the
 * handlers, of parts of them, and what goes beyond messages (gen/permissions.c fills the tables).
 */
#pragma once

#include "gen/permissions.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct HttpAction {
    const char *name; /* "get_export" */
    const char *method;
    const char *path;
    const char *label;     /* of the task, and the realm of a 401 */
    Permission permission; /* "http/get_export" */
    bool is_public;        /* the handler itself says who may what */
} HttpAction;

extern const HttpAction http_action_table[HTTP_ACTION_COUNT];

typedef struct PermissionInfo {
    const char *name;
    uint8_t roles; /* bit 1 << Role */
} PermissionInfo;

extern const PermissionInfo permission_table[PERMISSION_COUNT];
