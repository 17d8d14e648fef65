/* What a guest's agent answered, as hv.h has it. Pure; the answers are the guest's word and are
 * limited and checked. */
#pragma once

#include "hv/hv.h"
#include "hv/qemu/record.h"
#include "wire/value.h"

#define GUEST_MAX_TEXT      256 /* bytes of a name or a version */
#define GUEST_MAX_ADDRESSES 32  /* of each kind for one NIC */

/* The "return" members of the agent's answers; each may be NULL. (borrowed) */
typedef struct QemuGuestAnswers {
    const Value *info;       /* guest-info */
    const Value *os;         /* guest-get-osinfo */
    const Value *hostname;   /* guest-get-host-name */
    const Value *interfaces; /* guest-network-get-interfaces */
} QemuGuestAnswers;

/* Everything but "memory", which the agent does not tell and which is left empty. Interfaces are
 * matched with the NICs (QemuNic) by their MAC. `ret_info` starts zeroed. */
void qemu_guestinfo_read(const QemuGuestAnswers *answers, const GPtrArray *nics,
                         HvGuestInfo *ret_info);

/* "total" and "free" in KiB from the balloon's statistics. (owned) */
char **qemu_guestinfo_memory(const Value *balloon_stats);

void qemu_guestinfo_copy(const HvGuestInfo *info, HvGuestInfo *ret_copy);
bool qemu_guestinfo_equal(const HvGuestInfo *a, const HvGuestInfo *b);
