/* core/oplock.c and the rules behind it: what may run beside what, and what clients are told. */
#include "core/oplock.h"

#include "gen/db_sm.h"
#include "gen/db_sr.h"
#include "gen/db_vbd.h"
#include "gen/db_vdi.h"
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

/* What clients would be told. (owned) */
static Value *allowed_of(OperationSubject *subject)
{
    Writer writer;
    writer_init_tree(&writer);
    oplock_write_allowed(&writer, subject);
    return writer_end(&writer);
}

static bool has(const Value *allowed, const char *op)
{
    for (unsigned i = 0; i < value_count(allowed); i++) {
        if (strcmp(value_string(value_at(allowed, i)), op) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_allowed(Fixture *fixture, const char *op)
{
    g_autoptr(DbSnapshot) snapshot = db_snapshot(fixture->db);
    const DbView *view = db_snapshot_view(snapshot);
    OperationSubject subject;
    operation_subject_init(&subject, view);
    operation_subject_take(&subject, db_find(view, CLASS_VM, fixture->vm.id));
    g_autoptr(Value) allowed = allowed_of(&subject);
    return has(allowed, op);
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

static SrRef create_sr(DbTxn *txn, const char *type, const char *feature)
{
    SrRef sr = db_sr_create(txn);
    SmRef sm = db_sm_create(txn);
    Value *features = value_new_struct(1);
    value_struct_add(features, feature, value_new_int(1));
    db_sr_set_type(txn, sr, type);
    db_sm_set_type(txn, sm, type);
    db_sm_set_features(txn, sm, features);
    return sr;
}

static VdiRef create_vdi(DbTxn *txn, SrRef sr)
{
    VdiRef vdi = db_vdi_create(txn);
    db_vdi_set_sr(txn, vdi, sr);
    return vdi;
}

/* A subject goes on to the next object and brings nothing along but what still holds. */
static void test_one_subject_for_many(Fixture *fixture, gconstpointer data)
{
    (void)data;
    DbTxn *txn = db_begin(fixture->db);
    SrRef resizing = create_sr(txn, "a", "VDI_RESIZE");
    SrRef deleting = create_sr(txn, "b", "VDI_DELETE");
    SrRef scanning = create_sr(txn, "c", "SR_SCAN");
    const struct {
        uint16_t class_id;
        Uuid ref;
        bool resizes, destroys;
    } steps[] = {
        {CLASS_VDI, create_vdi(txn, resizing).id, true, false},
        {CLASS_VDI, create_vdi(txn, resizing).id, true, false},
        {CLASS_VDI, create_vdi(txn, deleting).id, false, true},
        {CLASS_SR, deleting.id, false, false},
        {CLASS_VDI, create_vdi(txn, deleting).id, false, true},
        {CLASS_VDI, create_vdi(txn, scanning).id, false, false},
        {CLASS_VDI, create_vdi(txn, (SrRef){{{0}}}).id, false, false},
        {CLASS_VM, fixture->vm.id, false, true},
        {CLASS_VDI, create_vdi(txn, resizing).id, true, false},
    };
    g_assert_true(db_commit(txn, NULL));
    g_autoptr(DbSnapshot) snapshot = db_snapshot(fixture->db);
    const DbView *view = db_snapshot_view(snapshot);
    OperationSubject subject;
    operation_subject_init(&subject, view);
    for (size_t i = 0; i < G_N_ELEMENTS(steps); i++) {
        operation_subject_take(&subject, db_find(view, steps[i].class_id, steps[i].ref));
        g_autoptr(Value) allowed = allowed_of(&subject);
        g_test_message("step %zu", i);
        g_assert_true(has(allowed, "resize") == steps[i].resizes);
        g_assert_true(has(allowed, "destroy") == steps[i].destroys);
    }
}

/* Whoever does not ask for the reason gets the same answer, before and after one who does. */
static void assert_same_answer(const DbView *view, const DbObject *object)
{
    OperationSubject subject;
    operation_subject_init(&subject, view);
    const OperationClass *of = &operation_classes[db_object_class(object)];
    for (unsigned i = 0; i < of->rule_count; i++) {
        g_autoptr(Err) err = NULL;
        operation_subject_take(&subject, object);
        bool first = operation_check(&subject, &of->rules[i], NULL);
        bool loud = operation_check(&subject, &of->rules[i], &err);
        bool last = operation_check(&subject, &of->rules[i], NULL);
        g_test_message("%s", of->rules[i].op);
        g_assert_true(first == loud && last == loud);
        g_assert_true((err == NULL) == loud);
    }
}

static void test_reason_changes_nothing(Fixture *fixture, gconstpointer data)
{
    (void)data;
    DbTxn *txn = db_begin(fixture->db);
    SrRef sr = create_sr(txn, "a", "VDI_RESIZE");
    VdiRef vdi = create_vdi(txn, sr);
    VbdRef vbd = db_vbd_create(txn);
    db_vbd_set_vm(txn, vbd, fixture->vm);
    db_vbd_set_vdi(txn, vbd, vdi);
    g_assert_true(db_commit(txn, NULL));
    for (int state = 0; state < VM_POWER_STATE_COUNT; state++) {
        set_state(fixture, (VmPowerState)state);
        for (unsigned kind = 0; kind < 8; kind++) {
            txn = db_begin(fixture->db);
            db_vm_set_is_a_template(txn, fixture->vm, kind & 1);
            db_vm_set_is_a_snapshot(txn, fixture->vm, kind & 2);
            db_vm_set_is_control_domain(txn, fixture->vm, kind & 4);
            db_vbd_set_currently_attached(txn, vbd, kind & 1);
            db_vbd_set_empty(txn, vbd, kind & 2);
            db_vm_set_platform_key(txn, fixture->vm, "nomigrate", kind & 4 ? "true" : NULL);
            g_assert_true(db_commit(txn, NULL));
            g_autoptr(DbSnapshot) snapshot = db_snapshot(fixture->db);
            const DbView *view = db_snapshot_view(snapshot);
            assert_same_answer(view, db_find(view, CLASS_VM, fixture->vm.id));
            assert_same_answer(view, db_find(view, CLASS_VBD, vbd.id));
            assert_same_answer(view, db_find(view, CLASS_VDI, vdi.id));
            assert_same_answer(view, db_find(view, CLASS_SR, sr.id));
        }
    }
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
        {"/oplock/one-subject-for-many", test_one_subject_for_many},
        {"/oplock/reason-changes-nothing", test_reason_changes_nothing},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_test_add(tests[i].path, Fixture, NULL, set_up, tests[i].func, tear_down);
    }
    g_test_add_func("/oplock/rules-are-complete", test_rules_are_complete);
    return g_test_run();
}
