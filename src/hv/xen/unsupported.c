/* Hooks that this engine cannot serve yet; the capabilities say so too. */
#include "hv/xen/hooks.h"

#define ENGINE "xen"

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
