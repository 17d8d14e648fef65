/* The bench of the hypervisor suites, see hv_fixture.h. */
#include "hv_fixture.h"
#include "hv_xen.h"

#include "base/fd.h"
#include "base/subprocess.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#define DISK_SIZE  1048576
#define LINE_LIMIT 65536
#define LOOK_AGAIN (20 * USEC_PER_MSEC)
#define XEN_DEVICE "/dev/xen/privcmd"

/* A test of the table, with the arguments it needs. */
typedef struct Case {
    const BenchTest *test;
    const char *driver, *guest;
} Case;

static void kill_process(Bench *bench, const HvDomainInfo *info);
static int open_serial(Bench *bench, const char *domain);
static void wait_history(Bench *bench, const char *domain);

/* Xen is met inside of an emulated machine, where each step takes its time. */
#define XEN(kind_name, kind_machine, kernel, line, caps)                                           \
    {                                                                                              \
        .name = (kind_name), .engine = "xen", .is_real = true, .machine = (kind_machine),          \
        .boots_kernel = (kernel), .memory = 128 * MIB, .deadline = 900 * USEC_PER_SEC, .kills = 5, \
        .kill_within = 12000, .kill = hv_xen_kill, .open_line = (line),                            \
        .wait_end = hv_xen_wait_end, .lacks = (caps)                                               \
    }

/* A boot sector writes to the emulated disk, and HVM guests need drivers for these and for
 * xenstore. */
#define DRIVER_CAPS                                                                                \
    (HV_CAP_LIVE_SNAPSHOT | HV_CAP_LIVE_MERGE | HV_CAP_LIVE_RESIZE | HV_CAP_DISK_MIRROR |          \
     HV_CAP_STORE)

static const BenchKind kinds[] = {
    {.name = "qemu",
     .engine = "qemu",
     .is_real = true,
     .memory = 64 * MIB,
     .deadline = 120 * USEC_PER_SEC,
     .kills = 20,
     .kill_within = 150,
     .kill = kill_process,
     .open_line = open_serial,
     .wait_end = wait_history},
    {.name = "fake",
     .engine = "fake",
     .memory = 64 * MIB,
     .deadline = 120 * USEC_PER_SEC,
     .kills = 20,
     .kill_within = 150,
     .lacks = HV_CAP_UEFI},
    /* OVMF under Xen makes QEMU 7.2 abort where that emulates the processor. */
    XEN("xen-pv", HV_KIND_PV, true, hv_xen_open_line, HV_CAP_UEFI),
    XEN("xen-pvh", HV_KIND_PVH, true, hv_xen_open_line, HV_CAP_UEFI),
    XEN("xen-hvm", HV_KIND_HVM, false, open_serial, HV_CAP_UEFI | DRIVER_CAPS),
};

static void wait_for_more(Bench *bench, const unsigned *count, unsigned seen);
static void on_exited(void *user, Uuid domain, uint64_t ticket, HvExitReason reason);
static void on_guest_changed(void *user, Uuid domain);
static void on_ejected(void *user, Uuid domain, const char *disk_id);
static void run_case(gconstpointer data);
static const BenchKind *find_kind(const char *name);

void bench_setup(Bench *bench, const char *driver, const char *guest, const char *root)
{
    const BenchKind *kind = find_kind(driver);
    Err *err = NULL;
    *bench = (Bench){.kind = kind, .is_real = kind->is_real, .guest = guest};
    bench->driver = hv_engine_find(kind->engine, &err);
    assert_ok(bench->driver != NULL, err);
    bench->kernel = g_build_filename(guest, "vmlinux", NULL);
    bench->ramdisk = g_build_filename(guest, "letters.gz", NULL);
    bench->root = root ? g_strdup(root) : g_dir_make_tmp("hv-XXXXXX", NULL);
    bench->run_dir = g_build_filename(bench->root, "run", NULL);
    bench->log_dir = g_build_filename(bench->root, "log", NULL);
    assert_ok(fd_make_dirs(bench->run_dir, 0711, &err), err);
    assert_ok(fd_make_dirs(bench->log_dir, 0700, &err), err);
    g_mutex_init(&bench->lock);
    g_cond_init(&bench->changed);
    bench->exits = g_array_new(FALSE, FALSE, sizeof(Exit));
    bench->op = op_new(kind->deadline);
    bench_open(bench);
}

