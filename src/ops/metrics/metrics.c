/* The owner of the archives.  Looking at the world and writing files happens without the lock; only
 * the arithmetic needs it. */
#include "ops/metrics/metrics.h"

#include "base/log.h"
#include "core/core.h"
#include "gen/db_host.h"
#include "gen/db_pool.h"
#include "gen/db_sr.h"
#include "gen/db_vm.h"
#include "gen/errors.h"
#include "ops/metrics/alarm.h"
#include "ops/metrics/metrics_rows.h"
#include "ops/metrics/metrics_store.h"

#include <math.h>

/* What a round may take, all engines together. */
#define ROUND_LIMIT (4 * USEC_PER_SEC)
static const double SAVE_INTERVAL = 3600;
enum {
    SAVED_AT_ONCE = 50, /* so that a round stays short where a thousand archives are due */
    ROWS_ROUNDS = 12,   /* the database learns of every twelfth round */
};

typedef struct Measured {
    Uuid uuid; /* key of the table */
    MetricsOwner owner;
    int domid;
    Rrd *rrd;
    GArray *metrics; /* Metric: what there was to record the last time */
    double saved;
    uint64_t round; /* that it was seen in */
} Measured;

struct Metrics {
    Platform *platform;
    MetricsCollector *collector;
    MetricsStore *store; /* the sampling thread's, and load() anybody's */
    Alarms *alarms;
    GThread *thread;
    uint64_t round;
    Lock lock; /* over what follows */
    GCond cond;
    bool stopping;
    double now;          /* of the last round */
    double save_at;      /* INFINITY: nobody asked */
    GHashTable *objects; /* Uuid * -> Measured */
};

static void measured_free(Measured *object);
static gpointer run(gpointer user);
static double clock_now(void);
static bool is_wanted(void *user, Uuid uuid);
static void load_new(Metrics *metrics, const GArray *sets, double now);
static Rrd *new_archive(Metrics *metrics, MetricsOwner owner, double now);
static void take_set(Metrics *metrics, MetricsSet *set, double now);
static void add_standard(Rrd *rrd, const GArray *sources);
static void add_source(Rrd *rrd, const Metric *metric, Err **err);
static const Metric *find_source(const GArray *sources, const char *name);
static GPtrArray *take_gone(Metrics *metrics);
static void save_due(Metrics *metrics, double now, bool all);
static Measured *find(Metrics *metrics, const char *uuid);
static Value *source_record(const Measured *object, const Metric *metric);
static GPtrArray *in_order(Metrics *metrics);
static bool is_chosen(const Measured *object, const MetricsChoice *choice);

Metrics *metrics_new(Platform *platform)
{
    Metrics *metrics = g_new0(Metrics, 1);
    metrics->platform = platform;
    metrics->collector = metrics_collector_new(platform);
    metrics->store = metrics_store_new(platform_paths(platform)->state_dir);
    metrics->alarms = alarms_new(platform);
    metrics->save_at = INFINITY;
    lock_init(&metrics->lock, LOCK_METRICS);
    g_cond_init(&metrics->cond);
    metrics->objects =
        g_hash_table_new_full(uuid_hash, uuid_equal_ptr, NULL, (GDestroyNotify)measured_free);
    return metrics;
}

bool metrics_start(Metrics *metrics, Err **err)
{
    GError *error = NULL;
    metrics->thread = g_thread_try_new("metrics", run, metrics, &error);
    if (!metrics->thread) {
        err_internal(err, "cannot start a thread: %s", error->message);
        g_clear_error(&error);
    }
    return metrics->thread != NULL;
}

void metrics_stop(Metrics *metrics)
{
    {
        LOCK_GUARD(&metrics->lock);
        metrics->stopping = true;
        g_cond_broadcast(&metrics->cond);
    }
    if (metrics->thread) {
        g_thread_join(g_steal_pointer(&metrics->thread));
        save_due(metrics, clock_now(), true);
    }
}

void metrics_free(Metrics *metrics)
{
    if (!metrics) {
        return;
    }
    metrics_stop(metrics);
    g_hash_table_unref(metrics->objects);
    alarms_free(metrics->alarms);
    metrics_store_free(metrics->store);
    metrics_collector_free(metrics->collector);
    g_cond_clear(&metrics->cond);
    lock_clear(&metrics->lock);
    g_free(metrics);
}

