/* front/picture.c: a picture keeps its size and about its colours; what is none is refused. */
#include "front/picture.h"

#include <png.h>
#include <turbojpeg.h>

enum { WIDTH = 24, HEIGHT = 16 };

/* Red on the left, blue on the right. (owned) */
static GBytes *new_png(void)
{
    unsigned char rgb[HEIGHT][WIDTH][3] = {0};
    for (int y = 0; y < HEIGHT; y++) {
        for (int x = 0; x < WIDTH; x++) {
            rgb[y][x][x < WIDTH / 2 ? 0 : 2] = 255;
        }
    }
    png_image image = {
        .version = PNG_IMAGE_VERSION, .width = WIDTH, .height = HEIGHT, .format = PNG_FORMAT_RGB};
    png_alloc_size_t size = 0;
    g_assert_true(png_image_write_to_memory(&image, NULL, &size, 0, rgb, 0, NULL));
    void *data = g_malloc(size);
    g_assert_true(png_image_write_to_memory(&image, data, &size, 0, rgb, 0, NULL));
    return g_bytes_new_take(data, size);
}

static void test_jpeg(void)
{
    g_autoptr(GBytes) png = new_png();
    g_autoptr(Err) err = NULL;
    g_autoptr(GBytes) jpeg = picture_as_jpeg(png, &err);
    g_assert_null(err);
    gsize length;
    const unsigned char *data = g_bytes_get_data(jpeg, &length);
    unsigned char rgb[HEIGHT][WIDTH][3];
    int width, height, sampling, space;
    tjhandle decoder = tjInitDecompress();
    g_assert_cmpint(tjDecompressHeader3(decoder, data, length, &width, &height, &sampling, &space),
                    ==, 0);
    g_assert_cmpint(width, ==, WIDTH);
    g_assert_cmpint(height, ==, HEIGHT);
    g_assert_cmpint(
        tjDecompress2(decoder, data, length, &rgb[0][0][0], WIDTH, 0, HEIGHT, TJPF_RGB, 0), ==, 0);
    g_assert_cmpint(rgb[2][2][0], >, 200);
    g_assert_cmpint(rgb[2][2][2], <, 60);
    g_assert_cmpint(rgb[2][WIDTH - 3][0], <, 60);
    g_assert_cmpint(rgb[2][WIDTH - 3][2], >, 200);
    tjDestroy(decoder);
}

static void test_refusals(void)
{
    g_autoptr(GBytes) png = new_png();
    g_autoptr(GBytes) half = g_bytes_new_from_bytes(png, 0, g_bytes_get_size(png) / 2);
    g_autoptr(GBytes) text = g_bytes_new_static("no picture", 10);
    GBytes *const bad[] = {half, text};
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(Err) err = NULL;
        g_assert_null(picture_as_jpeg(bad[i], &err));
        g_assert_nonnull(err);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/picture/jpeg", test_jpeg);
    g_test_add_func("/picture/refusals", test_refusals);
    return g_test_run();
}
