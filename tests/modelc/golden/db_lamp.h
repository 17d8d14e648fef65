/* Typed access to Lamp: A lamp in a "room": it shines or it does not.
 * Generated from the model; do not edit. */
#pragma once

#include "db/store.h"
#include "gen/schema.h"
#include "gen/types.h"

static inline bool db_lamp_exists(const DbView *view, LampRef lamp)
{
    return db_find(view, CLASS_LAMP, lamp.id) != NULL;
}

/* A new object with a new reference and a new uuid. */
static inline LampRef db_lamp_create(DbTxn *txn)
{
    LampRef lamp = {uuid_generate()};
    db_create(txn, CLASS_LAMP, lamp.id, uuid_generate());
    return lamp;
}

static inline void db_lamp_delete(DbTxn *txn, LampRef lamp)
{
    db_delete(txn, CLASS_LAMP, lamp.id);
}

/* The null reference when there is none. */
static inline LampRef db_lamp_by_uuid(const DbView *view, const char *uuid)
{
    Uuid id;
    const DbObject *object =
        uuid_parse(uuid, &id) ? db_find_by_uuid(view, CLASS_LAMP, id) : NULL;
    return (LampRef){object ? db_object_ref_id(object) : (Uuid){{0}}};
}

static inline unsigned db_lamp_count(const DbView *view)
{
    return db_count(view, CLASS_LAMP);
}

/* Every Lamp, as an array of LampRef. (owned) */
static inline GArray *db_lamp_all(const DbView *view)
{
    return db_refs(view, CLASS_LAMP);
}

/* The identity of the lamp. */
static inline const char *db_lamp_uuid(const DbView *view, LampRef lamp)
{
    return value_string(db_get(view, CLASS_LAMP, lamp.id, LAMP_FIELD_UUID));
}

static inline void db_lamp_set_uuid(DbTxn *txn, LampRef lamp, const char *value)
{
    db_set(txn, CLASS_LAMP, lamp.id, LAMP_FIELD_UUID, value_new_string(value));
}

/* A name for people. */
static inline const char *db_lamp_name_label(const DbView *view, LampRef lamp)
{
    return value_string(db_get(view, CLASS_LAMP, lamp.id, LAMP_FIELD_NAME_LABEL));
}

static inline void db_lamp_set_name_label(DbTxn *txn, LampRef lamp, const char *value)
{
    db_set(txn, CLASS_LAMP, lamp.id, LAMP_FIELD_NAME_LABEL, value_new_string(value));
}

/* What can be done now. */
static inline const Value *db_lamp_allowed_operations(const DbView *view, LampRef lamp)
{
    return db_get(view, CLASS_LAMP, lamp.id, LAMP_FIELD_ALLOWED_OPERATIONS);
}

/* Takes `value` over. */
static inline void db_lamp_set_allowed_operations(DbTxn *txn, LampRef lamp, Value *value)
{
    db_set(txn, CLASS_LAMP, lamp.id, LAMP_FIELD_ALLOWED_OPERATIONS, value);
}

static inline void db_lamp_add_allowed_operations(DbTxn *txn, LampRef lamp, LampOperations item)
{
    db_set_add(txn, CLASS_LAMP, lamp.id, LAMP_FIELD_ALLOWED_OPERATIONS, value_new_string(lamp_operations_to_string(item)));
}

static inline void db_lamp_remove_allowed_operations(DbTxn *txn, LampRef lamp, LampOperations item)
{
    g_autoptr(Value) value = value_new_string(lamp_operations_to_string(item));
    db_set_remove(txn, CLASS_LAMP, lamp.id, LAMP_FIELD_ALLOWED_OPERATIONS, value);
}

/* Whether it shines. */
static inline LampState db_lamp_state(const DbView *view, LampRef lamp)
{
    return lamp_state_from_value(db_get(view, CLASS_LAMP, lamp.id, LAMP_FIELD_STATE));
}

