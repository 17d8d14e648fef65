/* rrd/rrd_text.c, rrd_parse.c and rrd_table.c: exact texts, back and forth, and texts that are
 * none; and rrdtool, where it is installed, as the judge of the arithmetic. */
#include "base/subprocess.h"
#include "rrd/rrd_parse.h"
#include "rrd/rrd_table.h"
#include "rrd/rrd_text.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#define START (20000 * 86400)

static bool to_string(void *user, const char *data, size_t length, Err **err)
{
    (void)err;
    g_string_append_len(user, data, (gssize)length);
    return true;
}

/* (owned) */
static char *text_of(const Rrd *rrd, RrdFormat format)
{
    GString *out = g_string_new(NULL);
    g_assert_true(rrd_text_write(rrd, format, to_string, out, NULL));
    return g_string_free(out, FALSE);
}

/* Feeds `piece` bytes at a time. */
static Rrd *parse(const char *text, size_t piece, Err **err)
{
    g_autoptr(RrdParser) parser = rrd_parser_new();
    size_t length = strlen(text);
    for (size_t at = 0; at < length; at += piece) {
        if (!rrd_parser_feed(parser, text + at, MIN(piece, length - at), err)) {
            return NULL;
        }
    }
    return rrd_parser_finish(parser, err);
}

/* Two series, every five seconds for `seconds`. */
static Rrd *filled(bool extremes, unsigned seconds)
{
    Rrd *rrd = rrd_new(extremes, START);
    g_assert_true(rrd_add(rrd, &(RrdSource){"cpu0", RRD_DERIVE, 0, 1}, NULL));
    g_assert_true(rrd_add(rrd, &(RrdSource){"memory", RRD_GAUGE, 0, INFINITY}, NULL));
    for (unsigned i = 5; i <= seconds; i += 5) {
        rrd_update(rrd, START + i, (const double[]){i * 0.3, 4294967296.0 + i * 4096.0});
    }
    return rrd;
}

static void test_numbers(void)
{
    static const struct {
        float value;
        const char *text;
    } rows[] = {{0.0f, "0.0"},
                {-0.0f, "0.0"},
                {NAN, "NaN"},
                {INFINITY, "Infinity"},
                {-INFINITY, "-Infinity"},
                {1.0f, "1"},
                {-12.0f, "-12"},
                {4294967296.0f, "4294967296"},
                {0.1f, "0.1"},
                {0.25f, "0.25"},
                {1.0f / 3, "0.33333334"},
                {16777215.5f, "16777216"},
                {1e-7f, "1e-07"},
                {3e38f, "3e+38"}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GString) out = g_string_new(NULL);
        rrd_text_append_row_value(out, rows[i].value);
        g_assert_cmpstr(out->str, ==, rows[i].text);
    }
    g_autoptr(GString) out = g_string_new(NULL);
    rrd_text_append_number(out, 1.0 / 3);
    g_assert_cmpstr(out->str, ==, "0.333333333333333");
}

/* The beginning and the end say how the rest looks. */
static void test_xml(void)
{
    g_autoptr(Rrd) rrd = filled(false, 10);
    g_autofree char *text = text_of(rrd, RRD_XML);
    static const char head[] =
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<rrd><version>0003</version><step>5</step><lastupdate>1728000010</lastupdate>"
        "<ds><name>cpu0</name><type>DERIVE</type><minimal_heartbeat>300</minimal_heartbeat>"
        "<min>0.0</min><max>1</max><last_ds>3</last_ds><value>0.0</value>"
        "<unknown_sec>0</unknown_sec></ds>"
        "<ds><name>memory</name><type>GAUGE</type><minimal_heartbeat>300</minimal_heartbeat>"
        "<min>0.0</min><max>Infinity</max><last_ds>4295008256</last_ds><value>0.0</value>"
        "<unknown_sec>0</unknown_sec></ds>"
        "<rra><cf>AVERAGE</cf><pdp_per_row>1</pdp_per_row><params><xff>0.5</xff></params>"
        "<cdp_prep><ds><primary_value>0.0</primary_value><secondary_value>0.0</secondary_value>"
        "<value>NaN</value><unknown_datapoints>0</unknown_datapoints></ds>"
        "<ds><primary_value>0.0</primary_value><secondary_value>0.0</secondary_value>"
        "<value>NaN</value><unknown_datapoints>0</unknown_datapoints></ds></cdp_prep>"
        "<database><row><v>NaN</v><v>NaN</v></row>";
    g_assert_cmpmem(text, MIN(strlen(text), strlen(head)), head, strlen(head));
    g_assert_nonnull(strstr(text, "<row><v>NaN</v><v>4294987776</v></row>"
                                  "<row><v>0.3</v><v>4295008256</v></row></database></rra>"
                                  "<rra><cf>AVERAGE</cf><pdp_per_row>12</pdp_per_row>"));
    g_assert_true(g_str_has_suffix(text, "<row><v>NaN</v><v>NaN</v></row></database></rra></rrd>"));
    unsigned rows = 0;
    for (const char *at = text; (at = strstr(at, "<row>")); at++) {
        rows++;
    }
    g_assert_cmpuint(rows, ==, 120 + 120 + 168 + 366);
}