void bench_teardown(Bench *bench)
{
    bench_close(bench);
    op_unref(bench->op);
    g_array_unref(bench->exits);
    g_mutex_clear(&bench->lock);
    g_cond_clear(&bench->changed);
    const char *const argv[] = {"rm", "-rf", bench->root, NULL};
    g_autoptr(Op) op = op_new(bench->kind->deadline);
    Err *err = NULL;
    assert_ok(op_run_ok(op, argv, NULL, &err), err);
    g_free(bench->kernel);
    g_free(bench->ramdisk);
    g_free(bench->root);
    g_free(bench->run_dir);
    g_free(bench->log_dir);
}

void bench_open(Bench *bench)
{
    const HvConfig config = {
        .run_dir = bench->run_dir,
        .log_dir = bench->log_dir,
        .accelerator = "tcg",
        .user_name = geteuid() == 0 ? "nobody" : "",
        .events = {bench, on_exited, on_guest_changed, on_ejected, NULL},
    };
    Err *err = NULL;
    bench->hv = bench->driver->open(&config, &err);
    assert_ok(bench->hv != NULL, err);
}

void bench_close(Bench *bench)
{
    bench->driver->close(bench->hv);
    bench->hv = NULL;
}

int bench_run(int argc, char **argv, const BenchTest *tests, unsigned count)
{
    g_autofree Case *cases = g_new0(Case, count);
    const char *driver = argv[1];
    const char *guest = argv[2];
    g_test_init(&argc, &argv, NULL);
    if (g_str_equal(find_kind(driver)->engine, "xen") && access(XEN_DEVICE, R_OK) != 0) {
        g_print("1..0 # SKIP there is no Xen here: " XEN_DEVICE " is missing\n");
        return 0;
    }
    for (unsigned i = 0; i < count; i++) {
        cases[i] = (Case){&tests[i], driver, guest};
        g_autofree char *path = g_strdup_printf("/hv/%s/%s", driver, tests[i].name);
        g_test_add_data_func(path, &cases[i], run_case);
    }
    return g_test_run();
}

void bench_describe_guest(Bench *bench, HvDomainConfig *config)
{
    config->kind = bench->kind->machine;
    config->memory_bytes = config->memory_max_bytes = bench->kind->memory;
    config->firmware = HV_FIRMWARE_BIOS;
    config->boot_order = "cdn";
    config->vga = "";
    if (bench->kind->boots_kernel) {
        config->firmware = HV_FIRMWARE_DIRECT_KERNEL;
        config->kernel = bench->kernel;
        config->ramdisk = bench->ramdisk;
        config->cmdline = "console=hvc0 rdinit=/letters quiet loglevel=0 audit=0 mitigations=off";
    }
}

char *bench_new_disk(Bench *bench)
{
    g_autofree char *name = g_strdup_printf("disk%d-%u.raw", getpid(), bench->disks++);
    g_autofree char *path = g_build_filename(bench->root, name, NULL);
    size_t length = 0;
    Err *err = NULL;
    g_autofree char *sector = bench->kind->boots_kernel
                                  ? g_strdup("")
                                  : fd_read_file(bench->guest, DISK_SIZE, &length, &err);
    assert_ok(sector != NULL, err);
    auto_fd fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    g_assert_cmpint(fd, >=, 0);
    assert_ok(fd_write_all(fd, sector, length, &err), err);
    g_assert_cmpint(ftruncate(fd, DISK_SIZE), ==, 0);
    return g_steal_pointer(&path);
}

char *bench_new_overlay(Bench *bench, const char *path, const char *format)
{
    g_autofree char *name = g_strdup_printf("overlay%u.qcow2", bench->disks++);
    g_autofree char *overlay = g_build_filename(bench->root, name, NULL);
    const char *const argv[] = {"qemu-img", "create", "-q", "-f",    "qcow2", "-F",
                                format,     "-b",     path, overlay, NULL};
    bench_run_program(bench, argv);
    return g_steal_pointer(&overlay);
}

char *bench_new_qcow2(Bench *bench, uint64_t size)
{
    g_autofree char *name = g_strdup_printf("image%u.qcow2", bench->disks++);
    g_autofree char *path = g_build_filename(bench->root, name, NULL);
    g_autofree char *bytes = g_strdup_printf("%" G_GUINT64_FORMAT, size);
    const char *const argv[] = {"qemu-img", "create", "-q", "-f", "qcow2", path, bytes, NULL};
    bench_run_program(bench, argv);
    return g_steal_pointer(&path);
}

