/* The uuid of a host outlives its database, which may be restored from another time or another
 * host's copy; so it is in a file of its own. */
#include "ops/host/host_identity.h"

#include "base/fd.h"
#include "gen/db_host.h"
#include "gen/errors.h"

#include <sys/stat.h>

static bool read_uuid(const char *path, Uuid *ret_uuid, Err **err);
static Uuid choose_uuid(Db *db);
static bool write_uuid(const char *path, Uuid uuid, Err **err);

bool host_identity_find(Db *db, const char *state_dir, Uuid *ret_uuid, Err **err)
{
    g_autofree char *path = g_build_filename(state_dir, "host-uuid", NULL);
    if (g_file_test(path, G_FILE_TEST_EXISTS)) {
        return read_uuid(path, ret_uuid, err);
    }
    Uuid uuid = choose_uuid(db);
    if (!write_uuid(path, uuid, err)) {
        return false;
    }
    *ret_uuid = uuid;
    return true;
}

static bool read_uuid(const char *path, Uuid *ret_uuid, Err **err)
{
    g_autofree char *text = fd_read_file(path, UUID_TEXT_SIZE, NULL, err);
    if (!text) {
        return false;
    }
    return uuid_parse(g_strchomp(text), ret_uuid) ||
           err_internal(err,
                        "%s holds no uuid; restore it from a backup, or delete it to start as a "
                        "new host",
                        path);
}

static Uuid choose_uuid(Db *db)
{
    g_autoptr(DbSnapshot) snapshot = db_snapshot(db);
    const DbView *view = db_snapshot_view(snapshot);
    g_autoptr(GArray) hosts = db_host_all(view);
    Uuid uuid;
    if (hosts->len == 1 &&
        uuid_parse(db_host_uuid(view, g_array_index(hosts, HostRef, 0)), &uuid)) {
        return uuid;
    }
    return uuid_generate();
}

static bool write_uuid(const char *path, Uuid uuid, Err **err)
{
    g_autofree char *line = g_strdup_printf("%s\n", UUID_TEXT(uuid));
    return fd_write_file(path, line, strlen(line), S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH, err);
}
