/* The backend for a single host: one SQLite file.
 *
 * Table `object` has a row an object, table `meta` the format and the generation of the last
 * commit.  The journal is a WAL that is synced at every commit, so a commit that returned
 * survives a power cut.  The file is locked for this process alone, which also keeps a second
 * daemon away.  Secrets are in it, so nobody else may read it. */
#include "base/fd.h"
#include "db/store.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <sys/stat.h>

/* Of our tables; a database with a higher one was written by a later version. */
#define FILE_FORMAT 1
#define FILE_MODE   0600 /* the WAL gets the same */

typedef struct SqliteFile {
    char *path;
    sqlite3 *handle;
    sqlite3_stmt *put;
    sqlite3_stmt *delete;
    sqlite3_stmt *set_generation;
} SqliteFile;

static SqliteFile *file_open(const char *path, Err **err);
static void file_close(SqliteFile *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SqliteFile, file_close)
static bool file_create(const char *path, Err **err);
static bool file_configure(SqliteFile *file, Err **err);
static bool file_use_wal(SqliteFile *file, Err **err);
static bool file_create_tables(SqliteFile *file, Err **err);
static bool file_check_format(SqliteFile *file, Err **err);
static bool file_prepare(SqliteFile *file, Err **err);
static bool sqlite_load(void *user, DbLoadFunc each, void *each_user, uint64_t *ret_generation,
                        Err **err);
static bool load_rows(SqliteFile *file, sqlite3_stmt *rows, DbLoadFunc each, void *each_user,
                      Err **err);
static bool sqlite_commit(void *user, const DbSchema *schema, const DbRow *rows, unsigned count,
                          uint64_t generation, Err **err);
static bool write_all(SqliteFile *file, const DbSchema *schema, const DbRow *rows, unsigned count,
                      uint64_t generation, Err **err);
static bool write_row(SqliteFile *file, const DbSchema *schema, const DbRow *row, Err **err);
static void sqlite_close(void *user);
static bool get_meta(SqliteFile *file, const char *name, int64_t *ret_number, Err **err);
static bool run(SqliteFile *file, const char *sql, Err **err);
static bool run_prepared(SqliteFile *file, sqlite3_stmt *statement, Err **err);
static sqlite3_stmt *prepare(SqliteFile *file, const char *sql, Err **err);
static bool fail(const SqliteFile *file, const char *what, Err **err);

bool db_backend_sqlite(const char *path, DbBackend *ret_backend, Err **err)
{
    SqliteFile *file = file_open(path, err);
    if (!file) {
        return false;
    }
    *ret_backend = (DbBackend){.name = "sqlite",
                               .user = file,
                               .load = sqlite_load,
                               .commit = sqlite_commit,
                               .close = sqlite_close};
    return true;
}

static SqliteFile *file_open(const char *path, Err **err)
{
    g_autoptr(SqliteFile) file = g_new0(SqliteFile, 1);
    file->path = g_strdup(path);
    if (!file_create(path, err)) {
        return NULL;
    }
    /* One thread at a time uses the handle, so SQLite needs no mutexes of its own. */
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW;
    if (sqlite3_open_v2(path, &file->handle, flags, NULL) != SQLITE_OK) {
        fail(file, "opening it", err);
        return NULL;
    }
    if (!file_configure(file, err) || !file_create_tables(file, err) ||
        !file_check_format(file, err) || !file_prepare(file, err)) {
        return NULL;
    }
    return g_steal_pointer(&file);
}

static void file_close(SqliteFile *file)
{
    sqlite3_finalize(file->put);
    sqlite3_finalize(file->delete);
    sqlite3_finalize(file->set_generation);
    sqlite3_close(file->handle);
    g_free(file->path);
    g_free(file);
}

