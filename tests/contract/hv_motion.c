/* What takes something out of a guest, or moves it: dumps, mirrors, triggers.
 *
 *   hv_motion DRIVER GUEST                  runs the suite with the guest of hv_contract
 *   hv_motion DRIVER GUEST --published ROOT dies between publishing a mirror and the move */
#include "base/fd.h"
#include "hv_guest.h"

#include <unistd.h>

#define TARGET "b1f8e7de-0000-4000-8000-00000000000f"
#define OTHER  "b1f8e7de-0000-4000-8000-0000000000ff"

/* What a mirror told. */
typedef struct Told {
    unsigned published, retracted;
    bool refuse, wait;
} Told;

static void on_progress(void *user, double done)
{
    (void)user;
    g_assert_true(done >= 0.0 && done <= 1.0);
}

static bool publish(void *user, Err **err)
{
    Told *told = user;
    told->published++;
    if (told->wait) {
        g_assert_cmpint(write(STDOUT_FILENO, "r", 1), ==, 1);
        pause();
    }
    return !told->refuse || err_internal(err, "not now");
}

static void retract(void *user)
{
    Told *told = user;
    told->retracted++;
}

/* The guest takes no notice of an NMI; a reset ends it. Buttons are a part of HVM's machine. */
static void test_triggers(Bench *bench)
{
    Err *err = NULL;
    const HvDriver *driver = bench->driver;
    g_auto(Guest) guest = {0};
    guest_init(&guest, bench, 8);
    auto_fd line = guest_start(bench, &guest);
    Uuid uuid = guest.config.uuid;
    assert_ok(driver->domain_sysrq(bench->hv, bench->op, uuid, 'h', &err), err);
    if (!bench->is_real) {
        g_free(line_expect(bench, line, "sh"));
    }
    static const HvTrigger harmless[] = {HV_TRIGGER_NMI, HV_TRIGGER_POWER};
    for (unsigned i = 0; i < G_N_ELEMENTS(harmless); i++) {
        if (driver->triggers & harmless[i]) {
            bool done = driver->domain_trigger(bench->hv, bench->op, uuid, harmless[i], &err);
            g_assert_cmpint(done, ==,
                            guest.config.kind == HV_KIND_HVM || harmless[i] == HV_TRIGGER_NMI);
            g_clear_pointer(&err, err_free);
        }
    }
    g_assert_cmpint(guest_state(bench, uuid), ==, HV_STATE_RUNNING);
    assert_ok(driver->domain_trigger(bench->hv, bench->op, uuid, HV_TRIGGER_RESET, &err), err);
    g_assert_cmpint(bench_wait_exit(bench, uuid, 8), ==, HV_EXIT_REBOOT);
    guest_destroy(bench, &guest);
}

/* Of a guest that runs on afterwards, and of one that crashed. */
static void test_dump(Bench *bench)
{
    Err *err = NULL;
    const HvDriver *driver = bench->driver;
    g_auto(Guest) guest = {0};
    guest_init(&guest, bench, 9);
    auto_fd line = guest_start(bench, &guest);
    Uuid uuid = guest.config.uuid;
    g_assert_cmpuint(driver->domain_dump_size(bench->hv, uuid), >=, 64 * MIB);
    g_autofree char *path = bench_new_disk(bench);
    const HvImage image = {path, "raw"};
    for (unsigned i = 0; i < 2; i++) {
        assert_ok(driver->domain_dump(bench->hv, bench->op, uuid, &image, &err), err);
        if (bench->is_real) {
            g_assert_cmpint(bench_read_byte(path, 0), ==, 0x7f);
            g_assert_cmpint(bench_read_byte(path, 1), ==, 'E');
            (void)bench_read_byte(path, 64 * MIB);
        }
        if (i == 0) {
            g_assert_cmpint(guest_next_letter(bench, line), ==, 'B');
            line_send(line, "c");
            g_assert_cmpint(bench_wait_exit(bench, uuid, 9), ==, HV_EXIT_CRASH);
        }
    }
    g_assert_cmpint(guest_state(bench, uuid), ==, HV_STATE_SHUTDOWN);
    const HvImage missing = {"/nonexistent/image", "raw"};
    if (bench->is_real) {
        g_assert_false(driver->domain_dump(bench->hv, bench->op, uuid, &missing, &err));
        g_clear_pointer(&err, err_free);
    }
    guest_destroy(bench, &guest);
}

