/* The messages of class blob, and create_new_blob of everything that blobs are kept with. */
#include "ops/blob/blob.h"

#include "gen/db_blob.h"
#include "gen/errors.h"
#include "gen/ops_blob.h"
#include "gen/ops_host.h"
#include "gen/ops_network.h"
#include "gen/ops_pool.h"
#include "gen/ops_sr.h"
#include "gen/ops_vm.h"
#include "ops/blob/blob_file.h"

static const char BLOBS_FIELD[] = "blobs";
static const char ANY_TYPE[] = "application/octet-stream";

static bool create_kept(Call *call, uint16_t class_id, Uuid owner, const char *name,
                        const char *mime_type, bool is_public, BlobRef *ret_blob, Err **err);
static void forget_in_class(DbTxn *txn, uint16_t class_id, uint16_t field, Uuid blob);

bool blob_create(Call *call, const BlobCreateArgs *args, BlobRef *ret_result, Err **err)
{
    DbTxn *txn = db_begin(call->db);
    *ret_result = blob_create_row(txn, args->mime_type, args->public);
    return db_commit(txn, err);
}

bool blob_destroy(Call *call, const BlobDestroyArgs *args, Err **err)
{
    g_autofree char *uuid = g_strdup(db_blob_uuid(call_view(call), args->self));
    DbTxn *txn = db_begin(call->db);
    blob_delete_row(txn, args->self);
    if (!db_commit(txn, err)) {
        return false;
    }
    blob_file_remove(call_platform(call), uuid);
    return true;
}

bool vm_create_new_blob(Call *call, const VmCreateNewBlobArgs *args, BlobRef *ret_result, Err **err)
{
    return create_kept(call, CLASS_VM, args->vm.id, args->name, args->mime_type, args->public,
                       ret_result, err);
}

bool host_create_new_blob(Call *call, const HostCreateNewBlobArgs *args, BlobRef *ret_result,
                          Err **err)
{
    return create_kept(call, CLASS_HOST, args->host.id, args->name, args->mime_type, args->public,
                       ret_result, err);
}

bool pool_create_new_blob(Call *call, const PoolCreateNewBlobArgs *args, BlobRef *ret_result,
                          Err **err)
{
    return create_kept(call, CLASS_POOL, args->pool.id, args->name, args->mime_type, args->public,
                       ret_result, err);
}

bool sr_create_new_blob(Call *call, const SrCreateNewBlobArgs *args, BlobRef *ret_result, Err **err)
{
    return create_kept(call, CLASS_SR, args->sr.id, args->name, args->mime_type, args->public,
                       ret_result, err);
}

bool network_create_new_blob(Call *call, const NetworkCreateNewBlobArgs *args, BlobRef *ret_result,
                             Err **err)
{
    return create_kept(call, CLASS_NETWORK, args->network.id, args->name, args->mime_type,
                       args->public, ret_result, err);
}

BlobRef blob_create_row(DbTxn *txn, const char *mime_type, bool is_public)
{
    BlobRef blob = db_blob_create(txn);
    db_blob_set_mime_type(txn, blob, *mime_type ? mime_type : ANY_TYPE);
    db_blob_set_public(txn, blob, is_public);
    return blob;
}

void blob_delete_row(DbTxn *txn, BlobRef blob)
{
    const DbSchema *schema = db_view_schema(db_txn_view(txn));
    for (uint16_t i = 0; i < schema->class_count; i++) {
        int field = db_class_find_field(&schema->classes[i], BLOBS_FIELD);
        if (field >= 0) {
            forget_in_class(txn, i, (uint16_t)field, blob.id);
        }
    }
    db_blob_delete(txn, blob);
}

GPtrArray *blob_delete_kept(DbTxn *txn, const Value *blobs)
{
    g_autoptr(Value) kept = value_ref((Value *)blobs); /* deleting one changes the field */
    GPtrArray *uuids = g_ptr_array_new_with_free_func(g_free);
    for (unsigned i = 0; i < value_count(kept); i++) {
        BlobRef blob = {value_uuid(value_at(kept, i))};
        if (db_blob_exists(db_txn_view(txn), blob)) {
            g_ptr_array_add(uuids, g_strdup(db_blob_uuid(db_txn_view(txn), blob)));
            blob_delete_row(txn, blob);
        }
    }
    return uuids;
}

void blob_remove_files(const Platform *platform, const GPtrArray *uuids)
{
    for (guint i = 0; i < uuids->len; i++) {
        blob_file_remove(platform, g_ptr_array_index(uuids, i));
    }
}

static bool create_kept(Call *call, uint16_t class_id, Uuid owner, const char *name,
                        const char *mime_type, bool is_public, BlobRef *ret_blob, Err **err)
{
    const DbClass *class_info = &db_schema(call->db)->classes[class_id];
    int field = db_class_find_field(class_info, BLOBS_FIELD);
    DbTxn *txn = db_begin(call->db);
    if (value_get(db_get(db_txn_view(txn), class_id, owner, field), name)) {
        db_abort(txn);
        return err_map_duplicate_key(err, class_info->name, BLOBS_FIELD, REF_TEXT(owner), name);
    }
    BlobRef blob = blob_create_row(txn, mime_type, is_public);
    db_map_set(txn, class_id, owner, field, name, value_new_ref(blob.id));
    if (!db_commit(txn, err)) {
        return false;
    }
    *ret_blob = blob;
    return true;
}

typedef struct Keepers {
    uint16_t field;
    Uuid blob;
    GArray *found; /* of Uuid */
} Keepers;

static bool note_keeper(const DbObject *object, void *user)
{
    Keepers *keepers = user;
    const Value *blobs = db_object_get(object, keepers->field);
    for (unsigned i = 0; i < value_count(blobs); i++) {
        if (uuid_equal(value_uuid(value_at(blobs, i)), keepers->blob)) {
            Uuid keeper = db_object_ref_id(object);
            g_array_append_val(keepers->found, keeper);
            break;
        }
    }
    return true;
}

static void forget_in_class(DbTxn *txn, uint16_t class_id, uint16_t field, Uuid blob)
{
    const DbView *view = db_txn_view(txn);
    g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(Uuid));
    db_each(view, class_id, note_keeper, &(Keepers){field, blob, found});
    for (guint i = 0; i < found->len; i++) {
        Uuid keeper = g_array_index(found, Uuid, i);
        g_autoptr(Value) blobs = value_ref(db_get(view, class_id, keeper, field));
        for (unsigned j = 0; j < value_count(blobs); j++) {
            if (uuid_equal(value_uuid(value_at(blobs, j)), blob)) {
                db_map_set(txn, class_id, keeper, field, value_name_at(blobs, j), NULL);
            }
        }
    }
}