static void test_json(void)
{
    g_autoptr(Rrd) rrd = filled(false, 10);
    g_autofree char *text = text_of(rrd, RRD_JSON);
    static const char head[] =
        "{\"version\":\"0003\",\"step\":\"5\",\"lastupdate\":\"1728000010\",\"ds\":["
        "{\"name\":\"cpu0\",\"type\":\"DERIVE\",\"minimal_heartbeat\":\"300\",\"min\":\"0.0\","
        "\"max\":\"1\",\"last_ds\":\"3\",\"value\":\"0.0\",\"unknown_sec\":\"0\"},"
        "{\"name\":\"memory\",\"type\":\"GAUGE\",\"minimal_heartbeat\":\"300\",\"min\":\"0.0\","
        "\"max\":\"Infinity\",\"last_ds\":\"4295008256\",\"value\":\"0.0\","
        "\"unknown_sec\":\"0\"}],\"rra\":["
        "{\"cf\":\"AVERAGE\",\"pdp_per_row\":\"1\",\"params\":{\"xff\":\"0.5\"},"
        "\"cdp_prep\":{\"ds\":["
        "{\"primary_value\":\"0.0\",\"secondary_value\":\"0.0\",\"value\":\"NaN\","
        "\"unknown_datapoints\":\"0\"},"
        "{\"primary_value\":\"0.0\",\"secondary_value\":\"0.0\",\"value\":\"NaN\","
        "\"unknown_datapoints\":\"0\"}]},\"database\":[[\"NaN\",\"NaN\"],";
    g_assert_cmpmem(text, MIN(strlen(text), strlen(head)), head, strlen(head));
    g_assert_nonnull(strstr(text, "[\"0.3\",\"4295008256\"]]},{\"cf\":\"AVERAGE\","
                                  "\"pdp_per_row\":\"12\""));
    g_assert_true(g_str_has_suffix(text, "[\"NaN\",\"NaN\"]]}]}"));
}

/* What was read goes on as what was written would have. */
static void test_round_trip(void)
{
    static const size_t pieces[] = {1, 7, 1 << 20};
    for (unsigned i = 0; i < 6; i++) {
        g_autoptr(Rrd) rrd = filled(i % 2, 4000);
        g_autofree char *text = text_of(rrd, RRD_XML);
        g_autoptr(Err) err = NULL;
        g_autoptr(Rrd) again = parse(text, pieces[i / 2], &err);
        g_assert_no_error((GError *)NULL);
        g_assert_nonnull(again);
        rrd_forget_counters(rrd);
        for (unsigned j = 0; j < 900; j++) {
            const double values[] = {j, 1000.0 * j};
            rrd_update(rrd, START + 4005 + j * 5, values);
            rrd_update(again, START + 4005 + j * 5, values);
        }
        g_autofree char *first = text_of(rrd, RRD_XML);
        g_autofree char *second = text_of(again, RRD_XML);
        g_assert_cmpstr(first, ==, second);
    }
}

