/* ops/vm/provision.c: the XML of other_config:disks. */
#include "ops/vm/provision.h"

#include <string.h>

static unsigned parse(const char *xml, ProvisionDisk disks[PROVISION_MAX_DISKS])
{
    g_autoptr(Err) err = NULL;
    unsigned count = 99;
    if (!provision_parse(xml, disks, &count, &err)) {
        g_error("%s: %s", xml, err->params[0]);
    }
    return count;
}

static void test_disks(void)
{
    ProvisionDisk disks[PROVISION_MAX_DISKS];
    g_assert_cmpuint(
        parse(
            "<?xml version=\"1.0\"?><provision>\n"
            "  <disk device=\"0\" size=\"8589934592\" sr=\"\" bootable=\"true\" type=\"system\"/>\n"
            "  <disk device='1' size='1' sr='d5c5fc2f-1f0e-4a2c-9c5a-2f7a1b3c4d5e' "
            "bootable='false' type='user'></disk>\n"
            "</provision>",
            disks),
        ==, 2);
    g_assert_cmpstr(disks[0].device, ==, "0");
    g_assert_cmpint(disks[0].size, ==, 8589934592);
    g_assert_cmpstr(disks[0].sr, ==, "");
    g_assert_true(disks[0].bootable);
    g_assert_cmpstr(disks[0].type, ==, "system");
    g_assert_cmpstr(disks[1].sr, ==, "d5c5fc2f-1f0e-4a2c-9c5a-2f7a1b3c4d5e");
    g_assert_false(disks[1].bootable);
    g_assert_cmpstr(disks[1].type, ==, "user");
}

static void test_defaults(void)
{
    ProvisionDisk disks[PROVISION_MAX_DISKS];
    g_assert_cmpuint(
        parse("<provision><disk size=\"5\" device=\"3\" more=\"x\"/></provision>", disks), ==, 1);
    g_assert_cmpstr(disks[0].sr, ==, "");
    g_assert_false(disks[0].bootable);
    g_assert_cmpstr(disks[0].type, ==, "system");
    g_assert_cmpuint(parse("<provision/>", disks), ==, 0);
}

/* (owned) */
static char *many_disks(unsigned count)
{
    GString *xml = g_string_new("<provision>");
    for (unsigned i = 0; i < count; i++) {
        g_string_append_printf(xml, "<disk device=\"%u\" size=\"1\"/>", i);
    }
    g_string_append(xml, "</provision>");
    return g_string_free(xml, FALSE);
}

static void test_limits(void)
{
    ProvisionDisk disks[PROVISION_MAX_DISKS];
    g_autofree char *full = many_disks(PROVISION_MAX_DISKS);
    g_assert_cmpuint(parse(full, disks), ==, PROVISION_MAX_DISKS);
    g_autofree char *too_many = many_disks(PROVISION_MAX_DISKS + 1);
    unsigned count = 99;
    g_autoptr(Err) err = NULL;
    g_assert_false(provision_parse(too_many, disks, &count, &err));
    g_assert_cmpuint(count, ==, 99);

    g_autofree char *spaces = g_strnfill(PROVISION_MAX_XML, ' ');
    g_autofree char *too_long = g_strdup_printf("<provision>%s</provision>", spaces);
    g_assert_false(provision_parse(too_long, disks, &count, NULL));
}

static void test_bad(void)
{
    static const char *const bad[] = {
        "",
        "x",
        "<provision>",
        "<provision></provision><provision/>",
        "<disk device=\"0\" size=\"1\"/>",
        "<other/>",
        "<provision><other/></provision>",
        "<provision><disk device=\"0\" size=\"1\"><disk/></disk></provision>",
        "<provision><disk/></provision>",
        "<provision><disk device=\"0\"/></provision>",
        "<provision><disk size=\"1\"/></provision>",
        "<provision><disk device=\"\" size=\"1\"/></provision>",
        "<provision><disk device=\"x\" size=\"1\"/></provision>",
        "<provision><disk device=\"256\" size=\"1\"/></provision>",
        "<provision><disk device=\"0\" size=\"0\"/></provision>",
        "<provision><disk device=\"0\" size=\"-1\"/></provision>",
        "<provision><disk device=\"0\" size=\"1 GiB\"/></provision>",
        "<provision><disk device=\"0\" size=\"9223372036854775808\"/></provision>",
        "<provision><disk device=\"0\" size=\"1\" sr=\"nowhere\"/></provision>",
        "<provision><disk device=\"0\" size=\"1\" bootable=\"perhaps\"/></provision>",
        "<provision><disk device=\"0\" size=\"1\" type=\"a type with a long name\"/></provision>",
        "<!DOCTYPE a [<!ENTITY b \"0\">]><provision><disk device=\"&b;\" size=\"1\"/></provision>",
        "<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]><provision>&b;<x/></provision>",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        ProvisionDisk disks[PROVISION_MAX_DISKS];
        memset(disks, 0xaa, sizeof disks);
        unsigned count = 99;
        g_autoptr(Err) err = NULL;
        g_test_message("%s", bad[i]);
        g_assert_false(provision_parse(bad[i], disks, &count, &err));
        g_assert_true(err_is(err, "INTERNAL_ERROR"));
        g_assert_cmpuint(count, ==, 99);
        g_assert_cmpuint((unsigned char)disks[0].device[0], ==, 0xaa);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/provision/disks", test_disks);
    g_test_add_func("/provision/defaults", test_defaults);
    g_test_add_func("/provision/limits", test_limits);
    g_test_add_func("/provision/bad", test_bad);
    return g_test_run();
}
