/* What a URL of the REST face means.  Pure; fuzzed. */
#pragma once

#include "core/method.h"
#include "db/store.h"
#include "net/http1.h"

enum {
    REST_DEFAULT_LIMIT = 100, /* objects in a page */
    REST_MAX_LIMIT = 1000,
    REST_MAX_STEPS = 256,   /* calls that one PATCH may become */
    REST_MAX_SEGMENT = 128, /* bytes of one piece of a path */
};

typedef enum RestKind {
    REST_INDEX,    /* /rest/v1 */
    REST_DOCUMENT, /* /rest/v1/openapi.json */
    REST_EVENTS,   /* /rest/v1/events */
    REST_CLASS,    /* /rest/v1/VM */
    REST_OBJECT,   /* /rest/v1/VM/{id} */
    REST_ACTION,   /* /rest/v1/VM/{id}/actions/start, /rest/v1/SR/actions/probe */
} RestKind;

typedef struct RestPath {
    RestKind kind;
    uint16_t class_id;
    char id[REST_MAX_SEGMENT + 1];      /* "" when the path names no object */
    char message[REST_MAX_SEGMENT + 1]; /* of an action */
} RestPath;

/* False for a path that means nothing; what the id means is not looked at. */
bool rest_path_parse(const DbSchema *schema, const char *path, RestPath *ret_path);

/* The method of a class, NULL when there is none. */
const MethodInfo *rest_method(const DbSchema *schema, uint16_t class_id, const char *message);
/* The message of an action; NULL when there is none that is sent to an object, or to none, as the
 * path has it. */
const MethodInfo *rest_path_action(const DbSchema *schema, const RestPath *path);
