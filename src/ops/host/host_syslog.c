/* host.syslog_reconfigure: brings rsyslog in line with host.logging, key syslog_destination. */
#include "ops/host/host_syslog.h"

#include "base/fd.h"
#include "base/subprocess.h"
#include "gen/db_host.h"
#include "gen/errors.h"
#include "gen/ops_host.h"
#include "ops/host/host_here.h"

#include <errno.h>

static const char RULE_FILE[] = "/etc/rsyslog.d/clearwater.conf";
static const char DESTINATION_KEY[] = "syslog_destination";

static bool write_rule(const char *destination, Err **err);

bool host_syslog_reconfigure(Call *call, const HostSyslogReconfigureArgs *args, Err **err)
{
    static const char *const restart[] = {"/usr/bin/systemctl", "restart", "rsyslog.service", NULL};
    if (!host_here_check(call, args->host, err) ||
        !host_here_check_owned(call, "set up the machine's syslog", err)) {
        return false;
    }
    const char *destination = db_host_logging_get(call_view(call), args->host, DESTINATION_KEY);
    return write_rule(destination ? destination : "", err) &&
           op_run_ok(call->op, restart, NULL, err);
}

char *host_syslog_rule(const char *destination)
{
    for (const char *at = destination; *at; at++) {
        if (!g_ascii_isalnum(*at) && !strchr(".-:[]", *at)) {
            return NULL;
        }
    }
    return *destination ? g_strdup_printf("*.* @%s\n", destination) : NULL;
}

static bool write_rule(const char *destination, Err **err)
{
    if (!*destination) {
        return unlink(RULE_FILE) == 0 || errno == ENOENT ||
               err_errno(err, errno, "cannot remove %s", RULE_FILE);
    }
    g_autofree char *rule = host_syslog_rule(destination);
    if (!rule) {
        return err_invalid_value(err, DESTINATION_KEY, destination);
    }
    return fd_write_file(RULE_FILE, rule, strlen(rule), 0644, err);
}
