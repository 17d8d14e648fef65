/* What the state of a host is made of: files and folders below var/lib/clearwater and
 * etc/clearwater, and how a backup calls them.  What is not here is made again: leases, sockets,
 * logs, uploads. */
#pragma once

#include "base/err.h"

typedef struct StateDirs {
    const char *state_dir; /* <root>/var/lib/clearwater */
    const char *etc_dir;   /* <root>/etc/clearwater */
} StateDirs;

/* The two folders may be on different disks, so nothing is renamed from one into the other. */
typedef enum StateArea { STATE_AREA_STATE, STATE_AREA_ETC, STATE_AREA_COUNT } StateArea;

typedef struct StatePart {
    StateArea area;
    const char *name;
    bool is_folder;
    bool is_private;   /* nobody but root looks into the folder */
    bool is_essential; /* no state is without it */
    bool is_scratch;   /* goes with the state, but is in no backup */
} StatePart;

extern const StatePart state_parts[];
extern const unsigned state_part_count;

/* The database, which is copied as rows and not as a file. */
#define STATE_DATABASE "state.db"

enum { STATE_MAX_DEPTH = 3 }; /* folders within a part */

const char *state_area_name(StateArea area); /* what paths in a backup begin with */
const char *state_area_path(const StateDirs *dirs, StateArea area);
/* Flushes the disks of both to the last byte: a sync for each file would take longer. */
bool state_area_sync(const StateDirs *dirs, Err **err);

/* The part to which a path in a backup, "etc/certs/one.pem", belongs; NULL when it is none that a
 * backup may have.  `ret_rest` is what follows the name of the part, "" for a file. */
const StatePart *state_parts_find(const char *path, const char **ret_rest);
