/* What keeps two pieces of work off one disk: claims of VMs, operations, merges in the background,
 * and scans beside all of them.  The repository is the fake one with hooks in front. */
#include "core/dispatch.h"
#include "gen/db_vbd.h"
#include "gen/db_vdi.h"
#include "host_fixture.h"
#include "ops/vdi/vdi_merge.h"
#include "storage/sr_fail.h"

#define PATIENCE (60 * G_USEC_PER_SEC)

typedef struct Fixture {
    HostFixture host;
    SrDriver driver; /* the fake one with the hooks below */
    SrRef sr;
} Fixture;

/* What the hooks do and saw. */
static struct {
    Fixture *fixture;
    GMutex mutex;
    GCond cond;
    bool hold_merges; /* until they are cancelled */
    unsigned scans, begun, ended, cancelled;
    bool merged_attached; /* a disk that a VM had */
    bool create_in_scan;
    bool damage_in_scan;
    int clones_left; /* until one fails; negative: none does */
} hooks;

static VdiRef create_disk(Fixture *fixture)
{
    g_autoptr(Value) vdi = host_fixture_call(
        &fixture->host, "VDI.create",
        "{\"SR\": \"%s\", \"virtual_size\": 1048576, \"type\": \"user\", \"name_label\": \"disk\", "
        "\"name_description\": \"\", \"sharable\": false, \"read_only\": false, "
        "\"other_config\": {}}",
        REF_TEXT(fixture->sr.id));
    return (VdiRef){value_uuid(vdi)};
}

static VdiRef duplicate(Fixture *fixture, const char *method, VdiRef vdi)
{
    g_autoptr(Value) copy =
        host_fixture_call(&fixture->host, method, "\"%s\", {}", REF_TEXT(vdi.id));
    return (VdiRef){value_uuid(copy)};
}

static bool is_attached(const char *location)
{
    Uuid uuid;
    g_autoptr(DbSnapshot) snapshot = db_snapshot(hooks.fixture->host.db);
    const DbView *view = db_snapshot_view(snapshot);
    g_assert_true(uuid_parse(location, &uuid));
    VdiRef vdi = {db_object_ref_id(db_find_by_uuid(view, CLASS_VDI, uuid))};
    bool attached = false;
    for (unsigned i = 0; i < db_vdi_vbds_count(view, vdi); i++) {
        attached |= db_vbd_currently_attached(view, db_vdi_vbds_at(view, vdi, i));
    }
    return attached;
}

static bool merge_hook(Op *op, Sr *sr, const char *location, SrVdi *ret_vdi, Err **err)
{
    bool attached = is_attached(location);
    g_mutex_lock(&hooks.mutex);
    hooks.merged_attached |= attached;
    hooks.begun++;
    g_cond_broadcast(&hooks.cond);
    while (hooks.hold_merges && op_wait(op, &hooks.cond, &hooks.mutex, NULL)) {
    }
    g_mutex_unlock(&hooks.mutex);
    bool cancelled = !op_check(op, err);
    bool ok = !cancelled && sr_fake_driver.vdi_coalesce(op, sr, location, ret_vdi, err);
    g_mutex_lock(&hooks.mutex);
    hooks.ended++;
    hooks.cancelled += cancelled;
    g_cond_broadcast(&hooks.cond);
    g_mutex_unlock(&hooks.mutex);
    return ok;
}

static GArray *scan_hook(Op *op, Sr *sr, Err **err)
{
    GArray *images = sr_fake_driver.scan(op, sr, err);
    g_mutex_lock(&hooks.mutex);
    hooks.scans++;
    g_cond_broadcast(&hooks.cond);
    g_mutex_unlock(&hooks.mutex);
    if (hooks.create_in_scan) {
        hooks.create_in_scan = false;
        create_disk(hooks.fixture);
    }
    for (guint i = 0; hooks.damage_in_scan && i < images->len; i++) {
        SrVdi *image = &g_array_index(images, SrVdi, i);
        image->damaged = true;
        image->virtual_size = 0;
    }
    return images;
}

