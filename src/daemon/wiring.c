/* The only place that knows every module.  Folders, lock file, database, engine, core, then the
 * front: nothing listens before everything behind it is ready. */
#include "daemon/wiring.h"

#include "base/fd.h"
#include "base/log.h"
#include "base/subprocess.h"
#include "daemon/routes.h"
#include "gen/schema.h"
#include "net/relay.h"
#include "net/tls.h"
#include "ops/host/host_certificate.h"
#include "ops/host/host_management.h"
#include "ops/message/alert_mail.h"
#include "ops/metrics/metrics.h"
#include "ops/network/network_watch.h"
#include "ops/platform.h"
#include "ops/state/state_swap.h"
#include "ops/vm/vm_watch.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <sys/file.h>

/* Below the root. */
static const char ETC_DIR[] = "etc/clearwater";
static const char STATE_DIR[] = "var/lib/clearwater";
static const char RUN_DIR[] = "run/clearwater";
static const char LOG_DIR[] = "var/log/clearwater";

/* For programs of a killed daemon, which the kernel has killed with it. */
#define PROGRAMS_LIMIT (30 * USEC_PER_SEC)
/* For a killed daemon itself. */
#define LOCK_LIMIT (5 * USEC_PER_SEC)
#define LOCK_RETRY (USEC_PER_SEC / 100)

static const char CERTIFICATE_FILE[] = "xapi-ssl.pem";

struct Daemon {
    char *etc_dir, *state_dir, *run_dir, *log_dir;
    char *web_root; /* "": none */
    int lock_fd;
    Db *db;
    Platform *platform;
    Core *core;
    AlertMail *mail;
    Relay *relay;
    RouteContext *routes;
    TlsContext *tls;
    HttpServer *server;
};

static Daemon *try_restored(const DaemonConfig *config, const StateDirs *dirs, int *lock,
                            Err **err);
static Daemon *open_all(const DaemonConfig *config, int *lock, Err **err);
static bool make_dirs(Daemon *daemon, const DaemonConfig *config, Err **err);
static bool take_lock(const DaemonConfig *config, int *ret_lock, Err **err);
static bool outlast_programs(const DaemonConfig *config, Err **err);
static bool open_database(Daemon *daemon, Err **err);
static bool open_platform(Daemon *daemon, const DaemonConfig *config, Err **err);
static bool open_core(Daemon *daemon, const DaemonConfig *config, Err **err);
static bool open_certificate(Daemon *daemon, const DaemonConfig *config, Err **err);
static bool open_front(Daemon *daemon, const DaemonConfig *config, Err **err);
static bool is_management_off(void *user);
static bool listen_on(Daemon *daemon, const char *endpoint, TlsContext *tls, Err **err);
static const char *choose_guest_user(const DaemonConfig *config);
static char *host_name_of(const DaemonConfig *config);
static char *address_of(const DaemonConfig *config, uint16_t *ret_port, Err **err);

Daemon *daemon_start(const DaemonConfig *config, Err **err)
{
    g_autofree char *state_dir = g_build_filename(config->root, STATE_DIR, NULL);
    g_autofree char *etc_dir = g_build_filename(config->root, ETC_DIR, NULL);
    const StateDirs dirs = {.state_dir = state_dir, .etc_dir = etc_dir};
    auto_fd lock = -1;
    bool is_trial = false;
    if (!take_lock(config, &lock, err) || !daemon_open_log(config, err) ||
        !outlast_programs(config, err) || !state_swap_settle(&dirs, &is_trial, err)) {
        return NULL;
    }
    return is_trial ? try_restored(config, &dirs, &lock, err) : open_all(config, &lock, err);
}

void daemon_stop(Daemon *daemon)
{
    if (!daemon) {
        return;
    }
    if (daemon->core) {
        core_stop(daemon->core); /* what waits below the front lets it go */
    }
    if (daemon->server) {
        http_server_stop(daemon->server);
    }
    relay_free(daemon->relay);
    routes_free(daemon->routes);
    if (daemon->platform) {
        vm_watch_stop(platform_vm_watch(daemon->platform)); /* it begins operations */
        network_watch_stop(platform_network_watch(daemon->platform));
        alert_mail_stop(daemon->mail);
        metrics_stop(platform_metrics(daemon->platform));
    }
    core_free(daemon->core);
    platform_free(daemon->platform);
    http_server_free(daemon->server);
    tls_context_free(daemon->tls);
    if (daemon->db) {
        db_close(daemon->db);
    }
    fd_close(&daemon->lock_fd);
    g_free(daemon->web_root);
    g_free(daemon->etc_dir);
    g_free(daemon->state_dir);
    g_free(daemon->run_dir);
    g_free(daemon->log_dir);
    g_free(daemon);
}

bool daemon_open_log(const DaemonConfig *config, Err **err)
{
    g_autofree char *folder = g_build_filename(config->root, LOG_DIR, NULL);
    g_autofree char *path = g_build_filename(folder, "clearwater.log", NULL);
    return fd_make_dirs(folder, 0755, err) && log_open_file(path, err);
}

