/* The real model in the real store: every class can be created with its defaults, and the typed
 * access that is generated for it reads and writes what it says. */
#include "gen/db_sr.h"
#include "gen/db_vbd.h"
#include "gen/db_vdi.h"
#include "gen/db_vm.h"

static Db *open_db(void)
{
    DbBackend backend = db_backend_none();
    Db *db = db_open(&model_schema, &backend, NULL);
    g_assert_nonnull(db);
    return db;
}

static void test_every_class_has_good_defaults(void)
{
    g_autoptr(Db) db = open_db();
    DbTxn *txn = db_begin(db);
    for (uint16_t id = 0; id < model_schema.class_count; id++) {
        const DbClass *class_info = &model_schema.classes[id];
        Uuid ref = uuid_generate();
        db_create(txn, id, ref, uuid_generate());
        const DbObject *object = db_find(db_txn_view(txn), id, ref);
        g_autoptr(Value) record = db_object_record(&model_schema, object, 0, NULL);
        for (uint16_t f = 0; f < class_info->field_count; f++) {
            const DbField *field = &class_info->fields[f];
            Value *value = db_object_get(object, f);
            g_autoptr(Err) err = NULL;
            g_autoptr(Value) again =
                type_coerce(&model_schema, field->type, value, field->name, &err);
            g_assert_null(err);
            g_assert_true(value_equal(value, again));
            bool in_record = !(field->flags & (DB_FIELD_INTERNAL | DB_FIELD_REMOVED));
            g_assert_true((value_get(record, field->name) != NULL) == in_record);
        }
    }
    db_abort(txn);
}

static void test_scalars(void)
{
    g_autoptr(Db) db = open_db();
    DbTxn *txn = db_begin(db);
    const DbView *view = db_txn_view(txn);
    VmRef vm = db_vm_create(txn);
    g_assert_true(db_vm_exists(view, vm));
    g_assert_cmpint(db_vm_power_state(view, vm), ==, VM_POWER_STATE_HALTED);
    db_vm_set_name_label(txn, vm, "web");
    db_vm_set_power_state(txn, vm, VM_POWER_STATE_RUNNING);
    db_vm_set_memory_target(txn, vm, 1 << 30);
    db_vm_set_is_a_template(txn, vm, true);
    db_vm_set_snapshot_time(txn, vm, 1700000000);
    db_vm_set_hvm_shadow_multiplier(txn, vm, 1.5);
    view = db_txn_view(txn);
    g_assert_cmpstr(db_vm_name_label(view, vm), ==, "web");
    g_assert_cmpint(db_vm_power_state(view, vm), ==, VM_POWER_STATE_RUNNING);
    g_assert_cmpint(db_vm_memory_target(view, vm), ==, 1 << 30);
    g_assert_true(db_vm_is_a_template(view, vm));
    g_assert_cmpint(db_vm_snapshot_time(view, vm), ==, 1700000000);
    g_assert_cmpfloat(db_vm_hvm_shadow_multiplier(view, vm), ==, 1.5);
    VmRef found = db_vm_by_uuid(view, db_vm_uuid(view, vm));
    g_assert_true(vm_ref_equal(found, vm));
    g_assert_true(vm_ref_is_null(db_vm_by_uuid(view, "no uuid")));
    g_assert_cmpuint(db_vm_count(view), ==, 1);
    db_vm_delete(txn, vm);
    g_assert_false(db_vm_exists(db_txn_view(txn), vm));
    db_abort(txn);
}

static void test_maps_and_sets(void)
{
    g_autoptr(Db) db = open_db();
    DbTxn *txn = db_begin(db);
    VmRef vm = db_vm_create(txn);
    db_vm_set_other_config_key(txn, vm, "folder", "/a");
    db_vm_add_tags(txn, vm, "red");
    db_vm_add_tags(txn, vm, "red");
    db_vm_add_tags(txn, vm, "blue");
    db_vm_remove_tags(txn, vm, "red");
    const DbView *view = db_txn_view(txn);
    g_assert_cmpstr(db_vm_other_config_get(view, vm, "folder"), ==, "/a");
    g_assert_cmpuint(value_count(db_vm_tags(view, vm)), ==, 1);
    db_vm_set_other_config_key(txn, vm, "folder", NULL);
    g_assert_null(db_vm_other_config_get(db_txn_view(txn), vm, "folder"));
    db_abort(txn);
}

static void test_relations(void)
{
    g_autoptr(Db) db = open_db();
    DbTxn *txn = db_begin(db);
    VmRef vm = db_vm_create(txn);
    VbdRef vbd = db_vbd_create(txn);
    VdiRef vdi = db_vdi_create(txn);
    SrRef sr = db_sr_create(txn);
    db_vbd_set_vm(txn, vbd, vm);
    db_vbd_set_vdi(txn, vbd, vdi);
    db_vdi_set_sr(txn, vdi, sr);
    const DbView *view = db_txn_view(txn);
    g_assert_true(vm_ref_equal(db_vbd_vm(view, vbd), vm));
    g_assert_cmpuint(db_vm_vbds_count(view, vm), ==, 1);
    g_assert_true(vbd_ref_equal(db_vm_vbds_at(view, vm, 0), vbd));
    g_assert_cmpuint(db_sr_vdis_count(view, sr), ==, 1);
    g_autoptr(GArray) vbds = db_vdi_vbds_array(view, vdi);
    db_vbd_delete(txn, g_array_index(vbds, VbdRef, 0));
    g_assert_cmpuint(db_vm_vbds_count(db_txn_view(txn), vm), ==, 0);
    db_abort(txn);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/model_db/defaults", test_every_class_has_good_defaults);
    g_test_add_func("/model_db/scalars", test_scalars);
    g_test_add_func("/model_db/maps_and_sets", test_maps_and_sets);
    g_test_add_func("/model_db/relations", test_relations);
    return g_test_run();
}
