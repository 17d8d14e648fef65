/* Sparse fields (db/view.c): at every moment exactly those are found that are not at their
 * default. */
#include "store_fixture.h"

static Db *open_file(const char *path)
{
    DbBackend backend;
    g_assert_true(db_backend_sqlite(path, &backend, NULL));
    Db *db = db_open(&test_schema, &backend, NULL);
    g_assert_nonnull(db);
    return db;
}

static void create_vm(Db *db, unsigned number)
{
    DbTxn *txn = db_begin(db);
    db_create(txn, CLASS_VM, test_ref(number), uuid_generate());
    test_commit(txn);
}

static void set_power(Db *db, unsigned number, const char *state)
{
    DbTxn *txn = db_begin(db);
    db_set(txn, CLASS_VM, test_ref(number), VM_POWER, value_new_string(state));
    test_commit(txn);
}

/* Which of the VMs 1 to 3 the view tells to be no longer at the default, as bits. */
static unsigned sparse_vms(const DbView *view)
{
    unsigned found = 0;
    for (unsigned i = 1; i <= 3; i++) {
        const DbObject *vm = db_find_sparse(view, CLASS_VM, test_ref(i), VM_POWER);
        g_assert_true(!vm || vm == db_find(view, CLASS_VM, test_ref(i)));
        found |= vm ? 1u << i : 0;
    }
    g_assert_cmpuint(db_count_sparse(view, CLASS_VM, VM_POWER), ==,
                     (unsigned)__builtin_popcount(found));
    return found;
}

static unsigned sparse_now(Db *db)
{
    g_autoptr(DbSnapshot) snapshot = db_snapshot(db);
    return sparse_vms(db_snapshot_view(snapshot));
}

static void test_every_change(void)
{
    g_autofree char *folder = test_folder_make();
    g_autofree char *path = g_build_filename(folder, "state.db", NULL);
    g_autoptr(Db) db = open_file(path);
    for (unsigned i = 1; i <= 3; i++) {
        create_vm(db, i);
    }
    g_assert_cmpuint(sparse_now(db), ==, 0);
    set_power(db, 2, "Running");
    g_autoptr(DbSnapshot) before = db_snapshot(db);
    set_power(db, 3, "Running");
    DbTxn *txn = db_begin(db);
    db_set(txn, CLASS_VM, test_ref(3), VM_NAME, value_new_string("another version"));
    db_set(txn, CLASS_VM, test_ref(2), VM_POWER, value_new_string("Halted"));
    g_assert_cmpuint(sparse_vms(db_txn_view(txn)), ==, 1u << 3);
    db_set(txn, CLASS_VM, test_ref(1), VM_POWER, value_new_string("Running"));
    g_assert_cmpuint(sparse_vms(db_txn_view(txn)), ==, 1u << 1 | 1u << 3);
    db_abort(txn);
    g_assert_cmpuint(sparse_now(db), ==, 1u << 2 | 1u << 3);
    txn = db_begin(db);
    db_delete(txn, CLASS_VM, test_ref(2));
    test_commit(txn);
    g_assert_cmpuint(sparse_now(db), ==, 1u << 3);
    g_assert_cmpuint(sparse_vms(db_snapshot_view(before)), ==, 1u << 2);
    g_clear_pointer(&before, db_snapshot_unref);
    db_close(g_steal_pointer(&db));
    db = open_file(path);
    g_assert_cmpuint(sparse_now(db), ==, 1u << 3);
    db_close(g_steal_pointer(&db));
    test_folder_remove(folder);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sparse/every-change", test_every_change);
    return g_test_run();
}
