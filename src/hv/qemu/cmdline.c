/* Machine, processors, memory, channels, disks and NICs of a new domain.  What it boots from is
 * boot.c; the properties of disks and NICs are device.c.
 *
 * Everything is stated, nothing left to QEMU's defaults, and QEMU opens no path of ours: files
 * come as descriptors, so that its account needs no right to any of them. */
#include "hv/qemu/cmdline.h"

#include "base/fd.h"
#include "hv/block/image.h"
#include "hv/qemu/boot.h"
#include "hv/qemu/cpu.h"
#include "hv/qemu/device.h"
#include "wire/json.h"

#include <fcntl.h>

/* A version, so that a saved state can be read by a later QEMU. */
#define QEMU_MACHINE "pc-q35-7.2"
/* MiB of translated guest code that tcg keeps; QEMU's own default is 1 GiB for each domain. */
#define QEMU_TCG_CACHE 256

static void qemu_cmdline_add_process(QemuCmdline *cmdline, const QemuHost *host,
                                     const HvDomainConfig *config);
static void qemu_cmdline_add_processors(QemuCmdline *cmdline, const QemuHost *host,
                                        const HvDomainConfig *config);
static void qemu_cmdline_add_clock(QemuCmdline *cmdline, const HvDomainConfig *config);
static void qemu_cmdline_add_channels(QemuCmdline *cmdline, const QemuChannels *channels,
                                      QemuRecord *record);
static void qemu_cmdline_add_logged(QemuCmdline *cmdline, const char *id, int socket, int log,
                                    QemuRecord *record);
static void qemu_cmdline_add_fixed_devices(QemuCmdline *cmdline, const HvDomainConfig *config);
static void qemu_cmdline_add_generation_id(QemuCmdline *cmdline, Uuid bytes);
static bool qemu_cmdline_add_disks(QemuCmdline *cmdline, const QemuHost *host,
                                   const HvDomainConfig *config, QemuRecord *record, Err **err);
static bool qemu_cmdline_add_chain(QemuCmdline *cmdline, const QemuHost *host, const HvDisk *disk,
                                   QemuRecord *record, BlockDisk *entry, Err **err);
static bool qemu_cmdline_add_nics(QemuCmdline *cmdline, const HvDomainConfig *config,
                                  QemuRecord *record, Err **err);

void qemu_cmdline_init(QemuCmdline *cmdline)
{
    cmdline->argv = g_ptr_array_new_with_free_func(g_free);
    cmdline->fds = g_array_new(FALSE, FALSE, sizeof(int));
    g_array_set_clear_func(cmdline->fds, (GDestroyNotify)fd_close);
}

void qemu_cmdline_clear(QemuCmdline *cmdline)
{
    g_clear_pointer(&cmdline->argv, g_ptr_array_unref);
    g_clear_pointer(&cmdline->fds, g_array_unref);
}

bool qemu_cmdline_build(QemuCmdline *cmdline, const QemuHost *host, const HvDomainConfig *config,
                        const QemuChannels *channels, QemuRecord *record, Err **err)
{
    g_ptr_array_add(cmdline->argv, g_strdup(QEMU_PROGRAM));
    qemu_cmdline_add_process(cmdline, host, config);
    qemu_cmdline_add_processors(cmdline, host, config);
    qemu_cmdline_add_clock(cmdline, config);
    qemu_cmdline_add_channels(cmdline, channels, record);
    qemu_cmdline_add_fixed_devices(cmdline, config);
    if (!qemu_boot_add(cmdline, host, config, record, err) ||
        !qemu_cmdline_add_disks(cmdline, host, config, record, err) ||
        !qemu_cmdline_add_nics(cmdline, config, record, err)) {
        return false;
    }
    if (channels->incoming) {
        qemu_cmdline_add(cmdline, "-incoming", "defer");
    }
    g_ptr_array_add(cmdline->argv, NULL);
    return true;
}

