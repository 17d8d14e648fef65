/* Life of a domain from folder to folder's end.  Starting one is create.c, finding one that
 * still runs is adopt.c, what QEMU reports is event.c. */
#include "hv/qemu/domain.h"

#include "base/fd.h"
#include "base/log.h"
#include "hv/qemu/event.h"
#include "hv/qemu/history.h"
#include "hv/qemu/log.h"
#include "hv/qemu/qemu.h"
#include "hv/socket.h"

#include <errno.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/stat.h>

static void qemu_domain_begin_block(QemuDomain *domain);
static bool qemu_domain_block_save(void *user, Err **err);
static bool qemu_domain_block_runs(void *user);
static bool qemu_domain_block_set_paused(void *user, Op *op, bool paused, Err **err);
static bool qemu_domain_enter(QemuDomain *domain, Err **err);
static void qemu_domain_leave(QemuDomain *domain);
static void qemu_domain_on_qmp(void *user);
static void qemu_domain_on_exit(void *user);

QemuDomain *qemu_domain_new(Hv *hv, QemuRecord *record, Err **err)
{
    QemuDomain *domain = g_new0(QemuDomain, 1);
    g_atomic_ref_count_init(&domain->refs);
    domain->hv = hv;
    domain->uuid = record->uuid;
    domain->start_ticket = record->start_ticket;
    uuid_format(record->uuid, domain->name);
    domain->dir = g_build_filename(hv->run_dir, domain->name, NULL);
    domain->pid_fd = -1;
    domain->pid_watch.fd = -1;
    domain->qmp_watch.fd = -1;
    lock_init(&domain->lock, LOCK_HV_DOMAIN);
    g_cond_init(&domain->changed);
    domain->record = record;
    domain->state = HV_STATE_PAUSED;
    domain->memory_bytes = record->memory_bytes;
    domain->deleted = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    qemu_domain_begin_block(domain);
    if (!qemu_domain_enter(domain, err)) {
        qemu_domain_unref(domain);
        return NULL;
    }
    if (mkdir(domain->dir, 0700) < 0 && errno != EEXIST) {
        err_errno(err, errno, "cannot create %s", domain->dir);
        qemu_domain_leave(domain);
        qemu_domain_unref(domain);
        return NULL;
    }
    return domain;
}

QemuDomain *qemu_domain_ref(QemuDomain *domain)
{
    g_atomic_ref_count_inc(&domain->refs);
    return domain;
}

void qemu_domain_unref(QemuDomain *domain)
{
    if (!domain || !g_atomic_ref_count_dec(&domain->refs)) {
        return;
    }
    qmp_free(domain->qmp);
    qemu_agent_free(domain->agent);
    fd_close(&domain->pid_fd);
    qemu_record_free(domain->record);
    g_hash_table_unref(domain->deleted);
    block_guest_clear(&domain->block);
    g_clear_pointer(&domain->vcpu_threads, g_array_unref);
    g_free(domain->moving_tray);
    g_cond_clear(&domain->changed);
    lock_clear(&domain->lock);
    g_free(domain->dir);
    g_free(domain);
}

QemuDomain *qemu_domain_find(Hv *hv, Uuid uuid)
{
    LOCK_GUARD(&hv->lock);
    QemuDomain *domain = g_hash_table_lookup(hv->domains, &uuid);
    return domain && qemu_domain_is_watched(domain) ? qemu_domain_ref(domain) : NULL;
}

QemuDomain *qemu_domain_get(Hv *hv, Uuid uuid, Err **err)
{
    QemuDomain *domain = qemu_domain_find(hv, uuid);
    if (!domain) {
        err_internal(err, "there is no domain %s", UUID_TEXT(uuid));
    }
    return domain;
}

