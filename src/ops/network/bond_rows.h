/* What bonds are in the database: their members, and what moves between them and the bond. */
#pragma once

#include "ops/platform.h"

/* What the mode takes of `properties`, with defaults for the rest: INVALID_VALUE ["properties",
 * "key = value"] for what it does not. `ret_all` (owned). */
bool bond_rows_check_properties(BondMode mode, const Value *properties, Value **ret_all, Err **err);
/* The same, leaving out what the mode does not take. (owned) */
Value *bond_rows_fit_properties(BondMode mode, const Value *properties);

/* The member that gives the bond its address: that of management, else the first with an address,
 * else the first. */
PifRef bond_rows_choose_primary(const DbView *view, const GArray *members);

/* Makes the bond with its PIF, and moves addresses, VLANs and the like from the members to it. */
typedef struct BondPlan {
    NetworkRef network;
    const GArray *members; /* of PifRef; at least one */
    const char *mac;       /* "" for the primary member's */
    BondMode mode;
    Value *properties; /* (taken over) */
} BondPlan;
BondRef bond_rows_create(DbTxn *txn, const BondPlan *plan);

/* How many members have a link, as the driver's interfaces tell (of NwInterface), with an alert
 * when that has changed. */
void bond_rows_write_links(DbTxn *txn, BondRef bond, const GArray *interfaces);

/* The way back. */
void bond_rows_delete(DbTxn *txn, BondRef bond);
