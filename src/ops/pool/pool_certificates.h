/* Names of installed certificates and revocation lists. */
#pragma once

#include <stdbool.h>

/* Letters, digits, '.', '_' and '-', and no dot in front: a name is also a file's. */
bool pool_certificate_name_is_valid(const char *name);
