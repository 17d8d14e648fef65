/* The hypervisor driver interface: what an engine does for the layers above.
 *
 * A driver knows domains, disks and NICs as plain structs.  It never sees the database, a
 * session or a XenAPI class.  Every hook is there; one that an engine cannot serve fails with
 * hv_unsupported() and its capability bit is not set.
 *
 * Threads: hooks may be called from any thread; calls for one domain are serialised by the
 * caller (the op-lock of the VM), calls for different domains run side by side.  Hooks that
 * wait take an Op.  Domains outlive the driver: hv close() leaves them running, open() finds
 * them again from what is under `run_dir`.
 *
 * Ownership: inputs are borrowed for the call; `ret_` outputs are (owned) by the caller. */
#pragma once

#include "base/op.h"
#include "base/uuid.h"

#include <stdint.h>

typedef enum HvCaps {
    HV_CAP_MEMORY_BALLOON = 1 << 0,
    HV_CAP_VCPU_HOTPLUG = 1 << 1,
    HV_CAP_SAVE = 1 << 2,
    HV_CAP_LIVE_SNAPSHOT = 1 << 3, /* disk_snapshot on a running domain */
    HV_CAP_GUEST_AGENT = 1 << 4,
    HV_CAP_UEFI = 1 << 5,
    HV_CAP_DIRECT_KERNEL = 1 << 6,
    HV_CAP_VNC = 1 << 7,
    HV_CAP_TEXT_CONSOLE = 1 << 8,
    HV_CAP_LIVE_MERGE = 1 << 9, /* disk_merge */
    HV_CAP_SYSRQ = 1 << 10,
    HV_CAP_DUMP = 1 << 11,
    HV_CAP_DISK_MIRROR = 1 << 12,
    HV_CAP_QUIESCE = 1 << 13,     /* guest_freeze, where the guest's agent can */
    HV_CAP_LIVE_RESIZE = 1 << 14, /* disk_resize */
    /* The engine makes the host's end of a NIC: HvNic.bridge and .port instead of .tap_fd. */
    HV_CAP_NIC_BRIDGE = 1 << 15,
    HV_CAP_UNATTENDED_REBOOT = 1 << 16, /* guests reboot while no driver is open */
    HV_CAP_BOOTLOADER = 1 << 17,        /* HvDomainConfig.bootloader */
    HV_CAP_MIGRATE = 1 << 18,           /* domain_send, domain_receive */
    HV_CAP_HYPERVISOR = 1 << 19,        /* host_messages, host_debug_keys */
    HV_CAP_SHADOW = 1 << 20,            /* domain_set_shadow */
    HV_CAP_SAVE_BY_GUEST = 1 << 21,     /* domain_save asks the guest, which must run for that */
    HV_CAP_STORE = 1 << 22,             /* HvDomainConfig.store_data, domain_change_store */
} HvCaps;

/* Of an HvDisk.id or HvNic.id with its NUL; longer ones are not measured. */
#define HV_ID_SIZE 64

/* The folder of a guest's store where it and the host leave each other words. */
#define HV_STORE_FOLDER "vm-data"
enum {
    HV_STORE_PATH_MAX = 1024,
    HV_STORE_VALUE_MAX = 2048, /* it travels with its path in one of Xen's packets */
    HV_STORE_MAX_BYTES = 32768 /* of all that is told of it */
};

/* A word that changes. */
typedef struct HvStoreChange {
    const char *path;
    const char *value; /* NULL: it goes, and what is below it */
} HvStoreChange;

/* One image of a chain, leaf first. */
typedef struct HvImage {
    const char *path;
    const char *format; /* "qcow2" or "raw" */
} HvImage;

typedef struct HvDisk {
    const char *id;    /* stable and unique within the domain: the VBD's uuid */
    unsigned position; /* the VBD's device number; 0 is the first disk */
    bool is_cd;
    bool read_only;
    bool bootable;
    const HvImage *images; /* leaf first; none for an empty CD drive */
    unsigned image_count;
} HvDisk;

