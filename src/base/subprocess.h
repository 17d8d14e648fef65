/* Runs other programs: argument vectors only, no shell, a closed environment
 * (PATH, LC_ALL=C), every file descriptor closed but those that are handed over. */
#pragma once

#include "base/op.h"

#include <sys/types.h>

typedef struct SubprocessResult {
    int exit_status; /* 0..255, or 128 + signal */
    char *out;       /* stdout, NUL-terminated, at most SUBPROCESS_MAX_OUTPUT */
    char *err;       /* stderr, likewise */
} SubprocessResult;

#define SUBPROCESS_MAX_OUTPUT (16u * 1024 * 1024)

void subprocess_result_clear(SubprocessResult *result);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SubprocessResult, subprocess_result_clear)

/* From now on programs under op_run() lock the file `path`, made when missing, while they run. */
bool subprocess_use_lock(const char *path, Err **err);
/* Waits until no other process's programs lock it: those of one that was killed may take a moment
 * to end. */
bool subprocess_wait_others(Op *op, Err **err);

/* Runs `argv` to its end; if this process ends first, however it does, the program is killed.
 * False only when it could not be run, was cancelled or
 * timed out or wrote more than SUBPROCESS_MAX_OUTPUT (the child is then killed and reaped); a
 * bad exit status is the caller's matter. */
bool op_run(Op *op, const char *const *argv, SubprocessResult *ret_result, Err **err);

/* As op_run(), but stdout is handed to `watch` piece by piece as it arrives, on the calling
 * thread; the result's `out` stays empty. For programs that tell their progress. */
typedef void (*SubprocessWatch)(void *user, const char *data, size_t length);
bool op_run_watched(Op *op, const char *const *argv, SubprocessWatch watch, void *user,
                    SubprocessResult *ret_result, Err **err);

/* As op_run(), but any exit status but 0 is INTERNAL_ERROR with the last line of stderr.
 * `ret_out` (owned) may be NULL. */
bool op_run_ok(Op *op, const char *const *argv, char **ret_out, Err **err);

/* Starts a program that outlives the call and the daemon, in its own session.  It is not our
 * child: its end is seen with pidfd_open(2) or subprocess_is_alive(), not with waitpid(2). */
typedef struct SubprocessSpec {
    const char *const *argv;
    const char *const *env; /* extra "K=V", may be NULL */
    uid_t uid;              /* 0: stay as we are */
    gid_t gid;
    const int *fds; /* inherited as they are numbered, 3 or above; no CLOEXEC for them */
    unsigned fd_count;
    const char *log_path; /* stdout and stderr are appended here; NULL: /dev/null */
    const char *cwd;      /* may be NULL */
} SubprocessSpec;

bool subprocess_spawn(const SubprocessSpec *spec, pid_t *ret_pid, Err **err);

/* Start time of a process in clock ticks since boot; with the pid it names a process
 * for good. 0 when there is none. */
uint64_t subprocess_start_ticks(pid_t pid);
bool subprocess_is_alive(pid_t pid, uint64_t start_ticks);
/* Kills it, and waits until it is gone with all that it had open. Success when there is none. */
bool subprocess_end(Op *op, pid_t pid, uint64_t start_ticks, Err **err);