/* A guest on a chain of two, its line, and the image that it is to move to. */
typedef struct Move {
    Guest guest;
    HvImage chain[2];
    HvImage target;
    char *leaf, *path;
    int line;
} Move;

static void move_init(Move *move, Bench *bench, uint64_t ticket)
{
    guest_init(&move->guest, bench, ticket);
    move->leaf = bench_new_overlay(bench, move->guest.path, "raw");
    move->path = bench_new_qcow2(bench, 1 * MIB);
    move->chain[0] = (HvImage){move->leaf, "qcow2"};
    move->chain[1] = (HvImage){move->guest.path, "raw"};
    move->target = (HvImage){move->path, "qcow2"};
    move->guest.disks[0].images = move->chain;
    move->guest.disks[0].image_count = 2;
    move->line = guest_start(bench, &move->guest);
}

static void move_clear(Move *move)
{
    fd_close(&move->line);
    g_free(move->leaf);
    g_free(move->path);
    guest_clear(&move->guest);
}

static HvMirror move_mirror(const Move *move, Told *told)
{
    return (HvMirror){GUEST_DISK, TARGET, &move->target, on_progress, publish, retract, told};
}

static void say(Bench *bench, int line, const char *text, const char *answer)
{
    line_ask(bench, line, text, answer);
}

/* What the guest wrote is where the mirror brought it, and nowhere else. */
static void test_mirror(Bench *bench)
{
    Err *err = NULL;
    const HvDriver *driver = bench->driver;
    Move move;
    move_init(&move, bench, 1);
    Uuid uuid = move.guest.config.uuid;
    say(bench, move.line, "+w", "B.");
    Told told = {0};
    const HvMirror mirror = move_mirror(&move, &told);
    assert_ok(driver->disk_mirror(bench->hv, bench->op, uuid, &mirror, &err), err);
    g_assert_cmpuint(told.published, ==, 1);
    g_assert_cmpuint(told.retracted, ==, 0);
    g_assert_cmpint(guest_state(bench, uuid), ==, HV_STATE_RUNNING);
    assert_ok(driver->disk_mirror_settle(bench->hv, bench->op, uuid, GUEST_DISK, TARGET, &err),
              err);
    if (bench->is_real) {
        /* Nobody has the old images open any more: QEMU's tools would say so. */
        const char *const argv[] = {"qemu-img", "check", "-q", move.leaf, NULL};
        bench_run_program(bench, argv);
        g_assert_cmpint(unlink(move.leaf), ==, 0);
        g_assert_cmpint(unlink(move.guest.path), ==, 0);
    }
    say(bench, move.line, "d", "B");
    say(bench, move.line, "+w", "C.");
    if (bench->is_real) {
        guest_reopen(bench, &move.guest, &move.line);
        say(bench, move.line, "d", "C");
        guest_destroy(bench, &move.guest);
        move.guest.disks[0].images = &move.target;
        move.guest.disks[0].image_count = 1;
        auto_fd again = guest_start(bench, &move.guest);
        say(bench, again, "d", "C");
    }
    guest_destroy(bench, &move.guest);
    move_clear(&move);
}

/* A mirror that is not wanted after all leaves the disk alone, and can be begun again. */
static void test_mirror_refused(Bench *bench)
{
    Err *err = NULL;
    const HvDriver *driver = bench->driver;
    Move move;
    move_init(&move, bench, 2);
    Uuid uuid = move.guest.config.uuid;
    say(bench, move.line, "+w", "B.");
    Told told = {.refuse = true};
    const HvMirror mirror = move_mirror(&move, &told);
    g_assert_false(driver->disk_mirror(bench->hv, bench->op, uuid, &mirror, &err));
    g_assert_cmpstr(err->params[0], ==, "not now");
    g_clear_pointer(&err, err_free);
    g_autoptr(Op) cancelled = op_new(bench->kind->deadline);
    op_cancel(cancelled);
    g_assert_false(driver->disk_mirror(bench->hv, cancelled, uuid, &mirror, &err));
    g_clear_pointer(&err, err_free);
    g_assert_cmpint(guest_state(bench, uuid), ==, HV_STATE_RUNNING);
    say(bench, move.line, "+w", "C.");
    told.refuse = false;
    assert_ok(driver->disk_mirror(bench->hv, bench->op, uuid, &mirror, &err), err);
    say(bench, move.line, "d", "C");
    const HvMirror nothing = {"no-such-disk", TARGET,  &move.target, on_progress,
                              publish,        retract, &told};
    g_assert_false(driver->disk_mirror(bench->hv, bench->op, uuid, &nothing, &err));
    g_clear_pointer(&err, err_free);
    guest_destroy(bench, &move.guest);
    move_clear(&move);
}

