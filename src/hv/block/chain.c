/* blockdev-add and blockdev-del for the images of a disk.  Attaching the uppermost node to a
 * guest's device is the engine's. */
#include "hv/block/chain.h"

#include "base/log.h"
#include "base/text.h"

#define IDLE_LIMIT (30 * USEC_PER_SEC)
#define IDLE_ROUND (20 * USEC_PER_MSEC)

static void block_chain_await_idle(BlockGuest *guest, Op *op, const BlockDisk *disk);
static unsigned block_chain_count_used(const BlockDisk *disk, const Value *drives);
static bool block_chain_open(BlockGuest *guest, Op *op, const BlockNode *nodes,
                             const HvImage *images, unsigned count, Err **err);
static GArray *block_chain_name(BlockGuest *guest, const BlockDisk *disk, const char *top,
                                unsigned count);
static bool block_chain_reopen(BlockGuest *guest, Op *op, const BlockNode *node,
                               const HvImage *image, const char *below, bool locking, Err **err);
static bool block_chain_pass(BlockGuest *guest, Op *op, const BlockNode *node, int fd, Err **err);
static void block_chain_delete(BlockGuest *guest, Op *op, const char *node);

bool block_chain_add(BlockGuest *guest, Op *op, BlockDisk *disk, const HvImage *images,
                     unsigned count, Err **err)
{
    unsigned first = disk->nodes->len;
    {
        LOCK_GUARD(guest->lock);
        for (unsigned i = 0; i < count; i++) {
            BlockNode *node = block_disk_add_node(disk, guest->next_node);
            node->writable = !disk->read_only && i + 1 == count;
        }
    }
    return block_guest_save(guest, err) &&
           block_chain_open(guest, op, &g_array_index(disk->nodes, BlockNode, first), images, count,
                            err);
}

/* The record gets the nodes when they are the disk's: one that was taken over by half has none. */
bool block_chain_take_over(BlockGuest *guest, Op *op, BlockDisk *disk, const char *top,
                           const HvImage *images, unsigned count, bool locking, Err **err)
{
    g_autoptr(GArray) named = block_chain_name(guest, disk, top, count);
    const BlockNode *nodes = (const BlockNode *)named->data;
    const char *below = count > 1 ? nodes[count - 2].name : NULL;
    if (!block_guest_save(guest, err)) {
        return false;
    }
    if (!block_chain_open(guest, op, nodes, images + 1, count - 1, err) ||
        !block_chain_reopen(guest, op, &nodes[count - 1], images, below, locking, err)) {
        block_chain_delete(guest, op, nodes[count - 1].file);
        for (unsigned i = count - 1; i-- > 0;) {
            block_chain_remove_node(guest, op, &nodes[i]);
        }
        return false;
    }
    {
        LOCK_GUARD(guest->lock);
        GArray *before = disk->nodes;
        disk->nodes = g_steal_pointer(&named);
        named = before;
    }
    return block_guest_save(guest, err);
}

void block_chain_drop(BlockGuest *guest, Op *op, BlockDisk *disk, unsigned keep)
{
    if (disk->nodes->len > keep) {
        block_chain_await_idle(guest, op, disk);
    }
    for (unsigned i = disk->nodes->len; i-- > keep;) {
        block_chain_remove_node(guest, op, &g_array_index(disk->nodes, BlockNode, i));
    }
    {
        LOCK_GUARD(guest->lock);
        g_array_set_size(disk->nodes, keep);
    }
    g_autoptr(Err) why = NULL;
    if (!block_guest_save(guest, &why)) {
        /* A record that names too much is put right when the domain is adopted. */
        log_warn("domain %s: %s", guest->name, why->params[0]);
    }
}

void block_chain_settle(BlockGuest *guest, Op *op)
{
    g_autoptr(Value) drives = NULL;
    (void)qmp_call(guest->qmp, op, "query-block", NULL, &drives, NULL);
    for (unsigned i = 0; i < guest->disks->len; i++) {
        BlockDisk *disk = g_ptr_array_index(guest->disks, i);
        unsigned used = block_chain_count_used(disk, drives);
        if (used > 0 && used < disk->nodes->len) {
            log_info("a snapshot of disk %s of domain %s was cut short", disk->id, guest->name);
            block_chain_drop(guest, op, disk, used);
        }
    }
}

bool block_chain_is_drive(const Value *drives, const char *node)
{
    for (unsigned i = 0; i < value_count(drives); i++) {
        const Value *inserted = value_get(value_at(drives, i), "inserted");
        if (inserted && text_equal(value_get_string(inserted, "node-name"), node)) {
            return true;
        }
    }
    return false;
}

bool block_chain_is_used(BlockGuest *guest, Op *op, const char *node)
{
    g_autoptr(Value) drives = NULL;
    (void)qmp_call(guest->qmp, op, "query-block", NULL, &drives, NULL);
    return block_chain_is_drive(drives, node);
}

