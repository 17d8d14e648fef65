/* Deadlines and cancellation.
 *
 * A thread blocked in poll(2) is woken through an eventfd, one blocked on a condition through
 * the op's list of waiters, and everything else through callbacks.  Running programs under an
 * op is base/subprocess.c. */
#include "base/op.h"

#include "base/fd.h"
#include "base/lock.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>

/* Descriptors that op_poll() handles without allocating, the cancel event not counted. */
#define OP_POLL_INLINE 7

typedef struct OnCancel {
    unsigned id;
    void (*func)(void *user);
    void *user;
} OnCancel;

/* A thread inside op_wait(); lives on its stack. */
typedef struct Waiter {
    GCond *cond;
    GMutex *mutex;
    bool taken; /* out of the list, op_cancel() is about to wake it; under Op.lock */
    bool woken; /* op_cancel() will not touch it again; under `mutex` */
} Waiter;

struct Op {
    gint refs;
    gint cancelled;
    Usec timeout;
    Usec deadline;
    Op *parent; /* NULL, or owned together with its callback `parent_id` */
    unsigned parent_id;

    Lock lock;    /* LOCK_OP, over what follows */
    int event_fd; /* readable once cancelled; -1 until the first op_poll() */
    GArray *on_cancel;
    GPtrArray *waiters; /* Waiter, not owned */
    unsigned last_id;
    unsigned running_id; /* callback being run by `canceller`, or 0 */
    GThread *canceller;
    GCond callback_done;
};

static void op_cancel_now(Op *op);
static void op_cancel_child(void *user);
static void op_wake_waiters(Op *op);
static void op_run_callbacks(Op *op);
static int op_event_fd(Op *op, Err **err);
static bool op_poll_until(Op *op, struct pollfd *fds, unsigned count, Usec until, bool *ret_ready,
                          Err **err);
static bool op_poll_once(struct pollfd *fds, unsigned count, Usec until, int *ret_ready, Err **err);
static bool op_fail_cancelled(Err **err);
static bool op_leave_waiters(Op *op, const Waiter *waiter);

Op *op_new(Usec timeout)
{
    Usec now = op_now();
    Op *op = g_new0(Op, 1);
    op->refs = 1;
    op->timeout = timeout;
    op->deadline = timeout > USEC_NEVER - now ? USEC_NEVER : now + timeout;
    op->event_fd = -1;
    op->on_cancel = g_array_new(FALSE, FALSE, sizeof(OnCancel));
    op->waiters = g_ptr_array_new();
    lock_init(&op->lock, LOCK_OP);
    g_cond_init(&op->callback_done);
    return op;
}

Op *op_new_child(Op *parent, Usec timeout)
{
    Op *op = op_new(timeout);
    if (parent->deadline < op->deadline) {
        op->deadline = parent->deadline;
        op->timeout = parent->timeout;
    }
    op->parent = op_ref(parent);
    op->parent_id = op_on_cancel(parent, op_cancel_child, op);
    return op;
}

Op *op_ref(Op *op)
{
    g_atomic_int_inc(&op->refs);
    return op;
}

void op_unref(Op *op)
{
    if (!op || !g_atomic_int_dec_and_test(&op->refs)) {
        return;
    }
    if (op->parent) {
        op_remove_on_cancel(op->parent, op->parent_id);
        op_unref(op->parent);
    }
    fd_close(&op->event_fd);
    g_array_unref(op->on_cancel);
    g_ptr_array_unref(op->waiters);
    g_cond_clear(&op->callback_done);
    lock_clear(&op->lock);
    g_free(op);
}

void op_cancel(Op *op)
{
    lock_check_held_at_most(0, "op_cancel");
    op_cancel_now(op);
}

bool op_is_cancelled(const Op *op)
{
    return g_atomic_int_get(&op->cancelled) != 0;
}

