/* The path and the query of a request to the REST face. */
#include "fuzz.h"

#include "front/rest/rest_path.h"
#include "front/rest/rest_query.h"
#include "gen/schema.h"

/* Of an empty database that is made once and stays. */
static const DbView *empty_view(void)
{
    static Db *db;
    static DbSnapshot *snapshot;
    if (!db) {
        DbBackend backend = db_backend_none();
        db = db_open(&model_schema, &backend, NULL);
        snapshot = db_snapshot(db);
    }
    return db_snapshot_view(snapshot);
}

static void parse_query(uint16_t class_id, const HttpHead *head)
{
    g_autoptr(Err) err = NULL;
    g_auto(RestQuery) query = {0};
    bool ok = rest_query_parse(empty_view(), class_id, head, &query, &err);
    g_assert_true(ok == (err == NULL));
    if (ok) {
        g_assert_cmpuint(query.limit, >, 0);
        g_assert_cmpuint(query.limit, <=, REST_MAX_LIMIT);
    }
    g_autofree char *next = rest_query_next(head, (Uuid){{1}});
    g_assert_true(g_str_has_suffix(next, "cursor=01000000-0000-0000-0000-000000000000"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GString) request = g_string_new("GET /rest/v1");
    g_string_append_len(request, (const char *)data, (gssize)size);
    g_string_append(request, " HTTP/1.1\r\n\r\n");
    g_auto(HttpHead) head = {0};
    size_t used;
    int status;
    if (http1_parse_request(request->str, request->len, &head, &used, &status) != HTTP_PARSE_DONE) {
        return 0;
    }
    RestPath path = {.kind = REST_CLASS, .class_id = CLASS_VM};
    if (rest_path_parse(&model_schema, head.path, &path) && path.kind == REST_ACTION) {
        const MethodInfo *method = rest_path_action(&model_schema, &path);
        g_assert_true(!method || (method->flags & METHOD_ACTION));
    }
    parse_query(path.class_id, &head);
    return 0;
}
