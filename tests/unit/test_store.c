/* The store on a backend made for the test: what is written when, loading, failure, snapshots
 * under concurrent writers, the log of deletions. */
#include "store_fixture.h"

#include "db/row.h"

#define DEADLINE_SECONDS 60

/* A backend in memory that outlives the Db on it. */
typedef struct Disk {
    GMutex mutex;
    GCond changed;
    GHashTable *rows; /* "class ref" -> JSON */
    uint64_t generation;
    unsigned commits; /* with rows */
    unsigned last_count;
    bool is_held;    /* commits wait */
    bool is_waiting; /* one does */
    bool fails;
    bool is_closed;
} Disk;

static void disk_init(Disk *disk)
{
    memset(disk, 0, sizeof *disk);
    g_mutex_init(&disk->mutex);
    g_cond_init(&disk->changed);
    disk->rows = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
}

static void disk_clear(Disk *disk)
{
    g_hash_table_unref(disk->rows);
    g_mutex_clear(&disk->mutex);
    g_cond_clear(&disk->changed);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Disk, disk_clear)

static bool disk_load(void *user, DbLoadFunc each, void *each_user, uint64_t *ret_generation,
                      Err **err)
{
    Disk *disk = user;
    GHashTableIter iter;
    gpointer key;
    gpointer json;
    g_hash_table_iter_init(&iter, disk->rows);
    while (g_hash_table_iter_next(&iter, &key, &json)) {
        g_auto(GStrv) words = g_strsplit(key, " ", 2);
        Uuid ref;
        g_assert_true(uuid_parse(words[1], &ref));
        if (!each(each_user, words[0], ref, json, err)) {
            return false;
        }
    }
    *ret_generation = disk->generation;
    return true;
}

static bool disk_commit(void *user, const DbSchema *schema, const DbRow *rows, unsigned count,
                        uint64_t generation, Err **err)
{
    Disk *disk = user;
    g_mutex_lock(&disk->mutex);
    disk->is_waiting = true;
    g_cond_broadcast(&disk->changed);
    while (disk->is_held) {
        g_cond_wait(&disk->changed, &disk->mutex);
    }
    disk->is_waiting = false;
    g_mutex_unlock(&disk->mutex);
    if (disk->fails) {
        return err_internal(err, "the test says the disk is full");
    }
    for (unsigned i = 0; i < count; i++) {
        char *key = g_strdup_printf("%s %s", schema->classes[rows[i].class_id].name,
                                    UUID_TEXT(rows[i].ref));
        if (rows[i].json) {
            g_hash_table_replace(disk->rows, key, g_strdup(rows[i].json));
        } else {
            g_hash_table_remove(disk->rows, key);
            g_free(key);
        }
    }
    g_assert_cmpuint(generation, >, disk->generation);
    disk->generation = generation;
    disk->commits += count > 0;
    disk->last_count = count;
    return true;
}

static void disk_close(void *user)
{
    ((Disk *)user)->is_closed = true;
}

static Db *disk_open(Disk *disk, const DbSchema *schema, Err **err)
{
    DbBackend backend = {.name = "test",
                         .user = disk,
                         .load = disk_load,
                         .commit = disk_commit,
                         .close = disk_close};
    disk->is_closed = false;
    return db_open(schema, &backend, err);
}

static void disk_put(Disk *disk, const char *class_name, Uuid ref, const char *json)
{
    g_hash_table_replace(disk->rows, g_strdup_printf("%s %s", class_name, UUID_TEXT(ref)),
                         g_strdup(json));
}

/* Closes the gate that commits wait at, or opens it. */
static void disk_hold(Disk *disk, bool is_held)
{
    g_mutex_lock(&disk->mutex);
    disk->is_held = is_held;
    g_cond_broadcast(&disk->changed);
    g_mutex_unlock(&disk->mutex);
}

static void disk_await_writer(Disk *disk)
{
    gint64 deadline = g_get_monotonic_time() + DEADLINE_SECONDS * G_TIME_SPAN_SECOND;
    g_mutex_lock(&disk->mutex);
    while (!disk->is_waiting) {
        g_assert_true(g_cond_wait_until(&disk->changed, &disk->mutex, deadline));
    }
    g_mutex_unlock(&disk->mutex);
}

