/* Programs: output, status, environment, descriptors, ends by force, detached ones. */
#include "base/subprocess.h"

#include "base/fd.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define PATIENCE (60 * USEC_PER_SEC)
#define SHELL(text)                                                                                \
    (const char *const[])                                                                          \
    {                                                                                              \
        "sh", "-c", (text), NULL                                                                   \
    }

static char *run(const char *script)
{
    g_autoptr(Op) op = op_new(PATIENCE);
    g_autoptr(Err) err = NULL;
    char *out = NULL;
    g_assert_true(op_run_ok(op, SHELL(script), &out, &err));
    return out;
}

static void test_output_and_status(void)
{
    g_autoptr(Op) op = op_new(PATIENCE);
    g_autoptr(Err) err = NULL;
    g_auto(SubprocessResult) result = {0};
    g_assert_true(op_run(op, SHELL("echo out; echo err >&2; exit 7"), &result, &err));
    g_assert_cmpint(result.exit_status, ==, 7);
    g_assert_cmpstr(result.out, ==, "out\n");
    g_assert_cmpstr(result.err, ==, "err\n");
    subprocess_result_clear(&result);
    g_assert_true(op_run(op, SHELL("kill -TERM $$"), &result, &err));
    g_assert_cmpint(result.exit_status, ==, 128 + SIGTERM);
}

static void test_large_output_on_both(void)
{
    g_autoptr(Op) op = op_new(PATIENCE);
    g_autoptr(Err) err = NULL;
    g_auto(SubprocessResult) result = {0};
    g_assert_true(op_run(op,
                         SHELL("head -c 300000 /dev/zero | tr '\\0' x; "
                               "head -c 300000 /dev/zero | tr '\\0' y >&2"),
                         &result, &err));
    g_assert_cmpuint(strlen(result.out), ==, 300000);
    g_assert_cmpuint(strlen(result.err), ==, 300000);
}

static void test_endless_output_is_cut_off(void)
{
    g_autoptr(Op) op = op_new(PATIENCE);
    g_autoptr(Err) err = NULL;
    g_auto(SubprocessResult) result = {0};
    g_assert_false(op_run(op, SHELL("exec cat /dev/zero"), &result, &err));
    g_assert_nonnull(strstr(err->params[0], "wrote more than"));
    g_assert_null(result.out);
}

static void collect(void *user, const char *data, size_t length)
{
    g_string_append_len(user, data, (gssize)length);
}

static void test_watched_output(void)
{
    g_autoptr(Op) op = op_new(PATIENCE);
    g_autoptr(Err) err = NULL;
    g_autoptr(GString) seen = g_string_new(NULL);
    g_auto(SubprocessResult) result = {0};
    g_assert_true(
        op_run_watched(op, SHELL("echo a; echo b; echo c >&2"), collect, seen, &result, &err));
    g_assert_cmpstr(seen->str, ==, "a\nb\n");
    g_assert_cmpstr(result.out, ==, "");
    g_assert_cmpstr(result.err, ==, "c\n");
}

static void test_run_ok_tells_the_last_line(void)
{
    g_autoptr(Op) op = op_new(PATIENCE);
    g_autoptr(Err) err = NULL;
    char *out = NULL;
    g_assert_false(op_run_ok(op, SHELL("echo first >&2; echo reason >&2; exit 3"), &out, &err));
    g_assert_null(out);
    g_assert_cmpstr(err->params[0], ==, "sh ended with status 3: reason");
}

static void test_cannot_run(void)
{
    g_autoptr(Op) op = op_new(PATIENCE);
    g_autoptr(Err) err = NULL;
    g_auto(SubprocessResult) result = {0};
    g_assert_false(op_run(op, (const char *const[]){"/nowhere/x", NULL}, &result, &err));
    g_assert_nonnull(strstr(err->params[0], "/nowhere/x: No such file"));
    g_clear_pointer(&err, err_free);
    g_assert_false(op_run(op, (const char *const[]){"no-such-program", NULL}, &result, &err));
    g_assert_nonnull(strstr(err->params[0], "not installed"));
    g_clear_pointer(&err, err_free);
    g_assert_false(op_run(op, (const char *const[]){"/dev/null", NULL}, &result, &err));
    g_assert_nonnull(strstr(err->params[0], "Permission denied"));
}