/* The settings have been restored too, so they are read again. A state that cannot be opened gives
 * way to the one it had replaced. */
static Daemon *try_restored(const DaemonConfig *config, const StateDirs *dirs, int *lock, Err **err)
{
    g_auto(DaemonConfig) restored = {0};
    g_autoptr(Err) failure = NULL;
    log_info("opening the state that has been restored");
    Daemon *daemon = config_load(config->argc, config->argv, &restored, &failure)
                         ? open_all(&restored, lock, &failure)
                         : NULL;
    if (daemon) {
        if (!state_swap_keep(dirs, err)) {
            g_clear_pointer(&daemon, daemon_stop);
        }
        return daemon;
    }
    g_autofree char *text = err_to_string(failure);
    log_error("the state that has been restored cannot be opened, so the one before comes back: %s",
              text);
    return state_swap_take_back(dirs, err) ? open_all(config, lock, err) : NULL;
}

/* The daemon has the lock from when it is complete. */
static Daemon *open_all(const DaemonConfig *config, int *lock, Err **err)
{
    g_autoptr(Daemon) daemon = g_new0(Daemon, 1);
    daemon->lock_fd = -1;
    if (!make_dirs(daemon, config, err) || !open_database(daemon, err) ||
        !open_certificate(daemon, config, err) || !open_platform(daemon, config, err) ||
        !open_core(daemon, config, err) || !open_front(daemon, config, err)) {
        return NULL;
    }
    daemon->lock_fd = fd_steal(lock);
    return g_steal_pointer(&daemon);
}

static bool make_dirs(Daemon *daemon, const DaemonConfig *config, Err **err)
{
    daemon->web_root = g_strdup(config->web_root);
    daemon->etc_dir = g_build_filename(config->root, ETC_DIR, NULL);
    daemon->state_dir = g_build_filename(config->root, STATE_DIR, NULL);
    daemon->run_dir = g_build_filename(config->root, RUN_DIR, NULL);
    daemon->log_dir = g_build_filename(config->root, LOG_DIR, NULL);
    static const char *const inner[] = {"kernels", "nvram", "dhcp"};
    for (size_t i = 0; i < G_N_ELEMENTS(inner); i++) {
        g_autofree char *path = g_build_filename(daemon->state_dir, inner[i], NULL);
        if (!fd_make_dirs(path, 0755, err)) {
            return false;
        }
    }
    return fd_make_dirs(daemon->etc_dir, 0755, err);
}

/* Two daemons on one root would run every guest twice.  A killed one that was just starting a
 * program keeps its lock for a moment: the new process has all descriptors until it closes them. */
static bool take_lock(const DaemonConfig *config, int *ret_lock, Err **err)
{
    g_autofree char *folder = g_build_filename(config->root, RUN_DIR, NULL);
    g_autofree char *path = g_build_filename(folder, "daemon.lock", NULL);
    if (!fd_make_dirs(folder, 0755, err)) {
        return false;
    }
    auto_fd lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock < 0) {
        return err_errno(err, errno, "cannot open %s", path);
    }
    g_autoptr(Op) op = op_new(LOCK_LIMIT);
    while (flock(lock, LOCK_EX | LOCK_NB) < 0) {
        if (errno != EWOULDBLOCK && errno != EINTR) {
            return err_errno(err, errno, "cannot lock %s", path);
        }
        if (!op_sleep(op, LOCK_RETRY, NULL)) {
            return err_internal(err, "%s is locked: another clearwaterd runs on this root", path);
        }
    }
    *ret_lock = fd_steal(&lock);
    return true;
}

/* What a killed daemon has left writes to a disk that somebody may want now. One that does not end
 * has its files locked, and is no reason to leave all guests alone. */
static bool outlast_programs(const DaemonConfig *config, Err **err)
{
    g_autofree char *path = g_build_filename(config->root, RUN_DIR, "programs.lock", NULL);
    g_autoptr(Op) op = op_new(PROGRAMS_LIMIT);
    g_autoptr(Err) why = NULL;
    if (!subprocess_use_lock(path, err)) {
        return false;
    }
    if (!subprocess_wait_others(op, &why)) {
        log_warn("a program of the daemon before: %s", why->params[0]);
    }
    return true;
}

static bool open_database(Daemon *daemon, Err **err)
{
    g_autofree char *path = g_build_filename(daemon->state_dir, STATE_DATABASE, NULL);
    DbBackend backend;
    if (!db_backend_sqlite(path, &backend, err)) {
        return false;
    }
    daemon->db = db_open(&model_schema, &backend, err);
    return daemon->db != NULL;
}