static void create_vm(Db *db, unsigned number)
{
    DbTxn *txn = db_begin(db);
    db_create(txn, CLASS_VM, test_ref(number), uuid_generate());
    test_commit(txn);
}

static const Value *vm_cell(const DbSnapshot *snapshot, unsigned number, uint16_t field_id)
{
    return db_get(db_snapshot_view(snapshot), CLASS_VM, test_ref(number), field_id);
}

static void test_snapshot_never_changes(void)
{
    g_autoptr(Db) db = test_open_none();
    create_vm(db, 1);
    g_autoptr(DbSnapshot) before = db_snapshot(db);
    DbTxn *txn = db_begin(db);
    db_set(txn, CLASS_VM, test_ref(1), VM_NAME, value_new_string("new"));
    test_commit(txn);
    txn = db_begin(db);
    db_delete(txn, CLASS_VM, test_ref(1));
    test_commit(txn);

    g_assert_cmpstr(value_string(vm_cell(before, 1, VM_NAME)), ==, "");
    g_assert_cmpuint(db_count(db_snapshot_view(before), CLASS_VM), ==, 1);
    g_autoptr(DbSnapshot) after = db_snapshot(db);
    g_assert_cmpuint(db_count(db_snapshot_view(after), CLASS_VM), ==, 0);
    g_assert_cmpint(value_int(vm_cell(after, 1, VM_MEMORY)), ==, 0);
}

static void test_record(void)
{
    g_autoptr(Db) db = test_open_none();
    create_vm(db, 1);
    g_autoptr(DbSnapshot) snapshot = db_snapshot(db);
    const DbObject *vm = db_find(db_snapshot_view(snapshot), CLASS_VM, test_ref(1));
    g_autoptr(Value) record = db_object_record(&test_schema, vm, 0, NULL);
    g_assert_nonnull(value_get(record, "name_label"));
    g_assert_nonnull(value_get(record, "progress"));
    g_assert_null(value_get(record, "hidden"));
    g_assert_null(value_get(record, "gone"));
    g_assert_cmpint(value_kind(value_get(record, "limit")), ==, VALUE_NIL);

    DbTxn *txn = db_begin(db);
    db_set(txn, CLASS_VM, test_ref(1), VM_LIMIT, value_new_int(5));
    const DbObject *limited = db_find(db_txn_view(txn), CLASS_VM, test_ref(1));
    g_autoptr(Value) with_limit = db_object_record(&test_schema, limited, 0, NULL);
    g_assert_cmpint(value_int(value_get(with_limit, "limit")), ==, 5);
    test_commit(txn);
}

static void test_survives_reopening(void)
{
    g_auto(Disk) disk;
    disk_init(&disk);
    g_autoptr(Db) db = disk_open(&disk, &test_schema, NULL);
    Uuid uuid = uuid_generate();
    Value *twins = value_new_array(3);
    value_array_add(twins, value_new_string("CODE"));
    value_array_add(twins, value_new_string("3"));
    value_array_add(twins, value_new_string("3"));

    DbTxn *txn = db_begin(db);
    db_create(txn, CLASS_VM, test_ref(1), uuid);
    db_set(txn, CLASS_VM, test_ref(1), VM_NAME, value_new_string("\"web\" \xc3\xa9\n"));
    db_set(txn, CLASS_VM, test_ref(1), VM_MEMORY, value_new_int(INT64_MIN));
    db_set(txn, CLASS_VM, test_ref(1), VM_TAGS, twins);
    db_set(txn, CLASS_VM, test_ref(1), VM_POWER, value_new_string("Running"));
    db_set(txn, CLASS_VM, test_ref(1), VM_PASSWORD, value_new_string("sesame"));
    db_set(txn, CLASS_VM, test_ref(1), VM_HIDDEN, value_new_string("h"));
    db_set(txn, CLASS_VM, test_ref(1), VM_LIMIT, value_new_int(5));
    db_set(txn, CLASS_VM, test_ref(1), VM_STARTED, value_new_datetime(1700000000));
    db_set(txn, CLASS_VM, test_ref(1), VM_PROGRESS, value_new_float(0.75));
    db_map_set(txn, CLASS_VM, test_ref(1), VM_CONFIG, "k", value_new_string("v"));
    db_create(txn, CLASS_SESSION, test_ref(31), uuid_generate());
    uint64_t created = db_view_generation(db_txn_view(txn));
    g_autoptr(Value) before =
        db_object_record(&test_schema, db_find(db_txn_view(txn), CLASS_VM, test_ref(1)), 0, NULL);
    test_commit(txn);
    db_close(g_steal_pointer(&db));
    g_assert_true(disk.is_closed);

    db = disk_open(&disk, &test_schema, NULL);
    g_autoptr(DbSnapshot) snapshot = db_snapshot(db);
    const DbView *view = db_snapshot_view(snapshot);
    const DbObject *vm = db_find_by_uuid(view, CLASS_VM, uuid);
    g_assert_nonnull(vm);
    g_assert_true(value_float(db_object_get(vm, VM_PROGRESS)) == 0.5);
    g_assert_cmpstr(value_string(db_object_get(vm, VM_PASSWORD)), ==, "sesame");
    g_assert_cmpstr(value_string(db_object_get(vm, VM_HIDDEN)), ==, "h");
    g_autoptr(Value) reset = value_struct_with(before, "progress", value_new_float(0.5));
    g_autoptr(Value) after = db_object_record(&test_schema, vm, 0, NULL);
    g_assert_true(value_equal(after, reset));
    g_assert_cmpuint(db_count(view, CLASS_SESSION), ==, 0);
    g_assert_cmpuint(db_object_created(vm), ==, created);
    g_assert_cmpuint(db_object_modified(vm), ==, db_view_generation(view));
    g_clear_pointer(&snapshot, db_snapshot_unref);
}