static inline void db_lamp_set_state(DbTxn *txn, LampRef lamp, LampState value)
{
    db_set(txn, CLASS_LAMP, lamp.id, LAMP_FIELD_STATE, value_new_string(lamp_state_to_string(value)));
}

/* What it takes. */
static inline int64_t db_lamp_watts(const DbView *view, LampRef lamp)
{
    return value_int(db_get(view, CLASS_LAMP, lamp.id, LAMP_FIELD_WATTS));
}

static inline void db_lamp_set_watts(DbTxn *txn, LampRef lamp, int64_t value)
{
    db_set(txn, CLASS_LAMP, lamp.id, LAMP_FIELD_WATTS, value_new_int(value));
}

/* What it cost. */
static inline double db_lamp_price(const DbView *view, LampRef lamp)
{
    return value_float(db_get(view, CLASS_LAMP, lamp.id, LAMP_FIELD_PRICE));
}

static inline void db_lamp_set_price(DbTxn *txn, LampRef lamp, double value)
{
    db_set(txn, CLASS_LAMP, lamp.id, LAMP_FIELD_PRICE, value_new_float(value));
}

/* When it was bought. */
static inline int64_t db_lamp_bought(const DbView *view, LampRef lamp)
{
    return value_datetime(db_get(view, CLASS_LAMP, lamp.id, LAMP_FIELD_BOUGHT));
}

static inline void db_lamp_set_bought(DbTxn *txn, LampRef lamp, int64_t value)
{
    db_set(txn, CLASS_LAMP, lamp.id, LAMP_FIELD_BOUGHT, value_new_datetime(value));
}

/* Whether it is red. */
static inline bool db_lamp_is_red(const DbView *view, LampRef lamp)
{
    return value_bool(db_get(view, CLASS_LAMP, lamp.id, LAMP_FIELD_IS_RED));
}

static inline void db_lamp_set_is_red(DbTxn *txn, LampRef lamp, bool value)
{
    db_set(txn, CLASS_LAMP, lamp.id, LAMP_FIELD_IS_RED, value_new_bool(value));
}

/* Where it stands. */
static inline RoomRef db_lamp_room(const DbView *view, LampRef lamp)
{
    return (RoomRef){value_uuid(db_get(view, CLASS_LAMP, lamp.id, LAMP_FIELD_ROOM))};
}

static inline void db_lamp_set_room(DbTxn *txn, LampRef lamp, RoomRef value)
{
    db_set(txn, CLASS_LAMP, lamp.id, LAMP_FIELD_ROOM, value_new_ref(value.id));
}

/* Words to find it by. */
static inline const Value *db_lamp_tags(const DbView *view, LampRef lamp)
{
    return db_get(view, CLASS_LAMP, lamp.id, LAMP_FIELD_TAGS);
}

/* Takes `value` over. */
static inline void db_lamp_set_tags(DbTxn *txn, LampRef lamp, Value *value)
{
    db_set(txn, CLASS_LAMP, lamp.id, LAMP_FIELD_TAGS, value);
}

static inline void db_lamp_add_tags(DbTxn *txn, LampRef lamp, const char *item)
{
    db_set_add(txn, CLASS_LAMP, lamp.id, LAMP_FIELD_TAGS, value_new_string(item));
}

static inline void db_lamp_remove_tags(DbTxn *txn, LampRef lamp, const char *item)
{
    g_autoptr(Value) value = value_new_string(item);
    db_set_remove(txn, CLASS_LAMP, lamp.id, LAMP_FIELD_TAGS, value);
}

/* The switches that switch it. */
static inline const Value *db_lamp_switches(const DbView *view, LampRef lamp)
{
    return db_get(view, CLASS_LAMP, lamp.id, LAMP_FIELD_SWITCHES);
}

static inline unsigned db_lamp_switches_count(const DbView *view, LampRef lamp)
{
    return value_count(db_get(view, CLASS_LAMP, lamp.id, LAMP_FIELD_SWITCHES));
}

static inline SwitchRef db_lamp_switches_at(const DbView *view, LampRef lamp, unsigned index)
{
    return (SwitchRef){value_uuid(value_at(db_get(view, CLASS_LAMP, lamp.id, LAMP_FIELD_SWITCHES), index))};
}

