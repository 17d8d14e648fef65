/* Lines of the audit log.  Which arguments are written follows XenServer: descriptive ones by their
 * names, some by a list, and everything that means an object. */
#include "core/audit.h"

#include "base/text.h"
#include "gen/db_subject.h"
#include "gen/db_vbd.h"

#include <unistd.h>

enum {
    MAX_ATOM = 1024,           /* bytes of one text in a line */
    MAX_ARGUMENTS = 16 * 1024, /* bytes of all arguments; no further one is begun */
};

/* Arguments whose text is written, whatever the action. */
static const char *const descriptive[] = {
    "name", "label", "description", "name_label", "name_description", "new_name", NULL};

/* Actions whose other arguments are of interest. */
static const struct {
    const char *action;
    const char *const names[9];
} listed[] = {
    {"host.create",
     {"hostname", "address", "external_auth_type", "external_auth_service_name", "edition"}},
    {"VM.create",
     {"is_a_template", "memory_target", "memory_static_max", "memory_dynamic_max",
      "memory_dynamic_min", "memory_static_min", "ha_always_run", "ha_restart_priority"}},
    {"host.set_address", {"value"}},
    {"VM.migrate", {"dest", "live"}},
    {"VM.start_on", {"start_paused", "force"}},
    {"VM.start", {"start_paused", "force"}},
    {"pool.create_VLAN", {"device", "vLAN"}},
    {"pool.join_force", {"master_address"}},
    {"pool.join", {"master_address"}},
    {"pool.enable_external_auth", {"service_name", "auth_type"}},
    {"host.enable_external_auth", {"service_name", "auth_type"}},
    {"subject.create", {"subject_identifier", "other_config"}},
    {"subject.create.other_config", {"subject-name"}},
    {"message.create", {"name", "body"}},
};

static void append_argument(GString *out, const DbView *view, const char *action, const char *name,
                            const TypeInfo *type, const Value *value);
static void append_map(GString *out, const DbView *view, const char *action, const char *name,
                       const TypeInfo *type, const Value *map);
static void append_ref(GString *out, const DbView *view, const char *name, uint16_t class_id,
                       Uuid ref);
static void append_members(GString *out, const DbView *view, const char *action,
                           const TypeInfo *type, const Value *record);
static bool is_shown(const char *action, const char *name);
static void append_scalar(GString *out, const char *name, const Value *value);
static void append_object(GString *out, const DbView *view, const char *name,
                          const DbObject *object);
static const DbObject *find_object(const DbView *view, const char *text);
static const char *object_name(const DbView *view, const DbObject *object);
static void append_four(GString *out, const char *name, const char *label, const char *uuid,
                        const char *ref);
static void append_atom(GString *out, const char *text);
static void append_time(GString *out);
static bool begin_argument(GString *out);

bool audit_is_wanted(const char *action)
{
    static const char *const quiet[] = {
        "session.logout",
        "session.local_logout", /* the end of a session is told by itself */
        "event.next",
        "event.from",
        "http/rrd_updates",
        "http/post_remote_db_access",
        "host.tickle_heartbeat",
        NULL};
    return !strstr(action, ".get") && !g_str_has_suffix(action, ".query_data_source") &&
           !g_strv_contains(quiet, action);
}

void audit_write(AuditLog *log, const AuditEvent *event, const Err *error)
{
    bool is_denied = error && err_is(error, "RBAC_PERMISSION_DENIED");
    g_autofree char *track =
        g_compute_checksum_for_string(G_CHECKSUM_MD5, REF_TEXT(event->session), -1);
    g_autofree char *track_id = g_strdup_printf("trackid=%s", track);
    g_autofree char *why = error ? err_to_string(error) : NULL;
    g_autofree char *outcome = is_denied ? g_strdup("")
                               : error   ? g_strdup_printf("ERROR:%s", why)
                                         : g_strdup("OK");
    g_autoptr(GString) line = g_string_new("[");
    append_time(line);
    g_string_append_printf(line, "|audit|%s|%d %s|%s", g_get_host_name(), (int)gettid(),
                           event->peer, event->label);
    if (!uuid_is_null(event->task)) {
        g_string_append_printf(line, " R:%.12s", UUID_TEXT(event->task));
    }
    g_string_append(line, "|audit] (");
    const char *const atoms[] = {
        track_id,     event->is_superuser ? "LOCAL_SUPERUSER" : event->sid,
        event->user,  is_denied ? "DENIED" : "ALLOWED",
        outcome,      g_str_has_prefix(event->action, "http/") ? "HTTP" : "API",
        event->action};
    for (size_t i = 0; i < G_N_ELEMENTS(atoms); i++) {
        append_atom(line, atoms[i]);
        g_string_append_c(line, ' ');
    }
    g_string_append_printf(line, "(%s))", event->arguments);
    audit_log_append(log, line->str);
}

