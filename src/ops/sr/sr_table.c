/* An entry for every SR that was ever attached; one that is not any more has no Sr.  Entries are
 * few and live as long as the table, so that holders need no reference of their own. */
#include "ops/sr/sr_table.h"

/* So long the end of the daemon waits for a file system to be unmounted. */
#define DETACH_TIMEOUT (30 * USEC_PER_SEC)

struct SrEntry {
    SrTable *table;
    Uuid uuid; /* key of the table */
    const SrDriver *driver;
    Sr *sr; /* NULL: not attached */
    unsigned users;
    unsigned changes;
    bool turn_taken;
    bool shut;
};

struct SrTable {
    Lock lock;
    GCond changed;       /* a turn ended, or a last user left */
    GHashTable *entries; /* Uuid * -> SrEntry * */
};

static SrEntry *find_entry(SrTable *table, Uuid uuid);

SrTable *sr_table_new(void)
{
    SrTable *table = g_new0(SrTable, 1);
    lock_init(&table->lock, LOCK_SR);
    g_cond_init(&table->changed);
    table->entries = g_hash_table_new_full(uuid_hash, uuid_equal_ptr, NULL, g_free);
    return table;
}

void sr_table_free(SrTable *table)
{
    if (!table) {
        return;
    }
    g_autoptr(Op) op = op_new(DETACH_TIMEOUT);
    GHashTableIter iter;
    g_hash_table_iter_init(&iter, table->entries);
    for (gpointer value; g_hash_table_iter_next(&iter, NULL, &value);) {
        const SrEntry *entry = value;
        if (entry->sr) {
            entry->driver->detach(op, entry->sr, NULL);
        }
    }
    g_hash_table_unref(table->entries);
    g_cond_clear(&table->changed);
    lock_clear(&table->lock);
    g_free(table);
}

bool sr_table_has(SrTable *table, Uuid uuid)
{
    LOCK_GUARD(&table->lock);
    const SrEntry *entry = g_hash_table_lookup(table->entries, &uuid);
    return entry && entry->sr && !entry->shut;
}

bool sr_table_use(SrTable *table, Uuid uuid, SrUse *ret_use)
{
    LOCK_GUARD(&table->lock);
    SrEntry *entry = g_hash_table_lookup(table->entries, &uuid);
    if (!entry || !entry->sr || entry->shut) {
        return false;
    }
    entry->users++;
    *ret_use = (SrUse){entry->driver, entry->sr, entry};
    return true;
}

void sr_use_clear(SrUse *use)
{
    if (use->entry) {
        SrTable *table = use->entry->table;
        LOCK_GUARD(&table->lock);
        if (--use->entry->users == 0) {
            g_cond_broadcast(&table->changed);
        }
    }
    *use = (SrUse){0};
}

void sr_use_note_change(const SrUse *use)
{
    LOCK_GUARD(&use->entry->table->lock);
    use->entry->changes++;
}

unsigned sr_use_count_changes(const SrUse *use)
{
    LOCK_GUARD(&use->entry->table->lock);
    return use->entry->changes;
}

bool sr_table_take_turn(SrTable *table, Op *op, Uuid uuid, SrTurn *ret_turn, Err **err)
{
    LOCK_GUARD(&table->lock);
    SrEntry *entry = find_entry(table, uuid);
    while (entry->turn_taken) {
        if (!op_wait(op, &table->changed, &table->lock.mutex, err)) {
            return false;
        }
    }
    entry->turn_taken = true;
    *ret_turn = (SrTurn){entry};
    return true;
}

void sr_turn_clear(SrTurn *turn)
{
    if (turn->entry) {
        SrTable *table = turn->entry->table;
        LOCK_GUARD(&table->lock);
        turn->entry->turn_taken = false;
        g_cond_broadcast(&table->changed);
    }
    *turn = (SrTurn){0};
}

bool sr_turn_is_attached(const SrTurn *turn)
{
    LOCK_GUARD(&turn->entry->table->lock);
    return turn->entry->sr != NULL;
}

void sr_turn_set_attached(SrTurn *turn, const SrDriver *driver, Sr *sr)
{
    LOCK_GUARD(&turn->entry->table->lock);
    turn->entry->driver = driver;
    turn->entry->sr = sr;
    turn->entry->shut = false;
}

void sr_turn_shut(SrTurn *turn)
{
    LOCK_GUARD(&turn->entry->table->lock);
    turn->entry->shut = true;
}

void sr_turn_reopen(SrTurn *turn)
{
    LOCK_GUARD(&turn->entry->table->lock);
    turn->entry->shut = false;
}

bool sr_turn_wait_unused(SrTurn *turn, Op *op, Err **err)
{
    SrTable *table = turn->entry->table;
    LOCK_GUARD(&table->lock);
    while (turn->entry->users > 0) {
        if (!op_wait(op, &table->changed, &table->lock.mutex, err)) {
            return false;
        }
    }
    return true;
}

/* Shut and unused, the entry's Sr is touched by nobody but the holder of the turn. */
bool sr_turn_detach(SrTurn *turn, Op *op, Err **err)
{
    if (!turn->entry->driver->detach(op, turn->entry->sr, err)) {
        return false;
    }
    LOCK_GUARD(&turn->entry->table->lock);
    turn->entry->sr = NULL;
    return true;
}

static SrEntry *find_entry(SrTable *table, Uuid uuid)
{
    SrEntry *entry = g_hash_table_lookup(table->entries, &uuid);
    if (!entry) {
        entry = g_new0(SrEntry, 1);
        entry->table = table;
        entry->uuid = uuid;
        g_hash_table_insert(table->entries, &entry->uuid, entry);
    }
    return entry;
}
