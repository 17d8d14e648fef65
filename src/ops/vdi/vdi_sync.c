/* The list of images is of one moment and the objects are written at a later one: a change in
 * between makes it start anew (sr_use_note_change()). */
#include "ops/vdi/vdi_sync.h"

#include "gen/db_sr.h"
#include "gen/db_vbd.h"
#include "gen/db_vdi.h"
#include "ops/vdi/vdi_rows.h"

static bool try_sync(Call *call, SrRef sr, const SrUse *use, bool *ret_current, Err **err);
static void write_rows(DbTxn *txn, SrRef sr, const GArray *images);
static void remove_gone(DbTxn *txn, SrRef sr, const GArray *images);
static bool is_attached(const DbView *view, VdiRef vdi);
static GHashTable *index_vdis(const DbView *view, SrRef sr);

bool vdi_sync(Call *call, SrRef sr, const SrUse *use, Err **err)
{
    bool current = false;
    while (!current) {
        if (!op_check(call->op, err) || !try_sync(call, sr, use, &current, err)) {
            return false;
        }
    }
    return vdi_sync_space(call, sr, use, err);
}

bool vdi_sync_space(Call *call, SrRef sr, const SrUse *use, Err **err)
{
    SrStat stat;
    if (!use->driver->stat(call->op, use->sr, &stat, err)) {
        return false;
    }
    DbTxn *txn = db_begin(call->db);
    vdi_rows_set_space(txn, sr, &stat);
    return db_commit(txn, err);
}

static bool try_sync(Call *call, SrRef sr, const SrUse *use, bool *ret_current, Err **err)
{
    unsigned changes = sr_use_count_changes(use);
    g_autoptr(GArray) images = use->driver->scan(call->op, use->sr, err);
    if (!images) {
        return false;
    }
    DbTxn *txn = db_begin(call->db);
    if (sr_use_count_changes(use) != changes) {
        db_abort(txn);
        return true;
    }
    write_rows(txn, sr, images);
    *ret_current = true;
    return db_commit(txn, err);
}

/* Two rounds over the images: a parent must have its object before a child can name it. */
static void write_rows(DbTxn *txn, SrRef sr, const GArray *images)
{
    remove_gone(txn, sr, images);
    g_autoptr(GHashTable) vdis = index_vdis(db_txn_view(txn), sr);
    for (guint i = 0; i < images->len; i++) {
        const SrVdi *image = &g_array_index(images, SrVdi, i);
        if (!g_hash_table_contains(vdis, image->location)) {
            VdiRef vdi = vdi_rows_add(txn, sr, image);
            g_hash_table_insert(vdis, g_strdup(image->location), g_memdup2(&vdi, sizeof vdi));
        }
    }
    for (guint i = 0; i < images->len; i++) {
        const SrVdi *image = &g_array_index(images, SrVdi, i);
        const VdiRef *vdi = g_hash_table_lookup(vdis, image->location);
        const VdiRef *parent = image->parent ? g_hash_table_lookup(vdis, image->parent) : NULL;
        vdi_rows_update_with(txn, *vdi, image, parent ? *parent : (VdiRef){{{0}}});
    }
}

static void remove_gone(DbTxn *txn, SrRef sr, const GArray *images)
{
    const DbView *view = db_txn_view(txn);
    g_autoptr(GHashTable) there = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < images->len; i++) {
        g_hash_table_add(there, g_array_index(images, SrVdi, i).location);
    }
    g_autoptr(GArray) known = db_sr_vdis_array(view, sr);
    for (guint i = 0; i < known->len; i++) {
        VdiRef vdi = g_array_index(known, VdiRef, i);
        if (g_hash_table_contains(there, db_vdi_location(view, vdi))) {
            continue;
        }
        if (is_attached(view, vdi)) {
            db_vdi_set_missing(txn, vdi, true);
        } else {
            vdi_rows_remove(txn, vdi);
        }
    }
}

static bool is_attached(const DbView *view, VdiRef vdi)
{
    for (unsigned i = 0; i < db_vdi_vbds_count(view, vdi); i++) {
        if (db_vbd_currently_attached(view, db_vdi_vbds_at(view, vdi, i))) {
            return true;
        }
    }
    return false;
}

/* Location -> VdiRef. */
static GHashTable *index_vdis(const DbView *view, SrRef sr)
{
    GHashTable *vdis = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    for (unsigned i = 0; i < db_sr_vdis_count(view, sr); i++) {
        VdiRef vdi = db_sr_vdis_at(view, sr, i);
        g_hash_table_insert(vdis, g_strdup(db_vdi_location(view, vdi)),
                            g_memdup2(&vdi, sizeof vdi));
    }
    return vdis;
}
