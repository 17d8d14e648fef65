/* The qemu driver: opening, closing and the table of its hooks. */
#include "base/log.h"
#include "hv/qemu/adopt.h"
#include "hv/qemu/domain.h"
#include "hv/qemu/hooks.h"
#include "hv/qemu/host.h"
#include "hv/qemu/qemu.h"
#include "hv/statefile.h"

/* For all domains together. */
#define CLOSE_LIMIT (5 * USEC_PER_SEC)

static Hv *qemu_driver_open(const HvConfig *config, Err **err);
static void qemu_driver_close(Hv *hv);
static void qemu_driver_tick(void *user);
static GPtrArray *qemu_driver_domains(Hv *hv);
static void qemu_driver_tell_lost(Hv *hv);

const HvDriver hv_qemu_driver = {
    .name = "qemu",
    .caps = HV_CAP_MEMORY_BALLOON | HV_CAP_VCPU_HOTPLUG | HV_CAP_SAVE | HV_CAP_LIVE_SNAPSHOT |
            HV_CAP_GUEST_AGENT | HV_CAP_UEFI | HV_CAP_DIRECT_KERNEL | HV_CAP_VNC |
            HV_CAP_TEXT_CONSOLE | HV_CAP_LIVE_MERGE | HV_CAP_SYSRQ | HV_CAP_DUMP |
            HV_CAP_DISK_MIRROR | HV_CAP_QUIESCE | HV_CAP_LIVE_RESIZE | HV_CAP_UNATTENDED_REBOOT |
            HV_CAP_MIGRATE,
    .triggers = HV_TRIGGER_NMI | HV_TRIGGER_RESET | HV_TRIGGER_POWER | HV_TRIGGER_WAKE,
    .open = qemu_driver_open,
    .close = qemu_driver_close,
    .host_info = qemu_host_info,
    .host_messages = hv_no_host_messages,
    .host_debug_keys = hv_no_host_debug_keys,
    .domain_set_shadow = hv_no_domain_set_shadow,
    .domain_change_store = hv_no_domain_change_store,
    .host_stats = qemu_stats_host,
    .domain_create = qemu_create_domain,
    .domain_set_paused = qemu_control_set_paused,
    .domain_shutdown = qemu_control_shutdown,
    .domain_sysrq = qemu_trigger_sysrq,
    .domain_trigger = qemu_trigger_send,
    .domain_destroy = qemu_control_destroy,
    .domain_list = qemu_info_list,
    .domain_info = qemu_info_domain,
    .domain_devices = qemu_info_devices,
    .domain_stats = qemu_stats_domain,
    .domain_set_memory = qemu_control_set_memory,
    .domain_set_vcpus = qemu_vcpu_set,
    .domain_save_size = qemu_save_size,
    .domain_save = qemu_save_domain,
    .domain_send = qemu_passage_send,
    .domain_receive = qemu_passage_receive,
    .domain_reclaim = qemu_passage_reclaim,
    .domain_dump_size = qemu_dump_size,
    .domain_dump = qemu_dump_domain,
    .disk_plug = qemu_disk_plug,
    .disk_unplug = qemu_disk_unplug,
    .cd_change = qemu_disk_change_cd,
    .disk_snapshot = qemu_disk_snapshot,
    .disk_resize = qemu_disk_resize,
    .disk_merge = qemu_disk_merge,
    .disk_mirror = qemu_disk_mirror,
    .disk_mirror_settle = qemu_disk_mirror_settle,
    .nic_plug = qemu_nic_plug,
    .nic_unplug = qemu_nic_unplug,
    .console_open = qemu_console_open,
    .console_screenshot = qemu_console_screenshot,
    .guest_info = qemu_guest_info,
    .guest_freeze = qemu_guest_freeze,
};

static Hv *qemu_driver_open(const HvConfig *config, Err **err)
{
    Hv *hv = g_new0(Hv, 1);
    hv->run_dir = g_strdup(config->run_dir);
    hv->log_dir = g_strdup(config->log_dir);
    hv->events = config->events;
    lock_init(&hv->lock, LOCK_HV);
    hv->domains =
        g_hash_table_new_full(uuid_hash, uuid_equal_ptr, NULL, (GDestroyNotify)qemu_domain_unref);
    hv->lost = g_array_new(FALSE, FALSE, sizeof(QemuLost));
    if (!qemu_host_init(&hv->host, config, err)) {
        qemu_driver_close(hv);
        return NULL;
    }
    hv->cgroup = qemu_cgroup_open(config->cgroup ? config->cgroup : "");
    hv_statefile_clean(hv->run_dir);
    hv->loop = hv_loop_new(qemu_driver_tick, hv, err);
    if (!hv->loop || !qemu_adopt_all(hv, err)) {
        qemu_driver_close(hv);
        return NULL;
    }
    qemu_driver_tell_lost(hv);
    return hv;
}

/* Guests whose driver is away may reboot without anybody being asked. */
static void qemu_driver_close(Hv *hv)
{
    g_autoptr(GPtrArray) domains = qemu_driver_domains(hv);
    g_autoptr(Op) op = op_new(CLOSE_LIMIT);
    for (unsigned i = 0; i < domains->len; i++) {
        (void)qemu_domain_set_reboot_action(g_ptr_array_index(domains, i), op, "reset", NULL);
    }
    hv_loop_free(hv->loop);
    for (unsigned i = 0; i < domains->len; i++) {
        qemu_domain_release(g_ptr_array_index(domains, i));
    }
    g_ptr_array_set_size(domains, 0);
    g_hash_table_unref(hv->domains);
    g_array_unref(hv->lost);
    lock_clear(&hv->lock);
    qemu_cgroup_close(hv->cgroup);
    g_free(hv->run_dir);
    g_free(hv->log_dir);
    g_free(hv);
}

static void qemu_driver_tick(void *user)
{
    Hv *hv = user;
    g_autoptr(GPtrArray) domains = qemu_driver_domains(hv);
    for (unsigned i = 0; i < domains->len; i++) {
        qemu_domain_tick(g_ptr_array_index(domains, i));
    }
}

/* Those that are with the event thread. */
static GPtrArray *qemu_driver_domains(Hv *hv)
{
    GPtrArray *domains = g_ptr_array_new_with_free_func((GDestroyNotify)qemu_domain_unref);
    LOCK_GUARD(&hv->lock);
    GHashTableIter iter;
    gpointer domain;
    g_hash_table_iter_init(&iter, hv->domains);
    while (g_hash_table_iter_next(&iter, NULL, &domain)) {
        if (qemu_domain_is_watched(domain)) {
            g_ptr_array_add(domains, qemu_domain_ref(domain));
        }
    }
    return domains;
}

/* Before open() returns: then the layers above know of every end when they look what runs. */
static void qemu_driver_tell_lost(Hv *hv)
{
    g_autoptr(GArray) lost = NULL;
    {
        LOCK_GUARD(&hv->lock);
        lost = g_steal_pointer(&hv->lost);
        hv->lost = g_array_new(FALSE, FALSE, sizeof(QemuLost));
    }
    for (unsigned i = 0; i < lost->len && hv->events.domain_exited; i++) {
        const QemuLost *end = &g_array_index(lost, QemuLost, i);
        hv->events.domain_exited(hv->events.user, end->domain, end->start_ticket, end->reason);
    }
}
