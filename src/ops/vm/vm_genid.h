/* The generation id of a guest: 128 bits that change when the guest is taken back in time or
 * copied, so that it can tell.  In the record they are two numbers, "high:low". */
#pragma once

#include "base/uuid.h"

#include <stdbool.h>

/* What a record has that never got one. */
#define VM_GENID_NONE "0:0"

/* A new one, drawn at random. (owned) */
char *vm_genid_new(void);

/* As the guest finds it in its memory: each number with its lowest byte first. The null uuid when
 * the text is not of that form. */
Uuid vm_genid_bytes(const char *text);
