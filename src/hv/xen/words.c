/* Folder after folder, as long as the limit is kept: names count, too. */
#include "hv/xen/words.h"

#include "base/text.h"

#include <stdlib.h>

static bool xen_words_visit(const XenWordSource *source, GQueue *folders, GPtrArray *words,
                            size_t *bytes);
static bool xen_words_take(const XenWordSource *source, char *path, bool is_folder,
                           GPtrArray *words, size_t *bytes);

char **xen_words_read(const XenWordSource *source)
{
    g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GQueue) folders = g_queue_new();
    size_t bytes = 0;
    bool good = true;
    g_queue_push_tail(folders, g_strdup(HV_STORE_FOLDER));
    while (good && !g_queue_is_empty(folders)) {
        good = xen_words_visit(source, folders, words, &bytes);
    }
    g_queue_clear_full(folders, g_free);
    if (!good) {
        return NULL;
    }
    g_ptr_array_add(words, NULL);
    return (char **)g_ptr_array_steal(words, NULL);
}

/* False when the folder is not there, or that is too much. */
static bool xen_words_visit(const XenWordSource *source, GQueue *folders, GPtrArray *words,
                            size_t *bytes)
{
    g_autofree char *folder = g_queue_pop_head(folders);
    unsigned count = 0;
    char **names = source->names(source->user, folder, &count);
    bool good = names != NULL;
    for (unsigned i = 0; i < count && good; i++) {
        char *path = g_strconcat(folder, "/", names[i], NULL);
        unsigned below = 0;
        char **inner = source->names(source->user, path, &below);
        free(inner);
        good = xen_words_take(source, path, below > 0, words, bytes);
        if (below > 0) {
            g_queue_push_tail(folders, path);
        } else {
            g_free(path);
        }
    }
    free(names);
    return good;
}

/* False when that is too much. */
static bool xen_words_take(const XenWordSource *source, char *path, bool is_folder,
                           GPtrArray *words, size_t *bytes)
{
    char *value = source->value(source->user, path);
    size_t length = value ? strlen(value) : 0;
    *bytes += strlen(path) + length;
    bool is_word = value && (length > 0 || !is_folder) && length <= HV_STORE_VALUE_MAX &&
                   strlen(path) <= HV_STORE_PATH_MAX && text_is_utf8_xml(value, length);
    if (is_word) {
        g_ptr_array_add(words, g_strdup(path));
        g_ptr_array_add(words, g_strdup(value));
    }
    free(value);
    return *bytes <= HV_STORE_MAX_BYTES;
}
