/* The repositories that are attached on this host, and who works with them: one that is in use is
 * not detached, and attaching and detaching one SR happen one after the other. */
#pragma once

#include "base/lock.h"
#include "storage/sr.h"

typedef struct SrTable SrTable;
typedef struct SrEntry SrEntry;

SrTable *sr_table_new(void);
/* Detaches what no guest has open; guests outlive the daemon. Nobody uses a repository any more. */
void sr_table_free(SrTable *table);

bool sr_table_has(SrTable *table, Uuid uuid);

/* An attached repository, for the length of a block. */
typedef struct SrUse {
    const SrDriver *driver;
    Sr *sr;
    SrEntry *entry; /* NULL: nothing is held */
} SrUse;
/* False when it is not attached. */
bool sr_table_use(SrTable *table, Uuid uuid, SrUse *ret_use);
void sr_use_clear(SrUse *use);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SrUse, sr_use_clear)

/* A driver lists the images of one moment, the database learns of it at a later one.  Whoever
 * changes images says so after the change and before it writes its rows; who lists them compares
 * the count from before the listing with that inside its transaction, and starts anew when it
 * grew.  So a stale list never has the last word. */
void sr_use_note_change(const SrUse *use);
unsigned sr_use_count_changes(const SrUse *use);

/* The right to attach or detach one SR. */
typedef struct SrTurn {
    SrEntry *entry; /* NULL: nothing is held */
} SrTurn;
/* Waits for who has it now. */
bool sr_table_take_turn(SrTable *table, Op *op, Uuid uuid, SrTurn *ret_turn, Err **err);
void sr_turn_clear(SrTurn *turn);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SrTurn, sr_turn_clear)

bool sr_turn_is_attached(const SrTurn *turn);
void sr_turn_set_attached(SrTurn *turn, const SrDriver *driver, Sr *sr /* taken over */);
/* From now on nobody new can use it. */
void sr_turn_shut(SrTurn *turn);
/* Takes the last step back: it can be used again. */
void sr_turn_reopen(SrTurn *turn);
/* Once it is shut: waits until nobody uses it. */
bool sr_turn_wait_unused(SrTurn *turn, Op *op, Err **err);
/* Detaches it by its driver, once it is unused. */
bool sr_turn_detach(SrTurn *turn, Op *op, Err **err);
