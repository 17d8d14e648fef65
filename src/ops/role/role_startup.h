/* The fixed objects of class role: the roles and the permissions they are made of. */
#pragma once

#include "db/store.h"

bool role_startup(Db *db, Err **err);
