/* The fake driver's hooks. What they leave out is what an engine would do below them. */
#include "base/fd.h"
#include "hv/fake/fake.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#define MEMORY_TOTAL ((uint64_t)64 << 30)
#define OVERHEAD     ((uint64_t)1 << 20)
#define SAVE_SIZE    ((uint64_t)16 << 20)
#define RFB_GREETING "RFB 003.008\n"

/* A PNG of one black pixel. */
static const char one_pixel[] =
    "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\0\0\0\0\x3a\x7e\x9b\x55\0\0\0\nIDAT"
    "\x78\x9c\x63\x60\0\0\0\2\0\1\x48\xaf\xa4\x71\0\0\0\0IEND\xae\x42\x60\x82";

static FakeDomain *fake_find(Hv *hv, Uuid uuid, Err **err);
static FakeState fake_state_from(const HvDomainConfig *config);
static bool fake_insert(Hv *hv, const FakeState *state, int *ret_domid, Err **err);
static bool fake_set_state(Hv *hv, Uuid uuid, HvState state, Err **err);
static bool fake_plug(Hv *hv, Uuid uuid, FakeDevice device, Err **err);
static bool fake_unplug(Hv *hv, Uuid uuid, const char *id, Err **err);
static bool fake_check_disk(Hv *hv, Uuid uuid, const char *disk_id, Err **err);
static int fake_console(Hv *hv, Uuid uuid, bool text, Err **err);
static HvDomainInfo fake_describe(const FakeDomain *domain);
static bool fake_load_all(Hv *hv, Err **err);
static void fake_close(Hv *hv);

static Hv *fake_open(const HvConfig *config, Err **err)
{
    Hv *hv = g_new0(Hv, 1);
    hv->run_dir = g_strdup(config->run_dir);
    hv->events = config->events;
    hv->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    lock_init(&hv->lock, LOCK_HV);
    hv->domains =
        g_hash_table_new_full(uuid_hash, uuid_equal_ptr, NULL, (GDestroyNotify)fake_domain_free);
    hv->queue = g_array_new(FALSE, FALSE, sizeof(FakeEvent));
    if (!fake_load_all(hv, err)) {
        fake_close(hv);
        return NULL;
    }
    hv->thread = g_thread_new("hv-fake", fake_guest_run, hv);
    return hv;
}

static void fake_close(Hv *hv)
{
    {
        LOCK_GUARD(&hv->lock);
        hv->stop = true;
        eventfd_write(hv->wake_fd, 1);
    }
    if (hv->thread) {
        g_thread_join(hv->thread);
    }
    fd_close(&hv->wake_fd);
    g_hash_table_unref(hv->domains);
    g_array_unref(hv->queue);
    lock_clear(&hv->lock);
    g_free(hv->run_dir);
    g_free(hv);
}

static bool fake_host_info(Hv *hv, HvHostInfo *ret_info, Err **err)
{
    (void)err;
    HvHostInfo info = {.cpu_count = 4,
                       .socket_count = 1,
                       .memory_total = MEMORY_TOTAL,
                       .memory_free = MEMORY_TOTAL,
                       .cpu_vendor = "FakeVendor",
                       .cpu_model_name = "Fake CPU",
                       .cpu_flags = "fpu tsc",
                       .cpu_family = 6,
                       .cpu_mhz = 1000,
                       .engine_version = "fake 1",
                       .accelerator = "none",
                       .domain_overhead_bytes = OVERHEAD};
    LOCK_GUARD(&hv->lock);
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, hv->domains);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const FakeDomain *domain = value;
        info.memory_free -= MIN(info.memory_free, domain->state.memory_bytes + OVERHEAD);
    }
    *ret_info = info;
    return true;
}

static bool fake_create(Hv *hv, Op *op, const HvDomainConfig *config, int *ret_domid, Err **err)
{
    FakeState state = fake_state_from(config);
    return op_check(op, err) && fake_insert(hv, &state, ret_domid, err);
}

static bool fake_unpause(Hv *hv, Op *op, Uuid uuid, Err **err)
{
    return op_check(op, err) && fake_set_state(hv, uuid, HV_STATE_RUNNING, err);
}

