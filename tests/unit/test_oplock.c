/* core/oplock.c and the rules behind it: what may run beside what, and what clients are told. */
#include "core/oplock.h"

#include "core/operation_check.h"
#include "gen/db_vm.h"

typedef struct Fixture {
    Db *db;
    VmRef vm;
    Call call;
} Fixture;

static void set_up(Fixture *fixture, gconstpointer data)
{
    (void)data;
    DbBackend backend = db_backend_none();
    fixture->db = db_open(&model_schema, &backend, NULL);
    DbTxn *txn = db_begin(fixture->db);
    fixture->vm = db_vm_create(txn);
    g_assert_true(db_commit(txn, NULL));
    fixture->call = (Call){.db = fixture->db, .task = {{7}}};
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
    (void)data;
    db_close(fixture->db);
}

static void set_state(Fixture *fixture, VmPowerState state)
{
    DbTxn *txn = db_begin(fixture->db);
    db_vm_set_power_state(txn, fixture->vm, state);
    g_assert_true(db_commit(txn, NULL));
}

static bool take(Fixture *fixture, const char *op, Err **err)
{
    return oplock_take_one(&fixture->call, CLASS_VM, fixture->vm.id, op, err);
}

static void release(Fixture *fixture, const char *op)
{
    oplock_release_one(&fixture->call, CLASS_VM, fixture->vm.id, op);
}

/* Must be refused with this, in the form of err_to_string(); $VM stands for the VM. */
static void assert_refused(Fixture *fixture, const char *op, const char *expected)
{
    g_autoptr(Err) err = NULL;
    g_assert_false(take(fixture, op, &err));
    g_autofree char *actual = err_to_string(err);
    g_auto(GStrv) parts = g_strsplit(expected, "$VM", -1);
    g_autofree char *text = g_strjoinv(REF_TEXT(fixture->vm.id), parts);
    g_assert_cmpstr(actual, ==, text);
}

/* The field current_operations. (owned) */
static Value *current(Fixture *fixture)
{
    g_autoptr(DbSnapshot) snapshot = db_snapshot(fixture->db);
    return value_ref((Value *)db_vm_current_operations(db_snapshot_view(snapshot), fixture->vm));
}

static bool is_allowed(Fixture *fixture, const char *op)
{
    g_autoptr(DbSnapshot) snapshot = db_snapshot(fixture->db);
    const DbView *view = db_snapshot_view(snapshot);
    g_autoptr(Value) allowed = oplock_allowed(view, db_find(view, CLASS_VM, fixture->vm.id));
    for (unsigned i = 0; i < value_count(allowed); i++) {
        if (strcmp(value_string(value_at(allowed, i)), op) == 0) {
            return true;
        }
    }
    return false;
}

static void test_take_and_release(Fixture *fixture, gconstpointer data)
{
    (void)data;
    g_assert_true(take(fixture, "start", NULL));
    g_autoptr(Value) during = current(fixture);
    g_assert_cmpuint(value_count(during), ==, 1);
    g_assert_cmpstr(value_get_string(during, REF_TEXT(fixture->call.task)), ==, "start");
    release(fixture, "start");
    g_autoptr(Value) after = current(fixture);
    g_assert_cmpuint(value_count(after), ==, 0);
}

static void test_state(Fixture *fixture, gconstpointer data)
{
    (void)data;
    assert_refused(fixture, "pause", "VM_BAD_POWER_STATE: [ $VM; running; halted ]");
    assert_refused(fixture, "hard_reboot", "VM_BAD_POWER_STATE: [ $VM; paused, running; halted ]");
    set_state(fixture, VM_POWER_STATE_RUNNING);
    assert_refused(fixture, "start", "VM_BAD_POWER_STATE: [ $VM; halted; running ]");
    g_assert_true(take(fixture, "pause", NULL));
}

static void test_other_operation(Fixture *fixture, gconstpointer data)
{
    (void)data;
    g_assert_true(take(fixture, "start", NULL));
    g_autofree char *expected = g_strdup_printf(
        "OTHER_OPERATION_IN_PROGRESS: [ VM; $VM; start; %s ]", REF_TEXT(fixture->call.task));
    fixture->call.task = (Uuid){{8}};
    assert_refused(fixture, "start", expected);
    assert_refused(fixture, "destroy", expected);
    assert_refused(fixture, "clone", expected);
}

static void test_beside(Fixture *fixture, gconstpointer data)
{
    (void)data;
    g_assert_true(take(fixture, "clone", NULL));
    fixture->call.task = (Uuid){{8}};
    g_assert_true(take(fixture, "copy", NULL));
    fixture->call.task = (Uuid){{9}};
    g_assert_false(take(fixture, "start", NULL));
    release(fixture, "start"); /* it holds nothing */
    g_autoptr(Value) both = current(fixture);
    g_assert_cmpuint(value_count(both), ==, 2);
}

