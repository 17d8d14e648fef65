/* The tables behind gen/permissions.h.
 * Generated from the model; do not edit. */
#include "core/permission.h"

#include "core/method.h"

const HttpAction http_action_table[HTTP_ACTION_COUNT] = {
    [HTTP_ACTION_GET_LIGHT] = {.name = "get_light",
     .method = "GET",
     .path = "/light",
     .label = "Shining",
     .permission = PERMISSION_HTTP_GET_LIGHT,
     .is_public = false},
    [HTTP_ACTION_POST_ROOT] = {.name = "post_root",
     .method = "POST",
     .path = "/",
     .label = "Calling",
     .permission = PERMISSION_HTTP_POST_ROOT,
     .is_public = true},
};

const PermissionInfo permission_table[PERMISSION_COUNT] = {
    [PERMISSION_LAMP_SMASH_ANY] =
        {"lamp.smash/any", 1 << ROLE_POOL_ADMIN | 1 << ROLE_POOL_OPERATOR},
    [PERMISSION_HTTP_GET_LIGHT] =
        {"http/get_light", 1 << ROLE_POOL_ADMIN | 1 << ROLE_POOL_OPERATOR | 1 << ROLE_VM_POWER_ADMIN | 1 << ROLE_VM_ADMIN | 1 << ROLE_VM_OPERATOR | 1 << ROLE_READ_ONLY},
    [PERMISSION_HTTP_GET_LIGHT_CEILING] =
        {"http/get_light/ceiling", 1 << ROLE_POOL_ADMIN},
    [PERMISSION_HTTP_POST_ROOT] =
        {"http/post_root", 1 << ROLE_POOL_ADMIN | 1 << ROLE_POOL_OPERATOR | 1 << ROLE_VM_POWER_ADMIN | 1 << ROLE_VM_ADMIN | 1 << ROLE_VM_OPERATOR | 1 << ROLE_CLIENT_CERT | 1 << ROLE_READ_ONLY},
};
