/* The sqlite backend: what survives, who may read it, damaged and foreign files. */
#include "store_fixture.h"

#include "base/fd.h"

#include <sqlite3.h>
#include <sys/stat.h>

typedef struct File {
    char *folder;
    char *path;
} File;

static File file_new(void)
{
    File file = {.folder = test_folder_make()};
    file.path = g_build_filename(file.folder, "state.db", NULL);
    return file;
}

static void file_clear(File *file)
{
    test_folder_remove(file->folder);
    g_free(file->folder);
    g_free(file->path);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(File, file_clear)

static Db *open_file(const File *file, Err **err)
{
    DbBackend backend;
    return db_backend_sqlite(file->path, &backend, err) ? db_open(&test_schema, &backend, err)
                                                        : NULL;
}

static Db *open_good_file(const File *file)
{
    g_autoptr(Err) err = NULL;
    Db *db = open_file(file, &err);
    g_assert_null(err);
    g_assert_nonnull(db);
    return db;
}

static void run_sql(const File *file, const char *sql)
{
    sqlite3 *handle;
    g_assert_cmpint(sqlite3_open(file->path, &handle), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_exec(handle, sql, NULL, NULL, NULL), ==, SQLITE_OK);
    sqlite3_close(handle);
}

/* Leaves a file with the VMs 1..count. */
static void fill(const File *file, unsigned count)
{
    g_autoptr(Db) db = open_good_file(file);
    DbTxn *txn = db_begin(db);
    for (unsigned i = 1; i <= count; i++) {
        db_create(txn, CLASS_VM, test_ref(i), uuid_generate());
    }
    test_commit(txn);
}

static void test_round_trip(void)
{
    g_auto(File) file = file_new();
    fill(&file, 3);
    g_autoptr(Db) db = open_good_file(&file);
    DbTxn *txn = db_begin(db);
    uint64_t generation = db_view_generation(db_txn_view(txn));
    db_set(txn, CLASS_VM, test_ref(1), VM_NAME, value_new_string("it's \"quoted\" \xe2\x82\xac"));
    db_delete(txn, CLASS_VM, test_ref(2));
    db_create(txn, CLASS_VBD, test_ref(11), uuid_generate());
    db_set(txn, CLASS_VBD, test_ref(11), VBD_VM, value_new_ref(test_ref(3)));
    test_commit(txn);
    db_close(g_steal_pointer(&db));

    db = open_good_file(&file);
    g_autoptr(DbSnapshot) snapshot = db_snapshot(db);
    const DbView *view = db_snapshot_view(snapshot);
    g_assert_cmpuint(db_count(view, CLASS_VM), ==, 2);
    g_assert_cmpstr(value_string(db_get(view, CLASS_VM, test_ref(1), VM_NAME)), ==,
                    "it's \"quoted\" \xe2\x82\xac");
    g_assert_true(test_lists(db_get(view, CLASS_VM, test_ref(3), VM_VBDS), test_ref(11)));
    g_assert_cmpuint(db_view_generation(view), >, generation);
}

/* Nothing was promised for an asynchronous commit, but closing flushes. */
static void test_close_flushes(void)
{
    g_auto(File) file = file_new();
    g_autoptr(Db) db = open_good_file(&file);
    DbTxn *txn = db_begin(db);
    db_create(txn, CLASS_VM, test_ref(1), uuid_generate());
    db_commit_async(txn);
    db_close(g_steal_pointer(&db));
    db = open_good_file(&file);
    g_autoptr(DbSnapshot) snapshot = db_snapshot(db);
    g_assert_cmpuint(db_count(db_snapshot_view(snapshot), CLASS_VM), ==, 1);
}

static void check_modes(const File *file, unsigned *ret_count)
{
    GDir *dir = g_dir_open(file->folder, 0, NULL);
    const char *name;
    *ret_count = 0;
    while ((name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(file->folder, name, NULL);
        struct stat info;
        g_assert_cmpint(stat(path, &info), ==, 0);
        g_assert_cmphex(info.st_mode & 0777, ==, 0600);
        (*ret_count)++;
    }
    g_dir_close(dir);
}

static void test_mode(void)
{
    g_auto(File) file = file_new();
    mode_t before = umask(0);
    g_assert_true(fd_write_file(file.path, "", 0, 0666, NULL));
    g_autoptr(Db) db = open_good_file(&file);
    unsigned count;
    umask(before);
    check_modes(&file, &count);
    g_assert_cmpuint(count, ==, 2); /* and its log */
    db_close(g_steal_pointer(&db));
    check_modes(&file, &count);
}

static void test_second_daemon_is_refused(void)
{
    g_auto(File) file = file_new();
    Db *db = open_good_file(&file);
    g_autoptr(Err) err = NULL;
    g_assert_null(open_file(&file, &err));
    g_assert_true(err_is(err, "INTERNAL_ERROR"));
    g_assert_nonnull(strstr(err->params[0], "another process"));
    g_assert_nonnull(strstr(err->params[0], file.path));
    db_close(db);
}

static void test_newer_format_is_refused(void)
{
    g_auto(File) file = file_new();
    fill(&file, 1);
    run_sql(&file, "UPDATE meta SET value = 99 WHERE name = 'format'");
    g_autoptr(Err) err = NULL;
    g_assert_null(open_file(&file, &err));
    g_assert_nonnull(strstr(err->params[0], "99"));
}

static void test_bad_rows_are_refused(void)
{
    static const char *const statements[] = {
        "UPDATE object SET ref = x'00'",
        "UPDATE object SET ref = x''",
        "UPDATE object SET json = '{'",
        "UPDATE object SET json = CAST(x'7b00ff7d' AS TEXT)",
        "DROP TABLE meta; CREATE TABLE meta (other INTEGER)",
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(statements); i++) {
        g_auto(File) file = file_new();
        fill(&file, 1);
        run_sql(&file, statements[i]);
        g_autoptr(Err) err = NULL;
        g_assert_null(open_file(&file, &err));
        g_assert_true(err_is(err, "INTERNAL_ERROR"));
    }
}

static void test_other_files_are_refused(void)
{
    g_auto(File) file = file_new();
    g_autoptr(Err) err = NULL;
    static const char text[] = "This is a text file and as such no database of any kind.";
    g_assert_true(fd_write_file(file.path, text, sizeof text, 0600, NULL));
    g_assert_null(open_file(&file, &err));
    g_assert_true(err_is(err, "INTERNAL_ERROR"));

    g_autoptr(Err) missing = NULL;
    File elsewhere = {.path = (char *)"/nonexistent/folder/state.db"};
    g_assert_null(open_file(&elsewhere, &missing));
    g_assert_nonnull(strstr(missing->params[0], elsewhere.path));
}

/* Not even the mode of what a link points to is touched. */
static void test_link_is_refused(void)
{
    g_auto(File) file = file_new();
    g_autofree char *link = g_build_filename(file.folder, "link.db", NULL);
    g_autoptr(Err) err = NULL;
    File through_link = {.path = link};
    struct stat info;
    g_assert_true(fd_write_file(file.path, "", 0, 0640, NULL));
    g_assert_cmpint(symlink(file.path, link), ==, 0);
    g_assert_null(open_file(&through_link, &err));
    g_assert_nonnull(strstr(err->params[0], link));
    g_assert_cmpint(stat(file.path, &info), ==, 0);
    g_assert_cmphex(info.st_mode & 0777, ==, 0640);
}

/* A commit that fails half-way leaves nothing of itself and is told to the one who waits. */
static void test_failed_commit(void)
{
    g_auto(File) file = file_new();
    fill(&file, 1);
    run_sql(&file, "CREATE TRIGGER stop BEFORE UPDATE ON meta WHEN new.value % 4294967296 > 1 "
                   "BEGIN SELECT RAISE(FAIL, 'the test says no'); END");
    g_autoptr(Db) db = open_good_file(&file);
    for (unsigned i = 0; i < 2; i++) {
        g_autoptr(Err) err = NULL;
        DbTxn *txn = db_begin(db);
        db_create(txn, CLASS_VM, test_ref(20 + i), uuid_generate());
        db_delete(txn, CLASS_VM, test_ref(1));
        bool is_committed = db_commit(txn, &err);
        g_assert_false(is_committed);
        g_assert_nonnull(strstr(err->params[0], "the test says no"));
    }
    db_close(g_steal_pointer(&db));

    run_sql(&file, "DROP TRIGGER stop");
    db = open_good_file(&file);
    g_autoptr(DbSnapshot) snapshot = db_snapshot(db);
    g_assert_cmpuint(db_count(db_snapshot_view(snapshot), CLASS_VM), ==, 1);
    g_assert_nonnull(db_find(db_snapshot_view(snapshot), CLASS_VM, test_ref(1)));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sqlite/round-trip", test_round_trip);
    g_test_add_func("/sqlite/close-flushes", test_close_flushes);
    g_test_add_func("/sqlite/mode", test_mode);
    g_test_add_func("/sqlite/second-daemon-is-refused", test_second_daemon_is_refused);
    g_test_add_func("/sqlite/newer-format-is-refused", test_newer_format_is_refused);
    g_test_add_func("/sqlite/bad-rows-are-refused", test_bad_rows_are_refused);
    g_test_add_func("/sqlite/other-files-are-refused", test_other_files_are_refused);
    g_test_add_func("/sqlite/link-is-refused", test_link_is_refused);
    g_test_add_func("/sqlite/failed-commit", test_failed_commit);
    return g_test_run();
}
