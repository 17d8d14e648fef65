/* What a folder of xenstore has in it that a guest may have written. Pure; all is limited and
 * checked. */
#pragma once

#include "hv/hv.h"

typedef struct XenWordSource {
    /* A value, NULL when there is none; the names in a folder, NULL when it is none, in one piece.
     * (owned by the caller, free(3)) */
    char *(*value)(void *user, const char *path);
    char **(*names)(void *user, const char *path, unsigned *ret_count);
    void *user;
} XenWordSource;

/* Paths and values in turn, of what is below HV_STORE_FOLDER: without mere folders, and without
 * values that no client can be sent or that are too long. NULL when there is no such folder, or
 * more than HV_STORE_MAX_BYTES. (owned) */
char **xen_words_read(const XenWordSource *source);
