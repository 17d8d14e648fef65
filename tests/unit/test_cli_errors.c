/* Errors, selectors and prompts as the user sees them, byte for byte. */
#include "cli_fixture.h"
#include "gen/errors.h"

static void make_pool(CliFixture *fixture)
{
    cli_fixture_init(fixture);
    cli_fixture_add(fixture, "pool", 'P', "{\"master\":\"@h\",\"default_SR\":\"@s\"}");
    cli_fixture_add(fixture, "VM", 'a', "{\"name_label\":\"web\",\"power_state\":\"Running\"}");
    cli_fixture_add(fixture, "VM", 'b', "{\"name_label\":\"web\",\"power_state\":\"Halted\"}");
    cli_fixture_add(fixture, "VM", 'c', "{\"name_label\":\"web\",\"is_a_template\":true}");
    cli_fixture_add(fixture, "VM", 'd', "{\"name_label\":\"dom0\",\"is_control_domain\":true}");
    cli_fixture_add(fixture, "host", 'h', "{\"name_label\":\"one\",\"hostname\":\"h1\"}");
    cli_fixture_add(fixture, "host", 'k', "{\"name_label\":\"two\",\"hostname\":\"h2\"}");
    cli_fixture_add(fixture, "SR", 's', "{\"name_label\":\"local\",\"type\":\"ext\"}");
    cli_fixture_add(fixture, "SR", 'r', "{\"name_label\":\"nfs\",\"type\":\"nfs\"}");
}

static void test_usage_errors(void)
{
    g_auto(CliFixture) fixture;
    make_pool(&fixture);
    cli_fixture_assert(&fixture, "vm-frobnicate", 1, "",
                       "Unknown command: vm-frobnicate\nFor usage run: 'xe help'\n");
    cli_fixture_assert(&fixture, "host-param-add", 1, "",
                       "Required parameter not found: uuid\nFor usage run: 'xe help'\n");
    cli_fixture_assert(&fixture, "role-param-set", 1, "",
                       "Unknown command: role-param-set\nFor usage run: 'xe help'\n");
    cli_fixture_assert(&fixture, "uuid=1 vm-list", 1, "",
                       "Syntax error: command name is missing\nFor usage run: 'xe help'\n");
    cli_fixture_assert(&fixture, "vm-list -z 1", 1, "",
                       "Syntax error: there is no option -z\nFor usage run: 'xe help'\n");
    cli_fixture_assert(&fixture, "vm-destroy", 1, "",
                       "Required parameter not found: uuid\nFor usage run: 'xe help'\n");
    cli_fixture_assert(&fixture, "vm-list minimal=perhaps", 1, "",
                       "Error: The value of 'minimal' must be true or false.\n");
    cli_fixture_assert(&fixture, "pool-deconfigure-wlb", 1, "",
                       "Error: pool-deconfigure-wlb needs workload balancing, which is not "
                       "available yet.\n");
}

static void test_login(void)
{
    g_auto(CliFixture) fixture;
    make_pool(&fixture);
    g_auto(CliRunResult) bad =
        cli_fixture_run_body(&fixture, "vm-list\nusername=root\npassword=bad", NULL);
    g_assert_cmpstr(bad.err, ==, "Authentication failed\nFor usage run: 'xe help'\n");
    g_assert_cmpint(bad.exit_status, ==, 1);
    g_auto(CliRunResult) nobody = cli_fixture_run_body(&fixture, "vm-list\npassword=bad", NULL);
    g_assert_cmpstr(nobody.err, ==,
                    "Username/password must be specified\nFor usage run: 'xe help'\n");
    g_auto(CliRunResult) session = cli_fixture_run_body(
        &fixture,
        "session_id=OpaqueRef:ff000000-0000-0000-0000-000000000053\r\nhost-list\r\n"
        "minimal=true\r\nparams=name-label",
        NULL);
    g_assert_cmpstr(session.out, ==, "one,two\n");
}

