/* Locks: mutual exclusion, and in debug builds the order of ranks. */
#include "base/lock.h"

#define ROUNDS 20000

typedef struct Counter {
    Lock lock;
    unsigned count;
} Counter;

static gpointer count_up(gpointer data)
{
    Counter *counter = data;
    for (unsigned i = 0; i < ROUNDS; i++) {
        LOCK_GUARD(&counter->lock);
        counter->count++;
    }
    return NULL;
}

static void test_excludes(void)
{
    Counter counter = {0};
    lock_init(&counter.lock, LOCK_TASK);
    GThread *thread = g_thread_new("count", count_up, &counter);
    count_up(&counter);
    g_thread_join(thread);
    g_assert_cmpuint(counter.count, ==, 2 * ROUNDS);
    lock_clear(&counter.lock);
}

static void test_rising_order(void)
{
    Lock low, middle, high;
    lock_init(&low, LOCK_DAEMON);
    lock_init(&middle, LOCK_TASK);
    lock_init(&high, LOCK_LOG);
    lock_acquire(&low);
    lock_acquire(&middle);
    lock_acquire(&high);
    lock_release(&middle); /* not the last one taken */
    lock_release(&high);
    lock_acquire(&middle);
    lock_release(&middle);
    lock_check_held_at_most(1, "test");
    lock_release(&low);
    lock_check_held_at_most(0, "test");
    lock_clear(&low);
    lock_clear(&middle);
    lock_clear(&high);
}

static void take_in_order(LockRank first, LockRank second)
{
    Lock a, b;
    lock_init(&a, first);
    lock_init(&b, second);
    lock_acquire(&a);
    lock_acquire(&b);
}

static void release_unheld(void)
{
    Lock lock;
    lock_init(&lock, LOCK_SR);
    lock_release(&lock);
}

static void block_with_lock(void)
{
    Lock lock;
    lock_init(&lock, LOCK_SR);
    lock_acquire(&lock);
    lock_check_held_at_most(0, "op_poll");
}

static void test_violations(void)
{
#ifdef CLEARWATER_DEBUG
    static const struct {
        const char *name;
        const char *message;
    } cases[] = {{"falling", "*lock order*"},
                 {"equal", "*lock order*"},
                 {"unheld", "*does not hold it*"},
                 {"block", "*op_poll would block*"}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/lock/violation/subprocess/", cases[i].name, NULL);
        g_test_trap_subprocess(path, 0, G_TEST_SUBPROCESS_DEFAULT);
        g_test_trap_assert_failed();
        g_test_trap_assert_stderr(cases[i].message);
    }
#else
    g_test_skip("ranks are checked in debug builds only");
#endif
}

static void violate_falling(void)
{
    take_in_order(LOCK_TASK, LOCK_SESSION);
}

static void violate_equal(void)
{
    take_in_order(LOCK_HV_DOMAIN, LOCK_HV_DOMAIN);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/lock/excludes", test_excludes);
    g_test_add_func("/lock/rising", test_rising_order);
    g_test_add_func("/lock/violation", test_violations);
    g_test_add_func("/lock/violation/subprocess/falling", violate_falling);
    g_test_add_func("/lock/violation/subprocess/equal", violate_equal);
    g_test_add_func("/lock/violation/subprocess/unheld", release_unheld);
    g_test_add_func("/lock/violation/subprocess/block", block_with_lock);
    return g_test_run();
}
