/* A reader on libxml2's SAX interface: no entities, no network, only the elements of the format,
 * each in its place. */
#include "rrd/rrd_parse.h"

#include "base/text.h"
#include "rrd/rrd_priv.h"
#include "rrd/rrd_text.h"

#include <libxml/parser.h>
#include <math.h>
#include <string.h>

enum { MAX_DEPTH = 8, MAX_VALUE = 128 /* bytes of one element's text */ };

typedef enum Element {
    ELEMENT_NONE, /* around the root */
    ELEMENT_RRD,
    ELEMENT_DS,
    ELEMENT_RRA,
    ELEMENT_PARAMS,
    ELEMENT_CDP_PREP,
    ELEMENT_PREP, /* the <ds> within <cdp_prep> */
    ELEMENT_DATABASE,
    ELEMENT_ROW,
    ELEMENT_VALUE, /* everything that holds text */
} Element;

/* Where an element may stand, and what its text does. */
typedef struct ElementInfo {
    Element parent;
    const char *name;
    Element element;
    bool (*take)(RrdParser *parser, const char *text); /* false: the text makes no sense */
} ElementInfo;

struct RrdParser {
    xmlParserCtxtPtr xml;
    size_t length;
    const char *problem; /* the first one */
    unsigned depth;
    const ElementInfo *path[MAX_DEPTH];
    char text[MAX_VALUE];
    size_t text_length;

    Rrd *rrd;        /* from the first archive on */
    GArray *sources; /* RrdSeries, before it */
    double last_update;
    char cf[16];
    uint64_t steps;
    double xff;
    RrdArchive *archive; /* the one that is read; NULL when it is not one of ours */
    unsigned prep;       /* which series' preparation is read */
    GArray *row;         /* float */
    unsigned seen;       /* bit by archive: it was there */
};

static void start_element(void *user, const xmlChar *name, const xmlChar **attributes);
static void end_element(void *user, const xmlChar *name);
static void take_characters(void *user, const xmlChar *text, int length);
static void ignore_message(void *user, const char *fmt, ...) G_GNUC_PRINTF(2, 3);
static const ElementInfo *find_element(Element parent, const char *name);
static void begin_archives(RrdParser *parser);
static void find_archive(RrdParser *parser);
static void end_row(RrdParser *parser);
static bool has_all_averages(const RrdParser *parser);
static void drop_unseen(RrdParser *parser);
static bool parse_number(const char *text, double *ret);
static bool take_nothing(RrdParser *parser, const char *text);
static bool take_step(RrdParser *parser, const char *text);
static bool take_last_update(RrdParser *parser, const char *text);
static bool take_name(RrdParser *parser, const char *text);
static bool take_type(RrdParser *parser, const char *text);
static bool take_min(RrdParser *parser, const char *text);
static bool take_max(RrdParser *parser, const char *text);
static bool take_sum(RrdParser *parser, const char *text);
static bool take_unknown(RrdParser *parser, const char *text);
static bool take_cf(RrdParser *parser, const char *text);
static bool take_steps(RrdParser *parser, const char *text);
static bool take_xff(RrdParser *parser, const char *text);
static bool take_prep_value(RrdParser *parser, const char *text);
static bool take_prep_unknown(RrdParser *parser, const char *text);
static bool take_row_value(RrdParser *parser, const char *text);

