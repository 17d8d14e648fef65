/* What clients read of a host.  Facts of the machine come from the engine; the rest are the
 * constants by which clients tell what a server can do. */
#include "ops/host/host_rows.h"

#include "base/fd.h"
#include "gen/db_host.h"
#include "gen/db_host_metrics.h"
#include "gen/db_pool.h"
#include "gen/db_vm.h"
#include "gen/db_vm_metrics.h"
#include "ops/host/host_clock.h"
#include "ops/host/host_cpu.h"
#include "ops/host/host_edition.h"
#include "ops/host/host_identity.h"
#include "ops/host/smbios.h"
#include "ops/pool/database_dump.h"

#include <sys/sysinfo.h>
#include <sys/utsname.h>

enum { API_MAJOR = 2, API_MINOR = 21 };

/* Clients tell by brand and version what a server understands: these are the ones of the release
 * whose API this is. */
static const char PRODUCT_BRAND[] = "XenServer";
static const char PRODUCT_VERSION[] = "6.2.0";
static const char PLATFORM_VERSION[] = "1.8.0";
static const char DB_SCHEMA[] = DATABASE_SCHEMA_MAJOR "." DATABASE_SCHEMA_MINOR;
static const char XENCENTER_VERSION[] = "2.0";

static const char SMBIOS_TABLES[] = "/sys/firmware/dmi/tables/DMI";
static const char IOMMU_GROUPS[] = "/sys/kernel/iommu_groups";

enum { SMBIOS_MAX_BYTES = 1024 * 1024 };

/* What the firmware says of the machine, and whether devices can be given to VMs. */
typedef struct MachineFacts {
    Value *bios_strings;
    bool has_iommu;
} MachineFacts;

static HostRef find_or_create_host(DbTxn *txn, Platform *platform, Uuid uuid);
static void write_identity(DbTxn *txn, Platform *platform, HostRef host);
static void write_versions(DbTxn *txn, HostRef host, const HvHostInfo *info);
static void read_machine(MachineFacts *ret_facts);
static void write_metrics(DbTxn *txn, HostRef host, const HvHostInfo *info);
static void write_control_domain(DbTxn *txn, HostRef host, const HvHostInfo *info);
static PoolRef write_pool(DbTxn *txn, HostRef host);
static Value *new_map(const char *const *pairs);

bool host_rows_write(Platform *platform, HostRef *ret_host, PoolRef *ret_pool, Err **err)
{
    HvHostInfo info;
    Uuid uuid;
    if (!platform_hv_driver(platform)->host_info(platform_hv(platform), &info, err) ||
        !host_identity_find(platform_db(platform), platform_paths(platform)->state_dir, &uuid,
                            err)) {
        return false;
    }
    MachineFacts machine;
    read_machine(&machine);
    DbTxn *txn = db_begin(platform_db(platform));
    HostRef host = find_or_create_host(txn, platform, uuid);
    write_identity(txn, platform, host);
    write_versions(txn, host, &info);
    host_cpu_write(txn, host, &info);
    const char *const chipset[] = {"iommu", machine.has_iommu ? "true" : "false", NULL};
    db_host_set_chipset_info(txn, host, new_map(chipset));
    db_host_set_bios_strings(txn, host, machine.bios_strings);
    write_metrics(txn, host, &info);
    write_control_domain(txn, host, &info);
    PoolRef pool = write_pool(txn, host);
    if (!db_commit(txn, err)) {
        return false;
    }
    *ret_host = host;
    *ret_pool = pool;
    return true;
}

static HostRef find_or_create_host(DbTxn *txn, Platform *platform, Uuid uuid)
{
    HostRef host = db_host_by_uuid(db_txn_view(txn), UUID_TEXT(uuid));
    if (!host_ref_is_null(host)) {
        return host;
    }
    host = (HostRef){uuid_generate()};
    db_create(txn, CLASS_HOST, host.id, uuid);
    db_host_set_name_label(txn, host, platform_config(platform)->host_name);
    db_host_set_name_description(txn, host, "Default install");
    db_host_set_enabled(txn, host, true);
    g_autofree char *iqn =
        g_strdup_printf("iqn.2026-01.org.clearwater:%.8s", db_host_uuid(db_txn_view(txn), host));
    db_host_set_iscsi_iqn(txn, host, iqn);
    return host;
}

/* The numbers under which clients expect times in other_config: seconds with a trailing dot. */
static void write_times(DbTxn *txn, HostRef host)
{
    struct sysinfo machine;
    int64_t now = g_get_real_time() / USEC_PER_SEC;
    sysinfo(&machine);
    g_autofree char *boot = g_strdup_printf("%" G_GINT64_FORMAT ".", now - machine.uptime);
    g_autofree char *start = g_strdup_printf("%" G_GINT64_FORMAT ".", now);
    db_host_set_other_config_key(txn, host, "boot_time", boot);
    db_host_set_other_config_key(txn, host, "agent_start_time", start);
}

static void write_identity(DbTxn *txn, Platform *platform, HostRef host)
{
    const PlatformConfig *config = platform_config(platform);
    db_host_set_hostname(txn, host, config->host_name);
    db_host_set_api_version_major(txn, host, API_MAJOR);
    db_host_set_api_version_minor(txn, host, API_MINOR);
    db_host_set_api_version_vendor(txn, host, "XenSource");
    db_host_set_edition(txn, host, HOST_EDITION);
    Value *editions = value_new_array(1);
    value_array_add(editions, value_new_string(HOST_EDITION));
    db_host_set_editions(txn, host, editions);
    db_host_set_license_params(txn, host, host_edition_license_params(PRODUCT_VERSION));
    db_host_set_ssl_legacy(txn, host, false);
    g_autofree char *zone = host_clock_zone();
    db_host_set_timezone(txn, host, zone);
    db_host_set_sched_policy(txn, host, "credit");
    db_host_set_tls_verification_enabled(txn, host, false);
    write_times(txn, host);
}

