/* Attaching repositories to this host: what plugging a PBD means. */
#pragma once

#include "ops/platform.h"

/* The driver's configuration of a PBD's SR. Strings live in the call's arena. Secrets that
 * device_config names by uuid (keys ending in _secret) are not resolved here. */
bool sr_attach_config(Call *call, const DbView *view, PbdRef pbd, SrConfig *ret_config,
                      const SrDriver **ret_driver, Err **err);

/* Attaches, scans and marks the PBD attached; drops suspend images that no VM names, and lets disks
 * be merged. Success when it is attached already. */
bool sr_attach_plug(Call *call, PbdRef pbd, Err **err);
/* The same images of every SR that is attached: for the start of the daemon, when nobody uses them
 * yet and domains have let go of what they should not have. */
void sr_attach_drop_orphans(Call *call);
/* VDI_IN_USE [refs] while VMs have its disks open, OTHER_OPERATION_IN_PROGRESS while operations run
 * on them. Success when it is not attached. */
bool sr_attach_unplug(Call *call, PbdRef pbd, Err **err);
