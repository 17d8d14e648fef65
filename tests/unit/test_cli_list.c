/* The generated commands, byte for byte: lists, filters, param-list, -get, -set, -add, -remove and
 * -clear, with and without --minimal. */
#include "cli_fixture.h"

/* Two machines, one template, one host; web1 runs and has guest metrics. */
static void make_pool(CliFixture *fixture)
{
    cli_fixture_init(fixture);
    cli_fixture_add(fixture, "VM", 'a',
                    "{\"name_label\":\"web1\",\"power_state\":\"Running\",\"resident_on\":\"@h\","
                    "\"guest_metrics\":\"@g\",\"affinity\":\"@x\",\"tags\":[\"red\",\"blue\"],"
                    "\"other_config\":{\"folder\":\"/a,b\",\"mac_seed\":\"1\"},\"VBDs\":[\"@v\"],"
                    "\"HVM_shadow_multiplier\":1.5,\"allowed_operations\":[\"pause\",\"suspend\"],"
                    "\"current_operations\":{\"@t\":\"pause\"}}");
    cli_fixture_add(fixture, "VM", 'b', "{\"name_label\":\"db\\\\2\",\"power_state\":\"Halted\"}");
    cli_fixture_add(fixture, "VM", 'c', "{\"name_label\":\"Debian\",\"is_a_template\":true}");
    cli_fixture_add(fixture, "host", 'h', "{\"name_label\":\"host1\",\"hostname\":\"h1\"}");
    cli_fixture_add(fixture, "VM_guest_metrics", 'g',
                    "{\"networks\":{\"0/ip\":\"10.0.0.5\",\"1/ip\":\"10.0.1.5\"}}");
    cli_fixture_add(fixture, "SR", 's',
                    "{\"name_label\":\"local\",\"type\":\"ext\",\"PBDs\":[\"@p\"]}");
    cli_fixture_add(fixture, "SR", 'r',
                    "{\"name_label\":\"nfs\",\"type\":\"nfs\",\"PBDs\":[\"@p\",\"@q\"]}");
    cli_fixture_add(fixture, "PBD", 'p', "{\"host\":\"@h\",\"SR\":\"@s\"}");
    cli_fixture_add(fixture, "VIF", 'i', "{\"VM\":\"@a\",\"MAC\":\"aa:BB:cc:00:00:01\"}");
}

static void test_list_columns(void)
{
    g_auto(CliFixture) fixture;
    make_pool(&fixture);
    cli_fixture_assert(&fixture, "vm-list", 0,
                       "uuid ( RO)           : 00000000-0000-0000-0000-000000000061\n"
                       "     name-label ( RW): web1\n"
                       "    power-state ( RO): running\n"
                       "\n\n"
                       "uuid ( RO)           : 00000000-0000-0000-0000-000000000062\n"
                       "     name-label ( RW): db\\2\n"
                       "    power-state ( RO): halted\n"
                       "\n\n",
                       "");
    cli_fixture_assert(&fixture, "template-list params=name-label,nonsense", 0,
                       "name-label ( RW)    : Debian\n\n\n", "");
    cli_fixture_assert(&fixture, "sr-list params=host,name-label", 0,
                       "name-label ( RW)    : local\n          host ( RO): host1\n\n\n"
                       "name-label ( RW)    : nfs\n          host ( RO): <shared>\n\n\n",
                       "");
    cli_fixture_assert(&fixture, "snapshot-list", 0, "", "");
}

static void test_values(void)
{
    g_auto(CliFixture) fixture;
    make_pool(&fixture);
    cli_fixture_assert(&fixture,
                       "vm-list uuid=00000000-0000-0000-0000-000000000061 "
                       "params=resident-on,affinity,networks,os-version,tags,other-config,"
                       "possible-hosts,HVM-shadow-multiplier,allowed-operations,"
                       "current-operations,memory-actual,hvm,start-time,last-boot-record",
                       0,
                       "memory-actual ( RO)            : <not in database>\n"
                       "                      hvm ( RO): false\n"
                       "       allowed-operations (SRO): pause; suspend\n"
                       "       current-operations (SRO): pause\n"
                       "           possible-hosts ( RO): <expensive field>\n"
                       "    HVM-shadow-multiplier ( RW): 1.500\n"
                       "         last-boot-record ( RO): <expensive field>\n"
                       "              resident-on ( RO): 00000000-0000-0000-0000-000000000068\n"
                       "                 affinity ( RW): <not in database>\n"
                       "             other-config (MRW): folder: /a,b; mac_seed: 1\n"
                       "               start-time ( RO): <unknown time>\n"
                       "               os-version (MRO): \n"
                       "                 networks (MRO): 0/ip: 10.0.0.5; 1/ip: 10.0.1.5\n"
                       "                     tags (SRW): red, blue\n"
                       "\n\n",
                       "");
}

