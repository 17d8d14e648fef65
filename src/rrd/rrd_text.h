/* Archives as text: the XML of rrdtool's dump and restore, which is also what /vm_rrd and
 * /host_rrd answer, and XenServer's JSON of the same. */
#pragma once

#include "rrd/rrd.h"

typedef enum RrdFormat { RRD_XML, RRD_JSON } RrdFormat;

/* Takes the next piece of a text; what it fails with ends the writing. */
typedef bool (*RrdSink)(void *user, const char *data, size_t length, Err **err);

bool rrd_text_write(const Rrd *rrd, RrdFormat format, RrdSink sink, void *user, Err **err);

/* Numbers as clients of XenServer read them: "NaN", "Infinity", "0.0", else the fewest digits that
 * a row's (or 15 that any) value is known by. */
void rrd_text_append_row_value(GString *out, float value);
void rrd_text_append_number(GString *out, double value);

/* "GAUGE" and "AVERAGE" and their like. */
extern const char *const rrd_type_names[RRD_TYPE_COUNT];
extern const char *const rrd_cf_names[RRD_CF_COUNT];