/* A driver that dies when the new place counts already: the next one moves the guest there, or
 * stays, as it is told. */
static void test_mirror_killed(Bench *bench)
{
    if (!bench->is_real) {
        g_test_skip("the fake engine has no mirror that could be cut short");
        return;
    }
    for (unsigned moved = 0; moved < 2; moved++) {
        Err *err = NULL;
        bench_run_holder(bench, "--published", 0);
        bench_close(bench);
        bench_open(bench);
        g_autoptr(GArray) list = bench->driver->domain_list(bench->hv, &err);
        g_assert_cmpuint(list->len, ==, 1);
        Uuid uuid = g_array_index(list, HvDomainInfo, 0).uuid;
        g_assert_cmpint(guest_state(bench, uuid), ==, HV_STATE_PAUSED);
        for (unsigned i = 0; i < 2; i++) {
            assert_ok(bench->driver->disk_mirror_settle(bench->hv, bench->op, uuid, GUEST_DISK,
                                                        moved ? TARGET : OTHER, &err),
                      err);
        }
        assert_ok(bench->driver->domain_set_paused(bench->hv, bench->op, uuid, false, &err), err);
        auto_fd line = bench->driver->console_open(bench->hv, uuid, HV_CONSOLE_TEXT, &err);
        say(bench, line, "d", "B");
        say(bench, line, "+w", "C.");
        assert_ok(bench->driver->domain_destroy(bench->hv, bench->op, uuid, &err), err);
        /* The byte that the guest counts in is the first of the disk's second sector. */
        g_autofree char *target = g_build_filename(bench->root, "target", NULL);
        g_assert_cmpint(bench_read_byte(target, 512), ==, moved ? 'C' : 'B');
        g_assert_cmpint(unlink(target), ==, 0);
    }
}

/* The other program: waits in publish() to be killed. */
G_NORETURN static void hold(char **argv)
{
    Bench bench;
    bench_setup(&bench, argv[1], argv[2], argv[4]);
    Guest guest;
    guest_init(&guest, &bench, 77);
    int line = guest_start(&bench, &guest);
    say(&bench, line, "+w", "B.");
    close(line);
    g_autofree char *path = g_build_filename(bench.root, "target", NULL);
    const char *const argv_create[] = {"truncate", "-s", "1M", path, NULL};
    bench_run_program(&bench, argv_create);
    const HvImage image = {path, "raw"};
    Told told = {.wait = true};
    const HvMirror mirror = {GUEST_DISK, TARGET, &image, on_progress, publish, retract, &told};
    (void)bench.driver->disk_mirror(bench.hv, bench.op, guest.config.uuid, &mirror, NULL);
    g_assert_not_reached();
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        g_printerr("usage: %s DRIVER GUEST\n", argv[0]);
        return 2;
    }
    if (argc == 5 && g_str_equal(argv[3], "--published")) {
        hold(argv);
    }
    static const BenchTest tests[] = {
        {"triggers", HV_CAP_SYSRQ | HV_CAP_TEXT_CONSOLE, test_triggers},
        {"dump", HV_CAP_DUMP | HV_CAP_TEXT_CONSOLE, test_dump},
        {"mirror", HV_CAP_DISK_MIRROR | HV_CAP_TEXT_CONSOLE, test_mirror},
        {"mirror_refused", HV_CAP_DISK_MIRROR | HV_CAP_TEXT_CONSOLE, test_mirror_refused},
        {"mirror_killed", HV_CAP_DISK_MIRROR | HV_CAP_TEXT_CONSOLE, test_mirror_killed},
    };
    return bench_run(argc, argv, tests, G_N_ELEMENTS(tests));
}
