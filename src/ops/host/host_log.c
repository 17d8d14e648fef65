/* What the host has written about itself: the daemon's log, and the messages of the hypervisor or,
 * where the engine has none, of the kernel. */
#include "base/fd.h"
#include "gen/ops_host.h"
#include "ops/host/host_here.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/klog.h>

enum { HOST_LOG_MAX_BYTES = 256 * 1024 }; /* of the log's end; an answer is no place for more */

/* Actions of klogctl(2), which has no names for them. */
enum { KERNEL_READ_ALL = 3, KERNEL_READ_CLEAR = 4, KERNEL_BUFFER_SIZE = 10 };

static bool read_messages(Call *call, bool clear, char **ret_text, Err **err);
static bool read_kernel(int action, char **ret_text, Err **err);
static char *read_end(const char *path, Err **err);

bool host_dmesg(Call *call, const HostDmesgArgs *args, char **ret_result, Err **err)
{
    return host_here_check(call, args->host, err) && read_messages(call, false, ret_result, err);
}

bool host_dmesg_clear(Call *call, const HostDmesgClearArgs *args, char **ret_result, Err **err)
{
    return host_here_check(call, args->host, err) &&
           host_here_check_owned(call, "clear the machine's messages", err) &&
           read_messages(call, true, ret_result, err);
}

bool host_get_log(Call *call, const HostGetLogArgs *args, char **ret_result, Err **err)
{
    if (!host_here_check(call, args->host, err)) {
        return false;
    }
    g_autofree char *path =
        g_build_filename(platform_paths(call_platform(call))->log_dir, "clearwater.log", NULL);
    char *text = read_end(path, err);
    if (!text) {
        return false;
    }
    *ret_result = text;
    return true;
}

static bool read_messages(Call *call, bool clear, char **ret_text, Err **err)
{
    Platform *platform = call_platform(call);
    const HvDriver *driver = platform_hv_driver(platform);
    if (!(driver->caps & HV_CAP_HYPERVISOR)) {
        return read_kernel(clear ? KERNEL_READ_CLEAR : KERNEL_READ_ALL, ret_text, err);
    }
    char *text = driver->host_messages(platform_hv(platform), clear, err);
    if (!text) {
        return false;
    }
    *ret_text = text;
    return true;
}

static bool read_kernel(int action, char **ret_text, Err **err)
{
    int size = klogctl(KERNEL_BUFFER_SIZE, NULL, 0);
    g_autofree char *raw = size > 0 ? g_malloc(size) : NULL;
    int length = raw ? klogctl(action, raw, size) : size;
    if (length < 0) {
        return err_errno(err, errno, "cannot read the kernel's messages");
    }
    *ret_text = g_utf8_make_valid(raw ? raw : "", length);
    return true;
}

/* (owned) */
static char *read_end(const char *path, Err **err)
{
    auto_fd fd = open(path, O_RDONLY | O_CLOEXEC);
    off_t size = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
    if (size < 0) {
        err_errno(err, errno, "cannot open the log %s", path);
        return NULL;
    }
    g_autofree char *raw = g_malloc(HOST_LOG_MAX_BYTES);
    ssize_t length = pread(fd, raw, HOST_LOG_MAX_BYTES, MAX(0, size - HOST_LOG_MAX_BYTES));
    if (length < 0) {
        err_errno(err, errno, "cannot read the log %s", path);
        return NULL;
    }
    return g_utf8_make_valid(raw, length);
}
