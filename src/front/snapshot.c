/* The engine draws the picture; it takes its time. */
#include "front/snapshot.h"

#include "base/text.h"
#include "front/console_find.h"
#include "front/picture.h"
#include "ops/platform.h"

static bool take(FrontRequest *request, Err **err);

const FrontHandler front_snapshot_handler = {HTTP_ACTION_GET_VNCSNAPSHOT, FRONT_THREAD, take};

/* JPEG as in 6.2, unless `format=png` asks for what loses nothing. */
static bool take(FrontRequest *request, Err **err)
{
    ConsoleTarget target;
    Platform *platform = core_platform(request->core);
    g_autofree char *format = front_request_param(request, "format");
    bool is_png = text_equal(format, "png");
    if (!console_find_for(request->caller, request->head,
                          PERMISSION_HTTP_GET_VNCSNAPSHOT_HOST_CONSOLE, &target, err)) {
        return false;
    }
    g_autoptr(GBytes) png = platform_hv_driver(platform)->console_screenshot(
        platform_hv(platform), request->op, target.domain, err);
    g_autoptr(GBytes) jpeg = png && !is_png ? picture_as_jpeg(png, err) : NULL;
    if (!png || (!is_png && !jpeg)) {
        return false;
    }
    g_autofree char *disposition =
        g_strdup_printf("attachment; filename=\"snapshot%.8s.%s\"", UUID_TEXT(target.domain),
                        is_png ? "png" : "jpg");
    const char *const headers[] = {"cache-control",
                                   "no-cache, no-store",
                                   "content-type",
                                   is_png ? "image/png" : "image/jpeg",
                                   "content-disposition",
                                   disposition,
                                   NULL};
    gsize length;
    const char *data = g_bytes_get_data(is_png ? png : jpeg, &length);
    return front_request_reply(request, 200, headers, g_string_new_len(data, (gssize)length), err);
}
