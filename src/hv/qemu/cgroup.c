/* Groups are folders, limits are files in them that the kernel makes. */
#include "hv/qemu/cgroup.h"

#include "base/fd.h"
#include "base/log.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <string.h>
#include <sys/stat.h>

static const char PREFIX[] = "guest-";

/* QEMU's own memory beside the guest's: code that it has translated (up to 1 GiB without KVM),
 * caches of images, the picture; and an eighth of the guest's for what is kept about its pages. */
#define OVERHEAD_BYTES ((uint64_t)2 << 30)
enum {
    OVERHEAD_PART = 8,
    THREADS = 512, /* of I/O and of QEMU itself, beside those of the vCPUs */
    USUAL_WEIGHT = 256,
    KERNEL_WEIGHT = 100, /* what the kernel calls usual */
    KERNEL_WEIGHT_MAX = 10000,
    CAP_PERIOD = 100000, /* microseconds */
    MAX_CONTROLLERS = 4096,
};

struct QemuCgroup {
    char *folder;
    bool has_memory, has_pids, has_cpu;
};

static bool has_controller(const char *folder, const char *name);
static bool enable(const QemuCgroup *cgroup, const char *controller);
static void sweep(const QemuCgroup *cgroup);
static bool write_limits(const QemuCgroup *cgroup, const char *group, const HvDomainConfig *config,
                         Err **err);
static bool write_number(const char *group, const char *file, uint64_t number, Err **err);
static bool write_text(const char *group, const char *file, const char *text, Err **err);
static char *group_of(const QemuCgroup *cgroup, Uuid domain);

QemuCgroup *qemu_cgroup_open(const char *folder)
{
    if (!*folder) {
        log_info("guests run without limits of their own: guest-cgroup names no group for them");
        return NULL;
    }
    g_autofree char *controllers = g_build_filename(folder, "cgroup.controllers", NULL);
    if (access(controllers, R_OK) < 0) {
        log_warn("guests run without limits of their own: %s is no control group of version 2",
                 folder);
        return NULL;
    }
    QemuCgroup *cgroup = g_new0(QemuCgroup, 1);
    cgroup->folder = g_strdup(folder);
    cgroup->has_memory = enable(cgroup, "memory");
    cgroup->has_pids = enable(cgroup, "pids");
    cgroup->has_cpu = enable(cgroup, "cpu");
    sweep(cgroup);
    return cgroup;
}

void qemu_cgroup_close(QemuCgroup *cgroup)
{
    if (cgroup) {
        g_free(cgroup->folder);
        g_free(cgroup);
    }
}

bool qemu_cgroup_enter(const QemuCgroup *cgroup, const HvDomainConfig *config, pid_t pid, Err **err)
{
    if (!cgroup) {
        return true;
    }
    g_autofree char *group = group_of(cgroup, config->uuid);
    if (mkdir(group, 0755) < 0 && errno != EEXIST) {
        return err_errno(err, errno, "cannot make the control group %s", group);
    }
    return write_limits(cgroup, group, config, err) &&
           write_number(group, "cgroup.procs", (uint64_t)pid, err);
}

void qemu_cgroup_leave(const QemuCgroup *cgroup, Uuid domain)
{
    if (cgroup) {
        g_autofree char *group = group_of(cgroup, domain);
        rmdir(group); /* or the next start does */
    }
}

static bool has_controller(const char *folder, const char *name)
{
    g_autofree char *path = g_build_filename(folder, "cgroup.controllers", NULL);
    g_autofree char *text = fd_read_file(path, MAX_CONTROLLERS, NULL, NULL);
    g_auto(GStrv) names = g_strsplit_set(text ? text : "", " \n", -1);
    return g_strv_contains((const char *const *)names, name);
}

/* For the groups within. */
static bool enable(const QemuCgroup *cgroup, const char *controller)
{
    g_autofree char *word = g_strdup_printf("+%s", controller);
    g_autoptr(Err) error = NULL;
    if (!has_controller(cgroup->folder, controller)) {
        log_warn("guests run without limits of %s: %s does not have them", controller,
                 cgroup->folder);
        return false;
    }
    if (!write_text(cgroup->folder, "cgroup.subtree_control", word, &error)) {
        log_warn("guests run without limits of %s: %s", controller, error->params[0]);
        return false;
    }
    return true;
}

/* A group with a process in it cannot be removed. */
static void sweep(const QemuCgroup *cgroup)
{
    g_autoptr(GDir) dir = g_dir_open(cgroup->folder, 0, NULL);
    const char *name;
    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *group = g_build_filename(cgroup->folder, name, NULL);
        if (g_str_has_prefix(name, PREFIX)) {
            rmdir(group);
        }
    }
}

static bool write_limits(const QemuCgroup *cgroup, const char *group, const HvDomainConfig *config,
                         Err **err)
{
    uint64_t memory = MAX(config->memory_max_bytes, config->memory_bytes);
    uint64_t weight = config->cpu_weight ? config->cpu_weight : USUAL_WEIGHT;
    uint64_t kernel_weight = CLAMP(weight * KERNEL_WEIGHT / USUAL_WEIGHT, 1, KERNEL_WEIGHT_MAX);
    g_autofree char *cap =
        config->cpu_cap ? g_strdup_printf("%" G_GUINT64_FORMAT " %d",
                                          (uint64_t)config->cpu_cap * CAP_PERIOD / 100, CAP_PERIOD)
                        : g_strdup_printf("max %d", CAP_PERIOD);
    return (!cgroup->has_memory ||
            write_number(group, "memory.max", memory + memory / OVERHEAD_PART + OVERHEAD_BYTES,
                         err)) &&
           (!cgroup->has_pids ||
            write_number(group, "pids.max", THREADS + MAX(config->vcpus_max, config->vcpus),
                         err)) &&
           (!cgroup->has_cpu || (write_number(group, "cpu.weight", kernel_weight, err) &&
                                 write_text(group, "cpu.max", cap, err)));
}

static bool write_number(const char *group, const char *file, uint64_t number, Err **err)
{
    g_autofree char *text = g_strdup_printf("%" G_GUINT64_FORMAT, number);
    return write_text(group, file, text, err);
}

static bool write_text(const char *group, const char *file, const char *text, Err **err)
{
    g_autofree char *path = g_build_filename(group, file, NULL);
    auto_fd fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, text, strlen(text)) < 0) {
        return err_errno(err, errno, "cannot write '%s' to %s", text, path);
    }
    return true;
}

static char *group_of(const QemuCgroup *cgroup, Uuid domain)
{
    char text[UUID_TEXT_SIZE];
    g_autofree char *name = g_strconcat(PREFIX, uuid_format(domain, text), NULL);
    return g_build_filename(cgroup->folder, name, NULL);
}
