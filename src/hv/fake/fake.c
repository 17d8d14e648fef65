/* The fake engine: a domain is a file under run_dir, mapped into memory, so that it outlives the
 * driver however that ends.  What the hooks leave out is what an engine would do below them.
 *
 * Guests obey letters on their serial line as the contract suite's boot sector does: p power off,
 * r reset, c crash, + count, w and d write and read the disk, k leave the counter in the store. One
 * more is the fake's own, b be busy: a second of each vCPU, and on each disk 16 reads and 16 writes
 * of 64 KiB, of 2 and 4 ms. */
#include "base/fd.h"
#include "hv/fake/domain.h"
#include "wire/value.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#define MEMORY_TOTAL     ((uint64_t)64 << 30)
#define OVERHEAD         ((uint64_t)1 << 20)
#define NANOS_PER_SECOND UINT64_C(1000000000)

typedef struct FakeConsole {
    HvWatch watch;
    Hv *hv;
    Uuid domain;
    int fd; /* our end */
    bool is_text;
} FakeConsole;

#define SSE3 1 /* in HV_CPU_ECX */

static const HvHostInfo host = {
    .cpu_count = 4,
    .socket_count = 1,
    .memory_total = MEMORY_TOTAL,
    .memory_free = MEMORY_TOTAL,
    .cpu_vendor = "FakeVendor",
    .cpu_model_name = "Fake CPU",
    .engine_version = "fake 1",
    .accelerator = "none",
    .cpu_features = {SSE3, 0x2, 0x4, 0x8},
    .domain_overhead_bytes = OVERHEAD,
};

/* A PNG of one black pixel. */
static const char one_pixel[] =
    "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\0\0\0\0\x3a\x7e\x9b\x55\0\0\0\nIDAT"
    "\x78\x9c\x63\x60\0\0\0\2\0\1\x48\xaf\xa4\x71\0\0\0\0IEND\xae\x42\x60\x82";

static void fake_close(Hv *hv);
static bool load_all(Hv *hv, Err **err);
static FakeDomain *map_domain(Hv *hv, Uuid uuid, Err **err);
static void unmap_domain(FakeDomain *domain);
static bool add_device(FakeDomain *domain, const char *id, unsigned place, Err **err);
static char *find_device(FakeDomain *domain, const char *id);
static bool check_devices(Hv *hv, Op *op, Uuid uuid, const char *const *ids, unsigned n, Err **err);
static void close_console(FakeConsole *console);
static void on_input(void *console);
static void guest_obey(Hv *hv, FakeDomain *domain, char letter);
static void guest_leave_word(Hv *hv, FakeDomain *domain);
static void guest_exit(Hv *hv, FakeDomain *domain, HvExitReason reason);
static void guest_say(Hv *hv, const FakeDomain *domain, const char *text);

static Hv *fake_open(const HvConfig *config, Err **err)
{
    Hv *hv = g_new0(Hv, 1);
    hv->run_dir = g_strdup(config->run_dir);
    hv->events = config->events;
    lock_init(&hv->lock, LOCK_HV);
    hv->domains =
        g_hash_table_new_full(uuid_hash, uuid_equal_ptr, NULL, (GDestroyNotify)unmap_domain);
    hv->consoles = g_ptr_array_new_with_free_func((GDestroyNotify)close_console);
    hv->messages = g_string_new("a fake is as good as its word\n");
    hv->loop = hv_loop_new(NULL, NULL, err);
    if (!hv->loop || !load_all(hv, err)) {
        fake_close(hv);
        return NULL;
    }
    return hv;
}

static void fake_close(Hv *hv)
{
    hv_loop_free(hv->loop);
    g_ptr_array_unref(hv->consoles);
    g_hash_table_unref(hv->domains);
    g_string_free(hv->messages, TRUE);
    lock_clear(&hv->lock);
    g_free(hv->run_dir);
    g_free(hv);
}