/* Makes sure the file exists with the right mode before SQLite would make it with its own. */
static bool file_create(const char *path, Err **err)
{
    bool is_new = access(path, F_OK) != 0;
    auto_fd fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
    if (fd < 0) {
        return err_errno(err, errno, "cannot open the database %s", path);
    }
    if (fchmod(fd, FILE_MODE) < 0) {
        return err_errno(err, errno, "cannot set the mode of the database %s", path);
    }
    g_autofree char *folder = g_path_get_dirname(path);
    return !is_new || fd_sync_folder(folder, err);
}

/* The lock is made exclusive before the WAL is first used: then it needs no shared memory. */
static bool file_configure(SqliteFile *file, Err **err)
{
    return run(file, "PRAGMA locking_mode = EXCLUSIVE", err) && file_use_wal(file, err) &&
           run(file, "PRAGMA synchronous = FULL", err);
}

/* SQLite does not call it an error when it stays with another journal. */
static bool file_use_wal(SqliteFile *file, Err **err)
{
    sqlite3_stmt *statement = prepare(file, "PRAGMA journal_mode = WAL", err);
    if (!statement) {
        return false;
    }
    bool is_wal = sqlite3_step(statement) == SQLITE_ROW &&
                  g_strcmp0((const char *)sqlite3_column_text(statement, 0), "wal") == 0;
    if (!is_wal) {
        fail(file, "switching to a write-ahead log", err);
    }
    sqlite3_finalize(statement);
    return is_wal;
}

static bool file_create_tables(SqliteFile *file, Err **err)
{
    return run(file,
               "BEGIN EXCLUSIVE;"
               "CREATE TABLE IF NOT EXISTS meta ("
               " name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;"
               "CREATE TABLE IF NOT EXISTS object ("
               " class TEXT NOT NULL, ref BLOB NOT NULL, json TEXT NOT NULL,"
               " PRIMARY KEY (class, ref));"
               "INSERT OR IGNORE INTO meta VALUES"
               " ('format', " G_STRINGIFY(FILE_FORMAT) "), ('generation', 0);"
                                                       "COMMIT",
               err);
}

static bool file_check_format(SqliteFile *file, Err **err)
{
    int64_t format;
    if (!get_meta(file, "format", &format, err)) {
        return false;
    }
    if (format != FILE_FORMAT) {
        return err_internal(err,
                            "the database %s has format %" PRId64 " and this daemon reads %d: "
                            "install the version that wrote it, or restore a backup",
                            file->path, format, FILE_FORMAT);
    }
    return true;
}

static bool file_prepare(SqliteFile *file, Err **err)
{
    file->put = prepare(file,
                        "INSERT INTO object (class, ref, json) VALUES (?1, ?2, ?3)"
                        " ON CONFLICT (class, ref) DO UPDATE SET json = excluded.json",
                        err);
    if (!file->put) {
        return false;
    }
    file->delete = prepare(file, "DELETE FROM object WHERE class = ?1 AND ref = ?2", err);
    if (!file->delete) {
        return false;
    }
    file->set_generation =
        prepare(file, "UPDATE meta SET value = ?1 WHERE name = 'generation'", err);
    return file->set_generation != NULL;
}

static bool sqlite_load(void *user, DbLoadFunc each, void *each_user, uint64_t *ret_generation,
                        Err **err)
{
    SqliteFile *file = user;
    int64_t generation;
    if (!get_meta(file, "generation", &generation, err)) {
        return false;
    }
    sqlite3_stmt *rows = prepare(file, "SELECT class, ref, json FROM object", err);
    if (!rows) {
        return false;
    }
    bool is_loaded = load_rows(file, rows, each, each_user, err);
    sqlite3_finalize(rows);
    if (is_loaded) {
        *ret_generation = (uint64_t)generation;
    }
    return is_loaded;
}