void audit_append_text(GString *out, const DbView *view, const char *name, const char *text)
{
    bool is_descriptive = g_strv_contains(descriptive, name);
    const DbObject *object = is_descriptive ? NULL : find_object(view, text);
    if (is_descriptive && begin_argument(out)) {
        append_four(out, name, text, "", "");
    } else if (object) {
        append_object(out, view, name, object);
    }
}

void audit_append_pair(GString *out, const char *name, const char *text)
{
    if (begin_argument(out)) {
        append_four(out, name, text, "", "");
    }
}

void audit_append_arguments(GString *out, const DbView *view, const MethodInfo *method,
                            Value *const *args)
{
    for (unsigned i = 0; i < method->param_count; i++) {
        append_argument(out, view, method->name, method->params[i].name, method->params[i].type,
                        args[i]);
    }
    if (strcmp(method->name, "VBD.destroy") == 0) { /* which disk it was is of interest later */
        VdiRef vdi = db_vbd_vdi(view, (VbdRef){value_uuid(args[0])});
        audit_append_text(out, view, "VDI", REF_TEXT(vdi.id));
    }
}

/* What a constructor gets in a record are its arguments. */
static void append_argument(GString *out, const DbView *view, const char *action, const char *name,
                            const TypeInfo *type, const Value *value)
{
    if (type->kind == TYPE_RECORD) {
        append_members(out, view, action, type, value);
    } else if (is_shown(action, name) && value_kind(value) == VALUE_STRUCT) {
        append_map(out, view, action, name, type, value);
    } else if (is_shown(action, name)) {
        append_scalar(out, name, value);
    } else if (value_kind(value) == VALUE_REF) {
        append_ref(out, view, name, type->class_id, value_uuid(value));
    } else if (value_kind(value) == VALUE_STRING) {
        audit_append_text(out, view, name, value_string(value));
    }
}

static void append_map(GString *out, const DbView *view, const char *action, const char *name,
                       const TypeInfo *type, const Value *map)
{
    if (!begin_argument(out)) {
        return;
    }
    g_autofree char *inner_action = g_strdup_printf("%s.%s", action, name);
    g_autoptr(GString) inner = g_string_new(NULL);
    append_members(inner, view, inner_action, type, map);
    g_string_append_c(out, '(');
    append_atom(out, name);
    g_string_append_printf(out, " (%s) '' '')", inner->str);
}

/* The reference of a session is as good as its password. */
static void append_ref(GString *out, const DbView *view, const char *name, uint16_t class_id,
                       Uuid ref)
{
    const DbObject *object = db_find(view, class_id, ref);
    if (object) {
        append_object(out, view, name, object);
    } else if (class_id != CLASS_SESSION && begin_argument(out)) {
        append_four(out, name, "", "", REF_TEXT(ref));
    }
}

static void append_members(GString *out, const DbView *view, const char *action,
                           const TypeInfo *type, const Value *record)
{
    const DbClass *class_info =
        type->kind == TYPE_RECORD ? &db_view_schema(view)->classes[type->class_id] : NULL;
    for (unsigned i = 0; i < value_count(record); i++) {
        const char *name = value_name_at(record, i);
        int field = class_info ? db_class_find_field(class_info, name) : -1;
        if (class_info && (field < 0 || class_info->fields[field].flags & DB_FIELD_SECRET)) {
            continue;
        }
        append_argument(out, view, action, name,
                        class_info ? class_info->fields[field].type : type->item,
                        value_at(record, i));
    }
}

