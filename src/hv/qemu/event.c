/* QMP events become the domain's state and the events of hv.h.  One function per event, found
 * by a table; events that nobody needs are not in it. */
#include "hv/qemu/event.h"

#include "base/text.h"
#include "hv/block/job.h"
#include "hv/qemu/device.h"
#include "hv/qemu/domain.h"
#include "hv/qemu/qemu.h"

typedef struct EventHandler {
    const char *name;
    void (*handle)(QemuDomain *domain, const Value *data);
} EventHandler;

static const char *qemu_event_device(const Value *data);
static void qemu_event_resume(QemuDomain *domain, const Value *data);
static void qemu_event_stop(QemuDomain *domain, const Value *data);
static void qemu_event_balloon(QemuDomain *domain, const Value *data);
static void qemu_event_device_deleted(QemuDomain *domain, const Value *data);
static void qemu_event_tray_moved(QemuDomain *domain, const Value *data);
static void qemu_event_io_error(QemuDomain *domain, const Value *data);
static void qemu_event_migration(QemuDomain *domain, const Value *data);
static void qemu_event_port(QemuDomain *domain, const Value *data);
static void qemu_event_dump_end(QemuDomain *domain, const Value *data);
static void qemu_event_set_state(QemuDomain *domain, HvState state);

static const EventHandler event_handlers[] = {
    {"RESUME", qemu_event_resume},
    {"STOP", qemu_event_stop},
    {"BALLOON_CHANGE", qemu_event_balloon},
    {"DEVICE_DELETED", qemu_event_device_deleted},
    {"DEVICE_TRAY_MOVED", qemu_event_tray_moved},
    {"BLOCK_IO_ERROR", qemu_event_io_error},
    {"MIGRATION", qemu_event_migration},
    {"VSERPORT_CHANGE", qemu_event_port},
    {"DUMP_COMPLETED", qemu_event_dump_end},
};

void qemu_event_handle(void *user, const char *event, const Value *data)
{
    QemuDomain *domain = user;
    HvExitReason reason;
    if (qemu_event_is_end(event, data, &reason)) {
        qemu_event_set_state(domain, HV_STATE_SHUTDOWN);
        qemu_domain_tell_exit(domain, reason);
    }
    block_job_on_event(&domain->block, event, data);
    for (unsigned i = 0; i < G_N_ELEMENTS(event_handlers); i++) {
        if (g_str_equal(event, event_handlers[i].name)) {
            event_handlers[i].handle(domain, data);
            return;
        }
    }
}

/* "guest" is false for ends that come from our side; one of them stands for the reset button. */
bool qemu_event_is_end(const char *event, const Value *data, HvExitReason *ret_reason)
{
    const Value *guest = data ? value_get(data, "guest") : NULL;
    const char *reason = data ? value_get_string(data, "reason") : NULL;
    if (g_str_equal(event, "GUEST_PANICKED")) {
        *ret_reason = HV_EXIT_CRASH;
        return true;
    }
    bool button = text_equal(reason, "host-qmp-system-reset");
    if (!g_str_equal(event, "SHUTDOWN") || !(button || (guest && value_bool(guest)))) {
        return false;
    }
    bool reset = button || text_equal(reason, "guest-reset");
    *ret_reason = reset ? HV_EXIT_REBOOT : HV_EXIT_SHUTDOWN;
    return true;
}

static void qemu_event_resume(QemuDomain *domain, const Value *data)
{
    (void)data;
    qemu_event_set_state(domain, HV_STATE_RUNNING);
}

/* Also follows SHUTDOWN, whose state it must not hide. */
static void qemu_event_stop(QemuDomain *domain, const Value *data)
{
    (void)data;
    LOCK_GUARD(&domain->lock);
    if (domain->state == HV_STATE_RUNNING) {
        domain->state = HV_STATE_PAUSED;
    }
}

static void qemu_event_balloon(QemuDomain *domain, const Value *data)
{
    const Value *actual = data ? value_get(data, "actual") : NULL;
    if (actual && value_int(actual) > 0) {
        LOCK_GUARD(&domain->lock);
        domain->memory_bytes = (uint64_t)value_int(actual);
    }
}

static const char *qemu_event_device(const Value *data)
{
    return data ? value_get_string(data, "device") : NULL;
}

static void qemu_event_device_deleted(QemuDomain *domain, const Value *data)
{
    const char *device = qemu_event_device(data);
    if (!device) {
        return;
    }
    {
        LOCK_GUARD(&domain->lock);
        g_hash_table_add(domain->deleted, g_strdup(device));
        g_cond_broadcast(&domain->changed);
        if (text_equal(domain->leaving, device)) {
            return;
        }
    }
    const char *id = qemu_device_id_of(device);
    const HvEvents *events = &domain->hv->events;
    if (id && events->device_left) {
        events->device_left(events->user, domain->uuid, id);
    }
}

static void qemu_event_tray_moved(QemuDomain *domain, const Value *data)
{
    const char *device = data ? value_get_string(data, "id") : NULL;
    const char *disk_id = device ? qemu_device_disk_of(device) : NULL;
    const Value *open = data ? value_get(data, "tray-open") : NULL;
    if (!disk_id || !open || !value_bool(open)) {
        return;
    }
    {
        LOCK_GUARD(&domain->lock);
        if (text_equal(domain->moving_tray, disk_id)) {
            return;
        }
    }
    const HvEvents *events = &domain->hv->events;
    if (events->disk_ejected) {
        events->disk_ejected(events->user, domain->uuid, disk_id);
    }
}

static void qemu_event_io_error(QemuDomain *domain, const Value *data)
{
    const char *node = data ? value_get_string(data, "node-name") : NULL;
    const char *text = data ? value_get_string(data, "reason") : NULL;
    g_autofree char *disk_id = NULL;
    {
        LOCK_GUARD(&domain->lock);
        const BlockDisk *disk = node ? block_disk_find_node(domain->record->disks, node) : NULL;
        disk_id = disk ? g_strdup(disk->id) : NULL;
    }
    const HvEvents *events = &domain->hv->events;
    if (disk_id && events->device_error) {
        events->device_error(events->user, domain->uuid, disk_id, text ? text : "I/O error");
    }
}

static void qemu_event_migration(QemuDomain *domain, const Value *data)
{
    const char *status = data ? value_get_string(data, "status") : NULL;
    QemuMigration migration = QEMU_MIGRATION_ACTIVE;
    if (text_equal(status, "completed")) {
        migration = QEMU_MIGRATION_COMPLETED;
    } else if (text_equal(status, "failed") || text_equal(status, "cancelled")) {
        migration = QEMU_MIGRATION_FAILED;
    }
    LOCK_GUARD(&domain->lock);
    domain->migration = migration;
    g_cond_broadcast(&domain->changed);
}

static void qemu_event_port(QemuDomain *domain, const Value *data)
{
    const char *port = data ? value_get_string(data, "id") : NULL;
    const Value *open = data ? value_get(data, "open") : NULL;
    if (text_equal(port, QEMU_AGENT_DEVICE) && open) {
        qemu_agent_set_port(domain->agent, value_bool(open));
    }
}

static void qemu_event_dump_end(QemuDomain *domain, const Value *data)
{
    bool failed = data && value_get(data, "error");
    block_job_set(&domain->block, QEMU_JOB_DUMP, failed ? BLOCK_JOB_FAILED : BLOCK_JOB_DONE);
}

static void qemu_event_set_state(QemuDomain *domain, HvState state)
{
    LOCK_GUARD(&domain->lock);
    domain->state = state;
    g_cond_broadcast(&domain->changed);
}
