/* The QEMU guest agent of one domain: asked by the event thread while its port is open in the
 * guest, about once every ten seconds, and never trusted. */
#pragma once

#include "hv/hv.h"
#include "hv/loop.h"

typedef struct QemuAgent QemuAgent;
struct QemuDomain;

/* Takes over the connected socket `fd` and has it watched. With `ask` the agent of an adopted
 * domain is asked at once, as it is not known whether it is there. (owned) */
QemuAgent *qemu_agent_new(struct QemuDomain *domain, int fd, bool ask, Err **err);
void qemu_agent_free(QemuAgent *agent);

/* Event thread. A guest that does not run (`running` false) may take its time to answer. */
void qemu_agent_set_port(QemuAgent *agent, bool open);
void qemu_agent_tick(QemuAgent *agent, bool running);
void qemu_agent_unwatch(QemuAgent *agent);

/* Any thread: what is known now. `ret_info` starts zeroed. */
void qemu_agent_info(QemuAgent *agent, HvGuestInfo *ret_info);
/* Any thread: asks the guest to end. False when no agent listens. */
bool qemu_agent_shutdown(QemuAgent *agent, HvShutdownMode mode);

/* Any thread: has the agent freeze or thaw file systems and waits for its answer. Nothing else is
 * asked of it while they are frozen. */
bool qemu_agent_freeze(QemuAgent *agent, Op *op, bool frozen, Err **err);
/* Any thread: tells it to thaw, without waiting. */
void qemu_agent_thaw(QemuAgent *agent);
