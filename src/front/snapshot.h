/* GET /vncsnapshot: a picture of what a VM shows. Takes `ref` and `uuid` as consoles do, and
 * `format`. */
#pragma once

#include "front/handler.h"

extern const FrontHandler front_snapshot_handler;
