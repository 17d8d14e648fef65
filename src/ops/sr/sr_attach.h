/* Attaching repositories to this host: what plugging a PBD means. */
#pragma once

#include "ops/platform.h"

/* The driver's configuration of a PBD's SR. Strings live in the call's arena. Secrets that
 * device_config names by uuid (keys ending in _secret) are not resolved here. */
bool sr_attach_config(Call *call, const DbView *view, PbdRef pbd, SrConfig *ret_config,
                      const SrDriver **ret_driver, Err **err);

/* Attaches, scans and marks the PBD attached. Success when it is already. */
bool sr_attach_plug(Call *call, PbdRef pbd, Err **err);
/* VDI_IN_USE [refs] while VMs have its disks open. Success when it is not attached. */
bool sr_attach_unplug(Call *call, PbdRef pbd, Err **err);

/* Brings the VDI objects in line with the images of an attached SR, and its space. */
bool sr_attach_scan(Call *call, SrRef sr, Err **err);
