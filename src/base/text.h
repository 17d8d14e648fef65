/* Checked conversions between text and numbers, and small text helpers.
 * The whole text must match; spaces and signs that do not belong are refused. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

bool text_parse_int(const char *text, int64_t *ret); /* decimal with '-', or 0x hex */
bool text_parse_uint(const char *text, uint64_t max, uint64_t *ret);
bool text_parse_float(const char *text, double *ret);
bool text_parse_bool(const char *text, bool *ret);    /* true/t/yes/y/1, false/f/no/n/0 */
bool text_parse_size(const char *text, int64_t *ret); /* 1024, 512MiB, 2GiB, 10kb ... */

/* Decimal digits, several times faster than printf(3): most of a large reply is numbers. */
#define TEXT_INT_SIZE 21
const char *text_format_int(int64_t number, char text[TEXT_INT_SIZE]);

bool text_is_utf8_xml(const char *text, size_t length); /* UTF-8 whose characters XML allows */

/* Epoch seconds to "20240131T09:08:07Z" and back ("YYYY-MM-DD" too; zone Z, +hh:mm or none). */
#define TEXT_DATETIME_SIZE 24
const char *text_format_datetime(int64_t seconds, char text[TEXT_DATETIME_SIZE]);
bool text_parse_datetime(const char *text, int64_t *ret_seconds);

bool text_equal(const char *a, const char *b); /* NULL equals only NULL */
