/* The database over HTTP: GET and PUT /pool/xmldbdump. */
#pragma once

#include "front/handler.h"

extern const FrontHandler front_database_get_handler;
extern const FrontHandler front_database_put_handler;
