/* Why a virtual machine can or cannot run on each host. */
#pragma once

#include "front/cli/cli.h"

/* Prints a table of all hosts. */
void cli_host_report_show(Cli *cli, Uuid vm);
/* A refusal in one phrase. (owned) */
char *cli_host_report_reason(Cli *cli, const Err *refusal);
