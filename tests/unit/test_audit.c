/* core/audit.c: the form of a line, what it tells of arguments, and what it keeps to itself. */
#include "base/fd.h"
#include "core/audit.h"
#include "gen/db_subject.h"
#include "gen/db_vm.h"
#include "gen/errors.h"
#include "wire/json.h"

#include <glib/gstdio.h>

static const Uuid VM_ID = {{1}};

typedef struct Fixture {
    Db *db;
    DbSnapshot *snapshot;
} Fixture;

static void set_up(Fixture *fixture, gconstpointer data)
{
    (void)data;
    DbBackend backend = db_backend_none();
    fixture->db = db_open(&model_schema, &backend, NULL);
    DbTxn *txn = db_begin(fixture->db);
    db_create(txn, CLASS_VM, VM_ID, (Uuid){{2}});
    db_vm_set_name_label(txn, (VmRef){VM_ID}, "it's \\ mine");
    db_create(txn, CLASS_SUBJECT, (Uuid){{3}}, (Uuid){{4}});
    Value *config = value_new_struct(1);
    value_struct_add(config, "subject-name", value_new_string("alice"));
    db_subject_set_other_config(txn, (SubjectRef){{{3}}}, config);
    db_create(txn, CLASS_SESSION, (Uuid){{5}}, (Uuid){{6}});
    g_assert_true(db_commit(txn, NULL));
    fixture->snapshot = db_snapshot(fixture->db);
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
    (void)data;
    db_snapshot_unref(fixture->snapshot);
    db_close(fixture->db);
}

/* What the log tells of a call with these JSON parameters, without the session. */
static void assert_arguments(Fixture *fixture, const char *method, const char *json,
                             const char *expected)
{
    const MethodInfo *info = method_find(method, strlen(method));
    g_autoptr(Value) params = json_parse(json, strlen(json), NULL);
    g_assert_cmpuint(value_count(params), ==, info->param_count);
    Value *args[8] = {NULL};
    for (unsigned i = 0; i < info->param_count; i++) {
        args[i] = type_coerce(&model_schema, info->params[i].type, value_at(params, i), "", NULL);
        g_assert_nonnull(args[i]);
    }
    g_autoptr(GString) text = g_string_new(NULL);
    audit_append_arguments(text, db_snapshot_view(fixture->snapshot), info, args);
    g_assert_cmpstr(text->str, ==, expected);
    for (unsigned i = 0; i < info->param_count; i++) {
        value_unref(args[i]);
    }
}

#define VM_REF  "OpaqueRef:01000000-0000-0000-0000-000000000000"
#define VM_UUID "02000000-0000-0000-0000-000000000000"
#define VM_TEXT "'it\\'s \\\\ mine' '" VM_UUID "' '" VM_REF "')"

static void test_references(Fixture *fixture, gconstpointer data)
{
    (void)data;
    assert_arguments(fixture, "VM.start", "[\"" VM_REF "\", true, false]",
                     "('vm' " VM_TEXT " ('start_paused' 'true' '' '') ('force' 'false' '' '')");
    assert_arguments(fixture, "VM.unpause", "[\"OpaqueRef:NULL\"]",
                     "('vm' '' '' 'OpaqueRef:NULL')");
    assert_arguments(fixture, "subject.destroy",
                     "[\"OpaqueRef:03000000-0000-0000-0000-000000000000\"]",
                     "('self' 'alice' '04000000-0000-0000-0000-000000000000' "
                     "'OpaqueRef:03000000-0000-0000-0000-000000000000')");
    assert_arguments(fixture, "message.create",
                     "[\"note\", 3, \"VM\", \"" VM_UUID "\", \"a\\nbody\"]",
                     "('name' 'note' '' '') ('obj_uuid' " VM_TEXT " ('body' 'a\nbody' '' '')");
}

static void test_descriptive(Fixture *fixture, gconstpointer data)
{
    (void)data;
    assert_arguments(fixture, "VM.clone", "[\"" VM_REF "\", \"a copy\"]",
                     "('vm' " VM_TEXT " ('new_name' 'a copy' '' '')");
    assert_arguments(fixture, "VM.set_name_label", "[\"" VM_REF "\", \"not told\"]",
                     "('self' " VM_TEXT);
}

static void test_records(Fixture *fixture, gconstpointer data)
{
    (void)data;
    assert_arguments(fixture, "subject.create",
                     "[{\"subject_identifier\": \"u7\", \"other_config\": "
                     "{\"subject-name\": \"bob\", \"subject-gecos\": \"x\"}}]",
                     "('subject_identifier' 'u7' '' '') "
                     "('other_config' (('subject-name' 'bob' '' '')) '' '')");
}

