/* Transactions: reading one's own writes, what counts as a change, relations. */
#include "store_fixture.h"

#include "db/view.h"

static void test_create_has_defaults(void)
{
    g_autoptr(Db) db = test_open_none();
    Uuid uuid = uuid_generate();
    DbTxn *txn = db_begin(db);
    const DbView *view = db_txn_view(txn);
    db_create(txn, CLASS_VM, test_ref(1), uuid);
    g_assert_cmpint(value_int(db_get(view, CLASS_VM, test_ref(1), VM_MEMORY)), ==, 1024);
    g_assert_cmpstr(value_string(db_get(view, CLASS_VM, test_ref(1), VM_UUID)), ==,
                    UUID_TEXT(uuid));
    g_assert_cmpstr(value_string(db_get(view, CLASS_VM, test_ref(1), VM_POWER)), ==, "Halted");
    g_assert_true(value_float(db_get(view, CLASS_VM, test_ref(1), VM_PROGRESS)) == 0.5);
    g_assert_nonnull(db_find_by_uuid(view, CLASS_VM, uuid));
    g_assert_cmpuint(db_count(view, CLASS_VM), ==, 1);
    test_commit(txn);
}

static void test_reads_own_writes_only(void)
{
    g_autoptr(Db) db = test_open_none();
    g_autoptr(DbSnapshot) before = db_snapshot(db);
    DbTxn *txn = db_begin(db);
    db_create(txn, CLASS_VM, test_ref(1), uuid_generate());
    db_set(txn, CLASS_VM, test_ref(1), VM_NAME, value_new_string("a"));
    db_set(txn, CLASS_VM, test_ref(1), VM_NAME, value_new_string("b"));
    const Value *name = db_get(db_txn_view(txn), CLASS_VM, test_ref(1), VM_NAME);
    g_assert_cmpstr(value_string(name), ==, "b");

    g_autoptr(DbSnapshot) during = db_snapshot(db);
    g_assert_null(db_find(db_snapshot_view(during), CLASS_VM, test_ref(1)));
    test_commit(txn);
    g_autoptr(DbSnapshot) after = db_snapshot(db);
    g_assert_nonnull(db_find(db_snapshot_view(after), CLASS_VM, test_ref(1)));
    g_assert_null(db_find(db_snapshot_view(before), CLASS_VM, test_ref(1)));
}

static void test_abort_leaves_nothing(void)
{
    g_autoptr(Db) db = test_open_none();
    DbTxn *txn = db_begin(db);
    db_create(txn, CLASS_VM, test_ref(1), uuid_generate());
    db_abort(txn);
    g_autoptr(DbSnapshot) snapshot = db_snapshot(db);
    g_assert_cmpuint(db_count(db_snapshot_view(snapshot), CLASS_VM), ==, 0);
}

static uint64_t newest_generation(Db *db)
{
    g_autoptr(DbSnapshot) snapshot = db_snapshot(db);
    return db_view_generation(db_snapshot_view(snapshot));
}

/* A database with the VM test_ref(1). */
static Db *open_with_vm(void)
{
    Db *db = test_open_none();
    DbTxn *txn = db_begin(db);
    db_create(txn, CLASS_VM, test_ref(1), uuid_generate());
    test_commit(txn);
    return db;
}

static void test_no_change_publishes_nothing(void)
{
    g_autoptr(Db) db = open_with_vm();
    uint64_t generation = newest_generation(db);
    g_autoptr(DbSnapshot) before = db_snapshot(db);

    DbTxn *txn = db_begin(db);
    db_set(txn, CLASS_VM, test_ref(1), VM_MEMORY, value_new_int(1024));
    db_set(txn, CLASS_VM, test_ref(1), VM_NAME, value_new_string("x"));
    db_set(txn, CLASS_VM, test_ref(1), VM_NAME, value_new_string(""));
    db_create(txn, CLASS_VM, test_ref(2), uuid_generate());
    db_delete(txn, CLASS_VM, test_ref(2));
    db_set(txn, CLASS_VM, test_ref(3), VM_NAME, value_new_string("no such object"));
    db_delete(txn, CLASS_VM, test_ref(3));
    db_touch(txn, CLASS_VM, test_ref(3));
    test_commit(txn);

    g_autoptr(DbSnapshot) after = db_snapshot(db);
    g_assert_cmpuint(newest_generation(db), ==, generation);
    g_assert_true(before == after);
}

