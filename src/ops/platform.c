/* The engine, network and storage handles of this host.  What happens with them at start is in
 * ops/host/startup.c. */
#include "ops/platform.h"

#include "base/fd.h"
#include "base/turn.h"
#include "core/core.h"
#include "gen/db_sr.h"
#include "gen/errors.h"
#include "ops/host/startup.h"
#include "ops/metrics/metrics.h"
#include "ops/network/network_watch.h"
#include "ops/pool/pool_external_auth.h"
#include "ops/vdi/vdi_merge.h"
#include "ops/vm/vm_bounce.h"
#include "ops/vm/vm_turn.h"
#include "ops/vm/vm_watch.h"

struct Platform {
    Db *db;
    Core *core;
    PlatformConfig config;
    char *strings[12]; /* what config points to */
    Hv *hv;
    Nw *nw;
    Turn network_turn;
    HostRef host;
    PoolRef pool;
    VmWatch *watch;
    VmTurns *turns;
    VmBounces *bounces;
    NetworkWatch *network_watch;
    SrTable *srs;
    VdiMerger *merger;
    Metrics *metrics;
};

static const SrDriver *const sr_drivers[] = {&sr_file_driver, &sr_ext_driver, &sr_iso_driver,
                                             &sr_fake_driver, NULL};

static void copy_config(Platform *platform, const PlatformConfig *config);

Platform *platform_new(Db *db, const PlatformConfig *config, Err **err)
{
    g_autoptr(Platform) platform = g_new0(Platform, 1);
    platform->db = db;
    turn_init(&platform->network_turn, LOCK_NETWORK);
    platform->srs = sr_table_new();
    platform->merger = vdi_merger_new(platform);
    platform->turns = vm_turns_new();
    platform->bounces = vm_bounces_new();
    platform->network_watch = network_watch_new(platform);
    copy_config(platform, config);
    platform->metrics = metrics_new(platform);
    platform->watch = vm_watch_new(platform);
    g_autofree char *hv_dir = platform_guests_dir(config->paths.run_dir);
    g_autofree char *nw_dir = g_build_filename(config->paths.run_dir, "networks", NULL);
    if (!fd_make_dirs(hv_dir, 0711, err) || !fd_make_dirs(nw_dir, 0755, err)) {
        return NULL;
    }
    const HvConfig hv_config = {.run_dir = hv_dir,
                                .log_dir = config->paths.log_dir,
                                .accelerator = config->accelerator,
                                .user_name = config->guest_user,
                                .cgroup = config->guest_cgroup,
                                .events = vm_watch_events(platform->watch)};
    platform->nw = config->nw->open(nw_dir, err);
    platform->hv = platform->nw ? config->hv->open(&hv_config, err) : NULL;
    return platform->hv ? g_steal_pointer(&platform) : NULL;
}

char *platform_guests_dir(const char *run_dir)
{
    return g_build_filename(run_dir, "domains", NULL);
}

void platform_free(Platform *platform)
{
    if (!platform) {
        return;
    }
    vm_watch_stop(platform->watch);
    network_watch_free(platform->network_watch);
    metrics_free(platform->metrics);
    if (platform->hv) {
        platform->config.hv->close(platform->hv);
    }
    if (platform->nw) {
        platform->config.nw->close(platform->nw);
    }
    vm_watch_free(platform->watch);
    vm_turns_free(platform->turns);
    vm_bounces_free(platform->bounces);
    vdi_merger_free(platform->merger);
    sr_table_free(platform->srs);
    turn_clear(&platform->network_turn);
    for (size_t i = 0; i < G_N_ELEMENTS(platform->strings); i++) {
        g_free(platform->strings[i]);
    }
    g_free(platform);
}

bool platform_start(Platform *platform, Core *core, Err **err)
{
    platform->core = core;
    if (!startup_run(platform, &platform->host, &platform->pool, err)) {
        return false;
    }
    sessions_set_host(core_sessions(core), platform->host.id);
    external_auth_startup(platform, core);
    network_watch_start(platform->network_watch);
    return vm_watch_start(platform->watch, err);
}

Platform *call_platform(Call *call)
{
    return core_platform(call->core);
}

const HvDriver *platform_hv_driver(const Platform *platform)
{
    return platform->config.hv;
}

Hv *platform_hv(const Platform *platform)
{
    return platform->hv;
}

const NwDriver *platform_nw_driver(const Platform *platform)
{
    return platform->config.nw;
}

Nw *platform_nw(const Platform *platform)
{
    return platform->nw;
}

Turn *platform_network_turn(Platform *platform)
{
    return &platform->network_turn;
}

const PlatformPaths *platform_paths(const Platform *platform)
{
    return &platform->config.paths;
}

const PlatformConfig *platform_config(const Platform *platform)
{
    return &platform->config;
}

Db *platform_db(const Platform *platform)
{
    return platform->db;
}

Core *platform_core(const Platform *platform)
{
    return platform->core;
}

HostRef platform_host(const Platform *platform)
{
    return platform->host;
}

PoolRef platform_pool(const Platform *platform)
{
    return platform->pool;
}

VmWatch *platform_vm_watch(const Platform *platform)
{
    return platform->watch;
}

struct VmTurns *platform_vm_turns(const Platform *platform)
{
    return platform->turns;
}

struct VmBounces *platform_vm_bounces(const Platform *platform)
{
    return platform->bounces;
}

struct NetworkWatch *platform_network_watch(const Platform *platform)
{
    return platform->network_watch;
}

struct VdiMerger *platform_merger(const Platform *platform)
{
    return platform->merger;
}

struct Metrics *platform_metrics(const Platform *platform)
{
    return platform->metrics;
}

const SrDriver *const *platform_sr_drivers(void)
{
    return sr_drivers;
}

const SrDriver *platform_sr_driver(const char *type)
{
    for (const SrDriver *const *driver = sr_drivers; *driver; driver++) {
        if (strcmp((*driver)->type, type) == 0) {
            return *driver;
        }
    }
    return NULL;
}

SrTable *platform_srs(const Platform *platform)
{
    return platform->srs;
}

bool platform_use_sr(Platform *platform, const DbView *view, SrRef sr, SrUse *ret_use, Err **err)
{
    Uuid uuid;
    if (!uuid_parse(db_sr_uuid(view, sr), &uuid)) {
        return err_handle_invalid(err, "SR", REF_TEXT(sr.id));
    }
    return sr_table_use(platform->srs, uuid, ret_use) || err_sr_has_no_pbds(err, REF_TEXT(sr.id));
}

bool platform_has_sr(Platform *platform, Uuid sr_uuid)
{
    return sr_table_has(platform->srs, sr_uuid);
}

static void copy_config(Platform *platform, const PlatformConfig *config)
{
    platform->config = *config;
    const char **owned[] = {
        &platform->config.paths.state_dir,  &platform->config.paths.run_dir,
        &platform->config.paths.log_dir,    &platform->config.paths.certificate_path,
        &platform->config.paths.etc_dir,    &platform->config.paths.crash_dir,
        &platform->config.paths.plugin_dir, &platform->config.accelerator,
        &platform->config.guest_user,       &platform->config.guest_cgroup,
        &platform->config.address,          &platform->config.host_name};
    G_STATIC_ASSERT(G_N_ELEMENTS(owned) == G_N_ELEMENTS(platform->strings));
    for (size_t i = 0; i < G_N_ELEMENTS(owned); i++) {
        platform->strings[i] = g_strdup(*owned[i]);
        *owned[i] = platform->strings[i];
    }
}
