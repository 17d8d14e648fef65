/* Turns: one holder at a time, who may take it again; waiting for one can be cancelled. */
#include "base/turn.h"

#define ROUNDS 2000

typedef struct Shared {
    Turn turn;
    Op *op;
    unsigned inside, rounds;
} Shared;

static void fixture_start(Shared *shared)
{
    *shared = (Shared){.op = op_new(20 * USEC_PER_SEC)};
    turn_init(&shared->turn, LOCK_NETWORK);
}

static void fixture_stop(Shared *shared)
{
    turn_clear(&shared->turn);
    op_unref(shared->op);
}

static gpointer work(gpointer data)
{
    Shared *shared = data;
    int me;
    for (unsigned i = 0; i < ROUNDS; i++) {
        g_auto(TurnGuard) guard = NULL;
        g_assert_true(turn_take(&shared->turn, shared->op, &me, NULL));
        guard = &shared->turn;
        g_assert_cmpuint(shared->inside++, ==, 0);
        shared->rounds++;
        g_thread_yield();
        shared->inside--;
    }
    return NULL;
}

static void test_one_at_a_time(void)
{
    Shared shared;
    fixture_start(&shared);
    GThread *thread = g_thread_new("turn", work, &shared);
    work(&shared);
    g_thread_join(thread);
    g_assert_cmpuint(shared.rounds, ==, 2 * ROUNDS);
    fixture_stop(&shared);
}

static void test_again(void)
{
    Shared shared;
    int me, other;
    fixture_start(&shared);
    g_assert_true(turn_take(&shared.turn, shared.op, &me, NULL));
    g_assert_true(turn_take(&shared.turn, shared.op, &me, NULL));
    turn_give(&shared.turn);
    g_autoptr(Op) cancelled = op_new(USEC_NEVER);
    op_cancel(cancelled);
    g_autoptr(Err) error = NULL;
    g_assert_false(turn_take(&shared.turn, cancelled, &other, &error));
    g_assert_true(err_is(error, "TASK_CANCELLED"));
    turn_give(&shared.turn);
    g_assert_true(turn_take(&shared.turn, shared.op, &other, NULL));
    turn_give(&shared.turn);
    fixture_stop(&shared);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/turn/one-at-a-time", test_one_at_a_time);
    g_test_add_func("/turn/again", test_again);
    return g_test_run();
}
