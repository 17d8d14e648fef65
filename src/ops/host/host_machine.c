/* Switching the machine or the daemon off and on again, by systemd, and only where the
 * configuration gives this daemon the machine.  systemd is told and not waited for, so that the
 * answer still leaves. */
#include "ops/host/host_machine.h"

#include "base/log.h"
#include "base/subprocess.h"
#include "gen/errors.h"
#include "gen/ops_host.h"
#include "ops/host/host_here.h"

static const char SYSTEMCTL[] = "/usr/bin/systemctl";
static const char SYSTEMD_RUN[] = "/usr/bin/systemd-run";
static const char UNIT[] = "clearwaterd.service";

/* For the answer to whoever asked for it to arrive. */
static const char RESTART_DELAY[] = "--on-active=5s";

static bool end_machine(Call *call, HostRef host, const char *verb, const char *what, Err **err);
static bool tell_systemd(Call *call, const char *verb, const char *unit, Err **err);

bool host_shutdown(Call *call, const HostShutdownArgs *args, Err **err)
{
    return end_machine(call, args->host, "poweroff", "switch the machine off", err);
}

bool host_reboot(Call *call, const HostRebootArgs *args, Err **err)
{
    return end_machine(call, args->host, "reboot", "restart the machine", err);
}

/* Guests keep running. */
bool host_restart_agent(Call *call, const HostRestartAgentArgs *args, Err **err)
{
    return host_here_check(call, args->host, err) &&
           host_here_check_owned(call, "restart its own service", err) &&
           tell_systemd(call, "restart", UNIT, err);
}

bool host_shutdown_agent(Call *call, Err **err)
{
    return host_here_check_owned(call, "stop its own service", err) &&
           tell_systemd(call, "stop", UNIT, err);
}

void host_machine_restart_soon(const Platform *platform, Op *op)
{
    const char *const argv[] = {SYSTEMD_RUN, RESTART_DELAY, SYSTEMCTL, "restart", UNIT, NULL};
    g_autoptr(Err) error = NULL;
    if (!platform_config(platform)->owns_machine) {
        return;
    }
    if (!op_run_ok(op, argv, NULL, &error)) {
        g_autofree char *text = err_to_string(error);
        log_warn("the daemon does not restart by itself: %s", text);
    }
}

static bool end_machine(Call *call, HostRef host, const char *verb, const char *what, Err **err)
{
    if (!host_here_check(call, host, err)) {
        return false;
    }
    g_autoptr(GArray) guests = host_here_guests(call_view(call), host);
    if (guests->len > 0) {
        return err_host_in_use(err, REF_TEXT(host.id), "vm",
                               REF_TEXT(g_array_index(guests, VmRef, 0).id));
    }
    return host_here_check_owned(call, what, err) && tell_systemd(call, verb, NULL, err);
}

static bool tell_systemd(Call *call, const char *verb, const char *unit, Err **err)
{
    const char *const argv[] = {SYSTEMCTL, "--no-block", verb, unit, NULL};
    return op_run_ok(call->op, argv, NULL, err);
}
