/* Finds an engine's driver: built in, or in a module of its own where it stands on libraries that
 * not every host has. */
#include "base/text.h"
#include "hv/module.h"

#include <dlfcn.h>

#define MODULE_DIR_VARIABLE "CLEARWATER_MODULES" /* for a tree that is not installed */

static const HvDriver *hv_engine_load(const char *name, const char *file, Err **err);

const HvDriver *hv_engine_find(const char *name, Err **err)
{
    const struct {
        const char *name;
        const HvDriver *driver;
        const char *module;
    } engines[] = {
        {"qemu", &hv_qemu_driver, NULL},
        {"fake", &hv_fake_driver, NULL},
        {"xen", NULL, "clearwater-xen.so"},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(engines); i++) {
        if (text_equal(name, engines[i].name)) {
            return engines[i].driver ? engines[i].driver
                                     : hv_engine_load(name, engines[i].module, err);
        }
    }
    err_internal(err, "engine %s: qemu, xen or fake is expected", name);
    return NULL;
}

/* A module that was loaded stays: its driver's functions may be on any thread's stack. */
static const HvDriver *hv_engine_load(const char *name, const char *file, Err **err)
{
    const char *dir = g_getenv(MODULE_DIR_VARIABLE);
    g_autofree char *path = g_build_filename(dir && *dir ? dir : HV_MODULE_DIR, file, NULL);
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