static void test_bad_texts(void)
{
    g_autoptr(Rrd) rrd = filled(false, 100);
    g_autofree char *text = text_of(rrd, RRD_XML);
    static const struct {
        const char *from, *to;
    } changes[] = {{"<step>5<", "<step>300<"},
                   {"</rrd>", ""},
                   {"<rrd>", "<rrd><row/>"},
                   {"<name>cpu0<", "<name>memory<"},
                   {"<name>cpu0<", "<name>&lt;x<"},
                   {"<name>cpu0</name>", ""},
                   {"DERIVE", "COMPUTE"},
                   {"<v>NaN</v>", ""},
                   {"<v>NaN</v>", "<v>x</v>"},
                   {"<pdp_per_row>12<", "<pdp_per_row>13<"},
                   {"<lastupdate>1", "<lastupdate>-"},
                   {"<unknown_datapoints>0", "<unknown_datapoints>-1"},
                   {"<xff>0.5", "<xff>7"},
                   {"<database>", "<database><database>"},
                   {"<rrd>", "<!DOCTYPE x [<!ENTITY a \"b\">]><rrd>&a;"}};
    for (size_t i = 0; i < G_N_ELEMENTS(changes); i++) {
        g_auto(GStrv) parts = g_strsplit(text, changes[i].from, 2);
        g_assert_cmpuint(g_strv_length(parts), ==, 2);
        g_autofree char *changed = g_strjoinv(changes[i].to, parts);
        g_autoptr(Err) err = NULL;
        g_test_message("%s for %s", changes[i].to, changes[i].from);
        g_assert_null(parse(changed, 4096, &err));
        g_assert_cmpstr(err->code, ==, "INTERNAL_ERROR");
    }
    g_assert_null(parse("", 1, NULL));
    g_assert_null(parse("<rrd></rrd>", 100, NULL));
}

/* (owned) */
static char *updates(const Rrd *rrd, RrdQuery query, RrdFormat format)
{
    g_autoptr(RrdTable) table = rrd_table_new(&query, rrd_last_update(rrd));
    g_assert_true(rrd_table_add(table, "vm:u", rrd, NULL));
    return g_string_free(rrd_table_text(table, format), FALSE);
}

static void test_table(void)
{
    g_autoptr(Rrd) rrd = filled(false, 130);
    g_autofree char *xml = updates(rrd, (RrdQuery){START + 120, 0, RRD_AVERAGE}, RRD_XML);
    g_assert_cmpstr(xml, ==,
                    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                    "<xport><meta><start>1728000125</start><step>5</step><end>1728000130</end>"
                    "<rows>2</rows><columns>2</columns><legend><entry>AVERAGE:vm:u:cpu0</entry>"
                    "<entry>AVERAGE:vm:u:memory</entry></legend></meta><data>"
                    "<row><t>1728000130</t><v>0.3</v><v>4295499776</v></row>"
                    "<row><t>1728000125</t><v>0.3</v><v>4295479296</v></row></data></xport>");
    g_autofree char *json = updates(rrd, (RrdQuery){-70, 60, RRD_CF_COUNT}, RRD_JSON);
    g_assert_cmpstr(json, ==,
                    "{\"meta\":{\"start\":1728000120,\"step\":60,\"end\":1728000120,\"rows\":1,"
                    "\"columns\":2,\"legend\":[\"AVERAGE:vm:u:cpu0\",\"AVERAGE:vm:u:memory\"]},"
                    "\"data\":[{\"t\":1728000120,\"values\":[0.3,4295346176]}]}");
    g_autofree char *unknown = updates(rrd, (RrdQuery){START - 10, 5, RRD_AVERAGE}, RRD_JSON);
    g_assert_true(g_str_has_suffix(unknown, "{\"t\":1728000005,\"values\":[\"NaN\",4294987776]},"
                                            "{\"t\":1728000000,\"values\":[\"NaN\",\"NaN\"]},"
                                            "{\"t\":1727999995,\"values\":[\"NaN\",\"NaN\"]}]}"));
    g_autofree char *none = updates(rrd, (RrdQuery){START + 130, 0, RRD_MAX}, RRD_JSON);
    g_assert_cmpstr(none, ==,
                    "{\"meta\":{\"start\":1728000135,\"step\":5,\"end\":1728000130,\"rows\":0,"
                    "\"columns\":0,\"legend\":[]},\"data\":[]}");
}

