/* The store of a guest of the fake engine: a few texts in its file. */
#include "hv/fake/domain.h"

static bool fake_store_is_hit(const char *path, const HvStoreChange *changes, unsigned count);
static bool fake_store_add(GString *store, const char *path, const char *value);

bool fake_store_change(FakeDomain *domain, const HvStoreChange *changes, unsigned count, Err **err)
{
    g_autoptr(GString) store = g_string_new(NULL);
    g_auto(GStrv) words = fake_store_read(domain);
    bool fits = true;
    for (char **word = words; *word; word += 2) {
        if (!fake_store_is_hit(word[0], changes, count)) {
            fits = fits && fake_store_add(store, word[0], word[1]);
        }
    }
    for (unsigned i = 0; i < count; i++) {
        if (changes[i].value) {
            fits = fits && fake_store_add(store, changes[i].path, changes[i].value);
        }
    }
    if (!fits) {
        return err_internal(err, "the store of the domain is full");
    }
    memcpy(domain->store, store->str, store->len + 1);
    return true;
}

bool fake_store_fill(FakeDomain *domain, const char *const *data, Err **err)
{
    bool done = true;
    for (; data && data[0] && done; data += 2) {
        const HvStoreChange change = {data[0], data[1]};
        done = fake_store_change(domain, &change, 1, err);
    }
    return done;
}

char **fake_store_read(const FakeDomain *domain)
{
    g_autoptr(GStrvBuilder) words = g_strv_builder_new();
    for (const char *path = domain->store; *path;) {
        const char *value = path + strlen(path) + 1;
        g_strv_builder_add_many(words, path, value, NULL);
        path = value + strlen(value) + 1;
    }
    return g_strv_builder_end(words);
}

/* One that has a new value, or goes with what it is below of. */
static bool fake_store_is_hit(const char *path, const HvStoreChange *changes, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        size_t length = strlen(changes[i].path);
        if (strncmp(path, changes[i].path, length) == 0 &&
            (path[length] == '\0' || (!changes[i].value && path[length] == '/'))) {
            return true;
        }
    }
    return false;
}

static bool fake_store_add(GString *store, const char *path, const char *value)
{
    g_string_append_len(store, path, (gssize)strlen(path) + 1);
    g_string_append_len(store, value, (gssize)strlen(value) + 1);
    return store->len < FAKE_STORE;
}
