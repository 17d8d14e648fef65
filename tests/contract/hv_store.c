/* Words in a guest's store: those it is started with, those that change while it runs, its own. */
#include "hv_store.h"

#include "base/fd.h"
#include "hv_guest.h"

/* The value of a path in what the driver tells, NULL for none; how many there are. (owned) */
static char *find_word(Bench *bench, Uuid uuid, const char *path, unsigned *ret_count)
{
    Err *err = NULL;
    g_auto(HvGuestInfo) info = {0};
    assert_ok(bench->driver->guest_info(bench->hv, bench->op, uuid, &info, &err), err);
    g_assert_nonnull(info.store);
    char *value = NULL;
    *ret_count = g_strv_length(info.store) / 2;
    for (char **word = info.store; *word; word += 2) {
        if (g_str_equal(word[0], path)) {
            value = g_strdup(word[1]);
        }
    }
    return value;
}

static void expect_word(Bench *bench, Uuid uuid, const char *path, const char *value,
                        unsigned count)
{
    unsigned found;
    g_autofree char *word = find_word(bench, uuid, path, &found);
    g_assert_cmpstr(word, ==, value);
    g_assert_cmpuint(found, ==, count);
}

static void await_word(Bench *bench, Uuid uuid, const char *path, const char *value)
{
    for (;;) {
        unsigned changes = bench_count_changes(bench), count;
        g_autofree char *word = find_word(bench, uuid, path, &count);
        if (g_strcmp0(word, value) == 0) {
            return;
        }
        bench_wait_change(bench, changes);
    }
}

void hv_store_test(Bench *bench)
{
    Err *err = NULL;
    g_auto(Guest) guest = {0};
    guest_init(&guest, bench, 1);
    Uuid uuid = guest.config.uuid;
    static const char *const data[] = {"vm-data/word", "told", "vm-data/deep/er", "too", NULL};
    guest.config.store_data = data;
    auto_fd line = guest_start(bench, &guest);
    expect_word(bench, uuid, "vm-data/word", "told", 2);
    expect_word(bench, uuid, "vm-data/deep/er", "too", 2);
    const HvStoreChange changes[] = {
        {"vm-data/word", "again"}, {"vm-data/deep", NULL}, {"vm-data/deep/down", ""}};
    assert_ok(bench->driver->domain_change_store(bench->hv, uuid, changes, 3, &err), err);
    expect_word(bench, uuid, "vm-data/word", "again", 2);
    expect_word(bench, uuid, "vm-data/deep/down", "", 2);
    line_ask(bench, line, "+k", "B.");
    await_word(bench, uuid, "vm-data/letter", "B");
    guest_reopen(bench, &guest, &line);
    expect_word(bench, uuid, "vm-data/letter", "B", 3);
    line_ask(bench, line, "+k", "C.");
    await_word(bench, uuid, "vm-data/letter", "C");
    guest_destroy(bench, &guest);
    g_assert_false(bench->driver->domain_change_store(bench->hv, uuid, changes, 3, &err));
    err_free(err);
}
