/* After a restart: each folder under run_dir is a domain that runs, one that has ended, or one
 * whose start was cut short.  A process is known by pid and start time, and a QEMU also by the
 * QMP socket that only it listens on. */
#include "hv/qemu/adopt.h"

#include "base/fd.h"
#include "base/log.h"
#include "base/subprocess.h"
#include "base/text.h"
#include "hv/block/chain.h"
#include "hv/block/merge.h"
#include "hv/qemu/device.h"
#include "hv/qemu/domain.h"
#include "hv/qemu/history.h"
#include "hv/qemu/hotplug.h"
#include "hv/qemu/passage.h"
#include "hv/qemu/qemu.h"
#include "hv/socket.h"

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>

/* For all domains together; one that does not answer in time is taken to run. */
#define ADOPT_LIMIT (10 * USEC_PER_SEC)
#define QUIT_LIMIT  (5 * USEC_PER_SEC)

static void qemu_adopt_folder(Hv *hv, Op *op, const char *name);
static void qemu_adopt_end_unrecorded(const char *dir);
static bool qemu_adopt_process(Hv *hv, Op *op, QemuRecord *record, Err **err);
static void qemu_adopt_ask(QemuDomain *domain, Op *op);
static void qemu_adopt_devices(QemuDomain *domain, Op *op, const Value *devices);
static bool qemu_adopt_has(const Value *devices, const char *id);
static void qemu_adopt_state(QemuDomain *domain, const char *status);
static void qemu_adopt_note_end(Hv *hv, QemuLost lost);

bool qemu_adopt_all(Hv *hv, Err **err)
{
    g_autoptr(GError) why = NULL;
    g_autoptr(GDir) folders = g_dir_open(hv->run_dir, 0, &why);
    if (!folders) {
        return err_internal(err, "cannot look for running domains: %s", why->message);
    }
    g_autoptr(Op) op = op_new(ADOPT_LIMIT);
    const char *name;
    while ((name = g_dir_read_name(folders))) {
        Uuid uuid;
        if (uuid_parse(name, &uuid)) {
            qemu_adopt_folder(hv, op, name);
        }
    }
    return true;
}

static void qemu_adopt_folder(Hv *hv, Op *op, const char *name)
{
    g_autofree char *dir = g_build_filename(hv->run_dir, name, NULL);
    g_autoptr(Err) why = NULL;
    g_autoptr(QemuRecord) record = qemu_record_load(dir, &why);
    if (!record || record->pid == 0 || record->passage == HV_PASSAGE_COMING) {
        /* Its guest has never run here. */
        log_info("domain %s was about to start and is cleared away", name);
        qemu_adopt_end_unrecorded(dir);
        if (record && !subprocess_end(op, record->pid, record->start_ticks, &why)) {
            log_error("domain %s is left as it is: %s", name, why->params[0]);
        }
        qemu_domain_remove_dir(dir);
        return;
    }
    const QemuLost lost = {record->uuid, record->start_ticket, HV_EXIT_CRASH};
    pid_t pid = record->pid;
    uint64_t start_ticks = record->start_ticks;
    if (subprocess_is_alive(pid, start_ticks)) {
        if (qemu_adopt_process(hv, op, g_steal_pointer(&record), &why)) {
            return;
        }
        log_error("domain %s runs but cannot be controlled and is ended: %s", name, why->params[0]);
        (void)subprocess_end(op, pid, start_ticks, NULL);
    }
    qemu_adopt_note_end(hv, lost);
    qemu_domain_remove_dir(dir);
}

/* A QEMU may have been started just before the daemon ended. It alone holds the socket that it
 * inherited, so whoever takes a connection is it. */
static void qemu_adopt_end_unrecorded(const char *dir)
{
    auto_fd fd = hv_socket_connect(dir, QEMU_SOCKET_QMP, NULL);
    static const char quit[] = "{\"execute\":\"qmp_capabilities\"}\n{\"execute\":\"quit\"}\n";
    if (fd < 0 || !fd_write_all(fd, quit, strlen(quit), NULL)) {
        return;
    }
    g_autoptr(Op) op = op_new(QUIT_LIMIT);
    struct pollfd poll = {.fd = fd, .events = POLLIN};
    char answer[512];
    while (op_poll(op, &poll, 1, NULL) && recv(fd, answer, sizeof answer, MSG_DONTWAIT) > 0) {
    }
}

static bool qemu_adopt_process(Hv *hv, Op *op, QemuRecord *record, Err **err)
{
    pid_t pid = record->pid;
    uint64_t start_ticks = record->start_ticks;
    g_autoptr(QemuDomain) domain = qemu_domain_new(hv, record, err);
    if (!domain) {
        return false;
    }
    auto_fd qmp = hv_socket_connect(domain->dir, QEMU_SOCKET_QMP, err);
    auto_fd agent = qmp < 0 ? -1 : hv_socket_connect(domain->dir, QEMU_SOCKET_AGENT, err);
    if (agent < 0 || !qemu_domain_watch(domain, fd_steal(&qmp), fd_steal(&agent), true, err)) {
        qemu_domain_discard(domain);
        return false;
    }
    /* The pid may have got another owner between the look at it and the watch. */
    if (!subprocess_is_alive(pid, start_ticks)) {
        return true;
    }
    domain->state = HV_STATE_RUNNING;
    qemu_adopt_ask(domain, op);
    return true;
}

