/* db/plan_text.c: a record as a text is what its Value is written as, whatever differs from the
 * defaults. */
#include "store_fixture.h"
#include "wire/json.h"

static void append_other(GString *out, void *user)
{
    const WireForm *form = user;
    g_autoptr(Value) other = value_new_string("other");
    form->append_value(out, other);
}

static void assert_text(Db *db, Uuid ref, uint16_t other_field, bool has_other)
{
    g_autoptr(DbSnapshot) snapshot = db_snapshot(db);
    const DbView *view = db_snapshot_view(snapshot);
    const DbObject *vm = db_find(view, CLASS_VM, ref);
    g_autoptr(Value) record = db_object_record(&test_schema, vm, other_field,
                                               has_other ? value_new_string("other") : NULL);
    for (unsigned i = 0; i < WIRE_FORM_COUNT; i++) {
        g_autoptr(GString) expected = g_string_new("before");
        g_autoptr(GString) text = g_string_new("before");
        wire_forms[i].append_value(expected, record);
        db_append_record(text, &wire_forms[i], view, vm, other_field,
                         has_other ? append_other : NULL, (void *)&wire_forms[i]);
        g_assert_cmpstr(text->str, ==, expected->str);
    }
}

/* Another value than the default, for each field that can be set. */
static const char *const changed[VM_FIELD_COUNT] = {
    [VM_UUID] = "\"u\"",
    [VM_NAME] = "\"<\\\"&\\\\ \xc3\xa9\\n\"",
    [VM_MEMORY] = "-5",
    [VM_CONFIG] = "{\"a<\\\"\": \"b\\\\\"}",
    [VM_TAGS] = "[\"tag\"]",
    [VM_POWER] = "\"Running\"",
    [VM_SNAPSHOT_OF] = "\"OpaqueRef:00000000-0000-0000-0000-000000000002\"",
    [VM_PROGRESS] = "0.25",
    [VM_PASSWORD] = "\"p\"",
    [VM_HIDDEN] = "\"h\"",
    [VM_GONE] = "\"g\"",
    [VM_LIMIT] = "7",
    [VM_STARTED] = "\"20240131T09:08:07Z\"",
};

static bool may_be_set(uint16_t field_id)
{
    return changed[field_id] != NULL;
}

static void change(Db *db, uint16_t field_id)
{
    g_autoptr(Value) parsed = json_parse(changed[field_id], strlen(changed[field_id]), NULL);
    Value *value = type_coerce(&test_schema, vm_fields[field_id].type, parsed, "the value", NULL);
    g_assert_nonnull(value);
    DbTxn *txn = db_begin(db);
    db_set(txn, CLASS_VM, test_ref(1), field_id, value);
    test_commit(txn);
}

static Db *open_with_vm(void)
{
    Db *db = test_open_none();
    DbTxn *txn = db_begin(db);
    db_create(txn, CLASS_VM, test_ref(1), (Uuid){{9}});
    test_commit(txn);
    return db;
}

static void test_one_field(void)
{
    for (uint16_t f = 0; f < VM_FIELD_COUNT; f++) {
        g_autoptr(Db) db = open_with_vm();
        assert_text(db, test_ref(1), 0, false);
        if (may_be_set(f)) {
            change(db, f);
            assert_text(db, test_ref(1), 0, false);
        }
    }
}

static void test_all_fields(void)
{
    g_autoptr(Db) db = open_with_vm();
    for (uint16_t f = 0; f < VM_FIELD_COUNT; f++) {
        if (may_be_set(f)) {
            change(db, f);
            assert_text(db, test_ref(1), 0, false);
        }
    }
}

/* The field left to the caller, at its default and not; one that is not shown is not asked for. */
static void test_other_field(void)
{
    for (uint16_t f = 0; f < VM_FIELD_COUNT; f++) {
        g_autoptr(Db) db = open_with_vm();
        assert_text(db, test_ref(1), f, true);
        change(db, VM_NAME);
        change(db, VM_STARTED);
        assert_text(db, test_ref(1), f, true);
    }
}

/* A derived set, and a value that became the default again without being the same Value. */
static void test_sets_and_returns(void)
{
    g_autoptr(Db) db = open_with_vm();
    DbTxn *txn = db_begin(db);
    db_create(txn, CLASS_VBD, test_ref(3), (Uuid){{10}});
    db_set(txn, CLASS_VBD, test_ref(3), VBD_VM, value_new_ref(test_ref(1)));
    db_set(txn, CLASS_VM, test_ref(1), VM_MEMORY, value_new_int(1));
    db_set(txn, CLASS_VM, test_ref(1), VM_MEMORY, value_new_int(1024));
    test_commit(txn);
    assert_text(db, test_ref(1), 0, false);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/plan_text/one-field", test_one_field);
    g_test_add_func("/plan_text/all-fields", test_all_fields);
    g_test_add_func("/plan_text/other-field", test_other_field);
    g_test_add_func("/plan_text/sets-and-returns", test_sets_and_returns);
    return g_test_run();
}
