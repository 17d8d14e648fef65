/* The objects a command works on: by uuid, by name, by the values of their fields. */
#pragma once

#include "front/cli/cli_record.h"

typedef enum CliSelectFlags {
    CLI_SELECT_CONTROL_DOMAINS = 1 << 0, /* control domains are selected too */
    CLI_SELECT_TEMPLATES = 1 << 1,       /* templates are selected too */
    CLI_SELECT_ONE = 1 << 2,             /* --multiple does not help */
    CLI_SELECT_MANY = 1 << 3,            /* works on many without --multiple */
} CliSelectFlags;

typedef enum CliSelectKind { CLI_SELECT_VM, CLI_SELECT_HOST, CLI_SELECT_SR } CliSelectKind;

/* Runs for every selected object. */
typedef bool CliOperation(Cli *cli, const CliRow *row, void *user, Err **err);

/* The objects that match; parameters named in `ignored` (NULL-terminated; may be NULL) select
 * nothing.  Rows live as long as `objects`. (owned) */
GArray *cli_select_rows(CliObjects *objects, CliSelectKind kind, unsigned flags,
                        const char *const *ignored, Err **err);

/* Runs `operation` on the one object that matches, or with --multiple on all of them.  With
 * several, failures are collected and CLI_MULTIPLE ends the command after the last. */
bool cli_select_run(Cli *cli, CliSelectKind kind, unsigned flags, const char *const *ignored,
                    CliOperation *operation, void *user, Err **err);

/* The host whose uuid or name this is. Fails with CLI_FAILURE. */
bool cli_select_host_named(Cli *cli, const char *name, Uuid *ret_host, Err **err);
