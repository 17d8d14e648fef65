/* The text of a mail about a message. Pure. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct MailFacts {
    const char *from, *to; /* as in headers */
    const char *origin;    /* the pool or host that tells */
    const char *name;      /* of the message: BOND_STATUS_CHANGED */
    const char *cls, *object_uuid;
    const char *body;
    int64_t priority;
    int64_t when; /* epoch seconds */
} MailFacts;

/* Headers and body, lines ended by CRLF. (owned) */
GString *mail_text_write(const MailFacts *facts);

/* One address of a list: printable ASCII with an @ inside, without what quotes or separates. */
bool mail_text_is_address(const char *text);
/* NAME, ADDRESS or [ADDRESS], perhaps with :PORT. */
bool mail_text_is_server(const char *text);