/* Clients keep generations over a restart, also such as no row was written for. */
static void test_generations_are_used_once(void)
{
    g_auto(Disk) disk;
    disk_init(&disk);
    uint64_t last = 0;
    for (unsigned round = 0; round < 3; round++) {
        g_autoptr(Db) db = disk_open(&disk, &test_schema, NULL);
        if (round == 0) {
            create_vm(db, 1);
        }
        for (int i = 0; i < 10; i++) {
            DbTxn *txn = db_begin(db);
            uint64_t generation = db_view_generation(db_txn_view(txn));
            g_assert_cmpuint(generation, >, last);
            last = generation;
            db_set(txn, CLASS_VM, test_ref(1), VM_PROGRESS, value_new_float(i));
            test_commit(txn);
        }
    }
}

static void test_relations_after_loading(void)
{
    g_auto(Disk) disk;
    disk_init(&disk);
    g_autoptr(Db) db = disk_open(&disk, &test_schema, NULL);
    DbTxn *txn = db_begin(db);
    db_create(txn, CLASS_VM, test_ref(1), uuid_generate());
    db_create(txn, CLASS_GROUP, test_ref(21), uuid_generate());
    db_set_add(txn, CLASS_VM, test_ref(1), VM_GROUPS, value_new_ref(test_ref(21)));
    for (unsigned i = 11; i < 14; i++) {
        db_create(txn, CLASS_VBD, test_ref(i), uuid_generate());
        db_set(txn, CLASS_VBD, test_ref(i), VBD_VM, value_new_ref(test_ref(i < 13 ? 1 : 2)));
    }
    test_commit(txn);
    db_close(g_steal_pointer(&db));
    /* As if the other side had come with a later version. */
    g_autofree char *group_key = g_strdup_printf("VM_group %s", UUID_TEXT(test_ref(21)));
    g_hash_table_replace(disk.rows, g_steal_pointer(&group_key), g_strdup("{\"VMs\":[]}"));

    db = disk_open(&disk, &test_schema, NULL);
    g_autoptr(DbSnapshot) snapshot = db_snapshot(db);
    const Value *vbds = vm_cell(snapshot, 1, VM_VBDS);
    g_assert_cmpuint(value_count(vbds), ==, 2);
    g_assert_true(test_lists(vbds, test_ref(11)) && test_lists(vbds, test_ref(12)));
    const Value *members = db_get(db_snapshot_view(snapshot), CLASS_GROUP, test_ref(21), GROUP_VMS);
    g_assert_true(test_lists(members, test_ref(1)));
    g_clear_pointer(&snapshot, db_snapshot_unref);

    create_vm(db, 2);
    snapshot = db_snapshot(db);
    g_assert_true(test_lists(vm_cell(snapshot, 2, VM_VBDS), test_ref(13)));
    g_clear_pointer(&snapshot, db_snapshot_unref);
}

