/* Fills the store of a daemon that does not run with the objects of a large pool.
 *
 * usage: bench_fill FILE HOSTS VMS DEVICES MESSAGES
 *
 * FILE is the daemon's store after a first start.  HOSTS more hosts come in, each with CPUs, four
 * NICs and a local repository, and VMs on a shared one; DEVICES disks with as many VBDs, and as
 * many VIFs, are spread evenly over the VMs; MESSAGES tell of VMs that are gone.  Prints how many
 * objects there are in all. */
#include "gen/db_host.h"
#include "gen/db_host_cpu.h"
#include "gen/db_host_metrics.h"
#include "gen/db_message.h"
#include "gen/db_network.h"
#include "gen/db_pbd.h"
#include "gen/db_pif.h"
#include "gen/db_sr.h"
#include "gen/db_vbd.h"
#include "gen/db_vdi.h"
#include "gen/db_vif.h"
#include "gen/db_vm.h"
#include "gen/db_vm_metrics.h"

#include <stdio.h>
#include <stdlib.h>

enum { CPUS = 16, NICS = 4, BATCH = 500 };
#define MEMORY (INT64_C(2) << 30)

typedef struct Pool {
    NetworkRef networks[NICS];
    SrRef shared;
} Pool;

static void check(bool is_good, const Err *err)
{
    if (!is_good) {
        g_autofree char *text = err_to_string(err);
        g_error("%s", text);
    }
}

static const char *numbered(char text[32], const char *word, unsigned number)
{
    g_snprintf(text, 32, "%s%u", word, number);
    return text;
}

static SrRef create_sr(DbTxn *txn, const char *name, bool shared)
{
    SrRef sr = db_sr_create(txn);
    db_sr_set_name_label(txn, sr, name);
    db_sr_set_type(txn, sr, "nfs");
    db_sr_set_content_type(txn, sr, "user");
    db_sr_set_shared(txn, sr, shared);
    return sr;
}

static void create_pbd(DbTxn *txn, HostRef host, SrRef sr)
{
    PbdRef pbd = db_pbd_create(txn);
    db_pbd_set_host(txn, pbd, host);
    db_pbd_set_sr(txn, pbd, sr);
}

static void create_host(DbTxn *txn, const Pool *pool, unsigned number)
{
    char name[32];
    HostRef host = db_host_create(txn);
    HostMetricsRef metrics = db_host_metrics_create(txn);
    db_host_set_name_label(txn, host, numbered(name, "host", number));
    db_host_set_address(txn, host, numbered(name, "192.0.2.", number));
    db_host_set_metrics(txn, host, metrics);
    db_host_metrics_set_memory_total(txn, metrics, MEMORY * 128);
    for (unsigned i = 0; i < CPUS; i++) {
        HostCpuRef cpu = db_host_cpu_create(txn);
        db_host_cpu_set_host(txn, cpu, host);
        db_host_cpu_set_number(txn, cpu, i);
    }
    for (unsigned i = 0; i < NICS; i++) {
        PifRef pif = db_pif_create(txn);
        db_pif_set_host(txn, pif, host);
        db_pif_set_network(txn, pif, pool->networks[i]);
        db_pif_set_device(txn, pif, numbered(name, "eth", i));
    }
    create_pbd(txn, host, pool->shared);
    create_pbd(txn, host, create_sr(txn, numbered(name, "local", number), false));
}

static void create_pool(Db *db, Pool *pool, unsigned hosts)
{
    g_autoptr(Err) err = NULL;
    char name[32];
    DbTxn *txn = db_begin(db);
    pool->shared = create_sr(txn, "shared", true);
    for (unsigned i = 0; i < NICS; i++) {
        pool->networks[i] = db_network_create(txn);
        db_network_set_name_label(txn, pool->networks[i], numbered(name, "network", i));
    }
    for (unsigned i = 0; i < hosts; i++) {
        create_host(txn, pool, i + 1);
    }
    check(db_commit(txn, &err), err);
}

