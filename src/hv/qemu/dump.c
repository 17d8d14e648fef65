/* The memory of a guest as a core file.  QEMU writes it by itself, front to back, into the file
 * that it is given; it can be told neither to stop nor to write two at a time. */
#include "base/fd.h"
#include "base/text.h"
#include "hv/block/job.h"
#include "hv/memfile.h"
#include "hv/qemu/domain.h"
#include "hv/qemu/hooks.h"

#define DUMP_DESCRIPTOR "dump"
#define DUMP_WHAT       "dump the memory"
/* The framebuffer, the firmware, and the file's own headers, in bytes. */
#define DUMP_BESIDES ((uint64_t)64 * 1024 * 1024)

static bool qemu_dump_wait_former(QemuDomain *domain, Op *op, Err **err);
static bool qemu_dump_write(QemuDomain *domain, Op *op, int fd, Err **err);

uint64_t qemu_dump_size(Hv *hv, Uuid uuid)
{
    g_autoptr(QemuDomain) domain = qemu_domain_find(hv, uuid);
    return (domain ? domain->record->memory_max_bytes : 0) + DUMP_BESIDES;
}

bool qemu_dump_domain(Hv *hv, Op *op, Uuid uuid, const HvImage *image, Err **err)
{
    g_autoptr(QemuDomain) domain = qemu_domain_get(hv, uuid, err);
    if (!domain) {
        return false;
    }
    auto_fd fd = hv_memfile_open_dump(image, err);
    if (fd < 0) {
        return false;
    }
    bool done = qemu_dump_wait_former(domain, op, err) && qemu_dump_write(domain, op, fd, err);
    block_job_forget(&domain->block, QEMU_JOB_DUMP);
    return done && hv_memfile_sync_dump(fd, image, err);
}

/* One that was cancelled, or begun by a driver before this one. */
static bool qemu_dump_wait_former(QemuDomain *domain, Op *op, Err **err)
{
    g_autoptr(Value) state = NULL;
    block_job_expect(&domain->block, QEMU_JOB_DUMP);
    if (!qmp_call(domain->qmp, op, "query-dump", NULL, &state, err)) {
        return false;
    }
    return !text_equal(value_get_string(state, "status"), "active") ||
           block_job_wait(&domain->block, op, QEMU_JOB_DUMP, false, DUMP_WHAT, NULL) ||
           op_check(op, err);
}

static bool qemu_dump_write(QemuDomain *domain, Op *op, int fd, Err **err)
{
    Value *args = value_new_struct(1);
    value_struct_add_static(args, "fdname", value_new_string(DUMP_DESCRIPTOR));
    if (!qmp_call_fd(domain->qmp, op, "getfd", args, fd, NULL, err)) {
        return false;
    }
    args = value_new_struct(3);
    value_struct_add_static(args, "paging", value_new_bool(false));
    value_struct_add_static(args, "protocol", value_new_string("fd:" DUMP_DESCRIPTOR));
    value_struct_add_static(args, "detach", value_new_bool(true));
    block_job_expect(&domain->block, QEMU_JOB_DUMP);
    return qmp_call(domain->qmp, op, "dump-guest-memory", args, NULL, err) &&
           block_job_wait(&domain->block, op, QEMU_JOB_DUMP, false, DUMP_WHAT, err);
}
