/* What QEMU's events do to a domain, and which of them the layers above hear. */
#include "base/fd.h"
#include "hv/qemu/domain.h"
#include "hv/qemu/event.h"
#include "hv/qemu/history.h"
#include "hv/qemu/qemu.h"
#include "wire/json.h"

#include <sys/stat.h>

/* A domain without a process; what the layers above were told, a word for each event. */
typedef struct Fixture {
    struct Hv hv;
    QemuDomain domain;
    GString *told;
} Fixture;

static void on_exited(void *user, Uuid domain, uint64_t ticket, HvExitReason reason)
{
    static const char *const names[] = {"shutdown", "reboot", "crash", "destroyed"};
    (void)domain;
    g_string_append_printf(user, "%s:%" G_GUINT64_FORMAT " ", names[reason], ticket);
}

static void on_ejected(void *user, Uuid domain, const char *disk_id)
{
    (void)domain;
    g_string_append_printf(user, "eject:%s ", disk_id);
}

static void on_error(void *user, Uuid domain, const char *disk_id, const char *text)
{
    (void)domain;
    g_string_append_printf(user, "error:%s:%s ", disk_id, text);
}

static void set_up(Fixture *fixture)
{
    *fixture = (Fixture){.told = g_string_new(NULL)};
    fixture->hv.events = (HvEvents){fixture->told, on_exited, NULL, on_ejected, on_error};
    QemuDomain *domain = &fixture->domain;
    domain->hv = &fixture->hv;
    domain->start_ticket = 5;
    domain->state = HV_STATE_RUNNING;
    domain->record = qemu_record_new(uuid_generate());
    domain->deleted = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    lock_init(&domain->lock, LOCK_HV_DOMAIN);
    g_cond_init(&domain->changed);
}

static void tear_down(Fixture *fixture)
{
    QemuDomain *domain = &fixture->domain;
    qemu_record_free(domain->record);
    g_hash_table_unref(domain->deleted);
    g_free(domain->moving_tray);
    lock_clear(&domain->lock);
    g_cond_clear(&domain->changed);
    g_string_free(fixture->told, TRUE);
}

static void happen(Fixture *fixture, const char *event, const char *data)
{
    g_autoptr(Value) value = data ? json_parse(data, strlen(data), NULL) : NULL;
    qemu_event_handle(&fixture->domain, event, value);
}

static void test_ends(void)
{
    static const struct {
        const char *event, *data, *told;
        HvState state;
    } ends[] = {
        {"SHUTDOWN", "{\"guest\":true,\"reason\":\"guest-shutdown\"}", "shutdown:5 ",
         HV_STATE_SHUTDOWN},
        {"SHUTDOWN", "{\"guest\":true,\"reason\":\"guest-reset\"}", "reboot:5 ", HV_STATE_SHUTDOWN},
        {"SHUTDOWN", "{\"guest\":false,\"reason\":\"host-qmp-quit\"}", "", HV_STATE_PAUSED},
        {"SHUTDOWN", "{\"guest\":false,\"reason\":\"host-qmp-system-reset\"}", "reboot:5 ",
         HV_STATE_SHUTDOWN},
        {"GUEST_PANICKED", "{\"action\":\"pause\"}", "crash:5 ", HV_STATE_SHUTDOWN},
        {"SHUTDOWN", NULL, "", HV_STATE_PAUSED},
        {"SHUTDOWN", "{\"guest\":7}", "", HV_STATE_PAUSED},
        {"SHUTDOWN", "[]", "", HV_STATE_PAUSED},
        {"UNHEARD_OF", "{}", "", HV_STATE_PAUSED},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(ends); i++) {
        Fixture fixture;
        set_up(&fixture);
        /* The second end of one start is not news; STOP always follows. */
        happen(&fixture, ends[i].event, ends[i].data);
        happen(&fixture, ends[i].event, ends[i].data);
        happen(&fixture, "STOP", NULL);
        g_assert_cmpstr(fixture.told->str, ==, ends[i].told);
        g_assert_cmpint(fixture.domain.state, ==, ends[i].state);
        tear_down(&fixture);
    }
}

