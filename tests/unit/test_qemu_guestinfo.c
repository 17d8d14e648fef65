/* What becomes of an agent's answers: the usual, the missing and the hostile. */
#include "hv/qemu/guestinfo.h"
#include "wire/json.h"

static Value *json(const char *text)
{
    Value *value = json_parse(text, strlen(text), NULL);
    g_assert_nonnull(value);
    return value;
}

static GPtrArray *make_nics(QemuNic *nics, unsigned count)
{
    GPtrArray *array = g_ptr_array_new();
    for (unsigned i = 0; i < count; i++) {
        g_ptr_array_add(array, &nics[i]);
    }
    return array;
}

static char *join(char **list)
{
    g_assert_nonnull(list);
    return g_strjoinv("|", list);
}

static void test_usual(void)
{
    QemuNic nics[] = {{"a", 0, "52:54:00:00:00:01"}, {"b", 2, "52:54:00:00:00:02"}};
    g_autoptr(GPtrArray) array = make_nics(nics, 2);
    g_autoptr(Value) info = json(
        "{\"version\":\"7.2.0\",\"supported_commands\":[{\"name\":\"guest-ping\",\"enabled\":true},"
        "{\"name\":\"guest-fsfreeze-freeze\",\"enabled\":true},7]}");
    g_autoptr(Value) os = json("{\"pretty-name\":\"Debian 12\",\"kernel-release\":\"6.1.0\","
                               "\"id\":\"debian\",\"version-id\":\"12.5\"}");
    g_autoptr(Value) hostname = json("{\"host-name\":\"box\"}");
    g_autoptr(Value) interfaces =
        json("[{\"name\":\"lo\",\"hardware-address\":\"00:00:00:00:00:00\",\"ip-addresses\":"
             "[{\"ip-address-type\":\"ipv4\",\"ip-address\":\"127.0.0.1\"}]},"
             "{\"name\":\"e1\",\"hardware-address\":\"52:54:00:00:00:02\",\"ip-addresses\":"
             "[{\"ip-address-type\":\"ipv6\",\"ip-address\":\"fe80::1\"},"
             "{\"ip-address-type\":\"ipv4\",\"ip-address\":\"10.0.0.2\"},"
             "{\"ip-address-type\":\"ipv4\",\"ip-address\":\"10.0.0.3\"}]},"
             "{\"name\":\"e0\",\"hardware-address\":\"52:54:00:00:00:01\"}]");
    const QemuGuestAnswers answers = {info, os, hostname, interfaces};
    g_auto(HvGuestInfo) read = {0};
    qemu_guestinfo_read(&answers, array, &read);
    g_assert_cmpstr(read.other[0], ==, "feature-quiesce");
    g_assert_cmpstr(read.other[1], ==, "1");
    g_assert_null(read.other[2]);
    g_assert_true(read.alive);
    g_autofree char *version = join(read.os_version);
    g_assert_cmpstr(version, ==, "name|Debian 12|uname|6.1.0|distro|debian|major|12|minor|5");
    g_autofree char *networks = join(read.networks);
    g_assert_cmpstr(networks, ==,
                    "2/ipv6/0|fe80::1|2/ip|10.0.0.2|2/ipv4/0|10.0.0.2|2/ipv4/1|10.0.0.3");
    g_assert_cmpstr(read.hostname, ==, "box");
    g_assert_cmpstr(read.agent_version, ==, "7.2.0");
    g_auto(HvGuestInfo) copy = {0};
    qemu_guestinfo_copy(&read, &copy);
    g_assert_true(qemu_guestinfo_equal(&read, &copy));
    g_free(copy.hostname);
    copy.hostname = g_strdup("other");
    g_assert_false(qemu_guestinfo_equal(&read, &copy));
}

static void test_missing(void)
{
    g_autoptr(GPtrArray) nics = g_ptr_array_new();
    const QemuGuestAnswers answers = {0};
    g_auto(HvGuestInfo) read = {0};
    qemu_guestinfo_read(&answers, nics, &read);
    g_assert_true(read.alive);
    g_assert_cmpuint(g_strv_length(read.os_version), ==, 0);
    g_assert_cmpuint(g_strv_length(read.networks), ==, 0);
    g_assert_null(read.hostname);
    g_auto(HvGuestInfo) none = {0};
    g_assert_false(qemu_guestinfo_equal(&read, &none));
    g_auto(HvGuestInfo) copy = {0};
    qemu_guestinfo_copy(&none, &copy);
    g_assert_true(qemu_guestinfo_equal(&none, &copy));
}