bool qemu_domain_watch(QemuDomain *domain, int qmp_fd, int agent_fd, bool adopted, Err **err)
{
    pid_t pid = domain->pid = domain->record->pid;
    g_autofree char *name = g_strdup_printf("QEMU of %s", domain->name);
    domain->block.qmp = domain->qmp = qmp_new(qmp_fd, name, qemu_event_handle, domain);
    domain->agent = qemu_agent_new(domain, agent_fd, adopted, err);
    if (!domain->agent) {
        return false;
    }
    domain->pid_fd = pidfd_open(pid, 0);
    if (domain->pid_fd < 0) {
        return err_errno(err, errno, "cannot watch process %d of domain %s", pid, domain->name);
    }
    domain->pid_watch = (HvWatch){domain->pid_fd, qemu_domain_on_exit, domain};
    domain->qmp_watch = (HvWatch){qmp_fd, qemu_domain_on_qmp, domain};
    /* The event thread's reference ends in qemu_domain_on_exit(). The process comes last: once it
     * is watched, the event thread may take all watches away again. */
    qemu_domain_ref(domain);
    if (!hv_loop_add(domain->hv->loop, &domain->qmp_watch, err) ||
        !hv_loop_add(domain->hv->loop, &domain->pid_watch, err)) {
        return false;
    }
    LOCK_GUARD(&domain->lock);
    domain->watched = true;
    return true;
}

bool qemu_domain_is_watched(QemuDomain *domain)
{
    LOCK_GUARD(&domain->lock);
    return domain->watched;
}

/* A process that ended before the event thread did has given it back already. */
void qemu_domain_release(QemuDomain *domain)
{
    bool held;
    {
        LOCK_GUARD(&domain->lock);
        held = !domain->gone;
    }
    if (held) {
        qemu_domain_unref(domain);
    }
}

bool qemu_domain_set_reboot_action(QemuDomain *domain, Op *op, const char *action, Err **err)
{
    Value *args = value_new_struct(1);
    value_struct_add_static(args, "reboot", value_new_string(action));
    return qmp_call(domain->qmp, op, "set-action", args, NULL, err);
}

void qemu_domain_tick(QemuDomain *domain)
{
    bool running;
    {
        LOCK_GUARD(&domain->lock);
        if (!domain->watched) {
            return;
        }
        running = domain->state == HV_STATE_RUNNING;
    }
    qemu_agent_tick(domain->agent, running);
    qemu_log_limit(domain->hv->log_dir, domain->name);
    qemu_history_limit(domain->dir);
}

void qemu_domain_discard(QemuDomain *domain)
{
    qemu_domain_remove_dir(domain->dir);
    qemu_cgroup_leave(domain->hv->cgroup, domain->uuid);
    qemu_domain_leave(domain);
}

void qemu_domain_quit(QemuDomain *domain)
{
    qmp_post(domain->qmp, "quit", NULL);
}

void qemu_domain_kill(QemuDomain *domain)
{
    pidfd_send_signal(domain->pid_fd, SIGKILL, NULL, 0);
}

bool qemu_domain_wait_gone(QemuDomain *domain, Op *op, Err **err)
{
    LOCK_GUARD(&domain->lock);
    while (!domain->gone) {
        if (!op_wait(op, &domain->changed, &domain->lock.mutex, err)) {
            return false;
        }
    }
    return true;
}

bool qemu_domain_save_record(QemuDomain *domain, Err **err)
{
    g_autofree char *text = NULL;
    {
        LOCK_GUARD(&domain->lock);
        text = qemu_record_to_text(domain->record);
    }
    return qemu_record_write(text, domain->dir, err);
}

void qemu_domain_tell_exit(QemuDomain *domain, HvExitReason reason)
{
    {
        LOCK_GUARD(&domain->lock);
        if (domain->exit_told || domain->building) {
            return;
        }
        domain->exit_told = true;
    }
    const HvEvents *events = &domain->hv->events;
    if (events->domain_exited) {
        events->domain_exited(events->user, domain->uuid, domain->start_ticket, reason);
    }
}

