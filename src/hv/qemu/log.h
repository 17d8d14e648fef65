/* The two logs of a domain under log_dir: what QEMU says, and what the guest writes to its serial
 * line. A guest can write without end, so they are kept small. */
#pragma once

#include "base/err.h"

#define QEMU_LOG_MESSAGES "qemu"
#define QEMU_LOG_SERIAL   "serial"

/* (owned) */
char *qemu_log_path(const char *log_dir, const char *kind, const char *domain);
/* For appending. -1 on failure. (owned) */
int qemu_log_open(const char *log_dir, const char *kind, const char *domain, Err **err);
/* Empties the logs that have become too large. */
void qemu_log_limit(const char *log_dir, const char *domain);