static const ElementInfo elements[] = {
    {ELEMENT_NONE, "rrd", ELEMENT_RRD, NULL},
    {ELEMENT_RRD, "version", ELEMENT_VALUE, take_nothing},
    {ELEMENT_RRD, "step", ELEMENT_VALUE, take_step},
    {ELEMENT_RRD, "lastupdate", ELEMENT_VALUE, take_last_update},
    {ELEMENT_RRD, "ds", ELEMENT_DS, NULL},
    {ELEMENT_DS, "name", ELEMENT_VALUE, take_name},
    {ELEMENT_DS, "type", ELEMENT_VALUE, take_type},
    {ELEMENT_DS, "minimal_heartbeat", ELEMENT_VALUE, take_nothing},
    {ELEMENT_DS, "min", ELEMENT_VALUE, take_min},
    {ELEMENT_DS, "max", ELEMENT_VALUE, take_max},
    {ELEMENT_DS, "last_ds", ELEMENT_VALUE, take_nothing},
    {ELEMENT_DS, "value", ELEMENT_VALUE, take_sum},
    {ELEMENT_DS, "unknown_sec", ELEMENT_VALUE, take_unknown},
    {ELEMENT_RRD, "rra", ELEMENT_RRA, NULL},
    {ELEMENT_RRA, "cf", ELEMENT_VALUE, take_cf},
    {ELEMENT_RRA, "pdp_per_row", ELEMENT_VALUE, take_steps},
    {ELEMENT_RRA, "params", ELEMENT_PARAMS, NULL},
    {ELEMENT_PARAMS, "xff", ELEMENT_VALUE, take_xff},
    {ELEMENT_RRA, "cdp_prep", ELEMENT_CDP_PREP, NULL},
    {ELEMENT_CDP_PREP, "ds", ELEMENT_PREP, NULL},
    {ELEMENT_PREP, "primary_value", ELEMENT_VALUE, take_nothing},
    {ELEMENT_PREP, "secondary_value", ELEMENT_VALUE, take_nothing},
    {ELEMENT_PREP, "value", ELEMENT_VALUE, take_prep_value},
    {ELEMENT_PREP, "unknown_datapoints", ELEMENT_VALUE, take_prep_unknown},
    {ELEMENT_RRA, "database", ELEMENT_DATABASE, NULL},
    {ELEMENT_DATABASE, "row", ELEMENT_ROW, NULL},
    {ELEMENT_ROW, "v", ELEMENT_VALUE, take_row_value},
};

RrdParser *rrd_parser_new(void)
{
    xmlSAXHandler handler = {.startElement = start_element,
                             .endElement = end_element,
                             .characters = take_characters,
                             .warning = ignore_message,
                             .error = ignore_message,
                             .fatalError = ignore_message};
    RrdParser *parser = g_new0(RrdParser, 1);
    parser->sources = g_array_new(FALSE, TRUE, sizeof(RrdSeries));
    parser->row = g_array_new(FALSE, FALSE, sizeof(float));
    parser->xml = xmlCreatePushParserCtxt(&handler, parser, NULL, 0, NULL);
    if (parser->xml) {
        xmlCtxtUseOptions(parser->xml, XML_PARSE_NONET);
    } else {
        parser->problem = "there is no memory for an XML parser";
    }
    return parser;
}

void rrd_parser_free(RrdParser *parser)
{
    if (!parser) {
        return;
    }
    if (parser->xml) {
        xmlFreeDoc(parser->xml->myDoc);
        xmlFreeParserCtxt(parser->xml);
    }
    for (guint i = 0; i < parser->sources->len; i++) {
        RrdSeries *series = &g_array_index(parser->sources, RrdSeries, i);
        g_clear_pointer(&series->name, g_ref_string_release);
    }
    g_array_unref(parser->sources);
    g_array_unref(parser->row);
    rrd_free(parser->rrd);
    g_free(parser);
}

bool rrd_parser_feed(RrdParser *parser, const char *data, size_t length, Err **err)
{
    parser->length += length;
    if (parser->length > RRD_PARSE_MAX_TEXT) {
        return err_internal(err, "an archive of performance data is longer than %d bytes",
                            RRD_PARSE_MAX_TEXT);
    }
    if (!parser->problem && xmlParseChunk(parser->xml, data, (int)length, 0) != 0) {
        parser->problem = "it is no well-formed XML";
    }
    return !parser->problem || err_internal(err, "performance data: %s", parser->problem);
}

Rrd *rrd_parser_finish(RrdParser *parser, Err **err)
{
    if (!parser->problem && xmlParseChunk(parser->xml, "", 0, 1) != 0) {
        parser->problem = "it ends too early";
    }
    if (!parser->problem && !has_all_averages(parser)) {
        parser->problem = "it lacks one of the archives";
    }
    if (parser->problem) {
        err_internal(err, "performance data: %s", parser->problem);
        return NULL;
    }
    drop_unseen(parser);
    return g_steal_pointer(&parser->rrd);
}

static void start_element(void *user, const xmlChar *name, const xmlChar **attributes)
{
    (void)attributes;
    RrdParser *parser = user;
    Element parent = parser->depth > 0 ? parser->path[parser->depth - 1]->element : ELEMENT_NONE;
    const ElementInfo *info = find_element(parent, (const char *)name);
    if (parser->problem) {
        return;
    }
    if (!info || parser->depth == MAX_DEPTH) {
        parser->problem = "an element is out of its place";
        return;
    }
    parser->path[parser->depth++] = info;
    parser->text_length = 0;
    if (info->element == ELEMENT_DS) {
        const RrdSeries empty = {.min = -INFINITY, .max = INFINITY};
        if (parser->rrd || parser->sources->len == RRD_MAX_SERIES) {
            parser->problem = "it has too many data sources";
            return;
        }
        g_array_append_val(parser->sources, empty);
    } else if (info->element == ELEMENT_RRA) {
        begin_archives(parser);
    } else if (info->element == ELEMENT_CDP_PREP) {
        find_archive(parser);
    }
}

