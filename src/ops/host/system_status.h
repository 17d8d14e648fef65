/* What a status report of this host can hold. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

typedef struct SystemStatusEntry {
    const char *key;          /* in `entries` of a request */
    const char *description;  /* for people */
    const char *pii;          /* whether it tells of persons: "no", "maybe", "yes" */
    const char *const *paths; /* files of the machine, NULL-terminated; NULL: of the daemon's own */
} SystemStatusEntry;

extern const SystemStatusEntry system_status_entries[];
extern const size_t system_status_entry_count;
