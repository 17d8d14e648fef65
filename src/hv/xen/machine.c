/* One function for each part of the machine.  What an HVM guest alone has comes last. */
#include "hv/xen/machine.h"

#include "base/text.h"

#include <libxl_utils.h>
#include <stdlib.h>

#define KIB         1024
#define KIB_PER_MIB 1024
#define CPUID_BITS  32

static void xen_machine_processors(const HvDomainConfig *config, libxl_domain_build_info *build);
static void xen_machine_affinity(const HvDomainConfig *config, libxl_domain_build_info *build);
static void xen_machine_memory(const HvDomainConfig *config, libxl_domain_build_info *build);
static void xen_machine_cpuid(const HvDomainConfig *config, libxl_domain_build_info *build);
static void xen_machine_features(const HvDomainConfig *config, libxl_domain_build_info *build);
static void xen_machine_viridian(const HvDomainConfig *config, libxl_domain_build_info *build);
static void xen_machine_graphics(const HvDomainConfig *config, libxl_domain_build_info *build);
static libxl_bitmap xen_machine_new_bitmap(unsigned bits);

void xen_machine_describe(const HvDomainConfig *config, libxl_domain_build_info *build)
{
    xen_machine_processors(config, build);
    xen_machine_affinity(config, build);
    xen_machine_memory(config, build);
    xen_machine_cpuid(config, build);
    build->rtc_timeoffset = (uint32_t)config->time_offset;
    build->tsc_mode = (libxl_tsc_mode)config->tsc_mode;
    build->device_model_version = LIBXL_DEVICE_MODEL_VERSION_QEMU_XEN;
    if (config->kind == HV_KIND_HVM) {
        xen_machine_features(config, build);
        xen_machine_viridian(config, build);
        xen_machine_graphics(config, build);
    }
}

uint64_t xen_machine_shadow_kib(uint64_t memory_max_bytes, unsigned vcpus_max, double multiplier)
{
    unsigned long usual = libxl_get_required_shadow_memory(memory_max_bytes / KIB, vcpus_max);
    return (uint64_t)((double)usual * multiplier);
}

char *xen_machine_cpuid_text(HvCpuWord word, uint32_t hidden)
{
    static const char *const registers[HV_CPU_WORDS] = {
        [HV_CPU_ECX] = "1:ecx",
        [HV_CPU_EDX] = "1:edx",
        [HV_CPU_EXTENDED_ECX] = "0x80000001:ecx",
        [HV_CPU_EXTENDED_EDX] = "0x80000001:edx",
    };
    char bits[CPUID_BITS + 1] = "";
    for (unsigned i = 0; i < CPUID_BITS; i++) {
        bits[i] = hidden & (UINT32_C(1) << (CPUID_BITS - 1 - i)) ? '0' : 'x';
    }
    return g_strconcat(registers[word], "=", bits, NULL);
}

static void xen_machine_processors(const HvDomainConfig *config, libxl_domain_build_info *build)
{
    unsigned max = MAX(config->vcpus, config->vcpus_max);
    build->max_vcpus = (int)max;
    build->avail_vcpus = xen_machine_new_bitmap(max);
    for (unsigned i = 0; i < config->vcpus; i++) {
        libxl_bitmap_set(&build->avail_vcpus, (int)i);
    }
    if (config->cpu_weight > 0) {
        build->sched_params.weight = (int)config->cpu_weight;
    }
    if (config->cpu_cap > 0) {
        build->sched_params.cap = (int)config->cpu_cap;
    }
}

/* libxl's own choice of processors, by their distance to memory, would stand against it. */
static void xen_machine_affinity(const HvDomainConfig *config, libxl_domain_build_info *build)
{
    if (config->affinity_count == 0) {
        return;
    }
    build->vcpu_hard_affinity = calloc((size_t)build->max_vcpus, sizeof *build->vcpu_hard_affinity);
    build->num_vcpu_hard_affinity = build->max_vcpus;
    for (unsigned i = 0; i < (unsigned)build->max_vcpus; i++) {
        const HvCpuSet *set = &config->affinity[i < config->affinity_count ? i : 0];
        libxl_bitmap *bitmap = &build->vcpu_hard_affinity[i];
        *bitmap = xen_machine_new_bitmap(HV_CPUS_MAX);
        for (unsigned cpu = 0; cpu < HV_CPUS_MAX; cpu++) {
            if (hv_cpu_set_has(set, cpu)) {
                libxl_bitmap_set(bitmap, (int)cpu);
            }
        }
    }
    libxl_defbool_set(&build->numa_placement, false);
}

/* A guest of paravirtual memory has no page tables but its own. */
static void xen_machine_memory(const HvDomainConfig *config, libxl_domain_build_info *build)
{
    build->target_memkb = config->memory_bytes / KIB;
    build->max_memkb = MAX(config->memory_bytes, config->memory_max_bytes) / KIB;
    if (config->shadow_multiplier > 1 && config->kind != HV_KIND_PV) {
        build->shadow_memkb = xen_machine_shadow_kib(
            build->max_memkb * KIB, (unsigned)build->max_vcpus, config->shadow_multiplier);
    }
}

