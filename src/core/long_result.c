/* Going through the items. */
#include "core/long_result.h"

/* What is measured is written, unless its length is known; a little at a time, so that it stays in
 * the processor's cache. */
#define MEASURED_SIZE ((size_t)64 * 1024)

struct LongResult {
    const LongResultKind *kind;
    void *user;
    unsigned count, next; /* items */
    bool is_open;
};

LongResult *long_result_new(const LongResultKind *kind, void *user, unsigned count)
{
    LongResult *result = g_new0(LongResult, 1);
    result->kind = kind;
    result->user = user;
    result->count = count;
    return result;
}

void long_result_free(LongResult *result)
{
    if (result) {
        result->kind->free(result->user);
        g_free(result);
    }
}

bool long_result_write(LongResult *result, Writer *writer, size_t limit)
{
    if (!result->is_open) {
        result->kind->open(result->user, writer);
        result->is_open = true;
    }
    while (result->next < result->count) {
        if (writer->out->len >= limit) {
            return false;
        }
        result->kind->item(result->user, result->next, writer);
        result->next++;
    }
    result->kind->close(result->user, writer);
    return true;
}

uint64_t long_result_measure(const LongResult *result, const Writer *writer)
{
    g_autoptr(GString) text = g_string_sized_new(2 * MEASURED_SIZE);
    LongResult rest = *result;
    Writer measured = *writer;
    uint64_t length = 0;
    bool is_whole = false;
    measured.out = text;
    measured.is_measuring = true;
    measured.skipped = 0;
    while (!is_whole) {
        is_whole = long_result_write(&rest, &measured, MEASURED_SIZE);
        length += text->len;
        g_string_truncate(text, 0);
    }
    return length + measured.skipped;
}

Value *long_result_tree(LongResult *result)
{
    Writer writer;
    writer_init_tree(&writer);
    result->kind->open(result->user, &writer);
    for (unsigned i = 0; i < result->count; i++) {
        result->kind->item(result->user, i, &writer);
    }
    result->kind->close(result->user, &writer);
    return writer_end(&writer);
}
