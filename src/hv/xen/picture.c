/* PNG (ISO 15948) with one IDAT chunk and no filter. */
#include "hv/xen/picture.h"

#include "base/text.h"

#include <string.h>
#include <zlib.h>

#define PNG_SIGNATURE  "\x89PNG\r\n\x1a\n"
#define PNG_DEPTH      8
#define PNG_TRUECOLOUR 2
#define PIXEL_BYTES    3
#define PPM_DEPTH      255

static bool xen_picture_number(const char **at, const char *end, uint64_t *ret);
static GByteArray *xen_picture_rows(const char *pixels, size_t width, size_t height);
static void xen_picture_chunk(GByteArray *png, const char *type, const void *data, size_t length);
static void xen_picture_append_u32(GByteArray *png, uint32_t number);

GBytes *xen_picture_to_png(const char *data, size_t length, Err **err)
{
    const char *at = data + 2;
    const char *end = data + length;
    uint64_t width, height, depth;
    if (length < 2 || memcmp(data, "P6", 2) != 0 || !xen_picture_number(&at, end, &width) ||
        !xen_picture_number(&at, end, &height) || !xen_picture_number(&at, end, &depth) ||
        depth != PPM_DEPTH || width == 0 || height == 0 || at == end ||
        (uint64_t)(end - at - 1) < width * height * PIXEL_BYTES) {
        err_internal(err, "QEMU wrote a picture of an unknown form");
        return NULL;
    }
    g_autoptr(GByteArray) rows = xen_picture_rows(at + 1, width, height);
    uLongf packed_length = compressBound(rows->len);
    g_autofree Bytef *packed = g_malloc(packed_length);
    if (compress2(packed, &packed_length, rows->data, rows->len, Z_BEST_SPEED) != Z_OK) {
        err_internal(err, "cannot compress a picture of %u bytes", rows->len);
        return NULL;
    }
    const uint32_t size[] = {GUINT32_TO_BE((uint32_t)width), GUINT32_TO_BE((uint32_t)height)};
    uint8_t header[sizeof size + 5] = {0};
    memcpy(header, size, sizeof size);
    header[sizeof size] = PNG_DEPTH;
    header[sizeof size + 1] = PNG_TRUECOLOUR;
    GByteArray *png = g_byte_array_new();
    g_byte_array_append(png, (const guint8 *)PNG_SIGNATURE, strlen(PNG_SIGNATURE));
    xen_picture_chunk(png, "IHDR", header, sizeof header);
    xen_picture_chunk(png, "IDAT", packed, packed_length);
    xen_picture_chunk(png, "IEND", NULL, 0);
    return g_byte_array_free_to_bytes(png);
}

/* Blanks stand before each number of the head. */
static bool xen_picture_number(const char **at, const char *end, uint64_t *ret)
{
    const char *start = *at;
    while (start < end && g_ascii_isspace(*start)) {
        start++;
    }
    const char *stop = start;
    while (stop < end && g_ascii_isdigit(*stop)) {
        stop++;
    }
    g_autofree char *text = g_strndup(start, (gsize)(stop - start));
    *at = stop;
    return text_parse_uint(text, XEN_PICTURE_MAX_SIDE, ret);
}

/* Each row begins with the number of its filter, which is none. */
static GByteArray *xen_picture_rows(const char *pixels, size_t width, size_t height)
{
    static const guint8 no_filter = 0;
    size_t row = width * PIXEL_BYTES;
    GByteArray *rows = g_byte_array_sized_new((guint)((row + 1) * height));
    for (size_t i = 0; i < height; i++) {
        g_byte_array_append(rows, &no_filter, 1);
        g_byte_array_append(rows, (const guint8 *)pixels + i * row, (guint)row);
    }
    return rows;
}

static void xen_picture_chunk(GByteArray *png, const char *type, const void *data, size_t length)
{
    xen_picture_append_u32(png, (uint32_t)length);
    guint start = png->len;
    g_byte_array_append(png, (const guint8 *)type, 4);
    if (length > 0) {
        g_byte_array_append(png, data, (guint)length);
    }
    xen_picture_append_u32(png, (uint32_t)crc32(0, png->data + start, png->len - start));
}

static void xen_picture_append_u32(GByteArray *png, uint32_t number)
{
    uint32_t big = GUINT32_TO_BE(number);
    g_byte_array_append(png, (const guint8 *)&big, sizeof big);
}