#define RESET "{\"event\":\"SHUTDOWN\",\"data\":{\"guest\":true,\"reason\":\"guest-reset\"}}\n"
#define POWEROFF                                                                                   \
    "{\"event\":\"SHUTDOWN\",\"data\":{\"guest\":true,\"reason\":\"guest-shutdown\"}}\n"

/* What a QEMU said while nobody listened. */
static void test_history(void)
{
    static const struct {
        const char *text;
        int reason; /* -1: none */
    } histories[] = {
        {"", -1},
        {"{\"return\":{}}\n{\"event\":\"STOP\"}\n", -1},
        {"{\"QMP\":{}}\n" RESET "{\"event\":\"STOP\"}\n", HV_EXIT_REBOOT},
        {RESET POWEROFF, HV_EXIT_SHUTDOWN},
        {POWEROFF RESET "{\"event\":\"SHUT", HV_EXIT_REBOOT},
        {"guest-reset\"}}\n[]\n7\n\n", -1},
        {"{\"event\":\"GUEST_PANICKED\"}\n", HV_EXIT_CRASH},
        {"{\"event\":\"SHUTDOWN\",\"data\":{\"guest\":false}}\n", -1},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(histories); i++) {
        HvExitReason reason = HV_EXIT_DESTROYED;
        const char *text = histories[i].text;
        bool found = qemu_history_parse_end(text, strlen(text), &reason);
        g_assert_cmpint(found ? (int)reason : -1, ==, histories[i].reason);
    }
}

