/* Files of the user: small ones through the conversation, large ones by HTTP beside it. */
#pragma once

#include "front/cli/cli.h"

enum { CLI_MAX_FILE = 32 * 1024 * 1024 }; /* bytes of a file that comes through the conversation */

/* Receives chunks up to their end, NUL-terminated. (owned) */
char *cli_transfer_receive(Cli *cli, Err **err);

/* The content of a file of the user's; NULL with CLI_EXIT, after saying so, when it cannot be
 * read. `what` names it in the complaint. (owned) */
char *cli_transfer_load(Cli *cli, const char *what, const char *file, Err **err);

/* A transfer that a task stands for: xe is told to move a file to or from a path of the server. */
typedef struct CliTransfer {
    const char *label; /* of the task */
    const char *file;  /* the user's */
    const char *path;  /* "/export?ref=..." or a whole URL; session and task are added */
    bool is_upload;
    bool announces;   /* says "<done> succeeded" */
    const char *done; /* "Export" */
} CliTransfer;

/* Runs it to the end of the task, whose `result` text is `ret_result` (owned; may be NULL). */
bool cli_transfer_run(Cli *cli, const CliTransfer *transfer, char **ret_result, Err **err);

/* Tells xe to connect the user's terminal to `url`, and waits until that ends. */
bool cli_transfer_connect(Cli *cli, const char *url, Err **err);

/* Appends "&name=value", percent-encoded, or "?name=value" when it is the first. */
void cli_transfer_append(GString *path, const char *name, const char *value);