/* Refuses as the API would; the codes have two parameters, one of them a reference. */
static Value *refuse(const char *method, const Value *params, Err **err)
{
    (void)params;
    if (g_str_has_prefix(method, "VM.hard_")) {
        err_set(err, "OPERATION_BLOCKED", REF_TEXT(cli_fixture_id('a', true)), "because");
    } else if (g_str_has_prefix(method, "VM.clean_")) {
        err_set(err, "OPERATION_BLOCKED", REF_TEXT(cli_fixture_id('a', true)), "because", "extra");
    } else if (g_str_has_prefix(method, "VM.pause")) {
        err_set(err, "OPERATION_BLOCKED", REF_TEXT(cli_fixture_id('z', true)));
    } else if (g_str_has_prefix(method, "VM.unpause")) {
        err_set(err, "MADE_UP", "1", REF_TEXT(cli_fixture_id('h', true)));
    }
    return NULL;
}

static void test_api_errors(void)
{
    g_auto(CliFixture) fixture;
    make_pool(&fixture);
    fixture.answer = refuse;
    const char *const *names = err_param_names("OPERATION_BLOCKED");
    g_autofree char *known =
        g_strdup_printf("%s\n%s: 00000000-0000-0000-0000-000000000061 (web)\n%s: because\n",
                        err_description("OPERATION_BLOCKED"), names[0], names[1]);
    g_autofree char *more = g_strconcat(known, "<extra>: extra\n", NULL);
    g_autofree char *less =
        g_strdup_printf("%s\n%s: OpaqueRef:ff000000-0000-0000-0000-00000000007a\n%s: <unknown>\n",
                        err_description("OPERATION_BLOCKED"), names[0], names[1]);
    cli_fixture_assert(&fixture, "vm-shutdown --force vm=web power-state=running", 1, "", known);
    cli_fixture_assert(&fixture, "vm-shutdown vm=web power-state=running", 1, "", more);
    cli_fixture_assert(&fixture, "vm-pause vm=web power-state=running", 1, "", less);
    cli_fixture_assert(&fixture, "vm-unpause vm=web power-state=running", 1, "",
                       "Error code: MADE_UP\nError parameters: 1, "
                       "00000000-0000-0000-0000-000000000068 (one)\n");
    g_auto(CliRunResult) traced =
        cli_fixture_run(&fixture, "vm-unpause vm=web power-state=running --trace");
    g_assert_nonnull(strstr(traced.err, "\nRaised MADE_UP: [ 1; OpaqueRef:"));
    g_assert_nonnull(strstr(traced.err, "\nBacktrace:\n"));
}

/* Refuses as the API would, with references of several kinds. */
static Value *refuse_with_references(const char *method, const Value *params, Err **err)
{
    (void)params;
    if (g_str_has_prefix(method, "VM.hard_")) {
        err_set(err, "HOST_IN_USE", REF_TEXT(cli_fixture_id('h', true)), "SR",
                REF_TEXT(cli_fixture_id('s', true)));
    } else if (g_str_has_prefix(method, "VM.clean_")) {
        err_set(err, "SR_MADE_UP", REF_TEXT(cli_fixture_id('s', true)),
                REF_TEXT(cli_fixture_id('s', true)));
    } else if (g_str_has_prefix(method, "VM.pause")) {
        err_set(err, "HANDLE_INVALID", "VM", REF_TEXT(cli_fixture_id('z', true)));
    }
    return NULL;
}

/* The class of a reference follows from the error, so that no other is asked. */
static void test_references(void)
{
    static const struct {
        const char *line, *shown;
        unsigned records_read;
    } cases[] = {
        {"vm-shutdown --force vm=web power-state=running",
         "host: 00000000-0000-0000-0000-000000000068 (one)\n"
         "type: SR\n"
         "ref: 00000000-0000-0000-0000-000000000073 (local)\n",
         2},
        {"vm-shutdown vm=web power-state=running",
         "Error parameters: 00000000-0000-0000-0000-000000000073 (local), "
         "00000000-0000-0000-0000-000000000073 (local)\n",
         1},
        {"vm-pause vm=web power-state=running",
         "handle: OpaqueRef:ff000000-0000-0000-0000-00000000007a\n", 1},
    };
    g_auto(CliFixture) fixture;
    make_pool(&fixture);
    fixture.answer = refuse_with_references;
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        fixture.records_read = 0;
        g_auto(CliRunResult) result = cli_fixture_run(&fixture, cases[i].line);
        g_assert_nonnull(strstr(result.err, cases[i].shown));
        g_assert_cmpuint(fixture.records_read, ==, cases[i].records_read);
    }
}