static bool fake_pause(Hv *hv, Op *op, Uuid uuid, Err **err)
{
    return op_check(op, err) && fake_set_state(hv, uuid, HV_STATE_PAUSED, err);
}

static bool fake_shutdown(Hv *hv, Op *op, Uuid uuid, HvShutdownMode mode, Err **err)
{
    (void)op;
    LOCK_GUARD(&hv->lock);
    FakeDomain *domain = fake_find(hv, uuid, err);
    if (domain && domain->state.state == HV_STATE_RUNNING) {
        bool reboot = mode == HV_SHUTDOWN_REBOOT;
        fake_guest_exit(hv, domain, reboot ? HV_EXIT_REBOOT : HV_EXIT_SHUTDOWN);
    }
    return domain != NULL;
}

static bool fake_reset(Hv *hv, Op *op, Uuid uuid, Err **err)
{
    (void)hv;
    (void)op;
    (void)uuid;
    return hv_unsupported("fake", "reset a domain in place", err);
}

static bool fake_destroy(Hv *hv, Op *op, Uuid uuid, Err **err)
{
    (void)op;
    LOCK_GUARD(&hv->lock);
    FakeDomain *domain = g_hash_table_lookup(hv->domains, &uuid);
    if (domain && domain->state.state != HV_STATE_SHUTDOWN) {
        fake_guest_exit(hv, domain, HV_EXIT_DESTROYED);
    }
    return !domain || fake_domain_remove(hv, domain, err);
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
        HvDomainInfo info = fake_describe(domain);
        g_array_append_val(list, info);
    }
    return list;
}

static bool fake_info(Hv *hv, Uuid uuid, HvDomainInfo *ret_info, Err **err)
{
    (void)err;
    LOCK_GUARD(&hv->lock);
    const FakeDomain *domain = g_hash_table_lookup(hv->domains, &uuid);
    *ret_info = domain ? fake_describe(domain)
                       : (HvDomainInfo){.uuid = uuid, .state = HV_STATE_GONE, .domid = -1};
    return true;
}

static bool fake_stats(Hv *hv, Uuid uuid, HvDomainStats *ret_stats, Err **err)
{
    LOCK_GUARD(&hv->lock);
    const FakeDomain *domain = fake_find(hv, uuid, err);
    if (domain) {
        *ret_stats = (HvDomainStats){.memory_bytes = domain->state.memory_bytes};
    }
    return domain != NULL;
}

static bool fake_set_memory(Hv *hv, Op *op, Uuid uuid, uint64_t bytes, Err **err)
{
    (void)op;
    LOCK_GUARD(&hv->lock);
    FakeDomain *domain = fake_find(hv, uuid, err);
    if (!domain) {
        return false;
    }
    domain->state.memory_bytes = MIN(bytes, domain->state.memory_max_bytes);
    return fake_domain_save(hv, domain, err);
}

static bool fake_set_vcpus(Hv *hv, Op *op, Uuid uuid, unsigned vcpus, Err **err)
{
    (void)op;
    LOCK_GUARD(&hv->lock);
    FakeDomain *domain = fake_find(hv, uuid, err);
    if (!domain) {
        return false;
    }
    if (vcpus < 1 || vcpus > domain->state.vcpus_max) {
        return err_internal(err, "%u vCPUs are more than %u or none", vcpus,
                            domain->state.vcpus_max);
    }
    domain->state.vcpus = vcpus;
    return fake_domain_save(hv, domain, err);
}

static uint64_t fake_save_size(Hv *hv, Uuid uuid)
{
    (void)hv;
    (void)uuid;
    return SAVE_SIZE;
}

/* The fake storage driver has images without a file; then the state is not kept. */
static bool fake_save(Hv *hv, Op *op, Uuid uuid, const HvImage *image, Err **err)
{
    (void)op;
    LOCK_GUARD(&hv->lock);
    FakeDomain *domain = fake_find(hv, uuid, err);
    if (!domain) {
        return false;
    }
    domain->state.state = HV_STATE_PAUSED;
    auto_fd fd = open(image->path, O_WRONLY | O_TRUNC | O_CLOEXEC);
    return (fd < 0 || fd_write_all(fd, &domain->state, sizeof domain->state, err)) &&
           fake_domain_save(hv, domain, err);
}