static void test_undone_change_keeps_the_version(void)
{
    g_autoptr(Db) db = open_with_vm();
    g_autoptr(DbSnapshot) before = db_snapshot(db);
    DbTxn *txn = db_begin(db);
    db_set(txn, CLASS_VM, test_ref(1), VM_NAME, value_new_string("x"));
    db_set(txn, CLASS_VM, test_ref(1), VM_NAME, value_new_string(""));
    db_create(txn, CLASS_VM, test_ref(2), uuid_generate());
    test_commit(txn);
    g_autoptr(DbSnapshot) after = db_snapshot(db);
    g_assert_true(db_find(db_snapshot_view(before), CLASS_VM, test_ref(1)) ==
                  db_find(db_snapshot_view(after), CLASS_VM, test_ref(1)));
}

static void test_touch_is_a_change(void)
{
    g_autoptr(Db) db = open_with_vm();
    uint64_t generation = newest_generation(db);
    DbTxn *txn = db_begin(db);
    db_touch(txn, CLASS_VM, test_ref(1));
    g_assert_cmpuint(db_view_generation(db_txn_view(txn)), ==, generation + 1);
    test_commit(txn);
    g_autoptr(DbSnapshot) snapshot = db_snapshot(db);
    const DbObject *vm = db_find(db_snapshot_view(snapshot), CLASS_VM, test_ref(1));
    g_assert_cmpuint(db_object_modified(vm), ==, generation + 1);
    g_assert_cmpuint(db_object_created(vm), ==, generation);
}

static void test_maps_and_sets(void)
{
    g_autoptr(Db) db = open_with_vm();
    DbTxn *txn = db_begin(db);
    const DbView *view = db_txn_view(txn);
    g_autoptr(Value) blue = value_new_string("blue");
    db_map_set(txn, CLASS_VM, test_ref(1), VM_CONFIG, "a", value_new_string("1"));
    db_map_set(txn, CLASS_VM, test_ref(1), VM_CONFIG, "b", value_new_string("2"));
    db_map_set(txn, CLASS_VM, test_ref(1), VM_CONFIG, "a", value_new_string("3"));
    db_map_set(txn, CLASS_VM, test_ref(1), VM_CONFIG, "b", NULL);
    db_map_set(txn, CLASS_VM, test_ref(1), VM_CONFIG, "never there", NULL);
    db_set_add(txn, CLASS_VM, test_ref(1), VM_TAGS, value_new_string("red"));
    db_set_add(txn, CLASS_VM, test_ref(1), VM_TAGS, value_new_string("blue"));
    db_set_add(txn, CLASS_VM, test_ref(1), VM_TAGS, value_new_string("red"));
    db_set_remove(txn, CLASS_VM, test_ref(1), VM_TAGS, blue);
    db_set_remove(txn, CLASS_VM, test_ref(1), VM_TAGS, blue);
    db_map_set(txn, CLASS_VM, test_ref(9), VM_CONFIG, "a", value_new_string("no such object"));
    db_set_add(txn, CLASS_VM, test_ref(9), VM_TAGS, value_new_string("no such object"));
    db_set_remove(txn, CLASS_VM, test_ref(9), VM_TAGS, blue);

    const Value *config = db_get(view, CLASS_VM, test_ref(1), VM_CONFIG);
    const Value *tags = db_get(view, CLASS_VM, test_ref(1), VM_TAGS);
    g_assert_cmpuint(value_count(config), ==, 1);
    g_assert_cmpstr(value_get_string(config, "a"), ==, "3");
    g_assert_cmpuint(value_count(tags), ==, 1);
    g_assert_cmpstr(value_string(value_at(tags, 0)), ==, "red");
    test_commit(txn);
}

static void test_impossible_values_are_bugs(void)
{
    g_autoptr(Db) db = open_with_vm();
    uint64_t generation = newest_generation(db);
    DbTxn *txn = db_begin(db);
    g_test_expect_message(NULL, G_LOG_LEVEL_CRITICAL, "*VM.memory*");
    db_set(txn, CLASS_VM, test_ref(1), VM_MEMORY, value_new_string("much"));
    g_test_expect_message(NULL, G_LOG_LEVEL_CRITICAL, "*VM.VBDs*");
    db_set_add(txn, CLASS_VM, test_ref(1), VM_VBDS, value_new_ref(test_ref(11)));
    g_test_assert_expected_messages();
    test_commit(txn);
    g_assert_cmpuint(newest_generation(db), ==, generation);
}

