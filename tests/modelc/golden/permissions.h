/* HTTP handlers, and permissions that are no message's. What they are is told in core/permission.h.
 * Generated from the model; do not edit. */
#pragma once

typedef enum HttpActionId {
    HTTP_ACTION_GET_LIGHT,
    HTTP_ACTION_POST_ROOT,
    HTTP_ACTION_COUNT,
} HttpActionId;

typedef enum Permission {
    PERMISSION_LAMP_SMASH_ANY,
    PERMISSION_HTTP_GET_LIGHT,
    PERMISSION_HTTP_GET_LIGHT_CEILING,
    PERMISSION_HTTP_POST_ROOT,
    PERMISSION_COUNT,
} Permission;
