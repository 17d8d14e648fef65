/* Reads the objects of one VM and asks storage and network for what they stand for.  Checks that
 * need no driver are in vm_check.c. */
#include "ops/vm/vm_plan.h"

#include "base/fd.h"
#include "base/text.h"
#include "core/core.h"
#include "gen/db_sr.h"
#include "gen/db_vbd.h"
#include "gen/db_vdi.h"
#include "gen/db_vif.h"
#include "gen/db_vm.h"
#include "gen/errors.h"
#include "ops/network/bridge.h"
#include "ops/network/network_turn.h"
#include "ops/vif/vif_port.h"
#include "ops/vm/vm_check.h"
#include "ops/vm/vm_genid.h"
#include "ops/vm/vm_nvram.h"
#include "ops/vm/vm_platform.h"
#include "ops/vm/vm_state.h"
#include "ops/vm/vm_store.h"

#define PYGRUB "pygrub"

enum {
    MAX_DISK_POSITION = 255,
};

static void plan_machine(Call *call, const DbView *view, VmRef vm, HvDomainConfig *config);
static bool plan_boot(Call *call, const DbView *view, VmRef vm, HvDomainConfig *config, Err **err);
static bool plan_bootloader(Call *call, const DbView *view, VmRef vm, HvDomainConfig *config,
                            Err **err);
static bool plan_disks(Call *call, const DbView *view, VmRef vm, HvDomainConfig *config, Err **err);
static bool plan_nics(Call *call, const DbView *view, VmRef vm, Undo *undo, HvDomainConfig *config,
                      Err **err);
static bool check_kernel_path(Call *call, const char *path, Err **err);
static const char *const *plan_bios_strings(Call *call, const DbView *view, VmRef vm);
static void close_tap(void *user);
static void detach_port(void *user);

bool vm_plan(Call *call, VmRef vm, Undo *undo, HvDomainConfig *ret_config, Err **err)
{
    const DbView *view = call_view(call);
    HvDomainConfig config = {0};
    plan_machine(call, view, vm, &config);
    if (!plan_boot(call, view, vm, &config, err) || !plan_disks(call, view, vm, &config, err) ||
        !plan_nics(call, view, vm, undo, &config, err)) {
        return false;
    }
    *ret_config = config;
    return true;
}

bool vm_plan_disk(Call *call, const DbView *view, VbdRef vbd, HvDisk *ret_disk, Err **err)
{
    uint64_t position;
    if (!text_parse_uint(db_vbd_userdevice(view, vbd), MAX_DISK_POSITION, &position)) {
        return err_invalid_device(err, db_vbd_userdevice(view, vbd));
    }
    HvDisk disk = {.id = arena_strdup(call->arena, db_vbd_uuid(view, vbd)),
                   .position = position,
                   .is_cd = db_vbd_type(view, vbd) == VBD_TYPE_CD,
                   .read_only = db_vbd_mode(view, vbd) == VBD_MODE_RO,
                   .bootable = db_vbd_bootable(view, vbd)};
    if (!db_vbd_empty(view, vbd) &&
        !vm_plan_images(call, view, db_vbd_vdi(view, vbd), &disk.images, &disk.image_count, err)) {
        return false;
    }
    *ret_disk = disk;
    return true;
}

bool vm_plan_images(Call *call, const DbView *view, VdiRef vdi, const HvImage **ret_images,
                    unsigned *ret_count, Err **err)
{
    g_auto(SrUse) use = {0};
    if (!platform_use_sr(call_platform(call), view, db_vdi_sr(view, vdi), &use, err)) {
        return false;
    }
    g_autoptr(GArray) chain =
        use.driver->vdi_chain(call->op, use.sr, db_vdi_location(view, vdi), err);
    if (!chain) {
        return false;
    }
    HvImage *images = arena_new0(call->arena, HvImage, chain->len);
    for (guint i = 0; i < chain->len; i++) {
        const SrImage *image = &g_array_index(chain, SrImage, i);
        images[i].path = arena_strdup(call->arena, image->path);
        images[i].format = arena_strdup(call->arena, image->format);
    }
    *ret_images = images;
    *ret_count = chain->len;
    return true;
}

/* A tap of this call: its descriptor dies with the arena, its port when the story is undone. */
typedef struct PlannedTap {
    Platform *platform;
    const char *name;
    int fd;
} PlannedTap;

