/* What changes, as Server-Sent Events: a chain of event.from calls whose answers are sent as parts
 * of one answer, the next call beginning when the socket has taken the part before. */
#include "front/rest/rest_handlers.h"

#include "core/event_batch.h"
#include "gen/errors.h"
#include "wire/json.h"

/* A call that sees no change ends after this long, and a comment is sent. */
static const double QUIET_SECONDS = 30;
static const char QUIET_LINE[] = ":\n\n";

/* What the request keeps while its answer goes on. */
typedef struct Feed {
    Value *classes;
    char *token;
    bool has_begun; /* the head has been sent */
} Feed;

static bool take_classes(const RestRequest *request, Feed *feed, Err **err);
static bool take_token(const RestRequest *request, Feed *feed, Err **err);
static void wait_for_change(HttpExchange *exchange, void *user);
static void send_batch(void *user, const Value *result, const Err *error);
static void end_feed(RestRequest *request, const Err *error);
static void send_part(RestRequest *request, GString *part);
static GString *format_batch(RestRequest *request, const Value *result);
static Value *encode_event(const DbView *view, const Value *event, const GArray *deletions);
static Value *deleted_id(const GArray *deletions, Uuid ref);
static int find_class(const DbSchema *schema, const char *event_name);
static void feed_free(void *feed);
static void peer_gone(void *user);
static void abandon(void *user);

void rest_follow(RestRequest *request)
{
    g_autoptr(Err) error = NULL;
    Feed *feed = g_new0(Feed, 1);
    request->work = feed;
    request->op = op_new_child(core_op(request->core), USEC_NEVER);
    request->free_work = feed_free;
    if (!take_classes(request, feed, &error) || !take_token(request, feed, &error)) {
        rest_reply_error(request, error);
        return;
    }
    send_part(request, g_string_new(QUIET_LINE)); /* the client learns that it is connected */
}

static bool take_classes(const RestRequest *request, Feed *feed, Err **err)
{
    const char *text = http_query(http_exchange_head(request->exchange), "classes");
    const DbSchema *schema = db_schema(core_db(request->core));
    g_auto(GStrv) names = g_strsplit(text ? text : "*", ",", -1);
    feed->classes = value_new_array(g_strv_length(names));
    for (char **name = names; *name; name++) {
        if (strcmp(*name, "*") != 0 && db_schema_find_class(schema, *name) < 0) {
            return rest_fail(err, 400, "classes: there is no class '%s'", *name);
        }
        value_array_add(feed->classes, value_new_string(*name));
    }
    return true;
}

/* Where a client that comes back has been wins over where it once began. */
static bool take_token(const RestRequest *request, Feed *feed, Err **err)
{
    const HttpHead *head = http_exchange_head(request->exchange);
    const char *last = http_header(head, "Last-Event-ID");
    const char *since = http_query(head, "since");
    const char *text = last && *last ? last : since ? since : "";
    uint64_t generation;
    if (strcmp(text, "now") == 0) {
        g_autoptr(DbSnapshot) snapshot = db_snapshot(core_db(request->core));
        feed->token = events_token(db_view_generation(db_snapshot_view(snapshot)));
        return true;
    }
    if (!event_token_parse(text, &generation)) {
        return err_event_from_token_parse_failure(err, text);
    }
    feed->token = g_strdup(text);
    return true;
}

/* The next call; on a worker. */
static void wait_for_change(HttpExchange *exchange, void *user)
{
    RestRequest *request = user;
    Feed *feed = request->work;
    Value *params = value_new_array(3);
    value_array_add(params, value_ref(feed->classes));
    value_array_add(params, value_new_string(feed->token));
    value_array_add(params, value_new_float(QUIET_SECONDS));
    http_park(exchange, peer_gone, request->op);
    rest_request_call(request, "event.from", params, send_batch);
}

static void send_batch(void *user, const Value *result, const Err *error)
{
    RestRequest *request = user;
    Feed *feed = request->work;
    if (error) {
        end_feed(request, error);
        return;
    }
    GString *part = format_batch(request, result);
    g_free(feed->token);
    feed->token = g_strdup(value_get_string(result, "token"));
    send_part(request, part);
}

