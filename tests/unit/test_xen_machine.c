/* What libxl is told of processors, memory and switches. Xen need not be there. */
#include "hv/xen/machine.h"

#include <libxl_utils.h>

#define MIB ((uint64_t)1024 * 1024)

static HvDomainConfig a_guest(HvKind kind)
{
    return (HvDomainConfig){
        .kind = kind,
        .vcpus = 2,
        .vcpus_max = 3,
        .memory_bytes = 128 * MIB,
        .memory_max_bytes = 256 * MIB,
        .vga = "",
    };
}

static void describe(const HvDomainConfig *config, libxl_domain_build_info *build)
{
    static const libxl_domain_type types[] = {
        [HV_KIND_HVM] = LIBXL_DOMAIN_TYPE_HVM,
        [HV_KIND_PV] = LIBXL_DOMAIN_TYPE_PV,
        [HV_KIND_PVH] = LIBXL_DOMAIN_TYPE_PVH,
    };
    libxl_domain_build_info_init(build);
    libxl_domain_build_info_init_type(build, types[config->kind]);
    xen_machine_describe(config, build);
}

static void test_processors(void)
{
    HvDomainConfig config = a_guest(HV_KIND_PV);
    config.cpu_weight = 512;
    config.cpu_cap = 50;
    config.time_offset = -60;
    config.tsc_mode = HV_TSC_NATIVE;
    libxl_domain_build_info build;
    describe(&config, &build);
    g_assert_cmpint(build.max_vcpus, ==, 3);
    g_assert_true(libxl_bitmap_test(&build.avail_vcpus, 1));
    g_assert_false(libxl_bitmap_test(&build.avail_vcpus, 2));
    g_assert_cmpint(build.sched_params.weight, ==, 512);
    g_assert_cmpint(build.sched_params.cap, ==, 50);
    g_assert_cmpint((int)build.rtc_timeoffset, ==, -60);
    g_assert_cmpint(build.tsc_mode, ==, LIBXL_TSC_MODE_NATIVE);
    g_assert_cmpint(build.num_vcpu_hard_affinity, ==, 0);
    g_assert_true(libxl_defbool_is_default(build.numa_placement));
    libxl_domain_build_info_dispose(&build);
}

static void test_affinity(void)
{
    HvCpuSet sets[2] = {0};
    hv_cpu_set_add(&sets[0], 1);
    hv_cpu_set_add(&sets[0], HV_CPUS_MAX - 1);
    hv_cpu_set_add(&sets[1], 0);
    HvDomainConfig config = a_guest(HV_KIND_PVH);
    config.affinity = sets;
    config.affinity_count = 2;
    libxl_domain_build_info build;
    describe(&config, &build);
    g_assert_cmpint(build.num_vcpu_hard_affinity, ==, 3);
    for (int i = 0; i < 3; i++) {
        const libxl_bitmap *bitmap = &build.vcpu_hard_affinity[i];
        g_assert_cmpint(libxl_bitmap_test(bitmap, 0), ==, i == 1);
        g_assert_cmpint(libxl_bitmap_test(bitmap, 1), ==, i != 1);
        g_assert_cmpint(libxl_bitmap_test(bitmap, HV_CPUS_MAX - 1), ==, i != 1);
    }
    g_assert_false(libxl_defbool_val(build.numa_placement));
    libxl_domain_build_info_dispose(&build);
}

static void test_memory(void)
{
    static const HvKind kinds[] = {HV_KIND_PV, HV_KIND_PVH, HV_KIND_HVM};
    for (unsigned i = 0; i < G_N_ELEMENTS(kinds); i++) {
        HvDomainConfig config = a_guest(kinds[i]);
        libxl_domain_build_info build;
        describe(&config, &build);
        g_assert_cmpuint(build.target_memkb, ==, 128 * 1024);
        g_assert_cmpuint(build.max_memkb, ==, 256 * 1024);
        g_assert_cmpuint(build.shadow_memkb, ==, LIBXL_MEMKB_DEFAULT);
        libxl_domain_build_info_dispose(&build);
        config.shadow_multiplier = 2.5;
        describe(&config, &build);
        uint64_t usual = libxl_get_required_shadow_memory(256 * 1024, 3);
        g_assert_cmpuint(build.shadow_memkb, ==,
                         kinds[i] == HV_KIND_PV ? LIBXL_MEMKB_DEFAULT : usual * 5 / 2);
        libxl_domain_build_info_dispose(&build);
    }
}

static void test_hidden_features(void)
{
    static const HvKind kinds[] = {HV_KIND_PV, HV_KIND_PVH, HV_KIND_HVM};
    for (unsigned i = 0; i < G_N_ELEMENTS(kinds); i++) {
        HvDomainConfig config = a_guest(kinds[i]);
        libxl_domain_build_info build;
        describe(&config, &build);
        g_assert_cmpint(libxl_cpuid_policy_list_length(&build.cpuid), ==, 0);
        libxl_domain_build_info_dispose(&build);
        config.cpu_hidden[HV_CPU_ECX] = 1;
        describe(&config, &build); /* one entry for each leaf */
        g_assert_cmpint(libxl_cpuid_policy_list_length(&build.cpuid), ==, 2);
        libxl_domain_build_info_dispose(&build);
    }
    static const struct {
        HvCpuWord word;
        uint32_t hidden;
        const char *text;
    } words[] = {
        {HV_CPU_ECX, 1u << 20, "1:ecx=xxxxxxxxxxx0xxxxxxxxxxxxxxxxxxxx"},
        {HV_CPU_EDX, 1u << 31 | 1, "1:edx=0xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx0"},
        {HV_CPU_EXTENDED_ECX, 0, "0x80000001:ecx=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"},
        {HV_CPU_EXTENDED_EDX, UINT32_MAX, "0x80000001:edx=00000000000000000000000000000000"},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(words); i++) {
        g_autofree char *text = xen_machine_cpuid_text(words[i].word, words[i].hidden);
        g_assert_cmpstr(text, ==, words[i].text);
        libxl_cpuid_policy_list list = NULL;
        g_assert_cmpint(libxl_cpuid_parse_config_xend(&list, text), ==, 0);
        libxl_cpuid_dispose(&list);
    }
}