bool vm_plan_nic(Call *call, const DbView *view, VifRef vif, Undo *undo, HvNic *ret_nic, Err **err)
{
    Platform *platform = call_platform(call);
    uint64_t position;
    if (!text_parse_uint(db_vif_device(view, vif), MAX_DISK_POSITION, &position)) {
        return err_invalid_device(err, db_vif_device(view, vif));
    }
    g_auto(TurnGuard) turn = NULL;
    if (!network_turn_take(call, &turn, err)) {
        return false;
    }
    const DbView *now = call_view(call);
    if (!bridge_ensure(call, now, db_vif_network(now, vif), db_vif_vm(now, vif), err)) {
        return false;
    }
    const NwPort port = vif_port_describe(call, now, vif);
    *ret_nic = (HvNic){.id = arena_strdup(call->arena, db_vif_uuid(view, vif)),
                       .position = position,
                       .mac = port.policy.mac,
                       .mtu = port.mtu,
                       .tap_fd = -1};
    if (platform_hv_driver(platform)->caps & HV_CAP_NIC_BRIDGE) {
        ret_nic->bridge = port.bridge;
        ret_nic->port = port.name;
        return true;
    }
    PlannedTap *tap = arena_new0(call->arena, PlannedTap, 1);
    *tap = (PlannedTap){platform, port.name, -1};
    if (!platform_nw_driver(platform)->port_attach(platform_nw(platform), call->op, &port, &tap->fd,
                                                   err)) {
        return false;
    }
    arena_own(call->arena, tap, close_tap);
    undo_push(undo, detach_port, tap);
    ret_nic->tap_fd = tap->fd;
    return true;
}

bool vm_plan_open_ports(Call *call, VmRef vm, Err **err)
{
    if (!(platform_hv_driver(call_platform(call))->caps & HV_CAP_NIC_BRIDGE)) {
        return true;
    }
    const DbView *view = call_view(call);
    for (unsigned i = 0; i < db_vm_vifs_count(view, vm); i++) {
        if (!vif_port_refresh(call, db_vm_vifs_at(view, vm, i), err)) {
            return false;
        }
    }
    return true;
}

static void plan_machine(Call *call, const DbView *view, VmRef vm, HvDomainConfig *config)
{
    uuid_parse(db_vm_uuid(view, vm), &config->uuid);
    config->name = arena_strdup(call->arena, db_vm_name_label(view, vm));
    config->vcpus = db_vm_vcpus_at_startup(view, vm);
    config->vcpus_max = db_vm_vcpus_max(view, vm);
    config->memory_bytes = db_vm_memory_dynamic_max(view, vm);
    config->memory_max_bytes = db_vm_memory_static_max(view, vm);
    config->shadow_multiplier = db_vm_hvm_shadow_multiplier(view, vm);
    vm_platform_read(db_vm_platform(view, vm), config);
    vm_platform_read_scheduling(db_vm_vcpus_params(view, vm), call->arena, config);
    config->bios_strings = plan_bios_strings(call, view, vm);
    config->store_data = vm_store_data(call->arena, db_vm_xenstore_data(view, vm));
    config->generation_id = vm_genid_bytes(db_vm_generation_id(view, vm));
    config->start_ticket = ((uint64_t)g_random_int() << 32) | g_random_int();
}

/* HVM when it has a boot policy, as 6.2 tells it; else a kernel from the host's own store. */
static bool plan_boot(Call *call, const DbView *view, VmRef vm, HvDomainConfig *config, Err **err)
{
    if (vm_check_is_hvm(view, vm)) {
        const char *order = db_vm_hvm_boot_params_get(view, vm, "order");
        const char *firmware = db_vm_hvm_boot_params_get(view, vm, "firmware");
        config->boot_order = arena_strdup(call->arena, order ? order : "cd");
        config->firmware = firmware && g_ascii_strcasecmp(firmware, "uefi") == 0 ? HV_FIRMWARE_UEFI
                                                                                 : HV_FIRMWARE_BIOS;
        config->nvram_path = vm_nvram_path(call, db_vm_uuid(view, vm));
        return true;
    }
    const char *kernel = db_vm_pv_kernel(view, vm);
    const char *ramdisk = db_vm_pv_ramdisk(view, vm);
    config->kind = db_vm_domain_type(view, vm) == DOMAIN_TYPE_PVH ? HV_KIND_PVH : HV_KIND_PV;
    config->cmdline = arena_strdup(call->arena, db_vm_pv_args(view, vm));
    config->boot_order = "";
    if (!*kernel && *db_vm_pv_bootloader(view, vm) &&
        platform_hv_driver(call_platform(call))->caps & HV_CAP_BOOTLOADER) {
        return plan_bootloader(call, view, vm, config, err);
    }
    if (!*kernel) {
        return err_bootloader_failed(err, REF_TEXT(vm.id),
                                     "PV_kernel is empty and HVM_boot_policy too: set one of them");
    }
    if (!check_kernel_path(call, kernel, err) ||
        (*ramdisk && !check_kernel_path(call, ramdisk, err))) {
        return false;
    }
    config->firmware = HV_FIRMWARE_DIRECT_KERNEL;
    config->kernel = arena_strdup(call->arena, kernel);
    config->ramdisk = *ramdisk ? arena_strdup(call->arena, ramdisk) : NULL;
    return true;
}

