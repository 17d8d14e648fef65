/* What this machine offers to domains: processors, memory, accelerator. Read from /proc, with no
 * QEMU started; only its version is asked of the program, when somebody wants to know. */
#include "hv/qemu/host.h"

#include "base/fd.h"
#include "base/subprocess.h"
#include "base/text.h"
#include "hv/cpuinfo.h"
#include "hv/qemu/hooks.h"
#include "hv/qemu/qemu.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <pwd.h>
#include <sys/syscall.h>

#define PROC_LIMIT          ((size_t)4 * 1024 * 1024)
#define VERSION_LIMIT       (10 * USEC_PER_SEC)
#define PASSWD_BUFFER       16384
#define OVERHEAD_KVM        ((uint64_t)64 * 1024 * 1024)
#define OVERHEAD_TCG        ((uint64_t)192 * 1024 * 1024) /* with translated code */
#define IO_URING_DISABLED   "/proc/sys/kernel/io_uring_disabled"
#define ACCELERATOR_DEFAULT "auto"

static bool qemu_host_choose_kvm(const char *accelerator, bool *ret_kvm, Err **err);
static bool qemu_host_has_virtualization(void);
static bool qemu_host_has_io_uring(void);
static bool qemu_host_find_user(QemuHost *host, const char *name, Err **err);
static uint64_t qemu_host_memory_line(const char *meminfo, const char *name);
static bool qemu_host_read_version(Hv *hv, HvHostInfo *info, Err **err);

bool qemu_host_init(QemuHost *host, const HvConfig *config, Err **err)
{
    const char *accelerator = config->accelerator ? config->accelerator : ACCELERATOR_DEFAULT;
    host->aio = qemu_host_has_io_uring() ? "io_uring" : "threads";
    return qemu_host_choose_kvm(accelerator, &host->kvm, err) &&
           qemu_host_find_user(host, config->user_name, err);
}

bool qemu_host_info(Hv *hv, HvHostInfo *ret_info, Err **err)
{
    g_autofree char *cpuinfo = fd_read_file("/proc/cpuinfo", PROC_LIMIT, NULL, err);
    if (!cpuinfo) {
        return false;
    }
    HvHostInfo info = {
        .domain_overhead_bytes = hv->host.kvm ? OVERHEAD_KVM : OVERHEAD_TCG,
    };
    hv_cpuinfo_parse(cpuinfo, &info);
    hv_cpuinfo_read_features(&info);
    g_strlcpy(info.accelerator, hv->host.kvm ? "kvm" : "tcg", sizeof info.accelerator);
    if (!qemu_host_read_memory(&info.memory_total, &info.memory_free, err) ||
        !qemu_host_read_version(hv, &info, err)) {
        return false;
    }
    *ret_info = info;
    return true;
}

bool qemu_host_read_memory(uint64_t *ret_total, uint64_t *ret_free, Err **err)
{
    g_autofree char *meminfo = fd_read_file("/proc/meminfo", PROC_LIMIT, NULL, err);
    if (!meminfo) {
        return false;
    }
    *ret_total = qemu_host_memory_line(meminfo, "MemTotal:");
    *ret_free = qemu_host_memory_line(meminfo, "MemAvailable:");
    return true;
}

/* The device node alone proves nothing: it exists on machines whose processor cannot. */
static bool qemu_host_choose_kvm(const char *accelerator, bool *ret_kvm, Err **err)
{
    if (text_equal(accelerator, "auto")) {
        auto_fd fd = qemu_host_has_virtualization() ? open("/dev/kvm", O_RDWR | O_CLOEXEC) : -1;
        *ret_kvm = fd >= 0;
        return true;
    }
    if (text_equal(accelerator, "kvm") || text_equal(accelerator, "tcg")) {
        *ret_kvm = text_equal(accelerator, "kvm");
        return true;
    }
    return err_internal(err, "the accelerator \"%s\" is none of auto, kvm, tcg", accelerator);
}

static bool qemu_host_has_virtualization(void)
{
    HvHostInfo info = {0};
    g_autofree char *cpuinfo = fd_read_file("/proc/cpuinfo", PROC_LIMIT, NULL, NULL);
    if (!cpuinfo) {
        return false;
    }
    hv_cpuinfo_parse(cpuinfo, &info);
    g_auto(GStrv) flags = g_strsplit(info.cpu_flags, " ", -1);
    return g_strv_contains((const char *const *)flags, "vmx") ||
           g_strv_contains((const char *const *)flags, "svm");
}

/* Containers and hardened kernels refuse io_uring, newer ones to unprivileged accounts only. */
static bool qemu_host_has_io_uring(void)
{
    g_autofree char *disabled = fd_read_file(IO_URING_DISABLED, 16, NULL, NULL);
    if (disabled && !text_equal(g_strchomp(disabled), "0")) {
        return false;
    }
    struct io_uring_params params = {0};
    auto_fd fd = (int)syscall(SYS_io_uring_setup, 1, &params);
    return fd >= 0;
}

static bool qemu_host_find_user(QemuHost *host, const char *name, Err **err)
{
    if (!name || !*name) {
        return true;
    }
    g_autofree char *buffer = g_malloc(PASSWD_BUFFER);
    struct passwd entry;
    struct passwd *found = NULL;
    int errnum = getpwnam_r(name, &entry, buffer, PASSWD_BUFFER, &found);
    if (errnum != 0) {
        return err_errno(err, errnum, "cannot look up the account %s", name);
    }
    if (!found) {
        return err_internal(err, "there is no account %s to run domains", name);
    }
    host->uid = entry.pw_uid;
    host->gid = entry.pw_gid;
    return true;
}

/* "MemTotal:       24661196 kB" */
static uint64_t qemu_host_memory_line(const char *meminfo, const char *name)
{
    const char *line = strstr(meminfo, name);
    if (!line) {
        return 0;
    }
    line += strlen(name);
    g_autofree char *number = g_strndup(line, strcspn(line, "k\n"));
    uint64_t kib;
    return text_parse_uint(g_strstrip(number), UINT64_MAX / 1024, &kib) ? kib * 1024 : 0;
}

/* "QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)" becomes "QEMU 7.2.22". */
static bool qemu_host_read_version(Hv *hv, HvHostInfo *info, Err **err)
{
    {
        LOCK_GUARD(&hv->lock);
        if (*hv->version) {
            g_strlcpy(info->engine_version, hv->version, sizeof info->engine_version);
            return true;
        }
    }
    const char *const argv[] = {QEMU_PROGRAM, "--version", NULL};
    g_autoptr(Op) op = op_new(VERSION_LIMIT);
    g_autofree char *out = NULL;
    if (!op_run_ok(op, argv, &out, err)) {
        return false;
    }
    const char *mark = strstr(out, "version ");
    const char *version = mark ? mark + strlen("version ") : "";
    g_snprintf(info->engine_version, sizeof info->engine_version, "QEMU %.*s",
               (int)strcspn(version, " \n"), version);
    LOCK_GUARD(&hv->lock);
    g_strlcpy(hv->version, info->engine_version, sizeof hv->version);
    return true;
}