static void test_minimal(void)
{
    g_auto(CliFixture) fixture;
    make_pool(&fixture);
    cli_fixture_assert(&fixture, "vm-list --minimal", 0,
                       "00000000-0000-0000-0000-000000000061,"
                       "00000000-0000-0000-0000-000000000062\n",
                       "");
    cli_fixture_assert(&fixture, "vm-list minimal=true params=name-label", 0, "web1,db\\\\2\n", "");
    cli_fixture_assert(&fixture, "snapshot-list --minimal", 0, "\n", "");
    cli_fixture_assert(&fixture,
                       "vm-param-get uuid=00000000-0000-0000-0000-000000000061 "
                       "param-name=other-config param-key=folder --minimal",
                       0, "/a\\,b\n", "");
}

static void test_filters(void)
{
    g_auto(CliFixture) fixture;
    make_pool(&fixture);
    cli_fixture_assert(&fixture, "vm-list power-state=halted params=name-label --minimal", 0,
                       "db\\\\2\n", "");
    cli_fixture_assert(&fixture, "vm-list tags:contains=blue params=name-label --minimal", 0,
                       "web1\n", "");
    cli_fixture_assert(&fixture, "vm-list other-config:mac_seed=1 params=name-label --minimal", 0,
                       "web1\n", "");
    cli_fixture_assert(&fixture, "vm-list other-config-mac_seed=2 params=name-label --minimal", 0,
                       "\n", "");
    cli_fixture_assert(&fixture, "vif-list MAC=AA:bb:CC:00:00:01 params=device --minimal", 0, "\n",
                       "");
    cli_fixture_assert(&fixture, "vif-list MAC=AA:bb:CC:00:00:01 --minimal", 0,
                       "00000000-0000-0000-0000-000000000069\n", "");
    cli_fixture_assert(&fixture, "vm-list nonsense=1", 1, "", "Error: Unknown field 'nonsense'\n");
    cli_fixture_assert(&fixture, "vm-list uuid:x=1", 1, "",
                       "Error: Field 'uuid' has no members to look for.\n");
    cli_fixture_assert(&fixture, "vm-list tags:has=blue", 1, "",
                       "Error: A set is filtered by '<field>:contains=<value>'.\n");
    cli_fixture_assert(&fixture, "vm-list uuid=nowhere", 0, "", "");
}

static void test_param_get(void)
{
    g_auto(CliFixture) fixture;
    make_pool(&fixture);
    cli_fixture_assert(&fixture,
                       "vm-param-get uuid=00000000-0000-0000-0000-000000000061 "
                       "param-name=networks param-key=0/ip",
                       0, "10.0.0.5\n", "");
    cli_fixture_assert(&fixture,
                       "vm-param-get uuid=00000000-0000-0000-0000-000000000061 "
                       "param-name=networks param-key=9/ip",
                       1, "", "Error: Key 9/ip not found in map\n");
    cli_fixture_assert(&fixture,
                       "vm-param-get uuid=00000000-0000-0000-0000-000000000061 param-name=bogus", 1,
                       "", "Error code: Missing parameter\nError parameters: bogus\n");
    cli_fixture_assert(&fixture, "vm-param-get uuid=x", 1, "",
                       "Required parameter not found: param-name\nFor usage run: 'xe help'\n");
    cli_fixture_assert(&fixture, "pbd-param-list uuid=00000000-0000-0000-0000-000000000070", 0,
                       "uuid ( RO)                  : 00000000-0000-0000-0000-000000000070\n"
                       "     host ( RO) [DEPRECATED]: 00000000-0000-0000-0000-000000000068\n"
                       "             host-uuid ( RO): 00000000-0000-0000-0000-000000000068\n"
                       "       host-name-label ( RO): host1\n"
                       "               sr-uuid ( RO): 00000000-0000-0000-0000-000000000073\n"
                       "         sr-name-label ( RO): local\n"
                       "         device-config (MRO): \n"
                       "    currently-attached ( RO): false\n"
                       "          other-config (MRW): \n"
                       "\n\n",
                       "");
}

/* Runs a write and checks the calls it made. */
static void assert_writes(CliFixture *fixture, const char *line, const char *calls)
{
    g_autofree char *whole = g_strdup_printf("%s uuid=00000000-0000-0000-0000-000000000061", line);
    g_autofree char *expected = cli_fixture_expand(calls);
    g_string_truncate(fixture->calls, 0);
    cli_fixture_assert(fixture, whole, 0, "", "");
    g_assert_cmpstr(fixture->calls->str, ==, expected);
}

