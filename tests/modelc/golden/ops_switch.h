/* The messages of Switch that have an implementation, as src/ops must define them.
 * Generated from the model; do not edit. */
#pragma once

#include "core/call.h"
#include "gen/types.h"

/* Arguments are borrowed for the length of the call.  Results are handed over: texts (char *) and
 * trees (Value *) are owned by the caller. */