void metrics_sample(Metrics *metrics, double now)
{
    g_autoptr(Op) op = op_new_child(core_op(platform_core(metrics->platform)), ROUND_LIMIT);
    g_autoptr(GArray) sets = metrics_collect(metrics->collector, op);
    metrics->round++;
    load_new(metrics, sets, now);
    {
        LOCK_GUARD(&metrics->lock);
        for (guint i = 0; i < sets->len; i++) {
            take_set(metrics, &g_array_index(sets, MetricsSet, i), now);
        }
        metrics->now = now;
    }
    if (metrics->round % ROWS_ROUNDS == 1) {
        metrics_rows_write(metrics->platform, sets);
    }
    alarms_check(metrics->alarms, metrics, now);
    g_autoptr(GPtrArray) gone = take_gone(metrics);
    for (guint i = 0; i < gone->len; i++) {
        const Measured *object = g_ptr_array_index(gone, i);
        if (is_wanted(metrics, object->uuid)) {
            metrics_store_put(metrics->store, object->uuid, object->rrd);
        } else {
            metrics_store_remove(metrics->store, object->uuid);
        }
    }
    save_due(metrics, now, false);
}

void metrics_save_later(Metrics *metrics, double delay)
{
    LOCK_GUARD(&metrics->lock);
    metrics->save_at = clock_now() + CLAMP(delay, 0, SAVE_INTERVAL);
}

void metrics_remove(Metrics *metrics, const char *uuid)
{
    Uuid key;
    if (uuid_parse(uuid, &key)) {
        lock_acquire(&metrics->lock);
        g_hash_table_remove(metrics->objects, &key);
        lock_release(&metrics->lock);
        metrics_store_remove(metrics->store, key);
    }
}

RrdTable *metrics_table(Metrics *metrics, const RrdQuery *query, const MetricsChoice *choice,
                        Err **err)
{
    static const char *const names[] = {
        [METRICS_HOST] = "host", [METRICS_VM] = "vm", [METRICS_SR] = "sr"};
    LOCK_GUARD(&metrics->lock);
    g_autoptr(RrdTable) table = rrd_table_new(query, metrics->now);
    g_autoptr(GPtrArray) objects = in_order(metrics);
    for (guint i = 0; i < objects->len; i++) {
        const Measured *object = g_ptr_array_index(objects, i);
        g_autofree char *prefix =
            g_strdup_printf("%s:%s", names[object->owner], UUID_TEXT(object->uuid));
        if (is_chosen(object, choice) && !rrd_table_add(table, prefix, object->rrd, err)) {
            return NULL;
        }
    }
    return g_steal_pointer(&table);
}

Rrd *metrics_copy(Metrics *metrics, const char *uuid)
{
    Uuid key;
    {
        LOCK_GUARD(&metrics->lock);
        const Measured *object = find(metrics, uuid);
        if (object) {
            return rrd_copy(object->rrd);
        }
    }
    return uuid_parse(uuid, &key) ? metrics_store_load(metrics->store, key) : NULL;
}

bool metrics_newest(Metrics *metrics, const char *uuid, GPtrArray *names, GArray *values)
{
    LOCK_GUARD(&metrics->lock);
    const Measured *object = find(metrics, uuid);
    for (unsigned i = 0; object && i < rrd_count(object->rrd); i++) {
        double value = rrd_newest(object->rrd, i);
        g_ptr_array_add(names, g_strdup(rrd_name(object->rrd, i)));
        g_array_append_val(values, value);
    }
    return object != NULL;
}

Value *metrics_sources(Metrics *metrics, const char *uuid)
{
    Value *records = value_new_array(32);
    LOCK_GUARD(&metrics->lock);
    const Measured *object = find(metrics, uuid);
    for (guint i = 0; object && i < object->metrics->len; i++) {
        value_array_add(records, source_record(object, &g_array_index(object->metrics, Metric, i)));
    }
    return records;
}

bool metrics_query(Metrics *metrics, const char *uuid, const char *name, double *ret_value,
                   Err **err)
{
    LOCK_GUARD(&metrics->lock);
    const Measured *object = find(metrics, uuid);
    int series = object ? rrd_find(object->rrd, name) : -1;
    if (series < 0) {
        return err_invalid_value(err, "data-source", name);
    }
    *ret_value = rrd_newest(object->rrd, (unsigned)series);
    return true;
}

bool metrics_record(Metrics *metrics, const char *uuid, const char *name, Err **err)
{
    LOCK_GUARD(&metrics->lock);
    const Measured *object = find(metrics, uuid);
    const Metric *metric = object ? find_source(object->metrics, name) : NULL;
    g_autoptr(Err) error = NULL;
    if (!metric) {
        return err_invalid_value(err, "data-source", name);
    }
    if (rrd_find(object->rrd, name) < 0) {
        add_source(object->rrd, metric, &error);
    }
    return !error || err_propagate(err, g_steal_pointer(&error));
}

