/* The folders are of other programs: whatever is in them is counted, and links are not followed. */
#include "ops/host_crashdump/crashdump_scan.h"

#include "gen/db_host.h"
#include "gen/db_host_crashdump.h"

#include <fts.h>
#include <sys/stat.h>

enum { MAX_DUMPS = 1000 };

/* One dump on the disk. */
typedef struct Dump {
    char *name;
    int64_t time, size;
} Dump;

static GArray *read_dumps(const char *folder);
static void dump_clear(void *dump);
static int64_t size_of(const char *path);
static HostCrashdumpRef find(const DbView *view, HostRef host, const char *name);
static bool is_on_disk(const GArray *dumps, const char *name);

bool crashdump_scan(Platform *platform, Err **err)
{
    HostRef host = platform_host(platform);
    g_autoptr(GArray) dumps = read_dumps(platform_paths(platform)->crash_dir);
    DbTxn *txn = db_begin(platform_db(platform));
    const DbView *view = db_txn_view(txn);
    g_autoptr(GArray) known = db_host_crashdumps_array(view, host);
    for (guint i = 0; i < known->len; i++) {
        HostCrashdumpRef dump = g_array_index(known, HostCrashdumpRef, i);
        if (!is_on_disk(dumps, db_host_crashdump_filename(view, dump))) {
            db_host_crashdump_delete(txn, dump);
        }
    }
    for (guint i = 0; i < dumps->len; i++) {
        const Dump *dump = &g_array_index(dumps, Dump, i);
        if (host_crashdump_ref_is_null(find(view, host, dump->name))) {
            HostCrashdumpRef row = db_host_crashdump_create(txn);
            db_host_crashdump_set_host(txn, row, host);
            db_host_crashdump_set_filename(txn, row, dump->name);
            db_host_crashdump_set_timestamp(txn, row, dump->time);
            db_host_crashdump_set_size(txn, row, dump->size);
        }
    }
    return db_commit(txn, err);
}

/* A number of `digits` digits; -1 when there is anything else. */
static int take_number(const char **at, unsigned digits)
{
    int number = 0;
    for (unsigned i = 0; i < digits; i++, (*at)++) {
        if (!g_ascii_isdigit(**at)) {
            return -1;
        }
        number = number * 10 + (**at - '0');
    }
    return number;
}

bool crashdump_time_of_name(const char *name, int64_t *ret_seconds)
{
    const char *at = name;
    int year = take_number(&at, 4), month = take_number(&at, 2), day = take_number(&at, 2);
    bool is_xen = *at == '-';
    at += is_xen;
    int hour = take_number(&at, 2), minute = take_number(&at, 2);
    int second = is_xen ? take_number(&at, 2) : 0;
    if (strcmp(at, is_xen ? "-UTC" : "") != 0) {
        return false;
    }
    g_autoptr(GTimeZone) zone = is_xen ? g_time_zone_new_utc() : g_time_zone_new_local();
    g_autoptr(GDateTime) time = g_date_time_new(zone, year, month, day, hour, minute, second);
    if (!time) {
        return false;
    }
    *ret_seconds = g_date_time_to_unix(time);
    return true;
}

/* (owned) */
static GArray *read_dumps(const char *folder)
{
    GArray *dumps = g_array_new(FALSE, FALSE, sizeof(Dump));
    g_array_set_clear_func(dumps, dump_clear);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;
    while (dir && dumps->len < MAX_DUMPS && (name = g_dir_read_name(dir))) {
        struct stat status;
        g_autofree char *path = g_build_filename(folder, name, NULL);
        if (*name == '.' || *name == '-' || !g_utf8_validate(name, -1, NULL) ||
            lstat(path, &status) < 0 || !S_ISDIR(status.st_mode)) {
            continue;
        }
        Dump dump = {g_strdup(name), status.st_mtime, size_of(path)};
        crashdump_time_of_name(name, &dump.time);
        g_array_append_val(dumps, dump);
    }
    return dumps;
}

static void dump_clear(void *dump)
{
    g_free(((Dump *)dump)->name);
}

/* Bytes of all files in it. */
static int64_t size_of(const char *path)
{
    char *const roots[] = {(char *)path, NULL};
    FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    int64_t total = 0;
    const FTSENT *entry;
    while (walk && (entry = fts_read(walk))) {
        total += entry->fts_info == FTS_F ? entry->fts_statp->st_size : 0;
    }
    if (walk) {
        fts_close(walk);
    }
    return total;
}

static HostCrashdumpRef find(const DbView *view, HostRef host, const char *name)
{
    for (unsigned i = 0; i < db_host_crashdumps_count(view, host); i++) {
        HostCrashdumpRef dump = db_host_crashdumps_at(view, host, i);
        if (strcmp(db_host_crashdump_filename(view, dump), name) == 0) {
            return dump;
        }
    }
    return (HostCrashdumpRef){{{0}}};
}

static bool is_on_disk(const GArray *dumps, const char *name)
{
    for (guint i = 0; i < dumps->len; i++) {
        if (strcmp(g_array_index(dumps, Dump, i).name, name) == 0) {
            return true;
        }
    }
    return false;
}
