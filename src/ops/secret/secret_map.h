/* Maps of settings that name secrets: keys that end in "password_secret" have a secret's uuid. */
#pragma once

#include "core/call.h"

/* Drops the secrets that `old_map` names and `new_map` does not. */
void secret_map_clean(DbTxn *txn, const Value *old_map, const Value *new_map);
