/* Performance data over HTTP: GET /rrd_updates, what is new of many objects, and GET /host_rrd,
 * /vm_rrd and /sr_rrd, all that is known of one. */
#pragma once

#include "front/handler.h"

extern const FrontHandler front_rrd_updates_handler;
extern const FrontHandler front_rrd_host_handler, front_rrd_old_host_handler;
extern const FrontHandler front_rrd_vm_handler, front_rrd_old_vm_handler;
extern const FrontHandler front_rrd_sr_handler;
