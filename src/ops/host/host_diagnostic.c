/* What developers ask a host about itself, and debug keys, which are for a hypervisor. */
#include "base/fd.h"
#include "base/text.h"
#include "gen/db_sr.h"
#include "gen/errors.h"
#include "gen/ops_host.h"
#include "ops/host/host_here.h"

static const char THREADS[] = "/proc/self/task";

enum { THREAD_FILE_BYTES = 4096 };

static char *read_thread_file(const char *thread, const char *name);
static char thread_state(const char *stat);

bool host_send_debug_keys(Call *call, const HostSendDebugKeysArgs *args, Err **err)
{
    Platform *platform = call_platform(call);
    const HvDriver *driver = platform_hv_driver(platform);
    if (!host_here_check(call, args->host, err)) {
        return false;
    }
    if (!(driver->caps & HV_CAP_HYPERVISOR)) {
        return err_operation_not_allowed(err, "The engine of this host takes no debug keys");
    }
    return driver->host_debug_keys(platform_hv(platform), args->keys, err);
}

/* A line for each thread: its number, what it does, its state as proc(5) has it. */
bool host_get_thread_diagnostics(Call *call, const HostGetThreadDiagnosticsArgs *args,
                                 char **ret_result, Err **err)
{
    if (!host_here_check(call, args->host, err)) {
        return false;
    }
    g_autoptr(GDir) dir = g_dir_open(THREADS, 0, NULL);
    g_autoptr(GString) text = g_string_new(NULL);
    const char *thread;
    while (dir && (thread = g_dir_read_name(dir))) {
        g_autofree char *name = read_thread_file(thread, "comm");
        g_autofree char *stat = read_thread_file(thread, "stat");
        if (name && stat) { /* else it has ended */
            g_string_append_printf(text, "%s %s %c\n", thread, g_strchomp(name),
                                   thread_state(stat));
        }
    }
    *ret_result = g_string_free(g_steal_pointer(&text), FALSE);
    return true;
}

/* A line for each SR: its uuid, type, and whether it is attached here. */
bool host_get_sm_diagnostics(Call *call, const HostGetSmDiagnosticsArgs *args, char **ret_result,
                             Err **err)
{
    if (!host_here_check(call, args->host, err)) {
        return false;
    }
    const DbView *view = call_view(call);
    g_autoptr(GArray) srs = db_sr_all(view);
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < srs->len; i++) {
        SrRef sr = g_array_index(srs, SrRef, i);
        Uuid uuid;
        bool is_attached =
            uuid_parse(db_sr_uuid(view, sr), &uuid) && platform_has_sr(call_platform(call), uuid);
        g_string_append_printf(text, "%s %s %s\n", db_sr_uuid(view, sr), db_sr_type(view, sr),
                               is_attached ? "attached" : "detached");
    }
    *ret_result = g_string_free(g_steal_pointer(&text), FALSE);
    return true;
}

/* (owned) */
static char *read_thread_file(const char *thread, const char *name)
{
    g_autofree char *path = g_build_filename(THREADS, thread, name, NULL);
    return fd_read_file(path, THREAD_FILE_BYTES, NULL, NULL);
}

/* It stands behind the name, which is in parentheses and may have any in it. */
static char thread_state(const char *stat)
{
    const char *end = strrchr(stat, ')');
    return end && end[1] ? end[2] : '?';
}
