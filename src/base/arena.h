/* Scratch memory that dies as a whole, usually with the call it belongs to.
 * Not thread-safe: one arena belongs to one thread at a time. */
#pragma once

#include <glib.h>
#include <stddef.h>

typedef struct Arena Arena;

Arena *arena_new(void);
void arena_free(Arena *arena);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Arena, arena_free)

/* Zeroed and aligned for any type.  Never NULL: out of memory aborts. */
void *arena_alloc(Arena *arena, size_t size);
#define arena_new0(arena, Type, count) ((Type *)arena_alloc((arena), sizeof(Type) * (count)))

char *arena_strdup(Arena *arena, const char *text); /* NULL stays NULL */
char *arena_strndup(Arena *arena, const char *text, size_t length);
char *arena_printf(Arena *arena, const char *fmt, ...) G_GNUC_PRINTF(2, 3);

/* Runs `free_func(data)` when the arena dies, last registered first. */
void arena_own(Arena *arena, void *data, GDestroyNotify free_func);
