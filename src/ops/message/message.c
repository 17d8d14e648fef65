/* The messages of class message. */
#include "core/record.h"
#include "gen/db_message.h"
#include "gen/errors.h"
#include "gen/ops_message.h"
#include "ops/message/alert.h"

/* Which class a message's cls stands for. */
static const uint16_t cls_classes[CLS_COUNT] = {
    [CLS_VM] = CLASS_VM,
    [CLS_HOST] = CLASS_HOST,
    [CLS_SR] = CLASS_SR,
    [CLS_POOL] = CLASS_POOL,
    [CLS_VMPP] = CLASS_VMPP,
    [CLS_VMSS] = CLASS_VMSS,
    [CLS_PVS_PROXY] = CLASS_PVS_PROXY,
    [CLS_VDI] = CLASS_VDI,
    [CLS_CERTIFICATE] = CLASS_CERTIFICATE,
};

/* What message.get asks for, and what it found. */
typedef struct MessageSearch {
    const DbView *view;
    const char *cls;      /* NULL: any */
    const char *obj_uuid; /* NULL: any */
    int64_t since;
    Value *found;
} MessageSearch;

static bool destroy(Call *call, const MessageRef *messages, unsigned count, Err **err);
static Value *search(Call *call, const char *cls, const char *obj_uuid, int64_t since);
static bool match(const DbObject *object, void *user);

bool message_create(Call *call, const MessageCreateArgs *args, MessageRef *ret_result, Err **err)
{
    const Alert alert = {.name = args->name,
                         .priority = args->priority,
                         .cls = args->cls,
                         .obj_uuid = args->obj_uuid,
                         .body = args->body};
    Uuid uuid;
    DbTxn *txn = db_begin(call->db);
    if (!uuid_parse(args->obj_uuid, &uuid) ||
        !db_find_by_uuid(db_txn_view(txn), cls_classes[args->cls], uuid)) {
        db_abort(txn);
        return err_uuid_invalid(err, cls_to_string(args->cls), args->obj_uuid);
    }
    *ret_result = alert_write(txn, &alert);
    return db_commit(txn, err);
}

bool message_destroy(Call *call, const MessageDestroyArgs *args, Err **err)
{
    return destroy(call, &args->self, 1, err);
}

bool message_destroy_many(Call *call, const MessageDestroyManyArgs *args, Err **err)
{
    unsigned count = value_count(args->messages);
    MessageRef *messages = arena_new0(call->arena, MessageRef, count + 1);
    for (unsigned i = 0; i < count; i++) {
        messages[i].id = value_uuid(value_at(args->messages, i));
    }
    return destroy(call, messages, count, err);
}

bool message_get(Call *call, const MessageGetArgs *args, Value **ret_result, Err **err)
{
    (void)err;
    *ret_result = search(call, cls_to_string(args->cls), args->obj_uuid, args->since);
    return true;
}

bool message_get_since(Call *call, const MessageGetSinceArgs *args, Value **ret_result, Err **err)
{
    (void)err;
    *ret_result = search(call, NULL, NULL, args->since);
    return true;
}

/* All or none. */
static bool destroy(Call *call, const MessageRef *messages, unsigned count, Err **err)
{
    DbTxn *txn = db_begin(call->db);
    for (unsigned i = 0; i < count; i++) {
        if (!db_message_exists(db_txn_view(txn), messages[i])) {
            db_abort(txn);
            return err_handle_invalid(err, "message", REF_TEXT(messages[i].id));
        }
        db_message_delete(txn, messages[i]);
    }
    return db_commit(txn, err);
}

/* (owned) */
static Value *search(Call *call, const char *cls, const char *obj_uuid, int64_t since)
{
    MessageSearch search = {.view = call_view(call),
                            .cls = cls,
                            .obj_uuid = obj_uuid,
                            .since = since,
                            .found = value_new_struct(16)};
    db_each(search.view, CLASS_MESSAGE, match, &search);
    return search.found;
}

static bool match(const DbObject *object, void *user)
{
    MessageSearch *search = user;
    MessageRef message = {db_object_ref_id(object)};
    const DbView *view = search->view;
    if (db_message_timestamp(view, message) > search->since &&
        (!search->cls || strcmp(cls_to_string(db_message_cls(view, message)), search->cls) == 0) &&
        (!search->obj_uuid ||
         g_ascii_strcasecmp(db_message_obj_uuid(view, message), search->obj_uuid) == 0)) {
        value_struct_add(search->found, REF_TEXT(message.id), record_of(view, object));
    }
    return true;
}