/* Of a long one the end is kept. */
static void test_long_history(void)
{
    g_autofree char *dir = g_dir_make_tmp("history-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(dir, "qmp.log", NULL);
    g_autofree char *noise = g_strnfill(1024 * 1024, 'x');
    Err *err = NULL;
    HvExitReason reason;
    auto_fd fd = qemu_history_open(dir, &err);
    g_assert_no_errno(fd);
    g_assert_false(qemu_history_find_end(dir, &reason));
    g_assert_true(fd_write_all(fd, noise, strlen(noise), &err));
    g_assert_true(fd_write_all(fd, "\n" RESET, strlen("\n" RESET), &err));
    qemu_history_limit(dir);
    struct stat status;
    g_assert_no_errno(stat(path, &status));
    g_assert_cmpint(status.st_blocks * 512, <=, 256 * 1024);
    g_assert_true(qemu_history_find_end(dir, &reason));
    g_assert_cmpint(reason, ==, HV_EXIT_REBOOT);
    g_assert_no_errno(unlink(path));
    g_assert_false(qemu_history_find_end(dir, &reason));
    g_assert_no_errno(rmdir(dir));
}

static void test_states(void)
{
    Fixture fixture;
    set_up(&fixture);
    happen(&fixture, "STOP", NULL);
    g_assert_cmpint(fixture.domain.state, ==, HV_STATE_PAUSED);
    happen(&fixture, "RESUME", NULL);
    g_assert_cmpint(fixture.domain.state, ==, HV_STATE_RUNNING);
    happen(&fixture, "BALLOON_CHANGE", "{\"actual\":1048576}");
    g_assert_cmpuint(fixture.domain.memory_bytes, ==, 1048576);
    happen(&fixture, "BALLOON_CHANGE", "{\"actual\":-1}");
    happen(&fixture, "BALLOON_CHANGE", "{\"actual\":\"x\"}");
    g_assert_cmpuint(fixture.domain.memory_bytes, ==, 1048576);
    /* The end of a start that is still under way is its caller's to tell. */
    fixture.domain.building = true;
    happen(&fixture, "SHUTDOWN", "{\"guest\":true,\"reason\":\"guest-shutdown\"}");
    g_assert_cmpstr(fixture.told->str, ==, "");
    tear_down(&fixture);
}

static void test_devices(void)
{
    Fixture fixture;
    set_up(&fixture);
    happen(&fixture, "DEVICE_DELETED", "{\"path\":\"/machine/x\"}");
    g_assert_cmpuint(g_hash_table_size(fixture.domain.deleted), ==, 0);
    happen(&fixture, "DEVICE_DELETED", "{\"device\":\"disk-a\",\"path\":\"/machine/x\"}");
    g_assert_true(g_hash_table_contains(fixture.domain.deleted, "disk-a"));
    happen(&fixture, "DEVICE_TRAY_MOVED", "{\"id\":\"disk-cd\",\"tray-open\":false}");
    happen(&fixture, "DEVICE_TRAY_MOVED", "{\"id\":\"other\",\"tray-open\":true}");
    happen(&fixture, "DEVICE_TRAY_MOVED", "{\"id\":7,\"tray-open\":true}");
    g_assert_cmpstr(fixture.told->str, ==, "");
    happen(&fixture, "DEVICE_TRAY_MOVED", "{\"id\":\"disk-cd\",\"tray-open\":true}");
    g_assert_cmpstr(fixture.told->str, ==, "eject:cd ");
    /* A tray that we move ourselves is not the guest's doing. */
    fixture.domain.moving_tray = g_strdup("cd");
    happen(&fixture, "DEVICE_TRAY_MOVED", "{\"id\":\"disk-cd\",\"tray-open\":true}");
    g_assert_cmpstr(fixture.told->str, ==, "eject:cd ");
    tear_down(&fixture);
}

static void test_errors(void)
{
    Fixture fixture;
    set_up(&fixture);
    const HvDisk config = {.id = "a-disk", .position = 1};
    BlockDisk *disk = qemu_record_add_disk(fixture.domain.record, &config);
    const char *node = block_disk_add_node(disk, &fixture.domain.record->next_fdset)->name;
    g_autofree char *data = g_strdup_printf(
        "{\"device\":\"\",\"node-name\":\"%s\",\"reason\":\"No space left on device\"}", node);
    happen(&fixture, "BLOCK_IO_ERROR", data);
    happen(&fixture, "BLOCK_IO_ERROR", "{\"device\":\"\",\"node-name\":\"unknown\"}");
    happen(&fixture, "BLOCK_IO_ERROR", "{}");
    g_assert_cmpstr(fixture.told->str, ==, "error:a-disk:No space left on device ");
    tear_down(&fixture);
}

static void test_migration(void)
{
    static const struct {
        const char *data;
        QemuMigration migration;
    } steps[] = {
        {"{\"status\":\"setup\"}", QEMU_MIGRATION_ACTIVE},
        {"{\"status\":\"active\"}", QEMU_MIGRATION_ACTIVE},
        {"{\"status\":\"completed\"}", QEMU_MIGRATION_COMPLETED},
        {"{\"status\":\"cancelled\"}", QEMU_MIGRATION_FAILED},
        {"{\"status\":\"failed\"}", QEMU_MIGRATION_FAILED},
        {"{}", QEMU_MIGRATION_ACTIVE},
    };
    Fixture fixture;
    set_up(&fixture);
    for (unsigned i = 0; i < G_N_ELEMENTS(steps); i++) {
        happen(&fixture, "MIGRATION", steps[i].data);
        g_assert_cmpint(fixture.domain.migration, ==, steps[i].migration);
    }
    tear_down(&fixture);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/qemu_event/ends", test_ends);
    g_test_add_func("/qemu_event/history", test_history);
    g_test_add_func("/qemu_event/long_history", test_long_history);
    g_test_add_func("/qemu_event/states", test_states);
    g_test_add_func("/qemu_event/devices", test_devices);
    g_test_add_func("/qemu_event/errors", test_errors);
    g_test_add_func("/qemu_event/migration", test_migration);
    return g_test_run();
}