static void test_environment_is_closed(void)
{
    g_setenv("CLEARWATER_TEST_LEAK", "1", TRUE);
    g_autofree char *env = run("exec env");
    g_assert_null(strstr(env, "LEAK"));
    g_assert_nonnull(strstr(env, "LC_ALL=C\n"));
    g_assert_nonnull(strstr(env, "PATH=/"));
}

static void test_descriptors_are_closed(void)
{
    auto_fd open_fd = open("/dev/null", O_RDONLY); /* deliberately without O_CLOEXEC */
    auto_fd high_fd = fcntl(open_fd, F_DUPFD, 200);
    g_assert_cmpint(high_fd, >=, 200);
    /* The shell expands * in its own process: 0, 1, 2 and the folder it reads. */
    g_autofree char *fds = run("cd /proc/self/fd; for fd in *; do "
                               "[ $fd -gt 2 ] && readlink $fd; done; exit 0");
    g_assert_null(strstr(fds, "/dev/null"));
}

static void test_signals_are_reset(void)
{
    /* As the daemon does; a child that ignored SIGPIPE would write for ever. */
    signal(SIGPIPE, SIG_IGN);
    g_autofree char *blocked = run("grep SigBlk /proc/self/status");
    g_autofree char *ignored = run("grep SigIgn /proc/self/status");
    /* Signals 32 and 33 are the C library's own: nobody can set them, whatever they were. */
    const guint64 own = G_GUINT64_CONSTANT(3) << 31;
    g_assert_cmpstr(blocked, ==, "SigBlk:\t0000000000000000\n");
    g_assert_true(g_str_has_prefix(ignored, "SigIgn:\t"));
    g_assert_cmphex(g_ascii_strtoull(ignored + strlen("SigIgn:\t"), NULL, 16) & ~own, ==, 0);
}

static void test_deadline_kills_the_group(void)
{
    g_autoptr(Op) op = op_new(200 * USEC_PER_MSEC);
    g_autoptr(Err) err = NULL;
    g_auto(SubprocessResult) result = {0};
    int fds[2];
    g_assert_cmpint(pipe2(fds, O_CLOEXEC), ==, 0);
    auto_fd reader = fds[0];
    auto_fd writer = fds[1];
    g_autofree char *script =
        g_strdup_printf("sleep 1000 > /proc/%d/fd/%d & sleep 1000", (int)getpid(), writer);
    g_assert_false(op_run(op, SHELL(script), &result, &err));
    g_assert_nonnull(strstr(err->params[0], "waiting for sh: timed out"));
    /* The end of the pipe says that the grandchild is gone too. */
    fd_close(&writer);
    g_autoptr(Op) patience = op_new(PATIENCE);
    struct pollfd end = {.fd = reader, .events = POLLIN};
    g_assert_true(op_poll(patience, &end, 1, NULL));
    char byte;
    g_assert_cmpint(read(reader, &byte, 1), ==, 0);
    g_assert_cmpint(waitpid(-1, NULL, WNOHANG), ==, -1); /* all children were reaped */
}

static gpointer cancel_op(gpointer data)
{
    op_cancel(data);
    return NULL;
}

static void test_cancel_ends_the_run(void)
{
    g_autoptr(Op) op = op_new(PATIENCE);
    g_autoptr(Err) err = NULL;
    g_auto(SubprocessResult) result = {0};
    GThread *thread = g_thread_new("cancel", cancel_op, op);
    g_assert_false(op_run(op, SHELL("exec sleep 1000"), &result, &err));
    g_assert_true(err_is(err, "TASK_CANCELLED"));
    g_thread_join(thread);
    g_clear_pointer(&err, err_free);
    g_assert_false(op_run(op, SHELL("exit 0"), &result, &err));
    g_assert_true(err_is(err, "TASK_CANCELLED"));
}

static void test_left_behind_is_not_waited_for(void)
{
    g_autoptr(Op) op = op_new(PATIENCE);
    g_autoptr(Err) err = NULL;
    g_auto(SubprocessResult) result = {0};
    g_assert_true(op_run(op, SHELL("sleep 1000 & echo $!"), &result, &err));
    pid_t pid = (pid_t)g_ascii_strtoll(result.out, NULL, 10);
    g_assert_cmpint(kill(pid, SIGKILL), ==, 0);
}

