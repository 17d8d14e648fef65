/* hv/engine.c: which engine suits a machine, by what its /sys says and which modules there are, and
 * whether guests of another one keep it from being used. */
#include "hv/hv.h"

#include "base/fd.h"

#include <glib/gstdio.h>

/* Of Xen 4.17 to the domain that controls the machine, and to another one. */
static const char OF_CONTROL[] = "00002f35\n";
static const char OF_A_GUEST[] = "00002705\n";

typedef struct Fixture {
    char *root;
    char *features, *module; /* files */
} Fixture;

static void set_up(Fixture *fixture, gconstpointer data)
{
    (void)data;
    fixture->root = g_dir_make_tmp("engine-XXXXXX", NULL);
    g_autofree char *folder = g_build_filename(fixture->root, "sys/hypervisor/properties", NULL);
    g_assert_cmpint(g_mkdir_with_parents(folder, 0755), ==, 0);
    fixture->features = g_build_filename(folder, "features", NULL);
    fixture->module = g_build_filename(fixture->root, "clearwater-xen.so", NULL);
    g_assert_true(g_setenv("CLEARWATER_MODULES", fixture->root, true));
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
    (void)data;
    (void)g_remove(fixture->features);
    (void)g_remove(fixture->module);
    static const char *const folders[] = {"sys/hypervisor/properties", "sys/hypervisor", "sys", ""};
    for (size_t i = 0; i < G_N_ELEMENTS(folders); i++) {
        g_autofree char *path = g_build_filename(fixture->root, folders[i], NULL);
        g_assert_cmpint(g_rmdir(path), ==, 0);
    }
    g_free(fixture->root);
    g_free(fixture->features);
    g_free(fixture->module);
}

static void assert_choice(const Fixture *fixture, const char *features, bool has_module,
                          const char *expected)
{
    (void)g_remove(fixture->features);
    (void)g_remove(fixture->module);
    if (features) {
        g_assert_true(g_file_set_contents(fixture->features, features, -1, NULL));
    }
    if (has_module) {
        g_assert_true(g_file_set_contents(fixture->module, "", 0, NULL));
    }
    g_assert_cmpstr(hv_engine_choose(fixture->root), ==, expected);
}

static void test_choice(Fixture *fixture, gconstpointer data)
{
    (void)data;
    assert_choice(fixture, OF_CONTROL, true, "xen");
    assert_choice(fixture, OF_CONTROL, false, "qemu");
    assert_choice(fixture, OF_A_GUEST, true, "qemu");
    assert_choice(fixture, "nonsense\n", true, "qemu");
    assert_choice(fixture, NULL, true, "qemu");
}

/* A machine in its first boot, without Xen, and a folder in which a guest runs. */
static char *make_run_dir(const Fixture *fixture)
{
    char *folder = g_build_filename(fixture->root, "run", NULL);
    g_autofree char *guest = g_build_filename(folder, "0f9ac5bb-1b3c-4c5d-9a0e-6f1d2c3b4a59", NULL);
    g_assert_true(fd_make_dirs(guest, 0755, NULL));
    return folder;
}

static void boot(const Fixture *fixture, const char *id)
{
    g_autofree char *folder = g_build_filename(fixture->root, "proc/sys/kernel/random", NULL);
    g_autofree char *file = g_build_filename(folder, "boot_id", NULL);
    g_assert_true(fd_make_dirs(folder, 0755, NULL));
    g_assert_true(g_file_set_contents(file, id, -1, NULL));
}

static void end_guests(const char *run_dir)
{
    g_autofree char *guest =
        g_build_filename(run_dir, "0f9ac5bb-1b3c-4c5d-9a0e-6f1d2c3b4a59", NULL);
    g_assert_cmpint(g_rmdir(guest), ==, 0);
}

static void assert_engine(const Fixture *fixture, const char *wanted, const char *run_dir,
                          const HvDriver *expected)
{
    g_autoptr(Err) err = NULL;
    g_assert_true(hv_engine_select(wanted, fixture->root, run_dir, &err) == expected);
    g_assert_true((err == NULL) == (expected != NULL));
}

static void remove_state(const Fixture *fixture, const char *run_dir)
{
    g_autofree char *proc = g_build_filename(fixture->root, "proc", NULL);
    g_assert_true(fd_remove_tree(run_dir, NULL) && fd_remove_tree(proc, NULL));
}

/* Its engine stays as long as they may run, and no other one is opened over them. */
static void test_guests(Fixture *fixture, gconstpointer data)
{
    (void)data;
    g_autofree char *run_dir = make_run_dir(fixture);
    boot(fixture, "first\n");
    assert_engine(fixture, "auto", run_dir, &hv_qemu_driver);
    assert_engine(fixture, "fake", run_dir, &hv_fake_driver); /* nobody says whose guest it is */
    g_assert_true(hv_engine_note(&hv_fake_driver, fixture->root, run_dir, NULL));
    assert_engine(fixture, "auto", run_dir, &hv_fake_driver);
    assert_engine(fixture, "fake", run_dir, &hv_fake_driver);
    assert_engine(fixture, "qemu", run_dir, NULL);
    end_guests(run_dir);
    assert_engine(fixture, "auto", run_dir, &hv_qemu_driver);
    assert_engine(fixture, "qemu", run_dir, &hv_qemu_driver);
    remove_state(fixture, run_dir);
}

/* The module comes while guests are emulated; it is nonsense, so only who does not load it goes on.
 */
static void test_module_comes(Fixture *fixture, gconstpointer data)
{
    (void)data;
    g_autofree char *run_dir = make_run_dir(fixture);
    boot(fixture, "first\n");
    assert_choice(fixture, OF_CONTROL, false, "qemu");
    g_assert_true(hv_engine_note(&hv_qemu_driver, fixture->root, run_dir, NULL));
    assert_choice(fixture, OF_CONTROL, true, "xen");
    assert_engine(fixture, "auto", run_dir, &hv_qemu_driver);
    assert_engine(fixture, "xen", run_dir, NULL);
    end_guests(run_dir);
    assert_engine(fixture, "auto", run_dir, NULL);
    remove_state(fixture, run_dir);
}

/* No guest outlives the machine, though its folder may. */
static void test_machine_boots(Fixture *fixture, gconstpointer data)
{
    (void)data;
    g_autofree char *run_dir = make_run_dir(fixture);
    boot(fixture, "first\n");
    g_assert_true(hv_engine_note(&hv_fake_driver, fixture->root, run_dir, NULL));
    boot(fixture, "second\n");
    assert_engine(fixture, "auto", run_dir, &hv_qemu_driver);
    assert_engine(fixture, "qemu", run_dir, &hv_qemu_driver);
    remove_state(fixture, run_dir);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/engine/choice", Fixture, NULL, set_up, test_choice, tear_down);
    g_test_add("/engine/guests", Fixture, NULL, set_up, test_guests, tear_down);
    g_test_add("/engine/module-comes", Fixture, NULL, set_up, test_module_comes, tear_down);
    g_test_add("/engine/machine-boots", Fixture, NULL, set_up, test_machine_boots, tear_down);
    return g_test_run();
}
