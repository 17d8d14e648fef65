/* Putting a new state of the host (ops/state/state_draft.h) in the place of the old one, before
 * anything of it is opened.  Every part is renamed, the old one aside; any of these calls can end
 * at any line and goes on in the next start's.
 *
 * A file, <state_dir>/restore, says how far it is: "waiting ID", to be put in place; "trial ID", in
 * place, and the old one still aside; "back ID", the old one is to come back.  The folders
 * restore-ID below both directories have the parts: in `new` what waits, in `old` what was there,
 * in `failed` what could not be opened.  A name with ".absent" says that there is no such part. */
#pragma once

#include "ops/state/state_parts.h"

/* Puts in place what waits, or brings back what a trial that failed had replaced. `ret_is_trial`:
 * the state is new, and one of the two calls below has to follow. */
bool state_swap_settle(const StateDirs *dirs, bool *ret_is_trial, Err **err);
/* The new state has been opened: the old one is removed. */
bool state_swap_keep(const StateDirs *dirs, Err **err);
/* It could not be opened: the old one comes back. */
bool state_swap_take_back(const StateDirs *dirs, Err **err);

/* state_draft.c's: the words of the file, and the names of the folders. */
#define STATE_MARKER  "restore"
#define STATE_ABSENT  ".absent"
#define STATE_WAITING "waiting"
/* <dir of the area>/restore-ID/STAGE (owned); `stage` "": the folder of all. */
char *state_swap_folder(const StateDirs *dirs, StateArea area, const char *id, const char *stage);
bool state_swap_mark(const StateDirs *dirs, const char *word, const char *id, Err **err);
