/* The engine's callbacks only note what happened; operation threads act on it, and one thread of
 * the watch's own asks guests' agents for news. */
#include "ops/vm/vm_watch.h"

#include "base/log.h"
#include "core/core.h"
#include "gen/db_vm.h"
#include "gen/schema.h"
#include "ops/vm/vm_boot.h"
#include "ops/vm/vm_devices.h"
#include "ops/vm/vm_exit.h"
#include "ops/vm/vm_guest.h"
#include "ops/vm/vm_state.h"

/* How often a guest is asked anew: addresses and memory change without a sign. */
#define GUEST_INTERVAL (5 * USEC_PER_SEC)

typedef struct WatchedDomain {
    Uuid uuid; /* key of the table */
    uint64_t ticket;
    bool expected; /* an operation waits for its end */
    bool exited;
    bool claimed; /* somebody acts on the exit */
    Usec due;     /* 0: at once; else nobody acts on the exit before */
    HvExitReason reason;
    bool has_news; /* the guest said something */
    Usec asked;    /* when it was, the last time */
    Value *words;  /* what was in its store the last time, NULL at first (owned) */
    bool told_now; /* a client's words go to its store */
    unsigned told; /* how often they did */
} WatchedDomain;

struct VmWatch {
    Platform *platform;
    unsigned db_watch; /* 0: none */
    GThread *thread;
    Lock lock;           /* everything below */
    GCond cond;          /* a domain exited, was ended or put off, or has news */
    GCond vm_changed;    /* vm_changes */
    uint64_t vm_changes; /* counts changes of VMs and their devices */
    GHashTable *domains; /* Uuid * -> WatchedDomain * */
    GQueue left;         /* LeftNotice (owned) that nobody acts upon yet */
    Usec acted;          /* what was due up to then was acted upon */
    bool started;        /* exits may be acted upon */
    bool stopping;
};

/* An exit on its way to an operation thread. */
typedef struct ExitNotice {
    VmWatch *watch;
    VmExit exit;
} ExitNotice;

/* The same for a device that a guest gave back. */
typedef struct LeftNotice {
    VmWatch *watch;
    Uuid domain;
    char id[HV_ID_SIZE];
} LeftNotice;

static void on_domain_exited(void *user, Uuid domain, uint64_t ticket, HvExitReason reason);
static void on_guest_changed(void *user, Uuid domain);
static void on_disk_ejected(void *user, Uuid domain, const char *disk_id);
static void on_device_error(void *user, Uuid domain, const char *disk_id, const char *text);
static void on_device_left(void *user, Uuid domain, const char *id);
static void act_on_left(VmWatch *watch);
static void run_left(void *user);
static void on_commit(void *user, DbSnapshot *snapshot, const DbChange *changes, unsigned count);
static void note_change(VmWatch *watch);
static void act_if_idle(VmWatch *watch, const DbView *view, VmRef vm);
static bool is_alone(Db *db, VmRef vm, Uuid task);
static void free_domain(void *domain);
static WatchedDomain *add_domain(VmWatch *watch, Uuid uuid, uint64_t ticket);
static void act_on_exit(VmWatch *watch, const WatchedDomain *domain);
static void run_exit(void *user);
static Usec act_on_due(VmWatch *watch);
static gpointer serve_guests(gpointer user);
static GArray *take_news(VmWatch *watch, bool all, Usec *ret_next);

VmWatch *vm_watch_new(Platform *platform)
{
    VmWatch *watch = g_new0(VmWatch, 1);
    watch->platform = platform;
    lock_init(&watch->lock, LOCK_VM_WATCH);
    g_cond_init(&watch->cond);
    g_cond_init(&watch->vm_changed);
    watch->domains = g_hash_table_new_full(uuid_hash, uuid_equal_ptr, NULL, free_domain);
    return watch;
}

bool vm_watch_start(VmWatch *watch, Err **err)
{
    GError *error = NULL;
    watch->thread = g_thread_try_new("guests", serve_guests, watch, &error);
    if (!watch->thread) {
        err_internal(err, "cannot start a thread: %s", error->message);
        g_clear_error(&error);
        return false;
    }
    watch->db_watch = db_watch(platform_db(watch->platform), on_commit, watch);
    LOCK_GUARD(&watch->lock);
    watch->started = true;
    GHashTableIter iter;
    g_hash_table_iter_init(&iter, watch->domains);
    for (gpointer value; g_hash_table_iter_next(&iter, NULL, &value);) {
        act_on_exit(watch, value);
    }
    act_on_left(watch);
    return true;
}

