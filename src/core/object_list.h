/* The objects of a class, as get_all and get_all_records answer them. */
#pragma once

#include "core/filter.h"
#include "core/long_result.h"
#include "db/store.h"

/* Of those that `filter` (NULL: all) matches, the references, or with `records` those and what is
 * behind them. (owned) */
LongResult *object_list_new(DbSnapshot *snapshot, uint16_t class_id, const Filter *filter,
                            bool records);
