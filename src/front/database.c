/* A dump is of one moment, however long its reader takes: tables are written one by one out of one
 * snapshot.  What is restored is read whole, and made to fit this host, before anything of it
 * counts. */
#include "front/database.h"

#include "base/log.h"
#include "base/text.h"
#include "gen/errors.h"
#include "gen/schema.h"
#include "ops/host/host_machine.h"
#include "ops/pool/database_dump.h"
#include "ops/pool/database_read.h"
#include "ops/pool/database_restore.h"

#define MAX_BYTES ((int64_t)4 * 1024 * 1024 * 1024) /* of a dump that is restored */

static bool send_dump(FrontRequest *request, Err **err);
static bool flush(FrontRequest *request, GString *piece, Err **err);
static bool receive_dump(FrontRequest *request, Err **err);
static Db *read_dump(FrontRequest *request, Err **err);

const FrontHandler front_database_get_handler = {HTTP_ACTION_GET_POOL_XML_DB_SYNC, FRONT_STREAM,
                                                 send_dump};
const FrontHandler front_database_put_handler = {HTTP_ACTION_PUT_POOL_XML_DB_SYNC, FRONT_STREAM,
                                                 receive_dump};

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

static bool receive_dump(FrontRequest *request, Err **err)
{
    Platform *platform = core_platform(request->core);
    g_autofree char *dry_run = front_request_param(request, "dry_run");
    if (request->head->content_length < 0 || request->head->content_length > MAX_BYTES) {
        request->status = 400;
        return err_internal(err, "the request does not tell the length of the dump, or too much");
    }
    if (!front_request_start(request, NULL, err)) {
        return false;
    }
    g_autoptr(Db) restored = read_dump(request, err);
    if (!restored || !database_restore_fit(platform, restored, err)) {
        return false;
    }
    if (text_equal(dry_run, "true")) {
        return true;
    }
    if (!database_restore_commit(platform, restored, err)) {
        return false;
    }
    log_info("a database has been received and takes its place at the next start");
    host_machine_restart_soon(platform, request->op);
    return true;
}

/* (owned) */
static Db *read_dump(FrontRequest *request, Err **err)
{
    g_autoptr(DatabaseReader) reader = database_reader_new(&model_schema);
    g_autofree char *buffer = g_malloc(FRONT_PIECE);
    ssize_t count;
    while ((count = front_request_read(request, buffer, FRONT_PIECE, err)) > 0) {
        if (!database_reader_feed(reader, buffer, (size_t)count, err)) {
            return NULL;
        }
    }
    return count == 0 ? database_reader_end(reader, err) : NULL;
}