/* images[top] of a disk's chain is to go into images[top + 1]. */
typedef struct HvMerge {
    const char *disk_id;
    const HvImage *images; /* what the domain has open, leaf first */
    unsigned image_count;
    unsigned top;
    /* Called when the domain needs images[top] no more and all its data are below: gives its name
     * to the image below.  What is written to a leaf comes after that, not before. */
    bool (*publish)(void *user, Err **err);
    void *user;
} HvMerge;

/* A disk is to be in another image from some moment on. */
typedef struct HvMirror {
    const char *disk_id;
    const char *target;   /* a name for where it goes: the new VDI's uuid */
    const HvImage *image; /* there: no parent, of the disk's size, all zeros */
    void (*progress)(void *user, double done);
    /* Called while the guest stands still and both images are the same: from now on it is the new
     * one that counts. On failure the disk stays where it is. */
    bool (*publish)(void *user, Err **err);
    /* The guest could not be moved after all. */
    void (*retract)(void *user);
    void *user;
} HvMirror;

/* A domain is to go on with another driver of the same engine. */
typedef struct HvSend {
    int fd; /* a connected stream socket, at whose other end is domain_receive() */
    void (*progress)(void *user, double done);
    /* Called while the guest stands still and the receiver has all of it: from now on it is there
     * that it counts. On failure it goes on here. */
    bool (*publish)(void *user, Err **err);
    /* The receiver did not take it after all, and it goes on here. */
    void (*retract)(void *user);
    void *user;
} HvSend;

typedef struct HvNic {
    const char *id; /* the VIF's uuid */
    unsigned position;
    const char *mac;
    unsigned mtu;
    int tap_fd; /* from NwDriver.port_attach; the driver dups it. -1: no cable */
    /* HV_CAP_NIC_BRIDGE: the host's end gets the name `port`, joins `bridge` and is left down, for
     * NwDriver.port_change to let frames pass.  NULL: no cable. */
    const char *bridge, *port;
} HvNic;

/* How a guest meets the machine. Only on Xen do the three differ. */
typedef enum HvKind {
    HV_KIND_HVM, /* firmware and emulated devices */
    HV_KIND_PV,  /* a kernel, or a boot loader run by the host, on the hypervisor's interface */
    HV_KIND_PVH, /* a kernel on virtual processors, without emulated devices */
} HvKind;

/* Parts of an HVM guest's machine that can be switched; an engine without such a switch leaves one
 * as it is. */
typedef enum HvFeature {
    HV_FEATURE_ACPI = 1 << 0,
    HV_FEATURE_ACPI_S3 = 1 << 1, /* sleep */
    HV_FEATURE_ACPI_S4 = 1 << 2, /* hibernation */
    HV_FEATURE_APIC = 1 << 3,
    HV_FEATURE_PAE = 1 << 4,
    HV_FEATURE_NX = 1 << 5,
    HV_FEATURE_HPET = 1 << 6,
    HV_FEATURE_NESTED = 1 << 7, /* guests of the guest's own */
    HV_FEATURE_USB_TABLET = 1 << 8,
    /* What Windows expects of Microsoft's hypervisor; parts of it, which mean nothing without. */
    HV_FEATURE_VIRIDIAN = 1 << 9,
    HV_FEATURE_VIRIDIAN_TIME_REF_COUNT = 1 << 10,
    HV_FEATURE_VIRIDIAN_REFERENCE_TSC = 1 << 11,
    HV_FEATURE_VIRIDIAN_APIC_ASSIST = 1 << 12,
    HV_FEATURE_VIRIDIAN_CRASH_CTL = 1 << 13,
    HV_FEATURE_VIRIDIAN_STIMER = 1 << 14,
} HvFeature;

/* The guest's time stamp counter, by Xen's numbers. */
typedef enum HvTscMode {
    HV_TSC_DEFAULT, /* emulated where the processor's own would not stay right */
    HV_TSC_EMULATE,
    HV_TSC_NATIVE,
    HV_TSC_NATIVE_PARAVIRT,
} HvTscMode;

