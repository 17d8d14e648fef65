/* What implementations work with beyond the database: the engine, the networks and the attached
 * repositories of this host.  One Platform lives as long as the daemon. */
#pragma once

#include "core/call.h"
#include "gen/types.h"
#include "hv/hv.h"
#include "network/nw.h"
#include "ops/sr/sr_table.h"
#include "storage/sr.h"

typedef struct Platform Platform;

typedef struct PlatformPaths {
    const char *state_dir;        /* <root>/var/lib/clearwater */
    const char *run_dir;          /* <root>/run/clearwater */
    const char *log_dir;          /* <root>/var/log/clearwater */
    const char *etc_dir;          /* <root>/etc/clearwater */
    const char *certificate_path; /* PEM file: what the host shows, with its key */
    const char *crash_dir;        /* <root>/var/crash: dumps of crashes of the host */
    const char *plugin_dir;       /* programs for host.call_plugin */
} PlatformPaths;

typedef struct PlatformConfig {
    const HvDriver *hv;
    const NwDriver *nw;
    PlatformPaths paths;
    const char *accelerator;  /* "auto", "kvm", "tcg" */
    const char *guest_user;   /* account that runs guests; "" for root */
    const char *guest_cgroup; /* folder of a control group for guests; "" for none */
    const char *address;      /* what clients reach this host by, e.g. "127.0.0.1" */
    uint16_t https_port;      /* for console locations; 443 is left out of them */
    const char *host_name;
    struct TlsContext *tls; /* what serves clients; outlives the platform; NULL: nothing does */
    bool owns_machine;      /* may rename the machine, set up its syslog and switch it off */
} PlatformConfig;

/* `config` is copied. `db` is borrowed and outlives the platform. */
Platform *platform_new(Db *db, const PlatformConfig *config, Err **err);
/* Where the engine keeps what runs. (owned) */
char *platform_guests_dir(const char *run_dir);
void platform_free(Platform *platform);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Platform, platform_free)

/* Brings the database in line with this host: the host and pool objects, the default networks and
 * templates, the storage that was attached, the domains that still run.  Once, before the first
 * call is served and after the core exists (it fills in sessions_set_host()). */
bool platform_start(Platform *platform, Core *core, Err **err);

Platform *call_platform(Call *call);

/* Borrowed, never NULL after platform_new(). */
const HvDriver *platform_hv_driver(const Platform *platform);
Hv *platform_hv(const Platform *platform);
const NwDriver *platform_nw_driver(const Platform *platform);
Nw *platform_nw(const Platform *platform);
struct Turn *platform_network_turn(Platform *platform); /* ops/network/network_turn.h */
const PlatformPaths *platform_paths(const Platform *platform);
const PlatformConfig *platform_config(const Platform *platform);
Db *platform_db(const Platform *platform);
Core *platform_core(const Platform *platform);
HostRef platform_host(const Platform *platform);
PoolRef platform_pool(const Platform *platform);
struct VmWatch *platform_vm_watch(const Platform *platform);
struct VmTurns *platform_vm_turns(const Platform *platform);
struct VmBounces *platform_vm_bounces(const Platform *platform);
struct NetworkWatch *platform_network_watch(const Platform *platform);

struct VdiMerger *platform_merger(const Platform *platform);
struct Metrics *platform_metrics(const Platform *platform);

/* Storage drivers by SR type. */
const SrDriver *platform_sr_driver(const char *type); /* NULL: SR_UNKNOWN_DRIVER is the caller's */
const SrDriver *const *platform_sr_drivers(void);     /* NULL-terminated */

/* The repositories attached on this host. */
SrTable *platform_srs(const Platform *platform);
/* One of them for the length of a block; see SrUse. False when it is not attached here:
 * SR_HAS_NO_PBDS [sr ref]. */
bool platform_use_sr(Platform *platform, const DbView *view, SrRef sr, SrUse *ret_use, Err **err);
bool platform_has_sr(Platform *platform, Uuid sr_uuid);
