/* A blob that is public is given to whoever asks; the others, and every write, need a session. */
#include "front/blob.h"

#include "base/fd.h"
#include "base/text.h"
#include "gen/db_blob.h"
#include "gen/errors.h"
#include "ops/blob/blob_file.h"

/* The blob that a request names. */
typedef struct BlobTarget {
    BlobRef blob;
    bool is_public;
    char *uuid; /* NULL: there is no such blob */
    char *type;
} BlobTarget;

static bool is_private(Core *core, const HttpHead *head);
static bool send_content(FrontRequest *request, Err **err);
static bool receive_content(FrontRequest *request, Err **err);
static bool find(Core *core, const HttpHead *head, BlobTarget *ret_target);
static bool find_or_refuse(FrontRequest *request, BlobTarget *ret_target, Err **err);
static bool refuse_missing(FrontRequest *request, BlobRef blob, Err **err);
static bool check_length(FrontRequest *request, Err **err);
static void blob_target_clear(BlobTarget *target);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(BlobTarget, blob_target_clear)

const FrontHandler front_blob_get_handler = {HTTP_ACTION_GET_BLOB, FRONT_STREAM, send_content,
                                             is_private};
const FrontHandler front_blob_put_handler = {HTTP_ACTION_PUT_BLOB, FRONT_STREAM, receive_content};

/* What names no blob is refused without asking who it is. */
static bool is_private(Core *core, const HttpHead *head)
{
    g_auto(BlobTarget) target = {0};
    return find(core, head, &target) && !target.is_public;
}

static bool send_content(FrontRequest *request, Err **err)
{
    g_auto(BlobTarget) target = {0};
    if (!find_or_refuse(request, &target, err)) {
        return false;
    }
    int64_t size = 0;
    auto_fd fd = blob_file_open(core_platform(request->core), target.uuid, &size);
    if (fd < 0) {
        return refuse_missing(request, target.blob, err);
    }
    char digits[TEXT_INT_SIZE];
    const char *const headers[] = {"content-length", text_format_int(size, digits), "content-type",
                                   target.type, NULL};
    return front_request_start(request, headers, err) && front_request_send_file(request, fd, err);
}

/* What was there before stays until everything has come. */
static bool receive_content(FrontRequest *request, Err **err)
{
    g_auto(BlobTarget) target = {0};
    g_auto(BlobDraft) draft = {.fd = -1};
    int64_t size;
    if (!find_or_refuse(request, &target, err)) {
        return false;
    }
    if (!blob_file_has_storage(core_platform(request->core))) {
        request->status = 404;
        return err_internal(err, "the storage of blobs is switched off on this host");
    }
    if (!check_length(request, err) || !front_request_start(request, NULL, err) ||
        !blob_file_begin(core_platform(request->core), target.uuid, &draft, err) ||
        !front_request_receive_file(request, draft.fd, &size, err) ||
        !blob_file_commit(&draft, err)) {
        return false;
    }
    DbTxn *txn = db_begin(core_db(request->core));
    db_blob_set_size(txn, target.blob, size);
    db_blob_set_last_updated(txn, target.blob, g_get_real_time() / USEC_PER_SEC);
    return db_commit(txn, err);
}

/* False when the request names none, by `ref` or `uuid`, whether or not it is there. */
static bool find(Core *core, const HttpHead *head, BlobTarget *ret_target)
{
    g_autofree char *ref = front_auth_param(head, "ref");
    g_autofree char *uuid = front_auth_param(head, "uuid");
    g_autoptr(DbSnapshot) snapshot = db_snapshot(core_db(core));
    const DbView *view = db_snapshot_view(snapshot);
    BlobTarget target = {0};
    if (ref) {
        value_ref_parse(ref, &target.blob.id);
    } else if (uuid) {
        target.blob = db_blob_by_uuid(view, uuid);
    }
    if (db_blob_exists(view, target.blob)) {
        target.is_public = db_blob_public(view, target.blob);
        target.uuid = g_strdup(db_blob_uuid(view, target.blob));
        target.type = g_strdup(db_blob_mime_type(view, target.blob));
    }
    *ret_target = target;
    return ref || uuid;
}

static bool find_or_refuse(FrontRequest *request, BlobTarget *ret_target, Err **err)
{
    if (!find(request->core, request->head, ret_target)) {
        request->status = 400;
        return err_internal(err, "Name the blob by ref or uuid");
    }
    return ret_target->uuid || refuse_missing(request, ret_target->blob, err);
}

static bool refuse_missing(FrontRequest *request, BlobRef blob, Err **err)
{
    request->status = 404;
    return err_handle_invalid(err, "blob", REF_TEXT(blob.id));
}

/* A content has to say its length, as clients of XenServer do. */
static bool check_length(FrontRequest *request, Err **err)
{
    int64_t length = request->head->content_length;
    request->status = length < 0 ? 400 : 413;
    return (length >= 0 && length <= BLOB_MAX_BYTES) ||
           err_internal(err, "a blob has a Content-Length of at most %" G_GINT64_FORMAT,
                        BLOB_MAX_BYTES);
}

static void blob_target_clear(BlobTarget *target)
{
    g_free(target->uuid);
    g_free(target->type);
}
