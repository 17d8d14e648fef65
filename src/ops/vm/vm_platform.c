/* Tables from keys to fields of HvDomainConfig. */
#include "ops/vm/vm_platform.h"

#include "base/text.h"

enum {
    MAX_CORES = 255,
    MAX_VIDEO_MIB = 1024,
    MAX_WEIGHT = 65535,   /* as Xen has it */
    MAX_CAP = 100 * 1024, /* percent */
    MAX_MASKS = 1024,     /* vCPUs that are told apart */
};

static void read_features(const Value *platform, HvDomainConfig *config);
static uint64_t read_number(const Value *map, const char *key, uint64_t max);
static bool read_mask(const char *text, HvCpuSet *ret_set);

void vm_platform_read(const Value *platform, HvDomainConfig *config)
{
    config->cores_per_socket = (unsigned)read_number(platform, "cores-per-socket", MAX_CORES);
    config->vga = text_equal(value_get_string(platform, "vga"), "cirrus") ? "cirrus" : "std";
    config->video_mib = (unsigned)read_number(platform, "videoram", MAX_VIDEO_MIB);
    config->ahci = text_equal(value_get_string(platform, "hdtype"), "ahci");
    config->tsc_mode = (HvTscMode)read_number(platform, "tsc_mode", HV_TSC_NATIVE_PARAVIRT);
    const char *offset = value_get_string(platform, "timeoffset");
    int64_t seconds;
    if (offset && text_parse_int(offset, &seconds)) {
        config->time_offset = seconds;
    }
    read_features(platform, config);
}

void vm_platform_read_scheduling(const Value *params, Arena *arena, HvDomainConfig *config)
{
    config->cpu_weight = (unsigned)read_number(params, "weight", MAX_WEIGHT);
    config->cpu_cap = (unsigned)read_number(params, "cap", MAX_CAP);
    const char *mask = value_get_string(params, "mask");
    g_auto(GStrv) masks = g_strsplit(mask ? mask : "", ";", MAX_MASKS);
    unsigned count = g_strv_length(masks);
    HvCpuSet *sets = arena_new0(arena, HvCpuSet, count + 1);
    for (unsigned i = 0; i < count; i++) {
        if (!read_mask(masks[i], &sets[i])) {
            return;
        }
    }
    config->affinity = sets;
    config->affinity_count = count;
}

/* The tablet is a part of USB. */
static void read_features(const Value *platform, HvDomainConfig *config)
{
    static const struct {
        const char *key;
        HvFeature feature;
    } features[] = {
        {"acpi", HV_FEATURE_ACPI},
        {"acpi_s3", HV_FEATURE_ACPI_S3},
        {"acpi_s4", HV_FEATURE_ACPI_S4},
        {"apic", HV_FEATURE_APIC},
        {"pae", HV_FEATURE_PAE},
        {"nx", HV_FEATURE_NX},
        {"hpet", HV_FEATURE_HPET},
        {"nested-virt", HV_FEATURE_NESTED},
        {"usb_tablet", HV_FEATURE_USB_TABLET},
        {"usb", HV_FEATURE_USB_TABLET},
        {"viridian", HV_FEATURE_VIRIDIAN},
        {"viridian_time_ref_count", HV_FEATURE_VIRIDIAN_TIME_REF_COUNT},
        {"viridian_reference_tsc", HV_FEATURE_VIRIDIAN_REFERENCE_TSC},
        {"viridian_apic_assist", HV_FEATURE_VIRIDIAN_APIC_ASSIST},
        {"viridian_crash_ctl", HV_FEATURE_VIRIDIAN_CRASH_CTL},
        {"viridian_stimer", HV_FEATURE_VIRIDIAN_STIMER},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(features); i++) {
        const char *text = value_get_string(platform, features[i].key);
        bool is_on;
        if (text && text_parse_bool(text, &is_on)) {
            unsigned *set = is_on ? &config->features_on : &config->features_off;
            *set |= features[i].feature;
        }
    }
    config->features_on &= ~config->features_off;
}

/* 0 when there is none. */
static uint64_t read_number(const Value *map, const char *key, uint64_t max)
{
    const char *text = value_get_string(map, key);
    uint64_t number;
    return text && text_parse_uint(text, max, &number) ? number : 0;
}

static bool read_mask(const char *text, HvCpuSet *ret_set)
{
    g_auto(GStrv) numbers = g_strsplit(text, ",", HV_CPUS_MAX);
    for (char **number = numbers; *number; number++) {
        uint64_t cpu;
        if (!text_parse_uint(g_strstrip(*number), HV_CPUS_MAX - 1, &cpu)) {
            return false;
        }
        hv_cpu_set_add(ret_set, (unsigned)cpu);
    }
    return *numbers != NULL;
}
