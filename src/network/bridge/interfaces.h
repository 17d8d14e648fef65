/* Every interface of this network namespace, as NwDriver.interfaces tells it. */
#pragma once

#include "network/nw.h"

GArray *interfaces_list(Err **err); /* of NwInterface (owned) */
