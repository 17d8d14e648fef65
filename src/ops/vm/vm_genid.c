/* Numbers have 63 bits, as XenServer draws them. */
#include "ops/vm/vm_genid.h"

#include "base/text.h"

#include <inttypes.h>
#include <string.h>

static uint64_t draw(void);

char *vm_genid_new(void)
{
    return g_strdup_printf("%" PRIu64 ":%" PRIu64, draw(), draw());
}

Uuid vm_genid_bytes(const char *text)
{
    g_auto(GStrv) parts = g_strsplit(text, ":", 3);
    uint64_t numbers[2];
    Uuid bytes = {{0}};
    G_STATIC_ASSERT(sizeof bytes == sizeof numbers);
    if (g_strv_length(parts) == 2 && text_parse_uint(parts[0], UINT64_MAX, &numbers[0]) &&
        text_parse_uint(parts[1], UINT64_MAX, &numbers[1])) {
        numbers[0] = GUINT64_TO_LE(numbers[0]);
        numbers[1] = GUINT64_TO_LE(numbers[1]);
        memcpy(&bytes, numbers, sizeof bytes);
    }
    return bytes;
}

static uint64_t draw(void)
{
    Uuid random = uuid_generate();
    uint64_t number;
    memcpy(&number, &random, sizeof number);
    return number & INT64_MAX;
}
