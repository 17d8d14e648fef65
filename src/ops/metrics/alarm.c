/* A watch is one variable of one object. It lives as long as its setting stays as it is. */
#include "ops/metrics/alarm.h"

#include "base/log.h"
#include "gen/db_host.h"
#include "gen/db_pbd.h"
#include "gen/db_sr.h"
#include "gen/db_vm.h"
#include "ops/message/alert.h"
#include "ops/metrics/alarm_config.h"
#include "ops/metrics/metrics.h"

#include <math.h>
#include <sys/statvfs.h>

static const char KEY[] = "perfmon";

typedef struct Watch {
    const AlarmVariable *variable; /* the setting's */
    double left;                   /* seconds it may stay bad */
    double quiet_until;
} Watch;

/* The setting of one object. */
typedef struct Setting {
    char *uuid; /* of the VM, host or repository that has it; key of the table */
    char *xml;
    GPtrArray *variables; /* AlarmVariable; NULL: it makes no sense */
    GArray *watches;      /* Watch, one for each */
    uint64_t round;       /* that it was seen in */
} Setting;

struct Alarms {
    Platform *platform;
    GHashTable *settings; /* char * -> Setting */
    uint64_t round;
};

/* Whose values a setting is about, and whom an alarm names. */
typedef struct Subject {
    Cls cls;
    const char *uuid;
} Subject;

static void setting_free(Setting *setting);
static void check(Alarms *alarms, Metrics *metrics, const char *uuid, const char *xml,
                  AlarmOwner owner, const Subject *subject, double now);
static Setting *take_setting(Alarms *alarms, const char *uuid, const char *xml, AlarmOwner owner);
static bool is_overridden(Alarms *alarms, const AlarmVariable *variable, const Subject *subject);
static void check_watch(Alarms *alarms, Watch *watch, double value, const Subject *subject,
                        double now);
static double consolidate(Alarms *alarms, const AlarmVariable *variable, const GPtrArray *names,
                          const GArray *values);
static double fs_usage(Alarms *alarms);
static void raise_alarm(Alarms *alarms, const AlarmVariable *variable, double value,
                        const Subject *subject);
static gboolean is_gone(gpointer key, gpointer setting, gpointer round);

Alarms *alarms_new(Platform *platform)
{
    Alarms *alarms = g_new0(Alarms, 1);
    alarms->platform = platform;
    alarms->settings =
        g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)setting_free);
    return alarms;
}

void alarms_free(Alarms *alarms)
{
    g_hash_table_unref(alarms->settings);
    g_free(alarms);
}

void alarms_check(Alarms *alarms, Metrics *metrics, double now)
{
    g_autoptr(DbSnapshot) snapshot = db_snapshot(platform_db(alarms->platform));
    const DbView *view = db_snapshot_view(snapshot);
    HostRef host = platform_host(alarms->platform);
    const Subject here = {CLS_HOST, db_host_uuid(view, host)};
    alarms->round++;
    check(alarms, metrics, here.uuid, db_host_other_config_get(view, host, KEY), ALARM_OF_HOST,
          &here, now);
    for (unsigned i = 0; i < db_host_resident_vms_count(view, host); i++) {
        VmRef vm = db_host_resident_vms_at(view, host, i);
        const Subject subject = {CLS_VM, db_vm_uuid(view, vm)};
        check(alarms, metrics, subject.uuid, db_vm_other_config_get(view, vm, KEY), ALARM_OF_VM,
              &subject, now);
    }
    for (unsigned i = 0; i < db_host_pbds_count(view, host); i++) {
        SrRef sr = db_pbd_sr(view, db_host_pbds_at(view, host, i));
        check(alarms, metrics, db_sr_uuid(view, sr), db_sr_other_config_get(view, sr, KEY),
              ALARM_OF_SR, &here, now);
    }
    g_hash_table_foreach_remove(alarms->settings, is_gone, &alarms->round);
}

static void setting_free(Setting *setting)
{
    g_free(setting->uuid);
    g_free(setting->xml);
    g_clear_pointer(&setting->variables, g_ptr_array_unref);
    g_array_unref(setting->watches);
    g_free(setting);
}

static void check(Alarms *alarms, Metrics *metrics, const char *uuid, const char *xml,
                  AlarmOwner owner, const Subject *subject, double now)
{
    if (!xml || !*xml) {
        return;
    }
    Setting *setting = take_setting(alarms, uuid, xml, owner);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func((GDestroyNotify)g_free);
    g_autoptr(GArray) values = g_array_new(FALSE, FALSE, sizeof(double));
    if (setting->watches->len == 0 || !metrics_newest(metrics, subject->uuid, names, values)) {
        return;
    }
    for (guint i = 0; i < setting->watches->len; i++) {
        Watch *watch = &g_array_index(setting->watches, Watch, i);
        if (owner != ALARM_OF_SR || !is_overridden(alarms, watch->variable, subject)) {
            check_watch(alarms, watch, consolidate(alarms, watch->variable, names, values), subject,
                        now);
        }
    }
}