static bool clone_hook(Op *op, Sr *sr, const char *location, Uuid copy, bool read_only,
                       SrVdi *ret_source, SrVdi *ret_copy, SrVdi *ret_parent, Err **err)
{
    if (hooks.clones_left == 0) {
        return sr_fail(err, SR_FAIL_VDI_CLONE, "no more clones");
    }
    hooks.clones_left--;
    return sr_fake_driver.vdi_clone(op, sr, location, copy, read_only, ret_source, ret_copy,
                                    ret_parent, err);
}

/* Puts the hooks between the repository and who uses it. */
static void hook_repository(Fixture *fixture)
{
    SrTable *table = platform_srs(fixture->host.platform);
    g_autoptr(Value) text =
        host_fixture_call(&fixture->host, "SR.get_uuid", "\"%s\"", REF_TEXT(fixture->sr.id));
    Uuid uuid;
    g_assert_true(uuid_parse(value_string(text), &uuid));
    g_auto(SrTurn) turn = {0};
    g_assert_true(sr_table_take_turn(table, core_op(fixture->host.core), uuid, &turn, NULL));
    g_auto(SrUse) use = {0};
    g_assert_true(sr_table_use(table, uuid, &use));
    fixture->driver = sr_fake_driver;
    fixture->driver.vdi_coalesce = merge_hook;
    fixture->driver.scan = scan_hook;
    fixture->driver.vdi_clone = clone_hook;
    sr_turn_set_attached(&turn, &fixture->driver, use.sr);
}

static void set_up(Fixture *fixture, gconstpointer data)
{
    (void)data;
    memset(&hooks, 0, sizeof hooks);
    hooks.fixture = fixture;
    hooks.clones_left = -1;
    host_fixture_set_up(&fixture->host);
    g_autoptr(Value) sr = host_fixture_call(
        &fixture->host, "SR.create", "\"%s\", {}, 0, \"disks\", \"\", \"fake\", \"\", false, {}",
        HOST_REF(&fixture->host));
    fixture->sr = (SrRef){value_uuid(sr)};
    hook_repository(fixture);
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
    (void)data;
    host_fixture_tear_down(&fixture->host);
}

static void create_vbd(Fixture *fixture, Uuid vm, VdiRef vdi, const char *mode)
{
    host_fixture_run(
        &fixture->host, "VBD.create",
        "{\"VM\": \"%s\", \"VDI\": \"%s\", \"userdevice\": \"autodetect\", \"bootable\": false, "
        "\"mode\": \"%s\", \"type\": \"Disk\", \"empty\": false, \"other_config\": {}, "
        "\"qos_algorithm_type\": \"\", \"qos_algorithm_params\": {}}",
        REF_TEXT(vm), REF_TEXT(vdi.id), mode);
}

/* A VM that is halted and has the disk. */
static Uuid create_vm(Fixture *fixture, VdiRef vdi, const char *mode)
{
    g_autoptr(Value) templates =
        host_fixture_call(&fixture->host, "VM.get_by_name_label", "\"Other install media\"");
    g_autoptr(Value) vm = host_fixture_call(&fixture->host, "VM.clone", "\"%s\", \"guest\"",
                                            REF_TEXT(value_uuid(value_at(templates, 0))));
    Uuid ref = value_uuid(vm);
    host_fixture_run(&fixture->host, "VM.provision", "\"%s\"", REF_TEXT(ref));
    create_vbd(fixture, ref, vdi, mode);
    return ref;
}

static void start_vm(Fixture *fixture, Uuid vm)
{
    host_fixture_run(&fixture->host, "VM.start", "\"%s\", false, false", REF_TEXT(vm));
}

/* Waits until a hook has counted so far. */
static void wait_for(const unsigned *count, unsigned expected)
{
    gint64 deadline = g_get_monotonic_time() + PATIENCE;
    g_mutex_lock(&hooks.mutex);
    while (*count < expected) {
        g_assert_true(g_cond_wait_until(&hooks.cond, &hooks.mutex, deadline));
    }
    g_mutex_unlock(&hooks.mutex);
}

