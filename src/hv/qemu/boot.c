/* Firmware (SeaBIOS, or OVMF with a variable store of the domain's own), the texts that firmware
 * shows of the hardware (SMBIOS), the order of boot devices, and direct kernels. */
#include "hv/qemu/boot.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#define OVMF_CODE           "/usr/share/OVMF/OVMF_CODE_4M.fd"
#define OVMF_VARIABLES      "/usr/share/OVMF/OVMF_VARS_4M.fd"
#define OVMF_VARIABLES_SIZE ((size_t)1024 * 1024) /* limit for reading the template */

#define BOOT_ORDER_DEFAULT "cd"

/* A text of the VM's BIOS strings and the SMBIOS field it fills. */
typedef struct FirmwareText {
    const char *name;
    unsigned type;
    const char *field;
} FirmwareText;

/* Sorted by type. */
static const FirmwareText firmware_texts[] = {
    {"bios-vendor", 0, "vendor"},
    {"bios-version", 0, "version"},
    {"system-manufacturer", 1, "manufacturer"},
    {"system-product-name", 1, "product"},
    {"system-version", 1, "version"},
    {"system-serial-number", 1, "serial"},
    {"baseboard-manufacturer", 2, "manufacturer"},
    {"baseboard-product-name", 2, "product"},
    {"baseboard-version", 2, "version"},
    {"baseboard-serial-number", 2, "serial"},
    {"baseboard-asset-tag", 2, "asset"},
    {"baseboard-location-in-chassis", 2, "location"},
    {"enclosure-asset-tag", 3, "asset"},
    {"oem-1", 11, "value"},
    {"oem-2", 11, "value"},
    {"oem-3", 11, "value"},
    {"oem-4", 11, "value"},
    {"oem-5", 11, "value"},
};

static bool qemu_boot_add_uefi(QemuCmdline *cmdline, const QemuHost *host, const char *nvram_path,
                               QemuRecord *record, Err **err);
static bool qemu_boot_create_nvram(const char *path, Err **err);
static bool qemu_boot_add_kernel(QemuCmdline *cmdline, const QemuHost *host,
                                 const HvDomainConfig *config, Err **err);
static bool qemu_boot_add_file(QemuCmdline *cmdline, const QemuHost *host, const char *option,
                               const char *path, Err **err);
static int qemu_boot_open_readable(const QemuHost *host, const char *path, Err **err);
static int qemu_boot_copy(int source, off_t size, Err **err);
static void qemu_boot_add_texts(QemuCmdline *cmdline, const char *const *strings);
static const char *qemu_boot_find_text(const char *const *strings, const char *name);
static unsigned qemu_boot_index(const HvDomainConfig *config, char letter, unsigned nth);
static unsigned qemu_boot_count(const HvDomainConfig *config, char letter);

bool qemu_boot_add(QemuCmdline *cmdline, const QemuHost *host, const HvDomainConfig *config,
                   QemuRecord *record, Err **err)
{
    qemu_boot_add_texts(cmdline, config->bios_strings);
    switch (config->firmware) {
    case HV_FIRMWARE_BIOS:
        qemu_cmdline_add(cmdline, "-boot", "strict=on");
        return true;
    case HV_FIRMWARE_UEFI:
        qemu_cmdline_add(cmdline, "-boot", "strict=on");
        return qemu_boot_add_uefi(cmdline, host, config->nvram_path, record, err);
    case HV_FIRMWARE_DIRECT_KERNEL:
        return qemu_boot_add_kernel(cmdline, host, config, err);
    }
    g_assert_not_reached();
}

unsigned qemu_boot_disk_index(const HvDomainConfig *config, const HvDisk *disk)
{
    unsigned nth = 0;
    for (unsigned i = 0; i < config->disk_count; i++) {
        const HvDisk *other = &config->disks[i];
        nth += other->is_cd == disk->is_cd && other->position < disk->position;
    }
    return qemu_boot_index(config, disk->is_cd ? 'd' : 'c', nth);
}

unsigned qemu_boot_nic_index(const HvDomainConfig *config, const HvNic *nic)
{
    unsigned nth = 0;
    for (unsigned i = 0; i < config->nic_count; i++) {
        nth += config->nics[i].position < nic->position;
    }
    return qemu_boot_index(config, 'n', nth);
}

static bool qemu_boot_add_uefi(QemuCmdline *cmdline, const QemuHost *host, const char *nvram_path,
                               QemuRecord *record, Err **err)
{
    (void)host;
    if (access(nvram_path, F_OK) < 0 && !qemu_boot_create_nvram(nvram_path, err)) {
        return false;
    }
    int fd = open(nvram_path, O_RDWR | O_CLOEXEC);
    if (fd < 0) {
        return err_errno(err, errno, "cannot open the UEFI variables %s", nvram_path);
    }
    int64_t fdset = record->next_fdset++;
    qemu_cmdline_add_fdset(cmdline, fdset, qemu_cmdline_keep(cmdline, fd));
    qemu_cmdline_add(cmdline, "-blockdev",
                     "driver=raw,node-name=firmware,read-only=on,file.driver=file,"
                     "file.filename=" OVMF_CODE);
    qemu_cmdline_add(cmdline, "-blockdev",
                     "driver=raw,node-name=nvram,file.driver=file,"
                     "file.filename=/dev/fdset/%" G_GINT64_FORMAT,
                     fdset);
    qemu_cmdline_add(cmdline, "-machine", "pflash0=firmware,pflash1=nvram");
    return true;
}

