/* One block of values for each object, all with the same rows. */
#include "rrd/rrd_table.h"

#include <math.h>

typedef struct Block {
    unsigned columns;
    float *values; /* row by row */
} Block;

struct RrdTable {
    RrdCf cf;
    unsigned timescale;
    int64_t seconds; /* of a row */
    int64_t start;   /* the first row that was asked for ends then */
    int64_t end;     /* the newest row ends then */
    unsigned rows;
    unsigned columns;
    GPtrArray *legend; /* char * (owned) */
    GArray *blocks;    /* Block */
};

static void clear_block(gpointer block);
static unsigned choose_timescale(const RrdQuery *query, int64_t start, double now);
static void add_columns(RrdTable *table, const char *prefix, const Rrd *rrd, RrdCf cf);
static void append_meta(GString *out, const RrdTable *table, RrdFormat format);
static void append_row(GString *out, const RrdTable *table, unsigned row, RrdFormat format);
static void append_json_value(GString *out, float value);

RrdTable *rrd_table_new(const RrdQuery *query, double now)
{
    RrdTable *table = g_new0(RrdTable, 1);
    int64_t start = query->start < 0 ? (int64_t)now + query->start : query->start;
    table->cf = query->cf;
    table->timescale = choose_timescale(query, start, now);
    table->seconds = (int64_t)rrd_timescales[table->timescale].steps * RRD_STEP;
    table->start = MAX(start, 0) / table->seconds * table->seconds + table->seconds;
    table->end = (int64_t)now / table->seconds * table->seconds;
    int64_t asked = (table->end - table->start) / table->seconds + 1;
    table->rows = (unsigned)CLAMP(asked, 0, (int64_t)rrd_timescales[table->timescale].rows);
    table->legend = g_ptr_array_new_with_free_func(g_free);
    table->blocks = g_array_new(FALSE, FALSE, sizeof(Block));
    g_array_set_clear_func(table->blocks, clear_block);
    return table;
}

void rrd_table_free(RrdTable *table)
{
    if (table) {
        g_ptr_array_unref(table->legend);
        g_array_unref(table->blocks);
        g_free(table);
    }
}

bool rrd_table_add(RrdTable *table, const char *prefix, const Rrd *rrd, Err **err)
{
    for (unsigned cf = 0; cf < RRD_CF_COUNT; cf++) {
        if ((table->cf != RRD_CF_COUNT && table->cf != cf) ||
            !rrd_has(rrd, table->timescale, (RrdCf)cf)) {
            continue;
        }
        uint64_t columns = (uint64_t)table->columns + rrd_count(rrd);
        if (columns * MAX(table->rows, 1) > RRD_TABLE_MAX_VALUES) {
            return err_internal(err, "more than %d values at once: ask for fewer objects or rows",
                                RRD_TABLE_MAX_VALUES);
        }
        add_columns(table, prefix, rrd, (RrdCf)cf);
    }
    return true;
}

GString *rrd_table_text(const RrdTable *table, RrdFormat format)
{
    GString *out = g_string_sized_new(1024 + (gsize)table->columns * (64 + 12 * table->rows));
    bool is_xml = format == RRD_XML;
    g_string_append(out, is_xml ? "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<xport>" : "{");
    append_meta(out, table, format);
    g_string_append(out, is_xml ? "<data>" : ",\"data\":[");
    for (unsigned i = 0; i < table->rows; i++) {
        append_row(out, table, i, format);
    }
    g_string_append(out, is_xml ? "</data></xport>" : "]}");
    return out;
}

static void clear_block(gpointer block)
{
    g_free(((Block *)block)->values);
}

/* Clients compute the start from a clock of their own: one row more than there are will do. */
static unsigned choose_timescale(const RrdQuery *query, int64_t start, double now)
{
    for (unsigned i = 0; i < RRD_TIMESCALES; i++) {
        int64_t seconds = (int64_t)rrd_timescales[i].steps * RRD_STEP;
        int64_t reach = seconds * (rrd_timescales[i].rows + 1);
        if (seconds >= query->interval && start >= (int64_t)now - reach) {
            return i;
        }
    }
    return RRD_TIMESCALES - 1;
}

static void add_columns(RrdTable *table, const char *prefix, const Rrd *rrd, RrdCf cf)
{
    Block block = {.columns = rrd_count(rrd)};
    block.values = g_new(float, (gsize)block.columns * table->rows);
    float *value = block.values;
    for (unsigned row = 0; row < table->rows; row++) {
        int64_t time = table->end - row * table->seconds;
        for (unsigned i = 0; i < block.columns; i++) {
            *value++ = (float)rrd_get(rrd, table->timescale, cf, i, time);
        }
    }
    for (unsigned i = 0; i < block.columns; i++) {
        g_ptr_array_add(table->legend,
                        g_strdup_printf("%s:%s:%s", rrd_cf_names[cf], prefix, rrd_name(rrd, i)));
    }
    table->columns += block.columns;
    g_array_append_val(table->blocks, block);
}

/* Names and prefixes hold no character that XML or JSON would have to escape. */
static void append_meta(GString *out, const RrdTable *table, RrdFormat format)
{
    bool is_xml = format == RRD_XML;
    g_string_append_printf(out,
                           is_xml ? "<meta><start>%" G_GINT64_FORMAT "</start><step>%" //
                               G_GINT64_FORMAT "</step><end>%" G_GINT64_FORMAT
                                    "</end><rows>%u</rows><columns>%u</columns><legend>"
                                  : "\"meta\":{\"start\":%" G_GINT64_FORMAT //
                                    ",\"step\":%" G_GINT64_FORMAT ",\"end\":%" G_GINT64_FORMAT
                                    ",\"rows\":%u,\"columns\":%u,\"legend\":[",
                           table->start, table->seconds, table->end, table->rows, table->columns);
    for (guint i = 0; i < table->legend->len; i++) {
        g_string_append(out, is_xml ? "<entry>" : i > 0 ? ",\"" : "\"");
        g_string_append(out, g_ptr_array_index(table->legend, i));
        g_string_append(out, is_xml ? "</entry>" : "\"");
    }
    g_string_append(out, is_xml ? "</legend></meta>" : "]}");
}

static void append_row(GString *out, const RrdTable *table, unsigned row, RrdFormat format)
{
    bool is_xml = format == RRD_XML;
    bool is_first = true;
    g_string_append_printf(out,
                           is_xml ? "<row><t>%" G_GINT64_FORMAT "</t>"
                                  : "{\"t\":%" G_GINT64_FORMAT ",\"values\":[",
                           table->end - row * table->seconds);
    for (guint i = 0; i < table->blocks->len; i++) {
        const Block *block = &g_array_index(table->blocks, Block, i);
        const float *values = block->values + (size_t)row * block->columns;
        for (unsigned j = 0; j < block->columns; j++, is_first = false) {
            if (is_xml) {
                g_string_append(out, "<v>");
                rrd_text_append_row_value(out, values[j]);
                g_string_append(out, "</v>");
            } else {
                g_string_append(out, is_first ? "" : ",");
                append_json_value(out, values[j]);
            }
        }
    }
    g_string_append(out, is_xml ? "</row>" : row + 1 < table->rows ? "]}," : "]}");
}

/* JSON has no numbers that are none: those are strings, which clients of XenServer read too. */
static void append_json_value(GString *out, float value)
{
    bool is_number = isfinite(value);
    g_string_append(out, is_number ? "" : "\"");
    rrd_text_append_row_value(out, value);
    g_string_append(out, is_number ? "" : "\"");
}
