/* The fork and exec under base/subprocess.c, which alone includes this. */
#pragma once

#include "base/subprocess.h"

/* Forks a child that becomes `spec->argv`, in its own session, with `stdio` as its first three
 * descriptors; `spec->log_path` is not looked at.  With `detach` the program is a grandchild:
 * the child that is returned ends at once, and init becomes the program's parent.  Otherwise the
 * program is killed when the calling thread ends, and locks `lock_fd` (-1: nothing) while it runs.
 * `ret_report_fd` (owned) becomes readable when there is something for spawn_read_report(). */
bool spawn_start(const SubprocessSpec *spec, const int stdio[3], bool detach, int lock_fd,
                 pid_t *ret_child, int *ret_report_fd, Err **err);

/* Reads the next news from the child; blocks when there is none yet.  False when the program
 * could not be started.  `ret_settled` becomes true when there will be no more news: the program
 * runs, or its child was killed before it came that far.  `ret_program` is set when the news is
 * the pid of a detached program, otherwise untouched. */
bool spawn_read_report(int report_fd, const char *name, pid_t *ret_program, bool *ret_settled,
                       Err **err);
