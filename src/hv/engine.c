/* Finds an engine's driver: built in, or in a module of its own where it stands on libraries that
 * not every host has.
 *
 * Guests that run know one engine only: another one would take them for ended, and the same disks
 * would soon be open twice. So the folder of what runs has a note of the engine that was opened on
 * it, and in which boot of the machine. */
#include "base/fd.h"
#include "base/log.h"
#include "base/text.h"
#include "hv/module.h"

#include <dlfcn.h>

#define MODULE_DIR_VARIABLE "CLEARWATER_MODULES" /* for a tree that is not installed */
#define XEN_MODULE          "clearwater-xen.so"

/* Where Linux says what Xen lets it do: a number of 32 bits, of which one is for the domain that
 * controls the machine (XENFEAT_dom0 of Xen's interface). */
static const char XEN_FEATURES_FILE[] = "sys/hypervisor/properties/features";
enum { XEN_FEATURE_CONTROL = 1 << 11, FEATURES_MAX_BYTES = 64 };

/* In the folder: the engine and the boot, a line each. Guests have entries beside it, by uuid. */
static const char NOTE_FILE[] = "engine";
static const char BOOT_FILE[] = "proc/sys/kernel/random/boot_id";
enum { NOTE_MAX_BYTES = 128 };

static char *hv_engine_of_guests(const char *root, const char *run_dir);
static bool hv_engine_has_guests(const char *run_dir);
static char *hv_engine_boot(const char *root);
static bool hv_engine_is_on_xen(const char *root);
static char *hv_engine_module_path(const char *file);
static const HvDriver *hv_engine_load(const char *name, const char *file, Err **err);

const char *hv_engine_choose(const char *root)
{
    if (!hv_engine_is_on_xen(root)) {
        return "qemu";
    }
    g_autofree char *module = hv_engine_module_path(XEN_MODULE);
    if (g_file_test(module, G_FILE_TEST_EXISTS)) {
        return "xen";
    }
    log_warn("this machine runs on Xen, but there is no %s: guests are emulated", module);
    return "qemu";
}

const HvDriver *hv_engine_select(const char *wanted, const char *root, const char *run_dir,
                                 Err **err)
{
    bool is_auto = text_equal(wanted, "auto");
    const char *name = is_auto ? hv_engine_choose(root) : wanted;
    g_autofree char *former = hv_engine_of_guests(root, run_dir);
    if (!former || text_equal(former, name)) {
        return hv_engine_find(name, err);
    }
    if (!is_auto) {
        err_internal(err,
                     "engine %s: guests of the engine %s may still run here. Start with that one, "
                     "shut them down, and start again",
                     name, former);
        return NULL;
    }
    log_warn("this machine would have the engine %s, but guests of the engine %s may still run: "
             "that stays until a start without any",
             name, former);
    return hv_engine_find(former, err);
}

bool hv_engine_note(const HvDriver *engine, const char *root, const char *run_dir, Err **err)
{
    g_autofree char *path = g_build_filename(run_dir, NOTE_FILE, NULL);
    g_autofree char *boot = hv_engine_boot(root);
    g_autofree char *note = g_strconcat(engine->name, "\n", boot, NULL);
    return fd_write_file(path, note, strlen(note), 0600, err);
}

const HvDriver *hv_engine_find(const char *name, Err **err)
{
    const struct {
        const char *name;
        const HvDriver *driver;
        const char *module;
    } engines[] = {
        {"qemu", &hv_qemu_driver, NULL},
        {"fake", &hv_fake_driver, NULL},
        {"xen", NULL, XEN_MODULE},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(engines); i++) {
        if (text_equal(name, engines[i].name)) {
            return engines[i].driver ? engines[i].driver
                                     : hv_engine_load(name, engines[i].module, err);
        }
    }
    err_internal(err, "engine %s: auto, qemu, xen or fake is expected", name);
    return NULL;
}

/* NULL: guests of any engine could not be there. (owned) */
static char *hv_engine_of_guests(const char *root, const char *run_dir)
{
    g_autofree char *path = g_build_filename(run_dir, NOTE_FILE, NULL);
    g_autofree char *note = fd_read_file(path, NOTE_MAX_BYTES, NULL, NULL);
    g_autofree char *boot = hv_engine_boot(root);
    char *end = note ? strchr(note, '\n') : NULL;
    if (!end || !text_equal(end + 1, boot) || !hv_engine_has_guests(run_dir)) {
        return NULL;
    }
    return g_strndup(note, (size_t)(end - note));
}

/* One that ended while no daemon was there counts: only its engine can tell. */
static bool hv_engine_has_guests(const char *run_dir)
{
    g_autoptr(GDir) entries = g_dir_open(run_dir, 0, NULL);
    const char *name;
    Uuid uuid;
    while (entries && (name = g_dir_read_name(entries))) {
        if (uuid_parse(name, &uuid)) {
            return true;
        }
    }
    return false;
}

/* (owned) */
static char *hv_engine_boot(const char *root)
{
    g_autofree char *path = g_build_filename(root, BOOT_FILE, NULL);
    g_autofree char *boot = fd_read_file(path, NOTE_MAX_BYTES, NULL, NULL);
    return g_strdup(boot ? g_strchomp(boot) : "");
}

static bool hv_engine_is_on_xen(const char *root)
{
    g_autofree char *path = g_build_filename(root, XEN_FEATURES_FILE, NULL);
    g_autofree char *text = fd_read_file(path, FEATURES_MAX_BYTES, NULL, NULL);
    return text && (g_ascii_strtoull(text, NULL, 16) & XEN_FEATURE_CONTROL) != 0;
}

/* (owned) */
static char *hv_engine_module_path(const char *file)
{
    const char *dir = g_getenv(MODULE_DIR_VARIABLE);
    return g_build_filename(dir && *dir ? dir : HV_MODULE_DIR, file, NULL);
}

/* A module that was loaded stays: its driver's functions may be on any thread's stack. */
static const HvDriver *hv_engine_load(const char *name, const char *file, Err **err)
{
    g_autofree char *path = hv_engine_module_path(file);
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!handle) {
        err_internal(err, "cannot load the engine %s: %s", name, dlerror());
        return NULL;
    }
    const HvModule *module = dlsym(handle, HV_MODULE_SYMBOL);
    if (!module || !text_equal(module->version, CLEARWATER_VERSION)) {
        err_internal(err, "%s is not of version " CLEARWATER_VERSION " as this program is", path);
        return NULL;
    }
    return module->driver;
}
