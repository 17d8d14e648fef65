/* Files as they come, then one sync of both disks, then the marker. */
#include "ops/state/state_draft.h"

#include "base/fd.h"
#include "ops/state/state_swap.h"
#include "wire/value.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <sys/stat.h>

static const char NEW[] = "new";

/* A draft has secrets in it, so its folders are root's alone until they are in place. */
enum { DRAFT_MODE = 0700, FOLDER_MODE = 0755, FILE_MODES = 0755 };

static bool make_folders(const StateDraft *draft, const StatePart *part, const char *path,
                         Err **err);
static bool complete_part(const StateDraft *draft, const StatePart *part, Err **err);

bool state_draft_begin(const StateDirs *dirs, StateDraft *ret_draft, Err **err)
{
    StateDraft draft = {.dirs = dirs};
    g_strlcpy(draft.id, UUID_TEXT(uuid_generate()), sizeof draft.id);
    *ret_draft = draft;
    for (StateArea area = 0; area < STATE_AREA_COUNT; area++) {
        g_autofree char *all = state_swap_folder(dirs, area, draft.id, "");
        g_autofree char *folder = state_swap_folder(dirs, area, draft.id, NEW);
        if (!fd_make_dirs(all, DRAFT_MODE, err) || !fd_make_dirs(folder, DRAFT_MODE, err)) {
            return false;
        }
    }
    return true;
}

int state_draft_create(const StateDraft *draft, const char *path, unsigned mode, Err **err)
{
    const char *rest;
    const StatePart *part = state_parts_find(path, &rest);
    if (!part) {
        g_autofree char *shown = g_strescape(path, NULL);
        err_internal(err, "\"%s\" is no file of a host's state", shown);
        return -1;
    }
    g_autofree char *root = state_draft_path(draft, state_area_name(part->area), part->name);
    g_autofree char *file = part->is_folder ? g_build_filename(root, rest, NULL) : g_strdup(root);
    if (!make_folders(draft, part, file, err)) {
        return -1;
    }
    int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
    auto_fd fd = open(file, flags, 0600);
    if (fd < 0 || fchmod(fd, mode & FILE_MODES) < 0) {
        err_errno(err, errno, "cannot make %s", file);
        return -1;
    }
    return fd_steal(&fd);
}

char *state_draft_path(const StateDraft *draft, const char *area, const char *name)
{
    StateArea id =
        strcmp(area, state_area_name(STATE_AREA_ETC)) == 0 ? STATE_AREA_ETC : STATE_AREA_STATE;
    g_autofree char *folder = state_swap_folder(draft->dirs, id, draft->id, NEW);
    return g_build_filename(folder, name, NULL);
}

bool state_draft_commit(StateDraft *draft, bool whole, Err **err)
{
    for (unsigned i = 0; i < state_part_count; i++) {
        const StatePart *part = &state_parts[i];
        if ((whole || part->is_scratch) && !complete_part(draft, part, err)) {
            return false;
        }
    }
    if (!state_area_sync(draft->dirs, err) ||
        !state_swap_mark(draft->dirs, STATE_WAITING, draft->id, err)) {
        return false;
    }
    draft->is_committed = true;
    return true;
}

void state_draft_clear(StateDraft *draft)
{
    for (StateArea area = 0; *draft->id && !draft->is_committed && area < STATE_AREA_COUNT;
         area++) {
        g_autofree char *folder = state_swap_folder(draft->dirs, area, draft->id, "");
        fd_remove_tree(folder, NULL);
    }
    *draft->id = '\0';
}

static bool make_folders(const StateDraft *draft, const StatePart *part, const char *path,
                         Err **err)
{
    g_autofree char *parent = g_path_get_dirname(path);
    g_autofree char *top = state_draft_path(draft, state_area_name(part->area), part->name);
    return !part->is_folder ||
           (fd_make_dirs(top, part->is_private ? DRAFT_MODE : FOLDER_MODE, err) &&
            fd_make_dirs(parent, FOLDER_MODE, err));
}

/* Says of a part that the draft does not have that there is none. */
static bool complete_part(const StateDraft *draft, const StatePart *part, Err **err)
{
    g_autofree char *path = state_draft_path(draft, state_area_name(part->area), part->name);
    if (access(path, F_OK) == 0) {
        return true;
    }
    if (part->is_essential) {
        return err_internal(err, "%s/%s is missing", state_area_name(part->area), part->name);
    }
    g_autofree char *absent = g_strconcat(path, STATE_ABSENT, NULL);
    auto_fd fd = open(absent, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    return fd >= 0 || err_errno(err, errno, "cannot make %s", absent);
}