void qemu_cmdline_add(QemuCmdline *cmdline, const char *option, const char *fmt, ...)
{
    g_ptr_array_add(cmdline->argv, g_strdup(option));
    if (fmt) {
        va_list args;
        va_start(args, fmt);
        g_ptr_array_add(cmdline->argv, g_strdup_vprintf(fmt, args));
        va_end(args);
    }
}

void qemu_cmdline_add_json(QemuCmdline *cmdline, const char *option, Value *value)
{
    g_autoptr(Value) owned = value;
    GString *text = g_string_new(NULL);
    json_append(text, owned);
    g_ptr_array_add(cmdline->argv, g_strdup(option));
    g_ptr_array_add(cmdline->argv, g_string_free(text, FALSE));
}

int qemu_cmdline_keep(QemuCmdline *cmdline, int fd)
{
    g_array_append_val(cmdline->fds, fd);
    return fd;
}

void qemu_cmdline_add_fdset(QemuCmdline *cmdline, int64_t fdset, int fd)
{
    qemu_cmdline_add(cmdline, "-add-fd", "set=%" G_GINT64_FORMAT ",fd=%d", fdset, fd);
}

char *qemu_cmdline_quote(const char *text)
{
    g_auto(GStrv) parts = g_strsplit(text, ",", -1);
    return g_strjoinv(",,", parts);
}

static void qemu_cmdline_add_process(QemuCmdline *cmdline, const QemuHost *host,
                                     const HvDomainConfig *config)
{
    g_autofree char *name = qemu_cmdline_quote(config->name);
    char uuid[UUID_TEXT_SIZE];
    qemu_cmdline_add(cmdline, "-nodefaults", NULL);
    qemu_cmdline_add(cmdline, "-no-user-config", NULL);
    qemu_cmdline_add(cmdline, "-S", NULL);
    qemu_cmdline_add(cmdline, "-display", "none");
    qemu_cmdline_add(cmdline, "-name", "guest=%s", name);
    qemu_cmdline_add(cmdline, "-uuid", "%s", uuid_format(config->uuid, uuid));
    qemu_cmdline_add(cmdline, "-msg", "timestamp=on");
    qemu_cmdline_add(cmdline, "-sandbox",
                     "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny");
    qemu_cmdline_add(cmdline, "-machine",
                     QEMU_MACHINE ",usb=off,vmport=off,hpet=off,dump-guest-core=off");
    if (host->kvm) {
        qemu_cmdline_add(cmdline, "-accel", "kvm");
    } else {
        qemu_cmdline_add(cmdline, "-accel", "tcg,thread=multi,tb-size=%d", QEMU_TCG_CACHE);
    }
    /* The guest's end is reported and the process stays: what follows is the caller's choice. */
    qemu_cmdline_add(cmdline, "-action", "shutdown=pause,reboot=shutdown,panic=pause");
}

static void qemu_cmdline_add_processors(QemuCmdline *cmdline, const QemuHost *host,
                                        const HvDomainConfig *config)
{
    unsigned max = MAX(config->vcpus_max, config->vcpus);
    unsigned cores = MAX(config->cores_per_socket, 1);
    if (max % cores != 0) {
        cores = 1;
    }
    uint64_t memory = MAX(config->memory_max_bytes, config->memory_bytes);
    g_autofree char *processor =
        qemu_cpu_describe(host->kvm ? "host,migratable=on" : "max", config->cpu_hidden);
    qemu_cmdline_add(cmdline, "-cpu", "%s", processor);
    qemu_cmdline_add(cmdline, "-smp", "cpus=%u,maxcpus=%u,sockets=%u,cores=%u,threads=1",
                     config->vcpus, max, max / cores, cores);
    qemu_cmdline_add(cmdline, "-m", "%" G_GUINT64_FORMAT "k", memory / 1024);
}

