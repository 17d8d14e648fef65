/* What others must know of domains on their way. */
#pragma once

#include "hv/qemu/domain.h"

bool qemu_passage_is_given(QemuDomain *domain);
/* Of one that was being sent when the driver before this one ended: it goes on. */
bool qemu_passage_settle(QemuDomain *domain, Err **err);
