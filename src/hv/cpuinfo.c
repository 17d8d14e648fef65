/* Lines "name : value" of /proc/cpuinfo, one block for each processor; and CPUID. */
#include "hv/cpuinfo.h"

#include "base/text.h"

#include <cpuid.h>

#define BASE_LEAF     1
#define EXTENDED_LEAF 0x80000001

static void hv_cpuinfo_read_line(const char *name, const char *value, HvHostInfo *info);
static unsigned hv_cpuinfo_number(const char *text);

void hv_cpuinfo_parse(const char *cpuinfo, HvHostInfo *info)
{
    g_autoptr(GHashTable) sockets = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_auto(GStrv) lines = g_strsplit(cpuinfo, "\n", -1);
    for (char **line = lines; *line; line++) {
        g_auto(GStrv) parts = g_strsplit(*line, ":", 2);
        if (!parts[0] || !parts[1]) {
            continue;
        }
        const char *name = g_strstrip(parts[0]);
        const char *value = g_strstrip(parts[1]);
        if (text_equal(name, "processor")) {
            info->cpu_count++;
        } else if (text_equal(name, "physical id")) {
            g_hash_table_add(sockets, g_strdup(value));
        } else {
            hv_cpuinfo_read_line(name, value, info);
        }
    }
    info->socket_count = MAX(g_hash_table_size(sockets), 1);
}

void hv_cpuinfo_read_features(HvHostInfo *info)
{
    uint32_t *features = info->cpu_features;
    unsigned eax, ebx;
    memset(features, 0, sizeof info->cpu_features);
    __get_cpuid(BASE_LEAF, &eax, &ebx, &features[HV_CPU_ECX], &features[HV_CPU_EDX]);
    __get_cpuid(EXTENDED_LEAF, &eax, &ebx, &features[HV_CPU_EXTENDED_ECX],
                &features[HV_CPU_EXTENDED_EDX]);
}

static void hv_cpuinfo_read_line(const char *name, const char *value, HvHostInfo *info)
{
    const struct {
        const char *name;
        char *text;
        size_t size;
    } texts[] = {
        {"vendor_id", info->cpu_vendor, sizeof info->cpu_vendor},
        {"model name", info->cpu_model_name, sizeof info->cpu_model_name},
        {"flags", info->cpu_flags, sizeof info->cpu_flags},
    };
    const struct {
        const char *name;
        unsigned *number;
    } numbers[] = {
        {"cpu family", &info->cpu_family},
        {"model", &info->cpu_model},
        {"stepping", &info->cpu_stepping},
        {"cpu MHz", &info->cpu_mhz},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++) {
        if (text_equal(name, texts[i].name)) {
            g_strlcpy(texts[i].text, value, texts[i].size);
        }
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(numbers); i++) {
        if (text_equal(name, numbers[i].name)) {
            *numbers[i].number = hv_cpuinfo_number(value);
        }
    }
}

static unsigned hv_cpuinfo_number(const char *text)
{
    double number;
    return text_parse_float(text, &number) && number > 0 && number < UINT32_MAX ? (unsigned)number
                                                                                : 0;
}