static void wait_for_end(pid_t pid)
{
    auto_fd pid_fd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (pid_fd >= 0) {
        g_autoptr(Op) op = op_new(PATIENCE);
        struct pollfd end = {.fd = pid_fd, .events = POLLIN};
        g_assert_true(op_poll(op, &end, 1, NULL));
    }
}

/* Runs in a process of its own, which never comes back: a program that tells its pid and stays. */
G_NORETURN static void call_program(const char *lock, int writer)
{
    g_autoptr(Op) op = op_new(PATIENCE);
    g_auto(SubprocessResult) result = {0};
    g_autofree char *script =
        g_strdup_printf("sleep 1000 & echo $$ > /proc/%d/fd/%d; wait", (int)getpid(), writer);
    (void)(subprocess_use_lock(lock, NULL) && op_run(op, SHELL(script), &result, NULL));
    _exit(1);
}

static void test_ends_with_its_caller(void)
{
    g_autoptr(Err) err = NULL;
    g_autofree char *folder = g_dir_make_tmp("clearwater-programs-XXXXXX", NULL);
    g_autofree char *lock = g_build_filename(folder, "lock", NULL);
    int fds[2];
    g_assert_cmpint(pipe2(fds, O_CLOEXEC), ==, 0);
    auto_fd reader = fds[0];
    pid_t caller = fork();
    g_assert_cmpint(caller, >=, 0);
    if (caller == 0) {
        call_program(lock, fds[1]);
    }
    fd_close(&fds[1]);
    char text[16] = "";
    g_assert_cmpint(read(reader, text, sizeof text - 1), >, 0);
    pid_t pid = (pid_t)g_ascii_strtoll(text, NULL, 10);
    uint64_t ticks = subprocess_start_ticks(pid);

    g_autoptr(Op) none = op_new(0);
    g_autoptr(Op) op = op_new(PATIENCE);
    g_assert_true(subprocess_use_lock(lock, &err));
    g_assert_false(subprocess_wait_others(none, &err));
    g_assert_nonnull(strstr(err->params[0], "does not end"));
    g_assert_cmpint(kill(caller, SIGKILL), ==, 0);
    g_assert_cmpint(waitpid(caller, NULL, 0), ==, caller);
    g_clear_pointer(&err, err_free);
    /* What the program has started has the descriptor, but is not waited for. */
    g_assert_true(subprocess_wait_others(op, &err));
    g_assert_false(subprocess_is_alive(pid, ticks));
    g_assert_cmpint(kill(-pid, SIGKILL), ==, 0);
    (void)g_remove(lock);
    (void)g_rmdir(folder);
}

static void test_spawn(void)
{
    g_autoptr(Err) err = NULL;
    g_autofree char *folder = g_dir_make_tmp("clearwater-spawn-XXXXXX", NULL);
    g_autofree char *log = g_build_filename(folder, "log", NULL);
    int fds[2];
    g_assert_cmpint(pipe2(fds, O_CLOEXEC), ==, 0);
    auto_fd reader = fds[0];
    auto_fd writer = fds[1];
    g_autofree char *script = g_strdup_printf(
        "pwd; echo $EXTRA >&2; cut -d' ' -f6 /proc/$$/stat; echo done >&%d", writer);
    const char *const env[] = {"EXTRA=extra", NULL};
    SubprocessSpec spec = {.argv = SHELL(script),
                           .env = env,
                           .fds = &writer,
                           .fd_count = 1,
                           .log_path = log,
                           .cwd = folder};
    pid_t pid = 0;
    g_assert_true(subprocess_spawn(&spec, &pid, &err));
    fd_close(&writer);
    char text[16] = "";
    g_assert_cmpint(read(reader, text, sizeof text - 1), ==, 5);
    g_assert_cmpstr(text, ==, "done\n");
    wait_for_end(pid);
    g_autofree char *written = fd_read_file(log, 1000, NULL, &err);
    g_autofree char *expected = g_strdup_printf("%s\nextra\n%d\n", folder, (int)pid);
    g_assert_cmpstr(written, ==, expected);
    g_assert_cmpint(waitpid(pid, NULL, WNOHANG), ==, -1); /* it never was our child */
    (void)g_remove(log);
    (void)g_rmdir(folder);
}

