/* Any tables to smbios_strings(): every name is there, and what it found is text. */
#include "fuzz.h"

#include "ops/host/smbios.h"

enum { NAMES = 11 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(Value) map = smbios_strings(data, size);
    g_assert_cmpuint(value_count(map), >=, NAMES);
    for (unsigned i = 0; i < value_count(map); i++) {
        g_assert_true(g_utf8_validate(value_string(value_at(map, i)), -1, NULL));
    }
    return 0;
}
