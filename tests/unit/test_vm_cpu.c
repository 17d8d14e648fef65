/* ops/host/cpu_features and ops/vm/vm_cpu: the level of features of a host, and guests that go on
 * where they see what they saw. */
#include "core/core.h"
#include "gen/db_host.h"
#include "gen/db_vm.h"
#include "host_fixture.h"
#include "ops/host/cpu_features.h"
#include "ops/host/host_cpu.h"
#include "ops/vm/vm_boot.h"
#include "ops/vm/vm_cpu.h"

#include <poll.h>
#include <sys/socket.h>

/* What the fake engine has. */
#define PHYSICAL "00000001-00000002-00000004-00000008"
#define LOWERED  "00000000-00000002-00000004-00000008"

static void test_text(void)
{
    static const char *const refused[] = {"",
                                          "-",
                                          "0000000",
                                          "00000001-00000002-00000004-0000000",
                                          "00000001-00000002-00000004-000000080",
                                          "00000001-00000002-00000004-0000000g",
                                          "0x000001-00000002-00000004-00000008",
                                          "00000001_00000002-00000004-00000008"};
    static const char *const accepted[] = {"89abcdef-00000002-00000004-fffffff8",
                                           "89ABCDEF000000020000 0004FFFFFFF8"};
    CpuFeatures features = {{1, 2, 3, 4}};
    for (size_t i = 0; i < G_N_ELEMENTS(refused); i++) {
        g_assert_false(cpu_features_parse(refused[i], &features));
        g_assert_cmpuint(features.words[HV_CPU_ECX], ==, 1);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(accepted); i++) {
        char text[CPU_FEATURES_TEXT_SIZE];
        g_assert_true(cpu_features_parse(accepted[i], &features));
        g_assert_cmphex(features.words[HV_CPU_ECX], ==, 0x89abcdef);
        g_assert_cmphex(features.words[HV_CPU_EXTENDED_EDX], ==, 0xfffffff8);
        g_assert_cmpstr(cpu_features_format(features, text), ==, accepted[0]);
    }
}

static void test_sets(void)
{
    const CpuFeatures one = {{1, 3, 0, 8}}, other = {{1, 1, 2, 0}};
    CpuFeatures both = cpu_features_both(one, other), rest = cpu_features_without(one, other);
    g_assert_cmpuint(both.words[HV_CPU_EDX], ==, 1);
    g_assert_cmpuint(both.words[HV_CPU_EXTENDED_EDX], ==, 0);
    g_assert_cmpuint(rest.words[HV_CPU_ECX], ==, 0);
    g_assert_cmpuint(rest.words[HV_CPU_EDX], ==, 2);
    g_assert_false(cpu_features_are_none(rest));
    g_assert_true(cpu_features_are_none(cpu_features_without(one, one)));
}

/* A host whose processors were changed for others. */
static void test_other_processors(HostFixture *fixture, gconstpointer data)
{
    (void)data;
    static const struct {
        uint32_t extended_ecx;
        bool reset;
        const char *level;
    } machines[] = {
        {0x4, false, "00000000-00000002-00000004-00000008"},
        {0xc, false, "00000000-00000002-00000004-00000008"},
        {0x8, false, "00000000-00000002-00000000-00000008"},
        {0xc, true, "00000001-00000002-0000000c-00000008"},
        {0x4, false, "00000001-00000002-00000004-00000008"},
    };
    HostRef host = platform_host(fixture->platform);
    host_fixture_run(fixture, "host.set_cpu_features", "\"%s\", \"%s\"", HOST_REF(fixture),
                     LOWERED);
    for (size_t i = 0; i < G_N_ELEMENTS(machines); i++) {
        g_autoptr(Err) err = NULL;
        const HvHostInfo info = {.cpu_count = 1,
                                 .cpu_features = {0x1, 0x2, machines[i].extended_ecx, 0x8}};
        DbTxn *txn = db_begin(fixture->db);
        host_cpu_write(txn, host, &info);
        assert_ok(db_commit(txn, &err), err);
        if (machines[i].reset) {
            host_fixture_run(fixture, "host.reset_cpu_features", "\"%s\"", HOST_REF(fixture));
        }
        char text[CPU_FEATURES_TEXT_SIZE];
        g_autoptr(DbSnapshot) snapshot = db_snapshot(fixture->db);
        CpuFeatures level = host_cpu_level(db_snapshot_view(snapshot), host);
        g_assert_cmpstr(cpu_features_format(level, text), ==, machines[i].level);
    }
}

