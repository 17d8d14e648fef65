/* What QEMU does in the background, told by events, and who waits for it. */
#pragma once

#include "hv/block/guest.h"

typedef enum BlockJob {
    BLOCK_JOB_ACTIVE,
    BLOCK_JOB_READY,
    BLOCK_JOB_DONE,
    BLOCK_JOB_FAILED
} BlockJob;

/* From now on events of the job are heard; call it before the job begins. */
void block_job_expect(BlockGuest *guest, const char *id);
bool block_job_is_expected(BlockGuest *guest, const char *id);
void block_job_forget(BlockGuest *guest, const char *id);

/* Until it is done, or with `until_ready` until its two images are the same. `what` is what QEMU
 * did not do, for the error: "merge an image". */
bool block_job_wait(BlockGuest *guest, Op *op, const char *id, bool until_ready, const char *what,
                    Err **err);

/* Has a job that is ready move the guest to its other image, and waits for that. */
bool block_job_complete(BlockGuest *guest, Op *op, const char *id, const char *what, Err **err);

/* Ends a block job without its effect. True when it had come to its end before. */
bool block_job_cancel(BlockGuest *guest, const char *id);

/* Ends the block jobs that a driver before this one left, by the first letters of their ids. How
 * many there were. */
unsigned block_job_cancel_all(BlockGuest *guest, Op *op, const char *prefix);

/* Event thread: takes in an event, if it is one of a block job. */
void block_job_on_event(BlockGuest *guest, const char *event, const Value *data);
/* Of a job that is none of QEMU's block jobs: what has become of it. */
void block_job_set(BlockGuest *guest, const char *id, BlockJob state);
