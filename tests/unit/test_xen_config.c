/* What libxl is told of a domain. Xen need not be there. */
#include "../assert_ok.h"
#include "base/fd.h"
#include "hv/xen/config.h"
#include "hv/xen/device.h"

#define MIB ((uint64_t)1024 * 1024)

static const XenPlaces places = {"/run/cw/domain", "/usr/lib/clearwater/clearwater-vif"};

static char *new_image(const char *content, size_t length)
{
    char *path = NULL;
    int fd = g_file_open_tmp("xen-config-XXXXXX", &path, NULL);
    Err *err = NULL;
    assert_ok(fd_write_all(fd, content, length, &err), err);
    close(fd);
    return path;
}

static HvDomainConfig a_guest(HvKind kind)
{
    HvDomainConfig config = {
        .name = "any, name",
        .vcpus = 2,
        .vcpus_max = 3,
        .memory_bytes = 128 * MIB,
        .memory_max_bytes = 256 * MIB,
        .kind = kind,
        .boot_order = "",
        .vga = "",
        .start_ticket = 5,
    };
    g_assert_true(uuid_parse("01234567-89ab-cdef-0123-456789abcdef", &config.uuid));
    return config;
}

static void build(const HvDomainConfig *config, libxl_domain_config *result)
{
    g_autoptr(XenRecord) record = xen_record_new(config);
    Err *err = NULL;
    assert_ok(xen_config_build(config, record, &places, result, &err), err);
}

static void test_machine(void)
{
    HvDomainConfig config = a_guest(HV_KIND_PV);
    config.firmware = HV_FIRMWARE_DIRECT_KERNEL;
    config.kernel = "/k";
    config.ramdisk = "/r";
    config.cmdline = "console=hvc0 a b";
    libxl_domain_config result;
    build(&config, &result);
    g_assert_cmpint(result.c_info.type, ==, LIBXL_DOMAIN_TYPE_PV);
    g_assert_cmpstr(result.c_info.name, ==, "01234567-89ab-cdef-0123-456789abcdef");
    g_assert_cmpmem(libxl_uuid_bytearray(&result.c_info.uuid), 16, config.uuid.bytes, 16);
    const libxl_domain_build_info *info = &result.b_info;
    g_assert_cmpuint(info->target_memkb, ==, 128 * 1024);
    g_assert_cmpstr(info->kernel, ==, "/k");
    g_assert_cmpstr(info->ramdisk, ==, "/r");
    g_assert_cmpstr(info->cmdline, ==, "console=hvc0 a b");
    g_assert_null(info->bootloader);
    g_assert_cmpstr(info->extra[1], ==, "unix:/run/cw/domain/qmp.sock,server=on,wait=off");
    g_assert_cmpint(result.num_vfbs, ==, 1);
    g_assert_cmpstr(result.vfbs[0].vnc.listen, ==, "unix:/run/cw/domain/vnc.sock");
    libxl_domain_config_dispose(&result);
}

static void test_bootloader(void)
{
    static const char *const words[] = {"--entry=1", "-q", NULL};
    HvDomainConfig config = a_guest(HV_KIND_PVH);
    config.bootloader = "pygrub";
    config.bootloader_args = words;
    libxl_domain_config result;
    build(&config, &result);
    g_assert_cmpint(result.c_info.type, ==, LIBXL_DOMAIN_TYPE_PVH);
    g_assert_cmpstr(result.b_info.bootloader, ==, "pygrub");
    g_assert_cmpstr(result.b_info.bootloader_args[1], ==, "-q");
    g_assert_null(result.b_info.kernel);
    libxl_domain_config_dispose(&result);
}

static void test_hvm(void)
{
    static const char *const strings[] = {"bios-vendor", "Xen", "oem-1", "x", NULL};
    HvDomainConfig config = a_guest(HV_KIND_HVM);
    config.boot_order = "dc";
    config.vga = "cirrus";
    config.bios_strings = strings;
    config.generation_id.bytes[0] = 9;
    libxl_domain_config result;
    build(&config, &result);
    g_assert_cmpint(result.c_info.type, ==, LIBXL_DOMAIN_TYPE_HVM);
    g_assert_cmpstr(result.b_info.u.hvm.boot, ==, "dc");
    g_assert_cmpint(result.b_info.u.hvm.bios, ==, LIBXL_BIOS_TYPE_SEABIOS);
    g_assert_cmpint(result.b_info.u.hvm.hdtype, ==, LIBXL_HDTYPE_IDE);
    g_assert_cmpint(result.b_info.u.hvm.vga.kind, ==, LIBXL_VGA_INTERFACE_TYPE_CIRRUS);
    g_assert_true(libxl_defbool_val(result.b_info.u.hvm.usb));
    g_assert_cmpstr(result.b_info.u.hvm.usbdevice_list[0], ==, "tablet");
    g_assert_cmpstr(result.b_info.u.hvm.serial, ==,
                    "unix:/run/cw/domain/serial.sock,server=on,wait=off");
    g_assert_cmpuint(result.b_info.u.hvm.ms_vm_genid.bytes[0], ==, 9);
    g_assert_cmpstr(result.c_info.xsdata[0], ==, "bios-strings/bios-vendor");
    g_assert_cmpstr(result.c_info.xsdata[3], ==, "x");
    g_assert_null(result.c_info.xsdata[4]);
    g_assert_cmpint(result.num_vfbs, ==, 0);
    libxl_domain_config_dispose(&result);
    config.firmware = HV_FIRMWARE_UEFI;
    config.ahci = true;
    config.features_off = HV_FEATURE_USB_TABLET;
    build(&config, &result);
    g_assert_null(result.b_info.u.hvm.usbdevice_list);
    g_assert_cmpint(result.b_info.u.hvm.bios, ==, LIBXL_BIOS_TYPE_OVMF);
    g_assert_cmpint(result.b_info.u.hvm.hdtype, ==, LIBXL_HDTYPE_AHCI);
    libxl_domain_config_dispose(&result);
}

