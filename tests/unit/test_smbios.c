/* smbios.c: what it finds in tables, and that it stays inside broken ones. */
#include "ops/host/smbios.h"

#include <string.h>

/* Types 0, 1 and 11, with their strings, and the end. */
static const char TABLES[] =
    "\x00\x12\x00\x00\x01\x02\x00\x00\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00"
    "Vendor \0 1.0\0date\0\0"
    "\x01\x08\x01\x00\x01\x02\x00\x03"
    "Maker\0Not Specified\0S\x01N\0\0"
    "\x0b\x05\x02\x00\x02"
    "first\0second\0\0"
    "\x02\x08\x03\x00\x01\x09\x00\x00"
    "Board\0\0"
    "\x7f\x04\x04\x00\0\0";

static void expect(const Value *map, const char *name, const char *value)
{
    g_assert_cmpstr(value_get_string(map, name), ==, value);
}

static void test_strings(void)
{
    g_autoptr(Value) map = smbios_strings((const uint8_t *)TABLES, sizeof TABLES - 1);
    expect(map, "bios-vendor", "Vendor");
    expect(map, "bios-version", "1.0");
    expect(map, "system-manufacturer", "Maker");
    expect(map, "system-product-name", "");
    expect(map, "system-version", "");
    expect(map, "system-serial-number", "SN");
    expect(map, "baseboard-manufacturer", "Board");
    expect(map, "baseboard-product-name", ""); /* there is no ninth string */
    expect(map, "oem-1", "first");
    expect(map, "oem-2", "second");
    expect(map, "oem-3", NULL);
    expect(map, "hp-rombios", "");
}

static void test_nothing(void)
{
    g_autoptr(Value) map = smbios_strings(NULL, 0);
    expect(map, "bios-vendor", "");
    expect(map, "oem-1", NULL);
}

/* Under AddressSanitizer this finds every byte too far. */
static void test_broken(void)
{
    size_t length = sizeof TABLES - 1;
    for (size_t cut = 0; cut < length; cut++) {
        g_autofree uint8_t *tables = g_memdup2(TABLES, cut + 1);
        g_autoptr(Value) map = smbios_strings(tables, cut);
        g_assert_cmpuint(value_count(map), >=, 11);
    }
    for (size_t at = 0; at < length; at++) {
        g_autofree uint8_t *tables = g_memdup2(TABLES, length);
        tables[at] = 0xff;
        g_autoptr(Value) map = smbios_strings(tables, length);
        g_assert_cmpuint(value_count(map), >=, 11);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/smbios/strings", test_strings);
    g_test_add_func("/smbios/nothing", test_nothing);
    g_test_add_func("/smbios/broken", test_broken);
    return g_test_run();
}
