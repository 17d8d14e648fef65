/* hv/engine.c: which engine suits a machine, by what its /sys says and which modules there are. */
#include "hv/hv.h"

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

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/engine/choice", Fixture, NULL, set_up, test_choice, tear_down);
    return g_test_run();
}