static void create_vm(DbTxn *txn, unsigned number, VmRef *ret_vm)
{
    char name[32];
    VmRef vm = db_vm_create(txn);
    db_vm_set_name_label(txn, vm, numbered(name, "vm", number));
    db_vm_set_name_description(txn, vm, "One of very many");
    db_vm_set_metrics(txn, vm, db_vm_metrics_create(txn));
    db_vm_set_memory_static_max(txn, vm, MEMORY);
    db_vm_set_memory_dynamic_max(txn, vm, MEMORY);
    db_vm_set_memory_dynamic_min(txn, vm, MEMORY);
    db_vm_set_memory_static_min(txn, vm, MEMORY / 4);
    db_vm_set_vcpus_max(txn, vm, 2);
    db_vm_set_vcpus_at_startup(txn, vm, 2);
    db_vm_set_hvm_boot_policy(txn, vm, "BIOS order");
    db_vm_set_hvm_boot_params_key(txn, vm, "order", "cdn");
    db_vm_set_platform_key(txn, vm, "acpi", "1");
    db_vm_set_platform_key(txn, vm, "apic", "true");
    db_vm_set_platform_key(txn, vm, "pae", "true");
    db_vm_set_other_config_key(txn, vm, "mac_seed", UUID_TEXT(uuid_generate()));
    db_vm_set_domid(txn, vm, -1);
    *ret_vm = vm;
}

static void create_device(DbTxn *txn, const Pool *pool, VmRef vm, unsigned number)
{
    char name[32];
    VdiRef vdi = db_vdi_create(txn);
    db_vdi_set_name_label(txn, vdi, numbered(name, "disk", number));
    db_vdi_set_location(txn, vdi, db_vdi_uuid(db_txn_view(txn), vdi));
    db_vdi_set_sr(txn, vdi, pool->shared);
    db_vdi_set_virtual_size(txn, vdi, MEMORY * 16);
    VbdRef vbd = db_vbd_create(txn);
    db_vbd_set_vm(txn, vbd, vm);
    db_vbd_set_vdi(txn, vbd, vdi);
    db_vbd_set_userdevice(txn, vbd, numbered(name, "", number));
    VifRef vif = db_vif_create(txn);
    db_vif_set_vm(txn, vif, vm);
    db_vif_set_network(txn, vif, pool->networks[number % NICS]);
    db_vif_set_device(txn, vif, numbered(name, "", number));
    db_vif_set_mtu(txn, vif, 1500);
}

static void create_vms(Db *db, const Pool *pool, unsigned vms, unsigned devices)
{
    g_autoptr(Err) err = NULL;
    for (unsigned first = 0; first < vms; first += BATCH) {
        DbTxn *txn = db_begin(db);
        for (unsigned i = first; i < MIN(first + BATCH, vms); i++) {
            VmRef vm;
            create_vm(txn, i, &vm);
            unsigned count = devices / vms + (i < devices % vms);
            for (unsigned j = 0; j < count; j++) {
                create_device(txn, pool, vm, j);
            }
        }
        check(db_commit(txn, &err), err);
    }
}

static void create_messages(Db *db, unsigned count)
{
    g_autoptr(Err) err = NULL;
    DbTxn *txn = db_begin(db);
    for (unsigned i = 0; i < count; i++) {
        MessageRef message = db_message_create(txn);
        db_message_set_name(txn, message, "VM_STARTED");
        db_message_set_priority(txn, message, 5);
        db_message_set_cls(txn, message, CLS_VM);
        db_message_set_obj_uuid(txn, message, UUID_TEXT(uuid_generate()));
        db_message_set_timestamp(txn, message, 1);
        db_message_set_body(txn, message, "VM 'of old' started on host");
    }
    check(db_commit(txn, &err), err);
}

static unsigned parse(const char *text)
{
    return (unsigned)g_ascii_strtoull(text, NULL, 10);
}

static unsigned count_objects(Db *db)
{
    unsigned count = 0;
    g_autoptr(DbSnapshot) snapshot = db_snapshot(db);
    for (uint16_t i = 0; i < model_schema.class_count; i++) {
        count += db_count(db_snapshot_view(snapshot), i);
    }
    return count;
}

int main(int argc, char **argv)
{
    g_autoptr(Err) err = NULL;
    DbBackend backend;
    if (argc != 6) {
        fprintf(stderr, "usage: bench_fill FILE HOSTS VMS DEVICES MESSAGES\n");
        return 2;
    }
    check(db_backend_sqlite(argv[1], &backend, &err), err);
    g_autoptr(Db) db = db_open(&model_schema, &backend, &err);
    check(db != NULL, err);
    Pool pool;
    create_pool(db, &pool, parse(argv[2]));
    create_vms(db, &pool, parse(argv[3]), parse(argv[4]));
    create_messages(db, parse(argv[5]));
    printf("%u\n", count_objects(db));
    return 0;
}