void qemu_domain_remove_dir(const char *dir)
{
    g_autoptr(GDir) entries = g_dir_open(dir, 0, NULL);
    const char *name;
    while (entries && (name = g_dir_read_name(entries))) {
        g_autofree char *path = g_build_filename(dir, name, NULL);
        (void)unlink(path);
    }
    if (rmdir(dir) < 0 && errno != ENOENT) {
        log_warn("cannot remove %s: %s", dir, g_strerror(errno));
    }
}

static void qemu_domain_begin_block(QemuDomain *domain)
{
    static const BlockEngine engine = {qemu_domain_block_save, qemu_domain_block_runs,
                                       qemu_domain_block_set_paused};
    domain->block = (BlockGuest){
        .engine = &engine,
        .user = domain,
        .name = domain->name,
        .aio = domain->hv->host.aio,
        .lock = &domain->lock,
        .changed = &domain->changed,
        .disks = domain->record->disks,
        .next_node = &domain->record->next_fdset,
    };
    block_guest_init(&domain->block);
}

static bool qemu_domain_block_save(void *user, Err **err)
{
    return qemu_domain_save_record(user, err);
}

static bool qemu_domain_block_runs(void *user)
{
    QemuDomain *domain = user;
    LOCK_GUARD(&domain->lock);
    return domain->state == HV_STATE_RUNNING;
}

static bool qemu_domain_block_set_paused(void *user, Op *op, bool paused, Err **err)
{
    const QemuDomain *domain = user;
    return qmp_call(domain->qmp, op, paused ? "stop" : "cont", NULL, NULL, err);
}

static bool qemu_domain_enter(QemuDomain *domain, Err **err)
{
    Hv *hv = domain->hv;
    LOCK_GUARD(&hv->lock);
    if (g_hash_table_contains(hv->domains, &domain->uuid)) {
        return err_internal(err, "domain %s exists already", domain->name);
    }
    g_hash_table_insert(hv->domains, &domain->uuid, qemu_domain_ref(domain));
    return true;
}

static void qemu_domain_leave(QemuDomain *domain)
{
    Hv *hv = domain->hv;
    LOCK_GUARD(&hv->lock);
    g_hash_table_remove(hv->domains, &domain->uuid);
}

static void qemu_domain_on_qmp(void *user)
{
    QemuDomain *domain = user;
    g_autoptr(Err) why = NULL;
    if (!qmp_read(domain->qmp, &why)) {
        /* The end of the process, if it is that, is told by the process's own watch. */
        log_debug("domain %s is not listened to any more: %s", domain->name, why->params[0]);
        hv_loop_remove(domain->hv->loop, &domain->qmp_watch);
        qmp_shut(domain->qmp);
    }
}

static void qemu_domain_on_exit(void *user)
{
    g_autoptr(QemuDomain) domain = user;
    if (domain->qmp_watch.fd >= 0) {
        /* Last words: a shutdown of the guest just before the end is not a crash. */
        qmp_read(domain->qmp, NULL);
    }
    hv_loop_remove(domain->hv->loop, &domain->pid_watch);
    hv_loop_remove(domain->hv->loop, &domain->qmp_watch);
    qemu_agent_unwatch(domain->agent);
    qmp_shut(domain->qmp);
    block_guest_end(&domain->block);
    qemu_domain_remove_dir(domain->dir);
    qemu_cgroup_leave(domain->hv->cgroup, domain->uuid);
    qemu_domain_leave(domain);
    bool destroyed;
    {
        LOCK_GUARD(&domain->lock);
        destroyed = domain->destroyed;
    }
    /* Who waits for its end has heard of it by then. */
    qemu_domain_tell_exit(domain, destroyed ? HV_EXIT_DESTROYED : HV_EXIT_CRASH);
    LOCK_GUARD(&domain->lock);
    domain->state = HV_STATE_GONE;
    domain->gone = true;
    g_cond_broadcast(&domain->changed);
}
