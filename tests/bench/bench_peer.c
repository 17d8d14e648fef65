/* Measures one thing of one daemon and prints a line for each repetition.  What is done and timed
 * is the same for every peer; tests/bench/run decides on the order and makes a table of it. */
#include "base/op.h"
#include "base/text.h"
#include "peer.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define READ_BATCH   100                  /* reads between two looks at the clock */
#define READ_TIME    (2 * USEC_PER_SEC)   /* how long to read */
#define CHANGE_LIMIT (10 * USEC_PER_SEC)  /* until a change must have been heard of */
#define CHANGE_GAP   (50 * USEC_PER_MSEC) /* for the waiting client to wait again */

typedef struct Measure {
    const char *name;
    void (*run)(const PeerDriver *driver, void *peer, unsigned repetitions);
} Measure;

static void measure_start(const PeerDriver *driver, void *peer, unsigned repetitions);
static void measure_read(const PeerDriver *driver, void *peer, unsigned repetitions);
static void measure_list(const PeerDriver *driver, void *peer, unsigned repetitions);
static void measure_event(const PeerDriver *driver, void *peer, unsigned repetitions);

static const PeerDriver *const drivers[] = {&peer_clearwater, &peer_libvirt};
static const Measure measures[] = {
    {"start", measure_start}, /* milliseconds from the call until the VM runs */
    {"read", measure_read},   /* calls a second */
    {"list", measure_list},   /* milliseconds, bytes, VMs */
    {"event", measure_event}, /* milliseconds from the call until a waiting client hears of it */
};

static const PeerDriver *find_driver(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(drivers); i++) {
        if (strcmp(drivers[i]->name, name) == 0) {
            return drivers[i];
        }
    }
    g_error("there is no peer %s", name);
}

static const Measure *find_measure(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(measures); i++) {
        if (strcmp(measures[i].name, name) == 0) {
            return &measures[i];
        }
    }
    g_error("there is no measure %s", name);
}

int main(int argc, char **argv)
{
    uint64_t repetitions;
    if (argc != 6 || !text_parse_uint(argv[5], 1000, &repetitions)) {
        fprintf(stderr, "usage: bench_peer PEER MEASURE SOCKET VM-UUID REPETITIONS\n");
        return 2;
    }
    const PeerDriver *driver = find_driver(argv[1]);
    const Measure *measure = find_measure(argv[2]);
    measure->run(driver, driver->open(argv[3], argv[4]), (unsigned)repetitions);
    fflush(stdout);
    _exit(0); /* a thread may still wait for changes */
}

void peer_check(const Err *err)
{
    if (err) {
        g_autofree char *text = err_to_string(err);
        g_error("%s", text);
    }
}

static double msec_since(Usec start)
{
    return (double)(op_now() - start) / USEC_PER_MSEC;
}

static void measure_start(const PeerDriver *driver, void *peer, unsigned repetitions)
{
    for (unsigned i = 0; i < repetitions; i++) {
        Usec start = op_now();
        driver->start(peer);
        printf("%.3f\n", msec_since(start));
        if (!driver->is_running(peer)) {
            g_error("the VM does not run after its start");
        }
        driver->stop(peer);
    }
}

static void measure_read(const PeerDriver *driver, void *peer, unsigned repetitions)
{
    for (unsigned i = 0; i < repetitions; i++) {
        unsigned long reads = 0;
        Usec start = op_now();
        while (op_now() - start < READ_TIME) {
            for (unsigned j = 0; j < READ_BATCH; j++) {
                driver->is_running(peer);
            }
            reads += READ_BATCH;
        }
        printf("%.0f\n", (double)reads * 1000 / msec_since(start));
    }
}

static void measure_list(const PeerDriver *driver, void *peer, unsigned repetitions)
{
    for (unsigned i = 0; i < repetitions; i++) {
        Usec start = op_now();
        size_t bytes = driver->list(peer);
        double msec = msec_since(start);
        printf("%.3f %zu %u\n", msec, bytes, driver->count(peer));
    }
}

/* When the other thread last heard that the VM runs, or that it does not. */
typedef struct Hearing {
    GMutex mutex;
    GCond cond;
    bool is_running;
    Usec when;
} Hearing;

static void hear(void *user, bool is_running)
{
    Hearing *hearing = user;
    g_mutex_lock(&hearing->mutex);
    hearing->when = op_now();
    hearing->is_running = is_running;
    g_cond_signal(&hearing->cond);
    g_mutex_unlock(&hearing->mutex);
}

static void wait_heard(Hearing *hearing, bool is_running)
{
    Usec end = op_now() + CHANGE_LIMIT;
    g_mutex_lock(&hearing->mutex);
    while (hearing->is_running != is_running) {
        if (!g_cond_wait_until(&hearing->cond, &hearing->mutex, end)) {
            g_error("nobody heard of the change");
        }
    }
    g_mutex_unlock(&hearing->mutex);
}

static void measure_event(const PeerDriver *driver, void *peer, unsigned repetitions)
{
    Hearing *hearing = g_new0(Hearing, 1); /* lives as long as the thread that hears */
    hearing->is_running = true;
    g_mutex_init(&hearing->mutex);
    g_cond_init(&hearing->cond);
    driver->start(peer);
    driver->watch(peer, hear, hearing);
    g_autoptr(Op) op = op_new(USEC_NEVER);
    for (unsigned i = 0; i < 2 * repetitions; i++) {
        bool pause = i % 2 == 0;
        g_autoptr(Err) err = NULL;
        op_sleep(op, CHANGE_GAP, &err);
        peer_check(err);
        Usec start = op_now();
        if (pause) {
            driver->pause(peer);
        } else {
            driver->unpause(peer);
        }
        wait_heard(hearing, !pause);
        printf("%.3f\n", (double)(hearing->when - start) / USEC_PER_MSEC);
    }
    driver->stop(peer);
}
