/* A new state of the host in the making: its files beside those it will replace, on the same disks.
 * It counts from state_draft_commit() on, and then the next start of the daemon puts it in place
 * (ops/state/state_swap.h).  What is left of an unfinished one is removed at the next start. */
#pragma once

#include "ops/state/state_parts.h"

#define STATE_ID_SIZE 9

typedef struct StateDraft {
    const StateDirs *dirs;  /* borrowed */
    char id[STATE_ID_SIZE]; /* "": there is none */
    bool is_committed;
} StateDraft;

bool state_draft_begin(const StateDirs *dirs, StateDraft *ret_draft, Err **err);
/* Makes a file of it, "etc/certs/one.pem", with the folders that lead there: a descriptor (owned),
 * or -1. Names that no backup has are refused, and so is one that was there before. */
int state_draft_create(const StateDraft *draft, const char *path, unsigned mode, Err **err);
/* Where a part of it is, or would be. (owned) */
char *state_draft_path(const StateDraft *draft, const char *area, const char *name);
/* Makes it the state that the next start puts in place, on the disk when this returns.  A draft
 * that is `whole` replaces every part, also by nothing; else it has no more than the database. */
bool state_draft_commit(StateDraft *draft, bool whole, Err **err);
/* Removes one that was not committed. */
void state_draft_clear(StateDraft *draft);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(StateDraft, state_draft_clear)
