/* udhcpc runs a script of ours whenever its lease changes; the script sets the address, so that the
 * host keeps it while no daemon runs. */
#include "network/dhcp/dhcp_client.h"

#include "base/fd.h"
#include "base/subprocess.h"
#include "network/dhcp/dhcp_process.h"

#include <errno.h>
#include <signal.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define PID_FILE   "dhcp-client.pid"
#define HOOK_FILE  "dhcp-client.hook"
#define LEASE_FILE "dhcp-client.lease"

#define PID_WAIT   (10 * USEC_PER_SEC)
#define LEASE_WAIT (30 * USEC_PER_SEC)

enum { HOOK_LIMIT = 4096 };

/* Behind a line that says default_route=yes or =no.  Only what a server answers is used, and
 * quoted. */
static const char HOOK[] =
    "set -u\n"
    "state=${0%/*}\n"
    "case \"$1\" in\n"
    "deconfig)\n"
    "    rm -f \"$state/" LEASE_FILE "\"\n"
    "    ip -4 address flush dev \"$interface\" scope global\n"
    "    ;;\n"
    "bound | renew)\n"
    "    if ! grep -qsx \"$ip/$mask\" \"$state/" LEASE_FILE "\"; then\n"
    "        ip -4 address flush dev \"$interface\" scope global\n"
    "        ip -4 address add \"$ip/$mask\" brd + dev \"$interface\"\n"
    "    fi\n"
    "    if [ \"$default_route\" = yes ] && [ -n \"${router:-}\" ]; then\n"
    "        ip -4 route replace default via \"${router%% *}\" dev \"$interface\"\n"
    "    fi\n"
    "    printf '%s\\n' \"$ip/$mask\" >\"$state/" LEASE_FILE ".new\"\n"
    "    mv \"$state/" LEASE_FILE ".new\" \"$state/" LEASE_FILE "\"\n"
    "    ;;\n"
    "esac\n";

static char *pid_argument(const char *state_dir);
static bool spawn_client(const NwIp *ip, int watch, Err **err);
static bool wait_for_pid(const NwIp *ip, pid_t pid, int watch, Err **err);
static bool wait_for_lease(Op *op, const NwIp *ip, int watch, Err **err);
static bool take_events(const NwIp *ip, int watch, Err **err);
static bool has_lease(const char *state_dir);

bool dhcp_client_start(Op *op, const NwIp *ip, Err **err)
{
    g_autofree char *argument = pid_argument(ip->state_dir);
    auto_fd running = dhcp_process_find(ip->state_dir, PID_FILE, argument);
    g_autofree char *hook = g_build_filename(ip->state_dir, HOOK_FILE, NULL);
    g_autofree char *text =
        g_strconcat("#!/bin/sh\ndefault_route=", ip->default_route ? "yes\n" : "no\n", HOOK, NULL);
    g_autofree char *before = fd_read_file(hook, HOOK_LIMIT, NULL, NULL);
    bool is_right = running >= 0 && g_strcmp0(before, text) == 0;
    if (!is_right &&
        (!dhcp_client_stop(op, ip->state_dir, err) || !fd_make_dirs(ip->state_dir, 0755, err) ||
         !fd_write_file(hook, text, strlen(text), 0755, err))) {
        return false;
    }
    auto_fd watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (watch < 0 || inotify_add_watch(watch, ip->state_dir, IN_CLOSE_WRITE | IN_MOVED_TO) < 0) {
        return err_errno(err, errno, "cannot watch %s", ip->state_dir);
    }
    return (is_right || spawn_client(ip, watch, err)) && wait_for_lease(op, ip, watch, err);
}

bool dhcp_client_stop(Op *op, const char *state_dir, Err **err)
{
    g_autofree char *argument = pid_argument(state_dir);
    g_autofree char *lease = g_build_filename(state_dir, LEASE_FILE, NULL);
    if (!dhcp_process_stop(op, state_dir, PID_FILE, argument, err)) {
        return false;
    }
    return unlink(lease) == 0 || errno == ENOENT ||
           err_errno(err, errno, "cannot remove %s", lease);
}

static char *pid_argument(const char *state_dir)
{
    return g_build_filename(state_dir, PID_FILE, NULL);
}

static bool spawn_client(const NwIp *ip, int watch, Err **err)
{
    g_autofree char *pid_file = pid_argument(ip->state_dir);
    g_autofree char *hook = g_build_filename(ip->state_dir, HOOK_FILE, NULL);
    const char *argv[] = {"busybox", "udhcpc", "-f", "-S", "-i", ip->bridge,
                          "-p",      pid_file, "-s", hook, NULL};
    const SubprocessSpec spec = {.argv = argv};
    pid_t pid;
    return subprocess_spawn(&spec, &pid, err) && wait_for_pid(ip, pid, watch, err);
}

/* Also when nobody wants the address any more: beside a client that cannot be found another one
 * would be started. */
static bool wait_for_pid(const NwIp *ip, pid_t pid, int watch, Err **err)
{
    g_autoptr(Op) op = op_new(PID_WAIT);
    g_autofree char *argument = pid_argument(ip->state_dir);
    auto_fd client = (int)syscall(SYS_pidfd_open, pid, 0);
    struct pollfd fds[] = {{.fd = watch, .events = POLLIN}, {.fd = client, .events = POLLIN}};
    while (client >= 0 && !fds[1].revents) {
        auto_fd found = dhcp_process_find(ip->state_dir, PID_FILE, argument);
        if (found >= 0) {
            return true;
        }
        if (!op_poll(op, fds, G_N_ELEMENTS(fds), err) || !take_events(ip, watch, err)) {
            syscall(SYS_pidfd_send_signal, client, SIGKILL, NULL, 0);
            return false;
        }
    }
    return err_internal(err, "the DHCP client of %s has ended at once", ip->bridge);
}

static bool wait_for_lease(Op *op, const NwIp *ip, int watch, Err **err)
{
    g_autoptr(Op) patience = op_new_child(op, LEASE_WAIT);
    while (!has_lease(ip->state_dir)) {
        struct pollfd fd = {.fd = watch, .events = POLLIN};
        g_autoptr(Err) error = NULL;
        if (!op_poll(patience, &fd, 1, &error)) {
            return op_is_cancelled(op)
                       ? err_propagate(err, g_steal_pointer(&error))
                       : err_internal(err, "no DHCP server answers on %s", ip->bridge);
        }
        if (!take_events(ip, watch, err)) {
            return false;
        }
    }
    return true;
}

static bool take_events(const NwIp *ip, int watch, Err **err)
{
    char events[4096];
    return read(watch, events, sizeof events) >= 0 || errno == EAGAIN ||
           err_errno(err, errno, "cannot watch %s", ip->state_dir);
}

static bool has_lease(const char *state_dir)
{
    g_autofree char *lease = g_build_filename(state_dir, LEASE_FILE, NULL);
    return access(lease, F_OK) == 0;
}
