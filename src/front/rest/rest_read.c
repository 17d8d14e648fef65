/* Reading: lists and single objects.  Records come from the calls that other clients make, one by
 * one, so that a page of a long list costs a page. */
#include "front/rest/rest_handlers.h"
#include "front/rest/rest_query.h"
#include "gen/errors.h"

typedef struct Page {
    GArray *refs; /* Uuid, all that the query selects, in order */
    guint first, end;
    char *etag;
} Page;

static bool select_refs(RestRequest *request, const RestQuery *query, GArray **ret_refs, Err **err);
static void cut_page(const DbView *view, uint16_t class_id, const RestQuery *query, Page *page);
static void keep_existing(const DbView *view, uint16_t class_id, Page *page);
static Value *page_items(RestRequest *request, const DbView *view, const RestQuery *query,
                         const Page *page, Err **err);
static Value *next_url(const RestRequest *request, const Page *page);
static Value *ask_record(RestRequest *request, Uuid ref, Err **err);
static gint compare_refs(gconstpointer a, gconstpointer b);

void rest_list(RestRequest *request)
{
    g_autoptr(Err) error = NULL;
    g_auto(RestQuery) query = {0};
    const HttpHead *head = http_exchange_head(request->exchange);
    uint16_t class_id = request->path.class_id;
    g_autoptr(DbSnapshot) before = db_snapshot(core_db(request->core));
    g_autoptr(GArray) refs = NULL;
    if (!rest_query_parse(db_snapshot_view(before), class_id, head, &query, &error) ||
        !select_refs(request, &query, &refs, &error)) {
        rest_reply_error(request, error);
        return;
    }
    g_autoptr(DbSnapshot) snapshot = db_snapshot(core_db(request->core));
    const DbView *view = db_snapshot_view(snapshot);
    Page page = {.refs = refs};
    cut_page(view, class_id, &query, &page);
    g_autofree char *etag = page.etag;
    const RestHeaders headers = {.etag = etag};
    if (rest_etag_matches(head, "If-None-Match", etag)) {
        rest_reply(request, 304, NULL, &headers);
        return;
    }
    Value *items = page_items(request, view, &query, &page, &error);
    if (!items) {
        rest_reply_error(request, error);
        return;
    }
    g_autoptr(Value) body = value_new_struct(3);
    value_struct_add_static(body, "items", items);
    value_struct_add_static(body, "total", value_new_int(refs->len));
    value_struct_add_static(body, "next", next_url(request, &page));
    rest_reply(request, 200, body, &headers);
}

void rest_get(RestRequest *request)
{
    rest_reply_object(request, 200);
}

/* The version is looked at before the record, so that it is never newer than what it stands for. */
void rest_reply_object(RestRequest *request, int status)
{
    g_autoptr(Err) error = NULL;
    g_auto(GStrv) fields = NULL;
    uint16_t class_id = request->path.class_id;
    const HttpHead *head = http_exchange_head(request->exchange);
    g_autoptr(DbSnapshot) snapshot = db_snapshot(core_db(request->core));
    const DbView *view = db_snapshot_view(snapshot);
    const DbObject *object = db_find(view, class_id, request->self);
    g_autofree char *etag = object ? rest_etag_of_object(object) : NULL;
    bool is_get = status == 200 && g_str_equal(head->method, "GET");
    g_autoptr(Value) record =
        rest_query_fields(db_view_schema(view), class_id, head, &fields, &error)
            ? ask_record(request, request->self, &error)
            : NULL;
    if (!record) {
        rest_reply_error(request, error);
        return;
    }
    g_autofree char *location =
        status == 201
            ? g_strdup_printf("/rest/v1/%s/%s", db_view_schema(view)->classes[class_id].name,
                              value_get_string(record, "uuid"))
            : NULL;
    const RestHeaders headers = {etag, location};
    if (is_get && etag && rest_etag_matches(head, "If-None-Match", etag)) {
        rest_reply(request, 304, NULL, &headers);
        return;
    }
    g_autoptr(Value) body = rest_record_encode(view, class_id, record, fields);
    rest_reply(request, status, body, &headers);
}

bool rest_check_version(const RestRequest *request, Err **err)
{
    const HttpHead *head = http_exchange_head(request->exchange);
    g_autoptr(DbSnapshot) snapshot = db_snapshot(core_db(request->core));
    const DbObject *object =
        db_find(db_snapshot_view(snapshot), request->path.class_id, request->self);
    g_autofree char *etag = object ? rest_etag_of_object(object) : g_strdup("");
    return !http_header(head, "If-Match") || rest_etag_matches(head, "If-Match", etag) ||
           rest_fail(err, 412, "the object has changed since");
}

