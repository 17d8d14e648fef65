/* A cache of records, class by class. It lives for one command and is never refreshed. */
#include "front/cli/cli_objects.h"

#include "front/cli/cli_api.h"

struct CliObjects {
    Cli *cli;
    bool is_bulk;
    GHashTable *classes; /* name (borrowed) -> ClassCache */
};

typedef struct ClassCache {
    GHashTable *records; /* Uuid -> Value *; NULL: known not to be there */
    bool is_whole;       /* what is not in `records` does not exist */
} ClassCache;

static ClassCache *find_class(CliObjects *objects, const char *class_name);
static void class_cache_free(gpointer data);
static void value_unref_if_any(gpointer data);
static const Value *keep(ClassCache *cache, Uuid ref, Value *record);
static GArray *fetch_all(CliObjects *objects, ClassCache *cache, const char *class_name,
                         const char *query, Err **err);

CliObjects *cli_objects_new(Cli *cli, bool is_bulk)
{
    CliObjects *objects = g_new0(CliObjects, 1);
    objects->cli = cli;
    objects->is_bulk = is_bulk;
    objects->classes = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, class_cache_free);
    return objects;
}

void cli_objects_free(CliObjects *objects)
{
    if (objects) {
        g_hash_table_unref(objects->classes);
        g_free(objects);
    }
}

Cli *cli_objects_cli(CliObjects *objects)
{
    return objects->cli;
}

const Value *cli_objects_find(CliObjects *objects, const char *class_name, Uuid ref)
{
    if (uuid_is_null(ref)) {
        return NULL;
    }
    ClassCache *cache = find_class(objects, class_name);
    gpointer known = NULL;
    if (g_hash_table_lookup_extended(cache->records, &ref, NULL, &known)) {
        return known;
    }
    if (objects->is_bulk && !cache->is_whole) {
        GArray *rows = fetch_all(objects, cache, class_name, NULL, NULL);
        g_clear_pointer(&rows, g_array_unref);
        known = g_hash_table_lookup(cache->records, &ref);
    }
    if (known || cache->is_whole) {
        return known;
    }
    return keep(cache, ref, cli_api_record(objects->cli, class_name, ref, NULL));
}

GArray *cli_objects_all(CliObjects *objects, const char *class_name, const char *query, Err **err)
{
    return fetch_all(objects, find_class(objects, class_name), class_name, query, err);
}

static ClassCache *find_class(CliObjects *objects, const char *class_name)
{
    ClassCache *cache = g_hash_table_lookup(objects->classes, class_name);
    if (!cache) {
        cache = g_new0(ClassCache, 1);
        cache->records =
            g_hash_table_new_full(uuid_hash, uuid_equal_ptr, g_free, value_unref_if_any);
        g_hash_table_insert(objects->classes, (char *)class_name, cache);
    }
    return cache;
}

static void class_cache_free(gpointer data)
{
    ClassCache *cache = data;
    g_hash_table_unref(cache->records);
    g_free(cache);
}

static void value_unref_if_any(gpointer data)
{
    value_unref(data);
}

/* Takes `record` over; the first one that was kept of an object stays. */
static const Value *keep(ClassCache *cache, Uuid ref, Value *record)
{
    const Value *known = g_hash_table_lookup(cache->records, &ref);
    if (known) {
        value_unref(record);
        return known;
    }
    g_hash_table_insert(cache->records, g_memdup2(&ref, sizeof ref), record);
    return record;
}

static GArray *fetch_all(CliObjects *objects, ClassCache *cache, const char *class_name,
                         const char *query, Err **err)
{
    g_autofree char *method =
        g_strdup_printf("%s.get_all_records%s", class_name, query ? "_where" : "");
    Value *params = query ? cli_api_params(value_new_string(query), NULL) : NULL;
    g_autoptr(Value) all = cli_api_call(objects->cli, method, params, err);
    if (!all) {
        return NULL;
    }
    GArray *rows = g_array_sized_new(FALSE, FALSE, sizeof(CliRow), value_count(all));
    for (unsigned i = 0; i < value_count(all); i++) {
        CliRow row;
        if (value_ref_parse(value_name_at(all, i), &row.ref)) {
            row.record = keep(cache, row.ref, value_ref(value_at(all, i)));
            g_array_append_val(rows, row);
        }
    }
    cache->is_whole = cache->is_whole || !query;
    return rows;
}
