/* The features of the processors that a VM's guest sees: those that guests on the host were to see
 * when it booted.  VM.last_boot_CPU_flags has them, and where it goes on it sees the same, neither
 * fewer nor more. */
#pragma once

#include "db/store.h"
#include "gen/types.h"
#include "hv/hv.h"

/* VM_INCOMPATIBLE_WITH_THIS_HOST unless the guest, if there is one, finds on the host what it saw
 * when it booted.  That is a question to the processors alone: a level that was set since holds for
 * guests which boot. */
bool vm_cpu_check(const DbView *view, VmRef vm, HostRef host, Err **err);

/* What is to be hidden from the guest on the host: of one that boots, or of one that goes on. */
void vm_cpu_plan(const DbView *view, VmRef vm, HostRef host, bool goes_on, HvDomainConfig *config);

/* Writes down what a guest with such a domain on the host saw when it booted. */
void vm_cpu_write(DbTxn *txn, VmRef vm, HostRef host, const HvDomainConfig *config);