static void test_disks(void)
{
    g_autofree char *raw = new_image("raw", 3);
    g_autofree char *qcow2 = new_image("QFI\xfb\0\0\0\3", 8);
    const HvImage images[] = {{raw, "raw"}, {qcow2, "qcow2"}};
    const HvDisk disks[] = {
        {"a", 0, false, false, true, &images[0], 1},
        {"b", 2, false, true, false, &images[1], 1},
        {"cd", 3, true, true, false, NULL, 0},
    };
    HvDomainConfig config = a_guest(HV_KIND_PV);
    config.bootloader = "pygrub";
    config.disks = disks;
    config.disk_count = 3;
    libxl_domain_config result;
    build(&config, &result);
    g_assert_cmpint(result.num_disks, ==, 2); /* only HVM has a drive without a medium */
    g_assert_cmpstr(result.disks[0].vdev, ==, "xvda");
    g_assert_cmpint(result.disks[0].format, ==, LIBXL_DISK_FORMAT_RAW);
    g_assert_cmpint(result.disks[0].backend, ==, LIBXL_DISK_BACKEND_QDISK);
    g_assert_true(result.disks[0].readwrite);
    g_assert_cmpstr(result.disks[1].vdev, ==, "xvdc");
    g_assert_cmpint(result.disks[1].format, ==, LIBXL_DISK_FORMAT_QCOW2);
    g_assert_false(result.disks[1].readwrite);
    libxl_domain_config_dispose(&result);
    config.kind = HV_KIND_HVM;
    build(&config, &result);
    g_assert_cmpint(result.num_disks, ==, 3);
    g_assert_cmpint(result.disks[2].format, ==, LIBXL_DISK_FORMAT_EMPTY);
    g_assert_true(result.disks[2].is_cdrom);
    libxl_domain_config_dispose(&result);
    (void)unlink(raw);
    (void)unlink(qcow2);
}

static void refuse(const HvDisk *disk, const char *text)
{
    HvDomainConfig config = a_guest(HV_KIND_PV);
    config.disks = disk;
    config.disk_count = 1;
    g_autoptr(XenRecord) record = xen_record_new(&config);
    libxl_domain_config result;
    Err *err = NULL;
    g_assert_false(xen_config_build(&config, record, &places, &result, &err));
    g_assert_nonnull(strstr(err->params[0], text));
    err_free(err);
}

static void test_bad_disks(void)
{
    g_autofree char *raw = new_image("raw", 3);
    const HvImage missing = {"/nonexistent/image", "raw"};
    const HvImage wrong = {raw, "qcow2"};
    const HvImage good = {raw, "raw"};
    refuse(&(HvDisk){"a", 0, false, false, true, &missing, 1}, "/nonexistent/image");
    refuse(&(HvDisk){"a", 0, false, false, true, &wrong, 1}, "qcow2");
    refuse(&(HvDisk){"a", 16, false, false, true, &good, 1}, "place 16");
    (void)unlink(raw);
}

static void test_nics(void)
{
    const HvNic nics[] = {
        {"n", 0, "00:16:3E:00:00:5a", 9000, -1, "xenbr0", "vif7.0"},
        {"m", 3, "00:16:3e:00:00:5b", 1500, -1, NULL, NULL},
    };
    HvDomainConfig config = a_guest(HV_KIND_PV);
    config.nics = nics;
    config.nic_count = 2;
    libxl_domain_config result;
    build(&config, &result);
    g_assert_cmpint(result.num_nics, ==, 2);
    g_assert_cmpint(result.nics[0].mac[2], ==, 0x3e);
    g_assert_cmpint(result.nics[0].mac[5], ==, 0x5a);
    g_assert_cmpint(result.nics[0].mtu, ==, 9000);
    g_assert_cmpstr(result.nics[0].bridge, ==, "xenbr0");
    g_assert_cmpstr(result.nics[0].ifname, ==, "vif7.0");
    g_assert_cmpstr(result.nics[0].script, ==, places.vif_script);
    g_assert_cmpint(result.nics[0].nictype, ==, LIBXL_NIC_TYPE_VIF);
    g_assert_cmpint(result.nics[1].devid, ==, 3);
    g_assert_cmpstr(result.nics[1].bridge, ==, "-");
    libxl_domain_config_dispose(&result);
    libxl_mac mac;
    g_assert_false(xen_device_parse_mac("00:16:3e:00:00", &mac));
    g_assert_false(xen_device_parse_mac("00:16:3e:00:00:5", &mac));
    g_assert_false(xen_device_parse_mac("00:16:3e:00:00:5g", &mac));
    g_assert_false(xen_device_parse_mac("00:16:3e:00:00:5aa", &mac));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/xen_config/machine", test_machine);
    g_test_add_func("/xen_config/bootloader", test_bootloader);
    g_test_add_func("/xen_config/hvm", test_hvm);
    g_test_add_func("/xen_config/disks", test_disks);
    g_test_add_func("/xen_config/bad_disks", test_bad_disks);
    g_test_add_func("/xen_config/nics", test_nics);
    return g_test_run();
}