void vm_watch_stop(VmWatch *watch)
{
    if (watch->db_watch) {
        db_unwatch(platform_db(watch->platform), watch->db_watch);
        watch->db_watch = 0;
    }
    lock_acquire(&watch->lock);
    watch->stopping = true;
    g_cond_broadcast(&watch->cond);
    lock_release(&watch->lock);
    if (watch->thread) {
        g_thread_join(g_steal_pointer(&watch->thread));
    }
}

void vm_watch_free(VmWatch *watch)
{
    g_hash_table_unref(watch->domains);
    g_queue_clear_full(&watch->left, g_free);
    g_cond_clear(&watch->cond);
    g_cond_clear(&watch->vm_changed);
    lock_clear(&watch->lock);
    g_free(watch);
}

HvEvents vm_watch_events(VmWatch *watch)
{
    return (HvEvents){.user = watch,
                      .domain_exited = on_domain_exited,
                      .guest_changed = on_guest_changed,
                      .disk_ejected = on_disk_ejected,
                      .device_error = on_device_error,
                      .device_left = on_device_left};
}

void vm_watch_started(VmWatch *watch, Uuid uuid, uint64_t ticket, Value *words)
{
    LOCK_GUARD(&watch->lock);
    const WatchedDomain *known = g_hash_table_lookup(watch->domains, &uuid);
    if (!known || known->ticket != ticket) {
        WatchedDomain *domain = add_domain(watch, uuid, ticket);
        domain->words = words;
        domain->has_news = !words;
        g_cond_broadcast(&watch->cond);
    } else {
        value_unref(words);
    }
}

void vm_watch_begin_words(VmWatch *watch, Uuid uuid)
{
    LOCK_GUARD(&watch->lock);
    WatchedDomain *domain = g_hash_table_lookup(watch->domains, &uuid);
    if (domain) {
        domain->told_now = true;
    }
}

void vm_watch_end_words(VmWatch *watch, Uuid uuid, const HvStoreChange *changes, unsigned count)
{
    LOCK_GUARD(&watch->lock);
    WatchedDomain *domain = g_hash_table_lookup(watch->domains, &uuid);
    if (!domain) {
        return;
    }
    for (unsigned i = 0; domain->words && i < count; i++) {
        Value *before = domain->words;
        domain->words = changes[i].value ? value_struct_with(before, changes[i].path,
                                                             value_new_string(changes[i].value))
                                         : value_struct_without(before, changes[i].path);
        value_unref(before);
    }
    domain->told_now = false;
    domain->told++;
    domain->has_news = true;
    g_cond_broadcast(&watch->cond);
}

bool vm_watch_swap_words(VmWatch *watch, const VmLook *look, Value **words)
{
    LOCK_GUARD(&watch->lock);
    WatchedDomain *domain = g_hash_table_lookup(watch->domains, &look->domain);
    if (!domain || domain->ticket != look->start_ticket || domain->told_now ||
        domain->told != look->told) {
        return false;
    }
    Value *before = domain->words;
    domain->words = *words;
    *words = before;
    return true;
}

void vm_watch_ended(VmWatch *watch, Uuid uuid)
{
    LOCK_GUARD(&watch->lock);
    g_hash_table_remove(watch->domains, &uuid);
    g_cond_broadcast(&watch->cond);
}

bool vm_watch_has_exit(VmWatch *watch, Uuid uuid)
{
    LOCK_GUARD(&watch->lock);
    WatchedDomain *domain = g_hash_table_lookup(watch->domains, &uuid);
    return domain && domain->exited;
}

bool vm_watch_claim_exit(VmWatch *watch, Uuid uuid, uint64_t ticket, bool *ret_was_put_off)
{
    LOCK_GUARD(&watch->lock);
    WatchedDomain *domain = g_hash_table_lookup(watch->domains, &uuid);
    bool ok = domain && domain->ticket == ticket && domain->exited && !domain->claimed &&
              domain->due <= op_now();
    if (ok) {
        domain->claimed = true;
        *ret_was_put_off = domain->due > 0;
    }
    return ok;
}

void vm_watch_put_off(VmWatch *watch, Uuid uuid, uint64_t ticket, Usec pause)
{
    LOCK_GUARD(&watch->lock);
    WatchedDomain *domain = g_hash_table_lookup(watch->domains, &uuid);
    if (domain && domain->ticket == ticket && domain->claimed) {
        domain->claimed = false;
        domain->due = op_now() + pause;
        g_cond_broadcast(&watch->cond);
    }
}

void vm_watch_expect(VmWatch *watch, Uuid uuid)
{
    LOCK_GUARD(&watch->lock);
    WatchedDomain *domain = g_hash_table_lookup(watch->domains, &uuid);
    if (domain) {
        domain->expected = true;
    }
}

