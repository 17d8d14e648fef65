/* The order matters: the host and its pool first, then networks and storage that objects of VMs
 * refer to, then what really runs, which wins over what the database remembers. */
#include "ops/host/startup.h"

#include "core/dispatch.h"
#include "ops/blob/blob.h"
#include "ops/certificate/certificate_rows.h"
#include "ops/host/host_rows.h"
#include "ops/host/host_upload.h"
#include "ops/host_crashdump/crashdump_scan.h"
#include "ops/network/network_startup.h"
#include "ops/role/role_startup.h"
#include "ops/sr/sr_startup.h"
#include "ops/vm/template_startup.h"
#include "ops/vm/vm_adopt.h"

bool startup_run(Platform *platform, HostRef *ret_host, PoolRef *ret_pool, Err **err)
{
    Core *core = platform_core(platform);
    if (!host_rows_write(platform, ret_host, ret_pool, err)) {
        return false;
    }
    tasks_set_host(core_tasks(core), ret_host->id);
    host_upload_start(platform);
    return role_startup(platform_db(platform), err) && blob_storage_start(platform, err) &&
           certificate_rows_start(platform, err) && crashdump_scan(platform, err) &&
           core_run_internal(core, "network start", network_startup, platform, err) &&
           core_run_internal(core, "storage start", sr_startup, platform, err) &&
           template_startup(platform_db(platform), err) &&
           core_run_internal(core, "domain adoption", vm_adopt, platform, err);
}
