/* UUIDs by value: sixteen bytes, cheap to copy, to hash and to compare. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

typedef struct Uuid {
    uint8_t bytes[16];
} Uuid;

#define UUID_TEXT_SIZE 37 /* 8-4-4-4-12 and the NUL */

/* libuuid has functions of these names too: libraries of a module that we load must not find ours
 * when they look for those.  A module has its own copy of uuid.c. */
#pragma GCC visibility push(hidden)

Uuid uuid_generate(void);             /* version 4, from getrandom(2) */
Uuid uuid_from_md5(const char *text); /* MD5(text) as it is, the way role uuids are made */
bool uuid_parse(const char *text, Uuid *ret_uuid); /* upper or lower case; exact length */
const char *uuid_format(Uuid uuid, char text[UUID_TEXT_SIZE]); /* lower case; returns `text` */

static inline bool uuid_equal(Uuid a, Uuid b)
{
    return memcmp(a.bytes, b.bytes, sizeof a.bytes) == 0;
}
static inline bool uuid_is_null(Uuid uuid)
{
    return uuid_equal(uuid, (Uuid){{0}});
}
int uuid_compare(Uuid a, Uuid b);
guint uuid_hash(gconstpointer uuid); /* for GHashTable over Uuid * */
gboolean uuid_equal_ptr(gconstpointer a, gconstpointer b);
#pragma GCC visibility pop