/* A disk whose only copy was destroyed: its chain can be merged, and that has begun. */
static VdiRef create_merging(Fixture *fixture, bool hold)
{
    hooks.hold_merges = hold;
    VdiRef vdi = create_disk(fixture);
    VdiRef copy = duplicate(fixture, "VDI.clone", vdi);
    host_fixture_run(&fixture->host, "VDI.destroy", "\"%s\"", REF_TEXT(copy.id));
    wait_for(hold ? &hooks.begun : &hooks.ended, 1);
    return vdi;
}

static unsigned count_disks(Fixture *fixture)
{
    g_autoptr(DbSnapshot) snapshot = db_snapshot(fixture->host.db);
    return db_count(db_snapshot_view(snapshot), CLASS_VDI);
}

static void assert_merges_given_up(unsigned expected)
{
    g_mutex_lock(&hooks.mutex);
    g_assert_cmpuint(hooks.cancelled, ==, expected);
    g_mutex_unlock(&hooks.mutex);
}

/* Returns when its objects are written. */
static bool await_merge(Call *call, void *vdi, Err **err)
{
    return vdi_merge_stop(call, *(VdiRef *)vdi, err);
}

static void test_merge(Fixture *fixture, gconstpointer data)
{
    (void)data;
    VdiRef vdi = create_merging(fixture, false);
    g_assert_true(core_run_internal(fixture->host.core, "end of a merge", await_merge, &vdi, NULL));
    host_fixture_answers(&fixture->host, "\"OpaqueRef:NULL\"", "VDI.get_parent", "\"%s\"",
                         REF_TEXT(vdi.id));
    g_assert_cmpuint(count_disks(fixture), ==, 1);
    assert_merges_given_up(0);
}

static void test_merge_gives_way_to_operation(Fixture *fixture, gconstpointer data)
{
    (void)data;
    VdiRef vdi = create_merging(fixture, true);
    host_fixture_answers(&fixture->host, "{}", "VDI.get_current_operations", "\"%s\"",
                         REF_TEXT(vdi.id));
    host_fixture_run(&fixture->host, "VDI.resize", "\"%s\", 2097152", REF_TEXT(vdi.id));
    assert_merges_given_up(1);
    g_assert_cmpuint(count_disks(fixture), ==, 2);
    wait_for(&hooks.begun, 2); /* by itself, after the operation */
}

static void test_merge_gives_way_to_start(Fixture *fixture, gconstpointer data)
{
    (void)data;
    VdiRef vdi = create_merging(fixture, true);
    Uuid vm = create_vm(fixture, vdi, "RW");
    assert_merges_given_up(0);
    start_vm(fixture, vm);
    assert_merges_given_up(1);
    /* While the VM runs there is nothing to merge, after it there is. */
    unsigned scans = hooks.scans;
    host_fixture_run(&fixture->host, "SR.scan", "\"%s\"", REF_TEXT(fixture->sr.id));
    wait_for(&hooks.scans, scans + 2); /* the second is the merger's */
    host_fixture_run(&fixture->host, "VM.hard_shutdown", "\"%s\"", REF_TEXT(vm));
    wait_for(&hooks.begun, 2);
    g_assert_false(hooks.merged_attached);
}

static void test_merge_gives_way_to_unplug(Fixture *fixture, gconstpointer data)
{
    (void)data;
    create_merging(fixture, true);
    g_autoptr(Value) pbds =
        host_fixture_call(&fixture->host, "SR.get_PBDs", "\"%s\"", REF_TEXT(fixture->sr.id));
    const char *pbd = REF_TEXT(value_uuid(value_at(pbds, 0)));
    host_fixture_run(&fixture->host, "PBD.unplug", "\"%s\"", pbd);
    assert_merges_given_up(1);
    host_fixture_answers(&fixture->host, "false", "PBD.get_currently_attached", "\"%s\"", pbd);
}