static Value *many_strings(unsigned count)
{
    Value *set = value_new_array(count);
    for (unsigned i = 0; i < count; i++) {
        value_array_add(set, value_new_string("x"));
    }
    return set;
}

/* What the store could not read back at the next start. */
static void test_unreadable_values_are_bugs(void)
{
    g_autoptr(Db) db = open_with_vm();
    Value *twins = value_new_struct(2);
    value_struct_add(twins, "k", value_new_string("1"));
    value_struct_add(twins, "k", value_new_string("2"));
    const struct {
        uint16_t field_id;
        Value *value;
    } cases[] = {
        {VM_NAME, value_new_string("caf\xe9")},
        {VM_NAME, value_new_string_len("a\0b", 3)},
        {VM_CONFIG, twins},
        {VM_TAGS, many_strings(200000)},
    };
    DbTxn *txn = db_begin(db);
    db_set(txn, CLASS_VM, test_ref(1), VM_TAGS, many_strings(100000));
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        const DbObject *vm = db_find(db_txn_view(txn), CLASS_VM, test_ref(1));
        g_autoptr(Value) before = value_ref(db_object_get(vm, cases[i].field_id));
        g_test_expect_message(NULL, G_LOG_LEVEL_CRITICAL, "*no row can hold*");
        db_set(txn, CLASS_VM, test_ref(1), cases[i].field_id, cases[i].value);
        g_test_assert_expected_messages();
        vm = db_find(db_txn_view(txn), CLASS_VM, test_ref(1));
        g_assert_true(db_object_get(vm, cases[i].field_id) == before);
    }
    g_test_expect_message(NULL, G_LOG_LEVEL_CRITICAL, "*no row can hold*");
    db_map_set(txn, CLASS_VM, test_ref(1), VM_CONFIG, "\xff", value_new_string("v"));
    g_test_assert_expected_messages();
    test_commit(txn);
}

static void test_uuid_index_follows(void)
{
    g_autoptr(Db) db = open_with_vm();
    Uuid first = uuid_generate();
    Uuid second = uuid_generate();
    DbTxn *txn = db_begin(db);
    const DbView *view = db_txn_view(txn);
    db_set(txn, CLASS_VM, test_ref(1), VM_UUID, value_new_string(UUID_TEXT(first)));
    g_assert_nonnull(db_find_by_uuid(view, CLASS_VM, first));
    db_set(txn, CLASS_VM, test_ref(1), VM_UUID, value_new_string(UUID_TEXT(second)));
    g_assert_null(db_find_by_uuid(view, CLASS_VM, first));
    test_commit(txn);

    txn = db_begin(db);
    view = db_txn_view(txn);
    db_set(txn, CLASS_VM, test_ref(1), VM_NAME, value_new_string("new"));
    const DbObject *found = db_find_by_uuid(view, CLASS_VM, second);
    g_assert_true(found == db_find(view, CLASS_VM, test_ref(1)));
    db_delete(txn, CLASS_VM, test_ref(1));
    g_assert_null(db_find_by_uuid(view, CLASS_VM, second));
    test_commit(txn);
}

static bool rename_and_delete(const DbObject *object, void *user)
{
    DbTxn *txn = user;
    Uuid ref = db_object_ref_id(object);
    db_set(txn, CLASS_VM, ref, VM_NAME, value_new_string("seen"));
    if (ref.bytes[12] % 2 == 0) {
        db_delete(txn, CLASS_VM, ref);
    }
    return true;
}

static void test_writing_while_walking(void)
{
    g_autoptr(Db) db = test_open_none();
    DbTxn *txn = db_begin(db);
    for (unsigned i = 1; i <= 100; i++) {
        db_create(txn, CLASS_VM, test_ref(i), uuid_generate());
    }
    db_each(db_txn_view(txn), CLASS_VM, rename_and_delete, txn);
    g_assert_cmpuint(db_count(db_txn_view(txn), CLASS_VM), ==, 50);
    const Value *name = db_get(db_txn_view(txn), CLASS_VM, test_ref(99), VM_NAME);
    g_assert_cmpstr(value_string(name), ==, "seen");
    test_commit(txn);
}

static void plug(DbTxn *txn, Uuid vbd, Uuid vm)
{
    db_set(txn, CLASS_VBD, vbd, VBD_VM, value_new_ref(vm));
}

static unsigned vbd_count(const DbView *view, Uuid vm)
{
    return value_count(db_get(view, CLASS_VM, vm, VM_VBDS));
}