static bool fake_restore(Hv *hv, Op *op, const HvDomainConfig *config, const HvImage *image,
                         int *ret_domid, Err **err)
{
    FakeState state = fake_state_from(config);
    FakeState saved;
    if (fake_state_read(image->path, &saved)) {
        state.booted = saved.booted;
        state.counter = saved.counter;
        state.disk_byte = saved.disk_byte;
    }
    return op_check(op, err) && fake_insert(hv, &state, ret_domid, err);
}

static bool fake_disk_plug(Hv *hv, Op *op, Uuid uuid, const HvDisk *disk, Err **err)
{
    FakeDevice device = {.is_nic = false, .position = disk->position};
    g_strlcpy(device.id, disk->id, sizeof device.id);
    return op_check(op, err) && fake_plug(hv, uuid, device, err);
}

static bool fake_device_unplug(Hv *hv, Op *op, Uuid uuid, const char *id, bool force, Err **err)
{
    (void)force;
    return op_check(op, err) && fake_unplug(hv, uuid, id, err);
}

static bool fake_cd_change(Hv *hv, Op *op, Uuid uuid, const char *disk_id, const HvImage *image,
                           Err **err)
{
    (void)image;
    return op_check(op, err) && fake_check_disk(hv, uuid, disk_id, err);
}

static bool fake_disk_snapshot(Hv *hv, Op *op, Uuid uuid, const char *const *disk_ids,
                               const HvImage *overlays, unsigned count, Err **err)
{
    (void)overlays;
    for (unsigned i = 0; i < count; i++) {
        if (!op_check(op, err) || !fake_check_disk(hv, uuid, disk_ids[i], err)) {
            return false;
        }
    }
    return true;
}

static bool fake_disk_resize(Hv *hv, Op *op, Uuid uuid, const char *disk_id, uint64_t bytes,
                             Err **err)
{
    (void)bytes;
    return op_check(op, err) && fake_check_disk(hv, uuid, disk_id, err);
}

static bool fake_nic_plug(Hv *hv, Op *op, Uuid uuid, const HvNic *nic, Err **err)
{
    FakeDevice device = {.is_nic = true, .position = nic->position};
    g_strlcpy(device.id, nic->id, sizeof device.id);
    return op_check(op, err) && fake_plug(hv, uuid, device, err);
}

static int fake_console_open_vnc(Hv *hv, Uuid uuid, Err **err)
{
    return fake_console(hv, uuid, false, err);
}

static int fake_console_open_text(Hv *hv, Uuid uuid, Err **err)
{
    return fake_console(hv, uuid, true, err);
}

static GBytes *fake_console_screenshot(Hv *hv, Op *op, Uuid uuid, Err **err)
{
    (void)op;
    LOCK_GUARD(&hv->lock);
    return fake_find(hv, uuid, err) ? g_bytes_new_static(one_pixel, sizeof one_pixel - 1) : NULL;
}

/* A guest that runs has an agent; its NIC at position p has the address 10.0.<p>.2. */
static bool fake_guest_info(Hv *hv, Op *op, Uuid uuid, HvGuestInfo *ret_info, Err **err)
{
    (void)op;
    LOCK_GUARD(&hv->lock);
    const FakeDomain *domain = fake_find(hv, uuid, err);
    if (!domain) {
        return false;
    }
    g_autoptr(GStrvBuilder) networks = g_strv_builder_new();
    for (unsigned i = 0; i < FAKE_MAX_DEVICES; i++) {
        const FakeDevice *device = &domain->state.devices[i];
        if (*device->id && device->is_nic) {
            g_autofree char *name = g_strdup_printf("%u/ip", device->position);
            g_autofree char *address = g_strdup_printf("10.0.%u.2", device->position);
            g_strv_builder_add_many(networks, name, address, NULL);
        }
    }
    *ret_info = (HvGuestInfo){
        .alive = domain->state.state == HV_STATE_RUNNING,
        .os_version = g_strsplit("name|Fake Linux 1.0|distro|fake|major|1|minor|0", "|", -1),
        .networks = g_strv_builder_end(networks),
        .memory = g_new0(char *, 1),
        .other = g_new0(char *, 1),
        .hostname = g_strdup("fake"),
        .agent_version = g_strdup("1.0.0"),
    };
    return true;
}

