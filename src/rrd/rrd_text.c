/* The same walk over an archive for both formats; only how a member looks differs. */
#include "rrd/rrd_text.h"

#include "base/text.h"
#include "rrd/rrd_priv.h"

#include <math.h>
#include <stdlib.h>

/* A piece is handed on when it is longer. */
enum { PIECE = 16 * 1024 };

static const char VERSION[] = "0003"; /* of rrdtool's format */
/* A double holds every integer up to here as it is. */
static const double EXACT_INTEGERS = 9007199254740992.0;

typedef struct Writer {
    RrdFormat format;
    RrdSink sink;
    void *user;
    GString *out;
    bool needs_comma; /* JSON: something stands before, in the same object or array */
} Writer;

const char *const rrd_type_names[RRD_TYPE_COUNT] = {
    [RRD_GAUGE] = "GAUGE", [RRD_DERIVE] = "DERIVE", [RRD_ABSOLUTE] = "ABSOLUTE"};
const char *const rrd_cf_names[RRD_CF_COUNT] = {
    [RRD_AVERAGE] = "AVERAGE", [RRD_MIN] = "MIN", [RRD_MAX] = "MAX", [RRD_LAST] = "LAST"};

static void write_header(Writer *writer, const Rrd *rrd);
static void write_series(Writer *writer, const RrdSeries *series);
static void write_archive_head(Writer *writer, const RrdArchive *archive, unsigned series_count);
static bool write_rows(Writer *writer, const RrdArchive *archive, unsigned series_count, Err **err);
static void begin_list(Writer *writer, const char *name);
static void end_list(Writer *writer);
static void begin_item(Writer *writer, const char *name);
static void end_item(Writer *writer, const char *name);
static void write_text(Writer *writer, const char *name, const char *text);
static void write_int(Writer *writer, const char *name, int64_t number);
static void write_number(Writer *writer, const char *name, double number);
static bool append_special(GString *out, double value);
static bool hand_on(Writer *writer, size_t at_least, Err **err);

bool rrd_text_write(const Rrd *rrd, RrdFormat format, RrdSink sink, void *user, Err **err)
{
    g_autoptr(GString) out = g_string_sized_new(PIECE + PIECE / 2);
    Writer writer = {.format = format, .sink = sink, .user = user, .out = out};
    unsigned count = rrd->series->len;
    write_header(&writer, rrd);
    begin_list(&writer, "ds");
    for (unsigned i = 0; i < count; i++) {
        write_series(&writer, rrd_series_at(rrd, i));
    }
    end_list(&writer);
    begin_list(&writer, "rra");
    for (guint i = 0; i < rrd->archives->len; i++) {
        const RrdArchive *archive = rrd_archive_at(rrd, i);
        write_archive_head(&writer, archive, count);
        if (!write_rows(&writer, archive, count, err)) {
            return false;
        }
        end_item(&writer, "rra");
    }
    end_list(&writer);
    g_string_append(out, format == RRD_XML ? "</rrd>" : "}");
    return hand_on(&writer, 0, err);
}

/* Rows have single precision: seven to nine digits tell one from its neighbours. */
void rrd_text_append_row_value(GString *out, float value)
{
    if (append_special(out, (double)value)) {
        return;
    }
    static const char *const formats[] = {"%.7g", "%.8g", "%.9g"};
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    for (size_t i = 0; i < G_N_ELEMENTS(formats); i++) {
        g_ascii_formatd(text, sizeof text, formats[i], (double)value);
        if ((float)g_ascii_strtod(text, NULL) == value) {
            break;
        }
    }
    g_string_append(out, text);
}

void rrd_text_append_number(GString *out, double value)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    if (!append_special(out, value)) {
        g_string_append(out, g_ascii_formatd(text, sizeof text, "%.15g", value));
    }
}

static void write_header(Writer *writer, const Rrd *rrd)
{
    g_string_append(writer->out, writer->format == RRD_XML
                                     ? "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rrd>"
                                     : "{");
    write_text(writer, "version", VERSION);
    write_int(writer, "step", RRD_STEP);
    write_int(writer, "lastupdate", (int64_t)rrd->last_update);
}

static void write_series(Writer *writer, const RrdSeries *series)
{
    begin_item(writer, "ds");
    write_text(writer, "name", series->name);
    write_text(writer, "type", rrd_type_names[series->type]);
    write_number(writer, "minimal_heartbeat", RRD_HEARTBEAT);
    write_number(writer, "min", series->min);
    write_number(writer, "max", series->max);
    write_number(writer, "last_ds", series->last);
    write_number(writer, "value", series->sum);
    write_int(writer, "unknown_sec", (int64_t)series->unknown);
    end_item(writer, "ds");
}