static GArray *fake_list(Hv *hv, Err **err)
{
    (void)err;
    GArray *list = g_array_new(FALSE, FALSE, sizeof(HvDomainInfo));
    LOCK_GUARD(&hv->lock);
    GHashTableIter iter;
    gpointer domain;
    g_hash_table_iter_init(&iter, hv->domains);
    while (g_hash_table_iter_next(&iter, NULL, &domain)) {
        g_array_append_val(list, ((FakeDomain *)domain)->info);
    }
    return list;
}

static bool fake_host_info(Hv *hv, HvHostInfo *ret_info, Err **err)
{
    g_autoptr(GArray) domains = fake_list(hv, err);
    *ret_info = host;
    for (unsigned i = 0; i < domains->len; i++) {
        uint64_t used = g_array_index(domains, HvDomainInfo, i).memory_bytes + OVERHEAD;
        ret_info->memory_free -= MIN(ret_info->memory_free, used);
    }
    return true;
}

/* Processor 0 has never been busy, 1 for a second, and so on. */
static bool fake_host_stats(Hv *hv, HvHostStats *ret_stats, Err **err)
{
    HvHostInfo info;
    (void)fake_host_info(hv, &info, err);
    GArray *cpus = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    for (uint64_t ns = 0; cpus->len < info.cpu_count; ns += NANOS_PER_SECOND) {
        g_array_append_val(cpus, ns);
    }
    *ret_stats = (HvHostStats){cpus, info.memory_total, info.memory_free, 0.25};
    return true;
}

static char *fake_host_messages(Hv *hv, bool clear, Err **err)
{
    (void)err;
    LOCK_GUARD(&hv->lock);
    char *text = g_strdup(hv->messages->str);
    g_string_truncate(hv->messages, clear ? 0 : hv->messages->len);
    return text;
}

/* In Xen's words. */
static bool fake_host_debug_keys(Hv *hv, const char *keys, Err **err)
{
    (void)err;
    LOCK_GUARD(&hv->lock);
    for (; *keys; keys++) {
        g_string_append_printf(hv->messages, "'%c' pressed\n", *keys);
    }
    return true;
}

/* The fake storage driver has images without a file; then the state was not kept. */
static bool fake_create(Hv *hv, Op *op, const HvDomainConfig *config, int *ret_domid, Err **err)
{
    auto_fd fd = config->saved ? open(config->saved->path, O_RDONLY | O_CLOEXEC) : -1;
    FakeDomain saved = {0};
    (void)!read(fd, &saved, sizeof saved);
    LOCK_GUARD(&hv->lock);
    FakeDomain *domain = fake_domain_build(hv, op, config, err);
    if (!domain) {
        return false;
    }
    domain->booted = saved.booted;
    domain->counter = saved.counter;
    domain->disk_byte = saved.disk_byte;
    *ret_domid = domain->info.domid = ++hv->last_domid;
    return true;
}

static bool fake_set_paused(Hv *hv, Op *op, Uuid uuid, bool paused, Err **err)
{
    LOCK_GUARD(&hv->lock);
    FakeDomain *domain = fake_domain_find(hv, op, uuid, err);
    if (!domain || domain->info.state == HV_STATE_SHUTDOWN) {
        return domain && err_internal(err, "the guest has ended; it can only be destroyed");
    }
    if (!paused && domain->info.given) {
        return err_internal(err, "the domain was given away");
    }
    domain->info.state = paused ? HV_STATE_PAUSED : HV_STATE_RUNNING;
    if (!paused && !domain->booted) {
        domain->booted = true;
        guest_say(hv, domain, "READY\r\n");
        hv->events.guest_changed(hv->events.user, uuid);
    }
    return true;
}

