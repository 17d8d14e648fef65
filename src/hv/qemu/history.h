/* What a domain's QEMU has said over QMP, kept by QEMU itself in a file of the domain's folder,
 * also while no daemon listens: it tells afterwards why a guest stopped, which QEMU cannot be
 * asked. */
#pragma once

#include "hv/hv.h"

/* An empty one, for QEMU to append to. -1 on failure. (owned) */
int qemu_history_open(const char *dir, Err **err);
/* Gives back the space of all but the last part. */
void qemu_history_limit(const char *dir);
/* How the guest ended, if it did. */
bool qemu_history_find_end(const char *dir, HvExitReason *ret_reason);
/* The same in a piece of text, which may begin and end within a line. */
bool qemu_history_parse_end(const char *text, size_t length, HvExitReason *ret_reason);