static bool load_rows(SqliteFile *file, sqlite3_stmt *rows, DbLoadFunc each, void *each_user,
                      Err **err)
{
    int status;
    while ((status = sqlite3_step(rows)) == SQLITE_ROW) {
        const char *class_name = (const char *)sqlite3_column_text(rows, 0);
        const void *blob = sqlite3_column_blob(rows, 1);
        const char *json = (const char *)sqlite3_column_text(rows, 2);
        Uuid ref;
        if (!class_name || !blob || !json || sqlite3_column_bytes(rows, 1) != sizeof ref.bytes) {
            return err_internal(err, "the database %s has a row whose columns make no sense",
                                file->path);
        }
        memcpy(ref.bytes, blob, sizeof ref.bytes);
        if (!each(each_user, class_name, ref, json, err)) {
            return false;
        }
    }
    return status == SQLITE_DONE ? true : fail(file, "reading its rows", err);
}

static bool sqlite_commit(void *user, const DbSchema *schema, const DbRow *rows, unsigned count,
                          uint64_t generation, Err **err)
{
    SqliteFile *file = user;
    if (!run(file, "BEGIN IMMEDIATE", err)) {
        return false;
    }
    if (write_all(file, schema, rows, count, generation, err) && run(file, "COMMIT", err)) {
        return true;
    }
    /* SQLite has rolled back by itself after some errors; then this one fails, to no harm. */
    run(file, "ROLLBACK", NULL);
    return false;
}

static bool write_all(SqliteFile *file, const DbSchema *schema, const DbRow *rows, unsigned count,
                      uint64_t generation, Err **err)
{
    for (unsigned i = 0; i < count; i++) {
        if (!write_row(file, schema, &rows[i], err)) {
            return false;
        }
    }
    sqlite3_bind_int64(file->set_generation, 1, (int64_t)generation);
    return run_prepared(file, file->set_generation, err);
}

static bool write_row(SqliteFile *file, const DbSchema *schema, const DbRow *row, Err **err)
{
    sqlite3_stmt *statement = row->json ? file->put : file->delete;
    const char *class_name = schema->classes[row->class_id].name;
    sqlite3_bind_text(statement, 1, class_name, -1, SQLITE_STATIC);
    sqlite3_bind_blob(statement, 2, row->ref.bytes, sizeof row->ref.bytes, SQLITE_STATIC);
    if (row->json) {
        sqlite3_bind_text(statement, 3, row->json, -1, SQLITE_STATIC);
    }
    return run_prepared(file, statement, err);
}

static void sqlite_close(void *user)
{
    file_close(user);
}

static bool get_meta(SqliteFile *file, const char *name, int64_t *ret_number, Err **err)
{
    sqlite3_stmt *statement = prepare(file, "SELECT value FROM meta WHERE name = ?1", err);
    if (!statement) {
        return false;
    }
    sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
    bool is_found = sqlite3_step(statement) == SQLITE_ROW;
    if (is_found) {
        *ret_number = sqlite3_column_int64(statement, 0);
    } else {
        fail(file, "reading its meta table", err);
    }
    sqlite3_finalize(statement);
    return is_found;
}

static bool run(SqliteFile *file, const char *sql, Err **err)
{
    return sqlite3_exec(file->handle, sql, NULL, NULL, NULL) == SQLITE_OK ? true
                                                                          : fail(file, sql, err);
}

static bool run_prepared(SqliteFile *file, sqlite3_stmt *statement, Err **err)
{
    bool is_done = sqlite3_step(statement) == SQLITE_DONE;
    if (!is_done) {
        fail(file, sqlite3_sql(statement), err);
    }
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return is_done;
}

/* NULL on failure; to be finalized by the caller. */
static sqlite3_stmt *prepare(SqliteFile *file, const char *sql, Err **err)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(file->handle, sql, -1, &statement, NULL) != SQLITE_OK) {
        fail(file, sql, err);
    }
    return statement;
}

static bool fail(const SqliteFile *file, const char *what, Err **err)
{
    bool is_taken = sqlite3_errcode(file->handle) == SQLITE_BUSY;
    return err_internal(err, "the database %s (%s): %s%s", file->path, what,
                        sqlite3_errmsg(file->handle),
                        is_taken ? "; another process uses it, stop that one first" : "");
}
