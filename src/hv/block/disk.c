/* The images of a disk, as data.  Who changes them in QEMU is chain.c, merge.c and mirror.c. */
#include "hv/block/disk.h"

static Value *block_disk_node_to_value(const BlockNode *node);
static bool block_disk_read_work(const Value *value, BlockDisk *disk);
static bool block_disk_read_nodes(const Value *value, BlockDisk *disk);
static bool block_disk_read_node(const Value *value, BlockNode *ret_node);
static bool block_disk_get_unsigned(const Value *value, const char *name, unsigned *ret);
static bool block_disk_get_bool(const Value *value, const char *name, bool *ret);

static void block_disk_begin(BlockDisk *disk)
{
    disk->nodes = g_array_new(FALSE, TRUE, sizeof(BlockNode));
    g_array_set_clear_func(disk->nodes, (GDestroyNotify)block_disk_node_clear);
}

void block_disk_init(BlockDisk *disk, const HvDisk *config)
{
    block_disk_begin(disk);
    disk->id = g_strdup(config->id);
    disk->position = config->position;
    disk->is_cd = config->is_cd;
    disk->read_only = config->read_only || config->is_cd;
}

void block_disk_clear(BlockDisk *disk)
{
    g_free(disk->id);
    g_free(disk->mirror);
    block_disk_node_clear(&disk->copy);
    g_clear_pointer(&disk->nodes, g_array_unref);
}

BlockNode *block_disk_add_node(BlockDisk *disk, int64_t *next)
{
    BlockNode node = block_disk_new_node(disk, next);
    g_array_append_val(disk->nodes, node);
    return &g_array_index(disk->nodes, BlockNode, disk->nodes->len - 1);
}

BlockNode block_disk_new_node(const BlockDisk *disk, int64_t *next)
{
    int64_t number = (*next)++;
    return (BlockNode){
        .name = g_strdup_printf("disk%u-%" G_GINT64_FORMAT, disk->position, number),
        .fdset = number,
    };
}

void block_disk_node_clear(BlockNode *node)
{
    g_clear_pointer(&node->name, g_free);
    g_clear_pointer(&node->file, g_free);
}

void block_disk_clear_nodes(BlockDisk *disk)
{
    g_array_set_size(disk->nodes, 0);
}

const char *block_disk_top_node(const BlockDisk *disk)
{
    unsigned count = disk->nodes->len;
    return count > 0 ? g_array_index(disk->nodes, BlockNode, count - 1).name : NULL;
}

BlockDisk *block_disk_find(const GPtrArray *disks, const char *id)
{
    for (unsigned i = 0; i < disks->len; i++) {
        BlockDisk *disk = g_ptr_array_index(disks, i);
        if (g_str_equal(disk->id, id)) {
            return disk;
        }
    }
    return NULL;
}

BlockDisk *block_disk_at(const GPtrArray *disks, unsigned position)
{
    for (unsigned i = 0; i < disks->len; i++) {
        BlockDisk *disk = g_ptr_array_index(disks, i);
        if (disk->position == position) {
            return disk;
        }
    }
    return NULL;
}

BlockDisk *block_disk_find_node(const GPtrArray *disks, const char *node)
{
    for (unsigned i = 0; i < disks->len; i++) {
        BlockDisk *disk = g_ptr_array_index(disks, i);
        for (unsigned j = 0; j < disk->nodes->len; j++) {
            if (g_str_equal(g_array_index(disk->nodes, BlockNode, j).name, node)) {
                return disk;
            }
        }
    }
    return NULL;
}

void block_disk_remove(GPtrArray *disks, const char *id)
{
    BlockDisk *disk = block_disk_find(disks, id);
    if (disk) {
        g_ptr_array_remove(disks, disk);
    }
}