static void test_what_is_written(void)
{
    g_auto(Disk) disk;
    disk_init(&disk);
    g_autoptr(Db) db = disk_open(&disk, &test_schema, NULL);
    create_vm(db, 1);
    g_assert_cmpuint(disk.commits, ==, 1);

    DbTxn *txn = db_begin(db);
    db_set(txn, CLASS_VM, test_ref(1), VM_PROGRESS, value_new_float(0.25));
    db_create(txn, CLASS_SESSION, test_ref(31), uuid_generate());
    db_touch(txn, CLASS_VM, test_ref(1));
    test_commit(txn);
    g_assert_cmpuint(disk.commits, ==, 1);

    /* The VM's derived set changes, but only the VBD is a row. */
    txn = db_begin(db);
    db_create(txn, CLASS_VBD, test_ref(11), uuid_generate());
    db_set(txn, CLASS_VBD, test_ref(11), VBD_VM, value_new_ref(test_ref(1)));
    test_commit(txn);
    g_assert_cmpuint(disk.commits, ==, 2);
    g_assert_cmpuint(disk.last_count, ==, 1);
    g_assert_cmpuint(g_hash_table_size(disk.rows), ==, 2);

    txn = db_begin(db);
    db_delete(txn, CLASS_VM, test_ref(1));
    test_commit(txn);
    g_assert_cmpuint(g_hash_table_size(disk.rows), ==, 1);
}

/* While the disk is busy, changes of volatile fields go through and the rest gathers. */
static void test_volatile_changes_do_not_wait(void)
{
    g_auto(Disk) disk;
    disk_init(&disk);
    g_autoptr(Db) db = disk_open(&disk, &test_schema, NULL);
    create_vm(db, 1);
    disk_hold(&disk, true);
    DbTxn *txn = db_begin(db);
    db_set(txn, CLASS_VM, test_ref(1), VM_NAME, value_new_string("held up"));
    db_commit_async(txn);
    disk_await_writer(&disk);

    txn = db_begin(db);
    db_set(txn, CLASS_VM, test_ref(1), VM_PROGRESS, value_new_float(0.25));
    test_commit(txn);
    g_assert_cmpuint(disk.commits, ==, 1);
    disk_hold(&disk, false);
    db_close(g_steal_pointer(&db));
    g_assert_cmpuint(disk.commits, ==, 2);
}

typedef struct Committer {
    Db *db;
    unsigned number;
} Committer;

static gpointer commit_one(gpointer user)
{
    const Committer *committer = user;
    create_vm(committer->db, committer->number);
    return NULL;
}

typedef struct Published {
    GMutex mutex;
    GCond changed;
    unsigned count;
} Published;

static void count_publication(void *user, DbSnapshot *snapshot, const DbChange *changes,
                              unsigned count)
{
    (void)snapshot;
    (void)changes;
    (void)count;
    Published *published = user;
    g_mutex_lock(&published->mutex);
    published->count++;
    g_cond_broadcast(&published->changed);
    g_mutex_unlock(&published->mutex);
}

static void await_publications(Published *published, unsigned count)
{
    gint64 deadline = g_get_monotonic_time() + DEADLINE_SECONDS * G_TIME_SPAN_SECOND;
    g_mutex_lock(&published->mutex);
    while (published->count < count) {
        g_assert_true(g_cond_wait_until(&published->changed, &published->mutex, deadline));
    }
    g_mutex_unlock(&published->mutex);
}

static void test_commits_are_grouped(void)
{
    enum { COUNT = 8 };
    g_auto(Disk) disk;
    disk_init(&disk);
    g_autoptr(Db) db = disk_open(&disk, &test_schema, NULL);
    Published published = {.count = 0};
    db_watch(db, count_publication, &published);
    Committer committers[COUNT];
    GThread *threads[COUNT];
    disk_hold(&disk, true);
    for (unsigned i = 0; i < COUNT; i++) {
        committers[i] = (Committer){db, i + 1};
        threads[i] = g_thread_new("committer", commit_one, &committers[i]);
        if (i == 0) {
            disk_await_writer(&disk); /* with the first alone */
        }
    }
    await_publications(&published, COUNT);
    g_assert_cmpuint(disk.commits, ==, 0);
    disk_hold(&disk, false);
    for (unsigned i = 0; i < COUNT; i++) {
        g_thread_join(threads[i]);
    }
    g_assert_cmpuint(disk.commits, ==, 2);
    g_assert_cmpuint(disk.last_count, ==, COUNT - 1);
}

