/* The command line as it arrives: one argument a line, perhaps a session first.  Pure; fuzzed. */
#pragma once

#include "wire/value.h"

enum { CLI_MAX_ARGS = 10000 };

typedef struct CliParam {
    const char *name;
    const char *value;
} CliParam;

typedef struct CliArgs {
    char *session; /* text of a reference; NULL: log in */
    char *command;
    GArray *params; /* CliParam, in order, twins kept; texts owned by `texts` */
    GPtrArray *texts;
} CliArgs;

void cli_args_clear(CliArgs *args);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CliArgs, cli_args_clear)

/* Splits a request body. Fails with CLI_SYNTAX [text]. */
bool cli_args_parse(const char *body, size_t length, CliArgs *ret_args, Err **err);

const char *cli_args_get(const CliArgs *args, const char *name); /* first one; NULL when absent */
/* `otherwise` when absent. */
const char *cli_args_get_or(const CliArgs *args, const char *name, const char *otherwise);
/* true, t, yes, y, 1 and their opposites; fails with CLI_FAILURE. */
bool cli_args_get_bool(const CliArgs *args, const char *name, bool otherwise, bool *ret, Err **err);
/* Fails with CLI_FAILURE unless --force was given. */
bool cli_args_assert_forced(const CliArgs *args, Err **err);
/* Bytes, with or without a unit. Absent is a failure. */
bool cli_args_get_size(const CliArgs *args, const char *name, int64_t *ret, Err **err);
bool cli_args_get_int(const CliArgs *args, const char *name, int64_t otherwise, int64_t *ret,
                      Err **err);

/* Parameters "name:key=value" (and the older "name-key=value") as a struct of strings. (owned) */
Value *cli_args_get_map(const CliArgs *args, const char *name);
/* The keys of cli_args_get_map() as an array of strings. (owned) */
Value *cli_args_get_map_keys(const CliArgs *args, const char *name);
/* "a,b,c" as a NULL-terminated vector; empty when absent. (owned) */
char **cli_args_get_list(const CliArgs *args, const char *name);
