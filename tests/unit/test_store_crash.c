/* Whoever was told "durable" finds it after kill -9, and no transaction is there by half.
 *
 * The test starts itself again as a child whose threads commit as fast as they can and say so on
 * a pipe after each commit; it kills the child after so many words and looks into the file. */
#include "store_fixture.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WRITERS = 4, DEADLINE_SECONDS = 60 };

/* A word on the pipe: this writer's transaction of this number is durable. Small enough that
 * writes of several threads do not mix. */
typedef struct Word {
    uint32_t writer;
    uint32_t number;
} Word;

static Db *open_file(const char *path)
{
    DbBackend backend;
    g_autoptr(Err) err = NULL;
    bool is_open = db_backend_sqlite(path, &backend, &err);
    g_assert_null(err);
    g_assert_true(is_open);
    Db *db = db_open(&test_schema, &backend, &err);
    g_assert_null(err);
    return db;
}

/* Each writer has two VMs that carry the number of its last transaction, and one VBD, made anew
 * in each transaction, that carries it too. */
static Uuid first_vm(unsigned writer)
{
    return test_ref(100 + writer);
}

static Uuid second_vm(unsigned writer)
{
    return test_ref(200 + writer);
}

static Uuid vbd_of(unsigned writer, int64_t number)
{
    return test_ref(1000 + WRITERS * (unsigned)number + writer);
}

static int64_t number_of(const DbView *view, Uuid vm)
{
    return value_int(db_get(view, CLASS_VM, vm, VM_MEMORY));
}

static void create_vms(Db *db)
{
    DbTxn *txn = db_begin(db);
    for (unsigned writer = 0; writer < WRITERS; writer++) {
        if (db_find(db_txn_view(txn), CLASS_VM, first_vm(writer))) {
            continue;
        }
        db_create(txn, CLASS_VM, first_vm(writer), uuid_generate());
        db_create(txn, CLASS_VM, second_vm(writer), uuid_generate());
        db_create(txn, CLASS_VBD, vbd_of(writer, 1024), uuid_generate());
        db_set(txn, CLASS_VBD, vbd_of(writer, 1024), VBD_VM, value_new_ref(first_vm(writer)));
    }
    test_commit(txn);
}

typedef struct Writer {
    Db *db;
    unsigned index;
} Writer;

static gpointer write_until_killed(gpointer user)
{
    const Writer *writer = user;
    unsigned index = writer->index;
    for (;;) {
        DbTxn *txn = db_begin(writer->db);
        int64_t before = number_of(db_txn_view(txn), first_vm(index));
        int64_t number = before + 1;
        Uuid vbd = vbd_of(index, number);
        db_set(txn, CLASS_VM, first_vm(index), VM_MEMORY, value_new_int(number));
        db_delete(txn, CLASS_VBD, vbd_of(index, before));
        db_create(txn, CLASS_VBD, vbd, uuid_generate());
        db_set(txn, CLASS_VBD, vbd, VBD_VM, value_new_ref(first_vm(index)));
        db_set(txn, CLASS_VM, second_vm(index), VM_MEMORY, value_new_int(number));
        test_commit(txn);
        Word word = {.writer = index, .number = (uint32_t)number};
        if (write(STDOUT_FILENO, &word, sizeof word) != sizeof word) {
            _exit(1);
        }
    }
    return NULL;
}

static int run_child(const char *path)
{
    alarm(DEADLINE_SECONDS); /* nobody waits for a child that is stuck */
    Db *db = open_file(path);
    Writer writers[WRITERS];
    GThread *threads[WRITERS];
    create_vms(db);
    for (unsigned i = 0; i < WRITERS; i++) {
        writers[i] = (Writer){db, i};
        threads[i] = g_thread_new("writer", write_until_killed, &writers[i]);
    }
    for (unsigned i = 0; i < WRITERS; i++) {
        g_thread_join(threads[i]);
    }
    return 1;
}

/* Kills a child after `words` commits. What it had confirmed by then is in `ret_confirmed`. */
static void crash_after(const char *path, unsigned words, int64_t ret_confirmed[WRITERS])
{
    const char *argv[] = {"/proc/self/exe", "--child", path, NULL};
    GPid child;
    int from_child;
    g_autoptr(GError) error = NULL;
    g_spawn_async_with_pipes(NULL, (char **)argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL,
                             &child, NULL, &from_child, NULL, &error);
    g_assert_no_error(error);
    Word word;
    unsigned count = 0;
    while (read(from_child, &word, sizeof word) == sizeof word) {
        g_assert_cmpuint(word.writer, <, WRITERS);
        g_assert_cmpint(word.number, >, ret_confirmed[word.writer]);
        ret_confirmed[word.writer] = word.number;
        if (++count == words) {
            g_assert_cmpint(kill(child, SIGKILL), ==, 0);
        }
    }
    close(from_child);
    int status;
    g_assert_cmpint(waitpid(child, &status, 0), ==, child);
    g_assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    g_assert_cmpuint(count, >=, words);
}

static void check_file(const char *path, const int64_t confirmed[WRITERS])
{
    g_autoptr(Db) db = open_file(path);
    g_autoptr(DbSnapshot) snapshot = db_snapshot(db);
    const DbView *view = db_snapshot_view(snapshot);
    g_assert_cmpuint(db_count(view, CLASS_VM), ==, 2 * WRITERS);
    g_assert_cmpuint(db_count(view, CLASS_VBD), ==, WRITERS);
    for (unsigned i = 0; i < WRITERS; i++) {
        int64_t number = number_of(view, first_vm(i));
        const Value *vbds = db_get(view, CLASS_VM, first_vm(i), VM_VBDS);
        g_assert_cmpint(number, >=, confirmed[i]);
        g_assert_cmpint(number_of(view, second_vm(i)), ==, number);
        g_assert_cmpuint(value_count(vbds), ==, 1);
        g_assert_true(test_lists(vbds, vbd_of(i, number)));
    }
}

static void test_kill(void)
{
    static const unsigned words[] = {1, 10, 100, 1000, 2000, 337};
    g_autofree char *folder = test_folder_make();
    g_autofree char *path = g_build_filename(folder, "state.db", NULL);
    int64_t confirmed[WRITERS] = {0};
    for (unsigned i = 0; i < G_N_ELEMENTS(words); i++) {
        crash_after(path, words[i], confirmed);
        check_file(path, confirmed);
    }
    test_folder_remove(folder);
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--child") == 0) {
        return run_child(argv[2]);
    }
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/store-crash/kill", test_kill);
    return g_test_run();
}