/* Whoever commits "no change" tells a client what is so; by then it must be durable. */
static void test_no_change_waits_for_what_it_saw(void)
{
    g_auto(Disk) disk;
    disk_init(&disk);
    g_autoptr(Db) db = disk_open(&disk, &test_schema, NULL);
    DbTxn *txn = db_begin(db);
    db_create(txn, CLASS_VM, test_ref(1), uuid_generate());
    db_commit_async(txn);
    txn = db_begin(db);
    test_commit(txn);
    g_assert_cmpuint(disk.commits, ==, 1);
}

static void test_failed_backend_ends_writing(void)
{
    g_auto(Disk) disk;
    disk_init(&disk);
    g_autoptr(Db) db = disk_open(&disk, &test_schema, NULL);
    create_vm(db, 1);
    disk.fails = true;
    g_autoptr(Err) first = NULL;
    DbTxn *txn = db_begin(db);
    db_create(txn, CLASS_VM, test_ref(2), uuid_generate());
    g_assert_false(db_commit(txn, &first));
    g_assert_true(err_is(first, "INTERNAL_ERROR"));
    g_assert_nonnull(strstr(first->params[0], "the disk is full"));

    disk.fails = false;
    g_autoptr(Err) second = NULL;
    txn = db_begin(db);
    db_create(txn, CLASS_VM, test_ref(3), uuid_generate());
    g_assert_false(db_commit(txn, &second));
    g_assert_cmpstr(second->params[0], ==, first->params[0]);
    txn = db_begin(db);
    db_set(txn, CLASS_VM, test_ref(1), VM_PROGRESS, value_new_float(1));
    g_assert_false(db_commit(txn, NULL));
    txn = db_begin(db);
    db_delete(txn, CLASS_VM, test_ref(1));
    db_commit_async(txn);

    g_autoptr(DbSnapshot) snapshot = db_snapshot(db);
    const DbView *view = db_snapshot_view(snapshot);
    g_assert_nonnull(db_find(view, CLASS_VM, test_ref(2)));
    g_assert_null(db_find(view, CLASS_VM, test_ref(3)));
    g_assert_nonnull(db_find(view, CLASS_VM, test_ref(1)));
    g_clear_pointer(&snapshot, db_snapshot_unref);
    db_close(g_steal_pointer(&db));
    g_assert_cmpuint(g_hash_table_size(disk.rows), ==, 1);
}

static void test_odd_rows(void)
{
    g_auto(Disk) disk;
    disk_init(&disk);
    disk_put(&disk, "Unknown", test_ref(1), "not even JSON");
    disk_put(&disk, "session", test_ref(2), "{}");
    disk_put(&disk, "VM", test_ref(3), "{}");
    disk_put(&disk, "VM", test_ref(4),
             "{\"power_state\":\"Melted\",\"name_label\":\"kept\",\"future\":1,\"gone\":\"x\","
             "\"progress\":7.5,\"VBDs\":[\"OpaqueRef:NULL\"],\"memory\":\"0x20\"}");
    g_autoptr(Err) err = NULL;
    g_autoptr(Db) db = disk_open(&disk, &test_schema, &err);
    g_assert_null(err);
    g_autoptr(DbSnapshot) snapshot = db_snapshot(db);
    g_assert_cmpuint(db_count(db_snapshot_view(snapshot), CLASS_VM), ==, 2);
    g_assert_cmpuint(db_count(db_snapshot_view(snapshot), CLASS_SESSION), ==, 0);
    g_assert_cmpint(value_int(vm_cell(snapshot, 3, VM_MEMORY)), ==, 1024);
    g_assert_cmpint(value_int(vm_cell(snapshot, 4, VM_MEMORY)), ==, 32);
    g_assert_cmpstr(value_string(vm_cell(snapshot, 4, VM_NAME)), ==, "kept");
    g_assert_cmpstr(value_string(vm_cell(snapshot, 4, VM_POWER)), ==, "Halted");
    g_assert_cmpstr(value_string(vm_cell(snapshot, 4, VM_GONE)), ==, "");
    g_assert_cmpuint(value_count(vm_cell(snapshot, 4, VM_VBDS)), ==, 0);
    g_assert_true(value_float(vm_cell(snapshot, 4, VM_PROGRESS)) == 0.5);
}

