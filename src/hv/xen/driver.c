/* The xen driver: opening, closing and the table of its hooks. */
#include "hv/module.h"
#include "hv/statefile.h"
#include "hv/xen/adopt.h"
#include "hv/xen/domain.h"
#include "hv/xen/guest.h"
#include "hv/xen/hooks.h"
#include "hv/xen/monitor.h"

#include <dlfcn.h>

#define VIF_SCRIPT "clearwater-vif" /* beside the module */

extern const HvModule hv_module;

static Hv *xen_driver_open(const HvConfig *config, Err **err);
static void xen_driver_close(Hv *hv);
static bool xen_driver_connect(Hv *hv, Err **err);
static bool xen_driver_start(Hv *hv, Err **err);
static char *xen_driver_find_script(void);
static void xen_driver_release(Hv *hv);

static const HvDriver xen_driver = {
    .name = "xen",
    .caps = HV_CAP_MEMORY_BALLOON | HV_CAP_VCPU_HOTPLUG | HV_CAP_SAVE | HV_CAP_SAVE_BY_GUEST |
            HV_CAP_GUEST_AGENT | HV_CAP_UEFI | HV_CAP_DIRECT_KERNEL | HV_CAP_VNC |
            HV_CAP_TEXT_CONSOLE | HV_CAP_NIC_BRIDGE | HV_CAP_SYSRQ | HV_CAP_BOOTLOADER |
            HV_CAP_LIVE_SNAPSHOT | HV_CAP_LIVE_MERGE | HV_CAP_LIVE_RESIZE | HV_CAP_DISK_MIRROR |
            HV_CAP_DUMP | HV_CAP_HYPERVISOR | HV_CAP_SHADOW | HV_CAP_MIGRATE | HV_CAP_STORE,
    .triggers =
        HV_TRIGGER_NMI | HV_TRIGGER_RESET | HV_TRIGGER_POWER | HV_TRIGGER_SLEEP | HV_TRIGGER_WAKE,
    .open = xen_driver_open,
    .close = xen_driver_close,
    .host_info = xen_host_info,
    .host_stats = xen_host_stats,
    .host_messages = xen_hypervisor_messages,
    .host_debug_keys = xen_hypervisor_debug_keys,
    .domain_create = xen_create_domain,
    .domain_set_paused = xen_control_set_paused,
    .domain_shutdown = xen_control_shutdown,
    .domain_destroy = xen_control_destroy,
    .domain_list = xen_info_list,
    .domain_info = xen_info_domain,
    .domain_devices = xen_info_devices,
    .domain_stats = xen_info_stats,
    .domain_set_memory = xen_control_set_memory,
    .domain_set_vcpus = xen_control_set_vcpus,
    .domain_set_shadow = xen_control_set_shadow,
    .domain_change_store = xen_store_change,
    .domain_sysrq = xen_control_sysrq,
    .domain_trigger = xen_control_trigger,
    .domain_dump_size = xen_dump_size,
    .domain_dump = xen_dump_domain,
    .domain_save_size = xen_save_size,
    .domain_save = xen_save_domain,
    .domain_send = xen_passage_send,
    .domain_receive = xen_passage_receive,
    .domain_reclaim = xen_passage_reclaim,
    .disk_plug = xen_disk_plug,
    .disk_unplug = xen_disk_unplug,
    .cd_change = xen_disk_change_cd,
    .disk_snapshot = xen_block_snapshot,
    .disk_resize = xen_block_resize,
    .disk_merge = xen_block_merge,
    .disk_mirror = xen_block_mirror,
    .disk_mirror_settle = xen_block_mirror_settle,
    .nic_plug = xen_nic_plug,
    .nic_unplug = xen_nic_unplug,
    .console_open = xen_console_open,
    .console_screenshot = xen_console_screenshot,
    .guest_info = xen_guest_info,
    .guest_freeze = xen_unsupported_freeze,
};

const HvModule hv_module = {CLEARWATER_VERSION, &xen_driver};

static Hv *xen_driver_open(const HvConfig *config, Err **err)
{
    Hv *hv = g_new0(Hv, 1);
    hv->run_dir = g_strdup(config->run_dir);
    hv->events = config->events;
    hv->vif_script = xen_driver_find_script();
    hv->store_watch.fd = -1;
    xen_message_init(&hv->messages);
    lock_init(&hv->lock, LOCK_HV);
    hv->domains =
        g_hash_table_new_full(uuid_hash, uuid_equal_ptr, NULL, (GDestroyNotify)xen_domain_unref);
    hv->busy = g_array_new(FALSE, TRUE, sizeof(uint64_t));
    if (!xen_driver_connect(hv, err) || !xen_driver_start(hv, err) || !xen_adopt_all(hv, err)) {
        xen_driver_close(hv);
        return NULL;
    }
    return hv;
}

/* Nothing of ours may be called any more before what it works on goes. */
static void xen_driver_close(Hv *hv)
{
    relay_free(hv->relay);
    hv_loop_free(hv->own_loop);
    xen_events_free(hv->loop);
    xen_driver_release(hv);
    xs_close(hv->store);
    if (hv->control) {
        xc_interface_close(hv->control);
    }
    libxl_ctx_free(hv->ctx);
    xen_message_clear(&hv->messages);
    g_array_unref(hv->busy);
    lock_clear(&hv->lock);
    g_free(hv->vif_script);
    g_free(hv->run_dir);
    g_free(hv);
}

static bool xen_driver_connect(Hv *hv, Err **err)
{
    if (libxl_ctx_alloc(&hv->ctx, LIBXL_VERSION, 0, &hv->messages.vtable) != 0) {
        hv->ctx = NULL;
        return err_internal(err, "this machine does not run on Xen, or its xenstore does not");
    }
    hv->control = xc_interface_open(&hv->messages.vtable, NULL, 0);
    hv->store = xs_open(0);
    return (hv->control && hv->store) || err_internal(err, "cannot talk to Xen and its xenstore");
}

static bool xen_driver_start(Hv *hv, Err **err)
{
    hv_statefile_clean(hv->run_dir);
    hv->loop = xen_events_new(hv->ctx, xen_domain_on_event, hv, err);
    hv->own_loop = hv->loop ? hv_loop_new(NULL, NULL, err) : NULL;
    hv->relay = hv->own_loop ? relay_new(err) : NULL;
    return hv->relay && xen_guest_start(hv, err);
}

/* In the folder that this module was loaded from. */
static char *xen_driver_find_script(void)
{
    Dl_info info;
    g_autofree char *file =
        dladdr(&hv_module, &info) != 0 ? g_canonicalize_filename(info.dli_fname, NULL) : NULL;
    g_autofree char *dir = file ? g_path_get_dirname(file) : NULL;
    return g_build_filename(dir ? dir : "/", VIF_SCRIPT, NULL);
}

static void xen_driver_release(Hv *hv)
{
    GHashTableIter iter;
    gpointer domain;
    g_hash_table_iter_init(&iter, hv->domains);
    while (g_hash_table_iter_next(&iter, NULL, &domain)) {
        xen_domain_unwatch(domain);
        xen_monitor_release(domain);
    }
    g_hash_table_unref(hv->domains);
}
