/* Read with libxml2's SAX interface: no entities, no network. Defaults are those of XenServer's
 * perfmon. */
#include "ops/metrics/alarm_config.h"

#include "base/text.h"

#include <libxml/parser.h>
#include <string.h>

static const char PER_HOST[] = "sr_io_throughput_total_per_host";
static const char SR_PREFIX[] = "sr_io_throughput_total_";

typedef struct Tag {
    char *name, *value;
} Tag;

typedef struct Reader {
    AlarmOwner owner;
    const char *sr_uuid;
    unsigned depth;
    GArray *tags; /* Tag, of the variable that is read */
    GPtrArray *variables;
    Err *error; /* the first one */
} Reader;

/* What a variable of this name is unless something else is said. */
typedef struct Preset {
    AlarmOwner owner;
    const char *name;
    const char *function, *pattern, *level, *sense, *inhibit; /* NULL: as everywhere */
} Preset;

static const Preset presets[] = {
    {ALARM_OF_VM, "cpu_usage", "average", "cpu[0-9]+", NULL, NULL, NULL},
    {ALARM_OF_VM, "network_usage", NULL, "vif_[0-9]+_[rt]x", NULL, NULL, NULL},
    {ALARM_OF_VM, "disk_usage", NULL, "vbd_(xvd|hd)[a-z]+_(read|write)", NULL, NULL, NULL},
    {ALARM_OF_VM, "fs_usage", "get_percent_fs_usage", "(?!)", "0.9", NULL, "604800"},
    {ALARM_OF_HOST, "cpu_usage", "average", "cpu[0-9]+", NULL, NULL, NULL},
    {ALARM_OF_HOST, "network_usage", NULL, "pif_eth[0-9]+_[rt]x", NULL, NULL, NULL},
    {ALARM_OF_HOST, "memory_free_kib", NULL, "memory_free_kib", NULL, "low", NULL},
};

static void free_variable(gpointer variable);
static void clear_tag(gpointer tag);
static void start_element(void *user, const xmlChar *name, const xmlChar **attributes);
static void end_element(void *user, const xmlChar *name);
static void ignore_message(void *user, const char *fmt, ...) G_GNUC_PRINTF(2, 3);
static void add_tag(Reader *reader, const char *name, const char *value);
static const char *tag(const Reader *reader, const char *name, const char *preset);
static void end_variable(Reader *reader);
static bool rename_for_host(Reader *reader);
static bool fill(const Reader *reader, AlarmVariable *variable, Err **err);
static const Preset *find_preset(AlarmOwner owner, const char *name);
static bool fill_pattern(const char *text, AlarmVariable *variable, Err **err);
static char *layout(const Reader *reader);

GPtrArray *alarm_config_parse(const char *xml, AlarmOwner owner, const char *sr_uuid, Err **err)
{
    size_t length = strlen(xml);
    if (length > ALARM_MAX_XML) {
        err_internal(err, "perfmon: it is longer than %d bytes", ALARM_MAX_XML);
        return NULL;
    }
    g_autoptr(GPtrArray) variables = g_ptr_array_new_with_free_func(free_variable);
    Reader reader = {.owner = owner, .sr_uuid = sr_uuid, .variables = variables};
    reader.tags = g_array_new(FALSE, FALSE, sizeof(Tag));
    g_array_set_clear_func(reader.tags, clear_tag);
    xmlSAXHandler handler = {.startElement = start_element,
                             .endElement = end_element,
                             .warning = ignore_message,
                             .error = ignore_message,
                             .fatalError = ignore_message};
    xmlParserCtxtPtr parser = xmlCreatePushParserCtxt(&handler, &reader, NULL, 0, NULL);
    bool well_formed = false;
    if (parser) {
        xmlCtxtUseOptions(parser, XML_PARSE_NONET);
        well_formed = xmlParseChunk(parser, xml, (int)length, 1) == 0;
        xmlFreeDoc(parser->myDoc);
        xmlFreeParserCtxt(parser);
    }
    g_array_unref(reader.tags);
    if (!well_formed && !reader.error) {
        err_internal(&reader.error, "perfmon: it is no well-formed XML");
    }
    if (reader.error) {
        err_propagate(err, reader.error);
        return NULL;
    }
    return g_steal_pointer(&variables);
}

