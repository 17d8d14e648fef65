/* Op: deadlines, cancellation from other threads, callbacks, children.  No test measures time;
 * what must happen is waited for under a deadline that only a broken build reaches. */
#include "base/op.h"

#include "base/fd.h"

#include <fcntl.h>
#include <string.h>

#define PATIENCE (60 * USEC_PER_SEC)

static void assert_timed_out(const Err *err)
{
    g_assert_true(err_is(err, "INTERNAL_ERROR"));
    g_assert_true(g_str_has_prefix(err->params[0], "timed out"));
}

static void test_deadlines(void)
{
    g_autoptr(Op) never = op_new(USEC_NEVER);
    g_assert_cmpint(op_deadline(never), ==, USEC_NEVER);
    g_autoptr(Op) nearly = op_new(USEC_NEVER - 1);
    g_assert_cmpint(op_deadline(nearly), ==, USEC_NEVER);
    Usec before = op_now();
    g_autoptr(Op) soon = op_new(PATIENCE);
    g_assert_cmpint(op_deadline(soon), >=, before + PATIENCE);
    g_assert_cmpint(op_deadline(soon), <=, op_now() + PATIENCE);
    g_autoptr(Op) child = op_new_child(soon, USEC_NEVER);
    g_assert_cmpint(op_deadline(child), ==, op_deadline(soon));
    g_autoptr(Op) shorter = op_new_child(soon, 0);
    g_assert_cmpint(op_deadline(shorter), <, op_deadline(soon));
}

static void test_check(void)
{
    g_autoptr(Err) err = NULL;
    g_autoptr(Op) op = op_new(USEC_NEVER);
    g_assert_true(op_check(op, &err));
    g_assert_false(op_is_cancelled(op));
    op_cancel(op);
    op_cancel(op);
    g_assert_true(op_is_cancelled(op));
    g_assert_false(op_check(op, &err));
    g_assert_true(err_is(err, "TASK_CANCELLED"));
    g_assert_null(err->params[0]);
    g_clear_pointer(&err, err_free);
    g_autoptr(Op) late = op_new(0);
    g_assert_false(op_check(late, &err));
    assert_timed_out(err);
}

static void test_poll_ready(void)
{
    g_autoptr(Err) err = NULL;
    g_autoptr(Op) op = op_new(PATIENCE);
    int fds[2];
    g_assert_cmpint(pipe2(fds, O_CLOEXEC), ==, 0);
    auto_fd reader = fds[0];
    auto_fd writer = fds[1];
    /* More than fit in the array on the stack. */
    struct pollfd many[20];
    for (unsigned i = 0; i < G_N_ELEMENTS(many); i++) {
        many[i] = (struct pollfd){.fd = i == 13 ? reader : -1, .events = POLLIN, .revents = 99};
    }
    g_assert_true(fd_write_all(writer, "x", 1, &err));
    g_assert_true(op_poll(op, many, G_N_ELEMENTS(many), &err));
    for (unsigned i = 0; i < G_N_ELEMENTS(many); i++) {
        g_assert_cmpint(many[i].revents, ==, i == 13 ? POLLIN : 0);
    }
}

static void test_poll_deadline(void)
{
    g_autoptr(Err) err = NULL;
    g_autoptr(Op) op = op_new(USEC_PER_MSEC);
    g_assert_false(op_poll(op, NULL, 0, &err));
    assert_timed_out(err);
}

static void test_sleep(void)
{
    g_autoptr(Err) err = NULL;
    g_autoptr(Op) op = op_new(PATIENCE);
    Usec until = op_now() + USEC_PER_MSEC;
    g_assert_true(op_sleep(op, USEC_PER_MSEC, &err));
    g_assert_cmpint(op_now(), >=, until);
    g_autoptr(Op) brief = op_new(USEC_PER_MSEC);
    g_assert_false(op_sleep(brief, USEC_NEVER, &err));
    assert_timed_out(err);
    g_clear_pointer(&err, err_free);
    op_cancel(op);
    g_assert_false(op_sleep(op, PATIENCE, &err));
    g_assert_true(err_is(err, "TASK_CANCELLED"));
}

static gpointer poll_until_cancelled(gpointer data)
{
    Err *err = NULL;
    g_assert_false(op_poll(data, NULL, 0, &err));
    return err;
}

static void test_cancel_wakes_poll(void)
{
    g_autoptr(Op) op = op_new(PATIENCE);
    GThread *thread = g_thread_new("poll", poll_until_cancelled, op);
    op_cancel(op); /* before or during the poll; both must end it */
    g_autoptr(Err) err = g_thread_join(thread);
    g_assert_true(err_is(err, "TASK_CANCELLED"));
}

