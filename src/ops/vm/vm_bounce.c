/* The pauses are in memory only: after the daemon's own restart they begin anew. */
#include "ops/vm/vm_bounce.h"

#include "base/lock.h"
#include "gen/db_vm_metrics.h"

enum { LONGEST_PAUSE = 60, DEFAULT_SECONDS = 120, MAX_SECONDS = 24 * 60 * 60 };

static const char KEY[] = "crash-loop-seconds";

struct VmBounces {
    Lock lock;
    GHashTable *pauses; /* Uuid * of the VM -> seconds of its next pause */
};

static bool ran_briefly(const DbView *view, VmRef vm, int64_t enough);
static int64_t loop_seconds(const DbView *view, VmRef vm);
static gboolean is_gone(gpointer vm, gpointer pause, gpointer view);

VmBounces *vm_bounces_new(void)
{
    VmBounces *bounces = g_new0(VmBounces, 1);
    lock_init(&bounces->lock, LOCK_VM_WATCH);
    bounces->pauses = g_hash_table_new_full(uuid_hash, uuid_equal_ptr, g_free, NULL);
    return bounces;
}

void vm_bounces_free(VmBounces *bounces)
{
    if (bounces) {
        g_hash_table_unref(bounces->pauses);
        lock_clear(&bounces->lock);
        g_free(bounces);
    }
}

bool vm_bounce_is_crash_loop(const DbView *view, VmRef vm)
{
    return ran_briefly(view, vm, loop_seconds(view, vm));
}

unsigned vm_bounce_pause(VmBounces *bounces, const DbView *view, VmRef vm)
{
    LOCK_GUARD(&bounces->lock);
    if (!ran_briefly(view, vm, loop_seconds(view, vm) / 2)) {
        g_hash_table_remove(bounces->pauses, &vm.id);
        return 0;
    }
    g_hash_table_foreach_remove(bounces->pauses, is_gone, (gpointer)view);
    unsigned pause = GPOINTER_TO_UINT(g_hash_table_lookup(bounces->pauses, &vm.id));
    unsigned next = pause ? MIN(pause * 2, LONGEST_PAUSE) : VM_BOUNCE_FIRST_PAUSE;
    g_hash_table_replace(bounces->pauses, g_memdup2(&vm.id, sizeof vm.id), GUINT_TO_POINTER(next));
    return pause;
}

/* A clock that was set back makes no uptime brief. */
static bool ran_briefly(const DbView *view, VmRef vm, int64_t enough)
{
    int64_t started = db_vm_metrics_start_time(view, db_vm_metrics(view, vm));
    int64_t uptime = g_get_real_time() / USEC_PER_SEC - started;
    return uptime >= 0 && uptime < enough;
}

static int64_t loop_seconds(const DbView *view, VmRef vm)
{
    const char *text = db_vm_other_config_get(view, vm, KEY);
    guint64 seconds;
    return text && g_ascii_string_to_unsigned(text, 10, 0, MAX_SECONDS, &seconds, NULL)
               ? (int64_t)seconds
               : DEFAULT_SECONDS;
}

static gboolean is_gone(gpointer vm, gpointer pause, gpointer view)
{
    (void)pause;
    return !db_vm_exists(view, (VmRef){*(const Uuid *)vm});
}