/* The session is gone, or the daemon ends, or nobody listens. */
static void end_feed(RestRequest *request, const Err *error)
{
    HttpExchange *exchange = request->exchange;
    g_autoptr(Value) problem = rest_problem(error);
    GString *last = g_string_new("event: end\ndata: ");
    json_append(last, problem);
    g_string_append(last, "\n\n");
    rest_request_free(request);
    http_send_last_part(exchange, last);
}

static void send_part(RestRequest *request, GString *part)
{
    static const char *const headers[] = {"content-type",
                                          "text/event-stream",
                                          "cache-control",
                                          "no-store",
                                          "access-control-allow-origin",
                                          "*",
                                          NULL};
    Feed *feed = request->work;
    HttpExchange *exchange = request->exchange;
    bool is_first = !feed->has_begun;
    feed->has_begun = true;
    if (!(is_first ? http_begin_parts(exchange, headers, HTTP_ENDLESS, part, wait_for_change,
                                      abandon, request)
                   : http_send_part(exchange, part, wait_for_change, abandon, request))) {
        rest_request_free(request);
    }
}

/* Only the last event has the token for an id: a client that saw a part of a batch gets all of it
 * again. */
static GString *format_batch(RestRequest *request, const Value *result)
{
    Feed *feed = request->work;
    uint64_t since = 0;
    bool is_complete = true;
    event_token_parse(feed->token, &since);
    g_autoptr(DbSnapshot) snapshot = db_snapshot(core_db(request->core));
    g_autoptr(GArray) deletions = db_deletions_since(snapshot, since, &is_complete);
    const Value *events = value_get(result, "events");
    GString *text = g_string_sized_new(512);
    if (since > 0 && !is_complete) {
        g_string_append(text, "event: lost\ndata: {}\n\n");
    }
    if (value_count(events) == 0) {
        g_string_append(text, QUIET_LINE);
    }
    for (unsigned i = 0; i < value_count(events); i++) {
        g_autoptr(Value) event =
            encode_event(db_snapshot_view(snapshot), value_at(events, i), deletions);
        if (i + 1 == value_count(events)) {
            g_string_append_printf(text, "id: %s\n", value_get_string(result, "token"));
        }
        g_string_append(text, "data: ");
        json_append(text, event);
        g_string_append(text, "\n\n");
    }
    return text;
}

static Value *encode_event(const DbView *view, const Value *event, const GArray *deletions)
{
    const DbSchema *schema = db_view_schema(view);
    int class_id = find_class(schema, value_get_string(event, "class"));
    Uuid ref = value_uuid(value_get(event, "ref"));
    const Value *snapshot = value_get(event, "snapshot");
    g_autoptr(Value) record =
        snapshot ? rest_record_encode(view, (uint16_t)class_id, snapshot, NULL) : NULL;
    Value *encoded = value_new_struct(5);
    value_struct_add_static(encoded, "class", value_new_string(schema->classes[class_id].name));
    value_struct_add_static(encoded, "operation", value_ref(value_get(event, "operation")));
    value_struct_add_static(encoded, "uuid",
                            record ? value_ref(value_get(record, "uuid"))
                                   : deleted_id(deletions, ref));
    value_struct_add_static(encoded, "ref", value_new_string(REF_TEXT(ref)));
    if (record) {
        value_struct_add_static(encoded, "record", g_steal_pointer(&record));
    }
    return encoded;
}

static Value *deleted_id(const GArray *deletions, Uuid ref)
{
    for (guint i = 0; i < deletions->len; i++) {
        const DbDeletion *deletion = &g_array_index(deletions, DbDeletion, i);
        if (uuid_equal(deletion->ref, ref)) {
            return value_new_string(UUID_TEXT(deletion->uuid));
        }
    }
    return value_new_nil();
}

static int find_class(const DbSchema *schema, const char *event_name)
{
    for (int i = 0; i < schema->class_count; i++) {
        if (strcmp(schema->classes[i].event_name, event_name) == 0) {
            return i;
        }
    }
    g_assert_not_reached();
}

static void feed_free(void *work)
{
    Feed *feed = work;
    value_unref(feed->classes);
    g_free(feed->token);
    g_free(feed);
}

/* While a call waits; its end then frees the request. */
static void peer_gone(void *op)
{
    op_cancel(op);
}

/* While a part is sent. */
static void abandon(void *user)
{
    rest_request_free(user);
}
