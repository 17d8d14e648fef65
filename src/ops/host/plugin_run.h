/* Runs a plugin or an extension to its end and reads its answer; what they say is plugin_wire.h's
 * matter. */
#pragma once

#include "base/subprocess.h"
#include "wire/value.h"

/* Says in the caller's own way that the program failed: `status` is "non-zero exit" or
 * "unexpected answer". Returns false. */
typedef bool PluginReport(const char *path, const char *status, const SubprocessResult *result,
                          Err **err);

/* `path` with `request` as its argument; with `is_text` the answer has to be a text.  False with
 * the error that the program gave, or with that of `report`, or when it could not be run.
 * `ret_value` (owned). */
bool plugin_run(Op *op, const char *path, const char *request, bool is_text, PluginReport *report,
                Value **ret_value, Err **err);