/* An empty uuid is one that nothing has, not the absence of an object. */
static void test_empty_uuid(void)
{
    g_auto(CliFixture) fixture;
    make_pool(&fixture);
    g_autofree char *vbd =
        g_strdup_printf("%s\ntype: VBD\nuuid: \n", err_description("UUID_INVALID"));
    g_autofree char *sr =
        g_strdup_printf("%s\ntype: SR\nuuid: \n", err_description("UUID_INVALID"));
    g_autofree char *message =
        g_strdup_printf("%s\ntype: message\nuuid: \n", err_description("UUID_INVALID"));
    cli_fixture_assert(&fixture, "message-destroy uuid=", 1, "", message);
    cli_fixture_assert(&fixture, "vbd-plug uuid=", 1, "", vbd);
    cli_fixture_assert(&fixture, "vdi-create sr-uuid= name-label=n virtual-size=1", 1, "", sr);
    g_assert_cmpstr(fixture.calls->str, ==, "");
    g_autofree char *emptied =
        cli_fixture_expand("pool.set_default_SR [\"@P\",\"OpaqueRef:NULL\"]\n");
    cli_fixture_assert(&fixture,
                       "pool-param-set uuid=00000000-0000-0000-0000-000000000050 default-SR=", 0,
                       "", "");
    g_assert_cmpstr(fixture.calls->str, ==, emptied);
}

static void test_selectors(void)
{
    g_auto(CliFixture) fixture;
    make_pool(&fixture);
    cli_fixture_assert(&fixture, "vm-pause vm=nobody", 1, "", "Error: No matching VMs found\n");
    cli_fixture_assert(&fixture, "vm-pause vm=dom0", 1, "", "Error: No matching VMs found\n");
    cli_fixture_assert(&fixture, "vm-pause uuid=x", 1, "", "Error: No matching VMs found\n");
    cli_fixture_assert(&fixture, "vm-pause vm=web", 1, "",
                       "Error: Multiple matches VMs found. --multiple required to complete the "
                       "operation\n");
    cli_fixture_assert(&fixture, "vm-copy vm=web new-name-label=x --multiple", 1, "",
                       "Error: Multiple matches VMs found. Operation can only be performed on one "
                       "VM at a time\n");
    cli_fixture_assert(&fixture, "host-disable host=three", 1, "",
                       "Error: No matching hosts found\n");
    cli_fixture_assert(&fixture, "host-disable", 1, "",
                       "Error: Multiple matching hosts found. --multiple required to complete the "
                       "operation\n");
    cli_fixture_assert(&fixture, "sr-data-source-list sr=none", 1, "",
                       "Error: No matching hosts found\n");
    cli_fixture_assert(&fixture, "sr-data-source-list", 1, "",
                       "Error: Multiple matching SRs found. --multiple required to complete the "
                       "operation\n");
    cli_fixture_assert(&fixture, "vm-pause nonsense=1", 1, "", "Error: Unknown field 'nonsense'\n");
    g_assert_cmpstr(fixture.calls->str, ==, "");
}

static void test_selected_calls(void)
{
    g_auto(CliFixture) fixture;
    make_pool(&fixture);
    g_autofree char *expected =
        cli_fixture_expand("VM.pause [\"@a\"]\nVM.pause [\"@b\"]\n"
                           "host.disable [\"@k\",true]\nhost.disable [\"@h\",false]\n"
                           "VM.start [\"@b\",true,false]\n"
                           "VM.start_on [\"@b\",\"@k\",false,true]\n"
                           "VM.start [\"@d\",false,false]\n");
    cli_fixture_assert(&fixture, "vm-pause vm=web --multiple", 0, "", "");
    cli_fixture_assert(&fixture, "host-disable host=h2", 0, "", "");
    cli_fixture_assert(&fixture, "host-disable host=one auto-enable=false", 0, "", "");
    cli_fixture_assert(&fixture, "vm-start vm=00000000-0000-0000-0000-000000000062 paused=true", 0,
                       "", "");
    cli_fixture_assert(&fixture, "vm-start name-label=web power-state=halted on=two --force", 0, "",
                       "");
    cli_fixture_assert(&fixture, "vm-start vm=dom0", 0, "", "");
    g_assert_cmpstr(fixture.calls->str, ==, expected);
}