static void test_param_writes(void)
{
    g_auto(CliFixture) fixture;
    make_pool(&fixture);
    assert_writes(&fixture, "vm-param-set name-label=x memory-static-max=1GiB is-a-template=true",
                  "VM.set_name_label [\"@a\",\"x\"]\n"
                  "VM.set_memory_static_max [\"@a\",1073741824]\n"
                  "VM.set_is_a_template [\"@a\",true]\n");
    assert_writes(&fixture, "vm-param-set affinity=00000000-0000-0000-0000-000000000068",
                  "VM.set_affinity [\"@a\",\"@h\"]\n");
    assert_writes(&fixture,
                  "vm-param-set affinity=", "VM.set_affinity [\"@a\",\"OpaqueRef:NULL\"]\n");
    assert_writes(&fixture, "vm-param-set actions-after-reboot=destroy domain-type=PV",
                  "VM.set_actions_after_reboot [\"@a\",\"destroy\"]\n"
                  "VM.set_domain_type [\"@a\",\"pv\"]\n");
}

static void test_param_maps(void)
{
    g_auto(CliFixture) fixture;
    make_pool(&fixture);
    assert_writes(&fixture, "vm-param-set other-config:mac_seed=2 other-config:new=3",
                  "VM.remove_from_other_config [\"@a\",\"mac_seed\"]\n"
                  "VM.add_to_other_config [\"@a\",\"mac_seed\",\"2\"]\n"
                  "VM.add_to_other_config [\"@a\",\"new\",\"3\"]\n");
    assert_writes(&fixture, "vm-param-add param-name=other-config a=1 b=2",
                  "VM.add_to_other_config [\"@a\",\"a\",\"1\"]\n"
                  "VM.add_to_other_config [\"@a\",\"b\",\"2\"]\n");
    assert_writes(&fixture, "vm-param-add param-name=tags param-key=green",
                  "VM.add_tags [\"@a\",\"green\"]\n");
    assert_writes(&fixture, "vm-param-remove param-name=tags param-key=red",
                  "VM.remove_tags [\"@a\",\"red\"]\n");
    assert_writes(&fixture, "vm-param-clear param-name=other-config",
                  "VM.remove_from_other_config [\"@a\",\"folder\"]\n"
                  "VM.remove_from_other_config [\"@a\",\"mac_seed\"]\n");
    assert_writes(&fixture, "vm-param-clear param-name=name-description",
                  "VM.set_name_description [\"@a\",\"\"]\n");
}

static void test_param_refusals(void)
{
    static const char *const cases[][2] = {
        {"vm-param-set power-state=x", "Field 'power-state' is read-only."},
        {"vm-param-set other-config=x",
         "Field 'other-config' is a map or set. use the 'name:key=value' syntax."},
        {"vm-param-set tags:x=y", "Cannot param-set on set fields"},
        {"vm-param-set networks:x=y", "Field 'networks' is read-only."},
        {"vm-param-set nonsense=y", "Unknown field 'nonsense'"},
        {"vm-param-set is-a-template=perhaps",
         "The value of 'is-a-template' must be true or false."},
        {"vm-param-set VCPUs-max=many", "The value of 'VCPUs-max' must be a whole number."},
        {"vm-param-add param-name=networks x=y", "Parameter is read-only"},
        {"vm-param-add param-name=name-label x=y", "Can only add to parameters of type Set or Map"},
        {"vm-param-remove param-name=tags param-key=x", "Key x is not in the set"},
        {"vm-param-remove param-name=other-config param-key=x", "Key x is not in map"},
        {"vm-param-clear param-name=power-state", "This field cannot be changed."},
        {"vm-param-clear param-name=memory-static-max", "This field cannot be empty."},
    };
    g_auto(CliFixture) fixture;
    make_pool(&fixture);
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *line =
            g_strdup_printf("%s uuid=00000000-0000-0000-0000-000000000061", cases[i][0]);
        g_autofree char *complaint = g_strdup_printf("Error: %s\n", cases[i][1]);
        cli_fixture_assert(&fixture, line, 1, "", complaint);
        g_assert_cmpstr(fixture.calls->str, ==, "");
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cli_list/columns", test_list_columns);
    g_test_add_func("/cli_list/values", test_values);
    g_test_add_func("/cli_list/minimal", test_minimal);
    g_test_add_func("/cli_list/filters", test_filters);
    g_test_add_func("/cli_list/param_get", test_param_get);
    g_test_add_func("/cli_list/param_writes", test_param_writes);
    g_test_add_func("/cli_list/param_maps", test_param_maps);
    g_test_add_func("/cli_list/param_refusals", test_param_refusals);
    return g_test_run();
}