static void qemu_cmdline_add_clock(QemuCmdline *cmdline, const HvDomainConfig *config)
{
    if (config->time_offset == 0) {
        qemu_cmdline_add(cmdline, "-rtc", "base=utc");
        return;
    }
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autoptr(GDateTime) base = g_date_time_add_seconds(now, (double)config->time_offset);
    g_autofree char *text = base ? g_date_time_format(base, "%Y-%m-%dT%H:%M:%S") : NULL;
    qemu_cmdline_add(cmdline, "-rtc", "base=%s", text ? text : "utc");
}

/* The framebuffer's server has no socket of its own: viewers are handed to it over QMP. */
static void qemu_cmdline_add_channels(QemuCmdline *cmdline, const QemuChannels *channels,
                                      QemuRecord *record)
{
    qemu_cmdline_add_logged(cmdline, "qmp", channels->qmp, channels->qmp_log, record);
    qemu_cmdline_add(cmdline, "-mon", "chardev=qmp,mode=control");
    qemu_cmdline_add_logged(cmdline, "serial", channels->serial, channels->serial_log, record);
    qemu_cmdline_add(cmdline, "-serial", "chardev:serial");
    qemu_cmdline_add(cmdline, "-chardev", "socket,id=agent,fd=%d,server=on,wait=off",
                     channels->agent);
    qemu_cmdline_add(cmdline, "-device", "virtio-serial-pci,id=channels,addr=0x2");
    qemu_cmdline_add(
        cmdline, "-device",
        "virtserialport,chardev=agent,name=org.qemu.guest_agent.0,id=" QEMU_AGENT_DEVICE);
    qemu_cmdline_add(cmdline, "-vnc", "none");
}

/* A channel whose output QEMU also writes to a file, whether or not anybody is connected. */
static void qemu_cmdline_add_logged(QemuCmdline *cmdline, const char *id, int socket, int log,
                                    QemuRecord *record)
{
    int64_t set = record->next_fdset++;
    qemu_cmdline_add_fdset(cmdline, set, log);
    qemu_cmdline_add(cmdline, "-chardev",
                     "socket,id=%s,fd=%d,server=on,wait=off,logfile=/dev/fdset/%" G_GINT64_FORMAT
                     ",logappend=on",
                     id, socket, set);
}

/* Fixed places, so that the guest sees the same machine at every start. The tablet gives
 * viewers a pointer that agrees with theirs. */
static void qemu_cmdline_add_fixed_devices(QemuCmdline *cmdline, const HvDomainConfig *config)
{
    bool cirrus = g_strcmp0(config->vga, "cirrus") == 0;
    qemu_cmdline_add(cmdline, "-device", "%s,addr=0x1", cirrus ? "cirrus-vga" : "VGA");
    qemu_cmdline_add(cmdline, "-device",
                     "virtio-balloon-pci,id=" QEMU_BALLOON_DEVICE
                     ",addr=0x3,free-page-reporting=on");
    qemu_cmdline_add(cmdline, "-device", "virtio-rng-pci,addr=0x4,max-bytes=4096,period=100");
    qemu_cmdline_add(cmdline, "-device", "qemu-xhci,id=usb,addr=0x5");
    qemu_cmdline_add(cmdline, "-device", "usb-tablet,bus=usb.0");
    qemu_cmdline_add(cmdline, "-device", "pcie-pci-bridge,id=" QEMU_HOTPLUG_BUS ",addr=0x6");
    qemu_cmdline_add(cmdline, "-device", "pvpanic");
    qemu_cmdline_add_generation_id(cmdline, config->generation_id);
}

/* QEMU is told the bytes as a GUID, whose first three fields the text has the other way round. */
static void qemu_cmdline_add_generation_id(QemuCmdline *cmdline, Uuid bytes)
{
    static const unsigned fields[][2] = {{0, 4}, {4, 2}, {6, 2}}; /* first byte, length */
    char text[UUID_TEXT_SIZE];
    Uuid guid = bytes;
    if (uuid_is_null(bytes)) {
        return;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
        unsigned first = fields[i][0], length = fields[i][1];
        for (unsigned j = 0; j < length; j++) {
            guid.bytes[first + j] = bytes.bytes[first + length - 1 - j];
        }
    }
    qemu_cmdline_add(cmdline, "-device", "vmgenid,id=generation,guid=%s", uuid_format(guid, text));
}

