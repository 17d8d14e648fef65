/* What all storage drivers share: clearing of their plain structs and reading of device_config. */
#include "storage/sr.h"

#include "storage/sr_fail.h"

void sr_vdi_clear(SrVdi *vdi)
{
    g_free(vdi->location);
    g_free(vdi->name);
    g_free(vdi->format);
    g_free(vdi->parent);
    *vdi = (SrVdi){0};
}

void sr_image_clear(SrImage *image)
{
    g_free(image->path);
    g_free(image->format);
    *image = (SrImage){0};
}

GArray *sr_vdi_array_new(void)
{
    GArray *vdis = g_array_new(FALSE, FALSE, sizeof(SrVdi));
    g_array_set_clear_func(vdis, (GDestroyNotify)sr_vdi_clear);
    return vdis;
}

GArray *sr_image_array_new(void)
{
    GArray *images = g_array_new(FALSE, FALSE, sizeof(SrImage));
    g_array_set_clear_func(images, (GDestroyNotify)sr_image_clear);
    return images;
}

const char *sr_config_get(const SrConfig *config, const char *key)
{
    const char *const *pair = config->device_config;
    for (; pair && pair[0] && pair[1]; pair += 2) {
        if (g_str_equal(pair[0], key)) {
            return pair[1];
        }
    }
    return NULL;
}

bool sr_unsupported(const char *type, const char *what, Err **err)
{
    return sr_fail(err, SR_FAIL_UNSUPPORTED, "storage of type %s cannot %s", type, what);
}
