/* A stack of steps; see the header. */
#include "ops/undo.h"

typedef struct UndoStep {
    void (*func)(void *user);
    void *user;
} UndoStep;

void undo_push(Undo *undo, void (*func)(void *user), void *user)
{
    UndoStep *step = g_new0(UndoStep, 1);
    step->func = func;
    step->user = user;
    undo->steps = g_slist_prepend(undo->steps, step);
}

void undo_disarm(Undo *undo)
{
    g_slist_free_full(g_steal_pointer(&undo->steps), g_free);
}

void undo_run(Undo *undo)
{
    while (undo->steps) {
        g_autofree UndoStep *step = undo->steps->data;
        undo->steps = g_slist_delete_link(undo->steps, undo->steps);
        step->func(step->user);
    }
}
