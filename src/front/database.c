/* A dump is of one moment, however long its reader takes: tables are written one by one out of one
 * snapshot. */
#include "front/database.h"

#include "ops/pool/database_dump.h"

static bool send_dump(FrontRequest *request, Err **err);
static bool flush(FrontRequest *request, GString *piece, Err **err);

const FrontHandler front_database_get_handler = {HTTP_ACTION_GET_POOL_XML_DB_SYNC, FRONT_STREAM,
                                                 send_dump};

static bool send_dump(FrontRequest *request, Err **err)
{
    static const char *const headers[] = {"content-type", "text/xml", NULL};
    if (!front_request_start(request, headers, err)) {
        return false;
    }
    g_autoptr(DbSnapshot) snapshot = db_snapshot(core_db(request->core));
    const DbView *view = db_snapshot_view(snapshot);
    g_autoptr(GString) piece = g_string_new(NULL);
    database_dump_head(piece, view);
    for (uint16_t i = 0; i < db_view_schema(view)->class_count; i++) {
        database_dump_table(piece, view, i);
        if (!flush(request, piece, err)) {
            return false;
        }
    }
    database_dump_tail(piece);
    return flush(request, piece, err);
}

static bool flush(FrontRequest *request, GString *piece, Err **err)
{
    bool ok = front_request_write(request, piece->str, piece->len, err);
    g_string_truncate(piece, 0);
    return ok;
}