/* A predicate under a mutex, as callers of op_wait() have one. */
typedef struct Gate {
    GMutex mutex;
    GCond cond;
    Op *op;
    unsigned waiting;
    bool open;
} Gate;

static gpointer wait_for_gate(gpointer data)
{
    Gate *gate = data;
    Err *err = NULL;
    g_mutex_lock(&gate->mutex);
    gate->waiting++;
    g_cond_broadcast(&gate->cond);
    while (!gate->open && op_wait(gate->op, &gate->cond, &gate->mutex, &err)) {
    }
    g_mutex_unlock(&gate->mutex);
    return err;
}

static void gate_await_waiting(Gate *gate, unsigned count)
{
    g_autoptr(Op) patience = op_new(PATIENCE);
    g_mutex_lock(&gate->mutex);
    while (gate->waiting < count) {
        g_assert_true(op_wait(patience, &gate->cond, &gate->mutex, NULL));
    }
    g_mutex_unlock(&gate->mutex);
}

static void test_wait_is_signalled(void)
{
    g_autoptr(Op) op = op_new(PATIENCE);
    Gate gate = {.op = op};
    GThread *thread = g_thread_new("wait", wait_for_gate, &gate);
    gate_await_waiting(&gate, 1);
    g_mutex_lock(&gate.mutex);
    gate.open = true;
    g_cond_broadcast(&gate.cond);
    g_mutex_unlock(&gate.mutex);
    g_assert_null(g_thread_join(thread));
}

static void test_cancel_wakes_all_waiters(void)
{
    g_autoptr(Op) op = op_new(PATIENCE);
    Gate gate = {.op = op};
    GThread *threads[8];
    for (unsigned i = 0; i < G_N_ELEMENTS(threads); i++) {
        threads[i] = g_thread_new("wait", wait_for_gate, &gate);
    }
    gate_await_waiting(&gate, G_N_ELEMENTS(threads));
    op_cancel(op);
    for (unsigned i = 0; i < G_N_ELEMENTS(threads); i++) {
        g_autoptr(Err) err = g_thread_join(threads[i]);
        g_assert_true(err_is(err, "TASK_CANCELLED"));
    }
}

static void test_wait_deadline(void)
{
    g_autoptr(Op) op = op_new(USEC_PER_MSEC);
    Gate gate = {.op = op};
    g_autoptr(Err) err = wait_for_gate(&gate);
    assert_timed_out(err);
}

static void test_wait_races_with_cancel(void)
{
    for (unsigned round = 0; round < 500; round++) {
        g_autoptr(Op) op = op_new(PATIENCE);
        Gate gate = {.op = op};
        GThread *thread = g_thread_new("wait", wait_for_gate, &gate);
        op_cancel(op);
        g_autoptr(Err) err = g_thread_join(thread);
        g_assert_true(err_is(err, "TASK_CANCELLED"));
    }
}

static void count_call(void *user)
{
    ++*(unsigned *)user;
}

static void test_callbacks(void)
{
    g_autoptr(Op) op = op_new(USEC_NEVER);
    unsigned kept = 0, removed = 0, late = 0;
    op_on_cancel(op, count_call, &kept);
    unsigned id = op_on_cancel(op, count_call, &removed);
    op_remove_on_cancel(op, id);
    g_assert_cmpuint(kept, ==, 0);
    op_cancel(op);
    op_cancel(op);
    g_assert_cmpuint(kept, ==, 1);
    g_assert_cmpuint(removed, ==, 0);
    id = op_on_cancel(op, count_call, &late);
    g_assert_cmpuint(late, ==, 1);
    op_remove_on_cancel(op, id);
}

typedef struct Removal {
    Op *op;
    unsigned id;
    Gate gate;
    bool finished;
} Removal;

static void slow_callback(void *user)
{
    Removal *removal = user;
    wait_for_gate(&removal->gate);
    removal->finished = true;
}

static gpointer cancel_removal(gpointer data)
{
    op_cancel(((Removal *)data)->op);
    return NULL;
}

static gpointer open_gate(gpointer data)
{
    Gate *gate = data;
    g_mutex_lock(&gate->mutex);
    gate->open = true;
    g_cond_broadcast(&gate->cond);
    g_mutex_unlock(&gate->mutex);
    return NULL;
}

