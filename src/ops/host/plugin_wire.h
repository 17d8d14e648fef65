/* How host.call_plugin talks to a plugin: an XML-RPC call as its only argument, an XML-RPC answer
 * on its standard output.  Plugins written for XenServer expect exactly this.  Pure. */
#pragma once

#include "wire/value.h"

/* The call: `function` with the session's reference and the map `args`. (owned) */
char *plugin_wire_call(const char *function, Uuid session, const Value *args);

/* The same for any method and array of parameters. (owned) */
char *plugin_wire_request(const char *method, const Value *params);

typedef enum PluginAnswer {
    PLUGIN_SUCCEEDED, /* `ret_value` (owned) */
    PLUGIN_FAILED,    /* `ret_error`: the code and parameters the plugin gave */
    PLUGIN_UNCLEAR,   /* no answer that can be understood; nothing is set */
} PluginAnswer;
PluginAnswer plugin_wire_read(const char *text, Value **ret_value, Err **ret_error);
