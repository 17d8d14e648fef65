/* Processes by pidfd; see dhcp_process.h. */
#include "network/dhcp/dhcp_process.h"

#include "base/fd.h"
#include "base/text.h"

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>

#define CMDLINE_MAX 65536
#define PID_MAX     16 /* characters of a pid file */
#define STOP_WAIT   (5 * USEC_PER_SEC)

static bool runs_with(pid_t pid, const char *argument);
static bool wait_for_end(Op *op, int pid_fd, Err **err);

/* The descriptor is taken before the process is looked at, so that it cannot come to mean another
 * one. */
int dhcp_process_find(const char *state_dir, const char *pid_file, const char *argument)
{
    g_autofree char *path = g_build_filename(state_dir, pid_file, NULL);
    g_autofree char *text = fd_read_file(path, PID_MAX, NULL, NULL);
    uint64_t pid = 0;
    if (!text || !text_parse_uint(g_strchomp(text), INT32_MAX, &pid) || pid == 0) {
        return -1;
    }
    auto_fd pid_fd = (int)syscall(SYS_pidfd_open, (pid_t)pid, 0);
    return pid_fd >= 0 && runs_with((pid_t)pid, argument) ? fd_steal(&pid_fd) : -1;
}

bool dhcp_process_stop(Op *op, const char *state_dir, const char *pid_file, const char *argument,
                       Err **err)
{
    auto_fd pid_fd = dhcp_process_find(state_dir, pid_file, argument);
    if (pid_fd < 0) {
        return true;
    }
    syscall(SYS_pidfd_send_signal, pid_fd, SIGTERM, NULL, 0);
    g_autoptr(Op) patience = op_new_child(op, STOP_WAIT);
    if (!wait_for_end(patience, pid_fd, NULL)) {
        syscall(SYS_pidfd_send_signal, pid_fd, SIGKILL, NULL, 0);
        return wait_for_end(op, pid_fd, err);
    }
    return true;
}

static bool runs_with(pid_t pid, const char *argument)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/cmdline", (int)pid);
    size_t length = 0;
    g_autofree char *cmdline = fd_read_file(path, CMDLINE_MAX, &length, NULL);
    for (const char *word = cmdline; word && word < cmdline + length; word += strlen(word) + 1) {
        if (g_str_equal(word, argument)) {
            return true;
        }
    }
    return false;
}

static bool wait_for_end(Op *op, int pid_fd, Err **err)
{
    struct pollfd fd = {.fd = pid_fd, .events = POLLIN};
    return op_poll(op, &fd, 1, err);
}
