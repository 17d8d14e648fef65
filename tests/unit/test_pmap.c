/* The persistent map against a plain hash table, and that versions do not disturb each other. */
#include "db/pmap.h"

typedef struct Item {
    gint refs;
    Uuid key;
    unsigned number;
} Item;

static void *item_ref(void *value)
{
    g_atomic_int_inc(&((Item *)value)->refs);
    return value;
}

static void item_unref(void *value)
{
    g_assert_cmpint(g_atomic_int_add(&((Item *)value)->refs, -1), >, 0);
}

static const PmapOps item_ops = {.ref = item_ref, .unref = item_unref};

/* Keys that differ only in a few bits, as a client could choose them. */
static Uuid regular_key(unsigned number)
{
    Uuid key = {{0}};
    memcpy(&key.bytes[12], &number, sizeof number);
    return key;
}

static bool count_item(void *value, void *user)
{
    const Item *item = value;
    unsigned *sum = user;
    *sum += item->number;
    return true;
}

static bool stop_at_once(void *value, void *user)
{
    (void)value;
    unsigned *calls = user;
    (*calls)++;
    return false;
}

static void test_empty(void)
{
    Pmap map = pmap_new(&item_ops);
    unsigned calls = 0;
    g_assert_cmpuint(map.count, ==, 0);
    g_assert_null(pmap_get(&map, regular_key(1)));
    g_assert_false(pmap_remove(&map, regular_key(1)));
    g_assert_true(pmap_each(&map, stop_at_once, &calls));
    g_assert_cmpuint(calls, ==, 0);
    pmap_clear(&map);
}

static void test_many_keys(void)
{
    enum { COUNT = 5000 };
    g_autofree Item *items = g_new0(Item, COUNT);
    Pmap map = pmap_new(&item_ops);
    for (unsigned i = 0; i < COUNT; i++) {
        items[i] = (Item){.key = regular_key(i), .number = i};
        pmap_set(&map, items[i].key, &items[i]);
    }
    g_assert_cmpuint(map.count, ==, COUNT);
    unsigned sum = 0;
    g_assert_true(pmap_each(&map, count_item, &sum));
    g_assert_cmpuint(sum, ==, COUNT * (COUNT - 1) / 2);

    for (unsigned i = 0; i < COUNT; i += 2) {
        g_assert_true(pmap_remove(&map, items[i].key));
        g_assert_false(pmap_remove(&map, items[i].key));
    }
    g_assert_cmpuint(map.count, ==, COUNT / 2);
    for (unsigned i = 0; i < COUNT; i++) {
        g_assert_true(pmap_get(&map, items[i].key) == (i % 2 == 0 ? NULL : &items[i]));
        g_assert_cmpint(items[i].refs, ==, i % 2);
    }
    pmap_clear(&map);
    for (unsigned i = 0; i < COUNT; i++) {
        g_assert_cmpint(items[i].refs, ==, 0);
    }
}

static void test_replace(void)
{
    Item first = {.key = regular_key(7)};
    Item second = {.key = regular_key(7)};
    Pmap map = pmap_new(&item_ops);
    pmap_set(&map, first.key, &first);
    pmap_set(&map, second.key, &second);
    g_assert_cmpuint(map.count, ==, 1);
    g_assert_true(pmap_get(&map, first.key) == &second);
    g_assert_cmpint(first.refs, ==, 0);
    pmap_clear(&map);
    g_assert_cmpint(second.refs, ==, 0);
}

static void test_each_stops(void)
{
    Item items[2] = {{.key = regular_key(1)}, {.key = regular_key(2)}};
    Pmap map = pmap_new(&item_ops);
    unsigned calls = 0;
    pmap_set(&map, items[0].key, &items[0]);
    pmap_set(&map, items[1].key, &items[1]);
    g_assert_false(pmap_each(&map, stop_at_once, &calls));
    g_assert_cmpuint(calls, ==, 1);
    pmap_clear(&map);
}

static void check_version(const Pmap *map, const bool *expected, Item *items, unsigned count)
{
    unsigned present = 0;
    for (unsigned i = 0; i < count; i++) {
        g_assert_true(pmap_get(map, items[i].key) == (expected[i] ? &items[i] : NULL));
        present += expected[i];
    }
    g_assert_cmpuint(map->count, ==, present);
}

/* Random steps on a map of which old versions are kept; every version stays what it was. */
static void test_versions(void)
{
    enum { KEYS = 64, STEPS = 2000, KEPT = 16 };
    Item items[KEYS] = {0};
    Pmap map = pmap_new(&item_ops);
    bool expected[KEYS] = {false};
    Pmap kept[KEPT];
    bool kept_expected[KEPT][KEYS] = {0};
    for (unsigned i = 0; i < KEYS; i++) {
        items[i].key = regular_key(i * 16);
    }
    for (unsigned i = 0; i < KEPT; i++) {
        kept[i] = pmap_new(&item_ops);
    }
    for (unsigned step = 0; step < STEPS; step++) {
        unsigned i = (unsigned)g_test_rand_int_range(0, KEYS);
        if (g_test_rand_bit()) {
            pmap_set(&map, items[i].key, &items[i]);
            expected[i] = true;
        } else {
            g_assert_true(pmap_remove(&map, items[i].key) == expected[i]);
            expected[i] = false;
        }
        unsigned slot = (unsigned)g_test_rand_int_range(0, KEPT);
        check_version(&kept[slot], kept_expected[slot], items, KEYS);
        pmap_clear(&kept[slot]);
        kept[slot] = pmap_copy(&map);
        memcpy(kept_expected[slot], expected, sizeof expected);
    }
    for (unsigned i = 0; i < KEPT; i++) {
        check_version(&kept[i], kept_expected[i], items, KEYS);
        pmap_clear(&kept[i]);
    }
    pmap_clear(&map);
    for (unsigned i = 0; i < KEYS; i++) {
        g_assert_cmpint(items[i].refs, ==, 0);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pmap/empty", test_empty);
    g_test_add_func("/pmap/many-keys", test_many_keys);
    g_test_add_func("/pmap/replace", test_replace);
    g_test_add_func("/pmap/each-stops", test_each_stops);
    g_test_add_func("/pmap/versions", test_versions);
    return g_test_run();
}