bool vm_watch_wait_exit(VmWatch *watch, Op *op, Uuid uuid, HvExitReason *ret_reason, Err **err)
{
    LOCK_GUARD(&watch->lock);
    for (;;) {
        WatchedDomain *domain = g_hash_table_lookup(watch->domains, &uuid);
        if (!domain || domain->exited) {
            *ret_reason = domain ? domain->reason : HV_EXIT_DESTROYED;
            return true;
        }
        if (!op_wait(op, &watch->cond, &watch->lock.mutex, err)) {
            return false;
        }
    }
}

/* An exit that came after the waiting ended without it is acted upon like any other. */
void vm_watch_unexpect(VmWatch *watch, Uuid uuid)
{
    LOCK_GUARD(&watch->lock);
    WatchedDomain *domain = g_hash_table_lookup(watch->domains, &uuid);
    if (domain && domain->expected) {
        domain->expected = false;
        act_on_exit(watch, domain);
    }
}

bool vm_watch_wait_alone(VmWatch *watch, Op *op, VmRef vm, Uuid task, Err **err)
{
    for (;;) {
        lock_acquire(&watch->lock);
        uint64_t seen = watch->vm_changes;
        lock_release(&watch->lock);
        if (is_alone(platform_db(watch->platform), vm, task)) {
            return true;
        }
        LOCK_GUARD(&watch->lock);
        while (watch->vm_changes == seen) {
            if (!op_wait(op, &watch->vm_changed, &watch->lock.mutex, err)) {
                return false;
            }
        }
    }
}

static void on_domain_exited(void *user, Uuid uuid, uint64_t ticket, HvExitReason reason)
{
    VmWatch *watch = user;
    LOCK_GUARD(&watch->lock);
    WatchedDomain *domain = g_hash_table_lookup(watch->domains, &uuid);
    if (reason == HV_EXIT_DESTROYED) {
        return;
    }
    if (!domain) {
        /* It ended while no daemon ran: the engine tells while it opens, or soon after. */
        domain = add_domain(watch, uuid, ticket);
    }
    if (domain->ticket == ticket && !domain->exited) {
        domain->exited = true;
        domain->reason = reason;
        g_cond_broadcast(&watch->cond);
        act_on_exit(watch, domain);
    }
}

static void on_guest_changed(void *user, Uuid uuid)
{
    VmWatch *watch = user;
    LOCK_GUARD(&watch->lock);
    WatchedDomain *domain = g_hash_table_lookup(watch->domains, &uuid);
    if (domain && !domain->has_news) {
        domain->has_news = true;
        g_cond_broadcast(&watch->cond);
    }
}

static void on_disk_ejected(void *user, Uuid uuid, const char *disk_id)
{
    (void)user;
    log_info("the guest of %s ejected the medium of %s", UUID_TEXT(uuid), disk_id);
}

static void on_device_error(void *user, Uuid uuid, const char *disk_id, const char *text)
{
    (void)user;
    log_warn("disk %s of %s: %s", disk_id, UUID_TEXT(uuid), text);
}

static void on_device_left(void *user, Uuid uuid, const char *id)
{
    VmWatch *watch = user;
    LeftNotice *notice = g_new0(LeftNotice, 1);
    notice->watch = watch;
    notice->domain = uuid;
    g_strlcpy(notice->id, id, sizeof notice->id);
    LOCK_GUARD(&watch->lock);
    g_queue_push_tail(&watch->left, notice);
    act_on_left(watch);
}

static void act_on_left(VmWatch *watch)
{
    LeftNotice *notice;
    while (watch->started && !watch->stopping && (notice = g_queue_pop_head(&watch->left))) {
        core_run_operation(platform_core(watch->platform), run_left, notice);
    }
}

static void run_left(void *user)
{
    g_autofree LeftNotice *notice = user;
    vm_devices_left(notice->watch->platform, notice->domain, notice->id);
}

/* An exit that came while an operation was on the VM is acted upon when that is over. */
static void on_commit(void *user, DbSnapshot *snapshot, const DbChange *changes, unsigned count)
{
    VmWatch *watch = user;
    const DbView *view = db_snapshot_view(snapshot);
    for (unsigned i = 0; i < count; i++) {
        uint16_t class_id = changes[i].class_id;
        if (class_id == CLASS_VM && changes[i].kind == DB_MODIFIED) {
            note_change(watch);
            act_if_idle(watch, view, (VmRef){changes[i].ref});
        } else if (class_id == CLASS_VBD || class_id == CLASS_VIF) {
            note_change(watch);
        }
    }
}

static void note_change(VmWatch *watch)
{
    LOCK_GUARD(&watch->lock);
    watch->vm_changes++;
    g_cond_broadcast(&watch->vm_changed);
}

