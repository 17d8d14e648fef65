/* Any block to tar_read_header(); what it takes is written and read back the same. */
#include "fuzz.h"

#include "wire/tar.h"

#include <glib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char block[TAR_BLOCK] = {0};
    char written[TAR_BLOCK];
    TarEntry entry, back;
    memcpy(block, data, MIN(size, sizeof block));
    if (tar_read_header(block, &entry) != TAR_ENTRY || !tar_write_header(&entry, written)) {
        return 0;
    }
    g_assert_cmpint(tar_read_header(written, &back), ==, TAR_ENTRY);
    g_assert_cmpstr(back.name, ==, entry.name);
    g_assert_cmpint(back.size, ==, entry.size);
    g_assert_cmpuint(back.mode, ==, entry.mode);
    return 0;
}