static void test_shared_disk(Fixture *fixture, gconstpointer data)
{
    (void)data;
    VdiRef vdi = create_disk(fixture);
    Uuid writer = create_vm(fixture, vdi, "RW");
    Uuid reader = create_vm(fixture, vdi, "RO");
    Uuid other_reader = create_vm(fixture, vdi, "RO");
    g_autofree char *in_use = g_strdup_printf("VDI_IN_USE: [ %s; attach ]", REF_TEXT(vdi.id));
    start_vm(fixture, reader);
    start_vm(fixture, other_reader);
    host_fixture_fails(&fixture->host, in_use, "VM.start", "\"%s\", false, false",
                       REF_TEXT(writer));
    host_fixture_run(&fixture->host, "VM.hard_shutdown", "\"%s\"", REF_TEXT(reader));
    host_fixture_run(&fixture->host, "VM.hard_shutdown", "\"%s\"", REF_TEXT(other_reader));
    start_vm(fixture, writer);
    host_fixture_fails(&fixture->host, in_use, "VM.start", "\"%s\", false, false",
                       REF_TEXT(reader));
    host_fixture_run(&fixture->host, "VDI.set_sharable", "\"%s\", true", REF_TEXT(vdi.id));
    start_vm(fixture, reader);
}

/* Writes an operation of some other call on a disk or its VBD; NULL ends it. */
static void set_operation(Fixture *fixture, uint16_t class_id, Uuid ref, const char *op)
{
    DbTxn *txn = db_begin(fixture->host.db);
    if (class_id == CLASS_VDI) {
        db_vdi_set_current_operations_key(txn, (VdiRef){ref}, "OpaqueRef:task", op);
    } else {
        db_vbd_set_current_operations_key(txn, (VbdRef){ref}, "OpaqueRef:task", op);
    }
    db_commit_async(txn);
}

static void test_start_during_operation(Fixture *fixture, gconstpointer data)
{
    (void)data;
    VdiRef vdi = create_disk(fixture);
    Uuid writer = create_vm(fixture, vdi, "RW");
    Uuid reader = create_vm(fixture, vdi, "RO");
    for (const char *const *op = (const char *const[]){"clone", "copy", NULL}; *op; op++) {
        g_autofree char *busy = g_strdup_printf(
            "OTHER_OPERATION_IN_PROGRESS: [ VDI; %s; %s; OpaqueRef:task ]", REF_TEXT(vdi.id), *op);
        set_operation(fixture, CLASS_VDI, vdi.id, *op);
        host_fixture_fails(&fixture->host, busy, "VM.start", "\"%s\", false, false",
                           REF_TEXT(writer));
        host_fixture_answers(&fixture->host, "\"Halted\"", "VM.get_power_state", "\"%s\"",
                             REF_TEXT(writer));
    }
    start_vm(fixture, reader); /* while it is copied */
    set_operation(fixture, CLASS_VDI, vdi.id, NULL);
}

static void test_operation_during_start(Fixture *fixture, gconstpointer data)
{
    (void)data;
    VdiRef vdi = create_disk(fixture);
    Uuid vm = create_vm(fixture, vdi, "RW");
    g_autoptr(Value) vbds =
        host_fixture_call(&fixture->host, "VM.get_VBDs", "\"%s\"", REF_TEXT(vm));
    Uuid vbd = value_uuid(value_at(vbds, 0));
    set_operation(fixture, CLASS_VBD, vbd, "attach");
    g_autofree char *busy = g_strdup_printf(
        "OTHER_OPERATION_IN_PROGRESS: [ VBD; %s; attach; OpaqueRef:task ]", REF_TEXT(vbd));
    host_fixture_fails(&fixture->host, busy, "VDI.destroy", "\"%s\"", REF_TEXT(vdi.id));
    host_fixture_fails(&fixture->host, busy, "VBD.destroy", "\"%s\"", REF_TEXT(vbd));
    set_operation(fixture, CLASS_VBD, vbd, NULL);
    host_fixture_run(&fixture->host, "VDI.destroy", "\"%s\"", REF_TEXT(vdi.id));
}

