/* VM.xenstore_data and the words in a guest's store: what is below HV_STORE_FOLDER is the same in
 * both while the guest runs, whichever side writes.
 *
 * A client's change goes to the guest before it is in the database. A guest's change is told by
 * what it differs in from the store as it was seen last: a word that only the database has is one
 * of a client whose call has not ended, or was never for the store. */
#pragma once

#include "core/call.h"

/* For HvDomainConfig.store_data, of a map: what has no place there is left out, as in 6.2.
 * (arena) */
const char *const *vm_store_data(Arena *arena, const Value *data);

/* What to write to `data`, after a guest's store had the words `seen` and has now `words`. Without
 * `seen`, of a guest that ran before this daemon did, nothing goes. NULL: nothing to write. (owned)
 */
Value *vm_store_merge(const Value *data, const Value *seen, const Value *words);
