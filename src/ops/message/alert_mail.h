/* Alarms by e-mail: what becomes a message of class message is also sent to whom the pool's
 * other_config names.
 *
 *   mail-destination   addresses, separated by commas; none: nothing is sent
 *   ssmtp-mailhub      the mail server, NAME or NAME:PORT
 *   mail-min-priority  messages of this priority and more urgent ones, 3 by default
 *
 * A thread of its own sends, by curl(1), so that nobody waits for a mail server. */
#pragma once

#include "ops/platform.h"

typedef struct AlertMail AlertMail;

enum {
    ALERT_MAIL_MAX_WAITING = 100, /* further ones are dropped while the server does not answer */
    ALERT_MAIL_MAX_RECEIVERS = 16,
    ALERT_MAIL_DEFAULT_PRIORITY = 3,
};

/* From now on. */
AlertMail *alert_mail_start(Platform *platform);
/* What has not been sent is dropped. */
void alert_mail_stop(AlertMail *mail);
