/* A blob that is public is given to whoever asks; the others, and every write, need a session. */
#include "front/blob.h"

#include "base/fd.h"
#include "base/text.h"
#include "front/transfer.h"
#include "gen/db_blob.h"
#include "gen/errors.h"
#include "ops/blob/blob_file.h"

static const FrontAction get_action = {
    .name = "get_blob", .label = "Blob handler", .least = ROLE_READ_ONLY};
static const FrontAction put_action = {
    .name = "put_blob", .label = "Blob handler", .least = ROLE_VM_POWER_ADMIN};

/* The blob that a request names. */
typedef struct BlobRequest {
    bool is_named; /* by `ref` or `uuid`, whether or not there is such a blob */
    BlobRef blob;
    bool is_public;
    char *uuid; /* NULL: there is no such blob */
    char *type;
    int fd; /* what is read; -1 for a write */
} BlobRequest;

static void handle_get(HttpExchange *exchange, void *user);
static void handle_put(HttpExchange *exchange, void *user);
static BlobRequest *read_request(Core *core, const HttpHead *head);
static bool check_put(Core *core, const BlobRequest *request, int64_t length, int *ret_status,
                      Err **err);
static void refuse(HttpExchange *exchange, FrontCaller *caller, int status, const Err *error);
static bool send_content(Transfer *transfer, void *user, Value **ret_result, Err **err);
static bool receive_content(Transfer *transfer, void *user, Value **ret_result, Err **err);
static void blob_request_free(BlobRequest *request);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BlobRequest, blob_request_free)

void front_blob_routes(Core *core, HttpRoute ret_routes[FRONT_BLOB_ROUTES])
{
    ret_routes[0] = (HttpRoute){.method = "GET",
                                .path = "/blob",
                                .body = HTTP_BODY_STREAMED,
                                .handler = handle_get,
                                .user = core};
    ret_routes[1] = (HttpRoute){.method = "PUT",
                                .path = "/blob",
                                .body = HTTP_BODY_STREAMED,
                                .handler = handle_put,
                                .user = core};
}

static void handle_get(HttpExchange *exchange, void *user)
{
    Core *core = user;
    g_autoptr(Op) op = op_new_child(core_op(core), USEC_NEVER);
    g_autoptr(BlobRequest) request = read_request(core, http_exchange_head(exchange));
    if (!request->is_named) {
        http_reply_error(exchange, 400, "Name the blob by ref or uuid");
        return;
    }
    FrontCaller *caller =
        request->is_public ? NULL : front_auth_begin(core, exchange, &get_action, op);
    if (!request->is_public && !caller) {
        return;
    }
    int64_t size = 0;
    if (request->uuid) {
        request->fd = blob_file_open(core_platform(core), request->uuid, &size);
    }
    if (request->fd < 0) {
        g_autoptr(Err) error = NULL;
        err_handle_invalid(&error, "blob", REF_TEXT(request->blob.id));
        refuse(exchange, caller, 404, error);
        return;
    }
    char digits[TEXT_INT_SIZE];
    const char *const headers[] = {"content-length", text_format_int(size, digits), "content-type",
                                   request->type, NULL};
    front_transfer_run(exchange, &(TransferPlan){.caller = caller,
                                                 .core = core,
                                                 .op = g_steal_pointer(&op),
                                                 .headers = headers,
                                                 .func = send_content,
                                                 .user = g_steal_pointer(&request),
                                                 .free_user = (GDestroyNotify)blob_request_free});
}

static void handle_put(HttpExchange *exchange, void *user)
{
    static const char *const headers[] = {"access-control-allow-origin", "*", NULL};
    Core *core = user;
    const HttpHead *head = http_exchange_head(exchange);
    g_autoptr(Op) op = op_new_child(core_op(core), USEC_NEVER);
    g_autoptr(BlobRequest) request = read_request(core, head);
    if (!request->is_named) {
        http_reply_error(exchange, 400, "Name the blob by ref or uuid");
        return;
    }
    FrontCaller *caller = front_auth_begin(core, exchange, &put_action, op);
    if (!caller) {
        return;
    }
    g_autoptr(Err) error = NULL;
    int status;
    if (!check_put(core, request, head->content_length, &status, &error)) {
        refuse(exchange, caller, status, error);
        return;
    }
    front_transfer_run(exchange, &(TransferPlan){.caller = caller,
                                                 .core = core,
                                                 .op = g_steal_pointer(&op),
                                                 .headers = headers,
                                                 .func = receive_content,
                                                 .user = g_steal_pointer(&request),
                                                 .free_user = (GDestroyNotify)blob_request_free});
}

static BlobRequest *read_request(Core *core, const HttpHead *head)
{
    BlobRequest *request = g_new0(BlobRequest, 1);
    g_autofree char *ref = front_auth_param(head, "ref");
    g_autofree char *uuid = front_auth_param(head, "uuid");
    g_autoptr(DbSnapshot) snapshot = db_snapshot(core_db(core));
    const DbView *view = db_snapshot_view(snapshot);
    request->fd = -1;
    request->is_named = ref || uuid;
    if (ref) {
        value_ref_parse(ref, &request->blob.id);
    } else if (uuid) {
        request->blob = db_blob_by_uuid(view, uuid);
    }
    if (db_blob_exists(view, request->blob)) {
        request->is_public = db_blob_public(view, request->blob);
        request->uuid = g_strdup(db_blob_uuid(view, request->blob));
        request->type = g_strdup(db_blob_mime_type(view, request->blob));
    }
    return request;
}

/* A content has to say its length, as clients of XenServer do. */
static bool check_put(Core *core, const BlobRequest *request, int64_t length, int *ret_status,
                      Err **err)
{
    *ret_status = 404;
    if (!request->uuid) {
        return err_handle_invalid(err, "blob", REF_TEXT(request->blob.id));
    }
    if (!blob_file_has_storage(core_platform(core))) {
        return err_internal(err, "the storage of blobs is switched off on this host");
    }
    *ret_status = length < 0 ? 400 : 413;
    return length >= 0 && length <= BLOB_MAX_BYTES
               ? true
               : err_internal(err, "a blob has a Content-Length of at most %" G_GINT64_FORMAT,
                              BLOB_MAX_BYTES);
}

static void refuse(HttpExchange *exchange, FrontCaller *caller, int status, const Err *error)
{
    g_autofree char *detail = err_to_string(error);
    if (caller) {
        front_auth_end(caller, NULL, error);
    }
    http_reply_error(exchange, status, detail);
}

static bool send_content(Transfer *transfer, void *user, Value **ret_result, Err **err)
{
    const BlobRequest *request = user;
    (void)ret_result;
    return front_transfer_send(transfer, request->fd, err);
}

/* What was there before stays until everything has come. */
static bool receive_content(Transfer *transfer, void *user, Value **ret_result, Err **err)
{
    const BlobRequest *request = user;
    g_auto(BlobDraft) draft = {.fd = -1};
    int64_t size;
    (void)ret_result;
    if (!blob_file_begin(core_platform(transfer->core), request->uuid, &draft, err) ||
        !front_transfer_receive(transfer, draft.fd, &size, err) || !blob_file_commit(&draft, err)) {
        return false;
    }
    DbTxn *txn = db_begin(core_db(transfer->core));
    db_blob_set_size(txn, request->blob, size);
    db_blob_set_last_updated(txn, request->blob, g_get_real_time() / USEC_PER_SEC);
    return db_commit(txn, err);
}

static void blob_request_free(BlobRequest *request)
{
    if (request) {
        fd_close(&request->fd);
        g_free(request->uuid);
        g_free(request->type);
        g_free(request);
    }
}
