/* clearwaterd: reads its settings, starts the daemon, waits for a signal, stops it. */
#include "base/log.h"
#include "daemon/config.h"
#include "daemon/notify.h"
#include "daemon/wiring.h"

#include <malloc.h>
#include <signal.h>
#include <unistd.h>

static void limit_heaps(void);
static void block_signals(sigset_t *ret_signals);
static void tell_service_manager(const char *state);
static int wait_for_end(const DaemonConfig *config, const sigset_t *signals);
static bool go_to_background(int *ret_ready_fd, Err **err);
static int fail(const Err *error);

int main(int argc, char **argv)
{
    g_auto(DaemonConfig) config = {0};
    g_autoptr(Err) error = NULL;
    if (!config_load(argc, argv, &config, &error)) {
        return fail(error);
    }
    if (config.show_help || config.show_version) {
        fputs(config.show_help ? config_usage : "clearwaterd " CLEARWATER_VERSION "\n", stdout);
        return 0;
    }
    log_set_level(config.log_level);
    int ready_fd = -1;
    if (!config.foreground && !go_to_background(&ready_fd, &error)) {
        return fail(error);
    }
    limit_heaps();
    sigset_t signals;
    block_signals(&signals);
    g_autoptr(Daemon) daemon = daemon_start(&config, &error);
    if (!daemon) {
        return fail(error);
    }
    log_info("clearwaterd " CLEARWATER_VERSION " is ready");
    if (ready_fd >= 0) {
        char ready = 0;
        if (write(ready_fd, &ready, 1) != 1) {
            log_warn("the process that started the daemon is gone");
        }
        close(ready_fd);
    }
    tell_service_manager("READY=1");
    return wait_for_end(&config, &signals);
}

/* Large answers come and go on whichever thread makes them.  By default each thread would have a
 * heap of its own, and would keep in it what the largest of its answers took: glibc raises these
 * thresholds (in bytes) whenever a large block is freed, unless they are set. */
static void limit_heaps(void)
{
    mallopt(M_ARENA_MAX, 4);
    mallopt(M_MMAP_THRESHOLD, 256 * 1024);
    mallopt(M_TRIM_THRESHOLD, 512 * 1024);
}

/* Every thread inherits the mask; only this one waits for the signals. SIGPIPE is nobody's. */
static void block_signals(sigset_t *ret_signals)
{
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(ret_signals);
    sigaddset(ret_signals, SIGTERM);
    sigaddset(ret_signals, SIGINT);
    sigaddset(ret_signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, ret_signals, NULL);
}

/* What serves does not end because nobody hears that it does. */
static void tell_service_manager(const char *state)
{
    g_autoptr(Err) error = NULL;
    if (!notify_service_manager(state, &error)) {
        log_warn("%s", *error->params);
    }
}

/* SIGHUP comes from who has renamed the log. */
static int wait_for_end(const DaemonConfig *config, const sigset_t *signals)
{
    int number;
    while (sigwait(signals, &number) == 0 && number == SIGHUP) {
        g_autoptr(Err) error = NULL;
        if (!daemon_open_log(config, &error)) {
            log_warn("the log goes on in its old file: %s", *error->params);
        } else {
            log_info("the log goes on in this file");
        }
    }
    log_info("ending on signal %d; guests keep running", number);
    tell_service_manager("STOPPING=1");
    return 0;
}

/* The parent stays until the daemon is ready, and reports whether it came to that. */
static bool go_to_background(int *ret_ready_fd, Err **err)
{
    int ends[2];
    if (pipe(ends) < 0) {
        return err_errno(err, errno, "cannot make a pipe");
    }
    pid_t child = fork();
    if (child < 0) {
        return err_errno(err, errno, "cannot fork");
    }
    if (child > 0) {
        char ready;
        close(ends[1]);
        _exit(read(ends[0], &ready, 1) == 1 ? 0 : 1);
    }
    close(ends[0]);
    setsid();
    *ret_ready_fd = ends[1];
    return true;
}

static int fail(const Err *error)
{
    const char *text = *error->params ? *error->params : error->code;
    fprintf(stderr, "clearwaterd: %s\n", text);
    log_error("cannot start: %s", text);
    return 1;
}
