/* What libxl and the libraries below it say: to our log, and kept as the reason of a failure. */
#pragma once

#include "base/err.h"
#include "base/lock.h"

#include <stdint.h>
#include <xentoollog.h>

typedef struct XenMessages {
    xentoollog_logger vtable; /* first: libxl calls back with its address */
    Lock lock;                /* LOCK_HV_MESSAGES, over what follows */
    GHashTable *last;         /* domid -> the first error (owned) since it was asked for */
} XenMessages;

void xen_message_init(XenMessages *messages);
void xen_message_clear(XenMessages *messages);

/* Forgets what was said of a domain, before something is tried on it. */
void xen_message_forget(XenMessages *messages, uint32_t domid);

/* INTERNAL_ERROR ["cannot <what> domain <name>: <libxl's first error since, or the meaning of
 * `code`>"]. Returns false. */
bool xen_message_fail(XenMessages *messages, uint32_t domid, int code, const char *what,
                      const char *name, Err **err);

/* The first error of a domain since xen_message_forget(), NULL when there is none. (owned) */
char *xen_message_take(XenMessages *messages, uint32_t domid);

/* The domain that a message is of ("libxl_device.c:1:f: Domain 7:text"); the text without its
 * place in the source is `ret_text`, within `message`. XEN_MESSAGE_NO_DOMAIN: of none. */
#define XEN_MESSAGE_NO_DOMAIN UINT32_MAX
uint32_t xen_message_parse(const char *message, const char **ret_text);
