/* The host's end of a VIF: on which bridge it is and what may pass. */
#pragma once

#include "ops/platform.h"

/* The name of a VIF's port on this host: at most 15 characters, the same for ever. (arena) */
const char *vif_port_name(Call *call, const DbView *view, VifRef vif);
void vif_port_format_name(const DbView *view, VifRef vif, char ret_name[NW_NAME_SIZE]);

/* What the database says of it. (arena) */
NwPort vif_port_describe(Call *call, const DbView *view, VifRef vif);

/* Brings the port of a VIF that has one in line with what the database says now. */
bool vif_port_refresh(Call *call, VifRef vif, Err **err);

/* Takes an ended VIF's port away. One that is gone is no failure, and one that stays is found at
 * the next start. */
void vif_port_detach(Call *call, VifRef vif);

/* The limit of what the guest sends in bytes a second, 0 for none: `type` and `params` are fields
 * of a VIF. INVALID_VALUE for what is no limit. */
bool vif_port_parse_rate(const char *type, const Value *params, uint64_t *ret_rate, Err **err);
