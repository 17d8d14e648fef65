/* Limits of a guest's QEMU by the kernel's control groups (version 2): a group for each guest in a
 * folder that the administrator has delegated to guests, where no process is but in groups within.
 *
 * A QEMU that goes astray takes no more than its own memory and processes; guests share processors
 * by their weights.  Without such a folder guests run without. */
#pragma once

#include "base/uuid.h"
#include "hv/hv.h"

typedef struct QemuCgroup QemuCgroup;

/* Makes `folder` ready and removes groups that guests have left. NULL, and a line in the log, when
 * there is none or it cannot be used. (owned) */
QemuCgroup *qemu_cgroup_open(const char *folder);
void qemu_cgroup_close(QemuCgroup *cgroup); /* NULL-safe; groups stay */

/* Puts the process into a group of its own.  A limit that the folder's controllers do not have is
 * left out. NULL-safe. */
bool qemu_cgroup_enter(const QemuCgroup *cgroup, const HvDomainConfig *config, pid_t pid,
                       Err **err);
/* Removes the group when nothing runs in it. NULL-safe. */
void qemu_cgroup_leave(const QemuCgroup *cgroup, Uuid domain);