static void test_derived_set_follows_ref(void)
{
    g_autoptr(Db) db = test_open_none();
    DbTxn *txn = db_begin(db);
    const DbView *view = db_txn_view(txn);
    db_create(txn, CLASS_VM, test_ref(1), uuid_generate());
    db_create(txn, CLASS_VM, test_ref(2), uuid_generate());
    db_create(txn, CLASS_VBD, test_ref(11), uuid_generate());
    db_create(txn, CLASS_VBD, test_ref(12), uuid_generate());
    plug(txn, test_ref(11), test_ref(1));
    plug(txn, test_ref(12), test_ref(1));
    g_assert_cmpuint(vbd_count(view, test_ref(1)), ==, 2);
    plug(txn, test_ref(12), test_ref(2));
    g_assert_cmpuint(vbd_count(view, test_ref(1)), ==, 1);
    g_assert_true(test_lists(db_get(view, CLASS_VM, test_ref(2), VM_VBDS), test_ref(12)));
    plug(txn, test_ref(12), test_ref(0));
    g_assert_cmpuint(vbd_count(view, test_ref(2)), ==, 0);
    test_commit(txn);

    uint64_t generation = newest_generation(db);
    txn = db_begin(db);
    db_delete(txn, CLASS_VBD, test_ref(11));
    test_commit(txn);
    g_autoptr(DbSnapshot) snapshot = db_snapshot(db);
    const DbObject *vm = db_find(db_snapshot_view(snapshot), CLASS_VM, test_ref(1));
    g_assert_cmpuint(value_count(db_object_get(vm, VM_VBDS)), ==, 0);
    g_assert_cmpuint(db_object_modified(vm), ==, generation + 1);
}

static void test_dangling_refs_stay(void)
{
    g_autoptr(Db) db = open_with_vm();
    DbTxn *txn = db_begin(db);
    db_create(txn, CLASS_VBD, test_ref(11), uuid_generate());
    plug(txn, test_ref(11), test_ref(1));
    test_commit(txn);

    txn = db_begin(db);
    const DbView *view = db_txn_view(txn);
    db_delete(txn, CLASS_VM, test_ref(1));
    const Value *vm = db_get(view, CLASS_VBD, test_ref(11), VBD_VM);
    g_assert_true(uuid_equal(value_uuid(vm), test_ref(1)));
    g_assert_cmpuint(vbd_count(view, test_ref(1)), ==, 0);
    test_commit(txn);
}

/* An object that refs waited for finds them in its sets, whenever they were written. */
static void test_set_of_late_object(void)
{
    g_autoptr(Db) db = open_with_vm();
    DbTxn *txn = db_begin(db);
    db_create(txn, CLASS_VBD, test_ref(11), uuid_generate());
    db_create(txn, CLASS_VBD, test_ref(12), uuid_generate());
    db_create(txn, CLASS_VBD, test_ref(13), uuid_generate());
    plug(txn, test_ref(11), test_ref(1));
    plug(txn, test_ref(12), test_ref(2));
    plug(txn, test_ref(13), test_ref(2));
    db_delete(txn, CLASS_VM, test_ref(1));
    test_commit(txn);

    txn = db_begin(db);
    plug(txn, test_ref(13), test_ref(0));
    db_create(txn, CLASS_VM, test_ref(1), uuid_generate());
    db_create(txn, CLASS_VM, test_ref(2), uuid_generate());
    const DbView *view = db_txn_view(txn);
    g_assert_cmpuint(vbd_count(view, test_ref(1)), ==, 1);
    g_assert_true(test_lists(db_get(view, CLASS_VM, test_ref(1), VM_VBDS), test_ref(11)));
    g_assert_cmpuint(vbd_count(view, test_ref(2)), ==, 1);
    g_assert_true(test_lists(db_get(view, CLASS_VM, test_ref(2), VM_VBDS), test_ref(12)));
    test_commit(txn);
}

/* What is remembered of refs that lead nowhere goes with the last of them. */
static void test_nothing_stays_of_late_objects(void)
{
    g_autoptr(Db) db = test_open_none();
    DbTxn *txn = db_begin(db);
    const Pmap *ghosts = &db_txn_view(txn)->tables[CLASS_VM].ghosts;
    for (unsigned i = 11; i < 15; i++) {
        db_create(txn, CLASS_VBD, test_ref(i), uuid_generate());
        plug(txn, test_ref(i), test_ref(i % 2 + 1));
    }
    g_assert_cmpuint(ghosts->count, ==, 2);
    plug(txn, test_ref(11), test_ref(0));
    db_delete(txn, CLASS_VBD, test_ref(13));
    g_assert_cmpuint(ghosts->count, ==, 1);
    db_create(txn, CLASS_VM, test_ref(1), uuid_generate());
    g_assert_cmpuint(ghosts->count, ==, 0);
    test_commit(txn);
}