/* Better no daemon than one that takes a running VM for a stranger. */
static void test_unreadable_row_fails(void)
{
    static const char *const texts[] = {"", "[]", "{\"name_label\":", "\"text\"", "{} {}"};
    for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_auto(Disk) disk;
        disk_init(&disk);
        disk_put(&disk, "VM", test_ref(1), texts[i]);
        g_autoptr(Err) err = NULL;
        g_assert_null(disk_open(&disk, &test_schema, &err));
        g_assert_true(err_is(err, "INTERNAL_ERROR"));
        g_assert_nonnull(strstr(err->params[0], UUID_TEXT(test_ref(1))));
        g_assert_true(disk.is_closed);
    }
}

static void test_rows_and_objects_agree(void)
{
    g_auto(Disk) disk;
    disk_init(&disk);
    g_autoptr(Db) db = disk_open(&disk, &test_schema, NULL);
    create_vm(db, 1);
    g_autofree char *key = g_strdup_printf("VM %s", UUID_TEXT(test_ref(1)));
    const char *json = g_hash_table_lookup(disk.rows, key);
    g_assert_nonnull(strstr(json, ROW_CREATED));
    g_assert_null(strstr(json, "VBDs"));
    g_assert_null(strstr(json, "progress"));
    g_assert_null(strstr(json, "gone"));
}

static const char *row_after_memory(Db *db, const Disk *disk, int64_t memory)
{
    DbTxn *txn = db_begin(db);
    db_set(txn, CLASS_VM, test_ref(1), VM_MEMORY, value_new_int(memory));
    g_assert_true(db_commit(txn, NULL));
    g_autofree char *key = g_strdup_printf("VM %s", UUID_TEXT(test_ref(1)));
    return g_hash_table_lookup(disk->rows, key);
}

static void test_rows_leave_out_defaults(void)
{
    g_auto(Disk) disk;
    disk_init(&disk);
    g_autoptr(Db) db = disk_open(&disk, &test_schema, NULL);
    create_vm(db, 1);
    g_assert_nonnull(strstr(row_after_memory(db, &disk, 2048), "\"memory\":2048"));
    g_assert_null(strstr(row_after_memory(db, &disk, 1024), "memory"));
}

typedef struct BadSchema {
    const char *default_json;
    const TypeInfo *type;
    uint16_t relation_class, relation_field;
} BadSchema;

static void test_bad_schemas(void)
{
    static const BadSchema cases[] = {
        {"1", &type_string, DB_NO_RELATION, 0},
        {"x", &type_string, DB_NO_RELATION, 0},
        {NULL, &type_vm_set, 7, 0},  /* no such class */
        {NULL, &type_vm_set, 0, 7},  /* no such field */
        {NULL, &type_vm_set, 0, 1},  /* neither a ref nor a set of refs */
        {NULL, &type_vm_set, 0, 0},  /* itself */
        {NULL, &type_vbd_set, 0, 2}, /* refs to another class */
        {NULL, &type_vm_set, 0, 3},  /* does not refer to this class */
        {NULL, &type_vm_set, 0, 4},  /* has another set derived from it already */
        {NULL, &type_vm_set, 0, 5},  /* names another set */
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        DbField fields[] = {
            {.name = "a",
             .type = cases[i].type,
             .default_json = cases[i].default_json,
             .relation_class = cases[i].relation_class,
             .relation_field = cases[i].relation_field},
            {.name = "b", .type = &type_string, NO_RELATION},
            {.name = "c", .type = &type_vm_ref, NO_RELATION},
            {.name = "d", .type = &type_vbd_ref, NO_RELATION},
            {.name = "e", .type = &type_vm_ref, NO_RELATION},
            {.name = "f", .type = &type_vm_set, .relation_class = 0, .relation_field = 4},
        };
        DbClass class_info = {.name = "VM",
                              .event_name = "vm",
                              .fields = fields,
                              .field_count = G_N_ELEMENTS(fields),
                              .uuid_field = -1,
                              .name_label_field = -1};
        DbSchema schema = {.classes = &class_info, .class_count = 1};
        g_auto(Disk) disk;
        disk_init(&disk);
        g_autoptr(Err) err = NULL;
        g_assert_null(disk_open(&disk, &schema, &err));
        g_assert_true(err_is(err, "INTERNAL_ERROR"));
        g_assert_true(disk.is_closed);
    }
}

