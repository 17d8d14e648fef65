/* A text that no format string can print and that is wiped when it is freed. */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct Secret Secret;

Secret *secret_new(const char *text);
void secret_free(Secret *secret);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Secret, secret_free)

/* The text, for the one place that must use it; do not keep the pointer. */
const char *secret_reveal(const Secret *secret);
bool secret_equal(const Secret *a, const Secret *b); /* constant time */
