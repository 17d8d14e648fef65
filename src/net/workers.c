/* The worker pool: a queue of jobs, and threads that come and go.
 * It knows nothing of what a job is.
 *
 * A job goes straight to the thread that began to wait last: that one's memory is still in the
 * cache, and the others get to be idle long enough to end. */
#include "net/workers.h"

#include "base/lock.h"
#include "base/log.h"
#include "base/op.h"

/* A thread beyond the minimum ends after this long without a job. */
#define IDLE_LIFE (30 * USEC_PER_SEC)

/* A thread that waits for a job; lives on its stack. */
typedef struct Idler {
    GCond job_given;
    void *job;
} Idler;

struct Workers {
    unsigned min;
    unsigned max;
    void (*run)(void *job);

    Lock lock;   /* LOCK_NET_SERVER, over what follows */
    GQueue jobs; /* not empty only while no thread is idle */
    GQueue idlers;
    GPtrArray *threads; /* GThread that run */
    GPtrArray *ended;   /* GThread to be joined */
    bool stopping;
};

static void start_thread(Workers *workers);
static void *worker_thread(void *user);
static void *next_job(Workers *workers);
static void *wait_for_job(Workers *workers);
static void join_all(GPtrArray *threads);

Workers *workers_new(unsigned min, unsigned max, void (*run)(void *job))
{
    Workers *workers = g_new0(Workers, 1);
    workers->min = min;
    workers->max = MAX(min, max);
    workers->run = run;
    lock_init(&workers->lock, LOCK_NET_SERVER);
    g_queue_init(&workers->jobs);
    g_queue_init(&workers->idlers);
    workers->threads = g_ptr_array_new();
    workers->ended = g_ptr_array_new();
    return workers;
}

void workers_free(Workers *workers)
{
    if (!workers) {
        return;
    }
    g_ptr_array_unref(workers->threads);
    g_ptr_array_unref(workers->ended);
    lock_clear(&workers->lock);
    g_free(workers);
}

bool workers_push(Workers *workers, void *job)
{
    LOCK_GUARD(&workers->lock);
    if (workers->stopping) {
        return false;
    }
    Idler *idler = g_queue_pop_head(&workers->idlers);
    if (idler) {
        idler->job = job;
        g_cond_signal(&idler->job_given);
        return true;
    }
    g_queue_push_tail(&workers->jobs, job);
    if (workers->threads->len < workers->max) {
        start_thread(workers);
    }
    return true;
}

void workers_stop(Workers *workers, void (*drop)(void *job))
{
    lock_acquire(&workers->lock);
    workers->stopping = true;
    GQueue dropped = workers->jobs;
    g_queue_init(&workers->jobs);
    for (GList *link = workers->idlers.head; link; link = link->next) {
        g_cond_signal(&((Idler *)link->data)->job_given);
    }
    g_autoptr(GPtrArray) threads = g_steal_pointer(&workers->threads);
    g_ptr_array_extend_and_steal(threads, g_steal_pointer(&workers->ended));
    workers->threads = g_ptr_array_new();
    workers->ended = g_ptr_array_new();
    lock_release(&workers->lock);

    void *job;
    while ((job = g_queue_pop_head(&dropped)) != NULL) {
        drop(job);
    }
    join_all(threads);
}

void workers_count(Workers *workers, unsigned *ret_threads, unsigned *ret_busy)
{
    LOCK_GUARD(&workers->lock);
    *ret_threads = workers->threads->len;
    *ret_busy = workers->threads->len - MIN(workers->idlers.length, workers->threads->len);
}

/* Under the lock.  When the system gives no more threads the job waits for one there is. */
static void start_thread(Workers *workers)
{
    join_all(workers->ended);
    GThread *thread = g_thread_try_new("net-worker", worker_thread, workers, NULL);
    if (thread) {
        g_ptr_array_add(workers->threads, thread);
    } else {
        log_warn("requests wait for one of %u threads: the system refuses another",
                 workers->threads->len);
    }
}

static void *worker_thread(void *user)
{
    Workers *workers = user;
    void *job;
    while ((job = next_job(workers)) != NULL) {
        workers->run(job);
    }
    return NULL;
}

/* NULL: the thread is to end. */
static void *next_job(Workers *workers)
{
    LOCK_GUARD(&workers->lock);
    while (!workers->stopping) {
        void *job = g_queue_pop_head(&workers->jobs);
        if (!job) {
            job = wait_for_job(workers);
        }
        if (job) {
            return job;
        }
        if (!workers->stopping && workers->threads->len > workers->min) {
            g_ptr_array_remove_fast(workers->threads, g_thread_self());
            g_ptr_array_add(workers->ended, g_thread_self());
            return NULL;
        }
    }
    return NULL;
}

/* Under the lock, which is free while this waits.  NULL when the time is up or the pool stops. */
static void *wait_for_job(Workers *workers)
{
    Idler self = {0};
    g_cond_init(&self.job_given);
    g_queue_push_head(&workers->idlers, &self);
    gint64 until = g_get_monotonic_time() + IDLE_LIFE;
    bool in_time = true;
    while (!self.job && !workers->stopping && in_time) {
        in_time = g_cond_wait_until(&self.job_given, &workers->lock.mutex, until);
    }
    if (!self.job) {
        g_queue_remove(&workers->idlers, &self);
    }
    g_cond_clear(&self.job_given);
    return self.job;
}

/* The threads of `ended` need the lock no more, so joining them under it takes no time. */
static void join_all(GPtrArray *threads)
{
    for (unsigned i = 0; i < threads->len; i++) {
        g_thread_join(g_ptr_array_index(threads, i));
    }
    g_ptr_array_set_size(threads, 0);
}