/* The disk is made after the scan listed the images and before it writes its objects. */
static void test_scan_beside_create(Fixture *fixture, gconstpointer data)
{
    (void)data;
    create_disk(fixture);
    hooks.create_in_scan = true;
    host_fixture_run(&fixture->host, "SR.scan", "\"%s\"", REF_TEXT(fixture->sr.id));
    g_assert_false(hooks.create_in_scan);
    g_assert_cmpuint(count_disks(fixture), ==, 2);
    g_autoptr(Value) named = host_fixture_call(&fixture->host, "VDI.get_by_name_label", "\"disk\"");
    g_assert_cmpuint(value_count(named), ==, 2);
}

static void test_damaged_image(Fixture *fixture, gconstpointer data)
{
    (void)data;
    VdiRef vdi = create_disk(fixture);
    for (int damaged = 1; damaged >= 0; damaged--) {
        hooks.damage_in_scan = damaged;
        host_fixture_run(&fixture->host, "SR.scan", "\"%s\"", REF_TEXT(fixture->sr.id));
        host_fixture_answers(&fixture->host, damaged ? "true" : "false", "VDI.get_missing",
                             "\"%s\"", REF_TEXT(vdi.id));
        host_fixture_answers(&fixture->host, "1048576", "VDI.get_virtual_size", "\"%s\"",
                             REF_TEXT(vdi.id));
    }
}

/* The first disk was copied when the second one failed. */
static void test_half_a_snapshot(Fixture *fixture, gconstpointer data)
{
    (void)data;
    VdiRef first = create_disk(fixture);
    VdiRef second = create_disk(fixture);
    Uuid vm = create_vm(fixture, first, "RW");
    create_vbd(fixture, vm, second, "RW");
    hooks.clones_left = 1;
    hooks.hold_merges = true;
    host_fixture_fails(&fixture->host, "SR_BACKEND_FAILURE_81: [ ; no more clones;  ]",
                       "VM.snapshot", "\"%s\", \"half\"", REF_TEXT(vm));
    g_autoptr(Value) named = host_fixture_call(&fixture->host, "VDI.get_by_name_label", "\"disk\"");
    g_assert_cmpuint(value_count(named), ==, 2);
    g_autoptr(Value) parent =
        host_fixture_call(&fixture->host, "VDI.get_parent", "\"%s\"", REF_TEXT(first.id));
    g_autoptr(Value) other_parent =
        host_fixture_call(&fixture->host, "VDI.get_parent", "\"%s\"", REF_TEXT(second.id));
    /* One of them got a parent, and neither a copy; the repository has no more than the database.
     */
    g_assert_cmpint(uuid_is_null(value_uuid(parent)) + uuid_is_null(value_uuid(other_parent)), ==,
                    1);
    g_assert_cmpuint(count_disks(fixture), ==, 3);
    host_fixture_run(&fixture->host, "SR.scan", "\"%s\"", REF_TEXT(fixture->sr.id));
    g_assert_cmpuint(count_disks(fixture), ==, 3);
    host_fixture_answers(&fixture->host, "{}", "VDI.get_current_operations", "\"%s\"",
                         REF_TEXT(first.id));
}

#define ADD(name, func) g_test_add("/vdi_work/" name, Fixture, NULL, set_up, func, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("merge", test_merge);
    ADD("merge_gives_way/operation", test_merge_gives_way_to_operation);
    ADD("merge_gives_way/start", test_merge_gives_way_to_start);
    ADD("merge_gives_way/unplug", test_merge_gives_way_to_unplug);
    ADD("shared_disk", test_shared_disk);
    ADD("start_during_operation", test_start_during_operation);
    ADD("operation_during_start", test_operation_during_start);
    ADD("scan_beside_create", test_scan_beside_create);
    ADD("damaged_image", test_damaged_image);
    ADD("half_a_snapshot", test_half_a_snapshot);
    return g_test_run();
}