static void end_element(void *user, const xmlChar *name)
{
    (void)name;
    RrdParser *parser = user;
    if (parser->problem || parser->depth == 0) {
        return;
    }
    const ElementInfo *info = parser->path[--parser->depth];
    parser->text[parser->text_length] = '\0';
    if (info->take && !info->take(parser, parser->text)) {
        parser->problem = "a value makes no sense";
    } else if (info->element == ELEMENT_PREP) {
        parser->prep++;
    } else if (info->element == ELEMENT_ROW) {
        end_row(parser);
    }
}

/* Between elements that hold others there is only white space. */
static void take_characters(void *user, const xmlChar *text, int length)
{
    RrdParser *parser = user;
    if (parser->problem || parser->depth == 0 ||
        parser->path[parser->depth - 1]->element != ELEMENT_VALUE) {
        return;
    }
    for (int i = 0; i < length; i++) {
        if (g_ascii_isspace((char)text[i])) {
            continue;
        }
        if (parser->text_length == MAX_VALUE - 1) {
            parser->problem = "a value is too long";
            return;
        }
        parser->text[parser->text_length++] = (char)text[i];
    }
}

/* What is wrong is said in the error, not on stderr. */
static void ignore_message(void *user, const char *fmt, ...)
{
    (void)user;
    (void)fmt;
}

static const ElementInfo *find_element(Element parent, const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(elements); i++) {
        if (elements[i].parent == parent && strcmp(elements[i].name, name) == 0) {
            return &elements[i];
        }
    }
    return NULL;
}

/* The first archive: now all series are known. Twins of a name, as XenServer once wrote, and names
 * that are none make the text useless, for rows count on every series. */
static void begin_archives(RrdParser *parser)
{
    *parser->cf = '\0';
    parser->steps = 0;
    parser->archive = NULL;
    if (parser->rrd) {
        return;
    }
    parser->rrd = rrd_new(true, parser->last_update);
    for (guint i = 0; i < parser->sources->len; i++) {
        const RrdSeries *read = &g_array_index(parser->sources, RrdSeries, i);
        const RrdSource source = {read->name ? read->name : "", read->type, read->min, read->max};
        if (!rrd_add(parser->rrd, &source, NULL)) {
            parser->problem = "a data source has no proper name";
            return;
        }
        RrdSeries *series = rrd_series_at(parser->rrd, i);
        series->sum = read->sum;
        series->unknown = read->unknown;
    }
}

/* Its head has been read. Each of ours is taken once. */
static void find_archive(RrdParser *parser)
{
    parser->prep = 0;
    for (guint i = 0; i < parser->rrd->archives->len; i++) {
        RrdArchive *archive = rrd_archive_at(parser->rrd, i);
        if (archive->steps != parser->steps || strcmp(rrd_cf_names[archive->cf], parser->cf) != 0 ||
            parser->seen & 1u << i) {
            continue;
        }
        parser->archive = archive;
        archive->xff = parser->xff;
        parser->seen |= 1u << i;
    }
}

/* Rows of which nothing is known need no room before the first that says something. */
static void end_row(RrdParser *parser)
{
    unsigned count = parser->rrd->series->len;
    const float *values = (const float *)(void *)parser->row->data;
    bool says_something = false;
    if (parser->row->len != count) {
        parser->problem = "a row has not one value for each data source";
        return;
    }
    for (unsigned i = 0; i < count; i++) {
        says_something |= !isnan(values[i]);
    }
    if (parser->archive && (says_something || parser->archive->used > 0)) {
        rrd_archive_push(parser->archive, values, count);
    }
    g_array_set_size(parser->row, 0);
}

static bool has_all_averages(const RrdParser *parser)
{
    unsigned count = 0;
    for (guint i = 0; parser->rrd && i < parser->rrd->archives->len; i++) {
        bool is_average = rrd_archive_at(parser->rrd, i)->cf == RRD_AVERAGE;
        count += is_average && parser->seen & 1u << i;
    }
    return count == RRD_TIMESCALES;
}

