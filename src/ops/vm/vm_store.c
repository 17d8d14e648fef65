/* Two maps and what is between them. */
#include "ops/vm/vm_store.h"

#include "base/text.h"
#include "gen/db_vm.h"
#include "gen/ops_vm.h"
#include "ops/platform.h"
#include "ops/vm/vm_boot.h"
#include "ops/vm/vm_state.h"
#include "ops/vm/vm_turn.h"
#include "ops/vm/vm_watch.h"

static bool tell_guest(Platform *platform, Uuid domain, const HvStoreChange *changes,
                       unsigned count, Err **err);
static bool is_word(const char *path, const Value *text);
static unsigned list_changes(const Value *old, const Value *wanted, HvStoreChange *changes);
static bool has_folder(const HvStoreChange *gone, unsigned count, const char *path);

const char *const *vm_store_data(Arena *arena, const Value *data)
{
    const char **list = arena_new0(arena, const char *, 2 * value_count(data) + 1);
    unsigned count = 0;
    for (unsigned i = 0; i < value_count(data); i++) {
        const Value *text = value_at(data, i);
        if (is_word(value_name_at(data, i), text)) {
            list[count++] = arena_strdup(arena, value_name_at(data, i));
            list[count++] = arena_strdup(arena, value_string(text));
        }
    }
    return list;
}

Value *vm_store_merge(const Value *data, const Value *seen, const Value *words)
{
    Value *merged = NULL;
    for (unsigned i = 0; i < value_count(words); i++) {
        const char *path = value_name_at(words, i);
        const Value *before = value_get(seen ? seen : data, path);
        if (!before || !value_equal(before, value_at(words, i))) {
            Value *more =
                value_struct_with(merged ? merged : data, path, value_ref(value_at(words, i)));
            value_unref(merged);
            merged = more;
        }
    }
    for (unsigned i = 0; seen && i < value_count(seen); i++) {
        const char *path = value_name_at(seen, i);
        if (!value_get(words, path) && value_get(data, path)) {
            Value *less = value_struct_without(merged ? merged : data, path);
            value_unref(merged);
            merged = less;
        }
    }
    return merged;
}

/* The guest first: a change that it was not told of is not in the database either. */
bool vm_change_xenstore_data(Call *call, VmRef self, const Value *new_value, Err **err)
{
    Platform *platform = call_platform(call);
    const HvDriver *driver = platform_hv_driver(platform);
    g_auto(VmTurn) turn = {0};
    if (!(driver->caps & HV_CAP_STORE) || !vm_state_is_up(call_view(call), self)) {
        return true;
    }
    if (!vm_turn_take(call, self, &turn, err)) {
        return false;
    }
    g_autoptr(DbSnapshot) now = db_snapshot(call->db);
    const DbView *view = db_snapshot_view(now);
    if (!vm_state_is_up(view, self)) {
        return true;
    }
    const Value *old = db_vm_xenstore_data(view, self);
    g_autofree HvStoreChange *changes =
        g_new0(HvStoreChange, value_count(old) + value_count(new_value));
    unsigned count = list_changes(old, new_value, changes);
    return count == 0 || tell_guest(platform, vm_domain_uuid(view, self), changes, count, err);
}

static bool tell_guest(Platform *platform, Uuid domain, const HvStoreChange *changes,
                       unsigned count, Err **err)
{
    VmWatch *watch = platform_vm_watch(platform);
    vm_watch_begin_words(watch, domain);
    bool done = platform_hv_driver(platform)->domain_change_store(platform_hv(platform), domain,
                                                                  changes, count, err);
    vm_watch_end_words(watch, domain, changes, done ? count : 0);
    return done;
}

/* One that Xen's store takes, below the folder. */
static bool is_word(const char *path, const Value *text)
{
    size_t length = strlen(path);
    return g_str_has_prefix(path, HV_STORE_FOLDER "/") && length <= HV_STORE_PATH_MAX &&
           path[length - 1] != '/' && !strstr(path, "//") &&
           strspn(path, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-/_@") == length &&
           strlen(value_string(text)) <= HV_STORE_VALUE_MAX;
}

/* What goes, and then what comes; what was below something that goes comes again. */
static unsigned list_changes(const Value *old, const Value *wanted, HvStoreChange *changes)
{
    unsigned gone = 0;
    for (unsigned i = 0; i < value_count(old); i++) {
        const char *path = value_name_at(old, i);
        if (is_word(path, value_at(old, i)) && !value_get(wanted, path)) {
            changes[gone++] = (HvStoreChange){path, NULL};
        }
    }
    unsigned count = gone;
    for (unsigned i = 0; i < value_count(wanted); i++) {
        const char *path = value_name_at(wanted, i);
        const Value *text = value_at(wanted, i);
        const Value *before = value_get(old, path);
        bool is_new = !before || !value_equal(before, text) || has_folder(changes, gone, path);
        if (is_new && is_word(path, text)) {
            changes[count++] = (HvStoreChange){path, value_string(text)};
        }
    }
    return count;
}

static bool has_folder(const HvStoreChange *gone, unsigned count, const char *path)
{
    for (unsigned i = 0; i < count; i++) {
        size_t length = strlen(gone[i].path);
        if (strncmp(path, gone[i].path, length) == 0 && path[length] == '/') {
            return true;
        }
    }
    return false;
}
