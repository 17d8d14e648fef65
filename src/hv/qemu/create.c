/* Starting a QEMU.
 *
 * The order makes every line a safe last one: folder and record exist before the process does,
 * so that open() finds either a domain to adopt or one to clear away, and the guest does not run
 * before domain_unpause(). */
#include "hv/qemu/create.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/subprocess.h"
#include "hv/qemu/device.h"
#include "hv/qemu/history.h"
#include "hv/qemu/hooks.h"
#include "hv/qemu/log.h"
#include "hv/qemu/qemu.h"
#include "hv/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#define CREATE_LIMIT         (60 * USEC_PER_SEC) /* until QEMU answers */
#define CREATE_CLEANUP_LIMIT (30 * USEC_PER_SEC) /* until a killed QEMU is gone */
#define STATISTICS_INTERVAL  10                  /* seconds */
#define LOG_TAIL             4096

/* Our ends of the channels of QemuChannels, while the domain starts. */
typedef struct CreateFiles {
    QemuChannels channels;
    char *log_path;
    off_t log_start; /* where this start's messages begin */
    pid_t pid;       /* once it runs */
} CreateFiles;

static void qemu_create_files_clear(CreateFiles *files);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CreateFiles, qemu_create_files_clear)

static QemuRecord *qemu_create_record(const HvDomainConfig *config);
static bool qemu_create_start(QemuDomain *domain, Op *op, const HvDomainConfig *config,
                              CreateFiles *files, Err **err);
static bool qemu_create_open_files(QemuDomain *domain, CreateFiles *files, Err **err);
static bool qemu_create_spawn(QemuDomain *domain, const QemuCmdline *cmdline, CreateFiles *files,
                              Err **err);
static void qemu_create_limit(const QemuDomain *domain, const HvDomainConfig *config);
static bool qemu_create_greet(QemuDomain *domain, Op *op, Err **err);
static void qemu_create_want_statistics(QemuDomain *domain);
static void qemu_create_undo(QemuDomain *domain, const CreateFiles *files);
static Err *qemu_create_explain(const HvDomainConfig *config, const CreateFiles *files, Err *why);
static char *qemu_create_last_words(const CreateFiles *files);

bool qemu_create_domain(Hv *hv, Op *op, const HvDomainConfig *config, int *ret_domid, Err **err)
{
    if (config->saved) {
        return qemu_save_restore(hv, op, config, ret_domid, err);
    }
    g_autoptr(QemuDomain) domain = qemu_create_begin(hv, op, config, HV_PASSAGE_NONE, err);
    if (!domain) {
        return false;
    }
    *ret_domid = qemu_create_finish(domain);
    return true;
}

QemuDomain *qemu_create_begin(Hv *hv, Op *op, const HvDomainConfig *config, HvPassageState passage,
                              Err **err)
{
    QemuRecord *record = qemu_create_record(config);
    record->passage = passage;
    g_autoptr(QemuDomain) domain = qemu_domain_new(hv, record, err);
    if (!domain) {
        return NULL;
    }
    domain->building = true;
    bool incoming = config->saved || passage == HV_PASSAGE_COMING;
    g_auto(CreateFiles) files = {.channels = {-1, -1, -1, -1, -1, incoming}};
    Err *why = NULL;
    if (!qemu_create_start(domain, op, config, &files, &why)) {
        bool lost = domain->watched && op_check(op, NULL);
        qemu_create_undo(domain, &files);
        err_propagate(err, lost ? qemu_create_explain(config, &files, why) : why);
        return NULL;
    }
    return g_steal_pointer(&domain);
}

int qemu_create_finish(QemuDomain *domain)
{
    LOCK_GUARD(&domain->lock);
    domain->building = false;
    return domain->pid;
}

void qemu_create_abort(QemuDomain *domain)
{
    qemu_domain_kill(domain);
    g_autoptr(Op) op = op_new(CREATE_CLEANUP_LIMIT);
    g_autoptr(Err) err = NULL;
    if (!qemu_domain_wait_gone(domain, op, &err)) {
        log_error("QEMU of domain %s does not end: %s", domain->name, err->params[0]);
    }
}

