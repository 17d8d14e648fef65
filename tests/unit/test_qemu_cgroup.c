/* hv/qemu/cgroup.c: which limits a guest gets, against a folder whose files the test makes as the
 * kernel would: those of a group appear with it and go with it. */
#include "hv/qemu/cgroup.h"

#include "base/fd.h"

#include <errno.h>

#include <glib.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char *const group_files[] = {"cgroup.procs", "memory.max", "pids.max", "cpu.weight",
                                          "cpu.max"};

static void put(const char *folder, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

int mkdir(const char *path, mode_t mode)
{
    int result = (int)syscall(SYS_mkdir, path, mode);
    for (size_t i = 0; result == 0 && strstr(path, "/guest-") && i < G_N_ELEMENTS(group_files);
         i++) {
        put(path, group_files[i], "");
    }
    return result;
}

/* As long as nobody runs in it. */
int rmdir(const char *path)
{
    g_autofree char *procs = g_build_filename(path, "cgroup.procs", NULL);
    g_autofree char *text = fd_read_file(procs, 100, NULL, NULL);
    if (text && *text) {
        errno = EBUSY;
        return -1;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(group_files); i++) {
        g_autofree char *file = g_build_filename(path, group_files[i], NULL);
        (void)unlink(file);
    }
    return (int)syscall(SYS_rmdir, path);
}

typedef struct Fixture {
    char *folder, *group;
    HvDomainConfig config;
} Fixture;

static void set_up(Fixture *fixture, gconstpointer controllers)
{
    Uuid uuid = uuid_from_md5("a guest");
    char text[UUID_TEXT_SIZE];
    fixture->folder = g_dir_make_tmp("cgroup-XXXXXX", NULL);
    fixture->group = g_strdup_printf("%s/guest-%s", fixture->folder, uuid_format(uuid, text));
    fixture->config = (HvDomainConfig){.uuid = uuid,
                                       .vcpus = 1,
                                       .vcpus_max = 4,
                                       .memory_bytes = UINT64_C(1) << 30,
                                       .memory_max_bytes = UINT64_C(8) << 30};
    put(fixture->folder, "cgroup.controllers", controllers);
    put(fixture->folder, "cgroup.subtree_control", "");
}

static void tear_down(Fixture *fixture, gconstpointer controllers)
{
    (void)controllers;
    g_assert_true(fd_remove_tree(fixture->folder, NULL));
    g_free(fixture->folder);
    g_free(fixture->group);
}

static void expect(const Fixture *fixture, const char *file, const char *expected)
{
    g_autofree char *path = g_build_filename(fixture->group, file, NULL);
    g_autofree char *text = fd_read_file(path, 100, NULL, NULL);
    g_assert_cmpstr(text, ==, expected);
}

static void enter(const Fixture *fixture, const QemuCgroup *cgroup)
{
    g_autoptr(Err) err = NULL;
    g_assert_nonnull(cgroup);
    g_assert_true(qemu_cgroup_enter(cgroup, &fixture->config, 4711, &err));
    g_assert_null(err);
    expect(fixture, "cgroup.procs", "4711");
}

static void test_limits(Fixture *fixture, gconstpointer controllers)
{
    (void)controllers;
    QemuCgroup *cgroup = qemu_cgroup_open(fixture->folder);
    enter(fixture, cgroup);
    expect(fixture, "memory.max", "11811160064"); /* 8 + 1 + 2 GiB */
    expect(fixture, "pids.max", "516");
    expect(fixture, "cpu.weight", "100");
    expect(fixture, "cpu.max", "max 100000");
    fixture->config.cpu_weight = 512;
    fixture->config.cpu_cap = 150;
    enter(fixture, cgroup);
    expect(fixture, "cpu.weight", "200");
    expect(fixture, "cpu.max", "150000 100000");
    fixture->config.cpu_weight = 1;
    put(fixture->group, "cpu.weight", ""); /* a file keeps the end of what was longer */
    enter(fixture, cgroup);
    expect(fixture, "cpu.weight", "1");
    qemu_cgroup_close(cgroup);
}

static void test_other_controllers(Fixture *fixture, gconstpointer controllers)
{
    (void)controllers;
    QemuCgroup *cgroup = qemu_cgroup_open(fixture->folder);
    enter(fixture, cgroup);
    expect(fixture, "memory.max", "");
    expect(fixture, "cpu.weight", "");
    expect(fixture, "pids.max", "516");
    qemu_cgroup_close(cgroup);
}

/* A group stays while its guest runs, also over a restart, and goes with it. */
static void test_end(Fixture *fixture, gconstpointer controllers)
{
    (void)controllers;
    QemuCgroup *cgroup = qemu_cgroup_open(fixture->folder);
    enter(fixture, cgroup);
    qemu_cgroup_close(cgroup);
    cgroup = qemu_cgroup_open(fixture->folder);
    expect(fixture, "cgroup.procs", "4711");
    put(fixture->group, "cgroup.procs", "");
    qemu_cgroup_leave(cgroup, fixture->config.uuid);
    g_assert_cmpint(access(fixture->group, F_OK), !=, 0);
    enter(fixture, cgroup);
    qemu_cgroup_close(cgroup);
    put(fixture->group, "cgroup.procs", "");
    cgroup = qemu_cgroup_open(fixture->folder);
    g_assert_cmpint(access(fixture->group, F_OK), !=, 0);
    qemu_cgroup_close(cgroup);
}

static void test_none(Fixture *fixture, gconstpointer controllers)
{
    (void)controllers;
    g_assert_null(qemu_cgroup_open(""));
    g_assert_null(qemu_cgroup_open("/nowhere"));
    g_assert_true(qemu_cgroup_enter(NULL, &fixture->config, 1, NULL));
    qemu_cgroup_leave(NULL, fixture->config.uuid);
    qemu_cgroup_close(NULL);
}

#define ADD(name, controllers, test)                                                               \
    g_test_add("/qemu-cgroup/" name, Fixture, controllers, set_up, test, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("limits", "cpuset cpu io memory pids\n", test_limits);
    ADD("other-controllers", "pids\n", test_other_controllers);
    ADD("end", "cpu memory pids\n", test_end);
    ADD("none", "", test_none);
    return g_test_run();
}
