/* libxl tells before each poll(2) what it waits for.  Another thread that begins an operation
 * wakes this one by a pipe of libxl's own; one that sets a watch has to do it by ours, for libxl
 * would not have this one look at xenstore before the next operation. */
#include "hv/xen/events.h"

#include "base/fd.h"
#include "base/log.h"

#include <errno.h>
#include <libxl_event.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define EVENTS_FIRST_SIZE 16

struct XenEvents {
    libxl_ctx *ctx;
    libxl_event_hooks hooks;
    void (*on_event)(void *user, const libxl_event *event);
    void *user;
    int wake_fd;
    gint stopping;
    GThread *thread;
};

static gpointer xen_events_run(gpointer data);
static int xen_events_prepare(XenEvents *events, GArray *polls, int *ret_timeout);
static void xen_events_occurs(void *user, libxl_event *event);
static void xen_events_disaster(void *user, libxl_event_type type, const char *text, int errnum);
static struct timeval xen_events_now(void);
static pid_t xen_events_fork(void *user);

/* Other programs of the daemon are waited for by their own callers. */
static const libxl_childproc_hooks child_hooks = {
    .chldowner = libxl_sigchld_owner_libxl_always_selective_reap,
    .fork_replacement = xen_events_fork,
};

XenEvents *xen_events_new(libxl_ctx *ctx, void (*on_event)(void *user, const libxl_event *event),
                          void *user, Err **err)
{
    XenEvents *events = g_new0(XenEvents, 1);
    events->ctx = ctx;
    events->on_event = on_event;
    events->user = user;
    events->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (events->wake_fd < 0) {
        err_errno(err, errno, "cannot create the event queue of Xen");
        xen_events_free(events);
        return NULL;
    }
    events->hooks = (libxl_event_hooks){
        .event_occurs_mask = LIBXL_EVENTMASK_ALL,
        .event_occurs = xen_events_occurs,
        .disaster = xen_events_disaster,
    };
    libxl_event_register_callbacks(ctx, &events->hooks, events);
    libxl_childproc_setmode(ctx, &child_hooks, NULL);
    events->thread = g_thread_new("xen-events", xen_events_run, events);
    return events;
}

void xen_events_free(XenEvents *events)
{
    if (!events) {
        return;
    }
    if (events->thread) {
        g_atomic_int_set(&events->stopping, 1);
        xen_events_wake(events);
        g_thread_join(events->thread);
    }
    fd_close(&events->wake_fd);
    g_free(events);
}

void xen_events_wake(XenEvents *events)
{
    eventfd_write(events->wake_fd, 1);
}

static gpointer xen_events_run(gpointer data)
{
    XenEvents *events = data;
    g_autoptr(GArray) polls = g_array_new(FALSE, TRUE, sizeof(struct pollfd));
    g_array_set_size(polls, EVENTS_FIRST_SIZE);
    for (;;) {
        int timeout;
        int count = xen_events_prepare(events, polls, &timeout);
        struct pollfd *fds = (struct pollfd *)polls->data;
        fds[count] = (struct pollfd){.fd = events->wake_fd, .events = POLLIN};
        (void)poll(fds, (nfds_t)count + 1, timeout);
        eventfd_t wakes;
        (void)eventfd_read(events->wake_fd, &wakes);
        if (g_atomic_int_get(&events->stopping)) {
            return NULL;
        }
        libxl_osevent_afterpoll(events->ctx, count, fds, xen_events_now());
    }
}

/* Fills `polls`, which has room for one more at the end. The count of libxl's. */
static int xen_events_prepare(XenEvents *events, GArray *polls, int *ret_timeout)
{
    for (;;) {
        int count = (int)polls->len - 1;
        *ret_timeout = -1;
        int code = libxl_osevent_beforepoll(events->ctx, &count, (struct pollfd *)polls->data,
                                            ret_timeout, xen_events_now());
        if (code == 0) {
            return count;
        }
        g_array_set_size(polls, (guint)count + 1);
    }
}

static void xen_events_occurs(void *user, libxl_event *event)
{
    XenEvents *events = user;
    events->on_event(events->user, event);
    libxl_event_free(events->ctx, event);
}

static void xen_events_disaster(void *user, libxl_event_type type, const char *text, int errnum)
{
    (void)user;
    log_error("libxl lost events (%s): %s: %s", libxl_event_type_to_string(type), text,
              errnum > 0 ? g_strerror(errnum) : "");
}

static struct timeval xen_events_now(void)
{
    gint64 now = g_get_real_time();
    return (struct timeval){.tv_sec = now / G_USEC_PER_SEC, .tv_usec = now % G_USEC_PER_SEC};
}

/* libxl ends device models by SIGHUP, which the daemon's threads block; QEMU would inherit that. */
static pid_t xen_events_fork(void *user)
{
    (void)user;
    pid_t pid = fork();
    if (pid == 0) {
        sigset_t none;
        sigemptyset(&none);
        (void)sigprocmask(SIG_SETMASK, &none, NULL);
    }
    return pid;
}