static void test_deletions(void)
{
    g_autoptr(Db) db = test_open_none();
    create_vm(db, 1);
    create_vm(db, 2);
    DbTxn *txn = db_begin(db);
    db_create(txn, CLASS_SESSION, test_ref(31), uuid_generate());
    test_commit(txn);
    g_autoptr(DbSnapshot) before = db_snapshot(db);
    uint64_t generation = db_view_generation(db_snapshot_view(before));
    txn = db_begin(db);
    db_delete(txn, CLASS_VM, test_ref(1));
    db_delete(txn, CLASS_SESSION, test_ref(31));
    test_commit(txn);
    g_autoptr(DbSnapshot) between = db_snapshot(db);
    txn = db_begin(db);
    db_delete(txn, CLASS_VM, test_ref(2));
    test_commit(txn);
    g_autoptr(DbSnapshot) after = db_snapshot(db);

    bool is_complete;
    g_autoptr(GArray) all = db_deletions_since(after, generation, &is_complete);
    g_assert_true(is_complete);
    g_assert_cmpuint(all->len, ==, 2);
    const DbDeletion *first = &g_array_index(all, DbDeletion, 0);
    const DbDeletion *second = &g_array_index(all, DbDeletion, 1);
    g_assert_true(uuid_equal(first->ref, test_ref(1)));
    g_assert_cmpuint(first->class_id, ==, CLASS_VM);
    g_assert_cmpuint(first->created, ==, generation - 2);
    g_assert_cmpuint(first->deleted, ==, generation + 1);
    g_assert_true(uuid_equal(second->ref, test_ref(2)));

    g_autoptr(GArray) none = db_deletions_since(before, generation, &is_complete);
    g_assert_cmpuint(none->len, ==, 0);
    g_autoptr(GArray) one = db_deletions_since(between, generation, &is_complete);
    g_assert_cmpuint(one->len, ==, 1);
    g_autoptr(GArray) later = db_deletions_since(after, generation + 1, &is_complete);
    g_assert_cmpuint(later->len, ==, 1);
    g_assert_true(is_complete);
    g_autoptr(GArray) from_start = db_deletions_since(after, 0, &is_complete);
    g_assert_cmpuint(from_start->len, ==, 2);
    g_assert_false(is_complete);
}

static void test_deletions_are_forgotten(void)
{
    enum { EACH = 1000, ROUNDS = DB_MAX_DELETIONS / EACH + 1 };
    g_autoptr(Db) db = test_open_none();
    uint64_t generations[ROUNDS];
    for (unsigned round = 0; round < ROUNDS; round++) {
        DbTxn *txn = db_begin(db);
        for (unsigned i = 1; i <= EACH; i++) {
            db_create(txn, CLASS_GROUP, test_ref(i), uuid_generate());
        }
        test_commit(txn);
        txn = db_begin(db);
        for (unsigned i = 1; i <= EACH; i++) {
            db_delete(txn, CLASS_GROUP, test_ref(i));
        }
        generations[round] = db_view_generation(db_txn_view(txn));
        test_commit(txn);
    }
    g_autoptr(DbSnapshot) snapshot = db_snapshot(db);
    bool is_complete;
    g_autoptr(GArray) kept = db_deletions_since(snapshot, generations[0], &is_complete);
    g_assert_true(is_complete);
    g_assert_cmpuint(kept->len, ==, DB_MAX_DELETIONS);
    g_autoptr(GArray) lost = db_deletions_since(snapshot, generations[0] - 1, &is_complete);
    g_assert_false(is_complete);
    g_assert_cmpuint(lost->len, ==, DB_MAX_DELETIONS);
}

enum { PAIR_WRITERS = 4, PAIR_READERS = 2, PAIR_ROUNDS = 300 };