static void test_spawn_failures(void)
{
    g_autoptr(Err) err = NULL;
    pid_t pid = 42;
    SubprocessSpec spec = {.argv = (const char *const[]){"/nowhere/x", NULL}};
    g_assert_false(subprocess_spawn(&spec, &pid, &err));
    g_assert_nonnull(strstr(err->params[0], "cannot execute /nowhere/x"));
    g_clear_pointer(&err, err_free);
    spec = (SubprocessSpec){.argv = SHELL("exit 0"), .cwd = "/nowhere"};
    g_assert_false(subprocess_spawn(&spec, &pid, &err));
    g_assert_nonnull(strstr(err->params[0], "cannot change the folder"));
    g_clear_pointer(&err, err_free);
    spec = (SubprocessSpec){.argv = SHELL("exit 0"), .log_path = "/nowhere/log"};
    g_assert_false(subprocess_spawn(&spec, &pid, &err));
    g_assert_nonnull(strstr(err->params[0], "/nowhere/log"));
    g_assert_cmpint(pid, ==, 42);
}

static void test_spawn_drops_privileges(void)
{
    if (geteuid() != 0) {
        g_test_skip("needs root to become somebody else");
        return;
    }
    g_autoptr(Err) err = NULL;
    int fds[2];
    g_assert_cmpint(pipe2(fds, O_CLOEXEC), ==, 0);
    auto_fd reader = fds[0];
    auto_fd writer = fds[1];
    g_autofree char *script =
        g_strdup_printf("grep -E '^(Uid|Gid|Groups)' /proc/self/status >&%d", writer);
    SubprocessSpec spec = {
        .argv = SHELL(script), .uid = 65534, .gid = 65533, .fds = &writer, .fd_count = 1};
    pid_t pid;
    g_assert_true(subprocess_spawn(&spec, &pid, &err));
    fd_close(&writer);
    wait_for_end(pid);
    char text[256] = "";
    g_assert_cmpint(read(reader, text, sizeof text - 1), >, 0);
    g_assert_cmpstr(text, ==,
                    "Uid:\t65534\t65534\t65534\t65534\n"
                    "Gid:\t65533\t65533\t65533\t65533\nGroups:\t \n");
}

static void test_identity(void)
{
    g_autoptr(Err) err = NULL;
    SubprocessSpec spec = {.argv = (const char *const[]){"sleep", "1000", NULL}};
    pid_t pid;
    g_assert_true(subprocess_spawn(&spec, &pid, &err));
    uint64_t ticks = subprocess_start_ticks(pid);
    g_assert_cmpuint(ticks, >, 0);
    g_assert_true(subprocess_is_alive(pid, ticks));
    g_assert_false(subprocess_is_alive(pid, ticks + 1));
    g_assert_cmpint(kill(pid, SIGKILL), ==, 0);
    wait_for_end(pid);
    g_assert_false(subprocess_is_alive(pid, ticks));
    g_assert_cmpuint(subprocess_start_ticks(-1), ==, 0);
    uint64_t own = subprocess_start_ticks(getpid());
    g_assert_true(subprocess_is_alive(getpid(), own));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/program/output", test_output_and_status);
    g_test_add_func("/program/output/large", test_large_output_on_both);
    g_test_add_func("/program/output/endless", test_endless_output_is_cut_off);
    g_test_add_func("/program/output/watched", test_watched_output);
    g_test_add_func("/program/run-ok", test_run_ok_tells_the_last_line);
    g_test_add_func("/program/cannot-run", test_cannot_run);
    g_test_add_func("/program/environment", test_environment_is_closed);
    g_test_add_func("/program/descriptors", test_descriptors_are_closed);
    g_test_add_func("/program/signals", test_signals_are_reset);
    g_test_add_func("/program/deadline", test_deadline_kills_the_group);
    g_test_add_func("/program/cancel", test_cancel_ends_the_run);
    g_test_add_func("/program/left-behind", test_left_behind_is_not_waited_for);
    g_test_add_func("/program/caller-killed", test_ends_with_its_caller);
    g_test_add_func("/program/spawn", test_spawn);
    g_test_add_func("/program/spawn/failures", test_spawn_failures);
    g_test_add_func("/program/spawn/user", test_spawn_drops_privileges);
    g_test_add_func("/program/identity", test_identity);
    return g_test_run();
}
