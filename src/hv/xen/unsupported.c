/* Hooks that this engine cannot serve yet; the capabilities say so too. */
#include "hv/xen/hooks.h"

#define ENGINE "xen"

bool xen_unsupported_freeze(Hv *hv, Op *op, Uuid domain, bool frozen, Err **err)
{
    (void)hv, (void)op, (void)domain, (void)frozen;
    return hv_unsupported(ENGINE, "have a guest write out its file systems", err);
}
