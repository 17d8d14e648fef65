/* Starting programs from a threaded daemon.
 *
 * Between fork and exec the child calls nothing but what signal-safety(7) allows, and no libc
 * wrapper that synchronises threads (setuid and its kin): everything it needs is prepared
 * before the fork in a SpawnPlan.  A pipe that closes on exec carries back what went wrong. */
#include "base/subprocess.h"

#include "base/fd.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define SUBPROCESS_PATH       "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define SUBPROCESS_READ_CHUNK ((size_t)16384)
#define SUBPROCESS_MAX_STAT   ((size_t)4096) /* bytes of /proc/PID/stat */
#define SUBPROCESS_FIRST_FD   3              /* behind stdin, stdout and stderr */

/* What the child was doing when it failed, or that it has news. */
typedef enum SpawnStep {
    SPAWN_STARTED,
    SPAWN_SESSION,
    SPAWN_DESCRIPTORS,
    SPAWN_USER,
    SPAWN_FOLDER,
    SPAWN_FORK,
    SPAWN_EXEC,
} SpawnStep;

static const char *const spawn_step_names[] = {
    [SPAWN_STARTED] = "start",
    [SPAWN_SESSION] = "start a session",
    [SPAWN_DESCRIPTORS] = "hand over file descriptors",
    [SPAWN_USER] = "change the user",
    [SPAWN_FOLDER] = "change the folder",
    [SPAWN_FORK] = "fork",
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
    GArray *kept_fds; /* int, rising: inherited ones and report_fd */
    const int *inherited;
    unsigned inherited_count;
    bool detach; /* fork again, so that init and not we become the parent */
} SpawnPlan;

/* A program that runs under op_run(). */
typedef struct Running {
    const char *name;
    pid_t pid;
    int pid_fd;
    int report_fd;
    int out_fd; /* -1 after its end */
    int err_fd;
    GString *out;
    GString *err;
    SubprocessWatch watch; /* takes stdout in place of `out`; may be NULL */
    void *user;
} Running;

static void spawn_plan_clear(SpawnPlan *plan);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SpawnPlan, spawn_plan_clear)
static void running_clear(Running *running);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Running, running_clear)

static bool running_start(Running *running, const char *const *argv, Err **err);
static bool running_finish(Running *running, Op *op, Err **err);
static bool running_read(Running *running, int *fd, GString *text, Err **err);
static bool running_read_report(Running *running, Err **err);
static int running_reap(Running *running);
static bool spawn_plan_init(SpawnPlan *plan, const SubprocessSpec *spec, int report_fd, Err **err);
static char *spawn_find_program(const char *name, Err **err);
static int spawn_compare_fds(gconstpointer a, gconstpointer b);
static pid_t spawn_fork(const SpawnPlan *plan, Err **err);
G_NORETURN static void spawn_child(const SpawnPlan *plan);
static void spawn_reset_signals(void);
static bool spawn_close_others(const SpawnPlan *plan);
static bool spawn_change_user(const SpawnPlan *plan);
G_NORETURN static void spawn_child_fail(const SpawnPlan *plan, SpawnStep step);
static void spawn_send_report(const SpawnPlan *plan, SpawnReport report);
static bool spawn_receive_report(int fd, SpawnReport *ret_report);
static bool spawn_report_error(const char *program, const SpawnReport *report, Err **err);
static bool subprocess_wait_spawned(int report_fd, const char *name, pid_t *ret_pid, Err **err);
static bool subprocess_make_pipe(int *ret_read_fd, int *ret_write_fd, Err **err);
static const char *subprocess_last_line(char *text);
static bool subprocess_read_stat(pid_t pid, char *ret_state, uint64_t *ret_start_ticks);

void subprocess_result_clear(SubprocessResult *result)
{
    g_clear_pointer(&result->out, g_free);
    g_clear_pointer(&result->err, g_free);
}

bool op_run(Op *op, const char *const *argv, SubprocessResult *ret_result, Err **err)
{
    return op_run_watched(op, argv, NULL, NULL, ret_result, err);
}

