/* From the table to VM objects: what each kind of system wants of its machine. */
#include "ops/vm/template_startup.h"

#include "gen/db_vm.h"
#include "gen/db_vm_metrics.h"
#include "ops/vm/template_table.h"
#include "ops/vm/vm_check.h"

/* Limits of the product, as the recommendations tell them to clients. */
enum { MAX_MEMORY_GIB = 128, MAX_VCPUS = 16, MAX_VBDS = 16, MAX_VIFS = 7 };

static const int64_t MIB = 1024 * 1024;

static VmRef find_template(const DbView *view, const TemplateInfo *info);
static void write_template(DbTxn *txn, const TemplateInfo *info);
static void write_memory(DbTxn *txn, VmRef vm, const TemplateInfo *info);
static void write_boot(DbTxn *txn, VmRef vm, const TemplateInfo *info);
static void write_platform(DbTxn *txn, VmRef vm, const TemplateInfo *info);
static void write_other_config(DbTxn *txn, VmRef vm, const TemplateInfo *info);
static void write_recommendations(DbTxn *txn, VmRef vm, const TemplateInfo *info);

bool template_startup(Db *db, Err **err)
{
    DbTxn *txn = db_begin(db);
    for (size_t i = 0; i < template_count; i++) {
        if (vm_ref_is_null(find_template(db_txn_view(txn), &template_table[i]))) {
            write_template(txn, &template_table[i]);
        }
    }
    return db_commit(txn, err);
}

static VmRef find_template(const DbView *view, const TemplateInfo *info)
{
    g_autoptr(GArray) vms = db_vm_all(view);
    for (guint i = 0; i < vms->len; i++) {
        VmRef vm = g_array_index(vms, VmRef, i);
        if (db_vm_is_default_template(view, vm) &&
            strcmp(db_vm_reference_label(view, vm), info->reference) == 0) {
            return vm;
        }
    }
    return (VmRef){{{0}}};
}

static void write_template(DbTxn *txn, const TemplateInfo *info)
{
    VmRef vm = db_vm_create(txn);
    db_vm_set_metrics(txn, vm, db_vm_metrics_create(txn));
    db_vm_set_name_label(txn, vm, info->label);
    db_vm_set_reference_label(txn, vm, info->reference);
    db_vm_set_name_description(txn, vm,
                               info->kind == TEMPLATE_OTHER
                                   ? "Template which allows VM installation from install media"
                                   : "");
    db_vm_set_is_a_template(txn, vm, true);
    db_vm_set_is_default_template(txn, vm, true);
    db_vm_set_power_state(txn, vm, VM_POWER_STATE_HALTED);
    db_vm_set_domid(txn, vm, -1);
    db_vm_set_vcpus_max(txn, vm, 1);
    db_vm_set_vcpus_at_startup(txn, vm, 1);
    db_vm_set_actions_after_shutdown(txn, vm, ON_NORMAL_EXIT_DESTROY);
    db_vm_set_actions_after_reboot(txn, vm, ON_NORMAL_EXIT_RESTART);
    db_vm_set_actions_after_crash(txn, vm, ON_CRASH_BEHAVIOUR_RESTART);
    write_memory(txn, vm, info);
    write_boot(txn, vm, info);
    write_platform(txn, vm, info);
    write_other_config(txn, vm, info);
    write_recommendations(txn, vm, info);
}

/* Twice what the system needs at least. */
static void write_memory(DbTxn *txn, VmRef vm, const TemplateInfo *info)
{
    int64_t bytes = 2 * info->memory_mib * MIB;
    db_vm_set_memory_static_min(txn, vm, info->memory_mib * MIB);
    db_vm_set_memory_dynamic_min(txn, vm, bytes);
    db_vm_set_memory_dynamic_max(txn, vm, bytes);
    db_vm_set_memory_static_max(txn, vm, bytes);
}

static void write_boot(DbTxn *txn, VmRef vm, const TemplateInfo *info)
{
    if (info->kind == TEMPLATE_LINUX_PV) {
        db_vm_set_pv_bootloader(txn, vm, "eliloader");
        db_vm_set_pv_args(txn, vm, "graphical utf8");
        db_vm_set_hvm_boot_policy(txn, vm, "");
        return;
    }
    db_vm_set_hvm_boot_policy(txn, vm, VM_CHECK_BOOT_POLICY_HVM);
    db_vm_set_hvm_boot_params_key(txn, vm, "order", "cdn");
    db_vm_set_hvm_boot_params_key(txn, vm, "firmware", info->uefi ? "uefi" : "bios");
}

static void write_platform(DbTxn *txn, VmRef vm, const TemplateInfo *info)
{
    static const char *const common[][2] = {
        {"acpi", "1"}, {"apic", "true"}, {"nx", "true"}, {"pae", "true"}};
    for (size_t i = 0; i < G_N_ELEMENTS(common); i++) {
        db_vm_set_platform_key(txn, vm, common[i][0], common[i][1]);
    }
    db_vm_set_platform_key(txn, vm, "viridian", info->kind == TEMPLATE_WINDOWS ? "true" : "false");
    if (info->kind == TEMPLATE_WINDOWS && info->memory_mib >= 512) {
        db_vm_set_platform_key(txn, vm, "device_id", "0002");
    }
    if (info->kind != TEMPLATE_LINUX_PV) {
        db_vm_set_platform_key(txn, vm, "vga", "std");
        db_vm_set_platform_key(txn, vm, "videoram", "8");
    }
}

static void write_other_config(DbTxn *txn, VmRef vm, const TemplateInfo *info)
{
    db_vm_set_other_config_key(txn, vm, "default_template", "true");
    db_vm_set_other_config_key(txn, vm, "mac_seed", UUID_TEXT(uuid_generate()));
    db_vm_set_other_config_key(txn, vm, "install-methods",
                               info->kind == TEMPLATE_LINUX_PV ? "cdrom,nfs,http,ftp" : "cdrom");
    if (info->kind == TEMPLATE_LINUX_PV) {
        db_vm_set_other_config_key(txn, vm, "linux_template", "true");
        db_vm_set_other_config_key(txn, vm, "install-distro", info->distro);
        db_vm_set_other_config_key(txn, vm, "install-arch", info->is_32bit ? "i386" : "x86_64");
    }
    if (info->disk_gib > 0) {
        g_autofree char *disks =
            g_strdup_printf("<provision><disk device=\"0\" size=\"%" G_GINT64_FORMAT
                            "\" sr=\"\" bootable=\"true\" type=\"system\"/></provision>",
                            info->disk_gib * 1024 * MIB);
        db_vm_set_other_config_key(txn, vm, "disks", disks);
    }
}

static void write_recommendations(DbTxn *txn, VmRef vm, const TemplateInfo *info)
{
    int64_t gib = info->max_memory_gib ? info->max_memory_gib : MAX_MEMORY_GIB;
    g_autofree char *xml = g_strdup_printf(
        "<restrictions><restriction field=\"memory-static-max\" max=\"%" G_GINT64_FORMAT "\"/>"
        "<restriction field=\"vcpus-max\" max=\"%d\"/>"
        "<restriction property=\"number-of-vbds\" max=\"%d\"/>"
        "<restriction property=\"number-of-vifs\" max=\"%d\"/></restrictions>",
        gib * 1024 * MIB, MAX_VCPUS, MAX_VBDS, MAX_VIFS);
    db_vm_set_recommendations(txn, vm, xml);
}