char bench_read_byte(const char *path, off_t offset)
{
    auto_fd fd = open(path, O_RDONLY | O_CLOEXEC);
    char byte;
    g_assert_cmpint(pread(fd, &byte, 1, offset), ==, 1);
    return byte;
}

void bench_run_program(Bench *bench, const char *const *argv)
{
    Err *err = NULL;
    assert_ok(op_run_ok(bench->op, argv, NULL, &err), err);
}

void bench_run_holder(Bench *bench, const char *mode, unsigned milliseconds)
{
    Err *err = NULL;
    Holder holder = bench_start_holder(bench, mode);
    bench_await_holder(&holder);
    assert_ok(op_sleep(bench->op, milliseconds * USEC_PER_MSEC, &err), err);
    bench_kill_holder(&holder);
}

Holder bench_start_holder(Bench *bench, const char *mode)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    char *argv[] = {
        self, (char *)bench->kind->name, (char *)bench->guest, (char *)mode, bench->root, NULL};
    Holder holder;
    GError *why = NULL;
    g_spawn_async_with_pipes(NULL, argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &holder.pid,
                             NULL, &holder.out, NULL, &why);
    g_assert_no_error(why);
    return holder;
}

void bench_await_holder(const Holder *holder)
{
    char ready;
    g_assert_cmpint(read(holder->out, &ready, 1), ==, 1);
}

void bench_kill_holder(Holder *holder)
{
    kill(holder->pid, SIGKILL);
    int status;
    g_assert_cmpint(waitpid(holder->pid, &status, 0), ==, holder->pid);
    g_assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    fd_close(&holder->out);
}

void bench_assert_nothing_left(Bench *bench)
{
    {
        g_autoptr(GDir) run = g_dir_open(bench->run_dir, 0, NULL);
        g_assert_null(g_dir_read_name(run));
    }
    const char *const argv[] = {"sh", "-c", "! ls -l /proc/[0-9]*/fd 2>/dev/null | grep -q \"$0\"",
                                bench->root, NULL};
    /* One that was told to quit has answered, and may not have come to its end yet. */
    while (!op_run_ok(bench->op, argv, NULL, NULL)) {
        Err *err = NULL;
        assert_ok(op_sleep(bench->op, LOOK_AGAIN, &err), err);
    }
}

void bench_wait_process(Bench *bench, pid_t pid)
{
    auto_fd fd = pidfd_open(pid, 0);
    struct pollfd poll = {.fd = fd, .events = POLLIN};
    Err *err = NULL;
    assert_ok(fd < 0 || op_poll(bench->op, &poll, 1, &err), err);
}

HvExitReason bench_wait_exit(Bench *bench, Uuid domain, uint64_t ticket)
{
    Err *err = NULL;
    g_mutex_lock(&bench->lock);
    for (;;) {
        for (unsigned i = 0; i < bench->exits->len; i++) {
            Exit found = g_array_index(bench->exits, Exit, i);
            if (uuid_equal(found.domain, domain) && found.ticket == ticket) {
                g_mutex_unlock(&bench->lock);
                return found.reason;
            }
        }
        assert_ok(op_wait(bench->op, &bench->changed, &bench->lock, &err), err);
    }
}

unsigned bench_count_exits(Bench *bench, Uuid domain)
{
    unsigned count = 0;
    g_mutex_lock(&bench->lock);
    for (unsigned i = 0; i < bench->exits->len; i++) {
        count += uuid_equal(g_array_index(bench->exits, Exit, i).domain, domain);
    }
    g_mutex_unlock(&bench->lock);
    return count;
}

unsigned bench_count_changes(Bench *bench)
{
    g_mutex_lock(&bench->lock);
    unsigned count = bench->guest_changes;
    g_mutex_unlock(&bench->lock);
    return count;
}

void bench_wait_change(Bench *bench, unsigned seen)
{
    wait_for_more(bench, &bench->guest_changes, seen);
}

void line_send(int line, const char *text)
{
    Err *err = NULL;
    assert_ok(fd_write_all(line, text, strlen(text), &err), err);
}

