/* One command of one user: everything the pieces of the command line share. */
#pragma once

#include "core/dispatch.h"
#include "front/cli/cli_args.h"
#include "front/cli/cli_table.h"
#include "net/stream.h"

struct Cli {
    Core *core;
    CoreCaller caller; /* with its session from the log-in on */
    Stream *stream;    /* to xe (borrowed) */
    Op *op;
    const CliArgs *args;
    const CliCommand *command; /* NULL for generated ones */
    bool is_minimal;
    GByteArray *out;          /* messages that are not sent yet */
    bool is_broken;           /* xe is gone */
    GPtrArray *shown;         /* char *: what --minimal prints in the end */
    GPtrArray *failures;      /* char *: "<uuid>: <text>" of --multiple */
    GHashTable *descriptions; /* reference -> what cli_describe_ref() said of it */
};

/* Parameters that say how a command runs and never select anything. */
bool cli_is_common_param(const char *name);

/* Whether the user has gone away, for commands that wait. */
bool cli_is_gone(Cli *cli);
