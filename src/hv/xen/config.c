/* One function for each part of a configuration.  Disks come from the record, which has them as
 * the guest will find them: drives without a medium exist for HVM alone. */
#include "hv/xen/config.h"

#include "base/text.h"
#include "hv/xen/device.h"
#include "hv/xen/machine.h"

#include <libxl_utils.h>
#include <stdlib.h>

#define SOCKET_PATH_SIZE   108 /* sun_path of unix(7) */
#define BOOT_ORDER_DEFAULT "cd"

static bool xen_config_check(const HvDomainConfig *config, const XenPlaces *places, Err **err);
static void xen_config_create(const HvDomainConfig *config, libxl_domain_config *result);
static void xen_config_boot(const HvDomainConfig *config, libxl_domain_build_info *build);
static void xen_config_hvm(const HvDomainConfig *config, const char *dir,
                           libxl_domain_build_info *build);
static void xen_config_consoles(const HvDomainConfig *config, const char *dir,
                                libxl_domain_config *result);
static void xen_config_vnc(const char *dir, libxl_vnc_info *vnc);
static bool xen_config_disks(const XenRecord *record, libxl_domain_config *result, Err **err);
static bool xen_config_nics(const HvDomainConfig *config, const char *script,
                            libxl_domain_config *result, Err **err);
static libxl_string_list xen_config_strings(const char *const *strings);
static libxl_key_value_list xen_config_store(const HvDomainConfig *config);

bool xen_config_build(const HvDomainConfig *config, const XenRecord *record,
                      const XenPlaces *places, libxl_domain_config *ret_config, Err **err)
{
    if (!xen_config_check(config, places, err)) {
        return false;
    }
    libxl_domain_config result;
    libxl_domain_config_init(&result);
    xen_config_create(config, &result);
    libxl_domain_build_info_init_type(&result.b_info, result.c_info.type);
    xen_machine_describe(config, &result.b_info);
    xen_config_boot(config, &result.b_info);
    if (config->kind == HV_KIND_HVM) {
        xen_config_hvm(config, places->dir, &result.b_info);
    }
    xen_config_consoles(config, places->dir, &result);
    if (!xen_config_disks(record, &result, err) ||
        !xen_config_nics(config, places->vif_script, &result, err)) {
        libxl_domain_config_dispose(&result);
        return false;
    }
    *ret_config = result;
    return true;
}

/* QEMU would tell of a socket's long name only in a log. */
static bool xen_config_check(const HvDomainConfig *config, const XenPlaces *places, Err **err)
{
    if (config->vcpus == 0 || config->memory_bytes == 0) {
        return err_internal(err, "a domain needs a vCPU and memory");
    }
    if (strlen(places->dir) + sizeof "/" XEN_SOCKET_SERIAL > SOCKET_PATH_SIZE) {
        return err_internal(err, "the folder %s has too long a name for sockets in it",
                            places->dir);
    }
    return true;
}

static void xen_config_create(const HvDomainConfig *config, libxl_domain_config *result)
{
    static const libxl_domain_type types[] = {
        [HV_KIND_HVM] = LIBXL_DOMAIN_TYPE_HVM,
        [HV_KIND_PV] = LIBXL_DOMAIN_TYPE_PV,
        [HV_KIND_PVH] = LIBXL_DOMAIN_TYPE_PVH,
    };
    libxl_domain_create_info *create = &result->c_info;
    char name[UUID_TEXT_SIZE];
    create->type = types[config->kind];
    /* libxl wants names to be unique, which those of VMs are not. */
    create->name = g_strdup(uuid_format(config->uuid, name));
    memcpy(libxl_uuid_bytearray(&create->uuid), config->uuid.bytes, sizeof config->uuid.bytes);
    libxl_defbool_set(&create->run_hotplug_scripts, true);
    create->xsdata = xen_config_store(config);
    /* What happens at its end is decided above. */
    result->on_poweroff = result->on_reboot = result->on_crash = result->on_watchdog =
        LIBXL_ACTION_ON_SHUTDOWN_PRESERVE;
    result->on_soft_reset = LIBXL_ACTION_ON_SHUTDOWN_PRESERVE;
}

static void xen_config_boot(const HvDomainConfig *config, libxl_domain_build_info *build)
{
    if (config->firmware == HV_FIRMWARE_DIRECT_KERNEL) {
        build->kernel = g_strdup(config->kernel);
        build->ramdisk = g_strdup(config->ramdisk);
    }
    build->cmdline = g_strdup(config->cmdline);
    if (!config->kernel && config->kind != HV_KIND_HVM) {
        build->bootloader = g_strdup(config->bootloader);
        build->bootloader_args = xen_config_strings(config->bootloader_args);
    }
}

