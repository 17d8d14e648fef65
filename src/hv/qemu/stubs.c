#include "hv/qemu/hooks.h"
bool qemu_control_set_vcpus(Hv *hv, Op *op, Uuid d, unsigned v, Err **err)
{
    (void)hv;
    (void)op;
    (void)d;
    (void)v;
    return hv_unsupported("qemu", "x", err);
}
uint64_t qemu_save_size(Hv *hv, Uuid d)
{
    (void)hv;
    (void)d;
    return 0;
}
bool qemu_save_domain(Hv *hv, Op *op, Uuid d, const HvImage *i, Err **err)
{
    (void)hv;
    (void)op;
    (void)d;
    (void)i;
    return hv_unsupported("qemu", "x", err);
}
bool qemu_save_restore(Hv *hv, Op *op, const HvDomainConfig *c, const HvImage *i, int *r, Err **err)
{
    (void)hv;
    (void)op;
    (void)c;
    (void)i;
    (void)r;
    return hv_unsupported("qemu", "x", err);
}
{
    (void)hv;
    (void)op;
    (void)d;
    (void)x;
    return hv_unsupported("qemu", "x", err);
}
{
    (void)hv;
    (void)op;
    (void)d;
    (void)x;
    (void)f;
    return hv_unsupported("qemu", "x", err);
}
{
    (void)hv;
    (void)op;
    (void)d;
    (void)x;
    (void)f;
    return hv_unsupported("qemu", "x", err);
}
                        Err **err)
{
    (void)hv;
    (void)op;
    (void)d;
    (void)x;
    (void)f;
    (void)n;
    return hv_unsupported("qemu", "x", err);
}
{
    (void)hv;
    (void)op;
    (void)d;
    (void)x;
    (void)f;
    return hv_unsupported("qemu", "x", err);
}
{
    (void)hv;
    (void)op;
    (void)d;
    (void)x;
    return hv_unsupported("qemu", "x", err);
}
{
    (void)hv;
    (void)op;
    (void)d;
    (void)x;
    (void)f;
    return hv_unsupported("qemu", "x", err);
}
bool qemu_guest_info(Hv *hv, Op *op, Uuid d, HvGuestInfo *x, Err **err)
{
    (void)hv;
    (void)op;
    (void)d;
    (void)x;
    return hv_unsupported("qemu", "x", err);
}
