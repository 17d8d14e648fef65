/* HvDomainConfig becomes libxl's configuration. Asks nobody: Xen need not run. */
#pragma once

#include "hv/xen/record.h"

#include <libxl.h>

/* Sockets of the device model in a domain's folder. */
#define XEN_SOCKET_QMP    "qmp.sock"
#define XEN_SOCKET_VNC    "vnc.sock"
#define XEN_SOCKET_SERIAL "serial.sock" /* HV_KIND_HVM only */

typedef struct XenPlaces {
    const char *dir; /* of the domain */
    const char *vif_script;
} XenPlaces;

/* `ret_config` is initialised here, and disposed by the caller when this succeeds. */
bool xen_config_build(const HvDomainConfig *config, const XenRecord *record,
                      const XenPlaces *places, libxl_domain_config *ret_config, Err **err);
