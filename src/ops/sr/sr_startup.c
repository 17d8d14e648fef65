/* SM objects from the drivers' own words; every PBD of this host is plugged, as XenServer does it.
 */
#include "ops/sr/sr_startup.h"

#include "base/log.h"
#include "gen/db_host.h"
#include "gen/db_pbd.h"
#include "gen/db_sm.h"
#include "gen/db_sr.h"
#include "ops/message/alert.h"
#include "ops/sr/sr_attach.h"

/* Capability bits and the names clients know them by. */
static const struct {
    unsigned cap;
    const char *name;
} capability_names[] = {
    {SR_CAP_CREATE, "SR_CREATE"},
    {SR_CAP_DELETE, "SR_DELETE"},
    {SR_CAP_SCAN, "SR_SCAN"},
    {SR_CAP_PROBE, "SR_PROBE"},
    {SR_CAP_VDI_CREATE, "VDI_CREATE"},
    {SR_CAP_VDI_DELETE, "VDI_DELETE"},
    {SR_CAP_VDI_RESIZE, "VDI_RESIZE"},
    {SR_CAP_VDI_RESIZE_ONLINE, "VDI_RESIZE_ONLINE"},
    {SR_CAP_VDI_CLONE, "VDI_CLONE"},
    {SR_CAP_VDI_SNAPSHOT, "VDI_SNAPSHOT"},
    {SR_CAP_RESET_ON_BOOT, "VDI_RESET_ON_BOOT"},
    {SR_CAP_VDI_MIRROR, "VDI_MIRROR"},
};

/* Every driver attaches, updates and serves disks; there is no bit for it. */
static const char *const common_capabilities[] = {"SR_ATTACH",  "SR_DETACH",      "SR_UPDATE",
                                                  "VDI_ATTACH", "VDI_DETACH",     "VDI_ACTIVATE",
                                                  "VDI_UPDATE", "VDI_DEACTIVATE", "VDI_INTRODUCE"};

static void tell_unplugged(Call *call, PbdRef pbd, const Err *error);
static void write_managers(DbTxn *txn);
static SmRef find_manager(const DbView *view, const char *type);
static void write_manager(DbTxn *txn, SmRef manager, const SrDriver *driver);

bool sr_startup(Call *call, void *user, Err **err)
{
    Platform *platform = user;
    DbTxn *txn = db_begin(call->db);
    write_managers(txn);
    g_autoptr(GArray) pbds = db_pbd_all(db_txn_view(txn));
    if (!db_commit(txn, err)) {
        return false;
    }
    for (guint i = 0; i < pbds->len; i++) {
        PbdRef pbd = g_array_index(pbds, PbdRef, i);
        g_autoptr(Err) error = NULL;
        if (host_ref_equal(db_pbd_host(call_view(call), pbd), platform_host(platform)) &&
            !sr_attach_plug(call, pbd, &error)) {
            tell_unplugged(call, pbd, error);
        }
    }
    return true;
}

static void tell_unplugged(Call *call, PbdRef pbd, const Err *error)
{
    const DbView *view = call_view(call);
    HostRef host = db_pbd_host(view, pbd);
    g_autofree char *text = err_to_string(error);
    g_autofree char *body = g_strdup_printf("The SR '%s' (uuid: %s) could not be attached: %s",
                                            db_sr_name_label(view, db_pbd_sr(view, pbd)),
                                            db_sr_uuid(view, db_pbd_sr(view, pbd)), text);
    const Alert alert = {.name = "PBD_PLUG_FAILED_ON_SERVER_START",
                         .priority = ALERT_WARNING,
                         .cls = CLS_HOST,
                         .obj_uuid = db_host_uuid(view, host),
                         .body = body};
    log_warn("%s", body);
    DbTxn *txn = db_begin(call->db);
    db_pbd_set_currently_attached(txn, pbd, false);
    alert_write(txn, &alert);
    db_commit_async(txn);
}

static void write_managers(DbTxn *txn)
{
    for (const SrDriver *const *driver = platform_sr_drivers(); *driver; driver++) {
        SmRef manager = find_manager(db_txn_view(txn), (*driver)->type);
        write_manager(txn, sm_ref_is_null(manager) ? db_sm_create(txn) : manager, *driver);
    }
}

static SmRef find_manager(const DbView *view, const char *type)
{
    g_autoptr(GArray) managers = db_sm_all(view);
    for (guint i = 0; i < managers->len; i++) {
        SmRef manager = g_array_index(managers, SmRef, i);
        if (strcmp(db_sm_type(view, manager), type) == 0) {
            return manager;
        }
    }
    return (SmRef){{{0}}};
}

static void add_capability(Value *capabilities, Value *features, const char *name)
{
    value_array_add(capabilities, value_new_string(name));
    value_struct_add(features, name, value_new_int(1));
}

static void write_manager(DbTxn *txn, SmRef manager, const SrDriver *driver)
{
    Value *capabilities = value_new_array(16);
    Value *features = value_new_struct(16);
    for (size_t i = 0; i < G_N_ELEMENTS(common_capabilities); i++) {
        add_capability(capabilities, features, common_capabilities[i]);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(capability_names); i++) {
        if (driver->caps & capability_names[i].cap) {
            add_capability(capabilities, features, capability_names[i].name);
        }
    }
    Value *configuration = value_new_struct(4);
    for (const char *const *help = driver->config_help; help && help[0]; help += 2) {
        value_struct_add(configuration, help[0], value_new_string(help[1]));
    }
    db_sm_set_type(txn, manager, driver->type);
    db_sm_set_name_label(txn, manager, driver->label);
    db_sm_set_name_description(txn, manager, driver->description);
    db_sm_set_vendor(txn, manager, "Clearwater");
    db_sm_set_version(txn, manager, CLEARWATER_VERSION);
    db_sm_set_required_api_version(txn, manager, "1.0");
    db_sm_set_capabilities(txn, manager, capabilities);
    db_sm_set_features(txn, manager, features);
    db_sm_set_configuration(txn, manager, configuration);
}