static bool fake_shutdown(Hv *hv, Op *op, Uuid uuid, HvShutdownMode mode, Err **err)
{
    LOCK_GUARD(&hv->lock);
    FakeDomain *domain = fake_domain_find(hv, op, uuid, err);
    if (domain && domain->info.state == HV_STATE_RUNNING) {
        bool reboot = mode == HV_SHUTDOWN_REBOOT;
        guest_exit(hv, domain, reboot ? HV_EXIT_REBOOT : HV_EXIT_SHUTDOWN);
    }
    return domain != NULL;
}

/* The guest says what it was given: "s" and the key, "t" and the trigger's number. */
static bool fake_sysrq(Hv *hv, Op *op, Uuid uuid, char key, Err **err)
{
    LOCK_GUARD(&hv->lock);
    const FakeDomain *domain = fake_domain_find(hv, op, uuid, err);
    if (domain) {
        guest_say(hv, domain, (char[]){'s', key, '\0'});
    }
    return domain != NULL;
}

static bool fake_trigger(Hv *hv, Op *op, Uuid uuid, HvTrigger trigger, Err **err)
{
    LOCK_GUARD(&hv->lock);
    FakeDomain *domain = fake_domain_find(hv, op, uuid, err);
    if (domain && trigger == HV_TRIGGER_RESET) {
        guest_exit(hv, domain, HV_EXIT_REBOOT);
    } else if (domain) {
        guest_say(hv, domain, (char[]){'t', (char)('0' + trigger), '\0'});
    }
    return domain != NULL;
}

static bool fake_destroy(Hv *hv, Op *op, Uuid uuid, Err **err)
{
    LOCK_GUARD(&hv->lock);
    FakeDomain *domain = fake_domain_find(hv, op, uuid, NULL);
    if (domain && domain->info.state != HV_STATE_SHUTDOWN) {
        guest_exit(hv, domain, HV_EXIT_DESTROYED);
    }
    if (domain) {
        fake_domain_remove(hv, domain);
    }
    return op_check(op, err);
}

static bool fake_info(Hv *hv, Uuid uuid, HvDomainInfo *ret_info, Err **err)
{
    (void)err;
    LOCK_GUARD(&hv->lock);
    const FakeDomain *domain = fake_domain_find(hv, NULL, uuid, NULL);
    *ret_info = domain ? domain->info : (HvDomainInfo){.uuid = uuid, .domid = -1};
    return true;
}

static bool fake_stats(Hv *hv, Op *op, Uuid uuid, HvDomainStats *ret_stats, Err **err)
{
    LOCK_GUARD(&hv->lock);
    const FakeDomain *domain = fake_domain_find(hv, op, uuid, err);
    if (!domain) {
        return false;
    }
    uint64_t requests = (uint64_t)domain->busy * 16, bytes = requests << 16;
    uint64_t ns = domain->busy * NANOS_PER_SECOND, ms = NANOS_PER_SECOND / 1000;
    *ret_stats = (HvDomainStats){.cpu_time_ns = ns * domain->info.vcpus,
                                 .memory_bytes = domain->info.memory_bytes,
                                 .vcpus = g_array_new(FALSE, FALSE, sizeof ns),
                                 .disks = g_array_new(FALSE, FALSE, sizeof(HvDiskStats))};
    for (unsigned i = 0; i < domain->info.vcpus; i++) {
        g_array_append_val(ret_stats->vcpus, ns);
    }
    for (unsigned i = 0; i < FAKE_DISKS; i++) {
        HvDiskStats disk = {
            "", bytes, bytes, requests, requests, requests * 2 * ms, requests * 4 * ms};
        if (g_strlcpy(disk.id, domain->devices[i], sizeof disk.id) > 0) {
            g_array_append_val(ret_stats->disks, disk);
        }
    }
    return true;
}

static bool fake_set_memory(Hv *hv, Op *op, Uuid uuid, uint64_t bytes, Err **err)
{
    LOCK_GUARD(&hv->lock);
    FakeDomain *domain = fake_domain_find(hv, op, uuid, err);
    if (domain) {
        domain->info.memory_bytes = MIN(bytes, domain->memory_max_bytes);
    }
    return domain != NULL;
}

