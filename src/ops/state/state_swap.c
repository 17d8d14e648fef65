/* Both ways are one function: what waits in one stage goes to its place, what is there goes to
 * another stage.  A part is done when it no longer waits, and in the order below no step can be
 * taken twice. */
#include "ops/state/state_swap.h"

#include "base/fd.h"
#include "ops/state/state_draft.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdio.h>
#include <sys/stat.h>

static const char PREFIX[] = "restore-";
static const char NEW[] = "new";
static const char OLD[] = "old";
static const char FAILED[] = "failed";
static const char TRIAL[] = "trial";
static const char BACK[] = "back";

enum { MARKER_MAX = 64 };

typedef struct Marker {
    char **words; /* what, and of which draft (owned); NULL: there is none */
} Marker;

static bool read_marker(const StateDirs *dirs, Marker *ret_marker, Err **err);
static bool end(const StateDirs *dirs, Err **err);
static void sweep(const StateDirs *dirs, const char *id);
static bool is_left_over(const char *name, const char *id);
static bool swap_parts(const StateDirs *dirs, const char *id, const char *from, const char *aside,
                       Err **err);
static bool swap_part(const StateDirs *dirs, const StatePart *part, const char *from,
                      const char *aside, Err **err);
static bool put_aside(const char *place, const char *aside, Err **err);
static bool move(const char *from, const char *to, Err **err);
static bool exists(const char *path);
static void marker_clear(Marker *marker);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Marker, marker_clear)

bool state_swap_settle(const StateDirs *dirs, bool *ret_is_trial, Err **err)
{
    g_auto(Marker) marker = {0};
    if (!read_marker(dirs, &marker, err)) {
        return false;
    }
    sweep(dirs, marker.words ? marker.words[1] : NULL);
    bool is_waiting = marker.words && strcmp(marker.words[0], STATE_WAITING) == 0;
    bool is_back = marker.words && strcmp(marker.words[0], BACK) == 0;
    if (is_back && !(swap_parts(dirs, marker.words[1], OLD, FAILED, err) && end(dirs, err))) {
        return false;
    }
    if (is_waiting && !(swap_parts(dirs, marker.words[1], NEW, OLD, err) &&
                        state_swap_mark(dirs, TRIAL, marker.words[1], err))) {
        return false;
    }
    *ret_is_trial = marker.words && !is_back;
    return true;
}

bool state_swap_keep(const StateDirs *dirs, Err **err)
{
    return end(dirs, err);
}

bool state_swap_take_back(const StateDirs *dirs, Err **err)
{
    g_auto(Marker) marker = {0};
    bool is_trial;
    return read_marker(dirs, &marker, err) &&
           (!marker.words || (state_swap_mark(dirs, BACK, marker.words[1], err) &&
                              state_swap_settle(dirs, &is_trial, err)));
}

char *state_swap_folder(const StateDirs *dirs, StateArea area, const char *id, const char *stage)
{
    g_autofree char *name = g_strconcat(PREFIX, id, NULL);
    return g_build_filename(state_area_path(dirs, area), name, *stage ? stage : NULL, NULL);
}

bool state_swap_mark(const StateDirs *dirs, const char *word, const char *id, Err **err)
{
    g_autofree char *path = g_build_filename(dirs->state_dir, STATE_MARKER, NULL);
    g_autofree char *line = g_strdup_printf("%s %s\n", word, id);
    return fd_write_file(path, line, strlen(line), 0600, err);
}

static bool read_marker(const StateDirs *dirs, Marker *ret_marker, Err **err)
{
    g_autofree char *path = g_build_filename(dirs->state_dir, STATE_MARKER, NULL);
    if (!exists(path)) {
        return true;
    }
    g_autofree char *text = fd_read_file(path, MARKER_MAX, NULL, err);
    if (!text) {
        return false;
    }
    g_auto(Marker) marker = {.words = g_strsplit(g_strchomp(text), " ", -1)};
    if (g_strv_length(marker.words) != 2 || !*marker.words[1] || strchr(marker.words[1], '/')) {
        return err_internal(err, "%s is damaged; delete it to start with the state as it is", path);
    }
    ret_marker->words = g_steal_pointer(&marker.words);
    return true;
}

