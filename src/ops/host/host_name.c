/* host.set_hostname_live. */
#include "ops/host/host_name.h"

#include "base/fd.h"
#include "gen/db_host.h"
#include "gen/errors.h"
#include "gen/ops_host.h"
#include "ops/host/host_here.h"

#include <errno.h>

static const char HOSTNAME_FILE[] = "/etc/hostname";

static bool rename_machine(const char *name, Err **err);
static bool is_label(const char *label);

bool host_set_hostname_live(Call *call, const HostSetHostnameLiveArgs *args, Err **err)
{
    if (!host_here_check(call, args->host, err) || !host_name_check(args->hostname, err) ||
        !host_here_check_owned(call, "rename the machine", err) ||
        !rename_machine(args->hostname, err)) {
        return false;
    }
    DbTxn *txn = db_begin(call->db);
    db_host_set_hostname(txn, args->host, args->hostname);
    return db_commit(txn, err);
}

bool host_name_check(const char *name, Err **err)
{
    size_t length = strlen(name);
    if (length == 0) {
        return err_host_name_invalid(err, "The name is empty");
    }
    if (length > HOST_NAME_MAX_LENGTH) {
        return err_host_name_invalid(err, "The name has more than 63 characters");
    }
    g_auto(GStrv) labels = g_strsplit(name, ".", -1);
    for (char **label = labels; *label; label++) {
        if (!is_label(*label)) {
            return err_host_name_invalid(err, "Parts between dots are letters, digits and hyphens, "
                                              "with no hyphen at either end");
        }
    }
    return true;
}

static bool rename_machine(const char *name, Err **err)
{
    g_autofree char *line = g_strdup_printf("%s\n", name);
    if (!fd_write_file(HOSTNAME_FILE, line, strlen(line), 0644, err)) {
        return false;
    }
    return sethostname(name, strlen(name)) == 0 ||
           err_errno(err, errno, "cannot rename the machine to %s", name);
}

static bool is_label(const char *label)
{
    size_t length = strlen(label);
    if (length == 0 || label[0] == '-' || label[length - 1] == '-') {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        if (!g_ascii_isalnum(label[i]) && label[i] != '-') {
            return false;
        }
    }
    return true;
}