static bool qemu_boot_create_nvram(const char *path, Err **err)
{
    size_t length;
    g_autofree char *template = fd_read_file(OVMF_VARIABLES, OVMF_VARIABLES_SIZE, &length, err);
    return template && fd_write_file(path, template, length, 0600, err);
}

static bool qemu_boot_add_kernel(QemuCmdline *cmdline, const QemuHost *host,
                                 const HvDomainConfig *config, Err **err)
{
    if (!qemu_boot_add_file(cmdline, host, "-kernel", config->kernel, err)) {
        return false;
    }
    if (config->ramdisk && *config->ramdisk &&
        !qemu_boot_add_file(cmdline, host, "-initrd", config->ramdisk, err)) {
        return false;
    }
    if (config->cmdline && *config->cmdline) {
        qemu_cmdline_add(cmdline, "-append", "%s", config->cmdline);
    }
    return true;
}

/* These options know no descriptor sets; the link in /proc leads to the inherited file. */
static bool qemu_boot_add_file(QemuCmdline *cmdline, const QemuHost *host, const char *option,
                               const char *path, Err **err)
{
    g_autoptr(Err) why = NULL;
    int fd = path ? qemu_boot_open_readable(host, path, &why) : -1;
    if (fd < 0) {
        return err_set(err, "BOOTLOADER_FAILED", "", why ? why->params[0] : "no kernel is given");
    }
    qemu_cmdline_add(cmdline, option, "/proc/self/fd/%d", qemu_cmdline_keep(cmdline, fd));
    return true;
}

/* Following the link opens the file anew, with the rights of the domain's account: where these
 * do not suffice, the domain gets a copy in memory. */
static int qemu_boot_open_readable(const QemuHost *host, const char *path, Err **err)
{
    auto_fd fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) < 0) {
        err_errno(err, errno, "cannot open %s", path);
        return -1;
    }
    if (!S_ISREG(status.st_mode)) {
        err_internal(err, "%s is not a file", path);
        return -1;
    }
    if (host->uid == 0 || (status.st_mode & S_IROTH)) {
        return fd_steal(&fd);
    }
    return qemu_boot_copy(fd, status.st_size, err);
}

static int qemu_boot_copy(int source, off_t size, Err **err)
{
    auto_fd copy = memfd_create("boot", MFD_CLOEXEC);
    if (copy < 0) {
        err_errno(err, errno, "cannot create a file in memory");
        return -1;
    }
    while (size > 0) {
        ssize_t done = sendfile(copy, source, NULL, (size_t)size);
        if (done <= 0) {
            err_errno(err, done < 0 ? errno : EIO, "cannot copy a kernel into memory");
            return -1;
        }
        size -= done;
    }
    return fd_steal(&copy);
}

static void qemu_boot_add_texts(QemuCmdline *cmdline, const char *const *strings)
{
    g_autoptr(GString) option = g_string_new(NULL);
    for (unsigned i = 0; i < G_N_ELEMENTS(firmware_texts); i++) {
        const FirmwareText *text = &firmware_texts[i];
        const char *value = qemu_boot_find_text(strings, text->name);
        if (value && *value) {
            g_autofree char *quoted = qemu_cmdline_quote(value);
            g_string_append_printf(option, ",%s=%s", text->field, quoted);
        }
        bool last = i + 1 == G_N_ELEMENTS(firmware_texts) || text[1].type != text->type;
        if (last && option->len > 0) {
            qemu_cmdline_add(cmdline, "-smbios", "type=%u%s", text->type, option->str);
            g_string_truncate(option, 0);
        }
    }
}

static const char *qemu_boot_find_text(const char *const *strings, const char *name)
{
    for (unsigned i = 0; strings && strings[i] && strings[i + 1]; i += 2) {
        if (g_str_equal(strings[i], name)) {
            return strings[i + 1];
        }
    }
    return NULL;
}

/* The place of the nth device of a kind: behind all devices of the kinds before its own. */
static unsigned qemu_boot_index(const HvDomainConfig *config, char letter, unsigned nth)
{
    if (config->firmware == HV_FIRMWARE_DIRECT_KERNEL) {
        return 0;
    }
    const char *order = config->boot_order;
    unsigned index = 1;
    for (const char *at = order && *order ? order : BOOT_ORDER_DEFAULT; *at; at++) {
        if (*at == letter) {
            return index + nth;
        }
        index += qemu_boot_count(config, *at);
    }
    return 0;
}

static unsigned qemu_boot_count(const HvDomainConfig *config, char letter)
{
    if (letter == 'n') {
        return config->nic_count;
    }
    unsigned count = 0;
    for (unsigned i = 0; i < config->disk_count; i++) {
        count += config->disks[i].is_cd == (letter == 'd');
    }
    return letter == 'c' || letter == 'd' ? count : 0;
}