/* All but the end of its item. */
static void write_archive_head(Writer *writer, const RrdArchive *archive, unsigned series_count)
{
    begin_item(writer, "rra");
    write_text(writer, "cf", rrd_cf_names[archive->cf]);
    write_int(writer, "pdp_per_row", archive->steps);
    g_string_append(writer->out, writer->format == RRD_XML ? "<params>" : ",\"params\":{");
    writer->needs_comma = false;
    write_number(writer, "xff", archive->xff);
    g_string_append(writer->out,
                    writer->format == RRD_XML ? "</params><cdp_prep>" : "},\"cdp_prep\":{");
    writer->needs_comma = false;
    begin_list(writer, "ds");
    for (unsigned i = 0; i < series_count; i++) {
        begin_item(writer, "ds");
        write_text(writer, "primary_value", "0.0");
        write_text(writer, "secondary_value", "0.0");
        write_number(writer, "value", archive->preps[i].value);
        write_int(writer, "unknown_datapoints", archive->preps[i].unknown);
        end_item(writer, "ds");
    }
    end_list(writer);
    g_string_append(writer->out, writer->format == RRD_XML ? "</cdp_prep>" : "}");
}

/* Oldest first. */
static bool write_rows(Writer *writer, const RrdArchive *archive, unsigned series_count, Err **err)
{
    bool is_xml = writer->format == RRD_XML;
    g_string_append(writer->out, is_xml ? "<database>" : ",\"database\":[");
    for (unsigned age = archive->row_count; age-- > 0;) {
        g_string_append(writer->out, is_xml ? "<row>" : "[");
        for (unsigned i = 0; i < series_count; i++) {
            g_string_append(writer->out, is_xml ? "<v>" : i > 0 ? ",\"" : "\"");
            rrd_text_append_row_value(writer->out,
                                      (float)rrd_archive_get(archive, age, i, series_count));
            g_string_append(writer->out, is_xml ? "</v>" : "\"");
        }
        g_string_append(writer->out, is_xml ? "</row>" : age > 0 ? "]," : "]");
        if (!hand_on(writer, PIECE, err)) {
            return false;
        }
    }
    g_string_append(writer->out, is_xml ? "</database>" : "]");
    writer->needs_comma = true;
    return true;
}

/* XML has the items of a list beside each other, JSON in an array with a name. */
static void begin_list(Writer *writer, const char *name)
{
    if (writer->format == RRD_JSON) {
        g_string_append_printf(writer->out, "%s\"%s\":[", writer->needs_comma ? "," : "", name);
    }
    writer->needs_comma = false;
}

static void end_list(Writer *writer)
{
    if (writer->format == RRD_JSON) {
        g_string_append_c(writer->out, ']');
    }
    writer->needs_comma = true;
}

static void begin_item(Writer *writer, const char *name)
{
    if (writer->format == RRD_XML) {
        g_string_append_printf(writer->out, "<%s>", name);
    } else {
        g_string_append(writer->out, writer->needs_comma ? ",{" : "{");
    }
    writer->needs_comma = false;
}

static void end_item(Writer *writer, const char *name)
{
    if (writer->format == RRD_XML) {
        g_string_append_printf(writer->out, "</%s>", name);
    } else {
        g_string_append_c(writer->out, '}');
    }
    writer->needs_comma = true;
}

/* In XenServer's JSON every scalar is a string. */
static void write_text(Writer *writer, const char *name, const char *text)
{
    if (writer->format == RRD_XML) {
        g_string_append_printf(writer->out, "<%s>%s</%s>", name, text, name);
    } else {
        g_string_append_printf(writer->out, "%s\"%s\":\"%s\"", writer->needs_comma ? "," : "", name,
                               text);
    }
    writer->needs_comma = true;
}

static void write_int(Writer *writer, const char *name, int64_t number)
{
    char text[TEXT_INT_SIZE];
    write_text(writer, name, text_format_int(number, text));
}

static void write_number(Writer *writer, const char *name, double number)
{
    g_autoptr(GString) text = g_string_new(NULL);
    rrd_text_append_number(text, number);
    write_text(writer, name, text->str);
}

static bool append_special(GString *out, double value)
{
    char text[TEXT_INT_SIZE];
    const char *special = NULL;
    if (isnan(value)) {
        special = "NaN";
    } else if (isinf(value)) {
        special = value > 0 ? "Infinity" : "-Infinity";
    } else if (value == 0) {
        special = "0.0";
    } else if (fabs(value) < EXACT_INTEGERS && value == trunc(value)) {
        special = text_format_int((int64_t)value, text);
    }
    if (special) {
        g_string_append(out, special);
    }
    return special != NULL;
}

static bool hand_on(Writer *writer, size_t at_least, Err **err)
{
    if (writer->out->len < at_least) {
        return true;
    }
    bool ok = writer->sink(writer->user, writer->out->str, writer->out->len, err);
    g_string_truncate(writer->out, 0);
    return ok;
}