/* 6.2's order of letters is libxl's, too. */
static void xen_config_hvm(const HvDomainConfig *config, const char *dir,
                           libxl_domain_build_info *build)
{
    const char *order = config->boot_order;
    build->u.hvm.boot = g_strdup(order && *order ? order : BOOT_ORDER_DEFAULT);
    build->u.hvm.bios =
        config->firmware == HV_FIRMWARE_UEFI ? LIBXL_BIOS_TYPE_OVMF : LIBXL_BIOS_TYPE_SEABIOS;
    build->u.hvm.hdtype = config->ahci ? LIBXL_HDTYPE_AHCI : LIBXL_HDTYPE_IDE;
    build->u.hvm.serial = g_strdup_printf("unix:%s/" XEN_SOCKET_SERIAL ",server=on,wait=off", dir);
    xen_config_vnc(dir, &build->u.hvm.vnc);
    if (!(config->features_off & HV_FEATURE_USB_TABLET)) {
        static const char *const devices[] = {"tablet", NULL};
        build->u.hvm.usbdevice_list = xen_config_strings(devices);
        libxl_defbool_set(&build->u.hvm.usb, true);
    }
    if (!uuid_is_null(config->generation_id)) {
        memcpy(build->u.hvm.ms_vm_genid.bytes, config->generation_id.bytes,
               sizeof config->generation_id.bytes);
    }
}

/* The device model gets a socket of ours for commands, besides libxl's own. */
static void xen_config_consoles(const HvDomainConfig *config, const char *dir,
                                libxl_domain_config *result)
{
    g_autofree char *socket = g_strdup_printf("unix:%s/" XEN_SOCKET_QMP ",server=on,wait=off", dir);
    const char *const extra[] = {"-qmp", socket, NULL};
    result->b_info.extra = xen_config_strings(extra);
    if (config->kind == HV_KIND_HVM) {
        return;
    }
    result->vfbs = calloc(1, sizeof *result->vfbs);
    result->num_vfbs = 1;
    libxl_device_vfb_init(result->vfbs);
    xen_config_vnc(dir, &result->vfbs[0].vnc);
    result->vkbs = calloc(1, sizeof *result->vkbs);
    result->num_vkbs = 1;
    libxl_device_vkb_init(result->vkbs);
}

/* What has a colon libxl hands to QEMU as it is: no port of the network is opened. */
static void xen_config_vnc(const char *dir, libxl_vnc_info *vnc)
{
    libxl_defbool_set(&vnc->enable, true);
    libxl_defbool_set(&vnc->findunused, false);
    vnc->listen = g_strdup_printf("unix:%s/" XEN_SOCKET_VNC, dir);
}

static bool xen_config_disks(const XenRecord *record, libxl_domain_config *result, Err **err)
{
    result->disks = calloc(MAX(record->disks->len, 1), sizeof *result->disks);
    for (unsigned i = 0; i < record->disks->len; i++) {
        const XenDisk *disk = g_ptr_array_index(record->disks, i);
        if (!disk->path && record->kind != HV_KIND_HVM) {
            continue;
        }
        if (!xen_device_disk(disk, &result->disks[result->num_disks], err)) {
            return false;
        }
        result->num_disks++;
    }
    return true;
}

static bool xen_config_nics(const HvDomainConfig *config, const char *script,
                            libxl_domain_config *result, Err **err)
{
    result->nics = calloc(MAX(config->nic_count, 1), sizeof *result->nics);
    for (unsigned i = 0; i < config->nic_count; i++) {
        if (!xen_device_nic(&config->nics[i], script, &result->nics[i], err)) {
            return false;
        }
        result->num_nics++;
    }
    return true;
}

/* A copy that libxl frees; NULL for none. */
static libxl_string_list xen_config_strings(const char *const *strings)
{
    unsigned count = strings ? g_strv_length((char **)strings) : 0;
    libxl_string_list list = count > 0 ? calloc(count + 1, sizeof *list) : NULL;
    for (unsigned i = 0; i < count; i++) {
        list[i] = g_strdup(strings[i]);
    }
    return list;
}

/* What is written below the domain's own folder of xenstore.  There hvmloader looks for strings, by
 * 6.2's names. */
static libxl_key_value_list xen_config_store(const HvDomainConfig *config)
{
    unsigned count = config->bios_strings ? g_strv_length((char **)config->bios_strings) : 0;
    libxl_key_value_list list = count > 0 ? calloc(count + 1, sizeof *list) : NULL;
    for (unsigned i = 0; i < count; i += 2) {
        list[i] = g_strconcat("bios-strings/", config->bios_strings[i], NULL);
        list[i + 1] = g_strdup(config->bios_strings[i + 1]);
    }
    return list;
}
