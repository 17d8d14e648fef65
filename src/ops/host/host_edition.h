/* What clients read about the edition: there is one, with everything in it. */
#pragma once

#include "wire/value.h"

#define HOST_EDITION "free"

/* Of host.license_params and pool.get_license_state: never, as old clients have to be told. */
#define HOST_EDITION_EXPIRY "20991231T23:59:59Z"

/* The map of pool.restrictions. (owned) */
Value *host_edition_restrictions(void);
/* The map of host.license_params, for a product of `version`. (owned) */
Value *host_edition_license_params(const char *version);
