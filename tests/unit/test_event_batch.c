/* core/event_batch.c: what one answer of event.from tells, and its tokens. */
#include "core/event_batch.h"
#include "gen/db_vm.h"

typedef struct Fixture {
    Db *db;
    Subscription *vms;
} Fixture;

static void set_up(Fixture *fixture, gconstpointer data)
{
    (void)data;
    DbBackend backend = db_backend_none();
    g_autoptr(Value) classes = value_new_array(1);
    value_array_add(classes, value_new_string("vm"));
    fixture->db = db_open(&model_schema, &backend, NULL);
    fixture->vms = subscription_new(&model_schema, classes, NULL);
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
    (void)data;
    subscription_free(fixture->vms);
    db_close(fixture->db);
}

static void commit(DbTxn *txn)
{
    g_assert_true(db_commit(txn, NULL));
}

static VmRef create_vm(Fixture *fixture, const char *name)
{
    DbTxn *txn = db_begin(fixture->db);
    VmRef vm = db_vm_create(txn);
    db_vm_set_name_label(txn, vm, name);
    commit(txn);
    return vm;
}

static void rename_vm(Fixture *fixture, VmRef vm, const char *name)
{
    DbTxn *txn = db_begin(fixture->db);
    db_vm_set_name_label(txn, vm, name);
    commit(txn);
}

static void delete_vm(Fixture *fixture, VmRef vm)
{
    DbTxn *txn = db_begin(fixture->db);
    db_vm_delete(txn, vm);
    commit(txn);
}

static uint64_t now(Fixture *fixture)
{
    g_autoptr(DbSnapshot) snapshot = db_snapshot(fixture->db);
    return db_view_generation(db_snapshot_view(snapshot));
}

/* The answer for everything after `generation`. (owned) */
static Value *answer(Fixture *fixture, uint64_t generation)
{
    g_autoptr(DbSnapshot) snapshot = db_snapshot(fixture->db);
    EventBatch *batch = event_batch_new(snapshot, fixture->vms, generation);
    unsigned count = event_batch_count(batch);
    g_autoptr(LongResult) whole = event_batch_result(batch);
    Value *result = long_result_tree(whole);
    g_assert_cmpuint(value_count(value_get(result, "events")), ==, count);
    return result;
}

static void assert_event(const Value *result, unsigned index, const char *operation, VmRef vm)
{
    Value *event = value_at(value_get(result, "events"), index);
    g_assert_cmpstr(value_get_string(event, "operation"), ==, operation);
    g_assert_cmpstr(value_get_string(event, "class"), ==, "vm");
    g_assert_cmpstr(value_get_string(event, "timestamp"), ==, "0.0");
    g_assert_true(uuid_equal(value_uuid(value_get(event, "ref")), vm.id));
    bool is_deletion = strcmp(operation, "del") == 0;
    g_assert_true((value_get(event, "snapshot") == NULL) == is_deletion);
}

static void test_everything_at_first(Fixture *fixture, gconstpointer data)
{
    (void)data;
    VmRef vm = create_vm(fixture, "a");
    rename_vm(fixture, vm, "b");
    delete_vm(fixture, create_vm(fixture, "gone"));
    g_autoptr(Value) result = answer(fixture, 0);
    g_assert_cmpuint(value_count(value_get(result, "events")), ==, 1);
    assert_event(result, 0, "add", vm);
}

static void test_operations(Fixture *fixture, gconstpointer data)
{
    (void)data;
    VmRef changed = create_vm(fixture, "changed");
    VmRef deleted = create_vm(fixture, "deleted");
    create_vm(fixture, "left alone");
    uint64_t before = now(fixture);
    rename_vm(fixture, deleted, "first renamed");
    delete_vm(fixture, deleted);
    rename_vm(fixture, changed, "once");
    rename_vm(fixture, changed, "twice");
    VmRef added = create_vm(fixture, "added");
    rename_vm(fixture, added, "renamed");
    delete_vm(fixture, create_vm(fixture, "never seen"));
    g_autoptr(Value) result = answer(fixture, before);
    g_assert_cmpuint(value_count(value_get(result, "events")), ==, 3);
    assert_event(result, 0, "add", added);
    assert_event(result, 1, "mod", changed);
    assert_event(result, 2, "del", deleted);
    Value *record = value_get(value_at(value_get(result, "events"), 1), "snapshot");
    g_assert_cmpstr(value_get_string(record, "name_label"), ==, "twice");
}

/* The database remembers so many changes; what is older is found by looking at every object. */
static void test_more_than_is_remembered(Fixture *fixture, gconstpointer data)
{
    (void)data;
    VmRef early = create_vm(fixture, "early");
    VmRef late = create_vm(fixture, "late");
    create_vm(fixture, "left alone");
    uint64_t before = now(fixture);
    rename_vm(fixture, early, "once");
    for (unsigned i = 0; i < DB_MAX_CHANGES; i++) {
        rename_vm(fixture, late, i % 2 ? "odd" : "even");
        if (i == DB_MAX_CHANGES - 2) { /* the last moment at which all of it is remembered */
            g_autoptr(Value) remembered = answer(fixture, before);
            g_assert_cmpuint(value_count(value_get(remembered, "events")), ==, 2);
            assert_event(remembered, 0, "mod", early);
            assert_event(remembered, 1, "mod", late);
        }
    }
    g_autoptr(Value) result = answer(fixture, before);
    g_assert_cmpuint(value_count(value_get(result, "events")), ==, 2);
    g_autoptr(Value) newest = answer(fixture, now(fixture) - 1);
    g_assert_cmpuint(value_count(value_get(newest, "events")), ==, 1);
    assert_event(newest, 0, "mod", late);
}