#define HV_CPUS_MAX 512
/* Processors of the host by number. */
typedef struct HvCpuSet {
    uint64_t words[HV_CPUS_MAX / 64];
} HvCpuSet;
void hv_cpu_set_add(HvCpuSet *set, unsigned cpu);
bool hv_cpu_set_has(const HvCpuSet *set, unsigned cpu);

/* What processors can do, in four words of CPUID: 1 ECX and EDX, 0x80000001 ECX and EDX. */
typedef enum HvCpuWord {
    HV_CPU_ECX,
    HV_CPU_EDX,
    HV_CPU_EXTENDED_ECX,
    HV_CPU_EXTENDED_EDX,
    HV_CPU_WORDS
} HvCpuWord;

typedef enum HvFirmware {
    HV_FIRMWARE_BIOS,
    HV_FIRMWARE_UEFI,
    HV_FIRMWARE_DIRECT_KERNEL
} HvFirmware;

typedef struct HvDomainConfig {
    Uuid uuid;
    const char *name;
    unsigned vcpus, vcpus_max;
    unsigned cores_per_socket; /* 0: 1 */
    unsigned cpu_weight;       /* share of the processors when they are short; 0: 256, the usual */
    unsigned cpu_cap;          /* percent of one processor that all vCPUs get; 0: no limit */
    /* Where each vCPU may run, those beyond the last set as the first one; none: anywhere. An
     * engine that cannot tell vCPUs apart lets them run anywhere. */
    const HvCpuSet *affinity;
    unsigned affinity_count;
    /* Features that the guest may not see; it sees all others that the engine gives.  Those that
     * an engine has no name for stay. */
    uint32_t cpu_hidden[HV_CPU_WORDS];
    uint64_t memory_bytes; /* at start */
    uint64_t memory_max_bytes;
    HvKind kind;
    HvFirmware firmware;
    const char *kernel, *ramdisk, *cmdline; /* HV_FIRMWARE_DIRECT_KERNEL: paths and text */
    /* HV_KIND_PV, HV_KIND_PVH without a kernel: what finds it on the guest's disk, and the words
     * for it (NULL-terminated, may be NULL). */
    const char *bootloader;
    const char *const *bootloader_args;
    const char *nvram_path;             /* UEFI variable store; created when missing */
    const char *boot_order;             /* letters c d n; may be empty */
    unsigned features_on, features_off; /* HvFeature; what is in neither is as the engine has it */
    HvTscMode tsc_mode;
    /* Factor on the memory that Xen sets aside for page tables of its own; 0: 1. */
    double shadow_multiplier;
    const char *vga;     /* "std", "cirrus" or "" for std */
    unsigned video_mib;  /* the graphics card's memory, if the engine's would be less */
    bool ahci;           /* emulated disks on AHCI, not IDE, where the engine has both */
    int64_t time_offset; /* seconds added to UTC in the guest's clock */
    const HvDisk *disks;
    unsigned disk_count;
    const HvNic *nics;
    unsigned nic_count;
    const char *const *bios_strings; /* name, value in turn, NULL-terminated; may be NULL */
    const char *const *store_data;   /* the same, for its store: paths below HV_STORE_FOLDER */
    Uuid generation_id;              /* the bytes the guest finds (VM generation id); null: none */
    uint64_t start_ticket;           /* told back in hv events: which start this was */
    const HvImage *saved;            /* what domain_save() wrote, to go on from; NULL: boot */
} HvDomainConfig;

/* What a guest can be nudged with besides its keyboard. */
typedef enum HvTrigger {
    HV_TRIGGER_NMI = 1 << 0,   /* a non-maskable interrupt */
    HV_TRIGGER_RESET = 1 << 1, /* the reset button: ends as a reset by the guest does */
    HV_TRIGGER_POWER = 1 << 2, /* the power button */
    HV_TRIGGER_SLEEP = 1 << 3, /* the sleep button */
    HV_TRIGGER_WAKE = 1 << 4,  /* wakes a guest that sleeps (ACPI S3) */
} HvTrigger;

typedef enum HvState {
    HV_STATE_GONE,
    HV_STATE_PAUSED,
    HV_STATE_RUNNING,
    HV_STATE_SHUTDOWN
} HvState;