static bool fake_set_shadow(Hv *hv, Op *op, Uuid uuid, double multiplier, Err **err)
{
    (void)multiplier;
    LOCK_GUARD(&hv->lock);
    return fake_domain_find(hv, op, uuid, err) != NULL;
}

static bool fake_change_store(Hv *hv, Uuid uuid, const HvStoreChange *changes, unsigned count,
                              Err **err)
{
    LOCK_GUARD(&hv->lock);
    FakeDomain *domain = fake_domain_find(hv, NULL, uuid, err);
    return domain && fake_store_change(domain, changes, count, err);
}

static bool fake_set_vcpus(Hv *hv, Op *op, Uuid uuid, unsigned vcpus, Err **err)
{
    LOCK_GUARD(&hv->lock);
    FakeDomain *domain = fake_domain_find(hv, op, uuid, err);
    if (!domain || vcpus < 1 || vcpus > domain->vcpus_max) {
        return domain && err_internal(err, "the domain cannot have %u vCPUs", vcpus);
    }
    domain->info.vcpus = vcpus;
    return true;
}

static uint64_t fake_save_size(Hv *hv, Uuid uuid)
{
    (void)hv;
    (void)uuid;
    return (uint64_t)16 << 20;
}

static bool fake_save(Hv *hv, Op *op, Uuid uuid, const HvImage *image, Err **err)
{
    LOCK_GUARD(&hv->lock);
    FakeDomain *domain = fake_domain_find(hv, op, uuid, err);
    if (!domain) {
        return false;
    }
    domain->info.state = HV_STATE_PAUSED;
    auto_fd fd = open(image->path, O_WRONLY | O_TRUNC | O_CLOEXEC);
    return fd < 0 || fd_write_all(fd, domain, sizeof *domain, err);
}

static uint64_t fake_dump_size(Hv *hv, Uuid uuid)
{
    LOCK_GUARD(&hv->lock);
    const FakeDomain *domain = fake_domain_find(hv, NULL, uuid, NULL);
    return domain ? domain->memory_max_bytes : 0;
}

static bool fake_dump(Hv *hv, Op *op, Uuid uuid, const HvImage *image, Err **err)
{
    LOCK_GUARD(&hv->lock);
    const FakeDomain *domain = fake_domain_find(hv, op, uuid, err);
    auto_fd fd = domain ? open(image->path, O_WRONLY | O_CLOEXEC) : -1;
    return domain && (fd < 0 || fd_write_all(fd, domain, sizeof *domain, err));
}

static char **fake_devices(Hv *hv, Uuid uuid, Err **err)
{
    LOCK_GUARD(&hv->lock);
    const FakeDomain *domain = fake_domain_find(hv, NULL, uuid, err);
    if (!domain) {
        return NULL;
    }
    g_autoptr(GStrvBuilder) ids = g_strv_builder_new();
    for (unsigned i = 0; i < FAKE_PLACES; i++) {
        if (*domain->devices[i]) {
            g_strv_builder_add(ids, domain->devices[i]);
        }
    }
    return g_strv_builder_end(ids);
}

static bool fake_disk_plug(Hv *hv, Op *op, Uuid uuid, const HvDisk *disk, Err **err)
{
    LOCK_GUARD(&hv->lock);
    FakeDomain *domain = fake_domain_find(hv, op, uuid, err);
    return domain && add_device(domain, disk->id, disk->position, err);
}

static bool fake_nic_plug(Hv *hv, Op *op, Uuid uuid, const HvNic *nic, Err **err)
{
    LOCK_GUARD(&hv->lock);
    FakeDomain *domain = fake_domain_find(hv, op, uuid, err);
    return domain && add_device(domain, nic->id, FAKE_DISKS + nic->position, err);
}

