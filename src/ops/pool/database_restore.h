/* A database out of a dump for this host: from another time, or from another host whose place this
 * one takes. */
#pragma once

#include "ops/platform.h"

/* Makes it this host's: the coordinator in it becomes this host, others are forgotten, its network
 * interfaces get the addresses of those here.  RESTORE_TARGET_MISSING_DEVICE and
 * RESTORE_TARGET_MGMT_IF_NOT_IN_BACKUP as in 6.2. */
bool database_restore_fit(Platform *platform, Db *restored, Err **err);
/* Makes it the database of the next start, which comes soon when this daemon may restart itself. */
bool database_restore_commit(Platform *platform, Db *restored, Err **err);
