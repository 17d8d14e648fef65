/* Objects as clients see them: the stored fields plus those that are worked out when read. */
#pragma once

#include "db/store.h"

/* One field as get_<field> answers it. (owned) */
Value *record_field(const DbView *view, const DbObject *object, uint16_t field_id);

/* The whole record, as get_record and events carry it. (owned) */
Value *record_of(const DbView *view, const DbObject *object);
