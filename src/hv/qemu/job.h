/* What QEMU does in the background, told by events, and who waits for it. */
#pragma once

#include "hv/qemu/domain.h"

/* From now on events of the job are heard; call it before the job begins. */
void qemu_job_expect(QemuDomain *domain, const char *id);
void qemu_job_forget(QemuDomain *domain, const char *id);

/* Until it is done, or with `until_ready` until its two images are the same. `what` is what QEMU
 * did not do, for the error: "merge an image". */
bool qemu_job_wait(QemuDomain *domain, Op *op, const char *id, bool until_ready, const char *what,
                   Err **err);

/* Ends a block job without its effect. True when it had come to its end before. */
bool qemu_job_cancel(QemuDomain *domain, const char *id);

/* Ends the block jobs that a driver before this one left, by the first letters of their ids. How
 * many there were. */
unsigned qemu_job_cancel_all(QemuDomain *domain, Op *op, const char *prefix);
