/* From fork to exec in a threaded daemon.
 *
 * Between the two the child calls nothing but what signal-safety(7) allows, and no libc wrapper
 * that synchronises threads (setuid and its kin): everything it needs is prepared before the
 * fork in a SpawnPlan.  A pipe that closes on exec carries back what went wrong. */
#include "base/spawn.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#define SPAWN_PATH     "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define SPAWN_FIRST_FD 3 /* behind stdin, stdout and stderr */

/* What the child was doing when it failed, or that it has news. */
typedef enum SpawnStep {
    SPAWN_STARTED,
    SPAWN_SESSION,
    SPAWN_DESCRIPTORS,
    SPAWN_USER,
    SPAWN_FOLDER,
    SPAWN_FORK,
    SPAWN_TIE,
    SPAWN_EXEC,
} SpawnStep;

static const char *const spawn_step_names[] = {
    [SPAWN_STARTED] = "start",
    [SPAWN_SESSION] = "start a session",
    [SPAWN_DESCRIPTORS] = "hand over file descriptors",
    [SPAWN_USER] = "change the user",
    [SPAWN_FOLDER] = "change the folder",
    [SPAWN_FORK] = "fork",
    [SPAWN_TIE] = "tie to this process",
    [SPAWN_EXEC] = "execute",
};

/* One message on the report pipe; shorter than PIPE_BUF, so it comes whole. */
typedef struct SpawnReport {
    SpawnStep step;
    int errnum; /* of a failed step */
    pid_t pid;  /* with SPAWN_STARTED */
} SpawnReport;

/* Everything the child needs, ready before the fork. */
typedef struct SpawnPlan {
    char *path;
    char *const *argv; /* (borrowed) */
    char **env;
    const char *cwd; /* (borrowed) */
    uid_t uid;
    gid_t gid;
    int stdio[3];     /* (borrowed) */
    int report_fd;    /* (borrowed) */
    GArray *kept_fds; /* int, rising: inherited ones, lock_fd and report_fd */
    const int *inherited;
    unsigned inherited_count;
    bool detach;
    int lock_fd; /* (borrowed) -1: none */
    pid_t parent;
} SpawnPlan;

static void spawn_plan_clear(SpawnPlan *plan);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SpawnPlan, spawn_plan_clear)

static bool spawn_plan_init(SpawnPlan *plan, const SubprocessSpec *spec, Err **err);
static char *spawn_find_program(const char *name, Err **err);
static int spawn_compare_fds(gconstpointer a, gconstpointer b);
static bool spawn_fork(const SpawnPlan *plan, pid_t *ret_child, Err **err);
G_NORETURN static void spawn_child(const SpawnPlan *plan);
static void spawn_reset_signals(void);
static bool spawn_close_others(const SpawnPlan *plan);
static bool spawn_change_user(const SpawnPlan *plan);
static bool spawn_tie(const SpawnPlan *plan);
G_NORETURN static void spawn_child_fail(const SpawnPlan *plan, SpawnStep step);
static void spawn_send_report(const SpawnPlan *plan, SpawnReport report);

bool spawn_start(const SubprocessSpec *spec, const int stdio[3], bool detach, int lock_fd,
                 pid_t *ret_child, int *ret_report_fd, Err **err)
{
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) < 0) {
        return err_errno(err, errno, "cannot make a pipe");
    }
    auto_fd report_read = fds[0];
    auto_fd report_write = fds[1];
    g_auto(SpawnPlan) plan = {
        .detach = detach, .lock_fd = lock_fd, .report_fd = report_write, .parent = getpid()};
    memcpy(plan.stdio, stdio, sizeof plan.stdio);
    if (!spawn_plan_init(&plan, spec, err) || !spawn_fork(&plan, ret_child, err)) {
        return false;
    }
    *ret_report_fd = fd_steal(&report_read);
    return true;
}

bool spawn_read_report(int report_fd, const char *name, pid_t *ret_program, bool *ret_settled,
                       Err **err)
{
    SpawnReport report;
    ssize_t got;
    do {
        got = read(report_fd, &report, sizeof report);
    } while (got < 0 && errno == EINTR);
    if (got != (ssize_t)sizeof report) {
        *ret_settled = true; /* exec has closed the pipe, or the end of the child */
        return true;
    }
    if (report.step != SPAWN_STARTED) {
        return err_errno(err, report.errnum, "cannot %s %s", spawn_step_names[report.step], name);
    }
    *ret_program = report.pid;
    return true;
}

static void spawn_plan_clear(SpawnPlan *plan)
{
    g_clear_pointer(&plan->path, g_free);
    g_clear_pointer(&plan->env, g_strfreev);
    g_clear_pointer(&plan->kept_fds, g_array_unref);
}

static bool spawn_plan_init(SpawnPlan *plan, const SubprocessSpec *spec, Err **err)
{
    plan->path = spawn_find_program(spec->argv[0], err);
    if (!plan->path) {
        return false;
    }
    plan->argv = (char *const *)spec->argv;
    plan->cwd = spec->cwd;
    plan->uid = spec->uid;
    plan->gid = spec->gid;
    plan->inherited = spec->fds;
    plan->inherited_count = spec->fd_count;

    g_autoptr(GPtrArray) env = g_ptr_array_new();
    g_ptr_array_add(env, g_strdup("PATH=" SPAWN_PATH));
    g_ptr_array_add(env, g_strdup("LC_ALL=C"));
    for (unsigned i = 0; spec->env && spec->env[i]; i++) {
        g_ptr_array_add(env, g_strdup(spec->env[i]));
    }
    g_ptr_array_add(env, NULL);
    plan->env = (char **)g_ptr_array_steal(env, NULL);

    plan->kept_fds = g_array_new(FALSE, FALSE, sizeof(int));
    g_array_append_vals(plan->kept_fds, spec->fds, spec->fd_count);
    g_array_append_val(plan->kept_fds, plan->report_fd);
    if (plan->lock_fd >= 0) {
        g_array_append_val(plan->kept_fds, plan->lock_fd);
    }
    g_array_sort(plan->kept_fds, spawn_compare_fds);
    g_assert(g_array_index(plan->kept_fds, int, 0) >= SPAWN_FIRST_FD);
    return true;
}

