/* epoll(7) on one thread.  It knows descriptors and functions; QMP, agents and processes are
 * its callers' matter. */
#include "hv/loop.h"

#include "base/fd.h"
#include "base/log.h"
#include "base/op.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#define LOOP_TICK USEC_PER_SEC

struct HvLoop {
    int epoll_fd;
    int stop_fd;
    GThread *thread;
    void (*tick)(void *user);
    void *user;
};

static gpointer hv_loop_run(gpointer data);
static int hv_loop_wait(HvLoop *loop, Usec next_tick, HvWatch **ret_watch);
static bool hv_loop_watch(HvLoop *loop, int fd, HvWatch *watch, Err **err);

HvLoop *hv_loop_new(void (*tick)(void *user), void *user, Err **err)
{
    HvLoop *loop = g_new0(HvLoop, 1);
    loop->tick = tick;
    loop->user = user;
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    loop->stop_fd = eventfd(0, EFD_CLOEXEC);
    if (loop->epoll_fd < 0 || loop->stop_fd < 0) {
        err_errno(err, errno, "cannot create the event queue of a hypervisor driver");
        hv_loop_free(loop);
        return NULL;
    }
    if (!hv_loop_watch(loop, loop->stop_fd, NULL, err)) {
        hv_loop_free(loop);
        return NULL;
    }
    loop->thread = g_thread_new("hv-events", hv_loop_run, loop);
    return loop;
}

void hv_loop_free(HvLoop *loop)
{
    if (!loop) {
        return;
    }
    if (loop->thread) {
        eventfd_write(loop->stop_fd, 1);
        g_thread_join(loop->thread);
    }
    fd_close(&loop->epoll_fd);
    fd_close(&loop->stop_fd);
    g_free(loop);
}

bool hv_loop_add(HvLoop *loop, HvWatch *watch, Err **err)
{
    return hv_loop_watch(loop, watch->fd, watch, err);
}

void hv_loop_remove(HvLoop *loop, HvWatch *watch)
{
    if (watch->fd >= 0) {
        epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, watch->fd, NULL);
        watch->fd = -1;
    }
}

static gpointer hv_loop_run(gpointer data)
{
    HvLoop *loop = data;
    Usec next_tick = op_now() + LOOP_TICK;
    for (;;) {
        HvWatch *watch;
        int ready = hv_loop_wait(loop, next_tick, &watch);
        if (ready > 0 && !watch) {
            return NULL;
        }
        if (ready > 0) {
            watch->ready(watch->user);
        }
        if (loop->tick && op_now() >= next_tick) {
            loop->tick(loop->user);
            next_tick = op_now() + LOOP_TICK;
        }
    }
}

/* One event at a time: what handles it may remove any other watch. */
static int hv_loop_wait(HvLoop *loop, Usec next_tick, HvWatch **ret_watch)
{
    Usec left = MAX(next_tick - op_now(), 0);
    struct epoll_event event;
    int timeout = loop->tick ? (int)(left / USEC_PER_MSEC) + 1 : -1;
    int ready = epoll_wait(loop->epoll_fd, &event, 1, timeout);
    if (ready > 0) {
        *ret_watch = event.data.ptr;
    }
    return ready;
}

/* The stop event is the one without a watch. */
static bool hv_loop_watch(HvLoop *loop, int fd, HvWatch *watch, Err **err)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = watch};
    if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0) {
        return err_errno(err, errno, "cannot watch a descriptor in a hypervisor driver");
    }
    return true;
}
