/* Whole-buffer I/O on non-blocking sockets under an Op. */
#pragma once

#include "base/op.h"

bool hv_stream_write(Op *op, int fd, const void *data, size_t length, Err **err);
/* An end before `length` bytes is an error. */
bool hv_stream_read(Op *op, int fd, void *data, size_t length, Err **err);
/* What is there, at least a byte; 0 at the end. False on failure. */
bool hv_stream_read_some(Op *op, int fd, void *data, size_t size, size_t *ret_length, Err **err);
