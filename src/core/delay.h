/* What happens later on purpose, without a thread that waits for it: the answers to whoever guesses
 * passwords. */
#pragma once

#include "base/op.h"

typedef struct Delays Delays;

/* Things that wait at a time; what is more is not delayed. */
enum { DELAY_MAX_WAITING = 1000 };

/* Each waits for `length`. */
Delays *delays_new(Usec length);
/* Does at once what waits, and whatever comes from now on. */
void delays_stop(Delays *delays);
/* Stops first. */
void delays_free(Delays *delays);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Delays, delays_free)

/* `func(user)` runs once, on a thread of the delays' own or, when it does not wait, on this one. */
void delays_add(Delays *delays, void (*func)(void *user), void *user);
