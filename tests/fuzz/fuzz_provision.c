/* Any text to provision_parse(); what it takes must keep within its limits. */
#include "fuzz.h"

#include "ops/vm/provision.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *xml = g_strndup((const char *)data, size);
    ProvisionDisk disks[PROVISION_MAX_DISKS];
    unsigned count = 0;
    g_autoptr(Err) err = NULL;
    bool ok = provision_parse(xml, disks, &count, &err);
    g_assert_true(ok == (err == NULL));
    g_assert_cmpuint(count, <=, PROVISION_MAX_DISKS);
    for (unsigned i = 0; i < count; i++) {
        g_assert_cmpuint(strnlen(disks[i].device, sizeof disks[i].device), <,
                         sizeof disks[i].device);
        g_assert_cmpuint(strnlen(disks[i].sr, sizeof disks[i].sr), <, sizeof disks[i].sr);
        g_assert_cmpuint(strnlen(disks[i].type, sizeof disks[i].type), <, sizeof disks[i].type);
        g_assert_cmpint(disks[i].size, >, 0);
    }
    return 0;
}