bool block_chain_add_node(BlockGuest *guest, Op *op, const BlockNode *node, const BlockImage *image,
                          const char *below, Err **err)
{
    return block_chain_pass(guest, op, node, image->fd, err) &&
           qmp_call(guest->qmp, op, "blockdev-add",
                    block_image_node(image, node->name, node->fdset, below, guest->aio), NULL, err);
}

/* QEMU closes a removed descriptor of the set once nothing uses it and the guest runs. */
void block_chain_remove_node(BlockGuest *guest, Op *op, const BlockNode *node)
{
    block_chain_delete(guest, op, node->name);
    if (node->file) {
        block_chain_delete(guest, op, node->file);
    }
    Value *args = value_new_struct(1);
    value_struct_add_static(args, "fdset-id", value_new_int(node->fdset));
    (void)qmp_call(guest->qmp, op, "remove-fd", args, NULL, NULL);
}

/* QEMU frees a device a moment after it is gone for everybody who asks for it, and lets go of its
 * disk only then. */
static void block_chain_await_idle(BlockGuest *guest, Op *op, const BlockDisk *disk)
{
    g_autoptr(Op) patience = op_new_child(op, IDLE_LIMIT);
    bool busy;
    do {
        busy = block_chain_is_used(guest, patience, block_disk_top_node(disk));
    } while (busy && op_sleep(patience, IDLE_ROUND, NULL));
    if (busy) {
        log_warn("domain %s keeps disk %s open without a device", guest->name, disk->id);
    }
}

/* Up to the node that the guest has for its disk. 0: it has none of them. */
static unsigned block_chain_count_used(const BlockDisk *disk, const Value *drives)
{
    unsigned count = disk->nodes->len;
    while (count > 0 &&
           !block_chain_is_drive(drives, g_array_index(disk->nodes, BlockNode, count - 1).name)) {
        count--;
    }
    return count;
}

/* `images` leaf first, for as many nodes, of which the first is at the bottom. */
static bool block_chain_open(BlockGuest *guest, Op *op, const BlockNode *nodes,
                             const HvImage *images, unsigned count, Err **err)
{
    const char *below = NULL;
    for (unsigned i = 0; i < count; i++) {
        g_auto(BlockImage) image = {.fd = -1};
        if (!block_image_open(&images[count - 1 - i], !nodes[i].writable, &image, err) ||
            !block_chain_add_node(guest, op, &nodes[i], &image, below, err)) {
            return false;
        }
        below = nodes[i].name;
    }
    return true;
}

/* Nodes for a chain whose uppermost one has a name. (owned) */
static GArray *block_chain_name(BlockGuest *guest, const BlockDisk *disk, const char *top,
                                unsigned count)
{
    GArray *nodes = g_array_new(FALSE, TRUE, sizeof(BlockNode));
    g_array_set_clear_func(nodes, (GDestroyNotify)block_disk_node_clear);
    LOCK_GUARD(guest->lock);
    for (unsigned i = 0; i < count; i++) {
        BlockNode node = block_disk_new_node(disk, guest->next_node);
        if (i + 1 == count) {
            node.file = node.name;
            node.name = g_strdup(top);
            node.writable = !disk->read_only;
        }
        g_array_append_val(nodes, node);
    }
    return nodes;
}

/* Puts a file of ours, and what is `below`, under a node that is there. */
static bool block_chain_reopen(BlockGuest *guest, Op *op, const BlockNode *node,
                               const HvImage *image, const char *below, bool locking, Err **err)
{
    g_auto(BlockImage) opened = {.fd = -1};
    if (!block_image_open(image, !node->writable, &opened, err) ||
        !block_chain_pass(guest, op, node, opened.fd, err) ||
        !qmp_call(guest->qmp, op, "blockdev-add",
                  block_image_file_node(&opened, node->file, node->fdset, guest->aio, locking),
                  NULL, err)) {
        return false;
    }
    Value *options = value_new_array(1);
    value_array_add(options, block_image_over(&opened, node->name, node->file, below));
    Value *args = value_new_struct(1);
    value_struct_add_static(args, "options", options);
    return qmp_call(guest->qmp, op, "blockdev-reopen", args, NULL, err);
}

static bool block_chain_pass(BlockGuest *guest, Op *op, const BlockNode *node, int fd, Err **err)
{
    Value *args = value_new_struct(1);
    value_struct_add_static(args, "fdset-id", value_new_int(node->fdset));
    return qmp_call_fd(guest->qmp, op, "add-fd", args, fd, NULL, err);
}

static void block_chain_delete(BlockGuest *guest, Op *op, const char *node)
{
    Value *args = value_new_struct(1);
    value_struct_add_static(args, "node-name", value_new_string(node));
    (void)qmp_call(guest->qmp, op, "blockdev-del", args, NULL, NULL);
}
