/* Typed access to Room: A room of the house.
 * Generated from the model; do not edit. */
#pragma once

#include "db/store.h"
#include "gen/schema.h"
#include "gen/types.h"

static inline bool db_room_exists(const DbView *view, RoomRef room)
{
    return db_find(view, CLASS_ROOM, room.id) != NULL;
}

/* A new object with a new reference and a new uuid. */
static inline RoomRef db_room_create(DbTxn *txn)
{
    RoomRef room = {uuid_generate()};
    db_create(txn, CLASS_ROOM, room.id, uuid_generate());
    return room;
}

static inline void db_room_delete(DbTxn *txn, RoomRef room)
{
    db_delete(txn, CLASS_ROOM, room.id);
}

/* The null reference when there is none. */
static inline RoomRef db_room_by_uuid(const DbView *view, const char *uuid)
{
    Uuid id;
    const DbObject *object =
        uuid_parse(uuid, &id) ? db_find_by_uuid(view, CLASS_ROOM, id) : NULL;
    return (RoomRef){object ? db_object_ref_id(object) : (Uuid){{0}}};
}

static inline unsigned db_room_count(const DbView *view)
{
    return db_count(view, CLASS_ROOM);
}

/* Every Room, as an array of RoomRef. (owned) */
static inline GArray *db_room_all(const DbView *view)
{
    return db_refs(view, CLASS_ROOM);
}

/* The identity of the room. */
static inline const char *db_room_uuid(const DbView *view, RoomRef room)
{
    return value_string(db_get(view, CLASS_ROOM, room.id, ROOM_FIELD_UUID));
}

static inline void db_room_set_uuid(DbTxn *txn, RoomRef room, const char *value)
{
    db_set(txn, CLASS_ROOM, room.id, ROOM_FIELD_UUID, value_new_string(value));
}

/* A name for people. */
static inline const char *db_room_name_label(const DbView *view, RoomRef room)
{
    return value_string(db_get(view, CLASS_ROOM, room.id, ROOM_FIELD_NAME_LABEL));
}

static inline void db_room_set_name_label(DbTxn *txn, RoomRef room, const char *value)
{
    db_set(txn, CLASS_ROOM, room.id, ROOM_FIELD_NAME_LABEL, value_new_string(value));
}

/* The lamps in the room. */
static inline const Value *db_room_lamps(const DbView *view, RoomRef room)
{
    return db_get(view, CLASS_ROOM, room.id, ROOM_FIELD_LAMPS);
}

static inline unsigned db_room_lamps_count(const DbView *view, RoomRef room)
{
    return value_count(db_get(view, CLASS_ROOM, room.id, ROOM_FIELD_LAMPS));
}

static inline LampRef db_room_lamps_at(const DbView *view, RoomRef room, unsigned index)
{
    return (LampRef){value_uuid(value_at(db_get(view, CLASS_ROOM, room.id, ROOM_FIELD_LAMPS), index))};
}

/* A copy that stays good while the set changes: an array of LampRef. (owned) */
static inline GArray *db_room_lamps_array(const DbView *view, RoomRef room)
{
    const Value *set = db_get(view, CLASS_ROOM, room.id, ROOM_FIELD_LAMPS);
    GArray *refs = g_array_new(FALSE, FALSE, sizeof(LampRef));
    for (unsigned i = 0; i < value_count(set); i++) {
        LampRef ref = {value_uuid(value_at(set, i))};
        g_array_append_val(refs, ref);
    }
    return refs;
}
