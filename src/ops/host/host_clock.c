/* Setting the clock and its zone, which is the machine's and so only where the configuration gives
 * this daemon the machine. */
#include "ops/host/host_clock.h"

#include "base/fd.h"
#include "base/text.h"
#include "gen/db_host.h"
#include "gen/errors.h"
#include "gen/ops_host.h"
#include "ops/host/host_here.h"

#include <errno.h>
#include <sys/timex.h>
#include <unistd.h>

static const char ZONE_LINK[] = "/etc/localtime";
static const char ZONE_FOLDER[] = "/usr/share/zoneinfo/";
static const char ZONE_TABLE[] = "/usr/share/zoneinfo/tzdata.zi";

enum { ZONE_TABLE_MAX_BYTES = 1024 * 1024 };

static char **read_zones(Err **err);
static void add_zone(GPtrArray *zones, const char *line);
static bool link_zone(const char *zone, Err **err);

bool host_list_timezones(Call *call, const HostListTimezonesArgs *args, Value **ret_result,
                         Err **err)
{
    if (!host_here_check(call, args->self, err)) {
        return false;
    }
    g_auto(GStrv) zones = read_zones(err);
    if (!zones) {
        return false;
    }
    Value *list = value_new_array(g_strv_length(zones));
    for (unsigned i = 0; zones[i]; i++) {
        value_array_add(list, value_new_string(zones[i]));
    }
    *ret_result = list;
    return true;
}

bool host_set_timezone(Call *call, const HostSetTimezoneArgs *args, Err **err)
{
    if (!host_here_check(call, args->self, err)) {
        return false;
    }
    g_auto(GStrv) zones = read_zones(err);
    if (!zones) {
        return false;
    }
    if (!g_strv_contains((const char *const *)zones, args->value)) {
        return err_invalid_value(err, "timezone", args->value);
    }
    if (!host_here_check_owned(call, "change the machine's time zone", err) ||
        !link_zone(args->value, err)) {
        return false;
    }
    tzset();
    DbTxn *txn = db_begin(call->db);
    db_host_set_timezone(txn, args->self, args->value);
    return db_commit(txn, err);
}

bool host_set_servertime(Call *call, const HostSetServertimeArgs *args, Err **err)
{
    const struct timespec time = {.tv_sec = args->value};
    if (!host_here_check(call, args->self, err) ||
        !host_here_check_owned(call, "set the machine's clock", err)) {
        return false;
    }
    return clock_settime(CLOCK_REALTIME, &time) == 0 ||
           err_errno(err, errno, "cannot set the clock");
}

/* The kernel knows whether something keeps its clock in step. */
bool host_get_ntp_synchronized(Call *call, const HostGetNtpSynchronizedArgs *args, bool *ret_result,
                               Err **err)
{
    struct timex state = {0};
    if (!host_here_check(call, args->self, err)) {
        return false;
    }
    if (adjtimex(&state) < 0) {
        return err_errno(err, errno, "cannot read the state of the clock");
    }
    *ret_result = !(state.status & STA_UNSYNC);
    return true;
}

char *host_clock_zone_of_link(const char *target)
{
    const char *folder = strstr(target, ZONE_FOLDER + strlen("/usr"));
    const char *name = folder ? folder + strlen(ZONE_FOLDER) - strlen("/usr") : "";
    return g_strdup(*name ? name : "UTC");
}

char *host_clock_zone(void)
{
    g_autofree char *target = g_file_read_link(ZONE_LINK, NULL);
    return host_clock_zone_of_link(target ? target : "");
}

static gint by_name(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorted. (owned) */
static char **read_zones(Err **err)
{
    g_autofree char *table = fd_read_file(ZONE_TABLE, ZONE_TABLE_MAX_BYTES, NULL, err);
    if (!table) {
        return NULL;
    }
    g_auto(GStrv) lines = g_strsplit(table, "\n", -1);
    GPtrArray *zones = g_ptr_array_new();
    for (unsigned i = 0; lines[i]; i++) {
        add_zone(zones, lines[i]);
    }
    g_ptr_array_sort(zones, by_name);
    g_ptr_array_add(zones, NULL);
    return (char **)g_ptr_array_free(zones, FALSE);
}

/* Lines of zic(8)'s language: "Z name offset ..." and "L target name". */
static void add_zone(GPtrArray *zones, const char *line)
{
    g_auto(GStrv) words = g_strsplit(line, " ", 4);
    unsigned count = g_strv_length(words);
    if (count >= 2 && text_equal(words[0], "Z")) {
        g_ptr_array_add(zones, g_strdup(words[1]));
    } else if (count >= 3 && text_equal(words[0], "L")) {
        g_ptr_array_add(zones, g_strdup(words[2]));
    }
}

/* There is a zone at every moment. */
static bool link_zone(const char *zone, Err **err)
{
    g_autofree char *target = g_strconcat(ZONE_FOLDER, zone, NULL);
    g_autofree char *draft = g_strconcat(ZONE_LINK, ".new", NULL);
    unlink(draft);
    if (symlink(target, draft) < 0 || rename(draft, ZONE_LINK) < 0) {
        return err_errno(err, errno, "cannot link %s to %s", ZONE_LINK, target);
    }
    return true;
}
