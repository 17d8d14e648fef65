/* The limits of everything that arrives from outside: one table. */
#pragma once

enum {
    WIRE_MAX_DEPTH = 32,                 /* nesting of arrays and structs */
    WIRE_MAX_RPC_BODY = 4 * 1024 * 1024, /* bytes of one XML-RPC or JSON-RPC request */
    WIRE_MAX_CLI_BODY = 200 * 1024,      /* bytes of one thin CLI request */
    WIRE_MAX_VALUES = 200000,            /* values in one request */
};
