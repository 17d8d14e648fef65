/* The record of a domain: what is written is read back, and what is damaged is refused. */
#include "hv/qemu/record.h"

static QemuRecord *make_record(void)
{
    QemuRecord *record = qemu_record_new(uuid_from_md5("a domain"));
    record->pid = 4711;
    record->start_ticks = 123456789;
    record->start_ticket = 42;
    record->vcpus = 2;
    record->vcpus_max = 4;
    record->memory_bytes = UINT64_C(5) << 30;
    record->memory_max_bytes = UINT64_C(6) << 30;
    const HvDisk disk = {.id = "first", .position = 0};
    BlockDisk *added = qemu_record_add_disk(record, &disk);
    block_disk_add_node(added, &record->next_fdset);
    block_disk_add_node(added, &record->next_fdset);
    added->mirror = g_strdup("elsewhere");
    added->copy = block_disk_new_node(added, &record->next_fdset);
    record->frozen = true;
    record->passage = HV_PASSAGE_GIVEN;
    const HvDisk cd = {.id = "drive", .position = 3, .is_cd = true};
    qemu_record_add_disk(record, &cd);
    const HvNic nic = {.id = "nic", .position = 1, .mac = "52:54:00:AA:BB:CC", .tap_fd = -1};
    qemu_record_add_nic(record, &nic);
    return record;
}

static void test_round_trip(void)
{
    g_autoptr(QemuRecord) record = make_record();
    g_autofree char *text = qemu_record_to_text(record);
    g_autoptr(Err) err = NULL;
    g_autoptr(QemuRecord) read = qemu_record_parse(text, strlen(text), &err);
    g_assert_null(err);
    g_autofree char *again = qemu_record_to_text(read);
    g_assert_cmpstr(again, ==, text);
    g_assert_true(uuid_equal(read->uuid, record->uuid));
    g_assert_cmpint(read->pid, ==, 4711);
    g_assert_cmpuint(read->start_ticket, ==, 42);
    g_assert_cmpint(read->passage, ==, HV_PASSAGE_GIVEN);
    g_assert_cmpuint(read->memory_max_bytes, ==, UINT64_C(6) << 30);
    g_assert_true(read->frozen);
    const BlockDisk *moving = block_disk_find(read->disks, "first");
    g_assert_cmpstr(moving->mirror, ==, "elsewhere");
    g_assert_cmpstr(moving->copy.name, !=, block_disk_top_node(moving));
    const BlockDisk *cd = block_disk_find(read->disks, "drive");
    g_assert_true(cd->is_cd && cd->read_only);
    g_assert_null(block_disk_top_node(cd));
    g_assert_cmpstr(qemu_record_find_nic(read, "nic")->mac, ==, "52:54:00:aa:bb:cc");
}

static void test_nodes(void)
{
    g_autoptr(QemuRecord) record = make_record();
    BlockDisk *disk = block_disk_find(record->disks, "first");
    g_assert_cmpuint(disk->nodes->len, ==, 2);
    g_autofree char *top = g_strdup(block_disk_top_node(disk));
    g_assert_true(block_disk_find_node(record->disks, top) == disk);
    g_assert_null(block_disk_find_node(record->disks, "other"));
    /* A name is not used a second time, not even by another disk at that position. */
    block_disk_remove(record->disks, "first");
    g_assert_null(block_disk_at(record->disks, 0));
    const HvDisk next = {.id = "second", .position = 0};
    BlockDisk *added = qemu_record_add_disk(record, &next);
    const BlockNode *node = block_disk_add_node(added, &record->next_fdset);
    g_assert_cmpstr(node->name, !=, top);
    g_assert_true(block_disk_at(record->disks, 0) == added);
    block_disk_remove(record->disks, "never-there");
    qemu_record_remove_nic(record, "nic");
    g_assert_null(qemu_record_find_nic(record, "nic"));
    g_assert_null(qemu_record_nic_at(record, 1));
}

/* Cut anywhere, the text is no record, or the process was killed before it was complete. */
static void test_cut(void)
{
    g_autoptr(QemuRecord) record = make_record();
    g_autofree char *text = qemu_record_to_text(record);
    for (size_t length = 0; length < strlen(text) - 1; length++) {
        g_autoptr(Err) err = NULL;
        g_assert_null(qemu_record_parse(text, length, &err));
        g_assert_nonnull(err);
    }
}

static void test_damaged(void)
{
    static const char *const changes[][2] = {
        {"\"version\":1", "\"version\":2"},   {"\"uuid\":\"", "\"uuid\":\"x"},
        {"\"pid\":4711", "\"pid\":-1"},       {"\"pid\":4711", "\"pid\":99999999999"},
        {"\"pid\":4711", "\"pid\":\"4711\""}, {"\"vcpus\":2", "\"vcpus\":-2"},
        {"\"disks\":[", "\"discs\":["},       {"\"nics\":[{", "\"nics\":[7,{"},
        {"\"is_cd\":true", "\"is_cd\":1"},    {"\"position\":3", "\"position\":3.5"},
        {"\"fdset\":1", "\"fdset\":null"},    {"\"mac\":", "\"nomac\":"},
    };
    g_autoptr(QemuRecord) record = make_record();
    g_autofree char *text = qemu_record_to_text(record);
    for (unsigned i = 0; i < G_N_ELEMENTS(changes); i++) {
        g_assert_nonnull(strstr(text, changes[i][0]));
        g_auto(GStrv) parts = g_strsplit(text, changes[i][0], 2);
        g_autofree char *damaged = g_strconcat(parts[0], changes[i][1], parts[1], NULL);
        g_autoptr(Err) err = NULL;
        g_assert_null(qemu_record_parse(damaged, strlen(damaged), &err));
        g_assert_nonnull(err);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/qemu_record/round_trip", test_round_trip);
    g_test_add_func("/qemu_record/nodes", test_nodes);
    g_test_add_func("/qemu_record/cut", test_cut);
    g_test_add_func("/qemu_record/damaged", test_damaged);
    return g_test_run();
}
