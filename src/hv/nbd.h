/* The client's side of the NBD protocol, as far as writing and reading one export goes (the
 * project's doc/proto.md: fixed newstyle negotiation, simple replies). */
#pragma once

#include "base/op.h"

#define NBD_MAX_REQUEST ((size_t)1024 * 1024) /* bytes of one read or write */

typedef struct Nbd Nbd;

/* Negotiates the default export on the connected socket `fd` (taken over). (owned) */
Nbd *nbd_open(Op *op, int fd, Err **err);
/* Takes leave; the server then ends, if it is one that serves a single client. NULL-safe. */
void nbd_close(Nbd *nbd);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Nbd, nbd_close)

uint64_t nbd_size(const Nbd *nbd); /* bytes */

bool nbd_write(Nbd *nbd, Op *op, uint64_t offset, const void *data, size_t length, Err **err);
bool nbd_read(Nbd *nbd, Op *op, uint64_t offset, void *data, size_t length, Err **err);
/* What was written is on the disk afterwards. */
bool nbd_flush(Nbd *nbd, Op *op, Err **err);
