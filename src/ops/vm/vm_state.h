/* What the database says of a VM in each power state: written here and nowhere else, in one
 * transaction with whatever else the operation has to say. */
#pragma once

#include "ops/platform.h"

/* Running or Paused on this host as `domid`; the VBDs and VIFs it brings become attached, the
 * consoles and metrics are made. */
void vm_state_set_running(DbTxn *txn, Platform *platform, VmRef vm, int domid, bool paused);
/* Whether the VM has the device when it comes up next: every one, but when it is suspended only
 * those that its memory knows. */
bool vm_state_brings_vbd(const DbView *view, VbdRef vbd);
bool vm_state_brings_vif(const DbView *view, VifRef vif);
/* Whether it has a domain: Running or Paused. */
bool vm_state_is_up(const DbView *view, VmRef vm);
/* The tasks of the operations that are on the VM, its VBDs and its VIFs: array of Uuid, one as
 * often as it has operations. (owned) */
GArray *vm_state_tasks(const DbView *view, VmRef vm);
/* VM_BAD_POWER_STATE unless it is up. */
bool vm_state_check_up(const DbView *view, VmRef vm, Err **err);
/* Running <-> Paused, unless the VM was shut down meanwhile. */
void vm_state_set_paused(DbTxn *txn, VmRef vm, bool paused);
void vm_state_set_halted(DbTxn *txn, VmRef vm);
/* Devices stay attached, as their places are taken in the saved memory. */
void vm_state_set_suspended(DbTxn *txn, VmRef vm, VdiRef suspend_vdi);

/* Writes the metrics of a VM that runs anew: they are not stored, a daemon that restarts has none.
 */
void vm_state_refresh_metrics(DbTxn *txn, VmRef vm, uint64_t memory_bytes, unsigned vcpus);

/* "xvda" for position 0. `name` has room for VM_DEVICE_NAME_SIZE. */
enum { VM_DEVICE_NAME_SIZE = 16 };
const char *vm_state_device_name(unsigned position, char name[VM_DEVICE_NAME_SIZE]);
/* Removes the VBDs, VIFs and consoles of a VM that does not run. */
void vm_state_delete_devices(DbTxn *txn, VmRef vm);
/* A plugged VBD or VIF, unless its VM was shut down meanwhile; a VBD that is plugged no longer. */
void vm_state_attach_vbd(DbTxn *txn, VbdRef vbd);
void vm_state_attach_vif(DbTxn *txn, VifRef vif);
void vm_state_detach_vbd(DbTxn *txn, VbdRef vbd);