static bool qemu_cmdline_add_disks(QemuCmdline *cmdline, const QemuHost *host,
                                   const HvDomainConfig *config, QemuRecord *record, Err **err)
{
    /* Firmware and installers know AHCI. Kernels made for virtual machines, which are what is
     * booted directly, may know nothing but virtio. */
    bool scsi = config->firmware == HV_FIRMWARE_DIRECT_KERNEL;
    unsigned cd_count = 0;
    if (scsi) {
        qemu_cmdline_add(cmdline, "-device", "virtio-scsi-pci,id=" QEMU_CD_BUS ",addr=0x7");
    }
    for (unsigned i = 0; i < config->disk_count; i++) {
        const HvDisk *disk = &config->disks[i];
        if (!qemu_device_check_disk(disk, err)) {
            return false;
        }
        if (disk->is_cd && cd_count == QEMU_MAX_CD_DRIVES) {
            return err_internal(err, "more than %d CD drives", QEMU_MAX_CD_DRIVES);
        }
        BlockDisk *entry = qemu_record_add_disk(record, disk);
        if (!qemu_cmdline_add_chain(cmdline, host, disk, record, entry, err)) {
            return false;
        }
        const char *node = block_disk_top_node(entry);
        unsigned boot_index = qemu_boot_disk_index(config, disk);
        Value *device = disk->is_cd ? qemu_device_cd(entry, scsi, cd_count++, node, boot_index)
                                    : qemu_device_disk(entry, node, boot_index);
        qemu_cmdline_add_json(cmdline, "-device", device);
    }
    return true;
}

/* A node names the one below it, so the oldest image comes first. */
static bool qemu_cmdline_add_chain(QemuCmdline *cmdline, const QemuHost *host, const HvDisk *disk,
                                   QemuRecord *record, BlockDisk *entry, Err **err)
{
    for (unsigned i = disk->image_count; i-- > 0;) {
        g_auto(BlockImage) image = {.fd = -1};
        if (!block_image_open(&disk->images[i], entry->read_only || i > 0, &image, err)) {
            return false;
        }
        const char *below = block_disk_top_node(entry);
        BlockNode *node = block_disk_add_node(entry, &record->next_fdset);
        node->writable = !image.read_only;
        qemu_cmdline_add_json(cmdline, "-blockdev",
                              block_image_node(&image, node->name, node->fdset, below, host->aio));
        qemu_cmdline_add_fdset(cmdline, node->fdset,
                               qemu_cmdline_keep(cmdline, fd_steal(&image.fd)));
    }
    return true;
}

static bool qemu_cmdline_add_nics(QemuCmdline *cmdline, const HvDomainConfig *config,
                                  QemuRecord *record, Err **err)
{
    for (unsigned i = 0; i < config->nic_count; i++) {
        const HvNic *nic = &config->nics[i];
        if (!qemu_device_check_nic(nic, err)) {
            return false;
        }
        qemu_record_add_nic(record, nic);
        g_autofree char *netdev = NULL;
        if (nic->tap_fd >= 0) {
            int fd = fcntl(nic->tap_fd, F_DUPFD_CLOEXEC, 3);
            if (fd < 0) {
                return err_errno(err, errno, "cannot duplicate the tap of NIC %s", nic->id);
            }
            netdev = qemu_device_netdev_id(nic->position);
            qemu_cmdline_add(cmdline, "-netdev", "tap,id=%s,fd=%d", netdev,
                             qemu_cmdline_keep(cmdline, fd));
        }
        qemu_cmdline_add_json(cmdline, "-device",
                              qemu_device_nic(nic, netdev, qemu_boot_nic_index(config, nic)));
    }
    return true;
}
