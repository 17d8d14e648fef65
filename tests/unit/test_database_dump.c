/* database_dump.c: columns, values, and a dump of a small database. */
#include "ops/pool/database_dump.h"
#include "ops/stored_form.h"

#include "gen/db_secret.h"
#include "gen/db_vm.h"

static void test_columns(void)
{
    static const char *const cases[][3] = {
        {"VM", "name_label", "name__label"},
        {"VM", "memory_static_max", "memory__static_max"},
        {"VM", "actions_after_shutdown", "actions__after_shutdown"},
        {"VM", "uuid", "uuid"},
        {"VM_guest_metrics", "PV_drivers_version", "PV_drivers_version"},
        {"host", "API_version_major", "API_version__major"},
        {"host", "memory_overhead", "memory__overhead"},
        {"pool", "name_label", "name_label"},
        {"VBD", "qos_algorithm_type", "qos__algorithm_type"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *column = stored_form_name(cases[i][0], cases[i][1]);
        g_assert_cmpstr(column, ==, cases[i][2]);
    }
}

static void expect_value(Value *value, const char *expected)
{
    g_autoptr(Value) owned = value;
    g_autofree char *text = database_dump_value(owned);
    g_assert_cmpstr(text, ==, expected);
}

static void test_values(void)
{
    expect_value(value_new_string("a b  c   \t\n\r%"), "a b%_c%_ %t%n%r%%");
    expect_value(value_new_int(-5), "-5");
    expect_value(value_new_float(0.5), "0.5");
    expect_value(value_new_bool(true), "true");
    expect_value(value_new_datetime(0), "19700101T00:00:00Z");
    expect_value(value_new_ref((Uuid){{0}}), "OpaqueRef:NULL");
    expect_value(value_new_array(0), "()");
    Value *set = value_new_array(2);
    value_array_add(set, value_new_string("a"));
    value_array_add(set, value_new_string("it's \\ %"));
    expect_value(set, "('a' 'it\\'s \\\\ %%')");
    Value *map = value_new_struct(2);
    value_struct_add(map, "k", value_new_string("v"));
    value_struct_add(map, "n", value_new_int(2));
    expect_value(map, "(('k' 'v') ('n' '2'))");
}

static void test_dump(void)
{
    DbBackend backend = db_backend_none();
    g_autoptr(Db) db = db_open(&model_schema, &backend, NULL);
    DbTxn *txn = db_begin(db);
    VmRef vm = db_vm_create(txn);
    db_vm_set_name_label(txn, vm, "<\"one\" & 'two'>");
    g_assert_true(db_commit(txn, NULL));
    {
        g_autoptr(DbSnapshot) snapshot = db_snapshot(db);
        g_autoptr(GString) out = g_string_new(NULL);
        database_dump_head(out, db_snapshot_view(snapshot));
        database_dump_table(out, db_snapshot_view(snapshot), CLASS_VM);
        database_dump_table(out, db_snapshot_view(snapshot), CLASS_SESSION);
        database_dump_tail(out);
        g_assert_true(g_str_has_prefix(out->str, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                                                 "<database><manifest><pair key="));
        g_assert_nonnull(strstr(out->str, " name__label=\"&lt;&quot;one&quot; &amp; "
                                          "&apos;two&apos;&gt;\""));
        g_assert_nonnull(strstr(out->str, " power_state=\"Halted\""));
        g_assert_null(strstr(out->str, "VBDs="));
        g_assert_null(strstr(out->str, "allowed_operations="));
        g_assert_true(g_str_has_suffix(out->str, "<table name=\"session\"></table></database>"));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/database-dump/columns", test_columns);
    g_test_add_func("/database-dump/values", test_values);
    g_test_add_func("/database-dump/dump", test_dump);
    return g_test_run();
}
