/* ops/metrics/alarm_config.c: what settings mean, what they may leave out, and what is refused. */
#include "ops/metrics/alarm_config.h"

#include <string.h>

#define VARIABLE(content) "<config><variable>" content "</variable></config>"
#define LEVEL             "<alarm_trigger_level value=\"0.5\"/>"

static const char SR[] = "0123abcd-1111-2222-3333-444455556666";

static GPtrArray *parse(const char *xml, AlarmOwner owner)
{
    g_autoptr(Err) err = NULL;
    GPtrArray *variables = alarm_config_parse(xml, owner, SR, &err);
    g_assert_nonnull(variables);
    return variables;
}

static void test_defaults(void)
{
    g_autoptr(GPtrArray) variables =
        parse(VARIABLE("<name value=\"cpu_usage\"/>" LEVEL), ALARM_OF_VM);
    g_assert_cmpuint(variables->len, ==, 1);
    const AlarmVariable *cpu = g_ptr_array_index(variables, 0);
    g_assert_cmpstr(cpu->name, ==, "cpu_usage");
    g_assert_cmpint(cpu->function, ==, ALARM_AVERAGE);
    g_assert_cmpfloat(cpu->level, ==, 0.5);
    g_assert_false(cpu->is_low);
    g_assert_cmpfloat(cpu->period, ==, 60);
    g_assert_cmpfloat(cpu->inhibit, ==, 3600);
    g_assert_cmpint(cpu->priority, ==, 5);
    g_assert_true(g_regex_match(cpu->pattern, "cpu12", 0, NULL));
    g_assert_false(g_regex_match(cpu->pattern, "cpu_usage", 0, NULL));
    g_assert_false(g_regex_match(cpu->pattern, "xcpu0", 0, NULL));
    g_autoptr(GPtrArray) fs = parse(VARIABLE("<name value=\"fs_usage\"/>"), ALARM_OF_VM);
    const AlarmVariable *usage = g_ptr_array_index(fs, 0);
    g_assert_cmpint(usage->function, ==, ALARM_FS_USAGE);
    g_assert_cmpfloat(usage->level, ==, 0.9);
    g_assert_cmpfloat(usage->inhibit, ==, 604800);
    g_autoptr(GPtrArray) memory =
        parse(VARIABLE("<name value=\"memory_free_kib\"/>" LEVEL), ALARM_OF_HOST);
    g_assert_true(((const AlarmVariable *)g_ptr_array_index(memory, 0))->is_low);
}

static void test_everything(void)
{
    g_autoptr(GPtrArray) variables =
        parse(VARIABLE("<name value=\"mine\"/><alarm_trigger_level value=\"-3\"/>"
                       "<alarm_trigger_sense value=\"low\"/><alarm_trigger_period value=\"5\"/>"
                       "<alarm_auto_inhibit_period value=\"7\"/><alarm_priority value=\"1\"/>"
                       "<consolidation_fn value=\"max\"/><rrd_regex value=\"vif_.*&lt;\"/>"),
              ALARM_OF_VM);
    const AlarmVariable *mine = g_ptr_array_index(variables, 0);
    g_assert_cmpint(mine->function, ==, ALARM_MAX);
    g_assert_cmpfloat(mine->level, ==, -3);
    g_assert_true(mine->is_low);
    g_assert_cmpfloat(mine->period, ==, 5);
    g_assert_cmpfloat(mine->inhibit, ==, 7);
    g_assert_cmpint(mine->priority, ==, 1);
    g_assert_nonnull(strstr(mine->xml, "\t<rrd_regex value=\"vif_.*&lt;\"/>\n"));
}

/* Hosts watch a repository under a name of its own; what else it says is not for them. */
static void test_repository(void)
{
    g_autoptr(GPtrArray) variables =
        parse("<config><variable><name value=\"sr_io_throughput_total_per_host\"/>" LEVEL
              "</variable><variable><name value=\"physical_utilisation\"/></variable></config>",
              ALARM_OF_SR);
    g_assert_cmpuint(variables->len, ==, 1);
    const AlarmVariable *variable = g_ptr_array_index(variables, 0);
    g_assert_cmpstr(variable->name, ==, "sr_io_throughput_total_0123abcd");
    g_assert_true(g_regex_match(variable->pattern, "io_throughput_total_0123abcd", 0, NULL));
    g_assert_cmpstr(
        variable->xml, ==,
        "<variable>\n\t<name value=\"sr_io_throughput_total_0123abcd\"/>\n"
        "\t<alarm_trigger_level value=\"0.5\"/>\n"
        "\t<configured_on class=\"SR\" uuid=\"0123abcd-1111-2222-3333-444455556666\"/>\n"
        "</variable>\n");
}

static void test_refused(void)
{
    static const char *const bad[] = {
        "",
        "<config>",
        "nonsense",
        VARIABLE(""),
        VARIABLE("<name value=\"cpu_usage\"/>"),
        VARIABLE("<name value=\"own\"/>" LEVEL),
        VARIABLE("<name value=\"cpu_usage\"/><alarm_trigger_level value=\"much\"/>"),
        VARIABLE("<name value=\"cpu_usage\"/><alarm_priority value=\"x\"/>" LEVEL),
        VARIABLE("<name value=\"cpu_usage\"/><consolidation_fn value=\"eval\"/>" LEVEL),
        VARIABLE("<name value=\"cpu_usage\"/><rrd_regex value=\"(\"/>" LEVEL),
        VARIABLE("<name value=\"cpu_usage\"><deep/></name>" LEVEL),
        "<!DOCTYPE a [<!ENTITY b \"c\">]><config>&b;</config",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(Err) err = NULL;
        g_test_message("%s", bad[i]);
        g_assert_null(alarm_config_parse(bad[i], ALARM_OF_VM, NULL, &err));
        g_assert_cmpstr(err->code, ==, "INTERNAL_ERROR");
    }
    g_autoptr(GString) many = g_string_new("<config>");
    for (unsigned i = 0; i <= ALARM_MAX_VARIABLES; i++) {
        g_string_append(many, "<variable><name value=\"cpu_usage\"/>" LEVEL "</variable>");
    }
    g_string_append(many, "</config>");
    g_assert_null(alarm_config_parse(many->str, ALARM_OF_VM, NULL, NULL));
    g_autofree char *space = g_strnfill(ALARM_MAX_XML, ' ');
    g_autofree char *huge = g_strconcat("<config/>", space, NULL);
    g_assert_null(alarm_config_parse(huge, ALARM_OF_VM, NULL, NULL));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/alarm-config/defaults", test_defaults);
    g_test_add_func("/alarm-config/everything", test_everything);
    g_test_add_func("/alarm-config/repository", test_repository);
    g_test_add_func("/alarm-config/refused", test_refused);
    return g_test_run();
}
