/* Failures of storage drivers, numbered as XenServer's storage manager numbers them (its
 * XE_SR_ERRORCODES table); clients know some of the numbers by heart. */
#pragma once

#include "base/err.h"

typedef enum SrFail {
    SR_FAIL_SR_IN_USE = 16,
    SR_FAIL_VDI_IN_USE = 24,
    SR_FAIL_UNSUPPORTED = 38,
    SR_FAIL_SCAN = 40,
    SR_FAIL_SR_EXISTS = 42,
    SR_FAIL_VDI_EXISTS = 43,
    SR_FAIL_NO_SPACE = 44,
    SR_FAIL_VDI_UNAVAILABLE = 46, /* missing, damaged or without its parents */
    SR_FAIL_SR_UNAVAILABLE = 47,
    SR_FAIL_MOUNT = 52,
    SR_FAIL_UNMOUNT = 53,
    SR_FAIL_FILESYSTEM = 57,
    SR_FAIL_FILE_CREATE = 61,
    SR_FAIL_FILE_DELETE = 63,
    SR_FAIL_VDI_CREATE = 78,
    SR_FAIL_VDI_SIZE = 79,
    SR_FAIL_VDI_DELETE = 80,
    SR_FAIL_VDI_CLONE = 81,
    SR_FAIL_VDI_SNAPSHOT = 82,
    SR_FAIL_DEVICE_MISSING = 90,
    SR_FAIL_DEVICE_INVALID = 91,
    SR_FAIL_LOCATION_MISSING = 94,
    SR_FAIL_CHAIN_TOO_LONG = 109,
    SR_FAIL_VDI_RESIZE = 110,
    SR_FAIL_VDI_COPY = 202, /* the "general backend error" */
    SR_FAIL_ISO_LOCATION_MISSING = 220,
    SR_FAIL_ISO_LOCATION_INVALID = 226,
} SrFail;

/* Sets SR_BACKEND_FAILURE_<code> ["", text, ""].  Returns false. */
bool sr_fail(Err **err, SrFail code, const char *fmt, ...) G_GNUC_PRINTF(3, 4);

/* The same with ": <strerror(errnum)>" behind the text; a full or over-quota file system becomes
 * SR_FAIL_NO_SPACE whatever `code` says. */
bool sr_fail_errno(Err **err, SrFail code, int errnum, const char *fmt, ...) G_GNUC_PRINTF(4, 5);
