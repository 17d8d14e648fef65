/* One table; and the check of names that come from outside. */
#include "ops/state/state_parts.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>

const StatePart state_parts[] = {
    {.area = STATE_AREA_STATE, .name = STATE_DATABASE, .is_essential = true},
    {.area = STATE_AREA_STATE, .name = STATE_DATABASE "-wal", .is_scratch = true},
    {.area = STATE_AREA_STATE, .name = "host-uuid", .is_essential = true},
    {.area = STATE_AREA_STATE, .name = "blobs", .is_folder = true, .is_private = true},
    {.area = STATE_AREA_STATE, .name = "kernels", .is_folder = true},
    {.area = STATE_AREA_STATE, .name = "nvram", .is_folder = true},
    {.area = STATE_AREA_STATE, .name = "rrds", .is_folder = true},
    {.area = STATE_AREA_ETC, .name = "accounts"},
    {.area = STATE_AREA_ETC, .name = "certs", .is_folder = true},
    {.area = STATE_AREA_ETC, .name = "certs-trusted", .is_folder = true},
    {.area = STATE_AREA_ETC, .name = "clearwater.conf"},
    {.area = STATE_AREA_ETC, .name = "crls", .is_folder = true},
    {.area = STATE_AREA_ETC, .name = "extensions", .is_folder = true},
    {.area = STATE_AREA_ETC, .name = "plugins", .is_folder = true},
    {.area = STATE_AREA_ETC, .name = "xapi-ssl.pem", .is_essential = true},
};
const unsigned state_part_count = G_N_ELEMENTS(state_parts);

static const char *const area_names[] = {[STATE_AREA_STATE] = "state", [STATE_AREA_ETC] = "etc"};

static bool is_plain_path(char *const *words);

const char *state_area_name(StateArea area)
{
    return area_names[area];
}

const char *state_area_path(const StateDirs *dirs, StateArea area)
{
    return area == STATE_AREA_STATE ? dirs->state_dir : dirs->etc_dir;
}

bool state_area_sync(const StateDirs *dirs, Err **err)
{
    for (StateArea area = 0; area < STATE_AREA_COUNT; area++) {
        const char *path = state_area_path(dirs, area);
        auto_fd fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0 || syncfs(fd) < 0) {
            return err_errno(err, errno, "cannot flush what is below %s to the disk", path);
        }
    }
    return true;
}

const StatePart *state_parts_find(const char *path, const char **ret_rest)
{
    g_auto(GStrv) words = g_strsplit(path, "/", -1);
    unsigned count = g_strv_length(words);
    if (count < 2 || count > 3 + STATE_MAX_DEPTH || !is_plain_path(words)) {
        return NULL;
    }
    for (unsigned i = 0; i < state_part_count; i++) {
        const StatePart *part = &state_parts[i];
        if (!part->is_scratch && strcmp(words[0], area_names[part->area]) == 0 &&
            strcmp(words[1], part->name) == 0 && part->is_folder == (count > 2)) {
            *ret_rest = path + strlen(words[0]) + 1 + strlen(words[1]) + (count > 2);
            return part;
        }
    }
    return NULL;
}

/* No word leads elsewhere or is none. */
static bool is_plain_path(char *const *words)
{
    for (; *words; words++) {
        const char *c = *words;
        if (!*c || strcmp(c, ".") == 0 || strcmp(c, "..") == 0) {
            return false;
        }
        for (; *c; c++) {
            if (!g_ascii_isprint(*c)) {
                return false;
            }
        }
    }
    return true;
}
