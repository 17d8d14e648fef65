/* A result of a call that is made of many items: written one by one, so that the whole of it is
 * never in memory, neither as a Value nor as a text.  It owns what it is made from, and outlives
 * the call. */
#pragma once

#include "wire/writer.h"

typedef struct LongResultKind {
    void (*open)(void *user, Writer *writer);
    void (*item)(void *user, unsigned index, Writer *writer); /* any, and more than once */
    void (*close)(void *user, Writer *writer);
    void (*free)(void *user);
} LongResultKind;

typedef struct LongResult LongResult;

/* Takes `user` over. (owned) */
LongResult *long_result_new(const LongResultKind *kind, void *user, unsigned count);
void long_result_free(LongResult *result); /* NULL-safe */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LongResult, long_result_free)

/* Goes on writing a text until it has `limit` bytes or a little more, or all is written: then true.
 * The same writer goes on with the next part, to whatever text it has by then. */
bool long_result_write(LongResult *result, Writer *writer, size_t limit);
/* How many bytes are left to be written. */
uint64_t long_result_measure(const LongResult *result, const Writer *writer);
/* All of it at once. (owned) */
Value *long_result_tree(LongResult *result);