const HvDriver hv_fake_driver = {
    .name = "fake",
    .caps = HV_CAP_MEMORY_BALLOON | HV_CAP_VCPU_HOTPLUG | HV_CAP_SAVE | HV_CAP_LIVE_SNAPSHOT |
            HV_CAP_GUEST_AGENT | HV_CAP_UEFI | HV_CAP_DIRECT_KERNEL | HV_CAP_VNC |
            HV_CAP_TEXT_CONSOLE,
    .open = fake_open,
    .close = fake_close,
    .host_info = fake_host_info,
    .domain_create = fake_create,
    .domain_unpause = fake_unpause,
    .domain_pause = fake_pause,
    .domain_shutdown = fake_shutdown,
    .domain_reset = fake_reset,
    .domain_destroy = fake_destroy,
    .domain_list = fake_list,
    .domain_info = fake_info,
    .domain_stats = fake_stats,
    .domain_set_memory = fake_set_memory,
    .domain_set_vcpus = fake_set_vcpus,
    .domain_save_size = fake_save_size,
    .domain_save = fake_save,
    .domain_restore = fake_restore,
    .disk_plug = fake_disk_plug,
    .disk_unplug = fake_device_unplug,
    .cd_change = fake_cd_change,
    .disk_snapshot = fake_disk_snapshot,
    .disk_resize = fake_disk_resize,
    .nic_plug = fake_nic_plug,
    .nic_unplug = fake_device_unplug,
    .console_open_vnc = fake_console_open_vnc,
    .console_open_text = fake_console_open_text,
    .console_screenshot = fake_console_screenshot,
    .guest_info = fake_guest_info,
};

static FakeDomain *fake_find(Hv *hv, Uuid uuid, Err **err)
{
    FakeDomain *domain = g_hash_table_lookup(hv->domains, &uuid);
    if (!domain) {
        char text[UUID_TEXT_SIZE];
        err_internal(err, "there is no domain %s", uuid_format(uuid, text));
    }
    return domain;
}

static FakeState fake_state_from(const HvDomainConfig *config)
{
    FakeState state = {.uuid = config->uuid,
                       .state = HV_STATE_PAUSED,
                       .vcpus = config->vcpus,
                       .vcpus_max = MAX(config->vcpus_max, config->vcpus),
                       .memory_bytes = config->memory_bytes,
                       .memory_max_bytes = MAX(config->memory_max_bytes, config->memory_bytes),
                       .start_ticket = config->start_ticket};
    FakeDevice *device = state.devices;
    for (unsigned i = 0; i < MIN(config->disk_count, FAKE_MAX_DEVICES / 2); i++, device++) {
        device->position = config->disks[i].position;
        g_strlcpy(device->id, config->disks[i].id, sizeof device->id);
    }
    for (unsigned i = 0; i < MIN(config->nic_count, FAKE_MAX_DEVICES / 2); i++, device++) {
        device->is_nic = true;
        device->position = config->nics[i].position;
        g_strlcpy(device->id, config->nics[i].id, sizeof device->id);
    }
    return state;
}

static bool fake_insert(Hv *hv, const FakeState *state, int *ret_domid, Err **err)
{
    LOCK_GUARD(&hv->lock);
    if (g_hash_table_contains(hv->domains, &state->uuid)) {
        return err_internal(err, "a domain of this VM exists already");
    }
    FakeDomain *domain = fake_domain_new(state);
    domain->state.domid = ++hv->last_domid;
    g_hash_table_insert(hv->domains, &domain->state.uuid, domain);
    *ret_domid = domain->state.domid;
    return fake_domain_save(hv, domain, err);
}

