/* GET /services: what this host offers beside the XenAPI, as JSON: itself as the multiplexer of
 * storage. GET /services/SM: the kinds of storage, GET /services/SM/<kind>: one of them. */
#pragma once

#include "front/handler.h"

extern const FrontHandler front_services_handler;
extern const FrontHandler front_services_sm_handler;