/* The search of execvp(3), over our own PATH and before the fork. */
static char *spawn_find_program(const char *name, Err **err)
{
    if (strchr(name, '/')) {
        return g_strdup(name);
    }
    g_auto(GStrv) folders = g_strsplit(SPAWN_PATH, ":", -1);
    for (unsigned i = 0; folders[i]; i++) {
        g_autofree char *path = g_build_filename(folders[i], name, NULL);
        if (access(path, X_OK) == 0) {
            return g_steal_pointer(&path);
        }
    }
    err_internal(err, "the program %s is not installed (searched %s)", name, SPAWN_PATH);
    return NULL;
}

static int spawn_compare_fds(gconstpointer a, gconstpointer b)
{
    return *(const int *)a - *(const int *)b;
}

/* With every signal blocked, so that no handler of ours runs in the child. */
static bool spawn_fork(const SpawnPlan *plan, pid_t *ret_child, Err **err)
{
    sigset_t all, saved;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &saved);
    pid_t pid = _Fork();
    int errnum = errno;
    if (pid == 0) {
        spawn_child(plan);
    }
    pthread_sigmask(SIG_SETMASK, &saved, NULL);
    if (pid < 0) {
        return err_errno(err, errnum, "cannot fork to run %s", plan->argv[0]);
    }
    *ret_child = pid;
    return true;
}

G_NORETURN static void spawn_child(const SpawnPlan *plan)
{
    if (plan->detach) {
        pid_t pid = _Fork();
        if (pid < 0) {
            spawn_child_fail(plan, SPAWN_FORK);
        }
        if (pid > 0) {
            spawn_send_report(plan, (SpawnReport){.step = SPAWN_STARTED, .pid = pid});
            _exit(0);
        }
    }
    if (setsid() < 0) {
        spawn_child_fail(plan, SPAWN_SESSION);
    }
    for (int fd = 0; fd < SPAWN_FIRST_FD; fd++) {
        if (dup2(plan->stdio[fd], fd) < 0) {
            spawn_child_fail(plan, SPAWN_DESCRIPTORS);
        }
    }
    if (!spawn_close_others(plan)) {
        spawn_child_fail(plan, SPAWN_DESCRIPTORS);
    }
    if (plan->cwd && chdir(plan->cwd) < 0) {
        spawn_child_fail(plan, SPAWN_FOLDER);
    }
    if (!spawn_change_user(plan)) {
        spawn_child_fail(plan, SPAWN_USER);
    }
    if (!plan->detach && !spawn_tie(plan)) {
        spawn_child_fail(plan, SPAWN_TIE);
    }
    spawn_reset_signals();
    execve(plan->path, plan->argv, plan->env);
    spawn_child_fail(plan, SPAWN_EXEC);
}

/* Ignored signals stay ignored across exec, and the daemon ignores SIGPIPE. */
static void spawn_reset_signals(void)
{
    const struct sigaction standard = {.sa_handler = SIG_DFL};
    for (int number = 1; number < NSIG; number++) {
        (void)sigaction(number, &standard, NULL); /* SIGKILL and SIGSTOP refuse, rightly */
    }
    sigset_t none;
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static bool spawn_close_others(const SpawnPlan *plan)
{
    unsigned first = SPAWN_FIRST_FD;
    for (unsigned i = 0; i < plan->kept_fds->len; i++) {
        unsigned kept = (unsigned)g_array_index(plan->kept_fds, int, i);
        if (kept > first && close_range(first, kept - 1, 0) < 0) {
            return false;
        }
        first = kept + 1;
    }
    if (close_range(first, ~0u, 0) < 0) {
        return false;
    }
    for (unsigned i = 0; i < plan->inherited_count; i++) {
        if (fcntl(plan->inherited[i], F_SETFD, 0) < 0) {
            return false;
        }
    }
    return true;
}

static bool spawn_change_user(const SpawnPlan *plan)
{
    if (plan->uid == 0 && plan->gid == 0) {
        return true;
    }
    return syscall(SYS_setgroups, 0, NULL) == 0 &&
           syscall(SYS_setresgid, plan->gid, plan->gid, plan->gid) == 0 &&
           syscall(SYS_setresuid, plan->uid, plan->uid, plan->uid) == 0;
}

/* Has the kernel kill the program when the thread that waits for it ends, which it does before that
 * only with the whole process.  A lock of fcntl(2) is the program's alone: what it starts in turn
 * has the descriptor and not the lock. */
static bool spawn_tie(const SpawnPlan *plan)
{
    struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
    if (plan->lock_fd >= 0 &&
        (fcntl(plan->lock_fd, F_SETLK, &lock) < 0 || fcntl(plan->lock_fd, F_SETFD, 0) < 0)) {
        return false;
    }
    return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == plan->parent;
}

G_NORETURN static void spawn_child_fail(const SpawnPlan *plan, SpawnStep step)
{
    spawn_send_report(plan, (SpawnReport){.step = step, .errnum = errno});
    _exit(127);
}

static void spawn_send_report(const SpawnPlan *plan, SpawnReport report)
{
    ssize_t written;
    do {
        written = write(plan->report_fd, &report, sizeof report);
    } while (written < 0 && errno == EINTR);
}
