/* The query of a list: which fields, which objects, which page.  Pure; fuzzed. */
#pragma once

#include "db/store.h"
#include "net/http1.h"

typedef struct RestQuery {
    char **fields; /* (owned) NULL: all */
    char *filter;  /* (owned) an expression of get_all_records_where; NULL: everything */
    unsigned limit;
    bool has_cursor;
    Uuid cursor; /* the reference of the last object of the page before */
} RestQuery;

/* A failure of the front's own (rest_fail()) for what the class does not have.  A parameter that is
 * none of the list's is a field with the value it must have; `view` turns uuids into references. */
bool rest_query_parse(const DbView *view, uint16_t class_id, const HttpHead *head,
                      RestQuery *ret_query, Err **err);
void rest_query_clear(RestQuery *query);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(RestQuery, rest_query_clear)

/* `fields` of a request for one object; NULL in `ret_fields` for all. (owned) */
bool rest_query_fields(const DbSchema *schema, uint16_t class_id, const HttpHead *head,
                       char ***ret_fields, Err **err);

/* The query of the page behind the object with this reference, in place of `cursor`. (owned) */
char *rest_query_next(const HttpHead *head, Uuid last);