static bool fake_unplug(Hv *hv, Op *op, Uuid uuid, const char *id, bool force, Err **err)
{
    (void)force;
    LOCK_GUARD(&hv->lock);
    FakeDomain *domain = fake_domain_find(hv, op, uuid, err);
    char *device = domain ? find_device(domain, id) : NULL;
    if (device) {
        *device = '\0';
    }
    return domain != NULL;
}

static bool fake_cd_change(Hv *hv, Op *op, Uuid uuid, const char *id, const HvImage *to, Err **err)
{
    (void)to;
    return check_devices(hv, op, uuid, &id, 1, err);
}

static bool fake_disk_snapshot(Hv *hv, Op *op, Uuid uuid, const char *const *disk_ids,
                               const HvImage *overlays, unsigned count, Err **err)
{
    (void)overlays;
    return check_devices(hv, op, uuid, disk_ids, count, err);
}

static bool fake_disk_resize(Hv *hv, Op *op, Uuid uuid, const char *id, uint64_t bytes, Err **err)
{
    (void)bytes;
    return check_devices(hv, op, uuid, &id, 1, err);
}

static bool fake_disk_merge(Hv *hv, Op *op, Uuid uuid, const HvMerge *merge, Err **err)
{
    return check_devices(hv, op, uuid, &merge->disk_id, 1, err) &&
           hv_unsupported("fake", "move data", err);
}

/* Nothing to copy: the guest has its disk in memory. */
static bool fake_disk_mirror(Hv *hv, Op *op, Uuid uuid, const HvMirror *mirror, Err **err)
{
    if (!check_devices(hv, op, uuid, &mirror->disk_id, 1, err)) {
        return false;
    }
    mirror->progress(mirror->user, 0.5);
    return op_check(op, err) && mirror->publish(mirror->user, err);
}

static bool fake_disk_mirror_settle(Hv *hv, Op *op, Uuid uuid, const char *id, const char *target,
                                    Err **err)
{
    (void)target;
    return check_devices(hv, op, uuid, &id, 1, err);
}

/* A viewer of the framebuffer gets a greeting and then silence. */
static int fake_console_open(Hv *hv, Uuid uuid, HvConsole kind, Err **err)
{
    LOCK_GUARD(&hv->lock);
    int pair[2];
    if (!fake_domain_find(hv, NULL, uuid, err)) {
        return -1;
    }
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
        err_errno(err, errno, "cannot create a socket for a console");
        return -1;
    }
    auto_fd theirs = pair[1];
    FakeConsole *console = g_new0(FakeConsole, 1);
    *console =
        (FakeConsole){{pair[0], on_input, console}, hv, uuid, pair[0], kind == HV_CONSOLE_TEXT};
    g_ptr_array_add(hv->consoles, console);
    if (kind == HV_CONSOLE_VNC) {
        (void)send(console->fd, "RFB 003.008\n", 12, MSG_NOSIGNAL);
    }
    return hv_loop_add(hv->loop, &console->watch, err) ? fd_steal(&theirs) : -1;
}

static GBytes *fake_screenshot(Hv *hv, Op *op, Uuid uuid, Err **err)
{
    LOCK_GUARD(&hv->lock);
    const FakeDomain *domain = fake_domain_find(hv, op, uuid, err);
    return domain ? g_bytes_new_static(one_pixel, sizeof one_pixel - 1) : NULL;
}

/* A guest that runs has an agent; its NIC at position p has the address 10.0.<p>.2. */
static bool fake_guest_info(Hv *hv, Op *op, Uuid uuid, HvGuestInfo *ret_info, Err **err)
{
    LOCK_GUARD(&hv->lock);
    const FakeDomain *domain = fake_domain_find(hv, op, uuid, err);
    g_autoptr(GString) networks = g_string_new(NULL);
    for (unsigned i = FAKE_DISKS; domain && i < FAKE_PLACES; i++) {
        if (*domain->devices[i]) {
            unsigned nic = i - FAKE_DISKS;
            g_string_append_printf(networks, "%u/ip|10.0.%u.2|", nic, nic);
        }
    }
    *ret_info = (HvGuestInfo){
        .alive = domain && domain->info.state == HV_STATE_RUNNING,
        .store = domain ? fake_store_read(domain) : NULL,
        .os_version = g_strsplit("name|Fake Linux 1.0|distro|fake|major|1|minor|0", "|", -1),
        .networks = g_strsplit(networks->str, "|", -1),
        .other = g_strsplit("feature-quiesce|1", "|", -1),
        .hostname = g_strdup("fake"),
        .agent_version = g_strdup("1.0.0"),
    };
    return domain != NULL;
}

