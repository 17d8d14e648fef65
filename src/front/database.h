/* The database over HTTP: GET /pool/xmldbdump. */
#pragma once

#include "front/handler.h"

extern const FrontHandler front_database_get_handler;
