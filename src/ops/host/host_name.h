/* Names a machine can have in a network. */
#pragma once

#include "base/err.h"

enum { HOST_NAME_MAX_LENGTH = 63 }; /* what Linux takes, less its NUL */

/* HOST_NAME_INVALID [reason] unless `name` is made of labels as RFC 1123 has them: letters, digits
 * and hyphens inside, joined by dots. */
bool host_name_check(const char *name, Err **err);