bool metrics_forget(Metrics *metrics, const char *uuid, const char *name, Err **err)
{
    LOCK_GUARD(&metrics->lock);
    const Measured *object = find(metrics, uuid);
    int series = object ? rrd_find(object->rrd, name) : -1;
    if (series < 0) {
        return err_invalid_value(err, "data-source", name);
    }
    rrd_remove(object->rrd, (unsigned)series);
    return true;
}

static void measured_free(Measured *object)
{
    rrd_free(object->rrd);
    g_clear_pointer(&object->metrics, g_array_unref);
    g_free(object);
}

/* Rounds begin where steps do, so that a sample tells of one whole step. */
static gpointer run(gpointer user)
{
    Metrics *metrics = user;
    metrics_store_sweep(metrics->store, is_wanted, metrics);
    for (;;) {
        metrics_sample(metrics, clock_now());
        LOCK_GUARD(&metrics->lock);
        double left = RRD_STEP - fmod(clock_now(), RRD_STEP);
        gint64 next = g_get_monotonic_time() + (gint64)(left * (double)USEC_PER_SEC);
        while (!metrics->stopping &&
               g_cond_wait_until(&metrics->cond, &metrics->lock.mutex, next)) {
        }
        if (metrics->stopping) {
            return NULL;
        }
    }
}

static double clock_now(void)
{
    return (double)g_get_real_time() / (double)USEC_PER_SEC;
}

static bool is_wanted(void *user, Uuid uuid)
{
    const Metrics *metrics = user;
    g_autoptr(DbSnapshot) snapshot = db_snapshot(platform_db(metrics->platform));
    const DbView *view = db_snapshot_view(snapshot);
    return db_find_by_uuid(view, CLASS_VM, uuid) || db_find_by_uuid(view, CLASS_SR, uuid) ||
           db_find_by_uuid(view, CLASS_HOST, uuid);
}

/* Objects that were not measured a moment ago go on with what is known of them. */
static void load_new(Metrics *metrics, const GArray *sets, double now)
{
    for (guint i = 0; i < sets->len; i++) {
        const MetricsSet *set = &g_array_index(sets, MetricsSet, i);
        lock_acquire(&metrics->lock);
        bool is_known = g_hash_table_contains(metrics->objects, &set->uuid);
        lock_release(&metrics->lock);
        if (is_known || !set->is_readable) {
            continue;
        }
        Rrd *rrd = metrics_store_load(metrics->store, set->uuid);
        Measured *object = g_new0(Measured, 1);
        object->uuid = set->uuid;
        object->owner = set->owner;
        object->domid = set->domid;
        object->saved = now;
        object->rrd = rrd ? rrd : new_archive(metrics, set->owner, now);
        LOCK_GUARD(&metrics->lock);
        g_hash_table_insert(metrics->objects, &object->uuid, object);
    }
}

/* It begins a step ago, so that the first sample is one. Hosts have the extremes too, and VMs where
 * the pool asks for them. */
static Rrd *new_archive(Metrics *metrics, MetricsOwner owner, double now)
{
    g_autoptr(DbSnapshot) snapshot = db_snapshot(platform_db(metrics->platform));
    const char *wish =
        db_pool_other_config_get(db_snapshot_view(snapshot), platform_pool(metrics->platform),
                                 "create_min_max_in_new_VM_RRDs");
    bool extremes = owner == METRICS_HOST || (wish && g_ascii_strcasecmp(wish, "true") == 0);
    return rrd_new(extremes, now - RRD_STEP);
}

/* What is seen is taken out of the set. */
static void take_set(Metrics *metrics, MetricsSet *set, double now)
{
    Measured *object = g_hash_table_lookup(metrics->objects, &set->uuid);
    if (!object) {
        return;
    }
    object->round = metrics->round;
    if (!set->is_readable) {
        return;
    }
    if (object->domid != set->domid) {
        object->domid = set->domid;
        rrd_forget_counters(object->rrd);
    }
    add_standard(object->rrd, set->metrics);
    unsigned count = rrd_count(object->rrd);
    g_autofree double *values = g_new(double, count + 1);
    for (unsigned i = 0; i < count; i++) {
        const Metric *metric = find_source(set->metrics, rrd_name(object->rrd, i));
        values[i] = metric ? metric->value : NAN;
    }
    rrd_update(object->rrd, now, values);
    g_clear_pointer(&object->metrics, g_array_unref);
    object->metrics = g_array_ref(set->metrics);
}

static void add_standard(Rrd *rrd, const GArray *sources)
{
    for (guint i = 0; i < sources->len; i++) {
        const Metric *metric = &g_array_index(sources, Metric, i);
        if (metric->kind->is_standard && rrd_find(rrd, metric->name) < 0) {
            add_source(rrd, metric, NULL); /* beyond the limit of series there are no more */
        }
    }
}

