/* Programs that run under an op, programs that outlive us, and telling processes apart.  How a
 * child comes to run is base/spawn.c. */
#include "base/subprocess.h"

#include "base/fd.h"
#include "base/spawn.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define SUBPROCESS_READ_CHUNK ((size_t)16384)
#define SUBPROCESS_MAX_STAT   ((size_t)4096) /* bytes of /proc/PID/stat */

/* What programs under op_run() lock; -1: nothing. */
static int subprocess_lock_fd = -1;

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

static void running_clear(Running *running);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Running, running_clear)

static bool running_start(Running *running, const char *const *argv, Err **err);
static bool running_finish(Running *running, Op *op, Err **err);
static bool running_read(Running *running, int *fd, GString *text, Err **err);
static bool running_read_report(Running *running, Err **err);
static int running_reap(Running *running);
static bool subprocess_wait_ended(Op *op, pid_t pid, Err **err);
static bool subprocess_wait_spawned(int report_fd, const char *name, pid_t *ret_pid, Err **err);
static bool subprocess_make_pipe(int *ret_read_fd, int *ret_write_fd, Err **err);
static const char *subprocess_last_line(char *text);
static bool subprocess_read_stat(pid_t pid, char *ret_state, uint64_t *ret_start_ticks);

void subprocess_result_clear(SubprocessResult *result)
{
    g_clear_pointer(&result->out, g_free);
    g_clear_pointer(&result->err, g_free);
}

bool subprocess_use_lock(const char *path, Err **err)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        return err_errno(err, errno, "cannot open %s", path);
    }
    fd_close(&subprocess_lock_fd);
    subprocess_lock_fd = fd;
    return true;
}

bool subprocess_wait_others(Op *op, Err **err)
{
    for (;;) {
        struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
        if (fcntl(subprocess_lock_fd, F_GETLK, &lock) < 0) {
            return err_errno(err, errno, "cannot ask which programs run");
        }
        if (lock.l_type == F_UNLCK) {
            return true;
        }
        if (!subprocess_wait_ended(op, lock.l_pid, err)) {
            return false;
        }
    }
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
    int out_fd = log_fd >= 0 ? log_fd : null_fd;
    auto_fd report_fd = -1;
    pid_t middle;
    if (!spawn_start(spec, (int[]){null_fd, out_fd, out_fd}, true, -1, &middle, &report_fd, err)) {
        return false;
    }
    while (waitpid(middle, NULL, 0) < 0 && errno == EINTR) {
    }
    return subprocess_wait_spawned(report_fd, spec->argv[0], ret_pid, err);
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

bool subprocess_end(Op *op, pid_t pid, uint64_t start_ticks, Err **err)
{
    if (!subprocess_is_alive(pid, start_ticks)) {
        return true;
    }
    (void)kill(pid, SIGKILL);
    return subprocess_wait_ended(op, pid, err);
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
    auto_fd out_write = -1;
    auto_fd err_write = -1;
    if (!subprocess_make_pipe(&running->out_fd, &out_write, err) ||
        !subprocess_make_pipe(&running->err_fd, &err_write, err)) {
        return false;
    }
    running->out = g_string_new(NULL);
    running->err = g_string_new(NULL);
    const SubprocessSpec spec = {.argv = argv};
    if (!spawn_start(&spec, (int[]){null_fd, out_write, err_write}, false, subprocess_lock_fd,
                     &running->pid, &running->report_fd, err)) {
        return false;
    }
    /* The child is ours and not reaped, so its pid cannot mean another process yet. */
    running->pid_fd = (int)syscall(SYS_pidfd_open, running->pid, 0);
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
    bool settled = false;
    if (!spawn_read_report(running->report_fd, running->name, NULL, &settled, err)) {
        return false;
    }
    if (settled) {
        fd_close(&running->report_fd);
    }
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

/* A pid that nobody has any more, or somebody else, costs another look at the lock. */
static bool subprocess_wait_ended(Op *op, pid_t pid, Err **err)
{
    auto_fd pid_fd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (pid_fd < 0) {
        return errno == ESRCH ? op_check(op, err)
                              : err_errno(err, errno, "cannot watch process %d", (int)pid);
    }
    struct pollfd poll = {.fd = pid_fd, .events = POLLIN};
    return op_poll(op, &poll, 1, NULL) || err_internal(err, "process %d does not end", (int)pid);
}

static bool subprocess_wait_spawned(int report_fd, const char *name, pid_t *ret_pid, Err **err)
{
    pid_t pid = 0;
    for (bool settled = false; !settled;) {
        if (!spawn_read_report(report_fd, name, &pid, &settled, err)) {
            return false;
        }
    }
    if (pid == 0) {
        return err_internal(err, "%s was killed before it could start", name);
    }
    *ret_pid = pid;
    return true;
}

/* A pipe whose end for reading does not block. */
static bool subprocess_make_pipe(int *ret_read_fd, int *ret_write_fd, Err **err)
{
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) < 0) {
        return err_errno(err, errno, "cannot make a pipe");
    }
    if (!fd_set_nonblock(fds[0], true, err)) {
        fd_close(&fds[0]);
        fd_close(&fds[1]);
        return false;
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
