/* A VM's settings as text: every kind of field there and back, and what XenServer writes. */
#include "gen/db_vm.h"
#include "gen/schema.h"
#include "ops/vm/vm_genid.h"
#include "ops/vm/vm_metadata.h"

static Db *open_db(void)
{
    DbBackend backend = db_backend_none();
    Db *db = db_open(&model_schema, &backend, NULL);
    g_assert_nonnull(db);
    return db;
}

static VmRef write_vm(DbTxn *txn)
{
    VmRef vm = db_vm_create(txn);
    Value *tags = value_new_array(2);
    value_array_add(tags, value_new_string("it's"));
    value_array_add(tags, value_new_string("a (b) \\"));
    db_vm_set_tags(txn, vm, tags);
    db_vm_set_name_label(txn, vm, "guest's");
    db_vm_set_memory_static_max(txn, vm, INT64_C(1) << 40);
    db_vm_set_hvm_shadow_multiplier(txn, vm, 1.25);
    db_vm_set_is_a_template(txn, vm, true);
    db_vm_set_snapshot_time(txn, vm, 1700000000);
    db_vm_set_affinity(txn, vm, (HostRef){uuid_generate()});
    db_vm_set_actions_after_crash(txn, vm, ON_CRASH_BEHAVIOUR_PRESERVE);
    db_vm_set_other_config_key(txn, vm, "k'1", "v \"1\"");
    db_vm_set_platform_key(txn, vm, "vga", "std");
    db_vm_set_last_booted_record(txn, vm, "not within");
    return vm;
}

static void test_round_trip(void)
{
    static const char *const checked[] = {
        "uuid", "tags",     "name_label",          "memory_static_max", "HVM_shadow_multiplier",
        "VBDs", "affinity", "actions_after_crash", "other_config",      "platform",
    };
    g_autoptr(Db) db = open_db();
    DbTxn *txn = db_begin(db);
    const DbView *view = db_txn_view(txn);
    VmRef vm = write_vm(txn);
    for (int scope = VM_METADATA_ALL; scope <= VM_METADATA_CHANGED; scope++) {
        g_autofree char *text = vm_metadata_write(view, vm, scope);
        g_autoptr(Value) fields = vm_metadata_read(&model_schema, text, scope, NULL);
        for (size_t i = 0; i < G_N_ELEMENTS(checked); i++) {
            int field = db_class_find_field(&model_schema.classes[CLASS_VM], checked[i]);
            const Value *read = value_get(fields, checked[i]);
            bool is_derived = strcmp(checked[i], "VBDs") == 0;
            g_assert_true(is_derived == !read);
            g_assert_true(is_derived || value_equal(read, db_get(view, CLASS_VM, vm.id, field)));
        }
        g_assert_null(strstr(text, "not within"));
        g_assert_cmpstr(value_get_string(fields, "power_state"), ==, "Halted");
        g_assert_true((strstr(text, "power_state") != NULL) == (scope == VM_METADATA_ALL));
    }
    db_abort(txn);
}

static void test_foreign(void)
{
    g_autoptr(Value) fields = vm_metadata_read(
        &model_schema,
        "(('uuid' 'u') ('_ref' 'OpaqueRef:x') ('name__label' 'n') ('memory__static_max' '512')"
        " ('VBDs' '(\\'OpaqueRef:NULL\\')') ('is_a_template' 'false') ('new_field' '1')"
        " ('other_config' '((\\'k\\' \\'v\\') (\\'e\\' \\'\\'))') ('HVM__boot_policy' '')"
        " ('blocked_operations' '((\\'start\\' \\'no\\'))') ('strange'))",
        VM_METADATA_ALL, NULL);
    g_assert_nonnull(fields);
    g_assert_cmpstr(value_get_string(fields, "name_label"), ==, "n");
    g_assert_cmpint(value_int(value_get(fields, "memory_static_max")), ==, 512);
    g_assert_cmpstr(value_get_string(value_get(fields, "other_config"), "k"), ==, "v");
    g_assert_cmpstr(value_get_string(value_get(fields, "blocked_operations"), "start"), ==, "no");
    g_assert_cmpint(value_count(fields), ==, 7);
}

static void test_damaged(void)
{
    static const char *const damaged[] = {"", "(", "(('memory__static_max' 'much'))",
                                          "(('power_state' 'Flying'))", "(('tags' '('))"};
    for (size_t i = 0; i < G_N_ELEMENTS(damaged); i++) {
        g_autoptr(Err) err = NULL;
        g_assert_null(vm_metadata_read(&model_schema, damaged[i], VM_METADATA_ALL, &err));
        g_assert_nonnull(err);
    }
}

static void test_generation_ids(void)
{
    g_autofree char *first = vm_genid_new();
    g_autofree char *second = vm_genid_new();
    g_assert_cmpstr(first, !=, second);
    g_assert_false(uuid_is_null(vm_genid_bytes(first)));
    const Uuid bytes = vm_genid_bytes("258:9223372036854775807");
    static const uint8_t expected[16] = {2,    1,    0,    0,    0,    0,    0,    0,
                                         0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f};
    g_assert_cmpmem(bytes.bytes, sizeof bytes.bytes, expected, sizeof expected);
    static const char *const none[] = {"", "0:0", "1", "1:2:3", "a:b", "-1:2"};
    for (size_t i = 0; i < G_N_ELEMENTS(none); i++) {
        g_assert_true(uuid_is_null(vm_genid_bytes(none[i])));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/vm-metadata/round-trip", test_round_trip);
    g_test_add_func("/vm-metadata/foreign", test_foreign);
    g_test_add_func("/vm-metadata/damaged", test_damaged);
    g_test_add_func("/vm-metadata/generation-ids", test_generation_ids);
    return g_test_run();
}