/* Xen takes away by itself what is of no use without a feature that is hidden. */
static void xen_machine_cpuid(const HvDomainConfig *config, libxl_domain_build_info *build)
{
    static const uint32_t nothing[HV_CPU_WORDS];
    if (memcmp(config->cpu_hidden, nothing, sizeof nothing) == 0) {
        return;
    }
    for (unsigned i = 0; i < HV_CPU_WORDS; i++) {
        g_autofree char *text = xen_machine_cpuid_text((HvCpuWord)i, config->cpu_hidden[i]);
        (void)libxl_cpuid_parse_config_xend(&build->cpuid, text);
    }
}

static void xen_machine_features(const HvDomainConfig *config, libxl_domain_build_info *build)
{
    const struct {
        HvFeature feature;
        libxl_defbool *is_on;
    } features[] = {
        {HV_FEATURE_ACPI, &build->acpi},
        {HV_FEATURE_ACPI_S3, &build->u.hvm.acpi_s3},
        {HV_FEATURE_ACPI_S4, &build->u.hvm.acpi_s4},
        {HV_FEATURE_APIC, &build->apic},
        {HV_FEATURE_PAE, &build->u.hvm.pae},
        {HV_FEATURE_NX, &build->u.hvm.nx},
        {HV_FEATURE_HPET, &build->u.hvm.hpet},
        {HV_FEATURE_NESTED, &build->nested_hvm},
        {HV_FEATURE_VIRIDIAN, &build->u.hvm.viridian},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(features); i++) {
        if ((config->features_on | config->features_off) & features[i].feature) {
            libxl_defbool_set(features[i].is_on, config->features_on & features[i].feature);
        }
    }
}

/* libxl refuses parts of it without the whole. */
static void xen_machine_viridian(const HvDomainConfig *config, libxl_domain_build_info *build)
{
    static const struct {
        HvFeature feature;
        int part;
    } parts[] = {
        {HV_FEATURE_VIRIDIAN_TIME_REF_COUNT, LIBXL_VIRIDIAN_ENLIGHTENMENT_TIME_REF_COUNT},
        {HV_FEATURE_VIRIDIAN_REFERENCE_TSC, LIBXL_VIRIDIAN_ENLIGHTENMENT_REFERENCE_TSC},
        {HV_FEATURE_VIRIDIAN_APIC_ASSIST, LIBXL_VIRIDIAN_ENLIGHTENMENT_APIC_ASSIST},
        {HV_FEATURE_VIRIDIAN_CRASH_CTL, LIBXL_VIRIDIAN_ENLIGHTENMENT_CRASH_CTL},
        /* A timer of it tells its end by the interrupt controller of it. */
        {HV_FEATURE_VIRIDIAN_STIMER, LIBXL_VIRIDIAN_ENLIGHTENMENT_SYNIC},
        {HV_FEATURE_VIRIDIAN_STIMER, LIBXL_VIRIDIAN_ENLIGHTENMENT_STIMER},
    };
    if (!(config->features_on & HV_FEATURE_VIRIDIAN)) {
        return;
    }
    build->u.hvm.viridian_enable =
        xen_machine_new_bitmap(LIBXL_BUILDINFO_HVM_VIRIDIAN_ENABLE_DISABLE_WIDTH);
    build->u.hvm.viridian_disable =
        xen_machine_new_bitmap(LIBXL_BUILDINFO_HVM_VIRIDIAN_ENABLE_DISABLE_WIDTH);
    for (unsigned i = 0; i < G_N_ELEMENTS(parts); i++) {
        if (config->features_on & parts[i].feature) {
            libxl_bitmap_set(&build->u.hvm.viridian_enable, parts[i].part);
        } else if (config->features_off & parts[i].feature) {
            libxl_bitmap_set(&build->u.hvm.viridian_disable, parts[i].part);
        }
    }
}

/* libxl refuses less than each card's usual memory, QEMU other than twice that for a cirrus. */
static void xen_machine_graphics(const HvDomainConfig *config, libxl_domain_build_info *build)
{
    static const unsigned std_mib = 16, cirrus_mib = 8;
    bool cirrus = text_equal(config->vga, "cirrus");
    unsigned usual = cirrus ? cirrus_mib : std_mib;
    build->u.hvm.vga.kind = cirrus ? LIBXL_VGA_INTERFACE_TYPE_CIRRUS : LIBXL_VGA_INTERFACE_TYPE_STD;
    if (config->video_mib > usual) {
        build->video_memkb = (uint64_t)(cirrus ? 2 * usual : config->video_mib) * KIB_PER_MIB;
    }
}

/* libxl frees it. */
static libxl_bitmap xen_machine_new_bitmap(unsigned bits)
{
    uint32_t size = (bits + 7) / 8;
    return (libxl_bitmap){.size = size, .map = calloc(size, 1)};
}