static bool open_platform(Daemon *daemon, const DaemonConfig *config, Err **err)
{
    g_autofree char *guests = platform_guests_dir(daemon->run_dir);
    const HvDriver *engine = hv_engine_select(config->engine, "/", guests, err);
    if (!engine) {
        return false;
    }
    log_info("the engine is %s", engine->name);
    bool is_fake = engine == &hv_fake_driver;
    g_autofree char *host_name = host_name_of(config);
    uint16_t port = 0;
    g_autofree char *address = address_of(config, &port, err);
    if (!address) {
        return false;
    }
    g_autofree char *certificate = g_build_filename(daemon->etc_dir, CERTIFICATE_FILE, NULL);
    g_autofree char *plugins = g_build_filename(daemon->etc_dir, "plugins", NULL);
    g_autofree char *crashes = g_build_filename(config->root, "var/crash", NULL);
    const PlatformConfig platform = {.hv = engine,
                                     .nw = is_fake ? &nw_fake_driver : &nw_bridge_driver,
                                     .paths = {.state_dir = daemon->state_dir,
                                               .run_dir = daemon->run_dir,
                                               .log_dir = daemon->log_dir,
                                               .etc_dir = daemon->etc_dir,
                                               .certificate_path = certificate,
                                               .crash_dir = crashes,
                                               .plugin_dir = plugins},
                                     .accelerator = config->accelerator,
                                     .guest_user = is_fake ? "" : choose_guest_user(config),
                                     .guest_cgroup = config->guest_cgroup,
                                     .address = address,
                                     .https_port = port,
                                     .host_name = host_name,
                                     .tls = daemon->tls,
                                     .owns_machine = config->manage_machine};
    daemon->platform = platform_new(daemon->db, &platform, err);
    return daemon->platform && hv_engine_note(engine, "/", guests, err);
}

static bool open_core(Daemon *daemon, const DaemonConfig *config, Err **err)
{
    g_autofree char *accounts = g_build_filename(daemon->etc_dir, "accounts", NULL);
    g_autofree char *audit = g_build_filename(daemon->log_dir, "audit.log", NULL);
    const CoreConfig core = {.db = daemon->db,
                             .accounts_path = accounts,
                             .pam_service = config->pam_service,
                             .audit_path = audit,
                             .platform = daemon->platform};
    daemon->core = core_new(&core, err);
    if (!daemon->core || !platform_start(daemon->platform, daemon->core, err)) {
        return false;
    }
    daemon->mail = alert_mail_start(daemon->platform);
    return metrics_start(platform_metrics(daemon->platform), err);
}

/* Made once, at the first start. */
static bool open_certificate(Daemon *daemon, const DaemonConfig *config, Err **err)
{
    g_autofree char *path = g_build_filename(daemon->etc_dir, CERTIFICATE_FILE, NULL);
    g_autofree char *host_name = host_name_of(config);
    uint16_t port;
    g_autofree char *address = address_of(config, &port, err);
    if (!address || (!g_file_test(path, G_FILE_TEST_EXISTS) &&
                     !host_certificate_make(path, host_name, address, err))) {
        return false;
    }
    daemon->tls = tls_server_new(path, err);
    return daemon->tls != NULL;
}

static bool open_front(Daemon *daemon, const DaemonConfig *config, Err **err)
{
    const HttpServerConfig server = {.is_local_only = is_management_off, .user = daemon->platform};
    unsigned count;
    daemon->relay = relay_new(err);
    if (!daemon->relay) {
        return false;
    }
    daemon->routes = routes_new(daemon->core, daemon->relay, daemon->web_root);
    const HttpRoute *routes = routes_table(daemon->routes, &count);
    g_autofree char *socket = g_build_filename(daemon->run_dir, "xapi.sock", NULL);
    daemon->server = http_server_new(&server, routes, count, err);
    return daemon->server && http_server_listen_unix(daemon->server, socket, err) &&
           listen_on(daemon, config->https, daemon->tls, err) &&
           listen_on(daemon, config->http, NULL, err) && http_server_start(daemon->server, err);
}

static bool is_management_off(void *user)
{
    return host_management_is_off(user);
}

static bool listen_on(Daemon *daemon, const char *endpoint, TlsContext *tls, Err **err)
{
    g_autofree char *address = NULL;
    uint16_t port;
    if (!*endpoint) {
        return true;
    }
    if (!config_parse_endpoint(endpoint, &address, &port, err) ||
        !http_server_listen_tcp(daemon->server, address, port, tls, &port, err)) {
        return false;
    }
    log_info("listening on %s:%u%s", address, port, tls ? " (TLS)" : "");
    return true;
}

/* Guests run as root only where nobody made the account for them, and the log says so. */
static const char *choose_guest_user(const DaemonConfig *config)
{
    if (*config->guest_user && !getpwnam(config->guest_user)) {
        log_warn("there is no account %s: guests run as the daemon's own user", config->guest_user);
        return "";
    }
    return config->guest_user;
}

static char *host_name_of(const DaemonConfig *config)
{
    return g_strdup(*config->host_name ? config->host_name : g_get_host_name());
}

/* An address that means "all of them" is of no use to clients; then they get the host's name. */
static char *address_of(const DaemonConfig *config, uint16_t *ret_port, Err **err)
{
    g_autofree char *address = NULL;
    if (*config->https && !config_parse_endpoint(config->https, &address, ret_port, err)) {
        return NULL;
    }
    if (*config->address) {
        return g_strdup(config->address);
    }
    bool is_any = !address || strcmp(address, "0.0.0.0") == 0 || strcmp(address, "::") == 0;
    return is_any ? host_name_of(config) : g_steal_pointer(&address);
}