/* Read anew when it has changed. One that makes no sense is logged once and watches nothing. */
static Setting *take_setting(Alarms *alarms, const char *uuid, const char *xml, AlarmOwner owner)
{
    Setting *setting = g_hash_table_lookup(alarms->settings, uuid);
    if (!setting || strcmp(setting->xml, xml) != 0) {
        g_autoptr(Err) error = NULL;
        setting = g_new0(Setting, 1);
        setting->uuid = g_strdup(uuid);
        setting->xml = g_strdup(xml);
        setting->watches = g_array_new(FALSE, FALSE, sizeof(Watch));
        setting->variables = alarm_config_parse(xml, owner, uuid, &error);
        for (guint i = 0; setting->variables && i < setting->variables->len; i++) {
            const AlarmVariable *variable = g_ptr_array_index(setting->variables, i);
            Watch watch = {.variable = variable, .left = variable->period};
            g_array_append_val(setting->watches, watch);
        }
        if (error) {
            g_autofree char *text = err_to_string(error);
            log_warn("nothing of %s is watched: %s", uuid, text);
        }
        g_hash_table_replace(alarms->settings, setting->uuid, setting);
    }
    setting->round = alarms->round;
    return setting;
}

/* What the host asks of itself goes before what a repository asks of its hosts. */
static bool is_overridden(Alarms *alarms, const AlarmVariable *variable, const Subject *subject)
{
    const Setting *own = g_hash_table_lookup(alarms->settings, subject->uuid);
    for (guint i = 0; own && own->variables && i < own->variables->len; i++) {
        const AlarmVariable *other = g_ptr_array_index(own->variables, i);
        if (strcmp(other->name, variable->name) == 0) {
            return true;
        }
    }
    return false;
}

static void check_watch(Alarms *alarms, Watch *watch, double value, const Subject *subject,
                        double now)
{
    const AlarmVariable *variable = watch->variable;
    bool is_bad = variable->is_low ? value < variable->level : value > variable->level;
    if (!is_bad) { /* nor is what is not known */
        watch->left = variable->period;
        return;
    }
    watch->left -= RRD_STEP;
    if (watch->left > 0) {
        return;
    }
    watch->left = variable->period;
    if (now >= watch->quiet_until) {
        watch->quiet_until = now + variable->inhibit;
        raise_alarm(alarms, variable, value, subject);
    }
}

/* NAN when there is nothing to put together. */
static double consolidate(Alarms *alarms, const AlarmVariable *variable, const GPtrArray *names,
                          const GArray *values)
{
    double sum = 0, most = -INFINITY;
    unsigned count = 0;
    if (variable->function == ALARM_FS_USAGE) {
        return fs_usage(alarms);
    }
    for (guint i = 0; i < names->len; i++) {
        double value = g_array_index(values, double, i);
        if (!isnan(value) &&
            g_regex_match(variable->pattern, g_ptr_array_index(names, i), 0, NULL)) {
            sum += value;
            most = fmax(most, value);
            count++;
        }
    }
    if (count == 0) {
        return NAN;
    }
    return variable->function == ALARM_SUM       ? sum
           : variable->function == ALARM_AVERAGE ? sum / count
                                                 : most;
}

/* How full the file system is that the host's own data are on, as df(1) counts. */
static double fs_usage(Alarms *alarms)
{
    struct statvfs fs;
    if (statvfs(platform_paths(alarms->platform)->state_dir, &fs) < 0) {
        return NAN;
    }
    double used = (double)(fs.f_blocks - fs.f_bfree);
    return used / (used + (double)fs.f_bavail);
}

static void raise_alarm(Alarms *alarms, const AlarmVariable *variable, double value,
                        const Subject *subject)
{
    char number[G_ASCII_DTOSTR_BUF_SIZE];
    g_ascii_formatd(number, sizeof number, "%f", value);
    g_autofree char *body = g_strdup_printf("value: %s\nconfig:\n%s", number, variable->xml);
    const Alert alert = {.name = "ALARM",
                         .priority = variable->priority,
                         .cls = subject->cls,
                         .obj_uuid = subject->uuid,
                         .body = body};
    DbTxn *txn = db_begin(platform_db(alarms->platform));
    alert_write(txn, &alert);
    db_commit_async(txn);
}

static gboolean is_gone(gpointer key, gpointer setting, gpointer round)
{
    (void)key;
    return ((Setting *)setting)->round != *(uint64_t *)round;
}
