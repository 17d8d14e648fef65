/* host.bugreport_upload: the logs of the daemon and of its guests. */
#include "gen/ops_host.h"
#include "ops/host/host_here.h"
#include "ops/host/host_upload.h"

bool host_bugreport_upload(Call *call, const HostBugreportUploadArgs *args, Err **err)
{
    const char *logs = platform_paths(call_platform(call))->log_dir;
    g_autofree char *parent = g_path_get_dirname(logs);
    g_autofree char *name = g_path_get_basename(logs);
    return host_here_check(call, args->host, err) &&
           host_upload_folder(call, parent, name, args->url, args->options, err);
}