static void test_hostile(void)
{
    QemuNic nics[] = {{"a", 0, "52:54:00:00:00:01"}};
    g_autoptr(GPtrArray) array = make_nics(nics, 1);
    static const char *const interfaces[] = {
        "7",
        "{}",
        "[]",
        "[7,null,[],{}]",
        "\"text\"",
        "[{\"hardware-address\":7}]",
        "[{\"hardware-address\":\"52:54:00:00:00:01\",\"ip-addresses\":7}]",
        "[{\"hardware-address\":\"52:54:00:00:00:01\",\"ip-addresses\":[7,{},{\"ip-address\":7}]}]",
        "[{\"hardware-address\":\"52:54:00:00:00:01\",\"ip-addresses\":"
        "[{\"ip-address-type\":\"ipv4\",\"ip-address\":\"<script>\"},"
        "{\"ip-address-type\":\"ipv4\",\"ip-address\":\"fe80::1\"},"
        "{\"ip-address-type\":\"ipv9\",\"ip-address\":\"10.0.0.1\"},"
        "{\"ip-address\":\"10.0.0.1\"}]}]",
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(interfaces); i++) {
        g_autoptr(Value) value = json(interfaces[i]);
        const QemuGuestAnswers answers = {value, value, value, value};
        g_auto(HvGuestInfo) read = {0};
        qemu_guestinfo_read(&answers, array, &read);
        g_assert_cmpuint(g_strv_length(read.networks), ==, 0);
        g_assert_cmpuint(g_strv_length(read.os_version), ==, 0);
    }
    g_autofree char *long_text = g_strnfill(GUEST_MAX_TEXT + 1, 'x');
    g_autofree char *long_name = g_strdup_printf("{\"host-name\":\"%s\"}", long_text);
    const char *const names[] = {long_name, "{\"host-name\":\"a\\u0001b\"}",
                                 "{\"host-name\":\"\"}"};
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(Value) value = json(names[i]);
        const QemuGuestAnswers answers = {.hostname = value};
        g_auto(HvGuestInfo) read = {0};
        qemu_guestinfo_read(&answers, array, &read);
        g_assert_null(read.hostname);
    }
}

static void test_many_addresses(void)
{
    QemuNic nics[] = {{"a", 0, "52:54:00:00:00:01"}};
    g_autoptr(GPtrArray) array = make_nics(nics, 1);
    g_autoptr(GString) text = g_string_new("[");
    for (unsigned twice = 0; twice < 2; twice++) {
        g_string_append(text, twice ? "," : "");
        g_string_append(text, "{\"hardware-address\":\"52:54:00:00:00:01\",\"ip-addresses\":[");
        for (unsigned i = 0; i < 200; i++) {
            g_string_append_printf(text,
                                   "%s{\"ip-address-type\":\"ipv4\",\"ip-address\":\"10.0.0.%u\"}",
                                   i ? "," : "", i);
        }
        g_string_append(text, "]}");
    }
    g_string_append(text, "]");
    g_autoptr(Value) value = json(text->str);
    const QemuGuestAnswers answers = {.interfaces = value};
    g_auto(HvGuestInfo) read = {0};
    qemu_guestinfo_read(&answers, array, &read);
    g_assert_cmpuint(g_strv_length(read.networks), ==, 2 * (GUEST_MAX_ADDRESSES + 1));
}

static void test_versions(void)
{
    static const char *const versions[][2] = {
        {"12", "major|12|minor|0"},     {"22.04", "major|22|minor|04"},
        {"3.18.4", "major|3|minor|18"}, {"rolling", ""},
        {"7.x", "major|7|minor|0"},     {"-1", ""},
    };
    g_autoptr(GPtrArray) nics = g_ptr_array_new();
    for (unsigned i = 0; i < G_N_ELEMENTS(versions); i++) {
        g_autofree char *text = g_strdup_printf("{\"version-id\":\"%s\"}", versions[i][0]);
        g_autoptr(Value) os = json(text);
        const QemuGuestAnswers answers = {.os = os};
        g_auto(HvGuestInfo) read = {0};
        qemu_guestinfo_read(&answers, nics, &read);
        g_autofree char *list = join(read.os_version);
        g_assert_cmpstr(list, ==, versions[i][1]);
    }
}

static void test_memory(void)
{
    static const char *const stats[][2] = {
        {"{\"stats\":{\"stat-total-memory\":1048576,\"stat-available-memory\":524288}}",
         "total|1024|free|512"},
        {"{\"stats\":{\"stat-total-memory\":-1,\"stat-available-memory\":1024}}", "free|1"},
        {"{\"stats\":{\"stat-total-memory\":\"x\"}}", ""},
        {"{\"stats\":7}", ""},
        {"{}", ""},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(stats); i++) {
        g_autoptr(Value) value = json(stats[i][0]);
        g_auto(GStrv) memory = qemu_guestinfo_memory(value);
        g_autofree char *list = join(memory);
        g_assert_cmpstr(list, ==, stats[i][1]);
    }
    g_auto(GStrv) none = qemu_guestinfo_memory(NULL);
    g_assert_cmpuint(g_strv_length(none), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/qemu_guestinfo/usual", test_usual);
    g_test_add_func("/qemu_guestinfo/missing", test_missing);
    g_test_add_func("/qemu_guestinfo/hostile", test_hostile);
    g_test_add_func("/qemu_guestinfo/many_addresses", test_many_addresses);
    g_test_add_func("/qemu_guestinfo/versions", test_versions);
    g_test_add_func("/qemu_guestinfo/memory", test_memory);
    return g_test_run();
}