/* A guest that begins to run says so and has an agent. */
static bool fake_set_state(Hv *hv, Uuid uuid, HvState state, Err **err)
{
    LOCK_GUARD(&hv->lock);
    FakeDomain *domain = fake_find(hv, uuid, err);
    if (!domain) {
        return false;
    }
    if (domain->state.state == HV_STATE_SHUTDOWN) {
        return err_internal(err, "the guest has ended; it can only be reset or destroyed");
    }
    if (state == HV_STATE_RUNNING && !domain->state.booted) {
        domain->state.booted = true;
        fake_guest_say(domain, "READY\r\n");
        fake_guest_queue(hv, (FakeEvent){uuid, domain->state.start_ticket, true, 0});
    }
    domain->state.state = state;
    return fake_domain_save(hv, domain, err);
}

static bool fake_plug(Hv *hv, Uuid uuid, FakeDevice device, Err **err)
{
    LOCK_GUARD(&hv->lock);
    FakeDomain *domain = fake_find(hv, uuid, err);
    if (!domain) {
        return false;
    }
    if (fake_domain_find_device(domain, device.id)) {
        return true;
    }
    for (unsigned i = 0; i < FAKE_MAX_DEVICES; i++) {
        const FakeDevice *other = &domain->state.devices[i];
        if (*other->id && other->is_nic == device.is_nic && other->position == device.position) {
            return err_internal(err, "position %u is taken by %s", device.position, other->id);
        }
    }
    FakeDevice *place = fake_domain_find_device(domain, "");
    if (!place) {
        return err_internal(err, "a domain can have %d devices", FAKE_MAX_DEVICES);
    }
    *place = device;
    return fake_domain_save(hv, domain, err);
}

static bool fake_unplug(Hv *hv, Uuid uuid, const char *id, Err **err)
{
    LOCK_GUARD(&hv->lock);
    FakeDomain *domain = fake_find(hv, uuid, err);
    FakeDevice *device = domain ? fake_domain_find_device(domain, id) : NULL;
    if (device) {
        *device = (FakeDevice){.id = ""};
    }
    return domain && fake_domain_save(hv, domain, err);
}

static bool fake_check_disk(Hv *hv, Uuid uuid, const char *disk_id, Err **err)
{
    LOCK_GUARD(&hv->lock);
    FakeDomain *domain = fake_find(hv, uuid, err);
    return domain && (fake_domain_find_device(domain, disk_id) ||
                      err_internal(err, "the domain has no disk %s", disk_id));
}

/* A serial line is read by the event thread; a viewer gets a greeting and then silence. */
static int fake_console(Hv *hv, Uuid uuid, bool text, Err **err)
{
    LOCK_GUARD(&hv->lock);
    FakeDomain *domain = fake_find(hv, uuid, err);
    int pair[2];
    if (!domain) {
        return -1;
    }
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
        err_errno(err, errno, "cannot create a socket for a console");
        return -1;
    }
    g_array_append_val(text ? domain->lines : domain->viewers, pair[0]);
    eventfd_write(hv->wake_fd, 1);
    if (!text) {
        (void)send(pair[0], RFB_GREETING, strlen(RFB_GREETING), MSG_NOSIGNAL | MSG_DONTWAIT);
    }
    return pair[1];
}

static HvDomainInfo fake_describe(const FakeDomain *domain)
{
    const FakeState *state = &domain->state;
    return (HvDomainInfo){state->uuid,  state->state,        state->domid,
                          state->vcpus, state->memory_bytes, state->start_ticket};
}

static bool fake_load_all(Hv *hv, Err **err)
{
    g_autoptr(GDir) files = g_dir_open(hv->run_dir, 0, NULL);
    if (!files) {
        return err_internal(err, "cannot look for running domains in %s", hv->run_dir);
    }
    const char *name;
    while ((name = g_dir_read_name(files))) {
        g_autofree char *path = g_build_filename(hv->run_dir, name, NULL);
        FakeState state;
        Uuid uuid;
        if (uuid_parse(name, &uuid) && fake_state_read(path, &state)) {
            FakeDomain *domain = fake_domain_new(&state);
            g_hash_table_insert(hv->domains, &domain->state.uuid, domain);
            hv->last_domid = MAX(hv->last_domid, state.domid);
        } else {
            (void)unlink(path); /* one that was being written when its writer was killed */
        }
    }
    return true;
}