static void test_removal_waits_for_a_running_callback(void)
{
    g_autoptr(Op) op = op_new(PATIENCE);
    g_autoptr(Op) gate_op = op_new(PATIENCE);
    Removal removal = {.op = op, .gate = {.op = gate_op}};
    removal.id = op_on_cancel(op, slow_callback, &removal);
    GThread *canceller = g_thread_new("cancel", cancel_removal, &removal);
    gate_await_waiting(&removal.gate, 1);
    GThread *opener = g_thread_new("open", open_gate, &removal.gate);
    op_remove_on_cancel(op, removal.id);
    g_assert_true(removal.finished);
    g_thread_join(canceller);
    g_thread_join(opener);
}

static void remove_self(void *user)
{
    Removal *removal = user;
    op_remove_on_cancel(removal->op, removal->id);
    removal->finished = true;
}

static void test_callback_removes_itself(void)
{
    g_autoptr(Op) op = op_new(PATIENCE);
    Removal removal = {.op = op};
    removal.id = op_on_cancel(op, remove_self, &removal);
    op_cancel(op);
    g_assert_true(removal.finished);
}

/* Waiting for the end of "no callback" would never end. */
static void test_removal_of_nothing(void)
{
    g_autoptr(Op) op = op_new(PATIENCE);
    unsigned calls = 0;
    op_remove_on_cancel(op, 0);
    g_assert_cmpuint(op_on_cancel(op, count_call, &calls), !=, 0);
    op_remove_on_cancel(op, 0);
    op_cancel(op);
    g_assert_cmpuint(calls, ==, 1);
    op_remove_on_cancel(op, 0);
}

static void test_children(void)
{
    g_autoptr(Op) parent = op_new(USEC_NEVER);
    g_autoptr(Op) child = op_new_child(parent, USEC_NEVER);
    g_autoptr(Op) grandchild = op_new_child(child, USEC_NEVER);
    Op *gone = op_new_child(parent, USEC_NEVER);
    op_unref(gone);
    g_autoptr(Op) other = op_new_child(parent, USEC_NEVER);
    op_cancel(other);
    g_assert_false(op_is_cancelled(parent));
    op_cancel(parent);
    g_assert_true(op_is_cancelled(child));
    g_assert_true(op_is_cancelled(grandchild));
    g_autoptr(Op) late = op_new_child(parent, USEC_NEVER);
    g_assert_true(op_is_cancelled(late));
}

static void unref_child(void *user)
{
    op_unref(user);
}

static void test_child_dies_in_its_own_cancel(void)
{
    g_autoptr(Op) parent = op_new(USEC_NEVER);
    Op *child = op_new_child(parent, USEC_NEVER);
    op_on_cancel(child, unref_child, child);
    op_cancel(parent);
}

static gpointer make_children(gpointer data)
{
    for (unsigned i = 0; i < 2000; i++) {
        g_autoptr(Op) child = op_new_child(data, USEC_NEVER);
        g_autoptr(Op) grandchild = op_new_child(child, USEC_NEVER);
        g_assert_nonnull(grandchild);
    }
    return NULL;
}

static void test_children_die_while_the_parent_is_cancelled(void)
{
    for (unsigned round = 0; round < 10; round++) {
        g_autoptr(Op) parent = op_new(USEC_NEVER);
        GThread *a = g_thread_new("children", make_children, parent);
        GThread *b = g_thread_new("children", make_children, parent);
        op_cancel(parent);
        g_thread_join(a);
        g_thread_join(b);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/op/deadlines", test_deadlines);
    g_test_add_func("/op/check", test_check);
    g_test_add_func("/op/poll/ready", test_poll_ready);
    g_test_add_func("/op/poll/deadline", test_poll_deadline);
    g_test_add_func("/op/poll/cancel", test_cancel_wakes_poll);
    g_test_add_func("/op/sleep", test_sleep);
    g_test_add_func("/op/wait/signal", test_wait_is_signalled);
    g_test_add_func("/op/wait/cancel", test_cancel_wakes_all_waiters);
    g_test_add_func("/op/wait/deadline", test_wait_deadline);
    g_test_add_func("/op/wait/race", test_wait_races_with_cancel);
    g_test_add_func("/op/callbacks", test_callbacks);
    g_test_add_func("/op/callbacks/removal", test_removal_waits_for_a_running_callback);
    g_test_add_func("/op/callbacks/self", test_callback_removes_itself);
    g_test_add_func("/op/callbacks/nothing", test_removal_of_nothing);
    g_test_add_func("/op/children", test_children);
    g_test_add_func("/op/children/own-cancel", test_child_dies_in_its_own_cancel);
    g_test_add_func("/op/children/race", test_children_die_while_the_parent_is_cancelled);
    return g_test_run();
}