static void test_relation_within_a_class(void)
{
    g_autoptr(Db) db = open_with_vm();
    DbTxn *txn = db_begin(db);
    const DbView *view = db_txn_view(txn);
    db_create(txn, CLASS_VM, test_ref(2), uuid_generate());
    db_set(txn, CLASS_VM, test_ref(2), VM_SNAPSHOT_OF, value_new_ref(test_ref(1)));
    db_set(txn, CLASS_VM, test_ref(1), VM_SNAPSHOT_OF, value_new_ref(test_ref(1)));
    g_assert_cmpuint(value_count(db_get(view, CLASS_VM, test_ref(1), VM_SNAPSHOTS)), ==, 2);
    db_delete(txn, CLASS_VM, test_ref(1));
    db_create(txn, CLASS_VM, test_ref(1), uuid_generate());
    const Value *snapshots = db_get(view, CLASS_VM, test_ref(1), VM_SNAPSHOTS);
    g_assert_cmpuint(value_count(snapshots), ==, 1);
    g_assert_true(test_lists(snapshots, test_ref(2)));
    test_commit(txn);
}

static void test_many_to_many(void)
{
    g_autoptr(Db) db = open_with_vm();
    DbTxn *txn = db_begin(db);
    const DbView *view = db_txn_view(txn);
    db_create(txn, CLASS_VM, test_ref(2), uuid_generate());
    db_create(txn, CLASS_GROUP, test_ref(21), uuid_generate());
    db_create(txn, CLASS_GROUP, test_ref(22), uuid_generate());
    db_set_add(txn, CLASS_VM, test_ref(1), VM_GROUPS, value_new_ref(test_ref(21)));
    db_set_add(txn, CLASS_GROUP, test_ref(21), GROUP_VMS, value_new_ref(test_ref(2)));
    db_set_add(txn, CLASS_VM, test_ref(1), VM_GROUPS, value_new_ref(test_ref(22)));
    g_assert_true(test_lists(db_get(view, CLASS_GROUP, test_ref(21), GROUP_VMS), test_ref(1)));
    g_assert_true(test_lists(db_get(view, CLASS_VM, test_ref(2), VM_GROUPS), test_ref(21)));

    db_set(txn, CLASS_GROUP, test_ref(21), GROUP_VMS, value_new_array(0));
    g_assert_cmpuint(value_count(db_get(view, CLASS_VM, test_ref(2), VM_GROUPS)), ==, 0);
    g_assert_cmpuint(value_count(db_get(view, CLASS_VM, test_ref(1), VM_GROUPS)), ==, 1);
    db_delete(txn, CLASS_GROUP, test_ref(22));
    g_assert_cmpuint(value_count(db_get(view, CLASS_VM, test_ref(1), VM_GROUPS)), ==, 0);

    Value *twins = value_new_array(2);
    value_array_add(twins, value_new_ref(test_ref(21)));
    value_array_add(twins, value_new_ref(test_ref(21)));
    db_set(txn, CLASS_VM, test_ref(1), VM_GROUPS, twins);
    g_assert_cmpuint(value_count(db_get(view, CLASS_GROUP, test_ref(21), GROUP_VMS)), ==, 1);
    test_commit(txn);
}

/* The relations of the whole view, worked out the slow way. */
static bool check_vm(const DbObject *vm, void *user)
{
    const DbView *view = user;
    const Value *vbds = db_object_get(vm, VM_VBDS);
    const Value *groups = db_object_get(vm, VM_GROUPS);
    g_autoptr(GArray) all = db_refs(view, CLASS_VBD);
    unsigned expected = 0;
    for (unsigned i = 0; i < all->len; i++) {
        Uuid vbd = g_array_index(all, Uuid, i);
        bool is_ours =
            uuid_equal(value_uuid(db_get(view, CLASS_VBD, vbd, VBD_VM)), db_object_ref_id(vm));
        g_assert_true(test_lists(vbds, vbd) == is_ours);
        expected += is_ours;
    }
    g_assert_cmpuint(value_count(vbds), ==, expected);
    for (unsigned i = 0; i < value_count(groups); i++) {
        Uuid group = value_uuid(value_at(groups, i));
        const Value *members = db_get(view, CLASS_GROUP, group, GROUP_VMS);
        g_assert_true(!db_find(view, CLASS_GROUP, group) ||
                      test_lists(members, db_object_ref_id(vm)));
    }
    return true;
}