unsigned op_on_cancel(Op *op, void (*func)(void *user), void *user)
{
    lock_acquire(&op->lock);
    unsigned id = ++op->last_id;
    bool late = op->cancelled;
    if (!late) {
        OnCancel callback = {.id = id, .func = func, .user = user};
        g_array_append_val(op->on_cancel, callback);
    }
    lock_release(&op->lock);
    if (late) {
        func(user);
    }
    return id;
}

void op_remove_on_cancel(Op *op, unsigned id)
{
    if (id == 0) {
        return; /* also what `running_id` is while no callback runs */
    }
    LOCK_GUARD(&op->lock);
    /* From the end: a short call comes and goes there, behind thousands that wait. */
    for (unsigned i = op->on_cancel->len; i-- > 0;) {
        if (g_array_index(op->on_cancel, OnCancel, i).id == id) {
            g_array_remove_index(op->on_cancel, i);
            return;
        }
    }
    /* A callback that removes itself must not wait for its own end. */
    while (op->running_id == id && op->canceller != g_thread_self()) {
        g_cond_wait(&op->callback_done, &op->lock.mutex);
    }
}

Usec op_now(void)
{
    return g_get_monotonic_time();
}

Usec op_deadline(const Op *op)
{
    return op->deadline;
}

bool op_check(Op *op, Err **err)
{
    if (op_is_cancelled(op)) {
        return op_fail_cancelled(err);
    }
    if (op->deadline != USEC_NEVER && op_now() >= op->deadline) {
        return err_internal(err, "timed out after %.1f s",
                            (double)op->timeout / (double)USEC_PER_SEC);
    }
    return true;
}

bool op_poll(Op *op, struct pollfd *fds, unsigned count, Err **err)
{
    bool ready = false;
    return op_poll_until(op, fds, count, op->deadline, &ready, err) && (ready || op_check(op, err));
}

bool op_wait(Op *op, GCond *cond, GMutex *mutex, Err **err)
{
    lock_check_held_at_most(1, "op_wait");
    if (!op_check(op, err)) {
        return false;
    }
    Waiter waiter = {.cond = cond, .mutex = mutex};
    lock_acquire(&op->lock);
    bool late = op->cancelled;
    if (!late) {
        g_ptr_array_add(op->waiters, &waiter);
    }
    lock_release(&op->lock);
    if (late) {
        return op_fail_cancelled(err);
    }
    if (op->deadline == USEC_NEVER) {
        g_cond_wait(cond, mutex);
    } else {
        g_cond_wait_until(cond, mutex, op->deadline);
    }
    if (!op_leave_waiters(op, &waiter)) {
        /* op_cancel() is on its way to `mutex`, which only waiting for `cond` gives free. */
        while (!waiter.woken) {
            g_cond_wait(cond, mutex);
        }
    }
    return op_check(op, err);
}

bool op_sleep(Op *op, Usec duration, Err **err)
{
    Usec now = op_now();
    Usec until = duration > USEC_NEVER - now ? USEC_NEVER : now + duration;
    bool ready;
    if (!op_poll_until(op, NULL, 0, MIN(until, op->deadline), &ready, err)) {
        return false;
    }
    return until <= op->deadline || op_check(op, err);
}

static void op_cancel_now(Op *op)
{
    lock_acquire(&op->lock);
    bool first = !op->cancelled;
    if (first) {
        g_atomic_int_set(&op->cancelled, 1);
        op->canceller = g_thread_self();
        if (op->event_fd >= 0) {
            eventfd_write(op->event_fd, 1);
        }
    }
    lock_release(&op->lock);
    if (first) {
        op_wake_waiters(op);
        op_run_callbacks(op);
    }
}

static void op_cancel_child(void *user)
{
    Op *op = user;
    /* The child may be on its way out: then op_unref() waits for this callback, and there is
     * nobody left to cancel. */
    gint refs = g_atomic_int_get(&op->refs);
    while (refs > 0 && !g_atomic_int_compare_and_exchange_full(&op->refs, refs, refs + 1, &refs)) {
    }
    if (refs > 0) {
        op_cancel_now(op);
        op_unref(op);
    }
}