/* With --multiple one failure does not keep the others from being tried. */
static Value *refuse_second(const char *method, const Value *params, Err **err)
{
    if (g_str_equal(method, "VM.pause") &&
        uuid_equal(value_uuid(value_at(params, 0)), cli_fixture_id('a', true))) {
        err_set(err, "MADE_UP", "1");
    }
    return NULL;
}

static void test_multiple_failures(void)
{
    g_auto(CliFixture) fixture;
    make_pool(&fixture);
    fixture.answer = refuse_second;
    cli_fixture_assert(&fixture, "vm-pause vm=web --multiple", 1,
                       "operation failed on 00000000-0000-0000-0000-000000000061: "
                       "MADE_UP: [ 1 ]\n",
                       "");
    g_assert_nonnull(strstr(fixture.calls->str, "000000000062\"]"));
}

static void test_prompt(void)
{
    static const char warnings[] =
        "WARNING: Make sure that the host is off.\n"
        "WARNING: If it still runs virtual machines, they will run twice\n"
        "WARNING: and destroy the data on their disks.\n"
        "Type 'yes' to continue\n";
    g_auto(CliFixture) fixture;
    make_pool(&fixture);
    g_autofree char *refused = g_strconcat(warnings, "Aborted (you typed: 'no way')\n", NULL);
    g_autofree char *call = cli_fixture_expand("host.declare_dead [\"@k\"]\n");
    static const char line[] = "host-declare-dead uuid=00000000-0000-0000-0000-00000000006b";
    fixture.input = "no way\n";
    cli_fixture_assert(&fixture, line, 0, refused, "");
    g_assert_cmpstr(fixture.calls->str, ==, "");
    fixture.input = NULL;
    g_autofree char *silent = g_strconcat(warnings, "Aborted (you typed: '')\n", NULL);
    cli_fixture_assert(&fixture, line, 0, silent, "");
    g_assert_cmpstr(fixture.calls->str, ==, "");
    fixture.input = " YES \n";
    cli_fixture_assert(&fixture, line, 0, warnings, "");
    g_assert_cmpstr(fixture.calls->str, ==, call);
    cli_fixture_assert(&fixture, "vm-reset-powerstate vm=web power-state=halted", 1, "",
                       "Error: This operation is dangerous and may cause data loss. This operation "
                       "must be forced (use --force).\n");
}

/* Says on which host the machine cannot start, and why. */
static Value *refuse_to_start(const char *method, const Value *params, Err **err)
{
    if (g_str_equal(method, "VM.start")) {
        err_set(err, "NO_HOSTS_AVAILABLE");
    } else if (g_str_equal(method, "VM.assert_can_boot_here") &&
               uuid_equal(value_uuid(value_at(params, 1)), cli_fixture_id('h', true))) {
        err_set(err, "VM_REQUIRES_SR", REF_TEXT(cli_fixture_id('b', true)),
                REF_TEXT(cli_fixture_id('s', true)));
    }
    return NULL;
}

static void test_host_report(void)
{
    g_auto(CliFixture) fixture;
    make_pool(&fixture);
    fixture.answer = refuse_to_start;
    g_autofree char *complaint = g_strdup_printf("%s\n", err_description("NO_HOSTS_AVAILABLE"));
    cli_fixture_assert(
        &fixture, "vm-start uuid=00000000-0000-0000-0000-000000000062", 1,
        "There are no suitable hosts to start this VM on.\n"
        "The following table provides per-host reasons for why the VM could not be started:\n"
        "\n"
        "one    : No: no way to the SR 00000000-0000-0000-0000-000000000073 (local)\n"
        "    two: OK\n"
        "\n\n",
        complaint);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cli_errors/usage", test_usage_errors);
    g_test_add_func("/cli_errors/login", test_login);
    g_test_add_func("/cli_errors/api", test_api_errors);
    g_test_add_func("/cli_errors/references", test_references);
    g_test_add_func("/cli_errors/empty_uuid", test_empty_uuid);
    g_test_add_func("/cli_errors/selectors", test_selectors);
    g_test_add_func("/cli_errors/selected_calls", test_selected_calls);
    g_test_add_func("/cli_errors/multiple", test_multiple_failures);
    g_test_add_func("/cli_errors/prompt", test_prompt);
    g_test_add_func("/cli_errors/host_report", test_host_report);
    return g_test_run();
}
