/* How long the store takes for what a busy host does; prints, asserts nothing. */
#include "../assert_ok.h"
#include "db/store.h"

#include <stdio.h>
#include <unistd.h>

enum { VM_FIELDS = 93, VMS = 1000, READS = 1000000, THREADS = 8, COMMITS_EACH = 250 };
enum { FIELD_UUID, FIELD_NAME, FIELD_MEMORY };

static const TypeInfo type_string = {.kind = TYPE_STRING, .name = "string"};
static const TypeInfo type_int = {.kind = TYPE_INT, .name = "int"};
static const TypeInfo type_map = {
    .kind = TYPE_MAP, .key = &type_string, .item = &type_string, .name = "map"};

typedef struct Schema {
    char names[VM_FIELDS][16];
    DbField fields[VM_FIELDS];
    DbClass vm;
    DbSchema schema;
} Schema;

/* A third of the fields are strings, ints and maps each, as VM has them more or less. */
static void schema_init(Schema *bench)
{
    static const TypeInfo *const types[] = {&type_string, &type_string, &type_int, &type_map};
    for (unsigned i = 0; i < VM_FIELDS; i++) {
        g_snprintf(bench->names[i], sizeof bench->names[i], "field_%u", i);
        bench->fields[i] = (DbField){.name = bench->names[i],
                                     .type = types[i % G_N_ELEMENTS(types)],
                                     .relation_class = DB_NO_RELATION};
    }
    bench->vm = (DbClass){.name = "VM",
                          .event_name = "vm",
                          .flags = DB_CLASS_PERSISTENT | DB_CLASS_EVENTS,
                          .fields = bench->fields,
                          .field_count = VM_FIELDS,
                          .uuid_field = FIELD_UUID,
                          .name_label_field = FIELD_NAME};
    bench->schema = (DbSchema){.classes = &bench->vm, .class_count = 1};
}

static double seconds_since(gint64 start)
{
    return (double)(g_get_monotonic_time() - start) / G_TIME_SPAN_SECOND;
}

/* Resident memory in KiB. */
static long resident_size(void)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (file && fscanf(file, "%*d %ld", &pages) != 1) {
        pages = 0;
    }
    if (file) {
        fclose(file);
    }
    return pages * sysconf(_SC_PAGESIZE) / 1024;
}

static void create_vms(Db *db, Uuid refs[VMS])
{
    g_autoptr(Err) err = NULL;
    DbTxn *txn = db_begin(db);
    for (unsigned i = 0; i < VMS; i++) {
        refs[i] = uuid_generate();
        db_create(txn, 0, refs[i], uuid_generate());
        for (uint16_t f = FIELD_NAME; f < VM_FIELDS / 3; f++) {
            g_autofree char *text = g_strdup_printf("value %u of VM %u", f, i);
            if (f % 4 < 2) {
                db_set(txn, 0, refs[i], f, value_new_string(text));
            } else if (f % 4 == 2) {
                db_set(txn, 0, refs[i], f, value_new_int(1000 + i));
            } else {
                db_map_set(txn, 0, refs[i], f, "key", value_new_string(text));
            }
        }
    }
    assert_ok(db_commit(txn, &err), err);
}

typedef struct Writer {
    Db *db;
    const Uuid *refs;
    unsigned index;
} Writer;

static gpointer write_fields(gpointer user)
{
    const Writer *writer = user;
    for (unsigned i = 0; i < COMMITS_EACH; i++) {
        g_autoptr(Err) err = NULL;
        DbTxn *txn = db_begin(writer->db);
        db_set(txn, 0, writer->refs[(i * THREADS + writer->index) % VMS], FIELD_MEMORY,
               value_new_int(1000000 + i));
        assert_ok(db_commit(txn, &err), err);
    }
    return NULL;
}

static void bench_reads(Db *db, const Uuid refs[VMS])
{
    gint64 start = g_get_monotonic_time();
    g_autoptr(DbSnapshot) snapshot = db_snapshot(db);
    const DbView *view = db_snapshot_view(snapshot);
    for (unsigned i = 0; i < VMS; i++) {
        value_unref(db_object_record(db_schema(db), db_find(view, 0, refs[i]), 0, NULL));
    }
    printf("get_record of %d VMs: %.2f ms\n", VMS, seconds_since(start) * 1000);

    start = g_get_monotonic_time();
    for (unsigned i = 0; i < READS; i++) {
        g_autoptr(DbSnapshot) newest = db_snapshot(db);
        if (!db_find(db_snapshot_view(newest), 0, refs[i % VMS])) {
            g_error("a VM is missing");
        }
    }
    printf("snapshot and find: %.0f ns each\n", seconds_since(start) * 1e9 / READS);
}

static void bench_writes(Db *db, const Uuid refs[VMS])
{
    Writer writers[THREADS];
    GThread *threads[THREADS];
    gint64 start = g_get_monotonic_time();
    for (unsigned i = 0; i < THREADS; i++) {
        writers[i] = (Writer){db, refs, i};
        threads[i] = g_thread_new("writer", write_fields, &writers[i]);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        g_thread_join(threads[i]);
    }
    double seconds = seconds_since(start);
    printf("%d one-field commits by %d threads: %.3f s, %.0f a second\n", THREADS * COMMITS_EACH,
           THREADS, seconds, THREADS * COMMITS_EACH / seconds);
}

static void bench_backend(const Schema *bench, const DbBackend *backend)
{
    g_autoptr(Err) err = NULL;
    g_autofree Uuid *refs = g_new(Uuid, VMS);
    long before = resident_size();
    g_autoptr(Db) db = db_open(&bench->schema, backend, &err);
    assert_ok(db != NULL, err);
    gint64 start = g_get_monotonic_time();
    create_vms(db, refs);
    printf("backend %s\ncreate %d VMs of %d fields: %.2f ms, %ld KiB\n", backend->name, VMS,
           VM_FIELDS, seconds_since(start) * 1000, resident_size() - before);
    bench_reads(db, refs);
    bench_writes(db, refs);
}

int main(void)
{
    g_autofree Schema *bench = g_new0(Schema, 1);
    schema_init(bench);
    DbBackend none = db_backend_none();
    bench_backend(bench, &none);

    g_autofree char *folder = g_dir_make_tmp("clearwater-bench-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "state.db", NULL);
    g_autoptr(Err) err = NULL;
    DbBackend sqlite;
    assert_ok(db_backend_sqlite(path, &sqlite, &err), err);
    bench_backend(bench, &sqlite);
    remove(path);
    remove(folder);
    return 0;
}
