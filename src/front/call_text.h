/* What every front asks of the texts it is given. */
#pragma once

#include "wire/value.h"

/* Texts, and names in structs, must be such that XML can carry them, whatever brought them:
 * INVALID_VALUE otherwise. */
bool call_text_check(const Value *value, Err **err);
