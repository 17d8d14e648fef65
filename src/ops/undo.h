/* What to take back when a story of several steps fails in the middle: each step that succeeded
 * pushes its undoing; leaving the block runs them, last first, unless undo_disarm() came before. */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct Undo {
    GSList *steps; /* UndoStep *, last first */
} Undo;

/* `user` must live until the undo ran or was disarmed: the call's arena is the usual place. */
void undo_push(Undo *undo, void (*func)(void *user), void *user);
void undo_disarm(Undo *undo);
void undo_run(Undo *undo);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Undo, undo_run)
