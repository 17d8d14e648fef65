/* Sending files of this host to a server of the administrator's: reports and dumps. */
#pragma once

#include "ops/platform.h"

enum { HOST_UPLOAD_MAX_URL = 2048 };

/* Whether a text is the kind of URL that uploads go to: http or ftp, as in 6.2, and nothing that a
 * program could take for something else. */
bool host_upload_url_is_valid(const char *url);

/* Packs the folder `name` of `parent` and puts it there; a `url` that ends in '/' gets a file name.
 * `options` may have an http_proxy.  INVALID_VALUE for a URL or proxy that is none; otherwise
 * INTERNAL_ERROR with what the program says. */
bool host_upload_folder(Call *call, const char *parent, const char *name, const char *url,
                        const Value *options, Err **err);

/* At start: removes archives that a crash left behind. */
void host_upload_start(const Platform *platform);
