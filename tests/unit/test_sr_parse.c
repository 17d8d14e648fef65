/* What storage drivers read from outside: file names, qemu-img's output, blkid's output,
 * device_config. */
#include "storage/dir/dir_name.h"
#include "storage/ext/ext_device.h"
#include "storage/image/qemu_img.h"

#define UUID "0f8fad5b-d9cb-469f-a165-70867728950e"

static void test_names(void)
{
    static const struct {
        const char *text;
        DirKind kind;
        const char *format;
    } good[] = {
        {UUID ".qcow2", DIR_LEAF, "qcow2"},
        {UUID ".raw", DIR_LEAF, "raw"},
        {UUID ".base.qcow2", DIR_BASE, "qcow2"},
        {UUID ".base.raw", DIR_BASE, "raw"},
        {UUID ".new", DIR_NEW, NULL},
        {UUID ".next", DIR_NEXT, "qcow2"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
        DirName name;
        g_assert_true(dir_name_parse(good[i].text, &name));
        g_assert_cmpint(name.kind, ==, good[i].kind);
        g_assert_cmpstr(name.format, ==, good[i].format);
        char text[DIR_NAME_SIZE];
        g_assert_cmpstr(dir_name_format(&name, text), ==, good[i].text);
    }
}

static void test_bad_names(void)
{
    static const char *const bad[] = {
        "",
        ".",
        ".lock",
        "clearwater-sr",
        UUID,
        UUID ".",
        UUID ".vhd",
        UUID ".qcow2.bak",
        UUID ".base",
        UUID ".base.next",
        UUID "..qcow2",
        UUID ".QCOW2",
        "x" UUID ".raw",
        "0F8FAD5B-D9CB-469F-A165-70867728950E.qcow2",
        "0f8fad5b-d9cb-469f-a165-70867728950g.qcow2",
        "../" UUID ".raw",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        DirName name;
        g_assert_false(dir_name_parse(bad[i], &name));
    }
    g_assert_cmpstr(dir_name_known_format("raw"), ==, "raw");
    g_assert_null(dir_name_known_format("vpc"));
    g_assert_null(dir_name_known_format(""));
    g_assert_null(dir_name_known_format(NULL));
}

static bool parse_info(const char *text, QemuImgInfo *ret_info)
{
    g_autoptr(Err) err = NULL;
    bool parsed = qemu_img_info_parse(text, strlen(text), ret_info, &err);
    g_assert_cmpint(parsed, ==, err == NULL);
    g_assert_true(parsed || err_is(err, "SR_BACKEND_FAILURE_46"));
    return parsed;
}

static void test_info(void)
{
    g_auto(QemuImgInfo) plain = {0}, overlay = {0};
    g_assert_true(parse_info("{\"virtual-size\": 1099511627776, \"format\": \"qcow2\"}", &plain));
    g_assert_cmpuint(plain.virtual_size, ==, (uint64_t)1 << 40);
    g_assert_null(plain.backing);
    g_assert_true(parse_info("{\"virtual-size\": 512, \"backing-filename\": \"below\", "
                             "\"full-backing-filename\": \"/x/below\", "
                             "\"format-specific\": {\"data\": {\"compat\": \"1.1\"}}}",
                             &overlay));
    g_assert_cmpstr(overlay.backing, ==, "below");
}

static void test_bad_info(void)
{
    static const char *const bad[] = {
        "",
        "{",
        "[]",
        "null",
        "{}",
        "{\"virtual-size\": \"10\"}",
        "{\"virtual-size\": -1}",
        "{\"virtual-size\": 1.5}",
        "{\"virtual-size\": 10, \"format-specific\": {\"data\": {\"data-file\": \"/etc/shadow\"}}}",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        QemuImgInfo info;
        g_assert_false(parse_info(bad[i], &info));
    }
}

static void test_progress(void)
{
    char tail[QEMU_IMG_PROGRESS_TAIL] = "";
    double done = -1;
    static const char output[] = "    (0.00/100%)\r    (12.50/100%)\r    (100.00/100%)\r\n";
    g_assert_true(qemu_img_progress_parse(tail, output, strlen(output), &done));
    g_assert_cmpfloat(done, ==, 1);

    /* The same byte by byte. */
    double last = 0;
    unsigned readings = 0;
    tail[0] = '\0';
    for (size_t i = 0; i < strlen(output); i++) {
        if (qemu_img_progress_parse(tail, output + i, 1, &done)) {
            g_assert_cmpfloat(done, >=, last);
            last = done;
            readings++;
        }
    }
    g_assert_cmpuint(readings, ==, 3);
    g_assert_cmpfloat(last, ==, 1);
}

static void test_bad_progress(void)
{
    static const char *const bad[] = {
        "",         "no reading", "(",         "()",     "(/)",
        "(x/100%)", "(101/100%)", "(-1/100%)", "(nan/)", "(inf/1)",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        char tail[QEMU_IMG_PROGRESS_TAIL] = "";
        double done;
        g_assert_false(qemu_img_progress_parse(tail, bad[i], strlen(bad[i]), &done));
    }
    /* An endless bracket is not kept, and what follows is read again. */
    char tail[QEMU_IMG_PROGRESS_TAIL] = "";
    double done = 0;
    g_autofree char *endless = g_strnfill(100000, '(');
    g_assert_false(qemu_img_progress_parse(tail, endless, strlen(endless), &done));
    g_assert_cmpstr(tail, ==, "");
    g_assert_true(qemu_img_progress_parse(tail, "(50/100%)", 9, &done));
    g_assert_cmpfloat(done, ==, 0.5);
}

static void test_content(void)
{
    ExtContent content;
    ext_device_parse("DEVNAME=/dev/sdb\nLABEL=clearwater-sr\nUUID=" UUID
                     "\nVERSION=1.0\nTYPE=ext4\nUSAGE=filesystem\n",
                     &content);
    g_assert_false(content.blank);
    g_assert_cmpstr(content.type, ==, "ext4");
    g_assert_cmpstr(content.label, ==, "clearwater-sr");
    Uuid uuid;
    g_assert_true(uuid_parse(UUID, &uuid));
    g_assert_true(uuid_equal(content.uuid, uuid));

    ext_device_parse("PTUUID=1234\nPTTYPE=gpt\n", &content);
    g_assert_false(content.blank);
    g_assert_cmpstr(content.type, ==, "gpt partition table");
    ext_device_parse("PART_ENTRY_SCHEME=gpt\nPART_ENTRY_UUID=" UUID "\n", &content);
    g_assert_true(content.blank);
}

static void test_bad_content(void)
{
    static const char *const bad[] = {"", "\n\n", "TYPE", "UUID=not-one\nLABEL=\n", "=\n=x\n"};
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        ExtContent content;
        ext_device_parse(bad[i], &content);
        g_assert_true(uuid_is_null(content.uuid));
        g_assert_cmpstr(content.label, ==, "");
    }
    ExtContent content;
    g_autofree char *name = g_strnfill(5000, 'x');
    g_autofree char *endless = g_strconcat("TYPE=", name, "\nLABEL=", name, NULL);
    ext_device_parse(endless, &content);
    g_assert_cmpuint(strlen(content.type), ==, sizeof content.type - 1);
    g_assert_cmpuint(strlen(content.label), ==, sizeof content.label - 1);
}

static void test_config(void)
{
    const char *pairs[] = {"device", "/dev/sdb", "location", "", NULL};
    SrConfig config = {.device_config = pairs};
    g_assert_cmpstr(sr_config_get(&config, "device"), ==, "/dev/sdb");
    g_assert_cmpstr(sr_config_get(&config, "location"), ==, "");
    g_assert_null(sr_config_get(&config, "/dev/sdb"));
    config.device_config = NULL;
    g_assert_null(sr_config_get(&config, "device"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sr/names", test_names);
    g_test_add_func("/sr/names/bad", test_bad_names);
    g_test_add_func("/sr/info", test_info);
    g_test_add_func("/sr/info/bad", test_bad_info);
    g_test_add_func("/sr/progress", test_progress);
    g_test_add_func("/sr/progress/bad", test_bad_progress);
    g_test_add_func("/sr/content", test_content);
    g_test_add_func("/sr/content/bad", test_bad_content);
    g_test_add_func("/sr/config", test_config);
    return g_test_run();
}