static void test_hard_shutdown_interrupts(Fixture *fixture, gconstpointer data)
{
    (void)data;
    set_state(fixture, VM_POWER_STATE_RUNNING);
    g_assert_true(take(fixture, "clean_shutdown", NULL));
    fixture->call.task = (Uuid){{8}};
    g_assert_true(take(fixture, "hard_shutdown", NULL));
    fixture->call.task = (Uuid){{9}};
    g_assert_false(take(fixture, "hard_shutdown", NULL));
    g_assert_false(take(fixture, "hard_reboot", NULL));
}

static void test_order_of_checks(Fixture *fixture, gconstpointer data)
{
    (void)data;
    DbTxn *txn = db_begin(fixture->db);
    Value *blocked = value_new_struct(1);
    value_struct_add(blocked, "pause", value_new_string("because"));
    db_vm_set_blocked_operations(txn, fixture->vm, blocked);
    db_vm_set_is_a_template(txn, fixture->vm, true);
    g_assert_true(db_commit(txn, NULL));
    /* blocked before state, state before other operations, those before templates */
    assert_refused(fixture, "pause", "OPERATION_BLOCKED: [ $VM; because ]");
    assert_refused(fixture, "unpause", "VM_BAD_POWER_STATE: [ $VM; paused; halted ]");
    assert_refused(fixture, "start", "VM_IS_TEMPLATE: [ $VM; start ]");
    g_assert_true(take(fixture, "provision", NULL));
    g_autoptr(Err) err = NULL;
    g_assert_false(take(fixture, "start", &err));
    g_assert_true(err_is(err, "OTHER_OPERATION_IN_PROGRESS"));
}

static void test_unknown(Fixture *fixture, gconstpointer data)
{
    (void)data;
    g_autoptr(Err) err = NULL;
    g_assert_false(oplock_take_one(&fixture->call, CLASS_VM, (Uuid){{3}}, "start", &err));
    g_assert_true(err_is(err, "HANDLE_INVALID"));
    g_autoptr(Err) no_rule = NULL;
    g_assert_false(take(fixture, "dance", &no_rule));
    g_assert_true(err_is(no_rule, "INTERNAL_ERROR"));
}

/* All operations of a message or none. */
static void test_all_or_none(Fixture *fixture, gconstpointer data)
{
    (void)data;
    fixture->call.method = method_find("VM.start", strlen("VM.start"));
    g_autoptr(Value) vm = value_new_ref(fixture->vm.id);
    g_autoptr(Value) no = value_new_bool(false);
    Value *const args[] = {vm, no, no};
    g_assert_true(oplock_take(&fixture->call, args, NULL));
    g_autoptr(Value) during = current(fixture);
    g_assert_cmpuint(value_count(during), ==, 1);
    g_assert_false(oplock_take(&fixture->call, args, NULL));
    oplock_release(&fixture->call, args);
    g_autoptr(Value) after = current(fixture);
    g_assert_cmpuint(value_count(after), ==, 0);
}

static void test_allowed(Fixture *fixture, gconstpointer data)
{
    (void)data;
    g_assert_true(is_allowed(fixture, "start"));
    g_assert_false(is_allowed(fixture, "pause"));
    g_assert_false(is_allowed(fixture, "power_state_reset")); /* never listed */
    g_assert_true(take(fixture, "start", NULL));
    g_assert_false(is_allowed(fixture, "start"));
}

static void test_recover(Fixture *fixture, gconstpointer data)
{
    (void)data;
    g_assert_true(take(fixture, "start", NULL));
    oplock_recover(fixture->db);
    g_autoptr(Value) after = current(fixture);
    g_assert_cmpuint(value_count(after), ==, 0);
    g_assert_true(take(fixture, "start", NULL));
}

/* Every operation that some message takes has a rule, on a class that can hold it. */
static void test_rules_are_complete(void)
{
    for (size_t i = 0; i < method_count; i++) {
        for (unsigned j = 0; j < method_table[i].operation_count; j++) {
            const MethodOperation *operation = &method_table[i].operations[j];
            if (!operation_find_rule(operation->class_id, operation->op)) {
                g_error("%s: no rule for %s", method_table[i].name, operation->op);
            }
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    static const struct {
        const char *path;
        void (*func)(Fixture *fixture, gconstpointer data);
    } tests[] = {
        {"/oplock/take-and-release", test_take_and_release},
        {"/oplock/state", test_state},
        {"/oplock/other-operation", test_other_operation},
        {"/oplock/beside", test_beside},
        {"/oplock/hard-shutdown-interrupts", test_hard_shutdown_interrupts},
        {"/oplock/order-of-checks", test_order_of_checks},
        {"/oplock/unknown", test_unknown},
        {"/oplock/all-or-none", test_all_or_none},
        {"/oplock/allowed", test_allowed},
        {"/oplock/recover", test_recover},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_test_add(tests[i].path, Fixture, NULL, set_up, tests[i].func, tear_down);
    }
    g_test_add_func("/oplock/rules-are-complete", test_rules_are_complete);
    return g_test_run();
}
