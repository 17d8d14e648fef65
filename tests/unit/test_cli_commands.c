/* Commands written by hand and commands of the tables: what they call and what they print. */
#include "cli_fixture.h"

static void make_pool(CliFixture *fixture)
{
    cli_fixture_init(fixture);
    cli_fixture_add(fixture, "pool", 'P', "{\"master\":\"@h\",\"default_SR\":\"@s\"}");
    cli_fixture_add(fixture, "host", 'h', "{\"name_label\":\"one\"}");
    cli_fixture_add(fixture, "session", 'S', "{\"this_host\":\"@h\"}");
    cli_fixture_add(fixture, "SR", 's',
                    "{\"name_label\":\"local\",\"content_type\":\"user\",\"VDIs\":[\"@d\"]}");
    cli_fixture_add(fixture, "SR", 'i',
                    "{\"name_label\":\"media\",\"content_type\":\"iso\",\"VDIs\":[\"@m\"]}");
    cli_fixture_add(fixture, "VDI", 'd',
                    "{\"name_label\":\"root\",\"SR\":\"@s\",\"virtual_size\":8589934592}");
    cli_fixture_add(fixture, "VDI", 'm', "{\"name_label\":\"cd.iso\",\"SR\":\"@i\"}");
    cli_fixture_add(fixture, "VM", 'a',
                    "{\"name_label\":\"web\",\"power_state\":\"Halted\",\"VBDs\":[\"@v\",\"@w\"]}");
    cli_fixture_add(fixture, "VM", 't',
                    "{\"name_label\":\"Debian\",\"is_a_template\":true,\"other_config\":"
                    "{\"disks\":\"<provision><disk size='1' sr=\\\"\\\"/></provision>\"}}");
    cli_fixture_add(fixture, "VBD", 'v',
                    "{\"VM\":\"@a\",\"VDI\":\"@d\",\"type\":\"Disk\",\"userdevice\":\"0\","
                    "\"other_config\":{\"owner\":\"\"}}");
    cli_fixture_add(fixture, "VBD", 'w',
                    "{\"VM\":\"@a\",\"type\":\"CD\",\"userdevice\":\"3\",\"empty\":true}");
    cli_fixture_add(fixture, "network", 'n', "{\"name_label\":\"lan\",\"MTU\":9000}");
    cli_fixture_add(fixture, "VIF", 'f', "{\"VM\":\"@a\",\"network\":\"@n\"}");
}

/* Messages that make something return what stands for it here. */
static Value *make_things(const char *method, const Value *params, Err **err)
{
    static const char *const things[][2] = {
        {"VBD.create", "v"},     {"VIF.create", "f"},  {"VDI.create", "d"},  {"VDI.snapshot", "d"},
        {"VM.clone", "a"},       {"VM.copy", "a"},     {"VM.snapshot", "a"}, {"SR.create", "s"},
        {"network.create", "n"}, {"task.create", "T"},
    };
    (void)params;
    (void)err;
    for (unsigned i = 0; i < G_N_ELEMENTS(things); i++) {
        if (g_str_equal(method, things[i][0])) {
            return value_new_ref(cli_fixture_id(things[i][1][0], true));
        }
    }
    return NULL;
}

static void assert_calls(CliFixture *fixture, const char *line, const char *out, const char *calls)
{
    g_autofree char *expected = cli_fixture_expand(calls);
    g_string_truncate(fixture->calls, 0);
    cli_fixture_assert(fixture, line, 0, out, "");
    g_assert_cmpstr(fixture->calls->str, ==, expected);
}