char *line_expect(Bench *bench, int line, const char *text)
{
    Err *err = NULL;
    g_autoptr(GString) seen = g_string_new(NULL);
    while (!strstr(seen->str, text)) {
        struct pollfd poll = {.fd = line, .events = POLLIN};
        if (!op_poll(bench->op, &poll, 1, &err)) {
            g_error("waiting for \"%s\", seen \"%s\"", text, seen->str);
        }
        char chunk[512];
        ssize_t got = recv(line, chunk, sizeof chunk, 0);
        g_assert_cmpint(got, >, 0);
        g_string_append_len(seen, chunk, got);
        g_assert_cmpuint(seen->len, <, LINE_LIMIT);
    }
    return g_string_free(g_steal_pointer(&seen), FALSE);
}

void line_ask(Bench *bench, int line, const char *text, const char *answer)
{
    line_send(line, text);
    g_free(line_expect(bench, line, answer));
}

static void wait_for_more(Bench *bench, const unsigned *count, unsigned seen)
{
    Err *err = NULL;
    g_mutex_lock(&bench->lock);
    while (*count <= seen) {
        assert_ok(op_wait(bench->op, &bench->changed, &bench->lock, &err), err);
    }
    g_mutex_unlock(&bench->lock);
}

static void on_exited(void *user, Uuid domain, uint64_t ticket, HvExitReason reason)
{
    Bench *bench = user;
    const Exit found = {domain, ticket, reason};
    g_mutex_lock(&bench->lock);
    g_array_append_val(bench->exits, found);
    g_cond_broadcast(&bench->changed);
    g_mutex_unlock(&bench->lock);
}

static void on_guest_changed(void *user, Uuid domain)
{
    Bench *bench = user;
    (void)domain;
    g_mutex_lock(&bench->lock);
    bench->guest_changes++;
    g_cond_broadcast(&bench->changed);
    g_mutex_unlock(&bench->lock);
}

static void on_ejected(void *user, Uuid domain, const char *disk_id)
{
    Bench *bench = user;
    (void)domain;
    (void)disk_id;
    g_mutex_lock(&bench->lock);
    bench->ejections++;
    g_cond_broadcast(&bench->changed);
    g_mutex_unlock(&bench->lock);
}

unsigned bench_caps(const BenchKind *kind, const HvDriver *driver)
{
    return driver->caps & ~kind->lacks;
}

static void run_case(gconstpointer data)
{
    const Case *to_run = data;
    const BenchKind *kind = find_kind(to_run->driver);
    Err *err = NULL;
    const HvDriver *driver = hv_engine_find(kind->engine, &err);
    assert_ok(driver != NULL, err);
    unsigned missing = to_run->test->needs & ~bench_caps(kind, driver);
    if (missing) {
        g_autofree char *why =
            g_strdup_printf("%s has not capability 0x%x", to_run->driver, missing);
        g_test_skip(why);
        return;
    }
    Bench bench;
    bench_setup(&bench, to_run->driver, to_run->guest, NULL);
    to_run->test->run(&bench);
    bench_teardown(&bench);
}

static const BenchKind *find_kind(const char *name)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (g_str_equal(kinds[i].name, name)) {
            return &kinds[i];
        }
    }
    g_error("no driver %s", name);
}

static void kill_process(Bench *bench, const HvDomainInfo *info)
{
    g_assert_cmpint(kill(info->domid, SIGKILL), ==, 0);
    bench_wait_process(bench, info->domid);
}

static int open_serial(Bench *bench, const char *domain)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    g_snprintf(address.sun_path, sizeof address.sun_path, "%s/%s/serial.sock", bench->run_dir,
               domain);
    int line = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    g_assert_no_errno(connect(line, (struct sockaddr *)&address, sizeof address));
    return line;
}

/* QEMU writes down what it tells. */
static void wait_history(Bench *bench, const char *domain)
{
    g_autofree char *path = g_build_filename(bench->run_dir, domain, "qmp.log", NULL);
    Err *err = NULL;
    for (;;) {
        g_autofree char *text = fd_read_file(path, MIB, NULL, &err);
        assert_ok(text != NULL, err);
        if (strstr(text, "\"SHUTDOWN\"")) {
            return;
        }
        assert_ok(op_sleep(bench->op, 20 * USEC_PER_MSEC, &err), err);
    }
}
