/* Which frames of locked guests reach their bridges: rules of nftables, in a table of our own.
 *
 * The table has a map from interfaces to chains, so that frames of other ports meet one look-up.
 * Rules name the tap and outlive it: whoever ends a port takes its rules away. */
#pragma once

#include "base/turn.h"
#include "network/nw.h"

typedef struct PortFilter {
    Turn turn;         /* of the kernel's table and of `names` */
    GHashTable *names; /* ports that have rules; NULL: not asked yet */
} PortFilter;

void port_filter_init(PortFilter *filter);
void port_filter_clear(PortFilter *filter);

/* Afterwards the frames of `port` obey its policy, which is NW_LOCKED, whether it is there already
 * or not. */
bool port_filter_lock(PortFilter *filter, Op *op, const NwPort *port, Err **err);
/* Success when it has no rules. */
bool port_filter_unlock(PortFilter *filter, Op *op, const char *port, Err **err);

/* The commands of both.  Pure; the policy has been checked. (owned) */
char *port_filter_format_lock(const NwPort *port);
char *port_filter_format_unlock(const char *port);
/* The names in what nft lists of the map. (owned) */
GHashTable *port_filter_parse_names(const char *listing);
