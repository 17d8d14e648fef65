/* Settings of cards that a plugged PIF has. */
#pragma once

#include "ops/platform.h"

/* Gives the card what the database says; success where it says nothing. */
bool pif_property_apply(Call *call, PifRef pif, Err **err);
