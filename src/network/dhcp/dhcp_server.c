/* dnsmasq as a daemon of its own.
 *
 * It puts itself into the background once it serves, and writes its own pid file, so that no crash
 * of ours loses it.  A pid counts only when that process runs with our configuration file. */
#include "network/dhcp/dhcp_server.h"

#include "base/fd.h"
#include "base/subprocess.h"
#include "base/text.h"
#include "network/dhcp/dhcp_config.h"

#include <errno.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>

#define CONFIG_MAX  4096              /* bytes of a configuration */
#define LEASES_MAX  (4 * 1024 * 1024) /* bytes of a lease file */
#define CMDLINE_MAX 65536
#define PID_MAX     16 /* characters of a pid file */
#define STOP_WAIT   (5 * USEC_PER_SEC)

static char *config_argument(const char *state_dir);
static const char *find_user(void);
static int open_running(const char *state_dir);
static bool runs_with(pid_t pid, const char *argument);
static bool wait_for_end(Op *op, int pid_fd, Err **err);
static bool run_server(Op *op, const char *state_dir, Err **err);

bool dhcp_server_start(Op *op, const NwDhcp *dhcp, Err **err)
{
    g_autofree char *config = dhcp_config_format(dhcp, find_user(), err);
    if (!config || !fd_make_dirs(dhcp->state_dir, 0755, err)) {
        return false;
    }
    g_autofree char *path = g_build_filename(dhcp->state_dir, DHCP_CONFIG_FILE, NULL);
    g_autofree char *present = fd_read_file(path, CONFIG_MAX, NULL, NULL);
    auto_fd running = open_running(dhcp->state_dir);
    if (running >= 0 && text_equal(present, config)) {
        return true;
    }
    /* Stopped before the file changes: who runs always runs with what the file says. */
    return dhcp_server_stop(op, dhcp->state_dir, err) &&
           fd_write_file(path, config, strlen(config), 0644, err) &&
           run_server(op, dhcp->state_dir, err);
}

bool dhcp_server_stop(Op *op, const char *state_dir, Err **err)
{
    auto_fd pid_fd = open_running(state_dir);
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

char *dhcp_server_lease(const char *state_dir, const char *mac, Err **err)
{
    g_autofree char *path = g_build_filename(state_dir, DHCP_LEASE_FILE, NULL);
    if (access(path, F_OK) < 0) {
        return g_strdup("");
    }
    g_autofree char *text = fd_read_file(path, LEASES_MAX, NULL, err);
    return text ? dhcp_config_find_lease(text, mac, time(NULL)) : NULL;
}

static char *config_argument(const char *state_dir)
{
    return g_strdup_printf("--conf-file=%s/" DHCP_CONFIG_FILE, state_dir);
}

/* The account of Debian's package, else the one that owns nothing. */
static const char *find_user(void)
{
    struct passwd entry, *found = NULL;
    char buffer[1024];
    return getpwnam_r("dnsmasq", &entry, buffer, sizeof buffer, &found) == 0 && found ? "dnsmasq"
                                                                                      : "nobody";
}

/* A pidfd of the server of this folder, or -1.  The descriptor is taken before the process is
 * looked at, so that it cannot come to mean another one. */
static int open_running(const char *state_dir)
{
    g_autofree char *path = g_build_filename(state_dir, DHCP_PID_FILE, NULL);
    g_autofree char *text = fd_read_file(path, PID_MAX, NULL, NULL);
    uint64_t pid = 0;
    if (!text || !text_parse_uint(g_strchomp(text), INT32_MAX, &pid) || pid == 0) {
        return -1;
    }
    auto_fd pid_fd = (int)syscall(SYS_pidfd_open, (pid_t)pid, 0);
    g_autofree char *argument = config_argument(state_dir);
    return pid_fd >= 0 && runs_with((pid_t)pid, argument) ? fd_steal(&pid_fd) : -1;
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

/* Returns when the server listens, or has said why it cannot. */
static bool run_server(Op *op, const char *state_dir, Err **err)
{
    g_autofree char *argument = config_argument(state_dir);
    const char *argv[] = {"dnsmasq", argument, NULL};
    return op_run_ok(op, argv, NULL, err);
}
