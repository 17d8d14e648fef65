/* Also set_cpu_features and reset_cpu_features: hiding features from all VMs of a host is what Xen
 * did at boot; the engines here give each VM its CPU. */
#include "ops/host/host_cpu.h"

#include "gen/db_host.h"
#include "gen/db_host_cpu.h"
#include "gen/errors.h"
#include "gen/ops_host.h"
#include "ops/host/host_here.h"

#include <cpuid.h>

enum { TOPOLOGY_LEAF = 0xb, FEATURE_DIGITS = 32, FEATURES_SIZE = 36 };

static void write_info(DbTxn *txn, HostRef host, const HvHostInfo *info);
static unsigned threads_per_core(void);

bool host_set_cpu_features(Call *call, const HostSetCpuFeaturesArgs *args, Err **err)
{
    if (!host_here_check(call, args->host, err)) {
        return false;
    }
    if (!host_cpu_features_are_valid(args->features)) {
        return err_invalid_feature_string(err, args->features);
    }
    return err_cpu_feature_masking_not_supported(err, "The engine gives each VM its own CPU");
}

/* Nothing is hidden. */
bool host_reset_cpu_features(Call *call, const HostResetCpuFeaturesArgs *args, Err **err)
{
    return host_here_check(call, args->host, err);
}

void host_cpu_write(DbTxn *txn, HostRef host, const HvHostInfo *info)
{
    write_info(txn, host, info);
    char stepping[16];
    g_snprintf(stepping, sizeof stepping, "%u", info->cpu_stepping);
    g_autoptr(GArray) old = db_host_host_cpus_array(db_txn_view(txn), host);
    for (guint i = info->cpu_count; i < old->len; i++) {
        db_host_cpu_delete(txn, g_array_index(old, HostCpuRef, i));
    }
    for (guint i = 0; i < info->cpu_count; i++) {
        HostCpuRef cpu = i < old->len ? g_array_index(old, HostCpuRef, i) : db_host_cpu_create(txn);
        db_host_cpu_set_host(txn, cpu, host);
        db_host_cpu_set_number(txn, cpu, i);
        db_host_cpu_set_vendor(txn, cpu, info->cpu_vendor);
        db_host_cpu_set_speed(txn, cpu, info->cpu_mhz);
        db_host_cpu_set_modelname(txn, cpu, info->cpu_model_name);
        db_host_cpu_set_family(txn, cpu, info->cpu_family);
        db_host_cpu_set_model(txn, cpu, info->cpu_model);
        db_host_cpu_set_stepping(txn, cpu, stepping);
        db_host_cpu_set_flags(txn, cpu, info->cpu_flags);
    }
}

bool host_cpu_features_are_valid(const char *text)
{
    unsigned digits = 0;
    for (; *text; text++) {
        if (g_ascii_isxdigit(*text)) {
            digits++;
        } else if (*text != '-' && *text != ' ') {
            return false;
        }
    }
    return digits == FEATURE_DIGITS;
}

static void write_info(DbTxn *txn, HostRef host, const HvHostInfo *info)
{
    const uint32_t *words = info->cpu_features;
    char features[FEATURES_SIZE];
    g_snprintf(features, sizeof features, "%08x-%08x-%08x-%08x", words[0], words[1], words[2],
               words[3]);
    const struct {
        const char *name;
        unsigned value;
    } numbers[] = {
        {"cpu_count", info->cpu_count},   {"socket_count", info->socket_count},
        {"speed", info->cpu_mhz},         {"threads_per_core", threads_per_core()},
        {"family", info->cpu_family},     {"model", info->cpu_model},
        {"stepping", info->cpu_stepping},
    };
    const struct {
        const char *name, *value;
    } texts[] = {
        {"vendor", info->cpu_vendor},
        {"modelname", info->cpu_model_name},
        {"flags", info->cpu_flags},
        {"features", features},
        {"physical_features", features},
        {"features_after_reboot", features},
        {"maskable", "no"},
    };
    Value *map = value_new_struct(G_N_ELEMENTS(numbers) + G_N_ELEMENTS(texts));
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
        char digits[16];
        g_snprintf(digits, sizeof digits, "%u", numbers[i].value);
        value_struct_add_static(map, numbers[i].name, value_new_string(digits));
    }
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        value_struct_add_static(map, texts[i].name, value_new_string(texts[i].value));
    }
    db_host_set_cpu_info(txn, host, map);
}

static unsigned threads_per_core(void)
{
    unsigned eax, ebx = 0, ecx, edx;
    bool is_told = __get_cpuid_count(TOPOLOGY_LEAF, 0, &eax, &ebx, &ecx, &edx);
    return is_told && (ebx & 0xffff) > 0 ? ebx & 0xffff : 1;
}