/* A waiter's mutex is taken so that the wake-up cannot fall between its check of op_cancel() and
 * its sleep.  It ranks below Op.lock, hence the hand-over through `taken`. */
static void op_wake_waiters(Op *op)
{
    for (;;) {
        lock_acquire(&op->lock);
        Waiter *waiter = NULL;
        if (op->waiters->len > 0) {
            waiter = g_ptr_array_steal_index_fast(op->waiters, op->waiters->len - 1);
            waiter->taken = true;
        }
        lock_release(&op->lock);
        if (!waiter) {
            return;
        }
        GMutex *mutex = waiter->mutex;
        g_mutex_lock(mutex);
        waiter->woken = true;
        g_cond_broadcast(waiter->cond);
        g_mutex_unlock(mutex);
    }
}

static void op_run_callbacks(Op *op)
{
    lock_acquire(&op->lock);
    while (op->on_cancel->len > 0) {
        OnCancel callback = g_array_index(op->on_cancel, OnCancel, 0);
        g_array_remove_index(op->on_cancel, 0);
        op->running_id = callback.id;
        lock_release(&op->lock);
        callback.func(callback.user);
        lock_acquire(&op->lock);
        op->running_id = 0;
        g_cond_broadcast(&op->callback_done);
    }
    lock_release(&op->lock);
}

/* Most ops never poll, so the descriptor is made when the first one does. */
static int op_event_fd(Op *op, Err **err)
{
    LOCK_GUARD(&op->lock);
    if (op->event_fd < 0) {
        op->event_fd = eventfd((unsigned)op->cancelled, EFD_CLOEXEC | EFD_NONBLOCK);
        if (op->event_fd < 0) {
            err_errno(err, errno, "cannot make an event descriptor");
        }
    }
    return op->event_fd;
}

/* True when a descriptor is ready or `until` has come; which of them, says `ret_ready`. */
static bool op_poll_until(Op *op, struct pollfd *fds, unsigned count, Usec until, bool *ret_ready,
                          Err **err)
{
    lock_check_held_at_most(0, "op_poll");
    int event_fd = op_event_fd(op, err);
    if (event_fd < 0) {
        return false;
    }
    struct pollfd local[OP_POLL_INLINE + 1];
    g_autofree struct pollfd *allocated = NULL;
    struct pollfd *all = local;
    if (count > OP_POLL_INLINE) {
        all = allocated = g_new(struct pollfd, count + 1);
    }
    if (count > 0) {
        memcpy(all, fds, count * sizeof *fds);
    }
    all[count] = (struct pollfd){.fd = event_fd, .events = POLLIN};

    int ready = 0;
    if (!op_poll_once(all, count + 1, until, &ready, err)) {
        return false;
    }
    if (all[count].revents) {
        return op_fail_cancelled(err);
    }
    for (unsigned i = 0; i < count; i++) {
        fds[i].revents = all[i].revents;
    }
    *ret_ready = ready > 0;
    return true;
}

static bool op_poll_once(struct pollfd *fds, unsigned count, Usec until, int *ret_ready, Err **err)
{
    for (;;) {
        struct timespec rest;
        if (until != USEC_NEVER) {
            Usec left = MAX(until - op_now(), 0);
            rest = (struct timespec){.tv_sec = left / USEC_PER_SEC,
                                     .tv_nsec = left % USEC_PER_SEC * 1000};
        }
        int ready = ppoll(fds, count, until == USEC_NEVER ? NULL : &rest, NULL);
        if (ready >= 0) {
            *ret_ready = ready;
            return true;
        }
        if (errno != EINTR) {
            return err_errno(err, errno, "cannot poll %u descriptors", count);
        }
    }
}

static bool op_fail_cancelled(Err **err)
{
    return err_set(err, "TASK_CANCELLED");
}

/* False when op_cancel() has taken the waiter out already. */
static bool op_leave_waiters(Op *op, const Waiter *waiter)
{
    LOCK_GUARD(&op->lock);
    if (waiter->taken) {
        return false;
    }
    g_ptr_array_remove_fast(op->waiters, (gpointer)waiter);
    return true;
}
