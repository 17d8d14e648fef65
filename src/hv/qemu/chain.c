/* blockdev-add and blockdev-del for the images of a disk.  Attaching the uppermost node to a
 * guest's device is disk.c. */
#include "hv/qemu/chain.h"

#include "base/log.h"
#include "hv/qemu/qemu.h"

bool qemu_chain_add(QemuDomain *domain, Op *op, QemuDisk *disk, const HvImage *images,
                    unsigned count, Err **err)
{
    unsigned first = disk->nodes->len;
    {
        LOCK_GUARD(&domain->lock);
        for (unsigned i = 0; i < count; i++) {
            QemuNode *node = qemu_record_add_node(domain->record, disk);
            node->writable = !disk->read_only && i + 1 == count;
        }
    }
    if (!qemu_domain_save_record(domain, err)) {
        return false;
    }
    const char *below = NULL;
    for (unsigned i = 0; i < count; i++) {
        const QemuNode *node = &g_array_index(disk->nodes, QemuNode, first + i);
        bool leaf = i + 1 == count;
        g_auto(QemuImage) image = {.fd = -1};
        if (!qemu_image_open(&images[count - 1 - i], disk->read_only || !leaf, &image, err) ||
            !qemu_chain_add_node(domain, op, node, &image, below, err)) {
            return false;
        }
        below = node->name;
    }
    return true;
}

void qemu_chain_drop(QemuDomain *domain, Op *op, QemuDisk *disk, unsigned keep)
{
    for (unsigned i = disk->nodes->len; i-- > keep;) {
        qemu_chain_remove_node(domain, op, &g_array_index(disk->nodes, QemuNode, i));
    }
    {
        LOCK_GUARD(&domain->lock);
        g_array_set_size(disk->nodes, keep);
    }
    g_autoptr(Err) why = NULL;
    if (!qemu_domain_save_record(domain, &why)) {
        /* A record that names too much is put right when the domain is adopted. */
        log_warn("domain %s: %s", domain->name, why->params[0]);
    }
}

bool qemu_chain_add_node(QemuDomain *domain, Op *op, const QemuNode *node, const QemuImage *image,
                         const char *below, Err **err)
{
    Value *args = value_new_struct(1);
    value_struct_add_static(args, "fdset-id", value_new_int(node->fdset));
    if (!qmp_call_fd(domain->qmp, op, "add-fd", args, image->fd, NULL, err)) {
        return false;
    }
    args = qemu_image_node(image, node->name, node->fdset, below, domain->hv->host.aio);
    return qmp_call(domain->qmp, op, "blockdev-add", args, NULL, err);
}

/* QEMU closes a removed descriptor of the set once nothing uses it and the guest runs. */
void qemu_chain_remove_node(QemuDomain *domain, Op *op, const QemuNode *node)
{
    Value *args = value_new_struct(1);
    value_struct_add_static(args, "node-name", value_new_string(node->name));
    (void)qmp_call(domain->qmp, op, "blockdev-del", args, NULL, NULL);
    args = value_new_struct(1);
    value_struct_add_static(args, "fdset-id", value_new_int(node->fdset));
    (void)qmp_call(domain->qmp, op, "remove-fd", args, NULL, NULL);
}