static bool is_shown(const char *action, const char *name)
{
    if (g_strv_contains(descriptive, name)) {
        return true;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(listed); i++) {
        if (strcmp(listed[i].action, action) == 0) {
            return g_strv_contains(listed[i].names, name);
        }
    }
    return false;
}

static void append_scalar(GString *out, const char *name, const Value *value)
{
    char digits[TEXT_INT_SIZE];
    const char *text = "";
    switch (value_kind(value)) {
    case VALUE_STRING:
        text = value_string(value);
        break;
    case VALUE_INT:
        text = text_format_int(value_int(value), digits);
        break;
    case VALUE_BOOL:
        text = value_bool(value) ? "true" : "false";
        break;
    case VALUE_REF:
    case VALUE_NIL:
    case VALUE_VOID:
    case VALUE_FLOAT:
    case VALUE_DATETIME:
    case VALUE_ARRAY:
    case VALUE_STRUCT:
        return;
    }
    if (begin_argument(out)) {
        append_four(out, name, text, "", "");
    }
}

static void append_object(GString *out, const DbView *view, const char *name,
                          const DbObject *object)
{
    const DbClass *class_info = &db_view_schema(view)->classes[db_object_class(object)];
    const char *uuid = class_info->uuid_field >= 0
                           ? value_string(db_object_get(object, (uint16_t)class_info->uuid_field))
                           : "";
    if (db_object_class(object) != CLASS_SESSION && begin_argument(out)) {
        append_four(out, name, object_name(view, object), uuid, REF_TEXT(db_object_ref_id(object)));
    }
}

/* By reference or uuid, of whatever class. */
static const DbObject *find_object(const DbView *view, const char *text)
{
    Uuid id;
    bool is_ref = g_str_has_prefix(text, "OpaqueRef:") && value_ref_parse(text, &id);
    if (!is_ref && !uuid_parse(text, &id)) {
        return NULL;
    }
    const DbSchema *schema = db_view_schema(view);
    for (uint16_t i = 0; i < schema->class_count; i++) {
        const DbObject *object = is_ref ? db_find(view, i, id) : db_find_by_uuid(view, i, id);
        if (object) {
            return object;
        }
    }
    return NULL;
}

static const char *object_name(const DbView *view, const DbObject *object)
{
    if (db_object_class(object) == CLASS_SUBJECT) {
        SubjectRef subject = {db_object_ref_id(object)};
        const char *name = value_get_string(db_subject_other_config(view, subject), "subject-name");
        return name ? name : "";
    }
    int field = db_view_schema(view)->classes[db_object_class(object)].name_label_field;
    return field < 0 ? "" : value_string(db_object_get(object, (uint16_t)field));
}

static void append_four(GString *out, const char *name, const char *label, const char *uuid,
                        const char *ref)
{
    const char *const atoms[] = {name, label, uuid, ref};
    for (size_t i = 0; i < G_N_ELEMENTS(atoms); i++) {
        g_string_append_c(out, i == 0 ? '(' : ' ');
        append_atom(out, atoms[i]);
    }
    g_string_append_c(out, ')');
}

static void append_atom(GString *out, const char *text)
{
    g_string_append_c(out, '\'');
    size_t length = strnlen(text, MAX_ATOM);
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '\'' || text[i] == '\\') {
            g_string_append_c(out, '\\');
        }
        g_string_append_c(out, text[i]);
    }
    g_string_append_c(out, '\'');
}

static void append_time(GString *out)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autofree char *text = g_date_time_format(now, "%Y%m%dT%H:%M:%S");
    g_string_append_printf(out, "%s.%03dZ", text, g_date_time_get_microsecond(now) / 1000);
}

/* Arguments stand one behind another with a space between, as many as there is room for. */
static bool begin_argument(GString *out)
{
    if (out->len > MAX_ARGUMENTS) {
        return false;
    }
    if (out->len > 0) {
        g_string_append_c(out, ' ');
    }
    return true;
}
