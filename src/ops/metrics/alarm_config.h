/* What other_config:perfmon of a VM, a host or a repository asks to be watched:
 *
 *   <config><variable><name value="cpu_usage"/><alarm_trigger_level
 * value="0.5"/></variable></config>
 *
 * More elements of a variable, each with a value: alarm_priority, alarm_trigger_sense ("high" or
 * "low"), alarm_trigger_period and alarm_auto_inhibit_period (seconds), consolidation_fn
 * ("average", "sum", "max" or "get_percent_fs_usage") and rrd_regex, which matches the beginnings
 * of the names of data sources. */
#pragma once

#include "base/err.h"

#include <stdint.h>

enum {
    ALARM_MAX_XML = 64 * 1024, /* bytes of a setting */
    ALARM_MAX_VARIABLES = 32,  /* in it */
    ALARM_MAX_TAGS = 16,       /* of a variable */
    ALARM_MAX_PATTERN = 256,   /* bytes of an rrd_regex */
};

typedef enum AlarmOwner { ALARM_OF_VM, ALARM_OF_HOST, ALARM_OF_SR } AlarmOwner;

typedef enum AlarmFunction { ALARM_AVERAGE, ALARM_SUM, ALARM_MAX, ALARM_FS_USAGE } AlarmFunction;

typedef struct AlarmVariable {
    char *name;
    char *xml; /* the element, as the bodies of alarms have it */
    AlarmFunction function;
    GRegex *pattern; /* of whole sets of names, from their beginning */
    double level;
    bool is_low; /* too low is bad, not too high */
    double period, inhibit;
    int64_t priority;
} AlarmVariable;

/* Array of AlarmVariable, which it frees. Of a repository only the variable that its hosts watch is
 * taken, under the name that it has on a host; `sr_uuid` is NULL for the others. (owned) */
GPtrArray *alarm_config_parse(const char *xml, AlarmOwner owner, const char *sr_uuid, Err **err);