static void test_table_calls(void)
{
    g_auto(CliFixture) fixture;
    make_pool(&fixture);
    fixture.answer = make_things;
    assert_calls(&fixture, "vbd-plug uuid=00000000-0000-0000-0000-000000000076", "",
                 "VBD.plug [\"@v\"]\n");
    assert_calls(&fixture,
                 "vif-move uuid=00000000-0000-0000-0000-000000000066 "
                 "network-uuid=00000000-0000-0000-0000-00000000006e",
                 "", "VIF.move [\"@f\",\"@n\"]\n");
    assert_calls(&fixture,
                 "vm-memory-limits-set vm=web static-min=128MiB dynamic-min=256MiB "
                 "dynamic-max=1GiB static-max=1073741824",
                 "", "VM.set_memory_limits [\"@a\",134217728,1073741824,268435456,1073741824]\n");
    assert_calls(&fixture, "network-create name-label=new",
                 "00000000-0000-0000-0000-00000000006e\n",
                 "network.create [{\"name_label\":\"new\",\"name_description\":\"\",\"MTU\":1500,"
                 "\"bridge\":\"\",\"managed\":true,\"other_config\":{}}]\n");
    assert_calls(&fixture,
                 "vdi-create sr-uuid=00000000-0000-0000-0000-000000000073 "
                 "name-label=data virtual-size=8GiB sm-config:a=b tags:red=",
                 "00000000-0000-0000-0000-000000000064\n",
                 "VDI.create [{\"SR\":\"@s\",\"name_label\":\"data\",\"name_description\":\"\","
                 "\"virtual_size\":8589934592,\"type\":\"user\",\"sharable\":false,"
                 "\"read_only\":false,\"other_config\":{},\"xenstore_data\":{},"
                 "\"sm_config\":{\"a\":\"b\"},\"tags\":[\"red\"]}]\n");
    assert_calls(&fixture, "vdi-snapshot uuid=00000000-0000-0000-0000-000000000064 --minimal",
                 "00000000-0000-0000-0000-000000000064\n", "VDI.snapshot [\"@d\",{}]\n");
    assert_calls(&fixture, "pool-apply-edition edition=free", "",
                 "pool.apply_edition [\"@P\",\"free\"]\n");
    assert_calls(&fixture, "user-password-change new=x", "",
                 "session.change_password [\"\",\"x\"]\n");
}

static void test_devices(void)
{
    g_auto(CliFixture) fixture;
    make_pool(&fixture);
    fixture.answer = make_things;
    assert_calls(&fixture,
                 "vif-create vm-uuid=00000000-0000-0000-0000-000000000061 "
                 "network-uuid=00000000-0000-0000-0000-00000000006e device=1",
                 "00000000-0000-0000-0000-000000000066\n",
                 "VIF.create [{\"device\":\"1\",\"network\":\"@n\",\"VM\":\"@a\",\"MAC\":\"\","
                 "\"MTU\":9000,\"other_config\":{},\"qos_algorithm_type\":\"\","
                 "\"qos_algorithm_params\":{}}]\n");
    assert_calls(&fixture,
                 "vbd-create vm-uuid=00000000-0000-0000-0000-000000000061 device=4 "
                 "type=cd mode=ro bootable=true",
                 "00000000-0000-0000-0000-000000000076\n",
                 "VBD.create [{\"VM\":\"@a\",\"VDI\":\"OpaqueRef:NULL\",\"userdevice\":\"4\","
                 "\"bootable\":true,\"mode\":\"RO\",\"type\":\"CD\",\"unpluggable\":true,"
                 "\"empty\":true,\"other_config\":{},\"qos_algorithm_type\":\"\","
                 "\"qos_algorithm_params\":{}}]\n");
    cli_fixture_assert(&fixture, "vbd-create vm-uuid=00000000-0000-0000-0000-000000000061 device=4",
                       1, "", "Error: A disk needs vdi-uuid; only a drive can be empty.\n");
    assert_calls(&fixture, "vm-cd-insert vm=web cd-name=cd.iso", "",
                 "VBD.insert [\"@w\",\"@m\"]\n");
    cli_fixture_assert(&fixture, "vm-cd-insert vm=web cd-name=none.iso", 1, "",
                       "Error: No medium is called none.iso.\n");
    assert_calls(&fixture, "vm-disk-remove vm=web device=0", "",
                 "VBD.destroy [\"@v\"]\nVDI.destroy [\"@d\"]\n");
}

