/* What a domain boots from: firmware, boot order, or a kernel given directly. */
#pragma once

#include "hv/qemu/cmdline.h"

/* Adds firmware, firmware texts and kernel to the command line. */
bool qemu_boot_add(QemuCmdline *cmdline, const QemuHost *host, const HvDomainConfig *config,
                   QemuRecord *record, Err **err);

/* Places in the boot order, from 1; 0 when it does not name the device's kind. */
unsigned qemu_boot_disk_index(const HvDomainConfig *config, const HvDisk *disk);
unsigned qemu_boot_nic_index(const HvDomainConfig *config, const HvNic *nic);