/* Objects without archives of extremes. */
static void drop_unseen(RrdParser *parser)
{
    for (guint i = parser->rrd->archives->len; i-- > 0;) {
        if (!(parser->seen & 1u << i)) {
            g_array_remove_index(parser->rrd->archives, i);
        }
    }
}

static bool parse_number(const char *text, double *ret)
{
    static const struct {
        const char *text;
        double value;
    } words[] = {{"NaN", NAN}, {"Infinity", INFINITY}, {"-Infinity", -INFINITY}};
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        if (strcmp(text, words[i].text) == 0) {
            *ret = words[i].value;
            return true;
        }
    }
    return text_parse_float(text, ret);
}

static RrdSeries *source_of(RrdParser *parser)
{
    return &g_array_index(parser->sources, RrdSeries, parser->sources->len - 1);
}

static RrdPrep *prep_of(RrdParser *parser)
{
    bool is_there = parser->archive && parser->prep < parser->rrd->series->len;
    return is_there ? &parser->archive->preps[parser->prep] : NULL;
}

static bool take_nothing(RrdParser *parser, const char *text)
{
    (void)parser;
    (void)text;
    return true;
}

static bool take_step(RrdParser *parser, const char *text)
{
    (void)parser;
    uint64_t step;
    return text_parse_uint(text, UINT32_MAX, &step) && step == RRD_STEP;
}

static bool take_last_update(RrdParser *parser, const char *text)
{
    return text_parse_float(text, &parser->last_update) && parser->last_update >= 0 &&
           parser->last_update < UINT32_MAX * 16.0;
}

static bool take_name(RrdParser *parser, const char *text)
{
    RrdSeries *series = source_of(parser);
    g_clear_pointer(&series->name, g_ref_string_release);
    series->name = g_ref_string_new(text);
    return true;
}

static bool take_type(RrdParser *parser, const char *text)
{
    for (unsigned i = 0; i < RRD_TYPE_COUNT; i++) {
        if (strcmp(rrd_type_names[i], text) == 0) {
            source_of(parser)->type = (RrdType)i;
            return true;
        }
    }
    return false;
}

/* rrdtool writes NaN where there is no bound. */
static bool take_min(RrdParser *parser, const char *text)
{
    double bound;
    if (!parse_number(text, &bound)) {
        return false;
    }
    source_of(parser)->min = isnan(bound) ? -INFINITY : bound;
    return true;
}

static bool take_max(RrdParser *parser, const char *text)
{
    double bound;
    if (!parse_number(text, &bound)) {
        return false;
    }
    source_of(parser)->max = isnan(bound) ? INFINITY : bound;
    return true;
}

static bool take_sum(RrdParser *parser, const char *text)
{
    double sum;
    if (!parse_number(text, &sum)) {
        return false;
    }
    source_of(parser)->sum = isnan(sum) ? 0 : sum;
    return true;
}

static bool take_unknown(RrdParser *parser, const char *text)
{
    double unknown;
    bool ok = text_parse_float(text, &unknown) && unknown >= 0;
    source_of(parser)->unknown = ok ? unknown : 0;
    return ok;
}

static bool take_cf(RrdParser *parser, const char *text)
{
    return g_strlcpy(parser->cf, text, sizeof parser->cf) < sizeof parser->cf;
}

static bool take_steps(RrdParser *parser, const char *text)
{
    return text_parse_uint(text, UINT32_MAX, &parser->steps) && parser->steps > 0;
}

static bool take_xff(RrdParser *parser, const char *text)
{
    return text_parse_float(text, &parser->xff) && parser->xff >= 0 && parser->xff <= 1;
}

static bool take_prep_value(RrdParser *parser, const char *text)
{
    double value;
    RrdPrep *prep = prep_of(parser);
    bool ok = parse_number(text, &value);
    if (ok && prep) {
        prep->value = value;
    }
    return ok;
}

static bool take_prep_unknown(RrdParser *parser, const char *text)
{
    uint64_t unknown;
    RrdPrep *prep = prep_of(parser);
    bool ok = text_parse_uint(text, UINT32_MAX, &unknown);
    if (ok && prep) {
        prep->unknown = (unsigned)MIN(unknown, parser->archive->steps);
    }
    return ok;
}

static bool take_row_value(RrdParser *parser, const char *text)
{
    double number;
    if (!parse_number(text, &number) || parser->row->len == RRD_MAX_SERIES) {
        return false;
    }
    float value = (float)number;
    g_array_append_val(parser->row, value);
    return true;
}
