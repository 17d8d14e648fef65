/* Writes one result piece by piece, for whoever gives it need not know in which form it is wanted:
 * as the text of an encoding, so that a long answer is never a tree, or as that tree.
 *
 * The pieces come in order: a value is written by one function, or between an opening and a closing
 * one; in a struct a name stands before each.  Nobody checks for twins of a name. */
#pragma once

#include "wire/form.h"

enum { WRITER_MAX_DEPTH = 8 };

/* For the stack; what is in it is the writer's own. */
typedef struct Writer {
    const WireForm *form;             /* NULL: the result is a Value */
    GString *out;                     /* of a text (borrowed) */
    bool is_begun;                    /* of a text: a separator is due before what follows */
    bool is_measuring;                /* of a text: only its length is wanted */
    uint64_t skipped;                 /* then: bytes that are no more than counted */
    const char *name;                 /* of a tree: of the member whose value follows (borrowed) */
    Value *result;                    /* of a tree (owned) */
    Value *open[WRITER_MAX_DEPTH];    /* of a tree: what is open, the outermost first (borrowed) */
    bool in_struct[WRITER_MAX_DEPTH]; /* what is open; else an array */
    unsigned depth;
} Writer;

/* Appends to `out` (borrowed). */
void writer_init_text(Writer *writer, const WireForm *form, GString *out);
void writer_init_tree(Writer *writer);
/* Gives up a tree that was not ended. */
void writer_clear(Writer *writer);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Writer, writer_clear)

void writer_open_struct(Writer *writer);
void writer_open_array(Writer *writer);
void writer_close(Writer *writer);                  /* what was opened last */
void writer_name(Writer *writer, const char *name); /* (borrowed) until its value has begun */
void writer_value(Writer *writer, Value *value);    /* (borrowed) */
void writer_text(Writer *writer, const char *text);
void writer_ref(Writer *writer, Uuid ref);

/* One value that the caller appends to the text by himself.  Of a tree it is NULL, and nothing has
 * begun. */
GString *writer_begin_raw(Writer *writer);
void writer_end_raw(Writer *writer);

/* After the last piece: the tree, or a void, which stands for a text that is where it belongs.
 * (owned) */
Value *writer_end(Writer *writer);
