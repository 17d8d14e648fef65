/* The persistent map: a hash trie with sixteen branches a node, changed by copying the path from
 * the root to the place of change.
 *
 * The path of a key is its 128 bits after a scrambling that is one-to-one, four bits a level.
 * So two keys always part at some level, there are no collisions to store, the depth is bounded
 * by PMAP_LEVELS whatever keys a client chooses, and regular keys spread as random ones do.
 *
 * A node keeps its entries and its children apart, each packed, with a bit map that says which of
 * the sixteen slots they stand for.  Every node but the root has at least two entries below it,
 * so the shape depends on the keys alone, not on the history. */
#include "db/pmap.h"

enum {
    PMAP_BITS = 4, /* of the path, a level */
    PMAP_SLOTS = 1 << PMAP_BITS,
    PMAP_LEVELS_PER_WORD = 64 / PMAP_BITS,
    PMAP_LEVELS = 2 * PMAP_LEVELS_PER_WORD,
};

typedef struct PmapEntry {
    Uuid key;
    void *value;
} PmapEntry;

struct PmapNode {
    gint refs; /* atomic */
    uint16_t entry_map;
    uint16_t child_map;
    PmapEntry entries[]; /* one a bit of entry_map; behind them one PmapNode * a bit of child_map */
};

typedef struct PmapPath {
    uint64_t words[2];
} PmapPath;

static PmapPath path_of(Uuid key);
static uint64_t mix(uint64_t word);
static unsigned path_slot(const PmapPath *path, unsigned level);
static PmapNode *node_set(const PmapOps *ops, const PmapNode *node, unsigned level,
                          const PmapEntry *entry);
static PmapNode *node_remove(const PmapOps *ops, const PmapNode *node, unsigned level,
                             const PmapPath *path);
static PmapNode *node_with(const PmapOps *ops, const PmapNode *node, unsigned slot,
                           const PmapEntry *entry, PmapNode *child);
static unsigned count_bits(unsigned map);
static unsigned packed_index(uint16_t map, unsigned slot);
static PmapEntry *node_entry(const PmapNode *node, unsigned slot);
static PmapNode **node_children(const PmapNode *node);
static PmapNode *node_child(const PmapNode *node, unsigned slot);
static unsigned node_entry_count(const PmapNode *node);
static unsigned node_child_count(const PmapNode *node);
static bool node_each(const PmapNode *node, bool (*each)(void *value, void *user), void *user);
static PmapNode *node_ref(PmapNode *node);
static void node_unref(const PmapOps *ops, PmapNode *node);

Pmap pmap_new(const PmapOps *ops)
{
    return (Pmap){.ops = ops};
}

Pmap pmap_copy(const Pmap *map)
{
    if (map->root) {
        node_ref(map->root);
    }
    return *map;
}

void pmap_clear(Pmap *map)
{
    if (map->root) {
        node_unref(map->ops, map->root);
    }
    map->root = NULL;
    map->count = 0;
}

void *pmap_get(const Pmap *map, Uuid key)
{
    PmapPath path = path_of(key);
    const PmapNode *node = map->root;
    for (unsigned level = 0; node; level++) {
        unsigned slot = path_slot(&path, level);
        const PmapEntry *entry = node_entry(node, slot);
        if (entry) {
            return uuid_equal(entry->key, key) ? entry->value : NULL;
        }
        node = node_child(node, slot);
    }
    return NULL;
}

void pmap_set(Pmap *map, Uuid key, void *value)
{
    bool is_new = !pmap_get(map, key);
    PmapNode *root = node_set(map->ops, map->root, 0, &(PmapEntry){key, value});
    if (map->root) {
        node_unref(map->ops, map->root);
    }
    map->root = root;
    map->count += is_new ? 1 : 0;
}

bool pmap_remove(Pmap *map, Uuid key)
{
    if (!pmap_get(map, key)) {
        return false;
    }
    PmapPath path = path_of(key);
    PmapNode *root = node_remove(map->ops, map->root, 0, &path);
    node_unref(map->ops, map->root);
    map->root = root;
    map->count--;
    return true;
}

bool pmap_each(const Pmap *map, bool (*each)(void *value, void *user), void *user)
{
    return !map->root || node_each(map->root, each, user);
}

static PmapPath path_of(Uuid key)
{
    uint64_t halves[2];
    memcpy(halves, key.bytes, sizeof halves);
    uint64_t low = mix(halves[0]);
    return (PmapPath){{mix(halves[1] ^ low), low}};
}

/* The finalizer of MurmurHash3: one-to-one, and every input bit reaches every output bit. */
static uint64_t mix(uint64_t word)
{
    word ^= word >> 33;
    word *= UINT64_C(0xff51afd7ed558ccd);
    word ^= word >> 33;
    word *= UINT64_C(0xc4ceb9fe1a85ec53);
    return word ^ (word >> 33);
}

static unsigned path_slot(const PmapPath *path, unsigned level)
{
    g_assert(level < PMAP_LEVELS);
    uint64_t word = path->words[level / PMAP_LEVELS_PER_WORD];
    return (word >> (level % PMAP_LEVELS_PER_WORD * PMAP_BITS)) & (PMAP_SLOTS - 1);
}

