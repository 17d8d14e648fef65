/* ops/vbd/vbd_device.c: how clients write device numbers, and which are free. */
#include "gen/db_vbd.h"
#include "gen/db_vm.h"
#include "ops/vbd/vbd_device.h"

typedef struct Fixture {
    Db *db;
    DbTxn *txn;
    VmRef vm;
} Fixture;

static void set_up(Fixture *fixture, gconstpointer data)
{
    (void)data;
    DbBackend backend = db_backend_none();
    fixture->db = db_open(&model_schema, &backend, NULL);
    fixture->txn = db_begin(fixture->db);
    fixture->vm = db_vm_create(fixture->txn);
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
    (void)data;
    db_abort(fixture->txn);
    db_close(fixture->db);
}

static void add_vbd(Fixture *fixture, const char *userdevice)
{
    VbdRef vbd = db_vbd_create(fixture->txn);
    db_vbd_set_vm(fixture->txn, vbd, fixture->vm);
    db_vbd_set_userdevice(fixture->txn, vbd, userdevice);
}

static void assert_chosen(Fixture *fixture, const char *userdevice, const char *expected)
{
    g_autoptr(Err) err = NULL;
    char device[VBD_DEVICE_SIZE] = "";
    g_assert_true(
        vbd_device_choose(db_txn_view(fixture->txn), fixture->vm, userdevice, device, &err));
    g_assert_cmpstr(device, ==, expected);
}

static void assert_refused(Fixture *fixture, const char *userdevice, const char *code)
{
    g_autoptr(Err) err = NULL;
    char device[VBD_DEVICE_SIZE] = "same";
    g_assert_false(
        vbd_device_choose(db_txn_view(fixture->txn), fixture->vm, userdevice, device, &err));
    g_assert_true(err_is(err, code));
    g_assert_cmpstr(err->params[0], ==, userdevice);
}

static void test_parse(void)
{
    static const struct {
        const char *text;
        unsigned position;
    } good[] = {{"0", 0},   {"15", 15}, {"xvda", 0}, {"xvdp", 15},
                {"hda", 0}, {"hdd", 3}, {"sda", 0},  {"sdb", 1}};
    for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
        unsigned position;
        g_assert_true(vbd_device_parse(good[i].text, &position));
        g_assert_cmpuint(position, ==, good[i].position);
    }
    static const char *const bad[] = {"",     "16",    "-1",  " 0",         "0x1", "xvd", "xvdq",
                                      "xvdA", "xvdaa", "vda", "autodetect", "hd1", "sd",  "1a"};
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        unsigned position = 99;
        g_test_message("%s", bad[i]);
        g_assert_false(vbd_device_parse(bad[i], &position));
        g_assert_cmpuint(position, ==, 99);
    }
}

static void test_choose(Fixture *fixture, gconstpointer data)
{
    (void)data;
    assert_chosen(fixture, "autodetect", "0");
    assert_chosen(fixture, "7", "7");
    assert_chosen(fixture, "xvdc", "2");
    add_vbd(fixture, "0");
    add_vbd(fixture, "xvdb");
    add_vbd(fixture, "3");
    assert_chosen(fixture, "autodetect", "2");
    assert_refused(fixture, "1", "DEVICE_ALREADY_EXISTS");
    assert_refused(fixture, "hda", "DEVICE_ALREADY_EXISTS");
    assert_refused(fixture, "16", "INVALID_DEVICE");
    assert_refused(fixture, "", "INVALID_DEVICE");
}

static void test_full(Fixture *fixture, gconstpointer data)
{
    (void)data;
    for (unsigned i = 0; i <= VBD_DEVICE_MAX; i++) {
        char device[VBD_DEVICE_SIZE];
        g_assert_true(
            vbd_device_choose(db_txn_view(fixture->txn), fixture->vm, "autodetect", device, NULL));
        add_vbd(fixture, device);
    }
    assert_refused(fixture, "autodetect", "INVALID_DEVICE");
    g_autoptr(Value) list = vbd_device_free_list(db_txn_view(fixture->txn), fixture->vm);
    g_assert_cmpuint(value_count(list), ==, 0);
}

static void test_free_list(Fixture *fixture, gconstpointer data)
{
    (void)data;
    g_autoptr(Value) all = vbd_device_free_list(db_txn_view(fixture->txn), fixture->vm);
    g_assert_cmpuint(value_count(all), ==, VBD_DEVICE_MAX + 1);
    g_assert_cmpstr(value_string(value_at(all, 0)), ==, "0");
    add_vbd(fixture, "xvda");
    add_vbd(fixture, "15");
    g_autoptr(Value) rest = vbd_device_free_list(db_txn_view(fixture->txn), fixture->vm);
    g_assert_cmpuint(value_count(rest), ==, VBD_DEVICE_MAX - 1);
    g_assert_cmpstr(value_string(value_at(rest, 0)), ==, "1");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/vbd_device/parse", test_parse);
    g_test_add("/vbd_device/choose", Fixture, NULL, set_up, test_choose, tear_down);
    g_test_add("/vbd_device/full", Fixture, NULL, set_up, test_full, tear_down);
    g_test_add("/vbd_device/free-list", Fixture, NULL, set_up, test_free_list, tear_down);
    return g_test_run();
}
