/* A persistent map from Uuid to pointer: a trie whose versions share what they have in common.
 *
 * A Pmap is a small handle; pmap_copy() makes a second handle to the same content in constant
 * time, and changing one handle never shows in another.  Threads may read handles that share
 * content at once; one handle belongs to one thread at a time. */
#pragma once

#include "base/uuid.h"

/* How the map keeps its values; both are called from any thread that drops a version. */
typedef struct PmapOps {
    void *(*ref)(void *value);
    void (*unref)(void *value);
} PmapOps;

typedef struct PmapNode PmapNode;

typedef struct Pmap {
    const PmapOps *ops;
    PmapNode *root; /* NULL when empty */
    unsigned count;
} Pmap;

Pmap pmap_new(const PmapOps *ops); /* empty */
Pmap pmap_copy(const Pmap *map);
void pmap_clear(Pmap *map); /* empty again; gives back what only this handle held */

void *pmap_get(const Pmap *map, Uuid key); /* NULL when absent (borrowed) */
/* Adds or replaces; takes a reference of its own on `value`, which is not NULL. */
void pmap_set(Pmap *map, Uuid key, void *value);
bool pmap_remove(Pmap *map, Uuid key); /* false when it was not there */

/* Calls `each` until it returns false; returns whether all were seen.  The order depends on the
 * keys alone.  `each` must not change this handle; it may change copies. */
bool pmap_each(const Pmap *map, bool (*each)(void *value, void *user), void *user);
