/* The templates that come with the product. */
#pragma once

#include "db/store.h"

/* Makes those that are missing; what an administrator changed in the others stays. */
bool template_startup(Db *db, Err **err);
