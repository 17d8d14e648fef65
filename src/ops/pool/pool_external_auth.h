/* The directory of users that is in use. */
#pragma once

#include "ops/platform.h"

/* At start: what the host's row says counts again. */
void external_auth_startup(Platform *platform, Core *core);
