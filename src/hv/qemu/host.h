/* This host as QEMU will use it. */
#pragma once

#include "hv/qemu/cmdline.h"

/* Chooses accelerator and I/O engine and looks up the account that runs domains. */
bool qemu_host_init(QemuHost *host, const HvConfig *config, Err **err);
