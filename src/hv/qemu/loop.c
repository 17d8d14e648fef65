/* epoll(7) on one thread.  It knows descriptors and functions; QMP, agents and processes are
 * its callers' matter. */
#include "hv/qemu/loop.h"

#include "base/fd.h"
#include "base/log.h"
#include "base/op.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#define LOOP_TICK USEC_PER_SEC

struct QemuLoop {
    int epoll_fd;
    int stop_fd;
    GThread *thread;
    void (*tick)(void *user);
    void *user;
};

static gpointer qemu_loop_run(gpointer data);
static int qemu_loop_wait(QemuLoop *loop, Usec next_tick, QemuWatch **ret_watch);
static bool qemu_loop_watch(QemuLoop *loop, int fd, QemuWatch *watch, Err **err);

QemuLoop *qemu_loop_new(void (*tick)(void *user), void *user, Err **err)
{
    QemuLoop *loop = g_new0(QemuLoop, 1);
    loop->tick = tick;
    loop->user = user;
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    loop->stop_fd = eventfd(0, EFD_CLOEXEC);
    if (loop->epoll_fd < 0 || loop->stop_fd < 0) {
        err_errno(err, errno, "cannot create the event queue of the qemu driver");
        qemu_loop_free(loop);
        return NULL;
    }
    if (!qemu_loop_watch(loop, loop->stop_fd, NULL, err)) {
        qemu_loop_free(loop);
        return NULL;
    }
    loop->thread = g_thread_new("hv-qemu", qemu_loop_run, loop);
    return loop;
}

void qemu_loop_free(QemuLoop *loop)
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

bool qemu_loop_add(QemuLoop *loop, QemuWatch *watch, Err **err)
{
    return qemu_loop_watch(loop, watch->fd, watch, err);
}

void qemu_loop_remove(QemuLoop *loop, QemuWatch *watch)
{
    if (watch->fd >= 0) {
        epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, watch->fd, NULL);
        watch->fd = -1;
    }
}

static gpointer qemu_loop_run(gpointer data)
{
    QemuLoop *loop = data;
    Usec next_tick = op_now() + LOOP_TICK;
    for (;;) {
        QemuWatch *watch;
        int ready = qemu_loop_wait(loop, next_tick, &watch);
        if (ready > 0 && !watch) {
            return NULL;
        }
        if (ready > 0) {
            watch->ready(watch->user);
        }
        if (op_now() >= next_tick) {
            loop->tick(loop->user);
            next_tick = op_now() + LOOP_TICK;
        }
    }
}

/* One event at a time: what handles it may remove any other watch. */
static int qemu_loop_wait(QemuLoop *loop, Usec next_tick, QemuWatch **ret_watch)
{
    Usec left = MAX(next_tick - op_now(), 0);
    struct epoll_event event;
    int ready = epoll_wait(loop->epoll_fd, &event, 1, (int)(left / USEC_PER_MSEC) + 1);
    if (ready > 0) {
        *ret_watch = event.data.ptr;
    }
    return ready;
}

/* The stop event is the one without a watch. */
static bool qemu_loop_watch(QemuLoop *loop, int fd, QemuWatch *watch, Err **err)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = watch};
    if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0) {
        return err_errno(err, errno, "cannot watch a descriptor in the qemu driver");
    }
    return true;
}
