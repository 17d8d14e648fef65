/* A whole host on the fake drivers, in a folder of its own, without the fronts: messages go in by
 * core_invoke() as from root at the unix socket. */
#pragma once

#include "base/fd.h"
#include "core/dispatch.h"
#include "gen/schema.h"
#include "net_fixture.h"
#include "ops/platform.h"
#include "ops/vm/vm_boot.h"
#include "ops/vm/vm_watch.h"
#include "wire/json.h"

#include <ftw.h>
#include <glib/gstdio.h>

typedef struct HostFixture {
    char *dir;
    Db *db;
    Platform *platform;
    Core *core;
    CoreCaller caller;
    const HvDriver *hv; /* these two are set before host_fixture_set_up(); NULL: the fake one */
    const NwDriver *nw;
} HostFixture;

/* (owned) */
static inline char *host_fixture_path(const HostFixture *fixture, const char *name)
{
    return g_build_filename(fixture->dir, name, NULL);
}

static inline void host_fixture_set_up_on(HostFixture *fixture, const DbBackend *backend)
{
    g_autoptr(Err) err = NULL;
    fixture->dir = g_dir_make_tmp("clearwater-host-XXXXXX", NULL);
    g_assert_nonnull(fixture->dir);
    static const char *const names[] = {"state", "run", "log", "plugins", "etc", "crash"};
    char *paths[G_N_ELEMENTS(names)];
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        paths[i] = host_fixture_path(fixture, names[i]);
        assert_ok(fd_make_dirs(paths[i], 0755, &err), err);
    }
    g_autofree char *certificate = host_fixture_path(fixture, "host.pem");
    g_autofree char *accounts = host_fixture_path(fixture, "accounts");
    const PlatformConfig config = {.hv = fixture->hv ? fixture->hv : &hv_fake_driver,
                                   .nw = fixture->nw ? fixture->nw : &nw_fake_driver,
                                   .paths = {.state_dir = paths[0],
                                             .run_dir = paths[1],
                                             .log_dir = paths[2],
                                             .plugin_dir = paths[3],
                                             .etc_dir = paths[4],
                                             .crash_dir = paths[5],
                                             .certificate_path = certificate},
                                   .accelerator = "auto",
                                   .guest_user = "",
                                   .address = "127.0.0.1",
                                   .https_port = 443,
                                   .host_name = "host-under-test"};
    fixture->db = db_open(&model_schema, backend, &err);
    assert_ok(fixture->db != NULL, err);
    fixture->platform = platform_new(fixture->db, &config, &err);
    assert_ok(fixture->platform != NULL, err);
    const CoreConfig core = {
        .db = fixture->db, .accounts_path = accounts, .platform = fixture->platform};
    fixture->core = core_new(&core, &err);
    assert_ok(fixture->core != NULL, err);
    assert_ok(platform_start(fixture->platform, fixture->core, &err), err);
    const SessionLogin login = {
        .user = "root", .password = "", .originator = "", .is_local_root = true};
    fixture->caller = (CoreCaller){.peer = "unix", .originator = "", .peer_is_local_root = true};
    assert_ok(sessions_login(core_sessions(fixture->core), core_op(fixture->core), &login,
                             &fixture->caller.session, &err),
              err);
    for (size_t i = 0; i < G_N_ELEMENTS(paths); i++) {
        g_free(paths[i]);
    }
}

static inline void host_fixture_set_up(HostFixture *fixture)
{
    DbBackend backend = db_backend_none();
    host_fixture_set_up_on(fixture, &backend);
}

static inline int host_fixture_remove(const char *path, const struct stat *status, int kind,
                                      struct FTW *walk)
{
    (void)status;
    (void)kind;
    (void)walk;
    return g_remove(path);
}

static inline void host_fixture_tear_down(HostFixture *fixture)
{
    op_cancel(core_op(fixture->core));
    vm_watch_stop(platform_vm_watch(fixture->platform));
    core_free(fixture->core);
    platform_free(fixture->platform);
    db_close(fixture->db);
    nftw(fixture->dir, host_fixture_remove, 16, FTW_DEPTH | FTW_PHYS);
    g_free(fixture->dir);
}

static inline void host_fixture_before(HostFixture *fixture, gconstpointer data)
{
    (void)data;
    host_fixture_set_up(fixture);
}

static inline void host_fixture_after(HostFixture *fixture, gconstpointer data)
{
    (void)data;
    host_fixture_tear_down(fixture);
}