bool op_run_watched(Op *op, const char *const *argv, SubprocessWatch watch, void *user,
                    SubprocessResult *ret_result, Err **err)
{
    if (!op_check(op, err)) {
        return false;
    }
    g_auto(Running) running = {
        .name = argv[0],
        .pid_fd = -1,
        .report_fd = -1,
        .out_fd = -1,
        .err_fd = -1,
        .watch = watch,
        .user = user,
    };
    if (!running_start(&running, argv, err) || !running_finish(&running, op, err)) {
        return false;
    }
    int status = running_reap(&running);
    *ret_result = (SubprocessResult){
        .exit_status = status,
        .out = g_string_free(g_steal_pointer(&running.out), FALSE),
        .err = g_string_free(g_steal_pointer(&running.err), FALSE),
    };
    return true;
}

bool op_run_ok(Op *op, const char *const *argv, char **ret_out, Err **err)
{
    g_auto(SubprocessResult) result = {0};
    if (!op_run(op, argv, &result, err)) {
        return false;
    }
    if (result.exit_status != 0) {
        return err_internal(err, "%s ended with status %d: %s", argv[0], result.exit_status,
                            subprocess_last_line(result.err));
    }
    if (ret_out) {
        *ret_out = g_steal_pointer(&result.out);
    }
    return true;
}

bool subprocess_spawn(const SubprocessSpec *spec, pid_t *ret_pid, Err **err)
{
    auto_fd null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null_fd < 0) {
        return err_errno(err, errno, "cannot open /dev/null");
    }
    auto_fd log_fd = -1;
    if (spec->log_path) {
        log_fd = open(spec->log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
        if (log_fd < 0) {
            return err_errno(err, errno, "cannot open the log %s of %s", spec->log_path,
                             spec->argv[0]);
        }
    }
    auto_fd report_read = -1;
    auto_fd report_write = -1;
    g_auto(SpawnPlan) plan = {0};
    if (!subprocess_make_pipe(&report_read, &report_write, err) ||
        !spawn_plan_init(&plan, spec, report_write, err)) {
        return false;
    }
    plan.detach = true;
    plan.stdio[0] = null_fd;
    plan.stdio[1] = plan.stdio[2] = log_fd >= 0 ? log_fd : null_fd;
    pid_t middle = spawn_fork(&plan, err);
    if (middle < 0) {
        return false;
    }
    fd_close(&report_write);
    while (waitpid(middle, NULL, 0) < 0 && errno == EINTR) {
    }
    return subprocess_wait_spawned(report_read, spec->argv[0], ret_pid, err);
}

uint64_t subprocess_start_ticks(pid_t pid)
{
    char state;
    uint64_t start_ticks;
    return subprocess_read_stat(pid, &state, &start_ticks) ? start_ticks : 0;
}

bool subprocess_is_alive(pid_t pid, uint64_t start_ticks)
{
    char state;
    uint64_t found;
    /* A zombie ("Z") and a process being removed ("X") hold nothing any more. */
    return subprocess_read_stat(pid, &state, &found) && found == start_ticks && state != 'Z' &&
           state != 'X';
}

static void spawn_plan_clear(SpawnPlan *plan)
{
    g_clear_pointer(&plan->path, g_free);
    g_clear_pointer(&plan->env, g_strfreev);
    g_clear_pointer(&plan->kept_fds, g_array_unref);
}

/* Kills and reaps what still runs. */
static void running_clear(Running *running)
{
    if (running->pid > 0) {
        (void)running_reap(running);
    }
    fd_close(&running->pid_fd);
    fd_close(&running->report_fd);
    fd_close(&running->out_fd);
    fd_close(&running->err_fd);
    if (running->out) {
        g_string_free(g_steal_pointer(&running->out), TRUE);
        g_string_free(g_steal_pointer(&running->err), TRUE);
    }
}

static bool running_start(Running *running, const char *const *argv, Err **err)
{
    auto_fd null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (null_fd < 0) {
        return err_errno(err, errno, "cannot open /dev/null");
    }
    const SubprocessSpec spec = {.argv = argv};
    auto_fd out_write = -1;
    auto_fd err_write = -1;
    auto_fd report_write = -1;
    g_auto(SpawnPlan) plan = {0};
    if (!subprocess_make_pipe(&running->out_fd, &out_write, err) ||
        !subprocess_make_pipe(&running->err_fd, &err_write, err) ||
        !subprocess_make_pipe(&running->report_fd, &report_write, err) ||
        !fd_set_nonblock(running->out_fd, true, err) ||
        !fd_set_nonblock(running->err_fd, true, err) ||
        !spawn_plan_init(&plan, &spec, report_write, err)) {
        return false;
    }
    plan.stdio[0] = null_fd;
    plan.stdio[1] = out_write;
    plan.stdio[2] = err_write;
    running->out = g_string_new(NULL);
    running->err = g_string_new(NULL);
    pid_t pid = spawn_fork(&plan, err);
    if (pid < 0) {
        return false;
    }
    running->pid = pid;
    /* The child is ours and not reaped, so its pid cannot mean another process yet. */
    running->pid_fd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (running->pid_fd < 0) {
        return err_errno(err, errno, "cannot watch %s", running->name);
    }
    return true;
}