/* A copy that stays good while the set changes: an array of SwitchRef. (owned) */
static inline GArray *db_lamp_switches_array(const DbView *view, LampRef lamp)
{
    const Value *set = db_get(view, CLASS_LAMP, lamp.id, LAMP_FIELD_SWITCHES);
    GArray *refs = g_array_new(FALSE, FALSE, sizeof(SwitchRef));
    for (unsigned i = 0; i < value_count(set); i++) {
        SwitchRef ref = {value_uuid(value_at(set, i))};
        g_array_append_val(refs, ref);
    }
    return refs;
}

/* Takes `value` over. */
static inline void db_lamp_set_switches(DbTxn *txn, LampRef lamp, Value *value)
{
    db_set(txn, CLASS_LAMP, lamp.id, LAMP_FIELD_SWITCHES, value);
}

static inline void db_lamp_add_switches(DbTxn *txn, LampRef lamp, SwitchRef item)
{
    db_set_add(txn, CLASS_LAMP, lamp.id, LAMP_FIELD_SWITCHES, value_new_ref(item.id));
}

static inline void db_lamp_remove_switches(DbTxn *txn, LampRef lamp, SwitchRef item)
{
    g_autoptr(Value) value = value_new_ref(item.id);
    db_set_remove(txn, CLASS_LAMP, lamp.id, LAMP_FIELD_SWITCHES, value);
}

/* Anything else. */
static inline const Value *db_lamp_other_config(const DbView *view, LampRef lamp)
{
    return db_get(view, CLASS_LAMP, lamp.id, LAMP_FIELD_OTHER_CONFIG);
}

/* NULL when the key is absent. */
static inline const char *db_lamp_other_config_get(const DbView *view, LampRef lamp, const char *key)
{
    return value_get_string(db_get(view, CLASS_LAMP, lamp.id, LAMP_FIELD_OTHER_CONFIG), key);
}

/* Takes `value` over. */
static inline void db_lamp_set_other_config(DbTxn *txn, LampRef lamp, Value *value)
{
    db_set(txn, CLASS_LAMP, lamp.id, LAMP_FIELD_OTHER_CONFIG, value);
}

/* A value of NULL removes the key. */
static inline void db_lamp_set_other_config_key(DbTxn *txn, LampRef lamp, const char *key,
                                  const char *value)
{
    db_map_set(txn, CLASS_LAMP, lamp.id, LAMP_FIELD_OTHER_CONFIG, key,
               value ? value_new_string(value) : NULL);
}

/* How long it shone, by day. */
static inline const Value *db_lamp_hours(const DbView *view, LampRef lamp)
{
    return db_get(view, CLASS_LAMP, lamp.id, LAMP_FIELD_HOURS);
}

/* Takes `value` over. */
static inline void db_lamp_set_hours(DbTxn *txn, LampRef lamp, Value *value)
{
    db_set(txn, CLASS_LAMP, lamp.id, LAMP_FIELD_HOURS, value);
}

/* The number that unlocks it. */
static inline const char *db_lamp_pin(const DbView *view, LampRef lamp)
{
    return value_string(db_get(view, CLASS_LAMP, lamp.id, LAMP_FIELD_PIN));
}

static inline void db_lamp_set_pin(DbTxn *txn, LampRef lamp, const char *value)
{
    db_set(txn, CLASS_LAMP, lamp.id, LAMP_FIELD_PIN, value_new_string(value));
}

/* Its fuse, where it has one. */
static inline const Value *db_lamp_fuse(const DbView *view, LampRef lamp)
{
    return db_get(view, CLASS_LAMP, lamp.id, LAMP_FIELD_FUSE);
}

/* Takes `value` over. */
static inline void db_lamp_set_fuse(DbTxn *txn, LampRef lamp, Value *value)
{
    db_set(txn, CLASS_LAMP, lamp.id, LAMP_FIELD_FUSE, value);
}
