/* GET /audit_log: the lines of the audit log, oldest first, those since the parameter `since`. */
#pragma once

#include "front/handler.h"

extern const FrontHandler front_audit_download_handler;

/* Pure parts. */

/* `since` as people and clients write it, "2009-09-10", "2009-09-10T11:31:11.417Z", to the form of
 * the log's own times. (owned) */
char *audit_download_since(const char *since);
/* Whether a line's time is not before `since`, which has the form of audit_download_since(). A line
 * without a time is never. */
bool audit_download_wants(const char *line, const char *since);