typedef struct Pairs {
    Db *db;
    gint is_done; /* atomic */
} Pairs;

/* Moves an amount between two VMs, so that every snapshot has the same sum. */
static gpointer move_memory(gpointer user)
{
    Pairs *pairs = user;
    for (int i = 0; i < PAIR_ROUNDS; i++) {
        DbTxn *txn = db_begin(pairs->db);
        const DbView *view = db_txn_view(txn);
        int64_t a = value_int(db_get(view, CLASS_VM, test_ref(1), VM_MEMORY));
        int64_t b = value_int(db_get(view, CLASS_VM, test_ref(2), VM_MEMORY));
        db_set(txn, CLASS_VM, test_ref(1), VM_MEMORY, value_new_int(a - i));
        db_set(txn, CLASS_VM, test_ref(2), VM_MEMORY, value_new_int(b + i));
        test_commit(txn);
    }
    return NULL;
}

static gpointer read_memory(gpointer user)
{
    Pairs *pairs = user;
    uint64_t last = 0;
    while (!g_atomic_int_get(&pairs->is_done)) {
        g_autoptr(DbSnapshot) snapshot = db_snapshot(pairs->db);
        uint64_t generation = db_view_generation(db_snapshot_view(snapshot));
        g_assert_cmpuint(generation, >=, last);
        last = generation;
        int64_t sum =
            value_int(vm_cell(snapshot, 1, VM_MEMORY)) + value_int(vm_cell(snapshot, 2, VM_MEMORY));
        g_assert_cmpint(sum, ==, 2 * 1024);
    }
    return NULL;
}

static void test_readers_and_writers(void)
{
    g_autoptr(Db) db = test_open_none();
    create_vm(db, 1);
    create_vm(db, 2);
    Pairs pairs = {.db = db};
    GThread *writers[PAIR_WRITERS];
    GThread *readers[PAIR_READERS];
    for (unsigned i = 0; i < PAIR_READERS; i++) {
        readers[i] = g_thread_new("reader", read_memory, &pairs);
    }
    for (unsigned i = 0; i < PAIR_WRITERS; i++) {
        writers[i] = g_thread_new("writer", move_memory, &pairs);
    }
    for (unsigned i = 0; i < PAIR_WRITERS; i++) {
        g_thread_join(writers[i]);
    }
    g_atomic_int_set(&pairs.is_done, 1);
    for (unsigned i = 0; i < PAIR_READERS; i++) {
        g_thread_join(readers[i]);
    }
    int64_t moved = (int64_t)PAIR_WRITERS * PAIR_ROUNDS * (PAIR_ROUNDS - 1) / 2;
    g_autoptr(DbSnapshot) snapshot = db_snapshot(db);
    g_assert_cmpint(value_int(vm_cell(snapshot, 1, VM_MEMORY)), ==, 1024 - moved);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/store/snapshot-never-changes", test_snapshot_never_changes);
    g_test_add_func("/store/record", test_record);
    g_test_add_func("/store/survives-reopening", test_survives_reopening);
    g_test_add_func("/store/generations-are-used-once", test_generations_are_used_once);
    g_test_add_func("/store/relations-after-loading", test_relations_after_loading);
    g_test_add_func("/store/what-is-written", test_what_is_written);
    g_test_add_func("/store/volatile-changes-do-not-wait", test_volatile_changes_do_not_wait);
    g_test_add_func("/store/commits-are-grouped", test_commits_are_grouped);
    g_test_add_func("/store/no-change-waits", test_no_change_waits_for_what_it_saw);
    g_test_add_func("/store/failed-backend-ends-writing", test_failed_backend_ends_writing);
    g_test_add_func("/store/odd-rows", test_odd_rows);
    g_test_add_func("/store/unreadable-row-fails", test_unreadable_row_fails);
    g_test_add_func("/store/rows-and-objects-agree", test_rows_and_objects_agree);
    g_test_add_func("/store/rows-leave-out-defaults", test_rows_leave_out_defaults);
    g_test_add_func("/store/bad-schemas", test_bad_schemas);
    g_test_add_func("/store/deletions", test_deletions);
    g_test_add_func("/store/deletions-are-forgotten", test_deletions_are_forgotten);
    g_test_add_func("/store/readers-and-writers", test_readers_and_writers);
    return g_test_run();
}