static void add_source(Rrd *rrd, const Metric *metric, Err **err)
{
    const MetricKind *kind = metric->kind;
    rrd_add(rrd, &(RrdSource){metric->name, kind->type, kind->min, kind->max}, err);
}

static const Metric *find_source(const GArray *sources, const char *name)
{
    for (guint i = 0; sources && i < sources->len; i++) {
        const Metric *metric = &g_array_index(sources, Metric, i);
        if (strcmp(metric->name, name) == 0) {
            return metric;
        }
    }
    return NULL;
}

/* The objects that this round has not seen: their VM stopped, their repository was detached. */
static GPtrArray *take_gone(Metrics *metrics)
{
    GPtrArray *gone = g_ptr_array_new_with_free_func((GDestroyNotify)measured_free);
    LOCK_GUARD(&metrics->lock);
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, metrics->objects);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        if (((Measured *)value)->round != metrics->round) {
            g_hash_table_iter_steal(&iter);
            g_ptr_array_add(gone, value);
        }
    }
    return gone;
}

/* Commits what else was put, too. */
static void save_due(Metrics *metrics, double now, bool all)
{
    g_autoptr(GPtrArray) copies = g_ptr_array_new_with_free_func((GDestroyNotify)measured_free);
    {
        LOCK_GUARD(&metrics->lock);
        bool is_asked = all || now >= metrics->save_at;
        metrics->save_at = is_asked ? INFINITY : metrics->save_at;
        GHashTableIter iter;
        gpointer value;
        g_hash_table_iter_init(&iter, metrics->objects);
        while (g_hash_table_iter_next(&iter, NULL, &value)) {
            Measured *object = value;
            bool is_due = now - object->saved >= SAVE_INTERVAL && copies->len < SAVED_AT_ONCE;
            if (is_asked || is_due) {
                Measured *copy = g_new0(Measured, 1);
                copy->uuid = object->uuid;
                copy->rrd = rrd_copy(object->rrd);
                g_ptr_array_add(copies, copy);
                object->saved = now;
            }
        }
    }
    for (guint i = 0; i < copies->len; i++) {
        const Measured *copy = g_ptr_array_index(copies, i);
        metrics_store_put(metrics->store, copy->uuid, copy->rrd);
    }
    metrics_store_commit(metrics->store);
}

static Measured *find(Metrics *metrics, const char *uuid)
{
    Uuid key;
    return uuid_parse(uuid, &key) ? g_hash_table_lookup(metrics->objects, &key) : NULL;
}

static Value *source_record(const Measured *object, const Metric *metric)
{
    const MetricKind *kind = metric->kind;
    int series = rrd_find(object->rrd, metric->name);
    double newest = series < 0 ? NAN : rrd_newest(object->rrd, (unsigned)series);
    g_autofree char *description = metric_kind_text(kind->description, metric->device);
    Value *record = value_new_struct(8);
    value_struct_add_static(record, "name_label", value_new_string(metric->name));
    value_struct_add_static(record, "name_description", value_new_string(description));
    value_struct_add_static(record, "enabled", value_new_bool(series >= 0));
    value_struct_add_static(record, "standard", value_new_bool(kind->is_standard));
    value_struct_add_static(record, "units", value_new_string(kind->units));
    value_struct_add_static(record, "min", value_new_float(kind->min));
    value_struct_add_static(record, "max", value_new_float(kind->max));
    value_struct_add_static(record, "value", value_new_float(isnan(newest) ? 0 : newest));
    return record;
}

static gint by_owner_and_uuid(gconstpointer a, gconstpointer b)
{
    const Measured *first = *(const Measured *const *)a;
    const Measured *second = *(const Measured *const *)b;
    int order = (int)first->owner - (int)second->owner;
    return order != 0 ? order : uuid_compare(first->uuid, second->uuid);
}

static GPtrArray *in_order(Metrics *metrics)
{
    GPtrArray *objects = g_ptr_array_new();
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, metrics->objects);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        g_ptr_array_add(objects, value);
    }
    g_ptr_array_sort(objects, by_owner_and_uuid);
    return objects;
}

static bool is_chosen(const Measured *object, const MetricsChoice *choice)
{
    char uuid[UUID_TEXT_SIZE];
    uuid_format(object->uuid, uuid);
    switch (object->owner) {
    case METRICS_HOST:
        return choice->host;
    case METRICS_VM:
        return choice->all_vms || (choice->uuids && g_hash_table_contains(choice->uuids, uuid));
    case METRICS_SR:
        return choice->uuids && g_hash_table_contains(choice->uuids, uuid);
    }
    return false;
}