typedef struct HvDomainInfo {
    Uuid uuid;
    HvState state;
    int domid; /* a number that is new with every start; the pid for qemu */
    unsigned vcpus;
    uint64_t memory_bytes; /* what the guest has now */
    uint64_t start_ticket;
    bool given; /* it was sent, and may be the receiver's: see domain_send */
} HvDomainInfo;

/* What one disk did since it was plugged. */
typedef struct HvDiskStats {
    char id[HV_ID_SIZE]; /* HvDisk.id */
    uint64_t read_bytes, written_bytes;
    uint64_t reads, writes;     /* requests that were done */
    uint64_t read_ns, write_ns; /* how long those took, all together */
} HvDiskStats;

/* Counters only grow while the domain, the vCPU or the disk is the same. */
typedef struct HvDomainStats {
    uint64_t cpu_time_ns; /* of all that the domain costs */
    uint64_t memory_bytes;
    uint64_t resident_bytes; /* of the engine's process, 0 when there is none */
    GArray *vcpus;           /* uint64_t: nanoseconds that each one ran, by number (owned) */
    GArray *disks;           /* HvDiskStats; an empty CD drive may be left out (owned) */
} HvDomainStats;
void hv_domain_stats_clear(HvDomainStats *stats);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(HvDomainStats, hv_domain_stats_clear)

typedef struct HvHostStats {
    GArray *cpus; /* uint64_t: nanoseconds that each processor was busy, by number (owned) */
    uint64_t memory_total, memory_free; /* bytes */
    double load_average;                /* of the last minute */
} HvHostStats;
void hv_host_stats_clear(HvHostStats *stats);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(HvHostStats, hv_host_stats_clear)

typedef struct HvHostInfo {
    unsigned cpu_count, socket_count;
    uint64_t memory_total, memory_free; /* bytes */
    char cpu_vendor[16], cpu_model_name[64], cpu_flags[2048];
    unsigned cpu_family, cpu_model, cpu_stepping, cpu_mhz;
    char engine_version[64];             /* "QEMU 7.2.22" */
    char accelerator[16];                /* "kvm", "tcg", "xen", "none" */
    uint32_t cpu_features[HV_CPU_WORDS]; /* what guests can be given of the processors */
    uint64_t domain_overhead_bytes;      /* memory a domain costs beyond its own */
    /* The domain that this program runs in; 0: there is none, but the machine itself. */
    uint64_t control_memory_bytes;
    unsigned control_vcpus;
} HvHostInfo;

/* What a guest's agent says. Arrays are NULL-terminated lists of name, value in turn, named as
 * VM_guest_metrics has them: os_version (name, uname, distro, major, minor), networks
 * ("0/ip", "0/ipv4/0", "0/ipv6/0"), memory ("total", "free"; KiB), other.  NULL is an empty one.
 * `store`, paths and values below HV_STORE_FOLDER, is there without an agent too; NULL: there is no
 * store, or more than HV_STORE_MAX_BYTES in it. */
typedef struct HvGuestInfo {
    bool alive;
    char **store;
    char **os_version, **networks, **memory, **other;
    char *hostname;
    char *agent_version;
} HvGuestInfo;
void hv_guest_info_clear(HvGuestInfo *info);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(HvGuestInfo, hv_guest_info_clear)

typedef enum HvConsole { HV_CONSOLE_VNC, HV_CONSOLE_TEXT } HvConsole;
typedef enum HvShutdownMode { HV_SHUTDOWN_POWEROFF, HV_SHUTDOWN_REBOOT } HvShutdownMode;
typedef enum HvExitReason {
    HV_EXIT_SHUTDOWN, /* the guest powered itself off, or was asked to and did */
    HV_EXIT_REBOOT,   /* the guest reset itself; the engine has stopped it for us to decide */
    HV_EXIT_CRASH,    /* the guest panicked, or the engine's process died */
    HV_EXIT_DESTROYED /* domain_destroy() */
} HvExitReason;

/* driver -> core; called on any thread, perhaps with locks of the driver held, and by open() for
 * domains that ended while no driver was there.  Must not block or call the driver. */
