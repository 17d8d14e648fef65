/* The certificate that this host shows to its clients. */
#pragma once

#include "base/err.h"

/* Makes a self-signed one with its key into a PEM file.  It is good for the host's name, for
 * `address` if that is numeric, and for this machine itself. */
bool host_certificate_make(const char *path, const char *host_name, const char *address, Err **err);