/* `node` (may be NULL) with `entry` added or replaced. (owned) */
static PmapNode *node_set(const PmapOps *ops, const PmapNode *node, unsigned level,
                          const PmapEntry *entry)
{
    PmapPath path = path_of(entry->key);
    unsigned slot = path_slot(&path, level);
    const PmapNode *child = node ? node_child(node, slot) : NULL;
    const PmapEntry *other = node ? node_entry(node, slot) : NULL;
    if (child) {
        return node_with(ops, node, slot, NULL, node_set(ops, child, level + 1, entry));
    }
    if (!other || uuid_equal(other->key, entry->key)) {
        return node_with(ops, node, slot, entry, NULL);
    }
    PmapNode *alone = node_set(ops, NULL, level + 1, other);
    PmapNode *both = node_set(ops, alone, level + 1, entry);
    node_unref(ops, alone);
    return node_with(ops, node, slot, NULL, both);
}

/* `node` without the entry at `path`, which is there; NULL when nothing is left. (owned) */
static PmapNode *node_remove(const PmapOps *ops, const PmapNode *node, unsigned level,
                             const PmapPath *path)
{
    unsigned slot = path_slot(path, level);
    const PmapNode *child = node_child(node, slot);
    if (!child) {
        bool is_last = node_entry_count(node) == 1 && node_child_count(node) == 0;
        return is_last ? NULL : node_with(ops, node, slot, NULL, NULL);
    }
    /* Not NULL: a child has at least two entries below it. */
    PmapNode *rest = node_remove(ops, child, level + 1, path);
    if (node_entry_count(rest) > 1 || node_child_count(rest) > 0) {
        return node_with(ops, node, slot, NULL, rest);
    }
    PmapNode *merged = node_with(ops, node, slot, &rest->entries[0], NULL);
    node_unref(ops, rest);
    return merged;
}

/* A copy of `node` (may be NULL) in which `slot` holds `entry`, or `child` (taken over), or
 * nothing. (owned) */
static PmapNode *node_with(const PmapOps *ops, const PmapNode *node, unsigned slot,
                           const PmapEntry *entry, PmapNode *child)
{
    uint16_t bit = (uint16_t)(1u << slot);
    uint16_t entry_map = node ? node->entry_map & (uint16_t)~bit : 0;
    uint16_t child_map = node ? node->child_map & (uint16_t)~bit : 0;
    entry_map |= entry ? bit : 0;
    child_map |= child ? bit : 0;

    size_t entries_size = sizeof(PmapEntry) * count_bits(entry_map);
    size_t children_size = sizeof(PmapNode *) * count_bits(child_map);
    PmapNode *copy = g_malloc(sizeof *copy + entries_size + children_size);
    copy->refs = 1;
    copy->entry_map = entry_map;
    copy->child_map = child_map;

    PmapEntry *next_entry = copy->entries;
    PmapNode **next_child = node_children(copy);
    for (unsigned i = 0; i < PMAP_SLOTS; i++) {
        if (entry_map & (1u << i)) {
            *next_entry = i == slot ? *entry : *node_entry(node, i);
            ops->ref(next_entry->value);
            next_entry++;
        } else if (child_map & (1u << i)) {
            *next_child++ = i == slot ? child : node_ref(node_child(node, i));
        }
    }
    return copy;
}

/* Of sixteen.  Not all processors we run on count bits, and the compiler would call a function. */
static unsigned count_bits(unsigned map)
{
    map -= map >> 1 & 0x5555;
    map = (map & 0x3333) + (map >> 2 & 0x3333);
    map = (map + (map >> 4)) & 0x0f0f;
    return (map + (map >> 8)) & 0x1f;
}

/* How many of the slots below `slot` are in `map`: the place in the packed array. */
static unsigned packed_index(uint16_t map, unsigned slot)
{
    return count_bits(map & ((1u << slot) - 1));
}

static PmapEntry *node_entry(const PmapNode *node, unsigned slot)
{
    if (!(node->entry_map & (1u << slot))) {
        return NULL;
    }
    return (PmapEntry *)&node->entries[packed_index(node->entry_map, slot)];
}

static PmapNode **node_children(const PmapNode *node)
{
    return (PmapNode **)&node->entries[node_entry_count(node)];
}

static PmapNode *node_child(const PmapNode *node, unsigned slot)
{
    if (!(node->child_map & (1u << slot))) {
        return NULL;
    }
    return node_children(node)[packed_index(node->child_map, slot)];
}

static unsigned node_entry_count(const PmapNode *node)
{
    return count_bits(node->entry_map);
}

static unsigned node_child_count(const PmapNode *node)
{
    return count_bits(node->child_map);
}

static bool node_each(const PmapNode *node, bool (*each)(void *value, void *user), void *user)
{
    for (unsigned i = 0; i < node_entry_count(node); i++) {
        if (!each(node->entries[i].value, user)) {
            return false;
        }
    }
    for (unsigned i = 0; i < node_child_count(node); i++) {
        if (!node_each(node_children(node)[i], each, user)) {
            return false;
        }
    }
    return true;
}

static PmapNode *node_ref(PmapNode *node)
{
    g_atomic_int_inc(&node->refs);
    return node;
}

static void node_unref(const PmapOps *ops, PmapNode *node)
{
    if (!g_atomic_int_dec_and_test(&node->refs)) {
        return;
    }
    for (unsigned i = 0; i < node_entry_count(node); i++) {
        ops->unref(node->entries[i].value);
    }
    for (unsigned i = 0; i < node_child_count(node); i++) {
        node_unref(ops, node_children(node)[i]);
    }
    g_free(node);
}
