/* Which of the hosts in the database is the one that this daemon runs on. */
#pragma once

#include "db/store.h"

/* This host's uuid, from <state_dir>/host-uuid, which is written when it is missing.  A database
 * from before the file has one host, and that is it.  Call it before the host's object is made: a
 * host never meets itself under two uuids. */
bool host_identity_find(Db *db, const char *state_dir, Uuid *ret_uuid, Err **err);