typedef struct HvEvents {
    void *user;
    void (*domain_exited)(void *user, Uuid domain, uint64_t start_ticket, HvExitReason reason);
    void (*guest_changed)(void *user,
                          Uuid domain); /* agent came, went or has news: read guest_info */
    void (*disk_ejected)(void *user, Uuid domain, const char *disk_id); /* by the guest */
    void (*device_error)(void *user, Uuid domain, const char *disk_id, const char *text);
    /* The guest gave a disk or NIC back that nobody waits for any more: it is to be unplugged. */
    void (*device_left)(void *user, Uuid domain, const char *id);
} HvEvents;

typedef struct HvConfig {
    const char *run_dir; /* sockets, pid files, device state; exists */
    const char *log_dir;
    const char *accelerator; /* "auto", "kvm", "tcg" */
    const char *user_name;   /* account that runs domains; "" or NULL: root */
    const char *cgroup;      /* folder of a control group for domains; "" or NULL: none */
    HvEvents events;
} HvConfig;

typedef struct Hv Hv; /* an opened driver */

typedef struct HvDriver {
    const char *name;
    unsigned caps;     /* HvCaps */
    unsigned triggers; /* HvTrigger: those that domain_trigger() knows */

    /* Opens the engine; `config` is copied. Adopts the domains that still run. */
    Hv *(*open)(const HvConfig *config, Err **err);
    /* Stops threads and frees; domains keep running. */
    void (*close)(Hv *hv);
    bool (*host_info)(Hv *hv, HvHostInfo *ret_info, Err **err);
    /* What the machine does just now; cheap, made to be asked every few seconds. */
    bool (*host_stats)(Hv *hv, HvHostStats *ret_stats, Err **err);
    /* What the hypervisor has to say, the end of it if that is long; `clear` deletes it. (owned) */
    char *(*host_messages)(Hv *hv, bool clear, Err **err);
    /* Keys that have the hypervisor tell of itself among its messages. */
    bool (*host_debug_keys)(Hv *hv, const char *keys, Err **err);

    /* Builds the domain, paused, with all its devices, and with the memory it had if the
     * configuration names a saved state. On failure nothing is left behind.
     * Fails with INTERNAL_ERROR [text], BOOTLOADER_FAILED ["", text] for a bad kernel. */
    bool (*domain_create)(Hv *hv, Op *op, const HvDomainConfig *config, int *ret_domid, Err **err);
    /* Idempotent. One that is given is not let run. */
    bool (*domain_set_paused)(Hv *hv, Op *op, Uuid domain, bool paused, Err **err);
    /* Asks the guest (agent first, else the power button) and returns at once; domain_exited tells.
     */
    bool (*domain_shutdown)(Hv *hv, Op *op, Uuid domain, HvShutdownMode mode, Err **err);
    /* Presses a key, one of a-z and 0-9, together with Alt and SysRq on the guest's keyboard. */
    bool (*domain_sysrq)(Hv *hv, Op *op, Uuid domain, char key, Err **err);
    bool (*domain_trigger)(Hv *hv, Op *op, Uuid domain, HvTrigger trigger, Err **err);
    /* Ends it and waits until nothing of it is left. Success when there was none. */
    bool (*domain_destroy)(Hv *hv, Op *op, Uuid domain, Err **err);
    /* Every domain of this engine under run_dir: array of HvDomainInfo. */
    GArray *(*domain_list)(Hv *hv, Err **err);
    /* Success with HV_STATE_GONE when there is none. */
    bool (*domain_info)(Hv *hv, Uuid domain, HvDomainInfo *ret_info, Err **err);
    /* The ids of the disks, drives and NICs that it has: NULL-terminated. (owned) */
    char **(*domain_devices)(Hv *hv, Uuid domain, Err **err);
    /* As host_stats(), of a domain.  May wait for the engine; no operation needs to be on the VM.
     */
    bool (*domain_stats)(Hv *hv, Op *op, Uuid domain, HvDomainStats *ret_stats, Err **err);

    bool (*domain_set_memory)(Hv *hv, Op *op, Uuid domain, uint64_t bytes, Err **err);
    bool (*domain_set_vcpus)(Hv *hv, Op *op, Uuid domain, unsigned vcpus, Err **err);
    /* See HvDomainConfig.shadow_multiplier. */
    bool (*domain_set_shadow)(Hv *hv, Op *op, Uuid domain, double multiplier, Err **err);
    /* All of the changes or none: first what goes, then what comes. */
    bool (*domain_change_store)(Hv *hv, Uuid domain, const HvStoreChange *changes, unsigned count,
                                Err **err);

    /* Writes CPU, device and memory state into `image` (already created; qcow2 or raw, of the
     * virtual size that domain_save_size() tells) and leaves the domain paused; the caller then
     * destroys it (suspend) or unpauses it (checkpoint). The state is content of the disk: copies
     * and clones of the image have it too. */
    uint64_t (*domain_save_size)(Hv *hv, Uuid domain);
    bool (*domain_save)(Hv *hv, Op *op, Uuid domain, const HvImage *image, Err **err);

    /* Moves a running domain to whoever serves the other end of a socket with domain_receive(),
     * mostly on another host, while its guest runs on; it stands still for a moment in the end. Its
     * disks and NICs stay as they are meanwhile; the receiver has the same images.  The guest runs
     * there only after it has let go of its disks here.
     *
     * When this succeeds the receiver has it, and here it is destroyed as by domain_destroy().
     * When it fails, is cancelled, or the driver is killed and opened again, the guest goes on here
     * and nothing is left there: but from publish() on, while the two do not hear each other, none
     * of them can know.  Then it stands still here, and domain_info() tells that it is given.  Once
     * the receiver's domain_receive() has ended, whoever knows how does one of two things:
     * domain_destroy() if the domain is there, domain_reclaim() if not.
     * A guest that was to go on here may stand still, too, as long as a receiver that was killed
     * has its disks in use: then domain_reclaim() tries again.
     * Both shut `fd` down, which is then the caller's to close. */
    bool (*domain_send)(Hv *hv, Op *op, Uuid domain, const HvSend *send, Err **err);
    /* Builds the domain from what domain_send() of the same engine sends, paused: with the devices
     * of `config`, which are those that it has there, and its processors and memory. When this
     * fails, is cancelled, or the driver is killed meanwhile, nothing is left here. */
    bool (*domain_receive)(Hv *hv, Op *op, const HvDomainConfig *config, int fd, int *ret_domid,
                           Err **err);
    /* Takes back a domain that was given and did not get there, or that did not go on: it goes on
     * as before. Success when it does anyway. */
    bool (*domain_reclaim)(Hv *hv, Op *op, Uuid domain, Err **err);

    /* Writes the guest's memory as an ELF core file into `image` (already created, raw, of at least
     * domain_dump_size() bytes): of a guest that crashed, or of one that runs, which stands still
     * meanwhile. A cancelled dump may go on into the image's file for a while. */
    uint64_t (*domain_dump_size)(Hv *hv, Uuid domain);
    bool (*domain_dump)(Hv *hv, Op *op, Uuid domain, const HvImage *image, Err **err);

    /* Success when a disk of that id is plugged already; so for NICs. CD drives come with the
     * domain: they can be neither plugged nor unplugged, only filled and emptied. */
    bool (*disk_plug)(Hv *hv, Op *op, Uuid domain, const HvDisk *disk, Err **err);
    /* Waits until the guest let go: DEVICE_DETACH_TIMEOUT ["VBD", id]. Success when not there. */
    bool (*disk_unplug)(Hv *hv, Op *op, Uuid domain, const char *disk_id, bool force, Err **err);
    /* `image` NULL ejects. */
    bool (*cd_change)(Hv *hv, Op *op, Uuid domain, const char *disk_id, const HvImage *image,
                      Err **err);
    /* Puts new overlays (already created, backed by what the disks have now) under the guest's
     * writes, all at one instant. `disk_ids[i]` gets `overlays[i]`. */
    bool (*disk_snapshot)(Hv *hv, Op *op, Uuid domain, const char *const *disk_ids,
                          const HvImage *overlays, unsigned count, Err **err);
    bool (*disk_resize)(Hv *hv, Op *op, Uuid domain, const char *disk_id, uint64_t bytes,
                        Err **err);
    /* Shortens the chain of a disk by one image while the guest runs; it stands still for the
     * moment of a leaf's change of names. At any time before publish() the chain reads the same
     * as without the merge, so that one that is cancelled or killed may be begun anew. Fails when
     * the guest does not run. */
    bool (*disk_merge)(Hv *hv, Op *op, Uuid domain, const HvMerge *merge, Err **err);

    /* Copies a disk while the guest writes to it, then moves the guest to the copy; it stands still
     * for that moment. Before publish() a mirror that is cancelled or killed leaves the disk as it
     * was; the image is then of no use. */
    bool (*disk_mirror)(Hv *hv, Op *op, Uuid domain, const HvMirror *mirror, Err **err);
    /* Ends a mirror that was begun by a driver before this one: moves the guest if it goes to
     * `target`, which had then been published, and takes the copy back otherwise. Success when
     * there is none. To be called before the guest is let run again, and once more when it runs:
     * what the guest has left is let go only then. */
    bool (*disk_mirror_settle)(Hv *hv, Op *op, Uuid domain, const char *disk_id, const char *target,
                               Err **err);

    bool (*nic_plug)(Hv *hv, Op *op, Uuid domain, const HvNic *nic, Err **err);
    bool (*nic_unplug)(Hv *hv, Op *op, Uuid domain, const char *nic_id, bool force, Err **err);

    /* A connected socket to the framebuffer (RFB) or the serial line. Of several sockets to one
     * serial line, only the first that is open sees anything. */
    int (*console_open)(Hv *hv, Uuid domain, HvConsole kind, Err **err);
    /* The picture of the framebuffer as PNG. */
    GBytes *(*console_screenshot)(Hv *hv, Op *op, Uuid domain, Err **err);

    /* Asks the guest's agent; success with alive = false when there is none. */
    bool (*guest_info)(Hv *hv, Op *op, Uuid domain, HvGuestInfo *ret_info, Err **err);
    /* Has the guest's agent write out its file systems and keep them so, or let them go on. Agents
     * that can do it say "feature-quiesce" in HvGuestInfo.other. Whether or not freezing went well,
     * the caller thaws; one that a driver before this one froze is thawed by open(). */
    bool (*guest_freeze)(Hv *hv, Op *op, Uuid domain, bool frozen, Err **err);
} HvDriver;