static Uuid suspended_guest(HostFixture *fixture)
{
    Uuid vm = host_fixture_start_vm(fixture);
    g_autoptr(Value) sr = host_fixture_call(
        fixture, "SR.create", "\"%s\", {}, 0, \"sr\", \"\", \"fake\", \"\", false, {}",
        HOST_REF(fixture));
    host_fixture_run(fixture, "VM.set_suspend_SR", "\"%s\", \"%s\"", REF_TEXT(vm),
                     REF_TEXT(value_uuid(sr)));
    host_fixture_run(fixture, "VM.suspend", "\"%s\"", REF_TEXT(vm));
    return vm;
}

/* The guest tells whether it has SSE3, which is what LOWERED lacks. */
static void assert_seen(HostFixture *fixture, Uuid vm, char expected, const char *flags)
{
    g_autoptr(Err) err = NULL;
    g_autoptr(DbSnapshot) snapshot = db_snapshot(fixture->db);
    Uuid domain = vm_domain_uuid(db_snapshot_view(snapshot), (VmRef){vm});
    auto_fd line =
        platform_hv_driver(fixture->platform)
            ->console_open(platform_hv(fixture->platform), domain, HV_CONSOLE_TEXT, &err);
    assert_ok(line >= 0, err);
    g_assert_cmpint(send(line, "s", 1, MSG_NOSIGNAL), ==, 1);
    struct pollfd poll = {.fd = line, .events = POLLIN};
    assert_ok(op_poll(core_op(fixture->core), &poll, 1, &err), err);
    char answer = '\0';
    g_assert_cmpint(recv(line, &answer, 1, 0), ==, 1);
    g_assert_cmpint(answer, ==, expected);
    g_autofree char *record =
        g_strdup_printf("{\"vendor\":\"FakeVendor\",\"features\":\"%s\"}", flags);
    host_fixture_answers(fixture, record, "VM.get_last_boot_CPU_flags", "\"%s\"", REF_TEXT(vm));
}

/* Of the guest's life nothing but a boot changes what it sees. */
static void test_level(HostFixture *fixture, gconstpointer data)
{
    (void)data;
    Uuid vm = suspended_guest(fixture);
    host_fixture_run(fixture, "host.set_cpu_features", "\"%s\", \"%s\"", HOST_REF(fixture),
                     LOWERED);
    host_fixture_run(fixture, "VM.resume", "\"%s\", false, false", REF_TEXT(vm));
    assert_seen(fixture, vm, 'y', PHYSICAL);
    host_fixture_run(fixture, "VM.hard_reboot", "\"%s\"", REF_TEXT(vm));
    assert_seen(fixture, vm, 'n', LOWERED);
    host_fixture_run(fixture, "host.reset_cpu_features", "\"%s\"", HOST_REF(fixture));
    assert_seen(fixture, vm, 'n', LOWERED);
    g_autoptr(Value) checkpoint =
        host_fixture_call(fixture, "VM.checkpoint", "\"%s\", \"before\"", REF_TEXT(vm));
    host_fixture_run(fixture, "VM.hard_reboot", "\"%s\"", REF_TEXT(vm));
    assert_seen(fixture, vm, 'y', PHYSICAL);
    host_fixture_run(fixture, "VM.revert", "\"%s\"", REF_TEXT(value_uuid(checkpoint)));
    host_fixture_run(fixture, "VM.resume", "\"%s\", false, false", REF_TEXT(vm));
    assert_seen(fixture, vm, 'n', LOWERED);
}

/* As if the guest had slept on another host. */
static void write_flag(HostFixture *fixture, Uuid vm, const char *name, const char *text)
{
    g_autoptr(Err) err = NULL;
    DbTxn *txn = db_begin(fixture->db);
    db_vm_set_last_boot_cpu_flags_key(txn, (VmRef){vm}, name, text);
    assert_ok(db_commit(txn, &err), err);
}

static void assert_refused(HostFixture *fixture, Uuid vm, const char *reason)
{
    g_autofree char *expected = g_strdup_printf("VM_INCOMPATIBLE_WITH_THIS_HOST: [ %s; %s; %s ]",
                                                REF_TEXT(vm), HOST_REF(fixture), reason);
    host_fixture_fails(fixture, expected, "VM.resume", "\"%s\", false, false", REF_TEXT(vm));
    host_fixture_fails(fixture, expected, "VM.assert_can_boot_here", "\"%s\", \"%s\"", REF_TEXT(vm),
                       HOST_REF(fixture));
    g_autofree char *dest = g_strdup_printf("{\"host\": \"%s\"}", HOST_REF(fixture));
    host_fixture_fails(fixture, expected, "VM.assert_can_migrate", "\"%s\", %s, true, {}, {}, {}",
                       REF_TEXT(vm), dest);
    host_fixture_run(fixture, "VM.assert_can_migrate",
                     "\"%s\", %s, true, {}, {}, {\"force\": \"true\"}", REF_TEXT(vm), dest);
    host_fixture_answers(fixture, "[]", "VM.get_possible_hosts", "\"%s\"", REF_TEXT(vm));
}

