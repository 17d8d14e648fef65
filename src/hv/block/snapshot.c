/* The overlays are added to QEMU as nodes that nobody uses; one transaction then puts each over
 * what its disk has. */
#include "hv/block/snapshot.h"

#include "hv/block/chain.h"

static bool block_snapshot_switch(BlockGuest *guest, Op *op, const char *const *disk_ids,
                                  unsigned count, Err **err);

bool block_snapshot_disks(BlockGuest *guest, Op *op, const char *const *disk_ids,
                          const HvImage *overlays, unsigned count, Err **err)
{
    bool done = true;
    unsigned added = 0;
    while (done && added < count) {
        BlockDisk *disk = block_guest_find_disk(guest, disk_ids[added], err);
        done = disk && block_chain_add(guest, op, disk, &overlays[added], 1, err);
        added += disk != NULL;
    }
    done = done && block_snapshot_switch(guest, op, disk_ids, count, err);
    for (unsigned i = 0; i < added && !done; i++) {
        BlockDisk *disk = block_disk_find(guest->disks, disk_ids[i]);
        block_chain_drop(guest, op, disk, disk->nodes->len - 1);
    }
    return done;
}

bool block_snapshot_resize(BlockGuest *guest, Op *op, const char *disk_id, uint64_t bytes,
                           Err **err)
{
    const BlockDisk *disk = block_guest_find_disk(guest, disk_id, err);
    if (!disk) {
        return false;
    }
    Value *args = value_new_struct(2);
    value_struct_add_static(args, "node-name", value_new_string(block_disk_top_node(disk)));
    value_struct_add_static(args, "size", value_new_int((int64_t)bytes));
    return qmp_call(guest->qmp, op, "block_resize", args, NULL, err);
}

/* Puts each disk's newest node over the one below it, all in one transaction. */
static bool block_snapshot_switch(BlockGuest *guest, Op *op, const char *const *disk_ids,
                                  unsigned count, Err **err)
{
    Value *actions = value_new_array(count);
    for (unsigned i = 0; i < count; i++) {
        const BlockDisk *disk = block_disk_find(guest->disks, disk_ids[i]);
        unsigned top = disk->nodes->len - 1;
        const char *node = g_array_index(disk->nodes, BlockNode, top - 1).name;
        const char *overlay = g_array_index(disk->nodes, BlockNode, top).name;
        Value *data = value_new_struct(2);
        value_struct_add_static(data, "node", value_new_string(node));
        value_struct_add_static(data, "overlay", value_new_string(overlay));
        Value *action = value_new_struct(2);
        value_struct_add_static(action, "type", value_new_string("blockdev-snapshot"));
        value_struct_add_static(action, "data", data);
        value_array_add(actions, action);
    }
    Value *args = value_new_struct(1);
    value_struct_add_static(args, "actions", actions);
    return qmp_call(guest->qmp, op, "transaction", args, NULL, err);
}
