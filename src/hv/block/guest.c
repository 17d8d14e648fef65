/* Who waits for a guest, and the way to its engine. */
#include "hv/block/guest.h"

void block_guest_init(BlockGuest *guest)
{
    guest->jobs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

void block_guest_clear(BlockGuest *guest)
{
    g_clear_pointer(&guest->jobs, g_hash_table_unref);
}

void block_guest_end(BlockGuest *guest)
{
    LOCK_GUARD(guest->lock);
    guest->ended = true;
    g_cond_broadcast(guest->changed);
}

bool block_guest_take_control(BlockGuest *guest, Op *op, Err **err)
{
    LOCK_GUARD(guest->lock);
    while (guest->controlled) {
        if (!op_wait(op, guest->changed, &guest->lock->mutex, err)) {
            return false;
        }
    }
    guest->controlled = true;
    return true;
}

void block_guest_leave_control(BlockGuest *guest)
{
    LOCK_GUARD(guest->lock);
    guest->controlled = false;
    g_cond_broadcast(guest->changed);
}

BlockDisk *block_guest_find_disk(BlockGuest *guest, const char *disk_id, Err **err)
{
    BlockDisk *disk = block_disk_find(guest->disks, disk_id);
    if (!disk) {
        err_internal(err, "domain %s has no disk %s", guest->name, disk_id);
    } else if (disk->nodes->len == 0) {
        err_internal(err, "disk %s of domain %s is empty, or not served by QEMU", disk_id,
                     guest->name);
        disk = NULL;
    }
    return disk;
}

bool block_guest_save(BlockGuest *guest, Err **err)
{
    return guest->engine->save_record(guest->user, err);
}

bool block_guest_runs(BlockGuest *guest)
{
    return guest->engine->runs(guest->user);
}

bool block_guest_set_paused(BlockGuest *guest, Op *op, bool paused, Err **err)
{
    return guest->engine->set_paused(guest->user, op, paused, err);
}