/* The guest says so, in capital letters. */
static bool fake_guest_freeze(Hv *hv, Op *op, Uuid uuid, bool frozen, Err **err)
{
    LOCK_GUARD(&hv->lock);
    const FakeDomain *domain = fake_domain_find(hv, op, uuid, err);
    if (domain) {
        guest_say(hv, domain, frozen ? "FREEZE" : "THAW");
    }
    return domain != NULL;
}

const HvDriver hv_fake_driver = {
    .name = "fake",
    .caps = HV_CAP_MEMORY_BALLOON | HV_CAP_VCPU_HOTPLUG | HV_CAP_SAVE | HV_CAP_LIVE_SNAPSHOT |
            HV_CAP_GUEST_AGENT | HV_CAP_UEFI | HV_CAP_DIRECT_KERNEL | HV_CAP_VNC |
            HV_CAP_TEXT_CONSOLE | HV_CAP_SYSRQ | HV_CAP_DUMP | HV_CAP_DISK_MIRROR | HV_CAP_QUIESCE |
            HV_CAP_LIVE_RESIZE | HV_CAP_MIGRATE | HV_CAP_HYPERVISOR | HV_CAP_SHADOW | HV_CAP_STORE,
    .triggers = HV_TRIGGER_NMI | HV_TRIGGER_RESET | HV_TRIGGER_POWER,
    .open = fake_open,
    .close = fake_close,
    .host_info = fake_host_info,
    .host_stats = fake_host_stats,
    .host_messages = fake_host_messages,
    .host_debug_keys = fake_host_debug_keys,
    .domain_create = fake_create,
    .domain_set_paused = fake_set_paused,
    .domain_shutdown = fake_shutdown,
    .domain_sysrq = fake_sysrq,
    .domain_trigger = fake_trigger,
    .domain_destroy = fake_destroy,
    .domain_list = fake_list,
    .domain_info = fake_info,
    .domain_devices = fake_devices,
    .domain_stats = fake_stats,
    .domain_set_memory = fake_set_memory,
    .domain_set_vcpus = fake_set_vcpus,
    .domain_set_shadow = fake_set_shadow,
    .domain_change_store = fake_change_store,
    .domain_save_size = fake_save_size,
    .domain_save = fake_save,
    .domain_send = fake_passage_send,
    .domain_receive = fake_passage_receive,
    .domain_reclaim = fake_passage_reclaim,
    .domain_dump_size = fake_dump_size,
    .domain_dump = fake_dump,
    .disk_plug = fake_disk_plug,
    .disk_unplug = fake_unplug,
    .cd_change = fake_cd_change,
    .disk_snapshot = fake_disk_snapshot,
    .disk_resize = fake_disk_resize,
    .disk_merge = fake_disk_merge,
    .disk_mirror = fake_disk_mirror,
    .disk_mirror_settle = fake_disk_mirror_settle,
    .nic_plug = fake_nic_plug,
    .nic_unplug = fake_unplug,
    .console_open = fake_console_open,
    .console_screenshot = fake_screenshot,
    .guest_info = fake_guest_info,
    .guest_freeze = fake_guest_freeze,
};