static void qemu_adopt_ask(QemuDomain *domain, Op *op)
{
    g_autoptr(Value) status = NULL;
    g_autoptr(Value) balloon = NULL;
    g_autoptr(Value) devices = NULL;
    g_autoptr(Err) why = NULL;
    Value *args = value_new_struct(1);
    value_struct_add_static(args, "path", value_new_string("/machine/peripheral"));
    if (!qmp_call(domain->qmp, op, "qom-list", args, &devices, &why) ||
        !qemu_domain_set_reboot_action(domain, op, "shutdown", &why) ||
        !qmp_call(domain->qmp, op, "query-balloon", NULL, &balloon, &why) ||
        !qemu_passage_settle(domain, &why) ||
        !qmp_call(domain->qmp, op, "query-status", NULL, &status, &why)) {
        log_warn("domain %s does not say how it is: %s", domain->name, why->params[0]);
        return;
    }
    const Value *actual = value_get(balloon, "actual");
    {
        LOCK_GUARD(&domain->lock);
        if (actual && value_int(actual) > 0) {
            domain->memory_bytes = (uint64_t)value_int(actual);
        }
    }
    qemu_adopt_devices(domain, op, devices);
    block_merge_settle(&domain->block, op);
    block_chain_settle(&domain->block, op);
    if (domain->record->frozen) {
        qemu_agent_thaw(domain->agent);
        domain->record->frozen = false;
        (void)qemu_domain_save_record(domain, NULL);
    }
    qemu_adopt_state(domain, value_get_string(status, "status"));
}

/* The record may name a device whose plugging was cut short, or one that is unplugged. */
static void qemu_adopt_devices(QemuDomain *domain, Op *op, const Value *devices)
{
    QemuRecord *record = domain->record;
    for (unsigned i = record->disks->len; i-- > 0;) {
        BlockDisk *disk = g_ptr_array_index(record->disks, i);
        g_autofree char *device = qemu_device_disk_id(disk->id);
        if (!qemu_adopt_has(devices, device)) {
            block_chain_drop(&domain->block, op, disk, 0);
            LOCK_GUARD(&domain->lock);
            block_disk_remove(record->disks, disk->id);
        }
    }
    for (unsigned i = record->nics->len; i-- > 0;) {
        const QemuNic *nic = g_ptr_array_index(record->nics, i);
        g_autofree char *device = qemu_device_nic_id(nic->id);
        if (!qemu_adopt_has(devices, device)) {
            qemu_nic_forget(domain, op, nic->id, nic->position);
        }
    }
}

static bool qemu_adopt_has(const Value *devices, const char *id)
{
    for (unsigned i = 0; i < value_count(devices); i++) {
        if (text_equal(value_get_string(value_at(devices, i), "name"), id)) {
            return true;
        }
    }
    return false;
}

/* Whether a guest that stopped meanwhile wanted to reboot, only the history tells. */
static void qemu_adopt_state(QemuDomain *domain, const char *status)
{
    static const struct {
        const char *status;
        HvState state;
        HvExitReason reason; /* with HV_STATE_SHUTDOWN */
    } states[] = {
        {"running", HV_STATE_RUNNING, 0},
        {"shutdown", HV_STATE_SHUTDOWN, HV_EXIT_SHUTDOWN}, /* or HV_EXIT_REBOOT */
        {"guest-panicked", HV_STATE_SHUTDOWN, HV_EXIT_CRASH},
        {"internal-error", HV_STATE_SHUTDOWN, HV_EXIT_CRASH},
    };
    unsigned i = 0;
    while (i < G_N_ELEMENTS(states) && !text_equal(status, states[i].status)) {
        i++;
    }
    bool listed = i < G_N_ELEMENTS(states);
    bool ended = listed && states[i].state == HV_STATE_SHUTDOWN;
    {
        LOCK_GUARD(&domain->lock);
        domain->state = listed ? states[i].state : HV_STATE_PAUSED;
        if (!ended || domain->exit_told) {
            return;
        }
        domain->exit_told = true;
    }
    HvExitReason reason = states[i].reason;
    if (reason == HV_EXIT_SHUTDOWN) {
        (void)qemu_history_find_end(domain->dir, &reason);
    }
    qemu_adopt_note_end(domain->hv, (QemuLost){domain->uuid, domain->start_ticket, reason});
}

static void qemu_adopt_note_end(Hv *hv, QemuLost lost)
{
    LOCK_GUARD(&hv->lock);
    g_array_append_val(hv->lost, lost);
}