static void test_disk_list(void)
{
    static const char table[] = "Disk 0 VBD:\n"
                                "uuid ( RO)             : 00000000-0000-0000-0000-000000000076\n"
                                "    vm-name-label ( RO): web\n"
                                "       userdevice ( RW): 0\n"
                                "\n\n"
                                "Disk 0 VDI:\n"
                                "uuid ( RO)             : 00000000-0000-0000-0000-000000000064\n"
                                "       name-label ( RW): root\n"
                                "    sr-name-label ( RO): local\n"
                                "     virtual-size ( RO): 8589934592\n"
                                "\n\n";
    g_auto(CliFixture) fixture;
    make_pool(&fixture);
    cli_fixture_assert(&fixture, "vm-disk-list vm=web", 0, table, "");
    cli_fixture_assert(&fixture, "vm-disk-list vm=web --minimal", 0,
                       "00000000-0000-0000-0000-000000000064,"
                       "00000000-0000-0000-0000-000000000076\n",
                       "");
    cli_fixture_assert(&fixture, "vm-cd-list vm=web vbd-params=empty", 0,
                       "CD 0 VBD:\nempty ( RO)    : true\n\n\n", "");
    cli_fixture_assert(&fixture, "cd-list", 0,
                       "uuid ( RO)          : 00000000-0000-0000-0000-00000000006d\n"
                       "    name-label ( RW): cd.iso\n\n\n",
                       "");
}

static void test_copies(void)
{
    g_auto(CliFixture) fixture;
    make_pool(&fixture);
    fixture.answer = make_things;
    assert_calls(&fixture, "vm-clone vm=web new-name-label=copy new-name-description=d",
                 "00000000-0000-0000-0000-000000000061\n",
                 "VM.clone [\"@a\",\"copy\"]\nVM.set_name_description [\"@a\",\"d\"]\n");
    assert_calls(&fixture,
                 "vm-snapshot vm=web new-name-label=s "
                 "ignore-vdi-uuids=00000000-0000-0000-0000-000000000064",
                 "00000000-0000-0000-0000-000000000061\n", "VM.snapshot [\"@a\",\"s\",[\"@d\"]]\n");
    assert_calls(&fixture, "vm-copy vm=web new-name-label=c",
                 "00000000-0000-0000-0000-000000000061\n",
                 "VM.copy [\"@a\",\"c\",\"OpaqueRef:NULL\"]\n");
    cli_fixture_assert(&fixture, "snapshot-revert uuid=00000000-0000-0000-0000-000000000061", 1, "",
                       "Error: 00000000-0000-0000-0000-000000000061 is not a snapshot.\n");
}

static void test_install(void)
{
    g_auto(CliFixture) fixture;
    make_pool(&fixture);
    fixture.answer = make_things;
    CliFixtureObject *made = cli_fixture_find(&fixture, CLASS_VM, cli_fixture_id('a', true));
    CliFixtureObject *template = cli_fixture_find(&fixture, CLASS_VM, cli_fixture_id('t', true));
    Value *config = value_ref(value_get(template->record, "other_config"));
    Value *record = value_struct_with(made->record, "other_config", config);
    value_unref(made->record);
    made->record = record;
    assert_calls(&fixture, "vm-install template=Debian new-name-label=new",
                 "00000000-0000-0000-0000-000000000061\n",
                 "VM.clone [\"@t\",\"new\"]\n"
                 "VM.set_name_description [\"@a\",\"Made by xe vm-install\"]\n"
                 "VM.set_suspend_SR [\"@a\",\"OpaqueRef:NULL\"]\n"
                 "VM.remove_from_other_config [\"@a\",\"disks\"]\n"
                 "VM.add_to_other_config [\"@a\",\"disks\",\"<provision><disk size='1' "
                 "sr=\\\"00000000-0000-0000-0000-000000000073\\\"/></provision>\"]\n"
                 "VM.provision [\"@a\"]\n");
    cli_fixture_assert(&fixture, "vm-install template=Fedora new-name-label=new", 1, "",
                       "Error: No template has this name.\n");
    cli_fixture_assert(&fixture, "vm-install template=Debian new-name-label=new sr-name-label=no",
                       1, "", "Error: No SR has this name.\n");
}

