/* What a VM was booted with: last_booted_record, and the generation id that goes with a boot. */
#pragma once

#include "db/store.h"
#include "gen/types.h"

/* Writes down the settings of now, with which the VM boots. */
void vm_boot_record_write(DbTxn *txn, VmRef vm);

/* Gives a VM that has no generation id one. */
bool vm_boot_record_name(Db *db, VmRef vm, Err **err);