static void qemu_create_files_clear(CreateFiles *files)
{
    fd_close(&files->channels.qmp);
    fd_close(&files->channels.agent);
    fd_close(&files->channels.serial);
    fd_close(&files->channels.qmp_log);
    fd_close(&files->channels.serial_log);
    g_clear_pointer(&files->log_path, g_free);
}

static QemuRecord *qemu_create_record(const HvDomainConfig *config)
{
    QemuRecord *record = qemu_record_new(config->uuid);
    record->start_ticket = config->start_ticket;
    record->vcpus = config->vcpus;
    record->vcpus_max = MAX(config->vcpus_max, config->vcpus);
    record->memory_bytes = config->memory_bytes;
    record->memory_max_bytes = MAX(config->memory_max_bytes, config->memory_bytes);
    return record;
}

static bool qemu_create_start(QemuDomain *domain, Op *op, const HvDomainConfig *config,
                              CreateFiles *files, Err **err)
{
    if (!qemu_create_open_files(domain, files, err)) {
        return false;
    }
    g_auto(QemuCmdline) cmdline;
    qemu_cmdline_init(&cmdline);
    if (!qemu_cmdline_build(&cmdline, &domain->hv->host, config, &files->channels, domain->record,
                            err) ||
        !qemu_domain_save_record(domain, err)) {
        return false;
    }
    /* The connections wait in the sockets' queues until QEMU takes them. */
    auto_fd qmp = hv_socket_connect(domain->dir, QEMU_SOCKET_QMP, err);
    auto_fd agent = qmp < 0 ? -1 : hv_socket_connect(domain->dir, QEMU_SOCKET_AGENT, err);
    if (agent < 0 || !qemu_create_spawn(domain, &cmdline, files, err) ||
        !qemu_domain_watch(domain, fd_steal(&qmp), fd_steal(&agent), false, err)) {
        return false;
    }
    qemu_create_limit(domain, config);
    /* QEMU is left as the only listener: its end ends the connections. */
    fd_close(&files->channels.qmp);
    fd_close(&files->channels.agent);
    return qemu_domain_save_record(domain, err) && qemu_create_greet(domain, op, err);
}

static bool qemu_create_open_files(QemuDomain *domain, CreateFiles *files, Err **err)
{
    const char *log_dir = domain->hv->log_dir;
    QemuChannels *channels = &files->channels;
    auto_fd log = qemu_log_open(log_dir, QEMU_LOG_MESSAGES, domain->name, err);
    channels->serial_log =
        log < 0 ? -1 : qemu_log_open(log_dir, QEMU_LOG_SERIAL, domain->name, err);
    if (channels->serial_log < 0) {
        return false;
    }
    struct stat status;
    files->log_path = qemu_log_path(log_dir, QEMU_LOG_MESSAGES, domain->name);
    files->log_start = fstat(log, &status) == 0 ? status.st_size : 0;
    channels->qmp_log = qemu_history_open(domain->dir, err);
    if (channels->qmp_log < 0) {
        return false;
    }
    channels->qmp = hv_socket_listen(domain->dir, QEMU_SOCKET_QMP, err);
    if (channels->qmp < 0) {
        return false;
    }
    channels->agent = hv_socket_listen(domain->dir, QEMU_SOCKET_AGENT, err);
    if (channels->agent < 0) {
        return false;
    }
    channels->serial = hv_socket_listen(domain->dir, QEMU_SOCKET_SERIAL, err);
    return channels->serial >= 0;
}

static bool qemu_create_spawn(QemuDomain *domain, const QemuCmdline *cmdline, CreateFiles *files,
                              Err **err)
{
    const QemuChannels *channels = &files->channels;
    const int own_fds[] = {channels->qmp, channels->agent, channels->serial, channels->qmp_log,
                           channels->serial_log};
    g_autoptr(GArray) fds = g_array_new(FALSE, FALSE, sizeof(int));
    g_array_append_vals(fds, own_fds, G_N_ELEMENTS(own_fds));
    g_array_append_vals(fds, cmdline->fds->data, cmdline->fds->len);
    const SubprocessSpec spec = {
        .argv = (const char *const *)cmdline->argv->pdata,
        .uid = domain->hv->host.uid,
        .gid = domain->hv->host.gid,
        .fds = (const int *)fds->data,
        .fd_count = fds->len,
        .log_path = files->log_path,
        .cwd = "/",
    };
    if (!subprocess_spawn(&spec, &files->pid, err)) {
        return false;
    }
    LOCK_GUARD(&domain->lock);
    domain->record->pid = files->pid;
    domain->record->start_ticks = subprocess_start_ticks(files->pid);
    return true;
}