/* Collects output until the program has ended.  Its pipes may stay open longer, in the hands of
 * a process it left behind; that one is not waited for. */
static bool running_finish(Running *running, Op *op, Err **err)
{
    for (;;) {
        struct pollfd fds[] = {{.fd = running->pid_fd, .events = POLLIN},
                               {.fd = running->out_fd, .events = POLLIN},
                               {.fd = running->err_fd, .events = POLLIN},
                               {.fd = running->report_fd, .events = POLLIN}};
        Err *failed = NULL;
        if (!op_poll(op, fds, G_N_ELEMENTS(fds), &failed)) {
            if (err_is(failed, "INTERNAL_ERROR")) {
                err_internal(err, "waiting for %s: %s", running->name, failed->params[0]);
                err_free(failed);
                return false;
            }
            return err_propagate(err, failed);
        }
        if (fds[3].revents && !running_read_report(running, err)) {
            return false;
        }
        if (!running_read(running, &running->out_fd, running->out, err) ||
            !running_read(running, &running->err_fd, running->err, err)) {
            return false;
        }
        if (fds[0].revents && running->report_fd < 0) {
            return true;
        }
    }
}

/* Reads what is there; closes `fd` at its end. */
static bool running_read(Running *running, int *fd, GString *text, Err **err)
{
    while (*fd >= 0) {
        char chunk[SUBPROCESS_READ_CHUNK];
        ssize_t got = read(*fd, chunk, sizeof chunk);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0 && errno == EAGAIN) {
            return true;
        }
        if (got < 0) {
            return err_errno(err, errno, "cannot read the output of %s", running->name);
        }
        if (got == 0) {
            fd_close(fd);
        } else if (running->watch && text == running->out) {
            running->watch(running->user, chunk, (size_t)got);
        } else if (text->len + (size_t)got > SUBPROCESS_MAX_OUTPUT) {
            return err_internal(err, "%s wrote more than %u bytes", running->name,
                                SUBPROCESS_MAX_OUTPUT);
        } else {
            g_string_append_len(text, chunk, got);
        }
    }
    return true;
}

static bool running_read_report(Running *running, Err **err)
{
    SpawnReport report;
    if (spawn_receive_report(running->report_fd, &report)) {
        return spawn_report_error(running->name, &report, err);
    }
    fd_close(&running->report_fd);
    return true;
}

/* Ends the program, if it has not ended, and whatever else is left of its session's first
 * process group.  Returns its exit status as the shell would. */
