/* libpng's simplified interface reads into memory, TurboJPEG writes out of it; neither keeps
 * anything beyond a call. */
#include "front/picture.h"

#include <png.h>
#include <turbojpeg.h>

typedef struct Pixels {
    int width, height;
    unsigned char *rgb; /* owned */
} Pixels;

static bool read_png(GBytes *png, Pixels *ret_pixels, Err **err);
static bool decode(png_image *image, Pixels *ret_pixels, Err **err);
static GBytes *write_jpeg(const Pixels *pixels, Err **err);
static void free_jpeg(gpointer data);

GBytes *picture_as_jpeg(GBytes *png, Err **err)
{
    Pixels pixels = {0};
    GBytes *jpeg = read_png(png, &pixels, err) ? write_jpeg(&pixels, err) : NULL;
    g_free(pixels.rgb);
    return jpeg;
}

static bool read_png(GBytes *png, Pixels *ret_pixels, Err **err)
{
    gsize length;
    const void *data = g_bytes_get_data(png, &length);
    png_image image = {.version = PNG_IMAGE_VERSION};
    if (!png_image_begin_read_from_memory(&image, data, length)) {
        return err_internal(err, "the engine's picture cannot be read: %s", image.message);
    }
    bool ok = decode(&image, ret_pixels, err);
    png_image_free(&image);
    return ok;
}

static bool decode(png_image *image, Pixels *ret_pixels, Err **err)
{
    if (image->width > PICTURE_MAX_SIDE || image->height > PICTURE_MAX_SIDE) {
        return err_internal(err, "the engine's picture is larger than %d pixels", PICTURE_MAX_SIDE);
    }
    image->format = PNG_FORMAT_RGB;
    g_autofree unsigned char *rgb = g_malloc(PNG_IMAGE_SIZE(*image));
    if (!png_image_finish_read(image, NULL, rgb, 0, NULL)) {
        return err_internal(err, "the engine's picture cannot be read: %s", image->message);
    }
    *ret_pixels = (Pixels){
        .width = (int)image->width, .height = (int)image->height, .rgb = g_steal_pointer(&rgb)};
    return true;
}

static GBytes *write_jpeg(const Pixels *pixels, Err **err)
{
    unsigned char *jpeg = NULL;
    unsigned long size = 0;
    tjhandle encoder = tjInitCompress();
    int result = encoder ? tjCompress2(encoder, pixels->rgb, pixels->width, 0, pixels->height,
                                       TJPF_RGB, &jpeg, &size, TJSAMP_444, PICTURE_QUALITY, 0)
                         : -1;
    if (result < 0) {
        err_internal(err, "the picture cannot be written: %s", tjGetErrorStr2(encoder));
    }
    tjDestroy(encoder);
    if (result < 0) {
        tjFree(jpeg);
        return NULL;
    }
    return g_bytes_new_with_free_func(jpeg, size, free_jpeg, jpeg);
}

static void free_jpeg(gpointer data)
{
    tjFree(data);
}
