/* Bump allocation in chained blocks.  Not a cache and not for objects that outlive a call:
 * those are on the heap, with a reference count or an owner. */
#include "base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Enough for most calls, small enough for thousands of them at once. */
#define ARENA_BLOCK_SIZE ((size_t)4096)

typedef struct Block Block;
struct Block {
    Block *next;
    size_t used;
    size_t size;
    alignas(max_align_t) unsigned char data[];
};

typedef struct Owned Owned;
struct Owned {
    Owned *next; /* registered before this one */
    void *data;
    GDestroyNotify free_func;
};

struct Arena {
    Block *blocks; /* the one being filled first */
    Owned *owned;
};

static Block *arena_add_block(Arena *arena, size_t size);

Arena *arena_new(void)
{
    return g_new0(Arena, 1);
}

void arena_free(Arena *arena)
{
    if (!arena) {
        return;
    }
    /* The list lives in the blocks, so it is walked before they go. */
    for (Owned *owned = arena->owned; owned; owned = owned->next) {
        owned->free_func(owned->data);
    }
    while (arena->blocks) {
        Block *block = arena->blocks;
        arena->blocks = block->next;
        g_free(block);
    }
    g_free(arena);
}

void *arena_alloc(Arena *arena, size_t size)
{
    const size_t align = alignof(max_align_t);
    if (size > SIZE_MAX - sizeof(Block) - align) {
        g_error("arena_alloc: %zu bytes cannot be allocated", size);
    }
    size_t rounded = (MAX(size, 1) + align - 1) / align * align;
    Block *block = arena->blocks;
    if (!block || block->size - block->used < rounded) {
        block = arena_add_block(arena, rounded);
    }
    void *memory = block->data + block->used;
    block->used += rounded;
    return memory;
}

char *arena_strdup(Arena *arena, const char *text)
{
    return text ? arena_strndup(arena, text, strlen(text)) : NULL;
}

char *arena_strndup(Arena *arena, const char *text, size_t length)
{
    size_t used = strnlen(text, length);
    char *copy = arena_alloc(arena, used + 1);
    memcpy(copy, text, used);
    return copy;
}

char *arena_printf(Arena *arena, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    g_autofree char *text = g_strdup_vprintf(fmt, args);
    va_end(args);
    return arena_strdup(arena, text);
}

void arena_own(Arena *arena, void *data, GDestroyNotify free_func)
{
    Owned *owned = arena_new0(arena, Owned, 1);
    *owned = (Owned){.next = arena->owned, .data = data, .free_func = free_func};
    arena->owned = owned;
}

/* A block with room for `size` bytes.  A large allocation gets a block of its own, behind the
 * one being filled, so that the rest of that one is not lost. */
static Block *arena_add_block(Arena *arena, size_t size)
{
    size_t capacity = MAX(size, ARENA_BLOCK_SIZE - sizeof(Block));
    Block *block = g_malloc0(sizeof(Block) + capacity);
    block->size = capacity;
    if (arena->blocks && size > ARENA_BLOCK_SIZE / 2) {
        block->next = arena->blocks->next;
        arena->blocks->next = block;
    } else {
        block->next = arena->blocks;
        arena->blocks = block;
    }
    return block;
}
