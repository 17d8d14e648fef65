/* The disks that a template wants: the XML of other_config:disks. */
#pragma once

#include "base/err.h"

#include <stdint.h>

enum { PROVISION_MAX_DISKS = 16, PROVISION_MAX_XML = 64 * 1024 };

typedef struct ProvisionDisk {
    char device[8];
    int64_t size; /* bytes */
    char sr[64];  /* uuid; "" for the pool's default */
    bool bootable;
    char type[16]; /* "system" when not given */
} ProvisionDisk;

/* Fills `ret_disks`; `ret_count` tells how many. Pure; fuzzed. INTERNAL_ERROR saying what is wrong.
 */
bool provision_parse(const char *xml, ProvisionDisk ret_disks[PROVISION_MAX_DISKS],
                     unsigned *ret_count, Err **err);