static bool load_all(Hv *hv, Err **err)
{
    g_autoptr(GDir) files = g_dir_open(hv->run_dir, 0, NULL);
    const char *name;
    Uuid uuid;
    while (files && (name = g_dir_read_name(files))) {
        FakeDomain *domain = uuid_parse(name, &uuid) ? map_domain(hv, uuid, NULL) : NULL;
        if (domain && domain->info.domid == 0) {
            fake_domain_remove(hv, domain);
        } else if (domain) {
            hv->last_domid = MAX(hv->last_domid, domain->info.domid);
            if (!domain->info.given) {
                fake_passage_go_on(domain);
            }
        }
    }
    return files || err_internal(err, "cannot look for running domains in %s", hv->run_dir);
}

FakeDomain *fake_domain_build(Hv *hv, Op *op, const HvDomainConfig *config, Err **err)
{
    if (g_hash_table_contains(hv->domains, &config->uuid)) {
        err_internal(err, "a domain of this VM exists already");
        return NULL;
    }
    FakeDomain *domain = op_check(op, err) ? map_domain(hv, config->uuid, err) : NULL;
    if (!domain) {
        return NULL;
    }
    *domain = (FakeDomain){
        .info = {config->uuid, HV_STATE_PAUSED, 0, config->vcpus, config->memory_bytes,
                 config->start_ticket, false},
        .vcpus_max = MAX(config->vcpus_max, config->vcpus),
        .memory_max_bytes = MAX(config->memory_max_bytes, config->memory_bytes),
        .has_sse3 = !(config->cpu_hidden[HV_CPU_ECX] & SSE3),
    };
    bool ok = fake_store_fill(domain, config->store_data, err);
    for (unsigned i = 0; i < config->disk_count && ok; i++) {
        ok = add_device(domain, config->disks[i].id, config->disks[i].position, err);
    }
    for (unsigned i = 0; i < config->nic_count && ok; i++) {
        ok = add_device(domain, config->nics[i].id, FAKE_DISKS + config->nics[i].position, err);
    }
    if (!ok) {
        fake_domain_remove(hv, domain);
        return NULL;
    }
    return domain;
}