static void test_lacking(HostFixture *fixture, gconstpointer data)
{
    (void)data;
    Uuid vm = suspended_guest(fixture);
    write_flag(fixture, vm, "features", "00000003-00000002-00000004-00000008");
    assert_refused(fixture, vm,
                   "It booted with CPU features that this host lacks: "
                   "00000002-00000000-00000000-00000000");
    /* What the pool says not to count, and what 6.2 never counts: how fast the processor is. */
    host_fixture_run(fixture, "pool.add_to_other_config",
                     "\"%s\", \"cpuid_feature_mask\", \"fffffffd-ffffffff-ffffffff-ffffffff\"",
                     POOL_REF(fixture));
    host_fixture_run(fixture, "VM.assert_can_boot_here", "\"%s\", \"%s\"", REF_TEXT(vm),
                     HOST_REF(fixture));
    host_fixture_run(fixture, "pool.remove_from_other_config", "\"%s\", \"cpuid_feature_mask\"",
                     POOL_REF(fixture));
    write_flag(fixture, vm, "features", "00000081-00000002-00000004-00000008");
    host_fixture_run(fixture, "VM.assert_can_boot_here", "\"%s\", \"%s\"", REF_TEXT(vm),
                     HOST_REF(fixture));
    write_flag(fixture, vm, "vendor", "OtherVendor");
    assert_refused(fixture, vm,
                   "It booted on processors of OtherVendor; those of this host are of FakeVendor");
    host_fixture_run(fixture, "VM.resume", "\"%s\", false, true", REF_TEXT(vm));
}

static void test_halted_is_free(HostFixture *fixture, gconstpointer data)
{
    (void)data;
    Uuid vm = host_fixture_start_vm(fixture);
    host_fixture_run(fixture, "VM.hard_shutdown", "\"%s\"", REF_TEXT(vm));
    write_flag(fixture, vm, "vendor", "OtherVendor");
    write_flag(fixture, vm, "features", "ffffffff-ffffffff-ffffffff-ffffffff");
    host_fixture_run(fixture, "VM.start", "\"%s\", false, false", REF_TEXT(vm));
    host_fixture_answers(fixture, "{\"vendor\":\"FakeVendor\",\"features\":\"" PHYSICAL "\"}",
                         "VM.get_last_boot_CPU_flags", "\"%s\"", REF_TEXT(vm));
}

static void test_hypervisor_stays(HostFixture *fixture, gconstpointer data)
{
    (void)data;
    g_autoptr(Err) err = NULL;
    HostRef host = platform_host(fixture->platform);
    Uuid vm = host_fixture_start_vm(fixture);
    DbTxn *txn = db_begin(fixture->db);
    db_host_set_cpu_info_key(txn, host, "physical_features", "80000003-00000002-00000004-00000008");
    assert_ok(db_commit(txn, &err), err);
    g_autoptr(DbSnapshot) snapshot = db_snapshot(fixture->db);
    HvDomainConfig config = {0};
    vm_cpu_plan(db_snapshot_view(snapshot), (VmRef){vm}, host, false, &config);
    g_assert_cmphex(config.cpu_hidden[HV_CPU_ECX], ==, 2);
    g_assert_cmphex(config.cpu_hidden[HV_CPU_EDX], ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    static const struct {
        const char *path;
        void (*func)(HostFixture *fixture, gconstpointer data);
    } tests[] = {
        {"/vm-cpu/other-processors", test_other_processors},
        {"/vm-cpu/level", test_level},
        {"/vm-cpu/lacking", test_lacking},
        {"/vm-cpu/halted-is-free", test_halted_is_free},
        {"/vm-cpu/hypervisor-stays", test_hypervisor_stays},
    };
    g_test_add_func("/vm-cpu/text", test_text);
    g_test_add_func("/vm-cpu/sets", test_sets);
    for (size_t i = 0; i < G_N_ELEMENTS(tests); i++) {
        host_fixture_add(tests[i].path, tests[i].func);
    }
    return g_test_run();
}
