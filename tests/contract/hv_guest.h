/* The small guest of the suites that need no operating system in it: a boot sector that obeys
 * letters on its serial line, see guest.S; the fake driver's guests do the same without a
 * processor. */
#pragma once

#include "hv_fixture.h"

#define GUEST_DISK "b1f8e7de-0000-4000-8000-000000000001"
#define GUEST_CD   "b1f8e7de-0000-4000-8000-000000000002"
#define GUEST_NIC  "b1f8e7de-0000-4000-8000-000000000003"

/* With a boot disk, an empty CD drive and a NIC without a cable. */
typedef struct Guest {
    HvDomainConfig config;
    HvImage image;
    HvDisk disks[2];
    HvNic nic;
    char *path;
} Guest;

void guest_init(Guest *guest, Bench *bench, uint64_t ticket);
void guest_clear(Guest *guest);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Guest, guest_clear)

HvState guest_state(Bench *bench, Uuid uuid);
bool guest_has_device(Bench *bench, Uuid uuid, const char *id);
/* Creates and starts it. Returns its serial line. */
int guest_boot(Bench *bench, Guest *guest);
/* The same, and waits until the guest listens. */
int guest_start(Bench *bench, Guest *guest);
/* Closes the driver and opens it again, and the guest's line with it. */
void guest_reopen(Bench *bench, const Guest *guest, int *line);
void guest_destroy(Bench *bench, Guest *guest);
/* Has it count, and returns what it says. */
char guest_next_letter(Bench *bench, int line);