/* What came after the snapshot is not in its answer, nor is it in the way of what is. */
static void test_older_snapshot(Fixture *fixture, gconstpointer data)
{
    (void)data;
    VmRef vm = create_vm(fixture, "a");
    uint64_t before = now(fixture);
    rename_vm(fixture, vm, "b");
    g_autoptr(DbSnapshot) snapshot = db_snapshot(fixture->db);
    rename_vm(fixture, vm, "c");
    delete_vm(fixture, vm);
    g_autoptr(LongResult) whole =
        event_batch_result(event_batch_new(snapshot, fixture->vms, before));
    g_autoptr(Value) result = long_result_tree(whole);
    g_assert_cmpuint(value_count(value_get(result, "events")), ==, 1);
    assert_event(result, 0, "mod", vm);
    Value *record = value_get(value_at(value_get(result, "events"), 0), "snapshot");
    g_assert_cmpstr(value_get_string(record, "name_label"), ==, "b");
}

static void test_nothing_new(Fixture *fixture, gconstpointer data)
{
    (void)data;
    VmRef vm = create_vm(fixture, "a");
    uint64_t before = now(fixture);
    rename_vm(fixture, vm, "a");
    g_autoptr(Value) result = answer(fixture, before);
    g_assert_cmpuint(value_count(value_get(result, "events")), ==, 0);
    g_autoptr(Value) future = answer(fixture, before + 1000);
    g_assert_cmpuint(value_count(value_get(future, "events")), ==, 0);
}

static void test_touch(Fixture *fixture, gconstpointer data)
{
    (void)data;
    VmRef vm = create_vm(fixture, "a");
    uint64_t before = now(fixture);
    DbTxn *txn = db_begin(fixture->db);
    db_touch(txn, CLASS_VM, vm.id);
    commit(txn);
    g_autoptr(Value) result = answer(fixture, before);
    g_assert_cmpuint(value_count(value_get(result, "events")), ==, 1);
    assert_event(result, 0, "mod", vm);
}

static void test_counts(Fixture *fixture, gconstpointer data)
{
    (void)data;
    create_vm(fixture, "a");
    create_vm(fixture, "b");
    g_autoptr(Value) result = answer(fixture, now(fixture));
    Value *counts = value_get(result, "valid_ref_counts");
    g_assert_cmpuint(value_count(counts), ==, model_schema.class_count);
    g_assert_cmpint(value_int(value_get(counts, "vm")), ==, 2);
    g_assert_cmpint(value_int(value_get(counts, "host")), ==, 0);
}

static void test_token_goes_on(Fixture *fixture, gconstpointer data)
{
    (void)data;
    VmRef vm = create_vm(fixture, "a");
    g_autoptr(Value) first = answer(fixture, 0);
    uint64_t generation;
    g_assert_true(event_token_parse(value_get_string(first, "token"), &generation));
    g_assert_cmpuint(generation, ==, now(fixture));
    rename_vm(fixture, vm, "b");
    g_autoptr(Value) second = answer(fixture, generation);
    assert_event(second, 0, "mod", vm);
}

static void test_token_text(void)
{
    uint64_t generation = 7;
    g_autofree char *text = event_token_format(123);
    g_assert_cmpstr(text, ==, "00000000000000000123,00000000000000000123");
    g_assert_true(event_token_parse(text, &generation));
    g_assert_cmpuint(generation, ==, 123);
    g_assert_true(event_token_parse("", &generation));
    g_assert_cmpuint(generation, ==, 0);
    g_assert_true(event_token_parse("5,0", &generation));
    g_assert_cmpuint(generation, ==, 5);
}

static void test_bad_tokens(void)
{
    static const char *const bad[] = {"x",     "1",    ",",   "1,",   ",1",
                                      "1,2,3", "-1,1", "1,x", "1, 2", "99999999999999999999,0",
                                      "0x1,1"};
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        uint64_t generation;
        g_test_message("%s", bad[i]);
        g_assert_false(event_token_parse(bad[i], &generation));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    static const struct {
        const char *path;
        void (*func)(Fixture *fixture, gconstpointer data);
    } tests[] = {
        {"/event_batch/everything-at-first", test_everything_at_first},
        {"/event_batch/operations", test_operations},
        {"/event_batch/more-than-is-remembered", test_more_than_is_remembered},
        {"/event_batch/older-snapshot", test_older_snapshot},
        {"/event_batch/nothing-new", test_nothing_new},
        {"/event_batch/touch", test_touch},
        {"/event_batch/counts", test_counts},
        {"/event_batch/token-goes-on", test_token_goes_on},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_test_add(tests[i].path, Fixture, NULL, set_up, tests[i].func, tear_down);
    }
    g_test_add_func("/event_batch/token-text", test_token_text);
    g_test_add_func("/event_batch/bad-tokens", test_bad_tokens);
    return g_test_run();
}
