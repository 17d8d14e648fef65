/* Programs of the administrator's that the API runs: plugins and extensions. */
#pragma once

#include <glib.h>

/* The path of the executable file `name` right in `folder`; NULL when there is none. (owned) */
char *host_plugin_find(const char *folder, const char *name);