/* A guest without limits is better than none. */
static void qemu_create_limit(const QemuDomain *domain, const HvDomainConfig *config)
{
    g_autoptr(Err) error = NULL;
    if (!qemu_cgroup_enter(domain->hv->cgroup, config, domain->record->pid, &error)) {
        log_warn("domain %s runs without limits of its own: %s", domain->name, error->params[0]);
    }
}

/* The first answer comes when the machine is built. A guest that is to have less memory than
 * its maximum gives the rest away as soon as its driver runs. */
static bool qemu_create_greet(QemuDomain *domain, Op *op, Err **err)
{
    g_autoptr(Op) limited = op_new_child(op, CREATE_LIMIT);
    qemu_create_want_statistics(domain);
    if (domain->record->memory_bytes == domain->record->memory_max_bytes) {
        return qmp_call(domain->qmp, limited, "query-status", NULL, NULL, err);
    }
    Value *args = value_new_struct(1);
    value_struct_add_static(args, "value", value_new_int((int64_t)domain->record->memory_bytes));
    return qmp_call(domain->qmp, limited, "balloon", args, NULL, err);
}

/* The guest's balloon driver is to tell how its memory is used. */
static void qemu_create_want_statistics(QemuDomain *domain)
{
    Value *args = value_new_struct(3);
    value_struct_add_static(args, "path",
                            value_new_string("/machine/peripheral/" QEMU_BALLOON_DEVICE));
    value_struct_add_static(args, "property", value_new_string("guest-stats-polling-interval"));
    value_struct_add_static(args, "value", value_new_int(STATISTICS_INTERVAL));
    qmp_post(domain->qmp, "qom-set", args);
}

/* Leaves nothing of the domain behind. */
static void qemu_create_undo(QemuDomain *domain, const CreateFiles *files)
{
    if (!domain->watched) {
        if (files->pid != 0 && subprocess_is_alive(files->pid, domain->record->start_ticks)) {
            kill(files->pid, SIGKILL);
        }
        qemu_domain_discard(domain);
        return;
    }
    qemu_create_abort(domain);
}

/* Where QEMU ended by itself, its own last words say more than the lost connection. */
static Err *qemu_create_explain(const HvDomainConfig *config, const CreateFiles *files, Err *why)
{
    g_autofree char *words = qemu_create_last_words(files);
    if (!words) {
        return why;
    }
    err_free(why);
    Err *better = NULL;
    if (config->firmware == HV_FIRMWARE_DIRECT_KERNEL &&
        (strstr(words, "kernel") || strstr(words, "initrd"))) {
        err_set(&better, "BOOTLOADER_FAILED", "", words);
    } else {
        err_internal(&better, "QEMU did not start: %s", words);
    }
    return better;
}

/* The last line of this start in the log, without time and program name. */
static char *qemu_create_last_words(const CreateFiles *files)
{
    auto_fd fd = open(files->log_path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) < 0) {
        return NULL;
    }
    char tail[LOG_TAIL + 1];
    off_t start = MAX(files->log_start, status.st_size - (off_t)LOG_TAIL);
    ssize_t length = pread(fd, tail, LOG_TAIL, start);
    if (length <= 0) {
        return NULL;
    }
    tail[length] = '\0';
    char *text = g_strchomp(tail);
    char *line = strrchr(text, '\n');
    line = line ? line + 1 : text;
    char *message = strstr(line, QEMU_PROGRAM ": ");
    message = message ? message + strlen(QEMU_PROGRAM ": ") : line;
    return *message ? g_utf8_make_valid(message, -1) : NULL;
}