extern const HvDriver hv_qemu_driver;
extern const HvDriver hv_fake_driver;

/* The engine that suits the machine whose /sys lies below `root`: "xen" where Xen runs it, lets us
 * control it, and its module is there; "qemu" else. */
const char *hv_engine_choose(const char *root);
/* The driver to open on `run_dir`: of the engine `wanted`, or of the one that suits the machine
 * when that is "auto".  Where guests of another engine may run since an earlier daemon, "auto"
 * stays with that one, and any other name is refused. (borrowed) */
const HvDriver *hv_engine_select(const char *wanted, const char *root, const char *run_dir,
                                 Err **err);
/* To be called between the driver's open() on `run_dir` and its first domain there. */
bool hv_engine_note(const HvDriver *engine, const char *root, const char *run_dir, Err **err);
/* The driver of an engine by its name; that of Xen is a module which is loaded now. (borrowed) */
const HvDriver *hv_engine_find(const char *name, Err **err);

/* Hooks of engines without HV_CAP_HYPERVISOR, HV_CAP_SHADOW and HV_CAP_STORE. */
char *hv_no_host_messages(Hv *hv, bool clear, Err **err);
bool hv_no_host_debug_keys(Hv *hv, const char *keys, Err **err);
bool hv_no_domain_set_shadow(Hv *hv, Op *op, Uuid domain, double multiplier, Err **err);
bool hv_no_domain_change_store(Hv *hv, Uuid domain, const HvStoreChange *changes, unsigned count,
                               Err **err);

/* INTERNAL_ERROR ["<driver> cannot <what>"]. */
bool hv_unsupported(const char *driver, const char *what, Err **err);