static void free_variable(gpointer user)
{
    AlarmVariable *variable = user;
    g_free(variable->name);
    g_free(variable->xml);
    g_clear_pointer(&variable->pattern, g_regex_unref);
    g_free(variable);
}

static void clear_tag(gpointer user)
{
    Tag *cleared = user;
    g_free(cleared->name);
    g_free(cleared->value);
}

static void start_element(void *user, const xmlChar *name, const xmlChar **attributes)
{
    Reader *reader = user;
    unsigned depth = reader->depth++;
    if (reader->error) {
        return;
    }
    if (depth == 1 && strcmp((const char *)name, "variable") == 0) {
        g_array_set_size(reader->tags, 0);
    } else if (depth == 2) {
        const char *value = "";
        for (; attributes && attributes[0]; attributes += 2) {
            if (strcmp((const char *)attributes[0], "value") == 0 && attributes[1]) {
                value = (const char *)attributes[1];
            }
        }
        add_tag(reader, (const char *)name, value);
    } else if (depth > 2) {
        err_internal(&reader->error,
                     "perfmon: a variable has elements with values, nothing deeper");
    }
}

static void end_element(void *user, const xmlChar *name)
{
    Reader *reader = user;
    reader->depth--;
    if (!reader->error && reader->depth == 1 && strcmp((const char *)name, "variable") == 0) {
        end_variable(reader);
    }
}

/* What is wrong is said in the error, not on stderr. */
static void ignore_message(void *user, const char *fmt, ...)
{
    (void)user;
    (void)fmt;
}

static void add_tag(Reader *reader, const char *name, const char *value)
{
    if (reader->tags->len == ALARM_MAX_TAGS) {
        err_internal(&reader->error, "perfmon: a variable has more than %d elements",
                     ALARM_MAX_TAGS);
        return;
    }
    Tag added = {g_strdup(name), g_strdup(value)};
    g_array_append_val(reader->tags, added);
}

/* The value of the variable that is read, or what stands for it. */
static const char *tag(const Reader *reader, const char *name, const char *preset)
{
    for (guint i = 0; i < reader->tags->len; i++) {
        const Tag *one = &g_array_index(reader->tags, Tag, i);
        if (strcmp(one->name, name) == 0) {
            return one->value;
        }
    }
    return preset;
}

static void end_variable(Reader *reader)
{
    if (reader->variables->len == ALARM_MAX_VARIABLES) {
        err_internal(&reader->error, "perfmon: there are more than %d variables",
                     ALARM_MAX_VARIABLES);
        return;
    }
    if (reader->owner == ALARM_OF_SR && !rename_for_host(reader)) {
        return; /* it is for somebody else, or says what it must not */
    }
    AlarmVariable *variable = g_new0(AlarmVariable, 1);
    g_ptr_array_add(reader->variables, variable);
    if (!reader->error) {
        (void)fill(reader, variable, &reader->error);
    }
}

/* A repository's variable goes to each of its hosts under a name of the repository's own. */
static bool rename_for_host(Reader *reader)
{
    if (strcmp(tag(reader, "name", ""), PER_HOST) != 0 || tag(reader, "rrd_regex", NULL)) {
        return false;
    }
    for (guint i = 0; i < reader->tags->len; i++) {
        Tag *one = &g_array_index(reader->tags, Tag, i);
        if (strcmp(one->name, "name") == 0) {
            g_free(one->value);
            one->value = g_strdup_printf("%s%.8s", SR_PREFIX, reader->sr_uuid);
        }
    }
    return true;
}

