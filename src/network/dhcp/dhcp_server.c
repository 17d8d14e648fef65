/* dnsmasq as a daemon of its own.
 *
 * It puts itself into the background once it serves, and writes its own pid file, so that no crash
 * of ours loses it.  A pid counts only when that process runs with our configuration file. */
#include "network/dhcp/dhcp_server.h"

#include "base/fd.h"
#include "base/subprocess.h"
#include "base/text.h"
#include "network/dhcp/dhcp_config.h"
#include "network/dhcp/dhcp_process.h"

#include <pwd.h>
#include <time.h>

#define CONFIG_MAX 4096              /* bytes of a configuration */
#define LEASES_MAX (4 * 1024 * 1024) /* bytes of a lease file */

static char *config_argument(const char *state_dir);
static const char *find_user(void);
static bool run_server(Op *op, const char *state_dir, Err **err);

bool dhcp_server_start(Op *op, const NwDhcp *dhcp, Err **err)
{
    g_autofree char *config = dhcp_config_format(dhcp, find_user(), err);
    if (!config || !fd_make_dirs(dhcp->state_dir, 0755, err)) {
        return false;
    }
    g_autofree char *path = g_build_filename(dhcp->state_dir, DHCP_CONFIG_FILE, NULL);
    g_autofree char *present = fd_read_file(path, CONFIG_MAX, NULL, NULL);
    g_autofree char *argument = config_argument(dhcp->state_dir);
    auto_fd running = dhcp_process_find(dhcp->state_dir, DHCP_PID_FILE, argument);
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
    g_autofree char *argument = config_argument(state_dir);
    return dhcp_process_stop(op, state_dir, DHCP_PID_FILE, argument, err);
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

/* Returns when the server listens, or has said why it cannot. */
static bool run_server(Op *op, const char *state_dir, Err **err)
{
    g_autofree char *argument = config_argument(state_dir);
    const char *argv[] = {"dnsmasq", argument, NULL};
    return op_run_ok(op, argv, NULL, err);
}
