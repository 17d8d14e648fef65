/* What is known of domains without asking them. */
#include "base/fd.h"
#include "base/text.h"
#include "hv/qemu/domain.h"
#include "hv/qemu/hooks.h"
#include "hv/qemu/qemu.h"

#define PROC_FILE_LIMIT ((size_t)4096)
/* Fields of /proc/PID/stat behind the program's name, counted from "state" (proc(5)). */
#define STAT_USER_TIME   11
#define STAT_SYSTEM_TIME 12

static bool qemu_info_fill(QemuDomain *domain, HvDomainInfo *ret_info);
static uint64_t qemu_info_cpu_time(pid_t pid);
static uint64_t qemu_info_resident(pid_t pid);

GArray *qemu_info_list(Hv *hv, Err **err)
{
    (void)err;
    GArray *list = g_array_new(FALSE, FALSE, sizeof(HvDomainInfo));
    LOCK_GUARD(&hv->lock);
    GHashTableIter iter;
    gpointer domain;
    g_hash_table_iter_init(&iter, hv->domains);
    while (g_hash_table_iter_next(&iter, NULL, &domain)) {
        HvDomainInfo info;
        if (qemu_info_fill(domain, &info)) {
            g_array_append_val(list, info);
        }
    }
    return list;
}

bool qemu_info_domain(Hv *hv, Uuid uuid, HvDomainInfo *ret_info, Err **err)
{
    (void)err;
    g_autoptr(QemuDomain) domain = qemu_domain_find(hv, uuid);
    HvDomainInfo info;
    if (!domain || !qemu_info_fill(domain, &info)) {
        info = (HvDomainInfo){.uuid = uuid, .state = HV_STATE_GONE, .domid = -1};
    }
    *ret_info = info;
    return true;
}

bool qemu_info_stats(Hv *hv, Uuid uuid, HvDomainStats *ret_stats, Err **err)
{
    g_autoptr(QemuDomain) domain = qemu_domain_get(hv, uuid, err);
    HvDomainInfo info;
    if (!domain) {
        return false;
    }
    if (!qemu_info_fill(domain, &info)) {
        return err_internal(err, "domain %s has just ended", domain->name);
    }
    *ret_stats = (HvDomainStats){
        .cpu_time_ns = qemu_info_cpu_time(info.domid),
        .memory_bytes = info.memory_bytes,
        .resident_bytes = qemu_info_resident(info.domid),
    };
    return true;
}

/* False for a domain that has no process yet, or none any more. */
static bool qemu_info_fill(QemuDomain *domain, HvDomainInfo *ret_info)
{
    LOCK_GUARD(&domain->lock);
    if (domain->record->pid == 0 || domain->gone) {
        return false;
    }
    *ret_info = (HvDomainInfo){
        .uuid = domain->uuid,
        .state = domain->state,
        .domid = domain->record->pid,
        .vcpus = domain->record->vcpus,
        .memory_bytes = domain->memory_bytes,
        .start_ticket = domain->start_ticket,
    };
    return true;
}

/* Nanoseconds in user and system mode; 0 when the process has just ended. */
static uint64_t qemu_info_cpu_time(pid_t pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/stat", pid);
    g_autofree char *text = fd_read_file(path, PROC_FILE_LIMIT, NULL, NULL);
    /* The name may hold spaces and parentheses. */
    const char *rest = text ? strrchr(text, ')') : NULL;
    if (!rest || strlen(rest) < 2) {
        return 0;
    }
    g_auto(GStrv) fields = g_strsplit(rest + 2, " ", STAT_SYSTEM_TIME + 2);
    uint64_t in_user, in_kernel;
    if (g_strv_length(fields) <= STAT_SYSTEM_TIME ||
        !text_parse_uint(fields[STAT_USER_TIME], UINT64_MAX, &in_user) ||
        !text_parse_uint(fields[STAT_SYSTEM_TIME], UINT64_MAX, &in_kernel)) {
        return 0;
    }
    return (in_user + in_kernel) * (UINT64_C(1000000000) / (uint64_t)sysconf(_SC_CLK_TCK));
}

static uint64_t qemu_info_resident(pid_t pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/statm", pid);
    g_autofree char *text = fd_read_file(path, PROC_FILE_LIMIT, NULL, NULL);
    g_auto(GStrv) fields = g_strsplit(text ? text : "", " ", 3);
    uint64_t pages;
    if (g_strv_length(fields) < 2 || !text_parse_uint(fields[1], UINT64_MAX, &pages)) {
        return 0;
    }
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}