/* Which rows are answered hangs on how far back the start is. */
static void test_table_timescale(void)
{
    g_autoptr(Rrd) rrd = filled(true, 130);
    static const struct {
        int64_t start, interval;
        const char *step, *rows;
    } asked[] = {
        {-600, 0, "<step>5<", "<rows>120<"},       {-600, 5, "<step>5<", "<rows>120<"},
        {-700, 5, "<step>60<", "<rows>12<"},       {-60, 6, "<step>60<", "<rows>1<"},
        {-7200, 60, "<step>60<", "<rows>120<"},    {-10, 3600, "<step>3600<", "<rows>1<"},
        {-604800, 0, "<step>3600<", "<rows>168<"}, {-700000, 0, "<step>86400<", "<rows>9<"},
        {0, 0, "<step>86400<", "<rows>366<"},      {-5, 99999, "<step>86400<", "<rows>1<"}};
    for (size_t i = 0; i < G_N_ELEMENTS(asked); i++) {
        g_autofree char *xml =
            updates(rrd, (RrdQuery){asked[i].start, asked[i].interval, RRD_AVERAGE}, RRD_XML);
        g_autofree char *meta = g_strndup(xml, 300);
        g_test_message("%s", meta);
        g_assert_nonnull(strstr(xml, asked[i].step));
        if (asked[i].start != -10 && asked[i].start != -5) {
            g_assert_nonnull(strstr(xml, asked[i].rows));
        }
    }
    g_autofree char *all = updates(rrd, (RrdQuery){-60, 60, RRD_CF_COUNT}, RRD_XML);
    g_assert_nonnull(strstr(all, "<columns>6</columns><legend><entry>AVERAGE:vm:u:cpu0</entry>"
                                 "<entry>AVERAGE:vm:u:memory</entry><entry>MIN:vm:u:cpu0</entry>"));
}

static void test_table_limit(void)
{
    g_autoptr(Rrd) rrd = filled(false, 10);
    g_autoptr(RrdTable) table = rrd_table_new(&(RrdQuery){0, 0, RRD_AVERAGE}, rrd_last_update(rrd));
    unsigned added = 0;
    while (rrd_table_add(table, "vm:u", rrd, NULL)) {
        added++;
    }
    g_assert_cmpuint(added, ==, RRD_TABLE_MAX_VALUES / (2 * 366));
}

/* The values of every row of every archive, in the order of the text. Array of double. */
static GArray *values_of(const char *text)
{
    GArray *values = g_array_new(FALSE, FALSE, sizeof(double));
    for (const char *at = text; (at = strstr(at, "<v>")); at++) {
        double value = g_ascii_strtod(at + 3, NULL);
        g_array_append_val(values, value);
    }
    return values;
}

static void run_rrdtool(const char *const *argv, char **ret_out)
{
    g_autoptr(Op) op = op_new(60 * USEC_PER_SEC);
    g_autoptr(Err) err = NULL;
    if (!op_run_ok(op, argv, ret_out, &err)) {
        g_autofree char *text = err_to_string(err);
        g_error("rrdtool: %s", text);
    }
}

static bool has_rrdtool(void)
{
    g_autofree char *program = g_find_program_in_path("rrdtool");
    if (!program) {
        g_test_skip("rrdtool is not installed");
    }
    return program != NULL;
}

/* rrdtool counts in microseconds, which shows in the sixth digit. */
static void assert_same_values(const char *ours, const char *theirs)
{
    g_autoptr(GArray) mine = values_of(ours);
    g_autoptr(GArray) other = values_of(theirs);
    g_assert_cmpuint(mine->len, ==, other->len);
    for (guint i = 0; i < mine->len; i++) {
        double a = g_array_index(mine, double, i), b = g_array_index(other, double, i);
        if (isnan(a) != isnan(b) || fabs(a - b) > 1e-5 * fabs(b)) {
            g_error("value %u is %.9g, and rrdtool's is %.9g", i, a, b);
        }
    }
}