static void act_if_idle(VmWatch *watch, const DbView *view, VmRef vm)
{
    Uuid uuid = vm_domain_uuid(view, vm);
    bool is_idle = value_count(db_vm_current_operations(view, vm)) == 0;
    LOCK_GUARD(&watch->lock);
    const WatchedDomain *domain = g_hash_table_lookup(watch->domains, &uuid);
    if (domain && is_idle) {
        act_on_exit(watch, domain);
    }
}

static bool is_alone(Db *db, VmRef vm, Uuid task)
{
    g_autoptr(DbSnapshot) snapshot = db_snapshot(db);
    g_autoptr(GArray) tasks = vm_state_tasks(db_snapshot_view(snapshot), vm);
    bool alone = true;
    for (guint i = 0; i < tasks->len; i++) {
        alone = alone && uuid_equal(g_array_index(tasks, Uuid, i), task);
    }
    return alone;
}

static void free_domain(void *user)
{
    WatchedDomain *domain = user;
    value_unref(domain->words);
    g_free(domain);
}

static WatchedDomain *add_domain(VmWatch *watch, Uuid uuid, uint64_t ticket)
{
    WatchedDomain *domain = g_new0(WatchedDomain, 1);
    domain->uuid = uuid;
    domain->ticket = ticket;
    g_hash_table_replace(watch->domains, &domain->uuid, domain);
    return domain;
}

/* Nothing happens when there is nothing to act upon, or it is not the watch's to do. */
static void act_on_exit(VmWatch *watch, const WatchedDomain *domain)
{
    if (!domain->exited || domain->expected || domain->claimed || !watch->started ||
        watch->stopping || domain->due > op_now()) {
        return;
    }
    ExitNotice *notice = g_new0(ExitNotice, 1);
    notice->watch = watch;
    notice->exit = (VmExit){domain->uuid, domain->ticket, domain->reason};
    core_run_operation(platform_core(watch->platform), run_exit, notice);
}

static void run_exit(void *user)
{
    g_autofree ExitNotice *notice = user;
    vm_exit_handle(notice->watch->platform, &notice->exit);
}

/* When the next exit that was put off is due; G_MAXINT64: never. */
static Usec act_on_due(VmWatch *watch)
{
    Usec now = op_now();
    Usec next = G_MAXINT64;
    GHashTableIter iter;
    g_hash_table_iter_init(&iter, watch->domains);
    for (gpointer value; g_hash_table_iter_next(&iter, NULL, &value);) {
        const WatchedDomain *domain = value;
        if (domain->due > now) {
            next = MIN(next, domain->due);
        } else if (domain->due > watch->acted) {
            act_on_exit(watch, domain);
        }
    }
    watch->acted = now;
    return next;
}

static gpointer serve_guests(gpointer user)
{
    VmWatch *watch = user;
    Usec next_round = op_now() + GUEST_INTERVAL;
    lock_acquire(&watch->lock);
    while (!watch->stopping) {
        Usec next_due = act_on_due(watch);
        bool all = op_now() >= next_round;
        Usec next_news;
        g_autoptr(GArray) news = take_news(watch, all, &next_news);
        if (all) {
            next_round = op_now() + GUEST_INTERVAL;
        }
        if (news->len == 0) {
            g_cond_wait_until(&watch->cond, &watch->lock.mutex,
                              MIN(MIN(next_round, next_due), next_news));
            continue;
        }
        lock_release(&watch->lock);
        for (guint i = 0; i < news->len; i++) {
            vm_guest_refresh(watch->platform, &g_array_index(news, VmLook, i));
        }
        lock_acquire(&watch->lock);
    }
    lock_release(&watch->lock);
    return NULL;
}

/* The domains to ask: those with news, or every running one. Array of VmLook. And when those are to
 * be asked that were just asked; G_MAXINT64: never. */
static GArray *take_news(VmWatch *watch, bool all, Usec *ret_next)
{
    Usec now = op_now();
    *ret_next = G_MAXINT64;
    GArray *news = g_array_new(FALSE, FALSE, sizeof(VmLook));
    GHashTableIter iter;
    g_hash_table_iter_init(&iter, watch->domains);
    for (gpointer value; g_hash_table_iter_next(&iter, NULL, &value);) {
        WatchedDomain *domain = value;
        if ((!all && !domain->has_news) || domain->exited) {
            continue;
        }
        if (!all && domain->asked + VM_WATCH_NEWS_PAUSE > now) {
            *ret_next = MIN(*ret_next, domain->asked + VM_WATCH_NEWS_PAUSE);
            continue;
        }
        const VmLook look = {domain->uuid, domain->ticket, domain->told};
        domain->has_news = false;
        domain->asked = now;
        g_array_append_val(news, look);
    }
    return news;
}
