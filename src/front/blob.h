/* The contents of blobs over HTTP: GET and PUT /blob, with `ref` or `uuid`. */
#pragma once

#include "front/handler.h"

extern const FrontHandler front_blob_get_handler;
extern const FrontHandler front_blob_put_handler;
