/* Having libxl write a domain's state. */
#pragma once

#include "hv/xen/domain.h"

/* Takes what comes out of the socket `from`, until its end. */
typedef bool (*XenSaveSink)(void *user, Op *op, int from, Err **err);

/* The guest then stands still; after a failure it may, too: xen_save_go_on(). A live one runs on
 * while its memory is written. */
bool xen_save_write(XenDomain *domain, Op *op, bool live, XenSaveSink sink, void *user, Err **err);

/* A guest that suspended itself for a state that nobody has is woken again. */
bool xen_save_go_on(XenDomain *domain, Op *op, Err **err);
