/* The messages of class host_crashdump. */
#include "base/subprocess.h"
#include "gen/db_host_crashdump.h"
#include "gen/errors.h"
#include "gen/ops_host_crashdump.h"
#include "ops/host/host_here.h"
#include "ops/host/host_upload.h"

static const char RM[] = "/usr/bin/rm";

/* The folder first: an object without one goes with the next start. */
bool host_crashdump_destroy(Call *call, const HostCrashdumpDestroyArgs *args, Err **err)
{
    const DbView *view = call_view(call);
    if (!host_here_check(call, db_host_crashdump_host(view, args->self), err)) {
        return false;
    }
    g_autofree char *path = g_build_filename(platform_paths(call_platform(call))->crash_dir,
                                             db_host_crashdump_filename(view, args->self), NULL);
    const char *const argv[] = {RM, "--recursive", "--force", "--one-file-system", path, NULL};
    if (!op_run_ok(call->op, argv, NULL, err)) {
        return false;
    }
    DbTxn *txn = db_begin(call->db);
    db_host_crashdump_delete(txn, args->self);
    return db_commit(txn, err);
}

bool host_crashdump_upload(Call *call, const HostCrashdumpUploadArgs *args, Err **err)
{
    const DbView *view = call_view(call);
    return host_here_check(call, db_host_crashdump_host(view, args->self), err) &&
           host_upload_folder(call, platform_paths(call_platform(call))->crash_dir,
                              db_host_crashdump_filename(view, args->self), args->url,
                              args->options, err);
}
