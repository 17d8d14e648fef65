/* Also set_cpu_features and reset_cpu_features: the level of features that guests see.
 *
 * In 6.2 Xen hid features from all domains, beginning with the host's next boot.  Here each guest
 * gets its own processor, so that the level holds for those that boot from now on: what 6.2 has
 * after a reboot is so at once, and features and features_after_reboot are the same. */
#include "ops/host/host_cpu.h"

#include "base/text.h"
#include "gen/db_host.h"
#include "gen/db_host_cpu.h"
#include "gen/db_pool.h"
#include "gen/errors.h"
#include "gen/ops_host.h"
#include "ops/host/host_here.h"

#include <cpuid.h>

#define PHYSICAL "physical_features"
#define LEVEL    "features"
/* 6.2's name for what LEVEL is to be after the next boot. */
#define NEXT_LEVEL "features_after_reboot"

enum { TOPOLOGY_LEAF = 0xb };

static void write_info(DbTxn *txn, HostRef host, const HvHostInfo *info);
static bool write_level(Call *call, HostRef host, CpuFeatures level, Err **err);
static CpuFeatures read_features(const DbView *view, HostRef host, const char *name);
static uint64_t read_count(const DbView *view, HostRef host, const char *name);
static unsigned threads_per_core(void);

bool host_set_cpu_features(Call *call, const HostSetCpuFeaturesArgs *args, Err **err)
{
    CpuFeatures level;
    if (!host_here_check(call, args->host, err)) {
        return false;
    }
    if (!cpu_features_parse(args->features, &level)) {
        return err_invalid_feature_string(err, args->features);
    }
    CpuFeatures physical = host_cpu_physical(call_view(call), args->host);
    CpuFeatures lacking = cpu_features_without(level, physical);
    if (!cpu_features_are_none(lacking)) {
        char text[CPU_FEATURES_TEXT_SIZE];
        return err_invalid_feature_string(
            err, arena_printf(call->arena, "The processors lack %s of %s",
                              cpu_features_format(lacking, text), args->features));
    }
    return write_level(call, args->host, level, err);
}

bool host_reset_cpu_features(Call *call, const HostResetCpuFeaturesArgs *args, Err **err)
{
    return host_here_check(call, args->host, err) &&
           write_level(call, args->host, host_cpu_physical(call_view(call), args->host), err);
}

CpuFeatures host_cpu_physical(const DbView *view, HostRef host)
{
    return read_features(view, host, PHYSICAL);
}

CpuFeatures host_cpu_level(const DbView *view, HostRef host)
{
    return read_features(view, host, LEVEL);
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

void host_cpu_write_pool(DbTxn *txn, PoolRef pool)
{
    const DbView *view = db_txn_view(txn);
    g_autoptr(GArray) hosts = db_host_all(view);
    uint64_t cpus = 0, sockets = 0;
    CpuFeatures common;
    memset(&common, 0xff, sizeof common);
    for (guint i = 0; i < hosts->len; i++) {
        HostRef host = g_array_index(hosts, HostRef, i);
        cpus += read_count(view, host, "cpu_count");
        sockets += read_count(view, host, "socket_count");
        common = cpu_features_both(common, host_cpu_level(view, host));
    }
    const char *vendor = db_host_cpu_info_get(view, db_pool_master(view, pool), "vendor");
    char cpu_count[TEXT_INT_SIZE], socket_count[TEXT_INT_SIZE], features[CPU_FEATURES_TEXT_SIZE];
    Value *map = value_new_struct(4);
    value_struct_add(map, "vendor", value_new_string(vendor ? vendor : ""));
    value_struct_add(map, "cpu_count", value_new_string(text_format_int((int64_t)cpus, cpu_count)));
    value_struct_add(map, "socket_count",
                     value_new_string(text_format_int((int64_t)sockets, socket_count)));
    value_struct_add(map, LEVEL, value_new_string(cpu_features_format(common, features)));
    db_pool_set_cpu_info(txn, pool, map);
}

static void write_info(DbTxn *txn, HostRef host, const HvHostInfo *info)
{
    const DbView *view = db_txn_view(txn);
    CpuFeatures physical = cpu_features_of(info->cpu_features);
    CpuFeatures hidden =
        cpu_features_without(host_cpu_physical(view, host), host_cpu_level(view, host));
    bool is_lowered = !cpu_features_are_none(hidden);
    CpuFeatures level =
        is_lowered ? cpu_features_both(host_cpu_level(view, host), physical) : physical;
    char physical_text[CPU_FEATURES_TEXT_SIZE], level_text[CPU_FEATURES_TEXT_SIZE];
    cpu_features_format(physical, physical_text);
    cpu_features_format(level, level_text);
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
        {"vendor", info->cpu_vendor}, {"modelname", info->cpu_model_name},
        {"flags", info->cpu_flags},   {PHYSICAL, physical_text},
        {LEVEL, level_text},          {NEXT_LEVEL, level_text},
        {"maskable", "full"},
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

static bool write_level(Call *call, HostRef host, CpuFeatures level, Err **err)
{
    char text[CPU_FEATURES_TEXT_SIZE];
    cpu_features_format(level, text);
    DbTxn *txn = db_begin(call->db);
    db_host_set_cpu_info_key(txn, host, LEVEL, text);
    db_host_set_cpu_info_key(txn, host, NEXT_LEVEL, text);
    host_cpu_write_pool(txn, platform_pool(call_platform(call)));
    return db_commit(txn, err);
}

/* None for a host that is new. */
static CpuFeatures read_features(const DbView *view, HostRef host, const char *name)
{
    const char *text = db_host_cpu_info_get(view, host, name);
    CpuFeatures features = {{0}};
    if (text) {
        (void)cpu_features_parse(text, &features);
    }
    return features;
}

static uint64_t read_count(const DbView *view, HostRef host, const char *name)
{
    const char *text = db_host_cpu_info_get(view, host, name);
    uint64_t count = 0;
    if (text) {
        (void)text_parse_uint(text, UINT32_MAX, &count);
    }
    return count;
}

static unsigned threads_per_core(void)
{
    unsigned eax, ebx = 0, ecx, edx;
    bool is_told = __get_cpuid_count(TOPOLOGY_LEAF, 0, &eax, &ebx, &ecx, &edx);
    return is_told && (ebx & 0xffff) > 0 ? ebx & 0xffff : 1;
}