static bool check_group(const DbObject *group, void *user)
{
    const DbView *view = user;
    const Value *members = db_object_get(group, GROUP_VMS);
    for (unsigned i = 0; i < value_count(members); i++) {
        Uuid vm = value_uuid(value_at(members, i));
        const Value *groups = db_get(view, CLASS_VM, vm, VM_GROUPS);
        g_assert_true(!db_find(view, CLASS_VM, vm) || test_lists(groups, db_object_ref_id(group)));
    }
    return true;
}

static void random_step(DbTxn *txn)
{
    Uuid vm = test_ref((unsigned)g_test_rand_int_range(1, 6));
    Uuid vbd = test_ref((unsigned)g_test_rand_int_range(11, 20));
    Uuid group = test_ref((unsigned)g_test_rand_int_range(21, 25));
    g_autoptr(Value) group_item = value_new_ref(group);
    const struct {
        uint16_t class_id;
        Uuid ref;
    } objects[] = {{CLASS_VM, vm}, {CLASS_VBD, vbd}, {CLASS_GROUP, group}};
    unsigned i = (unsigned)g_test_rand_int_range(0, G_N_ELEMENTS(objects));
    switch (g_test_rand_int_range(0, 6)) {
    case 0:
        db_delete(txn, objects[i].class_id, objects[i].ref);
        break;
    case 1:
    case 2:
        if (!db_find(db_txn_view(txn), objects[i].class_id, objects[i].ref)) {
            db_create(txn, objects[i].class_id, objects[i].ref, uuid_generate());
        }
        break;
    case 3:
        plug(txn, vbd, vm);
        break;
    case 4:
        db_set_add(txn, CLASS_VM, vm, VM_GROUPS, value_new_ref(group));
        break;
    default:
        db_set_remove(txn, CLASS_VM, vm, VM_GROUPS, group_item);
        break;
    }
}

static void test_relations_at_random(void)
{
    g_autoptr(Db) db = test_open_none();
    for (unsigned round = 0; round < 300; round++) {
        DbTxn *txn = db_begin(db);
        for (unsigned step = 0; step < 10; step++) {
            random_step(txn);
        }
        db_each(db_txn_view(txn), CLASS_VM, check_vm, (void *)db_txn_view(txn));
        db_each(db_txn_view(txn), CLASS_GROUP, check_group, (void *)db_txn_view(txn));
        if (g_test_rand_bit()) {
            test_commit(txn);
        } else {
            db_abort(txn);
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/txn/create-has-defaults", test_create_has_defaults);
    g_test_add_func("/txn/reads-own-writes-only", test_reads_own_writes_only);
    g_test_add_func("/txn/abort-leaves-nothing", test_abort_leaves_nothing);
    g_test_add_func("/txn/no-change-publishes-nothing", test_no_change_publishes_nothing);
    g_test_add_func("/txn/undone-change-keeps-the-version", test_undone_change_keeps_the_version);
    g_test_add_func("/txn/touch-is-a-change", test_touch_is_a_change);
    g_test_add_func("/txn/maps-and-sets", test_maps_and_sets);
    g_test_add_func("/txn/impossible-values-are-bugs", test_impossible_values_are_bugs);
    g_test_add_func("/txn/unreadable-values-are-bugs", test_unreadable_values_are_bugs);
    g_test_add_func("/txn/uuid-index-follows", test_uuid_index_follows);
    g_test_add_func("/txn/writing-while-walking", test_writing_while_walking);
    g_test_add_func("/txn/derived-set-follows-ref", test_derived_set_follows_ref);
    g_test_add_func("/txn/dangling-refs-stay", test_dangling_refs_stay);
    g_test_add_func("/txn/set-of-late-object", test_set_of_late_object);
    g_test_add_func("/txn/nothing-stays-of-late-objects", test_nothing_stays_of_late_objects);
    g_test_add_func("/txn/relation-within-a-class", test_relation_within_a_class);
    g_test_add_func("/txn/many-to-many", test_many_to_many);
    g_test_add_func("/txn/relations-at-random", test_relations_at_random);
    return g_test_run();
}