/* It runs on the host: no client may have just any program run there. */
static bool plan_bootloader(Call *call, const DbView *view, VmRef vm, HvDomainConfig *config,
                            Err **err)
{
    const char *name = db_vm_pv_bootloader(view, vm);
    if (strcmp(name, PYGRUB) != 0) {
        return err_bootloader_failed(err, REF_TEXT(vm.id),
                                     "PV_bootloader: only " PYGRUB " is there to be run");
    }
    g_auto(GStrv) words = g_strsplit(db_vm_pv_bootloader_args(view, vm), " ", -1);
    const char **list = arena_new0(call->arena, const char *, g_strv_length(words) + 1);
    unsigned count = 0;
    for (char **word = words; *word; word++) {
        if (**word) {
            list[count++] = arena_strdup(call->arena, *word);
        }
    }
    config->bootloader = PYGRUB;
    config->bootloader_args = list;
    return true;
}

/* A client that may edit VMs must not read the host's files through a guest: kernels come from two
 * folders that only the host's administrator writes to. */
static bool check_kernel_path(Call *call, const char *path, Err **err)
{
    g_autofree char *store =
        g_build_filename(platform_paths(call_platform(call))->state_dir, "kernels", NULL);
    const char *const allowed[] = {store, "/boot/guest"};
    char *real = realpath(path, NULL);
    if (!real) {
        return err_errno(err, errno, "cannot open the guest kernel %s", path);
    }
    bool ok = false;
    for (size_t i = 0; i < G_N_ELEMENTS(allowed); i++) {
        char *real_folder = realpath(allowed[i], NULL);
        size_t length = real_folder ? strlen(real_folder) : 0;
        ok |= length > 0 && strncmp(real, real_folder, length) == 0 && real[length] == '/';
        free(real_folder);
    }
    free(real);
    return ok || err_internal(err,
                              "guest kernel %s: only files below %s and /boot/guest are used; "
                              "copy it there",
                              path, store);
}

static bool plan_disks(Call *call, const DbView *view, VmRef vm, HvDomainConfig *config, Err **err)
{
    unsigned count = db_vm_vbds_count(view, vm);
    HvDisk *disks = arena_new0(call->arena, HvDisk, count);
    config->disks = disks;
    for (unsigned i = 0; i < count; i++) {
        VbdRef vbd = db_vm_vbds_at(view, vm, i);
        if (vm_state_brings_vbd(view, vbd) &&
            !vm_plan_disk(call, view, vbd, &disks[config->disk_count++], err)) {
            return false;
        }
    }
    return true;
}

static bool plan_nics(Call *call, const DbView *view, VmRef vm, Undo *undo, HvDomainConfig *config,
                      Err **err)
{
    unsigned count = db_vm_vifs_count(view, vm);
    HvNic *nics = arena_new0(call->arena, HvNic, count);
    config->nics = nics;
    for (unsigned i = 0; i < count; i++) {
        VifRef vif = db_vm_vifs_at(view, vm, i);
        if (vm_state_brings_vif(view, vif) &&
            !vm_plan_nic(call, view, vif, undo, &nics[config->nic_count++], err)) {
            return false;
        }
    }
    return true;
}

static const char *const *plan_bios_strings(Call *call, const DbView *view, VmRef vm)
{
    const Value *strings = db_vm_bios_strings(view, vm);
    unsigned count = value_count(strings);
    const char **list = arena_new0(call->arena, const char *, 2 * count + 1);
    for (unsigned i = 0; i < count; i++) {
        list[2 * i] = arena_strdup(call->arena, value_name_at(strings, i));
        list[2 * i + 1] = arena_strdup(call->arena, value_string(value_at(strings, i)));
    }
    return list;
}

static void close_tap(void *user)
{
    PlannedTap *tap = user;
    fd_close(&tap->fd);
}

static void detach_port(void *user)
{
    PlannedTap *tap = user;
    g_autoptr(Op) op = core_undo_op();
    fd_close(&tap->fd);
    platform_nw_driver(tap->platform)->port_detach(platform_nw(tap->platform), op, tap->name, NULL);
}