/* Maps the domain's file, made if there is none, and enters it into the table. */
static FakeDomain *map_domain(Hv *hv, Uuid uuid, Err **err)
{
    g_autofree char *path = g_build_filename(hv->run_dir, UUID_TEXT(uuid), NULL);
    auto_fd fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    FakeDomain *domain = MAP_FAILED;
    if (ftruncate(fd, sizeof *domain) == 0) {
        domain = mmap(NULL, sizeof *domain, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    }
    if (domain == MAP_FAILED) {
        err_errno(err, errno, "cannot keep a domain in %s", path);
        return NULL;
    }
    domain->info.uuid = uuid;
    g_hash_table_insert(hv->domains, &domain->info.uuid, domain);
    return domain;
}

static void unmap_domain(FakeDomain *domain)
{
    munmap(domain, sizeof *domain);
}

FakeDomain *fake_domain_find(Hv *hv, Op *op, Uuid uuid, Err **err)
{
    bool goes_on = !op || op_check(op, err);
    FakeDomain *domain = goes_on ? g_hash_table_lookup(hv->domains, &uuid) : NULL;
    if (goes_on && !domain) {
        err_internal(err, "there is no domain %s", UUID_TEXT(uuid));
    }
    return domain;
}

/* Its consoles go when the event thread sees that their other side is shut. */
void fake_domain_remove(Hv *hv, FakeDomain *domain)
{
    g_autofree char *path = g_build_filename(hv->run_dir, UUID_TEXT(domain->info.uuid), NULL);
    for (unsigned i = 0; i < hv->consoles->len; i++) {
        const FakeConsole *console = g_ptr_array_index(hv->consoles, i);
        if (uuid_equal(console->domain, domain->info.uuid)) {
            (void)shutdown(console->fd, SHUT_RDWR);
        }
    }
    (void)unlink(path);
    g_hash_table_remove(hv->domains, &domain->info.uuid);
}

static bool add_device(FakeDomain *domain, const char *id, unsigned place, Err **err)
{
    if (find_device(domain, id)) {
        return true;
    }
    if (place >= FAKE_PLACES || *domain->devices[place]) {
        return err_internal(err, "there is no free place for %s", id);
    }
    g_strlcpy(domain->devices[place], id, HV_ID_SIZE);
    return true;
}

static char *find_device(FakeDomain *domain, const char *id)
{
    for (unsigned i = 0; i < FAKE_PLACES; i++) {
        if (g_str_equal(domain->devices[i], id)) {
            return domain->devices[i];
        }
    }
    return NULL;
}

static bool check_devices(Hv *hv, Op *op, Uuid uuid, const char *const *ids, unsigned n, Err **err)
{
    LOCK_GUARD(&hv->lock);
    FakeDomain *domain = fake_domain_find(hv, op, uuid, err);
    for (unsigned i = 0; domain && i < n; i++) {
        if (!find_device(domain, ids[i])) {
            return err_internal(err, "the domain has no disk %s", ids[i]);
        }
    }
    return domain != NULL;
}

static void close_console(FakeConsole *console)
{
    fd_close(&console->fd);
    g_free(console);
}

static void on_input(void *user)
{
    FakeConsole *console = user;
    Hv *hv = console->hv;
    LOCK_GUARD(&hv->lock);
    FakeDomain *domain = fake_domain_find(hv, NULL, console->domain, NULL);
    char text[64];
    ssize_t got = recv(console->fd, text, sizeof text, MSG_DONTWAIT);
    if (got <= 0) {
        hv_loop_remove(hv->loop, &console->watch);
        g_ptr_array_remove_fast(hv->consoles, console);
        return;
    }
    bool heard = domain && console->is_text;
    for (ssize_t i = 0; i < got && heard && domain->info.state == HV_STATE_RUNNING; i++) {
        guest_obey(hv, domain, text[i]);
    }
}

static void guest_obey(Hv *hv, FakeDomain *domain, char letter)
{
    static const char ends[] = {
        [HV_EXIT_SHUTDOWN] = 'p', [HV_EXIT_REBOOT] = 'r', [HV_EXIT_CRASH] = 'c'};
    const char *end = memchr(ends, letter, sizeof ends);
    if (end) {
        guest_exit(hv, domain, (HvExitReason)(end - ends));
        return;
    }
    if (letter == '+') {
        letter = (char)('A' + ++domain->counter);
    } else if (letter == 'w') {
        domain->disk_byte = (char)('A' + domain->counter);
        letter = '.';
    } else if (letter == 'd') {
        letter = domain->disk_byte;
    } else if (letter == 's') {
        letter = domain->has_sse3 ? 'y' : 'n';
    } else if (letter == 'b') {
        domain->busy++;
    } else if (letter == 'k') {
        guest_leave_word(hv, domain);
        letter = '.';
    }
    guest_say(hv, domain, (char[]){letter, '\0'});
}

static void guest_leave_word(Hv *hv, FakeDomain *domain)
{
    const char letter[] = {(char)('A' + domain->counter), '\0'};
    const HvStoreChange word = {HV_STORE_FOLDER "/letter", letter};
    (void)fake_store_change(domain, &word, 1, NULL);
    if (hv->events.guest_changed) {
        hv->events.guest_changed(hv->events.user, domain->info.uuid);
    }
}

static void guest_exit(Hv *hv, FakeDomain *domain, HvExitReason reason)
{
    HvDomainInfo *info = &domain->info;
    info->state = HV_STATE_SHUTDOWN;
    hv->events.domain_exited(hv->events.user, info->uuid, info->start_ticket, reason);
}

static void guest_say(Hv *hv, const FakeDomain *domain, const char *text)
{
    for (unsigned i = 0; i < hv->consoles->len; i++) {
        const FakeConsole *console = g_ptr_array_index(hv->consoles, i);
        if (console->is_text && uuid_equal(console->domain, domain->info.uuid)) {
            (void)send(console->fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL);
        }
    }
}