/* A test that has a host, and nothing else, of its own. */
static inline void host_fixture_add(const char *path,
                                    void (*test)(HostFixture *fixture, gconstpointer data))
{
    g_test_add(path, HostFixture, NULL, host_fixture_before, test, host_fixture_after);
}

/* Parameters are JSON without the brackets around them; they are printed into `format`. */
static inline Value *G_GNUC_PRINTF(4, 0)
    host_fixture_try(HostFixture *fixture, const char *method, Err **err, const char *format,
                     va_list args)
{
    g_autofree char *inner = g_strdup_vprintf(format, args);
    g_autofree char *json = g_strdup_printf("[%s]", inner);
    Value *params = json_parse(json, strlen(json), NULL);
    g_assert_nonnull(params);
    return core_invoke(fixture->core, &fixture->caller, method, params, err);
}

/* The answer of a call that must succeed. (owned) */
static inline Value *G_GNUC_PRINTF(3, 4)
    host_fixture_call(HostFixture *fixture, const char *method, const char *format, ...)
{
    g_autoptr(Err) err = NULL;
    va_list args;
    va_start(args, format);
    Value *result = host_fixture_try(fixture, method, &err, format, args);
    va_end(args);
    assert_ok(result != NULL, err);
    return result;
}

/* As host_fixture_call(), for calls that answer nothing. */
static inline void G_GNUC_PRINTF(3, 4)
    host_fixture_run(HostFixture *fixture, const char *method, const char *format, ...)
{
    g_autoptr(Err) err = NULL;
    va_list args;
    va_start(args, format);
    g_autoptr(Value) result = host_fixture_try(fixture, method, &err, format, args);
    va_end(args);
    assert_ok(result != NULL, err);
}

/* The call must fail with `expected`, in the form of err_to_string(). */
static inline void G_GNUC_PRINTF(4, 5)
    host_fixture_fails(HostFixture *fixture, const char *expected, const char *method,
                       const char *format, ...)
{
    g_autoptr(Err) err = NULL;
    va_list args;
    va_start(args, format);
    g_autoptr(Value) result = host_fixture_try(fixture, method, &err, format, args);
    va_end(args);
    g_assert_null(result);
    g_autofree char *text = err_to_string(err);
    g_assert_cmpstr(text, ==, expected);
}

/* As JSON, for comparing. (owned) */
static inline char *host_fixture_json(const Value *value)
{
    GString *text = g_string_new(NULL);
    json_append(text, value);
    return g_string_free(text, FALSE);
}

/* The call must succeed and answer exactly this JSON. */
static inline void G_GNUC_PRINTF(4, 5)
    host_fixture_answers(HostFixture *fixture, const char *expected, const char *method,
                         const char *format, ...)
{
    g_autoptr(Err) err = NULL;
    va_list args;
    va_start(args, format);
    g_autoptr(Value) result = host_fixture_try(fixture, method, &err, format, args);
    va_end(args);
    assert_ok(result != NULL, err);
    g_autofree char *text = host_fixture_json(result);
    g_assert_cmpstr(text, ==, expected);
}

#define HOST_REF(fixture) REF_TEXT(platform_host((fixture)->platform).id)
#define POOL_REF(fixture) REF_TEXT(platform_pool((fixture)->platform).id)

/* The domain of a VM. */
static inline Uuid host_fixture_domain(const HostFixture *fixture, Uuid vm)
{
    g_autoptr(DbSnapshot) snapshot = db_snapshot(fixture->db);
    return vm_domain_uuid(db_snapshot_view(snapshot), (VmRef){vm});
}

/* A VM that runs. Its reference. */
static inline Uuid host_fixture_start_vm(HostFixture *fixture)
{
    g_autoptr(Value) templates =
        host_fixture_call(fixture, "VM.get_by_name_label", "\"Other install media\"");
    g_assert_cmpuint(value_count(templates), ==, 1);
    g_autoptr(Value) vm = host_fixture_call(fixture, "VM.clone", "\"%s\", \"guest\"",
                                            REF_TEXT(value_uuid(value_at(templates, 0))));
    Uuid ref = value_uuid(vm);
    host_fixture_run(fixture, "VM.provision", "\"%s\"", REF_TEXT(ref));
    host_fixture_run(fixture, "VM.start", "\"%s\", false, false", REF_TEXT(ref));
    return ref;
}
