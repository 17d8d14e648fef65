/* Typed access to Switch: What switches lamps; clients never see one.
 * Generated from the model; do not edit. */
#pragma once

#include "db/store.h"
#include "gen/schema.h"
#include "gen/types.h"

static inline bool db_switch_exists(const DbView *view, SwitchRef switch)
{
    return db_find(view, CLASS_SWITCH, switch.id) != NULL;
}

/* A new object with a new reference and a new uuid. */
static inline SwitchRef db_switch_create(DbTxn *txn)
{
    SwitchRef switch = {uuid_generate()};
    db_create(txn, CLASS_SWITCH, switch.id, uuid_generate());
    return switch;
}

static inline void db_switch_delete(DbTxn *txn, SwitchRef switch)
{
    db_delete(txn, CLASS_SWITCH, switch.id);
}

static inline unsigned db_switch_count(const DbView *view)
{
    return db_count(view, CLASS_SWITCH);
}

/* Every Switch, as an array of SwitchRef. (owned) */
static inline GArray *db_switch_all(const DbView *view)
{
    return db_refs(view, CLASS_SWITCH);
}

/* The lamps it switches. */
static inline const Value *db_switch_lamps(const DbView *view, SwitchRef switch)
{
    return db_get(view, CLASS_SWITCH, switch.id, SWITCH_FIELD_LAMPS);
}

static inline unsigned db_switch_lamps_count(const DbView *view, SwitchRef switch)
{
    return value_count(db_get(view, CLASS_SWITCH, switch.id, SWITCH_FIELD_LAMPS));
}

static inline LampRef db_switch_lamps_at(const DbView *view, SwitchRef switch, unsigned index)
{
    return (LampRef){value_uuid(value_at(db_get(view, CLASS_SWITCH, switch.id, SWITCH_FIELD_LAMPS), index))};
}

/* A copy that stays good while the set changes: an array of LampRef. (owned) */
static inline GArray *db_switch_lamps_array(const DbView *view, SwitchRef switch)
{
    const Value *set = db_get(view, CLASS_SWITCH, switch.id, SWITCH_FIELD_LAMPS);
    GArray *refs = g_array_new(FALSE, FALSE, sizeof(LampRef));
    for (unsigned i = 0; i < value_count(set); i++) {
        LampRef ref = {value_uuid(value_at(set, i))};
        g_array_append_val(refs, ref);
    }
    return refs;
}

/* Takes `value` over. */
static inline void db_switch_set_lamps(DbTxn *txn, SwitchRef switch, Value *value)
{
    db_set(txn, CLASS_SWITCH, switch.id, SWITCH_FIELD_LAMPS, value);
}

static inline void db_switch_add_lamps(DbTxn *txn, SwitchRef switch, LampRef item)
{
    db_set_add(txn, CLASS_SWITCH, switch.id, SWITCH_FIELD_LAMPS, value_new_ref(item.id));
}

static inline void db_switch_remove_lamps(DbTxn *txn, SwitchRef switch, LampRef item)
{
    g_autoptr(Value) value = value_new_ref(item.id);
    db_set_remove(txn, CLASS_SWITCH, switch.id, SWITCH_FIELD_LAMPS, value);
}