static void test_uninstall(void)
{
    static const char items[] = "To be destroyed:\n"
                                "VM : 00000000-0000-0000-0000-000000000061 (web)\n"
                                "VDI: 00000000-0000-0000-0000-000000000064 (root) \n";
    g_auto(CliFixture) fixture;
    make_pool(&fixture);
    g_autofree char *done = g_strconcat(items, "Destroyed.\n", NULL);
    g_autofree char *aborted =
        g_strconcat(items, "Type 'yes' to continue\nAborted (you typed: 'n')\n", NULL);
    fixture.input = "n\n";
    assert_calls(&fixture, "vm-uninstall vm=web", aborted, "");
    assert_calls(&fixture, "vm-uninstall vm=web --force", done,
                 "VM.destroy [\"@a\"]\nVDI.destroy [\"@d\"]\n");
}

static void test_sr_create(void)
{
    g_auto(CliFixture) fixture;
    make_pool(&fixture);
    fixture.answer = make_things;
    assert_calls(&fixture,
                 "sr-create name-label=n type=nfs shared=true device-config:server=s "
                 "device-config-serverpath=/p content-type=user",
                 "00000000-0000-0000-0000-000000000073\n",
                 "SR.create [\"@h\",{\"server\":\"s\",\"serverpath\":\"/p\"},0,\"n\",\"\",\"nfs\","
                 "\"user\",true,{}]\n");
}

/* A task that the handler of the transfer has finished. */
static Value *finish_task(const char *method, const Value *params, Err **err)
{
    if (g_str_equal(method, "task.get_record")) {
        static const char json[] = "{\"status\":\"failure\",\"progress\":1.0,\"result\":\"\","
                                   "\"error_info\":[\"MADE_UP\",\"x\"]}";
        return json_parse(json, strlen(json), NULL);
    }
    return make_things(method, params, err);
}

static void test_transfer_failure(void)
{
    g_auto(CliFixture) fixture;
    make_pool(&fixture);
    fixture.answer = finish_task;
    g_auto(CliRunResult) result = cli_fixture_run(
        &fixture, "vdi-import uuid=00000000-0000-0000-0000-000000000064 filename=/nowhere/x");
    g_assert_cmpint(result.exit_status, ==, -1);
    g_assert_cmpstr(result.err, ==, "");
}

static void test_help(void)
{
    g_auto(CliFixture) fixture;
    make_pool(&fixture);
    cli_fixture_assert(&fixture, "help vbd-plug", 0,
                       "command name            : vbd-plug\n"
                       "        reqd params     : uuid\n"
                       "        optional params : \n"
                       "        description     : Connect a disk to a running virtual machine.\n"
                       "\n\n",
                       "");
    cli_fixture_assert(&fixture, "help nonsense", 0, "There is no command 'nonsense'.\n", "");
    g_auto(CliRunResult) all = cli_fixture_run(&fixture, "help --all --minimal");
    g_auto(GStrv) names = g_strsplit(all.out, ",", -1);
    g_assert_true(g_strv_contains((const char *const *)names, "vm-start"));
    g_assert_true(g_strv_contains((const char *const *)names, "host-param-clear"));
    g_assert_false(g_strv_contains((const char *const *)names, "vbd-pause"));
    g_auto(CliRunResult) common = cli_fixture_run(&fixture, "help");
    g_assert_nonnull(strstr(common.out, "Usage:\n  xe <command>\n"));
    g_assert_nonnull(strstr(common.out, "vm-install, "));
    g_assert_null(strstr(common.out, "vlan-create"));
    g_auto(GStrv) lines = g_strsplit(common.out, "\n", -1);
    for (unsigned i = 0; lines[i]; i++) {
        g_assert_cmpuint(strlen(lines[i]), <=, 80);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cli_commands/tables", test_table_calls);
    g_test_add_func("/cli_commands/devices", test_devices);
    g_test_add_func("/cli_commands/disk_list", test_disk_list);
    g_test_add_func("/cli_commands/copies", test_copies);
    g_test_add_func("/cli_commands/install", test_install);
    g_test_add_func("/cli_commands/uninstall", test_uninstall);
    g_test_add_func("/cli_commands/sr_create", test_sr_create);
    g_test_add_func("/cli_commands/transfer_failure", test_transfer_failure);
    g_test_add_func("/cli_commands/help", test_help);
    return g_test_run();
}
