/* The user's terminal on a virtual machine's text console. */
#pragma once

#include "xe/xe_session.h"

/* Connects to `url` and relays until the user presses Ctrl-], or either side ends. */
bool xe_console_run(XeSession *session, const char *url, Err **err);