static void test_features(void)
{
    HvDomainConfig config = a_guest(HV_KIND_HVM);
    config.features_on = HV_FEATURE_ACPI | HV_FEATURE_PAE | HV_FEATURE_NESTED;
    config.features_off = HV_FEATURE_APIC | HV_FEATURE_NX | HV_FEATURE_HPET | HV_FEATURE_ACPI_S3;
    libxl_domain_build_info build;
    describe(&config, &build);
    g_assert_true(libxl_defbool_val(build.acpi));
    g_assert_true(libxl_defbool_val(build.u.hvm.pae));
    g_assert_true(libxl_defbool_val(build.nested_hvm));
    g_assert_false(libxl_defbool_val(build.apic));
    g_assert_false(libxl_defbool_val(build.u.hvm.nx));
    g_assert_false(libxl_defbool_val(build.u.hvm.hpet));
    g_assert_false(libxl_defbool_val(build.u.hvm.acpi_s3));
    g_assert_true(libxl_defbool_is_default(build.u.hvm.acpi_s4));
    g_assert_true(libxl_defbool_is_default(build.u.hvm.viridian));
    libxl_domain_build_info_dispose(&build);
}

static void test_viridian(void)
{
    HvDomainConfig config = a_guest(HV_KIND_HVM);
    config.features_on = HV_FEATURE_VIRIDIAN_STIMER;
    libxl_domain_build_info build;
    describe(&config, &build);
    g_assert_cmpuint(build.u.hvm.viridian_enable.size, ==, 0);
    libxl_domain_build_info_dispose(&build);
    config.features_on |= HV_FEATURE_VIRIDIAN | HV_FEATURE_VIRIDIAN_REFERENCE_TSC;
    config.features_off = HV_FEATURE_VIRIDIAN_APIC_ASSIST | HV_FEATURE_VIRIDIAN_CRASH_CTL;
    describe(&config, &build);
    g_assert_true(libxl_defbool_val(build.u.hvm.viridian));
    static const int on[] = {LIBXL_VIRIDIAN_ENLIGHTENMENT_STIMER,
                             LIBXL_VIRIDIAN_ENLIGHTENMENT_SYNIC,
                             LIBXL_VIRIDIAN_ENLIGHTENMENT_REFERENCE_TSC};
    static const int off[] = {LIBXL_VIRIDIAN_ENLIGHTENMENT_APIC_ASSIST,
                              LIBXL_VIRIDIAN_ENLIGHTENMENT_CRASH_CTL};
    for (unsigned i = 0; i < G_N_ELEMENTS(on); i++) {
        g_assert_true(libxl_bitmap_test(&build.u.hvm.viridian_enable, on[i]));
    }
    g_assert_cmpint(libxl_bitmap_count_set(&build.u.hvm.viridian_enable), ==, G_N_ELEMENTS(on));
    for (unsigned i = 0; i < G_N_ELEMENTS(off); i++) {
        g_assert_true(libxl_bitmap_test(&build.u.hvm.viridian_disable, off[i]));
    }
    g_assert_cmpint(libxl_bitmap_count_set(&build.u.hvm.viridian_disable), ==, G_N_ELEMENTS(off));
    libxl_domain_build_info_dispose(&build);
}

static void test_graphics(void)
{
    static const struct {
        const char *vga;
        unsigned mib;
        libxl_vga_interface_type kind;
        uint64_t kib;
    } cards[] = {
        {"std", 0, LIBXL_VGA_INTERFACE_TYPE_STD, LIBXL_MEMKB_DEFAULT},
        {"std", 8, LIBXL_VGA_INTERFACE_TYPE_STD, LIBXL_MEMKB_DEFAULT},
        {"std", 32, LIBXL_VGA_INTERFACE_TYPE_STD, 32 * 1024},
        {"cirrus", 4, LIBXL_VGA_INTERFACE_TYPE_CIRRUS, LIBXL_MEMKB_DEFAULT},
        {"cirrus", 32, LIBXL_VGA_INTERFACE_TYPE_CIRRUS, 16 * 1024},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(cards); i++) {
        HvDomainConfig config = a_guest(HV_KIND_HVM);
        config.vga = cards[i].vga;
        config.video_mib = cards[i].mib;
        libxl_domain_build_info build;
        describe(&config, &build);
        g_assert_cmpint(build.u.hvm.vga.kind, ==, cards[i].kind);
        g_assert_cmpuint(build.video_memkb, ==, cards[i].kib);
        libxl_domain_build_info_dispose(&build);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/xen_machine/processors", test_processors);
    g_test_add_func("/xen_machine/affinity", test_affinity);
    g_test_add_func("/xen_machine/memory", test_memory);
    g_test_add_func("/xen_machine/hidden_features", test_hidden_features);
    g_test_add_func("/xen_machine/features", test_features);
    g_test_add_func("/xen_machine/viridian", test_viridian);
    g_test_add_func("/xen_machine/graphics", test_graphics);
    return g_test_run();
}
