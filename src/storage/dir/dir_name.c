/* The file names of a repository folder: text <-> DirName.  Pure. */
#include "storage/dir/dir_name.h"

static const struct {
    const char *suffix;
    DirKind kind;
    const char *format;
} suffixes[] = {
    {".qcow2", DIR_LEAF, "qcow2"},  {".raw", DIR_LEAF, "raw"}, {".base.qcow2", DIR_BASE, "qcow2"},
    {".base.raw", DIR_BASE, "raw"}, {".new", DIR_NEW, NULL},   {".next", DIR_NEXT, "qcow2"},
};

bool dir_name_parse(const char *text, DirName *ret_name)
{
    char head[UUID_TEXT_SIZE];
    if (strlen(text) < sizeof head) {
        return false;
    }
    g_strlcpy(head, text, sizeof head);
    Uuid uuid;
    char canonical[UUID_TEXT_SIZE];
    /* Two spellings of one uuid would be two files for one image. */
    if (!uuid_parse(head, &uuid) || !g_str_equal(uuid_format(uuid, canonical), head)) {
        return false;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(suffixes); i++) {
        if (g_str_equal(text + sizeof head - 1, suffixes[i].suffix)) {
            *ret_name = (DirName){uuid, suffixes[i].kind, suffixes[i].format};
            return true;
        }
    }
    return false;
}

const char *dir_name_format(const DirName *name, char text[DIR_NAME_SIZE])
{
    const char *suffix = NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(suffixes) && !suffix; i++) {
        bool same_format = !suffixes[i].format || g_strcmp0(suffixes[i].format, name->format) == 0;
        if (suffixes[i].kind == name->kind && same_format) {
            suffix = suffixes[i].suffix;
        }
    }
    g_assert(suffix != NULL);
    char uuid[UUID_TEXT_SIZE];
    g_snprintf(text, DIR_NAME_SIZE, "%s%s", uuid_format(name->uuid, uuid), suffix);
    return text;
}

const char *dir_name_known_format(const char *format)
{
    for (size_t i = 0; i < G_N_ELEMENTS(suffixes); i++) {
        if (g_strcmp0(suffixes[i].format, format) == 0 && format) {
            return suffixes[i].format;
        }
    }
    return NULL;
}