static int running_reap(Running *running)
{
    int status = 0;
    siginfo_t ended = {0};
    /* WNOWAIT keeps the pid taken until the group is gone, so that kill(2) cannot hit others. */
    if (waitid(P_PID, (id_t)running->pid, &ended, WEXITED | WNOHANG | WNOWAIT) == 0 &&
        ended.si_pid == 0) {
        (void)kill(-running->pid, SIGKILL);
        (void)kill(running->pid, SIGKILL); /* it may not have come to its setsid(2) yet */
    }
    while (waitpid(running->pid, &status, 0) < 0 && errno == EINTR) {
    }
    running->pid = 0;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static bool spawn_plan_init(SpawnPlan *plan, const SubprocessSpec *spec, int report_fd, Err **err)
{
    plan->path = spawn_find_program(spec->argv[0], err);
    if (!plan->path) {
        return false;
    }
    plan->argv = (char *const *)spec->argv;
    plan->cwd = spec->cwd;
    plan->uid = spec->uid;
    plan->gid = spec->gid;
    plan->report_fd = report_fd;
    plan->inherited = spec->fds;
    plan->inherited_count = spec->fd_count;

    g_autoptr(GPtrArray) env = g_ptr_array_new();
    g_ptr_array_add(env, g_strdup("PATH=" SUBPROCESS_PATH));
    g_ptr_array_add(env, g_strdup("LC_ALL=C"));
    for (unsigned i = 0; spec->env && spec->env[i]; i++) {
        g_ptr_array_add(env, g_strdup(spec->env[i]));
    }
    g_ptr_array_add(env, NULL);
    plan->env = (char **)g_ptr_array_steal(env, NULL);

    plan->kept_fds = g_array_new(FALSE, FALSE, sizeof(int));
    g_array_append_vals(plan->kept_fds, spec->fds, spec->fd_count);
    g_array_append_val(plan->kept_fds, report_fd);
    g_array_sort(plan->kept_fds, spawn_compare_fds);
    g_assert(g_array_index(plan->kept_fds, int, 0) >= SUBPROCESS_FIRST_FD);
    return true;
}

/* The search of execvp(3), over our own PATH and before the fork. */
static char *spawn_find_program(const char *name, Err **err)
{
    if (strchr(name, '/')) {
        return g_strdup(name);
    }
    g_auto(GStrv) folders = g_strsplit(SUBPROCESS_PATH, ":", -1);
    for (unsigned i = 0; folders[i]; i++) {
        g_autofree char *path = g_build_filename(folders[i], name, NULL);
        if (access(path, X_OK) == 0) {
            return g_steal_pointer(&path);
        }
    }
    err_internal(err, "the program %s is not installed (searched %s)", name, SUBPROCESS_PATH);
    return NULL;
}

static int spawn_compare_fds(gconstpointer a, gconstpointer b)
{
    return *(const int *)a - *(const int *)b;
}

/* With every signal blocked, so that no handler of ours runs in the child. */
static pid_t spawn_fork(const SpawnPlan *plan, Err **err)
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
        err_errno(err, errnum, "cannot fork to run %s", plan->argv[0]);
    }
    return pid;
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
    for (int fd = 0; fd < SUBPROCESS_FIRST_FD; fd++) {
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
    unsigned first = SUBPROCESS_FIRST_FD;
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

/* False at the end of the pipe, which exec closes. */
static bool spawn_receive_report(int fd, SpawnReport *ret_report)
{
    ssize_t got;
    do {
        got = read(fd, ret_report, sizeof *ret_report);
    } while (got < 0 && errno == EINTR);
    return got == (ssize_t)sizeof *ret_report;
}

static bool spawn_report_error(const char *program, const SpawnReport *report, Err **err)
{
    return err_errno(err, report->errnum, "cannot %s %s", spawn_step_names[report->step], program);
}

static bool subprocess_wait_spawned(int report_fd, const char *name, pid_t *ret_pid, Err **err)
{
    SpawnReport report;
    pid_t pid = 0;
    while (spawn_receive_report(report_fd, &report)) {
        if (report.step != SPAWN_STARTED) {
            return spawn_report_error(name, &report, err);
        }
        pid = report.pid;
    }
    if (pid == 0) {
        return err_internal(err, "%s was killed before it could start", name);
    }
    *ret_pid = pid;
    return true;
}

static bool subprocess_make_pipe(int *ret_read_fd, int *ret_write_fd, Err **err)
{
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) < 0) {
        return err_errno(err, errno, "cannot make a pipe");
    }
    *ret_read_fd = fds[0];
    *ret_write_fd = fds[1];
    return true;
}

/* Shortens `text` in place. */
static const char *subprocess_last_line(char *text)
{
    g_strchomp(text);
    const char *newline = strrchr(text, '\n');
    return newline ? newline + 1 : text;
}

static bool subprocess_read_stat(pid_t pid, char *ret_state, uint64_t *ret_start_ticks)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/stat", (int)pid);
    g_autofree char *stat = fd_read_file(path, SUBPROCESS_MAX_STAT, NULL, NULL);
    /* proc(5): "pid (comm) state ppid ...", where comm may itself contain spaces and ")". */
    const char *after_name = stat ? strrchr(stat, ')') : NULL;
    if (!after_name || after_name[1] != ' ') {
        return false;
    }
    enum { STATE = 0, START_TIME = 19 }; /* fields 3 and 22, counted from here */
    g_auto(GStrv) fields = g_strsplit(after_name + 2, " ", -1);
    if (g_strv_length(fields) <= START_TIME ||
        !text_parse_uint(fields[START_TIME], UINT64_MAX, ret_start_ticks)) {
        return false;
    }
    *ret_state = fields[STATE][0];
    return true;
}
