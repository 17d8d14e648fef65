/* What a guest's agent wrote into xenstore, as hv.h has it: the names that xe-guest-utilities and
 * xen-guest-agent use. Pure; the values are the guest's word and are limited and checked. */
#pragma once

#include "hv/hv.h"

#define XEN_GUEST_MAX_TEXT 256 /* bytes of one value */

/* Reads one value below the domain's folder, "data/os_name"; NULL when there is none. (owned by
 * the caller, free(3)) */
typedef char *(*XenGuestRead)(void *user, const char *path);

/* `ret_info` starts zeroed; NICs are looked for at positions below `nics`. */
void xen_guestinfo_read(XenGuestRead read, void *user, unsigned nics, HvGuestInfo *ret_info);