/* Without the marker the folders mean nothing any more. */
static bool end(const StateDirs *dirs, Err **err)
{
    g_autofree char *path = g_build_filename(dirs->state_dir, STATE_MARKER, NULL);
    if (unlink(path) < 0 && errno != ENOENT) {
        return err_errno(err, errno, "cannot remove %s", path);
    }
    if (!fd_sync_folder(dirs->state_dir, err)) {
        return false;
    }
    sweep(dirs, NULL);
    return true;
}

/* Removes the folders of every draft but `id` (NULL: of all); what stays is for the next time. */
static void sweep(const StateDirs *dirs, const char *id)
{
    for (StateArea area = 0; area < STATE_AREA_COUNT; area++) {
        const char *path = state_area_path(dirs, area);
        g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
        const char *name;
        while (dir && (name = g_dir_read_name(dir))) {
            g_autofree char *folder = g_build_filename(path, name, NULL);
            if (is_left_over(name, id)) {
                fd_remove_tree(folder, NULL);
            }
        }
    }
}

/* A marker that was not renamed over the one before is left over too.  Names that people give are
 * not like these. */
static bool is_left_over(const char *name, const char *id)
{
    if (g_str_has_prefix(name, STATE_MARKER ".")) {
        return strlen(name) == strlen(STATE_MARKER ".XXXXXX");
    }
    if (!g_str_has_prefix(name, PREFIX)) {
        return false;
    }
    const char *rest = name + strlen(PREFIX);
    return strlen(rest) == STATE_ID_SIZE - 1 && strspn(rest, "0123456789abcdef") == strlen(rest) &&
           g_strcmp0(rest, id) != 0;
}

static bool swap_parts(const StateDirs *dirs, const char *id, const char *from, const char *aside,
                       Err **err)
{
    for (unsigned i = 0; i < state_part_count; i++) {
        const StatePart *part = &state_parts[i];
        g_autofree char *source = state_swap_folder(dirs, part->area, id, from);
        g_autofree char *target = state_swap_folder(dirs, part->area, id, aside);
        if (!fd_make_dirs(target, 0700, err) || !swap_part(dirs, part, source, target, err)) {
            return false;
        }
    }
    return state_area_sync(dirs, err); /* before the marker tells of the renames */
}

static bool swap_part(const StateDirs *dirs, const StatePart *part, const char *from,
                      const char *aside, Err **err)
{
    g_autofree char *place = g_build_filename(state_area_path(dirs, part->area), part->name, NULL);
    g_autofree char *waiting = g_build_filename(from, part->name, NULL);
    g_autofree char *nothing = g_strconcat(waiting, STATE_ABSENT, NULL);
    g_autofree char *kept = g_build_filename(aside, part->name, NULL);
    if (exists(waiting)) {
        return put_aside(place, kept, err) && move(waiting, place, err);
    }
    if (!exists(nothing)) {
        return true; /* done, or not part of the change */
    }
    return put_aside(place, kept, err) &&
           (unlink(nothing) == 0 || err_errno(err, errno, "cannot remove %s", nothing));
}

/* What is aside already says what was there, also that nothing was. */
static bool put_aside(const char *place, const char *kept, Err **err)
{
    g_autofree char *absent = g_strconcat(kept, STATE_ABSENT, NULL);
    if (exists(place)) {
        return move(place, kept, err);
    }
    if (exists(kept)) {
        return true;
    }
    auto_fd fd = open(absent, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    return fd >= 0 || err_errno(err, errno, "cannot make %s", absent);
}

static bool move(const char *from, const char *to, Err **err)
{
    return rename(from, to) == 0 || err_errno(err, errno, "cannot rename %s to %s", from, to);
}

static bool exists(const char *path)
{
    struct stat status;
    return lstat(path, &status) == 0;
}

static void marker_clear(Marker *marker)
{
    g_strfreev(marker->words);
}
