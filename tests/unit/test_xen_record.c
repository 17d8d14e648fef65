/* Records of domains, the lines that libxl says of them, and pictures of their screens. */
#include "../assert_ok.h"
#include "hv/xen/message.h"
#include "hv/xen/picture.h"
#include "hv/xen/record.h"

static void test_round_trip(void)
{
    const HvImage image = {"/a/leaf.qcow2", "qcow2"};
    const HvDisk disks[] = {{"root", 0, false, false, true, &image, 1},
                            {"cd", 3, true, true, false, NULL, 0}};
    const HvNic nic = {"nic", 1, "00:16:3E:00:00:5A", 1500, -1, "br", "vif1"};
    const HvDomainConfig config = {
        .uuid = uuid_generate(),
        .kind = HV_KIND_PVH,
        .vcpus = 1,
        .vcpus_max = 4,
        .memory_bytes = 1 << 20,
        .memory_max_bytes = 2 << 20,
        .disks = disks,
        .disk_count = 2,
        .nics = &nic,
        .nic_count = 1,
        .start_ticket = UINT64_MAX,
    };
    g_autoptr(XenRecord) record = xen_record_new(&config);
    record->domid = 17;
    block_disk_add_node(&xen_record_find_disk(record, "root")->block, &record->next_node)->file =
        g_strdup("below");
    record->passage = HV_PASSAGE_COMING;
    g_autofree char *text = xen_record_to_text(record);
    Err *err = NULL;
    g_autoptr(XenRecord) read = xen_record_parse(text, strlen(text), &err);
    assert_ok(read != NULL, err);
    g_assert_true(uuid_equal(read->uuid, config.uuid));
    g_assert_cmpuint(read->domid, ==, 17);
    g_assert_cmpint(read->passage, ==, HV_PASSAGE_COMING);
    g_assert_cmpuint(read->start_ticket, ==, UINT64_MAX);
    g_assert_cmpint(read->kind, ==, HV_KIND_PVH);
    g_assert_cmpuint(read->vcpus_max, ==, 4);
    g_assert_cmpuint(read->memory_max_bytes, ==, 2 << 20);
    g_assert_cmpstr(xen_record_find_disk(read, "root")->path, ==, "/a/leaf.qcow2");
    g_assert_null(xen_record_disk_at(read, 3)->path);
    const GArray *nodes = xen_record_find_disk(read, "root")->block.nodes;
    g_assert_cmpuint(nodes->len, ==, 1);
    g_assert_cmpstr(g_array_index(nodes, BlockNode, 0).name, ==, "disk0-1");
    g_assert_cmpstr(g_array_index(nodes, BlockNode, 0).file, ==, "below");
    g_assert_cmpint(read->next_node, ==, 2);
    g_assert_cmpstr(xen_record_nic_at(read, 1)->mac, ==, "00:16:3e:00:00:5a");
    xen_record_remove_disk(read, "root");
    xen_record_remove_nic(read, "nic");
    g_assert_null(xen_record_find_disk(read, "root"));
    g_assert_null(xen_record_find_nic(read, "nic"));
}

static void test_broken(void)
{
    static const char *const texts[] = {
        "",
        "{",
        "{}",
        "[]",
        "{\"version\":1,\"uuid\":\"x\",\"domid\":1}",
        "{\"version\":2,\"uuid\":\"01234567-89ab-cdef-0123-456789abcdef\",\"domid\":1,"
        "\"start_ticket\":1,\"kind\":0,\"vcpus\":1,\"vcpus_max\":1,\"memory_max_bytes\":1,"
        "\"disks\":[],\"nics\":[]}",
        "{\"version\":1,\"uuid\":\"01234567-89ab-cdef-0123-456789abcdef\",\"domid\":1,"
        "\"start_ticket\":1,\"kind\":9,\"vcpus\":1,\"vcpus_max\":1,\"memory_max_bytes\":1,"
        "\"disks\":[],\"nics\":[]}",
        "{\"version\":1,\"uuid\":\"01234567-89ab-cdef-0123-456789abcdef\",\"domid\":1,"
        "\"start_ticket\":1,\"kind\":0,\"vcpus\":1,\"vcpus_max\":1,\"memory_max_bytes\":1,"
        "\"disks\":[{\"id\":\"a\"}],\"nics\":[]}",
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_assert_null(xen_record_parse(texts[i], strlen(texts[i]), NULL));
    }
}

/* What a version wrote that knew nothing of block nodes, of a guest that still runs. */
static void test_earlier(void)
{
    static const char text[] =
        "{\"version\":1,\"uuid\":\"01234567-89ab-cdef-0123-456789abcdef\",\"domid\":1,"
        "\"start_ticket\":1,\"kind\":0,\"vcpus\":1,\"vcpus_max\":1,\"memory_max_bytes\":1,"
        "\"disks\":[{\"id\":\"a\",\"position\":1,\"is_cd\":false,\"read_only\":true,"
        "\"path\":\"/a\",\"format\":\"raw\"}],\"nics\":[]}";
    Err *err = NULL;
    g_autoptr(XenRecord) record = xen_record_parse(text, sizeof text - 1, &err);
    assert_ok(record != NULL, err);
    g_assert_cmpint(record->next_node, ==, 1);
    g_assert_cmpuint(xen_record_find_disk(record, "a")->block.nodes->len, ==, 0);
}

static void test_messages(void)
{
    const char *text;
    g_assert_cmpuint(xen_message_parse("libxl_dm.c:3:f: Domain 12:device model died", &text), ==,
                     12);
    g_assert_cmpstr(text, ==, "device model died");
    g_assert_cmpuint(xen_message_parse("no Domain here", &text), ==, XEN_MESSAGE_NO_DOMAIN);
    g_assert_cmpstr(text, ==, "no Domain here");
    g_assert_cmpuint(xen_message_parse("Domain x:y", &text), ==, XEN_MESSAGE_NO_DOMAIN);
}

/* Two pixels in a row, red and blue. */
static void test_picture(void)
{
    static const char ppm[] = "P6\n2 1\n255\n\xff\0\0\0\0\xff";
    static const char *const bad[] = {"",
                                      "P6",
                                      "P5\n1 1\n255\nabc",
                                      "P6\n2 1\n255\nabc",
                                      "P6\n0 1\n255\n",
                                      "P6\n99999 1\n255\nabc"};
    Err *err = NULL;
    g_autoptr(GBytes) png = xen_picture_to_png(ppm, sizeof ppm - 1, &err);
    assert_ok(png != NULL, err);
    size_t length;
    const guint8 *data = g_bytes_get_data(png, &length);
    static const guint8 head[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n', 0,    0,    0,
                                  13,   'I', 'H', 'D', 'R',  0,    0,    0,    2,    0,    0,
                                  0,    1,   8,   2,   0,    0,    0,    0x7b, 0x40, 0xe8, 0xdd};
    g_assert_cmpmem(data, sizeof head, head, sizeof head);
    g_assert_cmpmem(data + length - 8, 4, "IEND", 4);
    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_assert_null(xen_picture_to_png(bad[i], strlen(bad[i]), NULL));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/xen_record/round_trip", test_round_trip);
    g_test_add_func("/xen_record/broken", test_broken);
    g_test_add_func("/xen_record/earlier", test_earlier);
    g_test_add_func("/xen_record/messages", test_messages);
    g_test_add_func("/xen_record/picture", test_picture);
    return g_test_run();
}