/* Samples at odd times, with gaps and unknown ones, into both. rrdtool takes whole milliseconds. */
static void test_rrdtool_agrees(void)
{
    if (!has_rrdtool()) {
        return;
    }
    g_autofree char *dir = g_dir_make_tmp("clearwater-rrd-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(dir, "x.rrd", NULL);
    const char *const create[] = {"rrdtool",
                                  "create",
                                  path,
                                  "--step",
                                  "5",
                                  "--start",
                                  "1728000000",
                                  "DS:load:GAUGE:300:U:U",
                                  "DS:bytes:DERIVE:300:0:U",
                                  "RRA:AVERAGE:0.5:1:120",
                                  "RRA:AVERAGE:0.99999:12:120",
                                  "RRA:MIN:0.99999:12:120",
                                  "RRA:MAX:0.99999:12:120",
                                  "RRA:AVERAGE:0.99999:720:168",
                                  "RRA:MIN:0.99999:720:168",
                                  "RRA:MAX:0.99999:720:168",
                                  "RRA:AVERAGE:0.99999:17280:366",
                                  "RRA:MIN:0.99999:17280:366",
                                  "RRA:MAX:0.99999:17280:366",
                                  NULL};
    run_rrdtool(create, NULL);
    g_autoptr(Rrd) rrd = rrd_new(true, START);
    g_assert_true(rrd_add(rrd, &(RrdSource){"load", RRD_GAUGE, -INFINITY, INFINITY}, NULL));
    g_assert_true(rrd_add(rrd, &(RrdSource){"bytes", RRD_DERIVE, 0, INFINITY}, NULL));
    g_autoptr(GPtrArray) update = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(update, g_strdup("rrdtool"));
    g_ptr_array_add(update, g_strdup("update"));
    g_ptr_array_add(update, g_strdup(path));
    g_autoptr(GRand) random = g_rand_new_with_seed(62);
    double now = START, bytes = 0;
    for (unsigned i = 0; i < 3000; i++) {
        bool is_gap = i % 500 == 250;
        bool is_unknown = i % 97 == 13;
        int64_t milliseconds = is_gap         ? g_rand_int_range(random, 305000, 90000000)
                               : i % 50 == 49 ? g_rand_int_range(random, 1000, 299000)
                                              : g_rand_int_range(random, 3000, 4900);
        now += (double)milliseconds / 1000;
        /* rrdtool rounds the unknown seconds of a step, and where a gap begins; and it gives a step
         * of which the smaller part is known to that part. */
        if (is_gap || is_unknown || i % 97 == 12) {
            now = ceil(now / RRD_STEP) * RRD_STEP;
        } else if (i % 500 == 249) {
            now = ceil(now / RRD_STEP) * RRD_STEP + 3;
        } else if (i % 50 >= 48 || i % 97 == 11) {
            now = ceil(now);
        }
        double load = g_rand_int_range(random, 0, 1000) / 8.0;
        bytes += g_rand_int_range(random, 0, 1000000);
        const double values[] = {is_unknown ? NAN : load, bytes};
        rrd_update(rrd, now, values);
        g_ptr_array_add(update, is_unknown ? g_strdup_printf("%.3f:U:%.0f", now, bytes)
                                           : g_strdup_printf("%.3f:%.3f:%.0f", now, load, bytes));
    }
    g_ptr_array_add(update, NULL);
    run_rrdtool((const char *const *)update->pdata, NULL);
    g_autofree char *theirs = NULL;
    run_rrdtool((const char *const[]){"rrdtool", "dump", path, NULL}, &theirs);
    g_autofree char *ours = text_of(rrd, RRD_XML);
    assert_same_values(ours, theirs);
    g_remove(path);
    g_remove(dir);
}

static void test_rrdtool_restores(void)
{
    if (!has_rrdtool()) {
        return;
    }
    g_autofree char *dir = g_dir_make_tmp("clearwater-rrd-XXXXXX", NULL);
    g_autofree char *xml = g_build_filename(dir, "x.xml", NULL);
    g_autofree char *path = g_build_filename(dir, "x.rrd", NULL);
    g_autoptr(Rrd) rrd = filled(true, 20000);
    g_autofree char *ours = text_of(rrd, RRD_XML);
    g_assert_true(g_file_set_contents(xml, ours, -1, NULL));
    run_rrdtool((const char *const[]){"rrdtool", "restore", xml, path, NULL}, NULL);
    g_autofree char *theirs = NULL;
    run_rrdtool((const char *const[]){"rrdtool", "dump", path, NULL}, &theirs);
    assert_same_values(ours, theirs);
    g_remove(xml);
    g_remove(path);
    g_remove(dir);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rrd-text/numbers", test_numbers);
    g_test_add_func("/rrd-text/xml", test_xml);
    g_test_add_func("/rrd-text/json", test_json);
    g_test_add_func("/rrd-text/round-trip", test_round_trip);
    g_test_add_func("/rrd-text/bad-texts", test_bad_texts);
    g_test_add_func("/rrd-text/table", test_table);
    g_test_add_func("/rrd-text/table-timescale", test_table_timescale);
    g_test_add_func("/rrd-text/table-limit", test_table_limit);
    g_test_add_func("/rrd-text/rrdtool-agrees", test_rrdtool_agrees);
    g_test_add_func("/rrd-text/rrdtool-restores", test_rrdtool_restores);
    return g_test_run();
}
