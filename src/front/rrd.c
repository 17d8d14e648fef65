/* /rrd_updates answers with its length, as XenServer does and as clients that keep connections
 * need; a whole archive is written as it is made and ends with the connection. */
#include "front/rrd.h"

#include "base/text.h"
#include "gen/db_host.h"
#include "gen/errors.h"
#include "ops/metrics/metrics.h"

static bool send_updates(FrontRequest *request, Err **err);
static bool send_host(FrontRequest *request, Err **err);
static bool send_vm(FrontRequest *request, Err **err);
static bool send_sr(FrontRequest *request, Err **err);
static bool read_query(const HttpHead *head, RrdQuery *ret_query);
static RrdCf read_cf(const char *text);
static void read_choice(const HttpHead *head, MetricsChoice *choice, GHashTable *uuids);
static bool wants_json(const HttpHead *head);
static bool is_set(const char *value);
static bool send_named(FrontRequest *request, uint16_t class_id, int missing_status, Err **err);
static bool send_archive(FrontRequest *request, const char *uuid, int missing_status, Err **err);
static bool send_piece(void *user, const char *data, size_t length, Err **err);

const FrontHandler front_rrd_updates_handler = {HTTP_ACTION_RRD_UPDATES, FRONT_THREAD,
                                                send_updates};
const FrontHandler front_rrd_host_handler = {HTTP_ACTION_HOST_RRD, FRONT_STREAM, send_host};
const FrontHandler front_rrd_old_host_handler = {HTTP_ACTION_GET_HOST_RRDS, FRONT_STREAM,
                                                 send_host};
const FrontHandler front_rrd_vm_handler = {HTTP_ACTION_VM_RRD, FRONT_STREAM, send_vm};
const FrontHandler front_rrd_old_vm_handler = {HTTP_ACTION_GET_VM_RRDS, FRONT_STREAM, send_vm};
const FrontHandler front_rrd_sr_handler = {HTTP_ACTION_SR_RRD, FRONT_STREAM, send_sr};

static bool send_updates(FrontRequest *request, Err **err)
{
    Metrics *metrics = platform_metrics(core_platform(request->core));
    RrdQuery query;
    if (!read_query(request->head, &query)) {
        request->status = 400;
        return err_internal(err, "start and interval have to be numbers of seconds");
    }
    g_autoptr(GHashTable) uuids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    MetricsChoice choice;
    read_choice(request->head, &choice, uuids);
    g_autoptr(RrdTable) table = metrics_table(metrics, &query, &choice, err);
    if (!table) {
        return false;
    }
    bool json = wants_json(request->head);
    const char *const headers[] = {"content-type", json ? "application/json" : "text/xml",
                                   "access-control-allow-headers", "X-Requested-With", NULL};
    GString *text = rrd_table_text(table, json ? RRD_JSON : RRD_XML);
    return front_request_reply(request, 200, headers, text, err);
}

static bool send_host(FrontRequest *request, Err **err)
{
    g_autoptr(DbSnapshot) snapshot = db_snapshot(core_db(request->core));
    HostRef host = platform_host(core_platform(request->core));
    return send_archive(request, db_host_uuid(db_snapshot_view(snapshot), host), 500, err);
}

static bool send_vm(FrontRequest *request, Err **err)
{
    return send_named(request, CLASS_VM, 404, err);
}

static bool send_sr(FrontRequest *request, Err **err)
{
    return send_named(request, CLASS_SR, 500, err);
}

/* False without a start. */
static bool read_query(const HttpHead *head, RrdQuery *ret_query)
{
    const char *start = http_query(head, "start");
    const char *interval = http_query(head, "interval");
    RrdQuery query = {.cf = read_cf(http_query(head, "cf"))};
    if (!start || !text_parse_int(start, &query.start) ||
        (interval && !text_parse_int(interval, &query.interval))) {
        return false;
    }
    *ret_query = query;
    return true;
}

/* XenServer takes what it does not know for all. */
static RrdCf read_cf(const char *text)
{
    unsigned cf = 0;
    while (text && cf < RRD_CF_COUNT && strcmp(text, rrd_cf_names[cf]) != 0) {
        cf++;
    }
    return text ? (RrdCf)cf : RRD_CF_COUNT;
}

/* Without a name all VMs are meant, and no repository. */
static void read_choice(const HttpHead *head, MetricsChoice *choice, GHashTable *uuids)
{
    bool has_vm = false;
    for (guint i = 0; i < head->query->len; i++) {
        const HttpHeader *param = g_ptr_array_index(head->query, i);
        bool is_vm = strcmp(param->name, "vm_uuid") == 0 || strcmp(param->name, "uuid") == 0;
        if (is_vm || strcmp(param->name, "sr_uuid") == 0) {
            g_hash_table_add(uuids, g_ascii_strdown(param->value, -1));
        }
        has_vm |= is_vm;
    }
    *choice = (MetricsChoice){
        .host = is_set(http_query(head, "host")), .all_vms = !has_vm, .uuids = uuids};
}

static bool wants_json(const HttpHead *head)
{
    return is_set(http_query(head, "json")) ||
           http_header_has_token(head, "accept", "application/json");
}

/* 6.2 looks whether a parameter is there, later ones at its value. */
static bool is_set(const char *value)
{
    return value && strcmp(value, "false") != 0;
}

static bool send_named(FrontRequest *request, uint16_t class_id, int missing_status, Err **err)
{
    g_autofree char *text = front_request_param(request, "uuid");
    g_autoptr(DbSnapshot) snapshot = db_snapshot(core_db(request->core));
    Uuid uuid;
    if (!text) {
        request->status = 400;
        return err_internal(err, "a uuid is missing");
    }
    if (!uuid_parse(text, &uuid) || !db_find_by_uuid(db_snapshot_view(snapshot), class_id, uuid)) {
        request->status = missing_status;
        return err_uuid_invalid(err, class_id == CLASS_VM ? "VM" : "SR", text);
    }
    return send_archive(request, text, missing_status, err);
}

static bool send_archive(FrontRequest *request, const char *uuid, int missing_status, Err **err)
{
    g_autoptr(Rrd) rrd = metrics_copy(platform_metrics(core_platform(request->core)), uuid);
    if (!rrd) {
        request->status = missing_status;
        return err_internal(err, "nothing has been measured of %s", uuid);
    }
    bool json = wants_json(request->head);
    const char *const headers[] = {"content-type", json ? "application/json" : "text/xml", NULL};
    return front_request_start_http10(request, headers, err) &&
           rrd_text_write(rrd, json ? RRD_JSON : RRD_XML, send_piece, request, err);
}

static bool send_piece(void *user, const char *data, size_t length, Err **err)
{
    return front_request_write(user, data, length, err);
}