static void write_versions(DbTxn *txn, HostRef host, const HvHostInfo *info)
{
    struct utsname kernel;
    uname(&kernel);
    const char *const versions[] = {"product_brand",
                                    PRODUCT_BRAND,
                                    "product_version",
                                    PRODUCT_VERSION,
                                    "product_version_text",
                                    "6.2",
                                    "product_version_text_short",
                                    "6.2",
                                    "platform_name",
                                    "Clearwater",
                                    "platform_version",
                                    PLATFORM_VERSION,
                                    "build_number",
                                    CLEARWATER_VERSION,
                                    "xapi",
                                    "1.3",
                                    "xen",
                                    info->engine_version,
                                    "linux",
                                    kernel.release,
                                    "hostname",
                                    kernel.nodename,
                                    "date",
                                    CLEARWATER_DATE,
                                    "dbv",
                                    "2013.0621",
                                    "db_schema",
                                    DB_SCHEMA,
                                    "xencenter_min",
                                    XENCENTER_VERSION,
                                    "xencenter_max",
                                    XENCENTER_VERSION,
                                    "network_backend",
                                    "bridge",
                                    NULL};
    db_host_set_software_version(txn, host, new_map(versions));
    Value *capabilities = value_new_array(2);
    value_array_add(capabilities, value_new_string("xen-3.0-x86_64"));
    value_array_add(capabilities, value_new_string("hvm-3.0-x86_64"));
    db_host_set_capabilities(txn, host, capabilities);
    Value *bootloaders = value_new_array(2);
    value_array_add(bootloaders, value_new_string("pygrub"));
    value_array_add(bootloaders, value_new_string("eliloader"));
    db_host_set_supported_bootloaders(txn, host, bootloaders);
}

/* A machine without these files has neither. */
static void read_machine(MachineFacts *ret_facts)
{
    size_t length = 0;
    g_autofree char *tables = fd_read_file(SMBIOS_TABLES, SMBIOS_MAX_BYTES, &length, NULL);
    g_autoptr(GDir) groups = g_dir_open(IOMMU_GROUPS, 0, NULL);
    *ret_facts = (MachineFacts){
        .bios_strings = smbios_strings((const uint8_t *)tables, length),
        .has_iommu = groups && g_dir_read_name(groups),
    };
}

static void write_metrics(DbTxn *txn, HostRef host, const HvHostInfo *info)
{
    const DbView *view = db_txn_view(txn);
    HostMetricsRef metrics = db_host_metrics(view, host);
    if (!db_host_metrics_exists(view, metrics)) {
        metrics = db_host_metrics_create(txn);
        db_host_set_metrics(txn, host, metrics);
    }
    db_host_metrics_set_live(txn, metrics, true);
    db_host_metrics_set_memory_total(txn, metrics, info->memory_total);
    db_host_metrics_set_memory_free(txn, metrics, info->memory_free);
    db_host_metrics_set_last_updated(txn, metrics, g_get_real_time() / USEC_PER_SEC);
}

/* The domain that the daemon itself runs in; clients look for one on every host. */
static void write_control_domain(DbTxn *txn, HostRef host, const HvHostInfo *info)
{
    const DbView *view = db_txn_view(txn);
    VmRef vm = db_host_control_domain(view, host);
    if (!db_vm_exists(view, vm)) {
        vm = db_vm_create(txn);
        VmMetricsRef metrics = db_vm_metrics_create(txn);
        db_vm_set_metrics(txn, vm, metrics);
        db_vm_set_is_control_domain(txn, vm, true);
        db_host_set_control_domain(txn, host, vm);
    }
    g_autofree char *label =
        g_strdup_printf("Control domain on host: %s", db_host_name_label(view, host));
    db_vm_set_name_label(txn, vm, label);
    db_vm_set_power_state(txn, vm, VM_POWER_STATE_RUNNING);
    db_vm_set_resident_on(txn, vm, host);
    db_vm_set_domid(txn, vm, 0);
    unsigned vcpus = info->control_vcpus > 0 ? info->control_vcpus : info->cpu_count;
    db_vm_set_vcpus_max(txn, vm, vcpus);
    db_vm_set_vcpus_at_startup(txn, vm, vcpus);
    uint64_t memory = info->control_memory_bytes;
    db_vm_set_memory_target(txn, vm, memory > 0 ? memory : info->domain_overhead_bytes);
    if (memory > 0) {
        db_vm_set_memory_static_max(txn, vm, memory);
        db_vm_set_memory_dynamic_max(txn, vm, memory);
        db_vm_set_memory_dynamic_min(txn, vm, memory);
        db_vm_metrics_set_memory_actual(txn, db_vm_metrics(view, vm), memory);
    }
    db_vm_metrics_set_vcpus_number(txn, db_vm_metrics(view, vm), vcpus);
}

static PoolRef write_pool(DbTxn *txn, HostRef host)
{
    const DbView *view = db_txn_view(txn);
    g_autoptr(GArray) pools = db_pool_all(view);
    PoolRef pool = pools->len > 0 ? g_array_index(pools, PoolRef, 0) : db_pool_create(txn);
    db_pool_set_master(txn, pool, host);
    db_pool_set_restrictions(txn, pool, host_edition_restrictions());
    host_cpu_write_pool(txn, pool);
    return pool;
}

static Value *new_map(const char *const *pairs)
{
    Value *map = value_new_struct(16);
    for (; pairs[0]; pairs += 2) {
        value_struct_add(map, pairs[0], value_new_string(pairs[1]));
    }
    return map;
}
