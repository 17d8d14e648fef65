/* Reads the XML that rrd_text.h writes, piece by piece.  What it reads may be damaged or somebody
 * else's: it takes the timescales of rrd.h and leaves others out, and has limits. */
#pragma once

#include "rrd/rrd.h"

/* Bytes of one archive's text. */
enum { RRD_PARSE_MAX_TEXT = 64 * 1024 * 1024 };

typedef struct RrdParser RrdParser;

RrdParser *rrd_parser_new(void); /* (owned) */
void rrd_parser_free(RrdParser *parser);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RrdParser, rrd_parser_free)

bool rrd_parser_feed(RrdParser *parser, const char *data, size_t length, Err **err);
/* After the last piece. What counters counted is not carried over. (owned) */
Rrd *rrd_parser_finish(RrdParser *parser, Err **err);