static bool fill(const Reader *reader, AlarmVariable *variable, Err **err)
{
    static const char *const functions[] = {[ALARM_AVERAGE] = "average",
                                            [ALARM_SUM] = "sum",
                                            [ALARM_MAX] = "max",
                                            [ALARM_FS_USAGE] = "get_percent_fs_usage"};
    static const Preset nothing = {.name = ""};
    const char *name = tag(reader, "name", "");
    const Preset *found = find_preset(reader->owner, name);
    const Preset *preset = found ? found : &nothing;
    const char *function =
        tag(reader, "consolidation_fn", preset->function ? preset->function : "sum");
    const char *level = tag(reader, "alarm_trigger_level", preset->level);
    const char *pattern = tag(reader, "rrd_regex", preset->pattern);
    bool is_sr = reader->owner != ALARM_OF_VM && g_str_has_prefix(name, SR_PREFIX);
    variable->name = g_strdup(name);
    variable->xml = layout(reader);
    if (!pattern && is_sr) {
        pattern = name + strlen("sr_");
    }
    while (variable->function < G_N_ELEMENTS(functions) &&
           strcmp(functions[variable->function], function) != 0) {
        variable->function++;
    }
    if (!*name || !pattern || !level) {
        return err_internal(err, "perfmon: variable '%s' lacks its %s", name,
                            !*name     ? "name"
                            : !pattern ? "rrd_regex"
                                       : "alarm_trigger_level");
    }
    const char *sense = tag(reader, "alarm_trigger_sense", preset->sense ? preset->sense : "high");
    const char *inhibit =
        tag(reader, "alarm_auto_inhibit_period", preset->inhibit ? preset->inhibit : "3600");
    variable->is_low = strcmp(sense, "high") != 0;
    if (variable->function == G_N_ELEMENTS(functions) ||
        !text_parse_float(level, &variable->level) ||
        !text_parse_float(tag(reader, "alarm_trigger_period", "60"), &variable->period) ||
        !text_parse_float(inhibit, &variable->inhibit) ||
        !text_parse_int(tag(reader, "alarm_priority", "5"), &variable->priority)) {
        return err_internal(err, "perfmon: variable '%s' has a value that makes no sense", name);
    }
    return fill_pattern(pattern, variable, err);
}

static const Preset *find_preset(AlarmOwner owner, const char *name)
{
    AlarmOwner place = owner == ALARM_OF_SR ? ALARM_OF_HOST : owner;
    for (size_t i = 0; i < G_N_ELEMENTS(presets); i++) {
        if (presets[i].owner == place && strcmp(presets[i].name, name) == 0) {
            return &presets[i];
        }
    }
    return NULL;
}

static bool fill_pattern(const char *text, AlarmVariable *variable, Err **err)
{
    if (strlen(text) <= ALARM_MAX_PATTERN) {
        variable->pattern = g_regex_new(text, G_REGEX_ANCHORED, 0, NULL);
    }
    return variable->pattern ||
           err_internal(err, "perfmon: variable '%s': its rrd_regex cannot be used",
                        variable->name);
}

/* As perfmon lays it out: its readers take the text apart by lines. */
static char *layout(const Reader *reader)
{
    GString *out = g_string_new("<variable>\n");
    for (guint i = 0; i < reader->tags->len; i++) {
        const Tag *one = &g_array_index(reader->tags, Tag, i);
        g_autofree char *value = g_markup_escape_text(one->value, -1);
        g_string_append_printf(out, "\t<%s value=\"%s\"/>\n", one->name, value);
    }
    if (reader->owner == ALARM_OF_SR) {
        g_string_append_printf(out, "\t<configured_on class=\"SR\" uuid=\"%s\"/>\n",
                               reader->sr_uuid);
    }
    return g_string_free(g_string_append(out, "</variable>\n"), FALSE);
}
