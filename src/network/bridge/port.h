/* Ports of guests: taps on bridges, with what may pass through them. */
#pragma once

#include "network/bridge/netlink.h"
#include "network/bridge/port_filter.h"

/* As NwDriver has them. port_open() returns the descriptor, or -1. */
int port_open(NetlinkSocket *nl, PortFilter *filter, Op *op, const NwPort *port, Err **err);
bool port_change(NetlinkSocket *nl, PortFilter *filter, Op *op, const NwPort *port, Err **err);
bool port_delete(NetlinkSocket *nl, PortFilter *filter, Op *op, const char *name, Err **err);
