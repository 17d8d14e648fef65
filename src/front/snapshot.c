/* The engine draws the picture; it takes its time. */
#include "front/snapshot.h"

#include "front/console_find.h"
#include "ops/platform.h"

static bool take(FrontRequest *request, Err **err);

const FrontHandler front_snapshot_handler = {HTTP_ACTION_GET_VNCSNAPSHOT, FRONT_THREAD, take};

/* A PNG picture, where XenServer 6.2 gave a JPEG one: the engines draw no other. */
static bool take(FrontRequest *request, Err **err)
{
    ConsoleTarget target;
    Platform *platform = core_platform(request->core);
    if (!console_find_for(request->caller, request->head,
                          PERMISSION_HTTP_GET_VNCSNAPSHOT_HOST_CONSOLE, &target, err)) {
        return false;
    }
    g_autoptr(GBytes) picture = platform_hv_driver(platform)->console_screenshot(
        platform_hv(platform), request->op, target.domain, err);
    if (!picture) {
        return false;
    }
    g_autofree char *disposition =
        g_strdup_printf("attachment; filename=\"snapshot%.8s.png\"", UUID_TEXT(target.domain));
    const char *const headers[] = {"cache-control",
                                   "no-cache, no-store",
                                   "content-type",
                                   "image/png",
                                   "content-disposition",
                                   disposition,
                                   NULL};
    gsize length;
    const char *data = g_bytes_get_data(picture, &length);
    return front_request_reply(request, 200, headers, g_string_new_len(data, (gssize)length), err);
}
