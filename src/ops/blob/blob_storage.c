/* Whether this host has room for contents of blobs: a choice of the administrator's, which is kept
 * in host.other_config and carried out again at each start. */
#include "base/fd.h"
#include "base/text.h"
#include "gen/db_blob.h"
#include "gen/db_host.h"
#include "gen/ops_pool.h"
#include "ops/blob/blob.h"
#include "ops/blob/blob_file.h"

static const char NO_STORAGE_KEY[] = "no_local_storage";

static void check_files(Platform *platform, const DbView *view, int64_t *ret_sizes);

bool pool_enable_binary_storage(Call *call, Err **err)
{
    Platform *platform = call_platform(call);
    if (!blob_file_enable_storage(platform, err)) {
        return false;
    }
    DbTxn *txn = db_begin(call->db);
    db_host_set_other_config_key(txn, platform_host(platform), NO_STORAGE_KEY, NULL);
    return db_commit(txn, err);
}

/* The choice first: if the daemon ends here, the next start carries it out. */
bool pool_disable_binary_storage(Call *call, Err **err)
{
    Platform *platform = call_platform(call);
    DbTxn *txn = db_begin(call->db);
    db_host_set_other_config_key(txn, platform_host(platform), NO_STORAGE_KEY, "true");
    return db_commit(txn, err) && blob_storage_start(platform, err);
}

bool blob_storage_start(Platform *platform, Err **err)
{
    g_autoptr(DbSnapshot) snapshot = db_snapshot(platform_db(platform));
    const DbView *view = db_snapshot_view(snapshot);
    const char *off = db_host_other_config_get(view, platform_host(platform), NO_STORAGE_KEY);
    bool is_off = text_equal(off, "true");
    if (!(is_off ? blob_file_disable_storage(platform, err)
                 : blob_file_enable_storage(platform, err))) {
        return false;
    }
    g_autoptr(GArray) blobs = db_blob_all(view);
    g_autofree int64_t *sizes = g_new0(int64_t, blobs->len);
    check_files(platform, view, sizes);
    DbTxn *txn = db_begin(platform_db(platform));
    for (guint i = 0; i < blobs->len; i++) {
        db_blob_set_size(txn, g_array_index(blobs, BlobRef, i), sizes[i]);
    }
    return db_commit(txn, err);
}

/* The sizes in the order of db_blob_all(); 0 for a blob without a file. */
static void check_files(Platform *platform, const DbView *view, int64_t *ret_sizes)
{
    g_autoptr(GArray) blobs = db_blob_all(view);
    g_autoptr(GHashTable) uuids = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < blobs->len; i++) {
        const char *uuid = db_blob_uuid(view, g_array_index(blobs, BlobRef, i));
        auto_fd fd = blob_file_open(platform, uuid, &ret_sizes[i]);
        g_hash_table_add(uuids, (char *)uuid);
    }
    blob_file_sweep(platform, uuids);
}