static void test_secrets(Fixture *fixture, gconstpointer data)
{
    (void)data;
    assert_arguments(fixture, "session.change_password", "[\"old\", \"new\"]", "");
    assert_arguments(fixture, "secret.create", "[{\"value\": \"hidden\", \"other_config\": {}}]",
                     "");
    assert_arguments(fixture, "session.set_other_config",
                     "[\"OpaqueRef:05000000-0000-0000-0000-000000000000\", {}]", "");
    assert_arguments(fixture, "session.set_other_config",
                     "[\"OpaqueRef:07000000-0000-0000-0000-000000000000\", {}]", "");
    g_autoptr(GString) text = g_string_new(NULL);
    audit_append_text(text, db_snapshot_view(fixture->snapshot), "uuid",
                      "06000000-0000-0000-0000-000000000000");
    g_assert_cmpstr(text->str, ==, "");
}

/* However much is given, a line stays a line. */
static void test_limits(Fixture *fixture, gconstpointer data)
{
    (void)data;
    const DbView *view = db_snapshot_view(fixture->snapshot);
    g_autofree char *name = g_strnfill(100000, 'n');
    g_autoptr(GString) text = g_string_new(NULL);
    for (unsigned i = 0; i < 1000; i++) {
        audit_append_text(text, view, "name", name);
    }
    g_assert_cmpuint(text->len, <, AUDIT_LOG_MAX_LINE / 2);
    g_assert_true(g_str_has_suffix(text->str, "n' '' '')"));
}

static void test_what_is_wanted(void)
{
    g_assert_true(audit_is_wanted("VM.start"));
    g_assert_true(audit_is_wanted("VM.set_name_label"));
    g_assert_true(audit_is_wanted("http/get_host_backup"));
    g_assert_false(audit_is_wanted("VM.get_record"));
    g_assert_false(audit_is_wanted("event.from"));
    g_assert_false(audit_is_wanted("session.logout"));
    g_assert_false(audit_is_wanted("http/rrd_updates"));
}

/* Writes one line and gives it back without its beginning, up to the peer. */
static char *line_of(AuditEvent *event, const Err *error)
{
    g_autofree char *folder = g_dir_make_tmp("clearwater-audit-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "log", NULL);
    g_autoptr(AuditLog) log = audit_log_new(path);
    audit_write(log, event, error);
    g_autofree char *text = fd_read_file(path, 100000, NULL, NULL);
    g_remove(path);
    g_rmdir(folder);
    g_assert_true(g_regex_match_simple(
        "^\\[\\d{8}T\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z\\|audit\\|[^|]+\\|\\d+ 1.2.3.4\\|", text, 0, 0));
    return g_strdup(strstr(text, " 1.2.3.4|"));
}

static void test_line(void)
{
    AuditEvent event = {.action = "VM.start",
                        .label = "Async.VM.start",
                        .task = {{0xab, 0xcd}},
                        .peer = "1.2.3.4",
                        .session = {{9}},
                        .sid = "u7",
                        .user = "o'neill",
                        .arguments = "('vm' 'a' 'b' 'c')"};
    g_autofree char *sum = g_compute_checksum_for_string(
        G_CHECKSUM_MD5, "OpaqueRef:09000000-0000-0000-0000-000000000000", -1);
    g_autofree char *start =
        g_strdup_printf(" 1.2.3.4|Async.VM.start R:abcd0000-000|audit] ('trackid=%s' 'u7' "
                        "'o\\'neill' ",
                        sum);
    g_autoptr(Err) failure = NULL;
    g_autoptr(Err) denial = NULL;
    err_vm_bad_power_state(&failure, "x", "halted", "running");
    err_rbac_permission_denied(&denial, "vm.start", "no");
    g_autofree char *good = line_of(&event, NULL);
    g_autofree char *bad = line_of(&event, failure);
    g_autofree char *denied = line_of(&event, denial);
    g_assert_true(g_str_has_prefix(good, start));
    g_assert_cmpstr(good + strlen(start), ==,
                    "'ALLOWED' 'OK' 'API' 'VM.start' (('vm' 'a' 'b' 'c')))\n");
    g_assert_cmpstr(bad + strlen(start), ==,
                    "'ALLOWED' 'ERROR:VM_BAD_POWER_STATE: [ x; halted; running ]' 'API' 'VM.start' "
                    "(('vm' 'a' 'b' 'c')))\n");
    g_assert_cmpstr(denied + strlen(start), ==,
                    "'DENIED' '' 'API' 'VM.start' (('vm' 'a' 'b' 'c')))\n");
    event = (AuditEvent){.action = "http/get_blob",
                         .label = "l",
                         .peer = "1.2.3.4",
                         .is_superuser = true,
                         .sid = "",
                         .user = "root",
                         .arguments = ""};
    g_autofree char *root = line_of(&event, NULL);
    g_assert_nonnull(
        strstr(root, "' 'LOCAL_SUPERUSER' 'root' 'ALLOWED' 'OK' 'HTTP' 'http/get_blob' ())\n"));
}

#define CASE(name, func) g_test_add("/audit/" name, Fixture, NULL, set_up, func, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    CASE("references", test_references);
    CASE("descriptive", test_descriptive);
    CASE("records", test_records);
    CASE("secrets", test_secrets);
    CASE("limits", test_limits);
    g_test_add_func("/audit/what-is-wanted", test_what_is_wanted);
    g_test_add_func("/audit/line", test_line);
    return g_test_run();
}
