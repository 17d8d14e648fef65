/* What VM.platform and VM.VCPUs_params ask of the machine. */
#include "ops/vm/vm_platform.h"

static Value *map_of(const char *const *pairs)
{
    Value *map = value_new_struct(16);
    for (; pairs[0]; pairs += 2) {
        value_struct_add(map, pairs[0], value_new_string(pairs[1]));
    }
    return map;
}

static void read_into(const char *const *pairs, HvDomainConfig *config)
{
    g_autoptr(Value) map = map_of(pairs);
    *config = (HvDomainConfig){0};
    vm_platform_read(map, config);
}

static void test_numbers(void)
{
    HvDomainConfig config;
    read_into((const char *const[]){"cores-per-socket", "2", "vga", "cirrus", "videoram", "32",
                                    "timeoffset", "-3600", "tsc_mode", "2", "hdtype", "ahci", NULL},
              &config);
    g_assert_cmpuint(config.cores_per_socket, ==, 2);
    g_assert_cmpstr(config.vga, ==, "cirrus");
    g_assert_cmpuint(config.video_mib, ==, 32);
    g_assert_true(config.ahci);
    g_assert_cmpint(config.time_offset, ==, -3600);
    g_assert_cmpint(config.tsc_mode, ==, HV_TSC_NATIVE);
    read_into((const char *const[]){"cores-per-socket", "256", "vga", "other", "videoram", "4096",
                                    "timeoffset", "soon", "tsc_mode", "4", "hdtype", "scsi", NULL},
              &config);
    g_assert_cmpuint(config.cores_per_socket, ==, 0);
    g_assert_cmpstr(config.vga, ==, "std");
    g_assert_cmpuint(config.video_mib, ==, 0);
    g_assert_false(config.ahci);
    g_assert_cmpint(config.time_offset, ==, 0);
    g_assert_cmpint(config.tsc_mode, ==, HV_TSC_DEFAULT);
}

static void test_features(void)
{
    HvDomainConfig config;
    read_into((const char *const[]){"acpi", "1", "apic", "TRUE", "nx", "false", "pae", "0", "hpet",
                                    "perhaps", "viridian", "true", "viridian_stimer", "false",
                                    NULL},
              &config);
    g_assert_cmpuint(config.features_on, ==,
                     HV_FEATURE_ACPI | HV_FEATURE_APIC | HV_FEATURE_VIRIDIAN);
    g_assert_cmpuint(config.features_off, ==,
                     HV_FEATURE_NX | HV_FEATURE_PAE | HV_FEATURE_VIRIDIAN_STIMER);
    /* A tablet wants its bus. */
    read_into((const char *const[]){"usb", "false", "usb_tablet", "true", NULL}, &config);
    g_assert_cmpuint(config.features_on, ==, 0);
    g_assert_cmpuint(config.features_off, ==, HV_FEATURE_USB_TABLET);
    read_into((const char *const[]){NULL}, &config);
    g_assert_cmpuint(config.features_on | config.features_off, ==, 0);
}

static void read_scheduling(Arena *arena, const char *const *pairs, HvDomainConfig *config)
{
    g_autoptr(Value) map = map_of(pairs);
    *config = (HvDomainConfig){0};
    vm_platform_read_scheduling(map, arena, config);
}

static void test_scheduling(void)
{
    g_autoptr(Arena) arena = arena_new();
    HvDomainConfig config;
    read_scheduling(arena,
                    (const char *const[]){"weight", "512", "cap", "50", "mask", "0, 70;511", NULL},
                    &config);
    g_assert_cmpuint(config.cpu_weight, ==, 512);
    g_assert_cmpuint(config.cpu_cap, ==, 50);
    g_assert_cmpuint(config.affinity_count, ==, 2);
    g_assert_true(hv_cpu_set_has(&config.affinity[0], 0));
    g_assert_true(hv_cpu_set_has(&config.affinity[0], 70));
    g_assert_false(hv_cpu_set_has(&config.affinity[0], 6));
    g_assert_false(hv_cpu_set_has(&config.affinity[0], 511));
    g_assert_true(hv_cpu_set_has(&config.affinity[1], 511));
    static const char *const none[] = {"512", "1;;2", "", "1,x", "1-3", "1,"};
    for (unsigned i = 0; i < G_N_ELEMENTS(none); i++) {
        read_scheduling(
            arena, (const char *const[]){"weight", "65536", "cap", "-1", "mask", none[i], NULL},
            &config);
        g_assert_cmpuint(config.cpu_weight, ==, 0);
        g_assert_cmpuint(config.cpu_cap, ==, 0);
        g_assert_cmpuint(config.affinity_count, ==, 0);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/vm_platform/numbers", test_numbers);
    g_test_add_func("/vm_platform/features", test_features);
    g_test_add_func("/vm_platform/scheduling", test_scheduling);
    return g_test_run();
}
