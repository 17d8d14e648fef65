/* This host as QEMU will use it. */
#pragma once

#include "hv/qemu/cmdline.h"

/* Chooses accelerator and I/O engine and looks up the account that runs domains. */
bool qemu_host_init(QemuHost *host, const HvConfig *config, Err **err);

/* Bytes that the machine has, and that programs can still get. */
bool qemu_host_read_memory(uint64_t *ret_total, uint64_t *ret_free, Err **err);