Value *block_disk_to_value(const BlockDisk *disk)
{
    Value *nodes = value_new_array(disk->nodes->len);
    for (unsigned i = 0; i < disk->nodes->len; i++) {
        value_array_add(nodes, block_disk_node_to_value(&g_array_index(disk->nodes, BlockNode, i)));
    }
    Value *value = value_new_struct(9);
    value_struct_add_static(value, "id", value_new_string(disk->id));
    value_struct_add_static(value, "position", value_new_int(disk->position));
    value_struct_add_static(value, "is_cd", value_new_bool(disk->is_cd));
    value_struct_add_static(value, "read_only", value_new_bool(disk->read_only));
    value_struct_add_static(value, "merging", value_new_int(disk->merging));
    value_struct_add_static(value, "merged", value_new_bool(disk->merged));
    if (disk->mirror) {
        value_struct_add_static(value, "mirror", value_new_string(disk->mirror));
        value_struct_add_static(value, "copy", block_disk_node_to_value(&disk->copy));
    }
    value_struct_add_static(value, "nodes", nodes);
    return value;
}

bool block_disk_read(const Value *value, BlockDisk *ret_disk)
{
    block_disk_begin(ret_disk);
    ret_disk->id = g_strdup(value_get_string(value, "id"));
    ret_disk->mirror = g_strdup(value_get_string(value, "mirror"));
    return ret_disk->id && block_disk_get_unsigned(value, "position", &ret_disk->position) &&
           block_disk_get_bool(value, "is_cd", &ret_disk->is_cd) &&
           block_disk_get_bool(value, "read_only", &ret_disk->read_only) &&
           block_disk_read_work(value, ret_disk) &&
           block_disk_read_nodes(value_get(value, "nodes"), ret_disk) &&
           (!ret_disk->mirror || block_disk_read_node(value_get(value, "copy"), &ret_disk->copy));
}

static Value *block_disk_node_to_value(const BlockNode *node)
{
    Value *value = value_new_struct(4);
    value_struct_add_static(value, "name", value_new_string(node->name));
    if (node->file) {
        value_struct_add_static(value, "file", value_new_string(node->file));
    }
    value_struct_add_static(value, "fdset", value_new_int(node->fdset));
    value_struct_add_static(value, "writable", value_new_bool(node->writable));
    return value;
}

/* Not there in what earlier versions wrote of disks on Xen, which had no nodes either. */
static bool block_disk_read_work(const Value *value, BlockDisk *disk)
{
    return (!value_get(value, "merging") && !value_get(value, "nodes")) ||
           (block_disk_get_unsigned(value, "merging", &disk->merging) &&
            block_disk_get_bool(value, "merged", &disk->merged));
}

static bool block_disk_read_nodes(const Value *value, BlockDisk *disk)
{
    if (!value || value_kind(value) != VALUE_ARRAY) {
        return !value;
    }
    for (unsigned i = 0; i < value_count(value); i++) {
        BlockNode node;
        if (!block_disk_read_node(value_at(value, i), &node)) {
            return false;
        }
        g_array_append_val(disk->nodes, node);
    }
    return true;
}

static bool block_disk_read_node(const Value *value, BlockNode *ret_node)
{
    BlockNode node = {0};
    const char *name = value ? value_get_string(value, "name") : NULL;
    const Value *fdset = value ? value_get(value, "fdset") : NULL;
    if (!name || !fdset || value_kind(fdset) != VALUE_INT ||
        !block_disk_get_bool(value, "writable", &node.writable)) {
        return false;
    }
    node.name = g_strdup(name);
    node.file = g_strdup(value_get_string(value, "file"));
    node.fdset = value_int(fdset);
    *ret_node = node;
    return true;
}

static bool block_disk_get_unsigned(const Value *value, const char *name, unsigned *ret)
{
    const Value *member = value_get(value, name);
    if (!member || value_kind(member) != VALUE_INT || value_int(member) < 0 ||
        value_int(member) > UINT32_MAX) {
        return false;
    }
    *ret = (unsigned)value_int(member);
    return true;
}

static bool block_disk_get_bool(const Value *value, const char *name, bool *ret)
{
    const Value *member = value_get(value, name);
    if (!member || value_kind(member) != VALUE_BOOL) {
        return false;
    }
    *ret = value_bool(member);
    return true;
}
