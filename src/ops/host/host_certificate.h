/* The certificate in a PEM file that has more in it. */
#pragma once

#include <glib.h>

/* The first certificate, as PEM with its two lines around it; NULL when there is none. (owned) */
char *host_certificate_extract(const char *pem);
