/* Starting a domain in two halves, for those who have more to do before it counts as started. */
#pragma once

#include "hv/qemu/domain.h"

/* A running QEMU with all devices; if there is a saved state, or the domain is coming, it waits for
 * the state to be sent to it. On failure nothing is left behind. (a reference) */
QemuDomain *qemu_create_begin(Hv *hv, Op *op, const HvDomainConfig *config, HvPassageState passage,
                              Err **err);
/* From here on the domain's end is told by events. Returns its domid. */
int qemu_create_finish(QemuDomain *domain);
void qemu_create_abort(QemuDomain *domain);
