/* The expressions of get_all_records_where: field "name__label"="x" and (not ... or true).
 * Pure; fuzzed. */
#pragma once

#include "db/store.h"

typedef struct Filter Filter;

enum { FILTER_MAX_TEXT = 64 * 1024, FILTER_MAX_DEPTH = 64 };

/* INVALID_VALUE [text, reason] when it does not parse. */
Filter *filter_parse(const char *text, Err **err);
void filter_free(Filter *filter);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Filter, filter_free)

/* Whether `object` passes. Fields compare by their textual form; a field that the class does not
 * have, or that is not for clients, equals nothing. */
bool filter_matches(const Filter *filter, const DbSchema *schema, const DbObject *object);
