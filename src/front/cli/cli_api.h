/* Calls of the API on behalf of the user, as any client would make them. */
#pragma once

#include "front/cli/cli.h"

/* Parameters without the session, ended by NULL; all taken over. (owned) */
Value *cli_api_params(Value *first, ...) G_GNUC_NULL_TERMINATED;

/* `params` (taken over; NULL: none). (owned) */
Value *cli_api_call(Cli *cli, const char *method, Value *params, Err **err);
/* For what the result does not matter of. */
bool cli_api_do(Cli *cli, const char *method, Value *params, Err **err);

/* The object of `class_name` with this uuid. */
bool cli_api_find(Cli *cli, const char *class_name, const char *uuid, Uuid *ret_ref, Err **err);
/* As cli_api_find() for the parameter `name`, which must be there. */
bool cli_api_find_param(Cli *cli, const char *class_name, const char *name, Uuid *ret_ref,
                        Err **err);
/* As cli_api_find_param(), with the null reference when the parameter is absent. */
bool cli_api_find_optional(Cli *cli, const char *class_name, const char *name, Uuid *ret_ref,
                           Err **err);

Value *cli_api_record(Cli *cli, const char *class_name, Uuid ref, Err **err);
Value *cli_api_field(Cli *cli, const char *class_name, Uuid ref, const char *field, Err **err);
char *cli_api_uuid(Cli *cli, const char *class_name, Uuid ref, Err **err); /* (owned) */
/* <class>.set_<field>; `value` taken over. */
bool cli_api_set(Cli *cli, const char *class_name, Uuid ref, const char *field, Value *value,
                 Err **err);

bool cli_api_pool(Cli *cli, Uuid *ret_pool, Err **err);
bool cli_api_coordinator(Cli *cli, Uuid *ret_host, Err **err);
bool cli_api_this_host(Cli *cli, Uuid *ret_host, Err **err);

/* Prints the uuid of the object that `result` (taken over, NULL after a failure) refers to. */
bool cli_api_show_new(Cli *cli, const char *class_name, Value *result, Err **err);
