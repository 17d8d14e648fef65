/* The OpenAPI document, which tools/modelc makes (gen/openapi.c). */
#pragma once

#include <stddef.h>

extern const char rest_document[];
extern const size_t rest_document_length;
extern const char rest_document_etag[];
