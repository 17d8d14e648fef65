/* One thread that waits for the driver's descriptor.  News that come while rows are written are
 * one more round, however many they are. */
#include "ops/network/network_watch.h"

#include "base/fd.h"
#include "base/log.h"
#include "core/dispatch.h"
#include "ops/network/network_turn.h"
#include "ops/network/pif_rows.h"

struct NetworkWatch {
    Platform *platform;
    Op *op; /* cancelled by the end */
    GThread *thread;
    int fd;
};

static gpointer run(gpointer user);
static bool refresh(Call *call, void *user, Err **err);

NetworkWatch *network_watch_new(Platform *platform)
{
    NetworkWatch *watch = g_new0(NetworkWatch, 1);
    watch->platform = platform;
    watch->fd = -1;
    watch->op = op_new(USEC_NEVER);
    return watch;
}

void network_watch_start(NetworkWatch *watch)
{
    Platform *platform = watch->platform;
    g_autoptr(Err) error = NULL;
    watch->fd = platform_nw_driver(platform)->watch_open(platform_nw(platform), &error);
    if (watch->fd < 0) {
        g_autofree char *text = err_to_string(error);
        log_warn("changes of interfaces are seen by scans alone: %s", text);
        return;
    }
    watch->thread = g_thread_new("network", run, watch);
}

void network_watch_stop(NetworkWatch *watch)
{
    op_cancel(watch->op);
    if (watch->thread) {
        g_thread_join(g_steal_pointer(&watch->thread));
    }
}

void network_watch_free(NetworkWatch *watch)
{
    if (watch) {
        network_watch_stop(watch);
        fd_close(&watch->fd);
        op_unref(watch->op);
        g_free(watch);
    }
}

static gpointer run(gpointer user)
{
    NetworkWatch *watch = user;
    Platform *platform = watch->platform;
    struct pollfd news = {.fd = watch->fd, .events = POLLIN};
    while (op_poll(watch->op, &news, 1, NULL)) {
        g_autoptr(Err) error = NULL;
        if (platform_nw_driver(platform)->watch_read(platform_nw(platform), watch->fd) &&
            !core_run_internal(platform_core(platform), "network change", refresh, NULL, &error) &&
            !op_is_cancelled(watch->op)) {
            g_autofree char *text = err_to_string(error);
            log_warn("a change of an interface is not written yet: %s", text);
        }
    }
    return NULL;
}

static bool refresh(Call *call, void *user G_GNUC_UNUSED, Err **err)
{
    return network_turn_keep(call, err) && pif_rows_refresh(call, err);
}