static bool select_refs(RestRequest *request, const RestQuery *query, GArray **ret_refs, Err **err)
{
    const DbSchema *schema = db_schema(core_db(request->core));
    const MethodInfo *method =
        rest_method(schema, request->path.class_id, query->filter ? "get_all_where" : "get_all");
    if (!method) {
        return rest_fail(err, query->filter ? 400 : 405, "%s objects cannot be %s",
                         schema->classes[request->path.class_id].name,
                         query->filter ? "selected" : "listed");
    }
    Value *params = value_new_array(1);
    if (query->filter) {
        value_array_add(params, value_new_string(query->filter));
    }
    g_autoptr(Value) found = rest_request_ask(request, method, params, err);
    if (!found) {
        return false;
    }
    GArray *refs = g_array_sized_new(false, false, sizeof(Uuid), value_count(found));
    for (unsigned i = 0; i < value_count(found); i++) {
        Uuid ref = value_uuid(value_at(found, i));
        g_array_append_val(refs, ref);
    }
    g_array_sort(refs, compare_refs);
    *ret_refs = refs;
    return true;
}

static void cut_page(const DbView *view, uint16_t class_id, const RestQuery *query, Page *page)
{
    keep_existing(view, class_id, page);
    while (query->has_cursor && page->first < page->refs->len &&
           uuid_compare(g_array_index(page->refs, Uuid, page->first), query->cursor) <= 0) {
        page->first++;
    }
    page->end = MIN(page->refs->len, page->first + query->limit);
}

/* Works the version out, too.  Among lists of one history those with as many objects and the same
 * newest change have the same objects: others than the newest can only have left. */
static void keep_existing(const DbView *view, uint16_t class_id, Page *page)
{
    uint64_t newest = 0;
    guint kept = 0;
    for (guint i = 0; i < page->refs->len; i++) {
        Uuid ref = g_array_index(page->refs, Uuid, i);
        const DbObject *object = db_find(view, class_id, ref);
        if (object) {
            newest = MAX(newest, db_object_modified(object));
            g_array_index(page->refs, Uuid, kept++) = ref;
        }
    }
    g_array_set_size(page->refs, kept);
    page->etag = g_strdup_printf("\"%u-%" G_GINT64_MODIFIER "x\"", kept, newest);
}

/* An object that goes while its page is made is left out. (owned) */
static Value *page_items(RestRequest *request, const DbView *view, const RestQuery *query,
                         const Page *page, Err **err)
{
    g_autoptr(Value) items = value_new_array(page->end - page->first);
    for (guint i = page->first; i < page->end; i++) {
        g_autoptr(Err) error = NULL;
        g_autoptr(Value) record = ask_record(request, g_array_index(page->refs, Uuid, i), &error);
        if (!record && err_is(error, "HANDLE_INVALID")) {
            continue;
        }
        if (!record) {
            err_propagate(err, g_steal_pointer(&error));
            return NULL;
        }
        value_array_add(items,
                        rest_record_encode(view, request->path.class_id, record, query->fields));
    }
    return g_steal_pointer(&items);
}

static Value *next_url(const RestRequest *request, const Page *page)
{
    if (page->end == page->refs->len) {
        return value_new_nil();
    }
    const HttpHead *head = http_exchange_head(request->exchange);
    g_autofree char *query = rest_query_next(head, g_array_index(page->refs, Uuid, page->end - 1));
    g_autofree char *url = g_strdup_printf("%s?%s", head->path, query);
    return value_new_string(url);
}

static Value *ask_record(RestRequest *request, Uuid ref, Err **err)
{
    const DbSchema *schema = db_schema(core_db(request->core));
    const MethodInfo *method = rest_method(schema, request->path.class_id, "get_record");
    if (!method) {
        rest_fail(err, 405, "%s objects cannot be read",
                  schema->classes[request->path.class_id].name);
        return NULL;
    }
    Value *params = value_new_array(1);
    value_array_add(params, value_new_ref(ref));
    return rest_request_ask(request, method, params, err);
}

static gint compare_refs(gconstpointer a, gconstpointer b)
{
    return uuid_compare(*(const Uuid *)a, *(const Uuid *)b);
}
