/* Hooks that this engine cannot serve yet; the capabilities say so too. */
#include "hv/xen/hooks.h"

#define ENGINE "xen"

uint64_t xen_unsupported_dump_size(Hv *hv, Uuid domain)
{
    (void)hv, (void)domain;
    return 0;
}

bool xen_unsupported_dump(Hv *hv, Op *op, Uuid domain, const HvImage *image, Err **err)
{
    (void)hv, (void)op, (void)domain, (void)image;
    return hv_unsupported(ENGINE, "dump the memory of a domain", err);
}

bool xen_unsupported_snapshot(Hv *hv, Op *op, Uuid domain, const char *const *disk_ids,
                              const HvImage *overlays, unsigned count, Err **err)
{
    (void)hv, (void)op, (void)domain, (void)disk_ids, (void)overlays, (void)count;
    return hv_unsupported(ENGINE, "take snapshots of the disks of a running domain", err);
}

bool xen_unsupported_resize(Hv *hv, Op *op, Uuid domain, const char *disk_id, uint64_t bytes,
                            Err **err)
{
    (void)hv, (void)op, (void)domain, (void)disk_id, (void)bytes;
    return hv_unsupported(ENGINE, "resize the disk of a running domain", err);
}

bool xen_unsupported_merge(Hv *hv, Op *op, Uuid domain, const HvMerge *merge, Err **err)
{
    (void)hv, (void)op, (void)domain, (void)merge;
    return hv_unsupported(ENGINE, "merge the images of a running domain", err);
}

bool xen_unsupported_mirror(Hv *hv, Op *op, Uuid domain, const HvMirror *mirror, Err **err)
{
    (void)hv, (void)op, (void)domain, (void)mirror;
    return hv_unsupported(ENGINE, "copy the disk of a running domain", err);
}

/* No mirror was ever begun. */
bool xen_unsupported_settle(Hv *hv, Op *op, Uuid domain, const char *disk_id, const char *target,
                            Err **err)
{
    (void)hv, (void)op, (void)domain, (void)disk_id, (void)target, (void)err;
    return true;
}

bool xen_unsupported_freeze(Hv *hv, Op *op, Uuid domain, bool frozen, Err **err)
{
    (void)hv, (void)op, (void)domain, (void)frozen;
    return hv_unsupported(ENGINE, "have a guest write out its file systems", err);
}

bool xen_unsupported_send(Hv *hv, Op *op, Uuid domain, const HvSend *send, Err **err)
{
    (void)hv, (void)op, (void)domain, (void)send;
    return hv_unsupported(ENGINE, "send a domain", err);
}

bool xen_unsupported_receive(Hv *hv, Op *op, const HvDomainConfig *config, int fd, int *ret_domid,
                             Err **err)
{
    (void)hv, (void)op, (void)config, (void)fd, (void)ret_domid;
    return hv_unsupported(ENGINE, "receive a domain", err);
}

/* None was ever given. */
bool xen_unsupported_reclaim(Hv *hv, Op *op, Uuid domain, Err **err)
{
    (void)hv, (void)op, (void)domain, (void)err;
    return true;
}
