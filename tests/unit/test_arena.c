/* Arena: zeroed, aligned, disjoint memory, and cleanup in the right order. */
#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <string.h>

static void test_memory_is_zeroed_and_aligned(void)
{
    g_autoptr(Arena) arena = arena_new();
    for (size_t size = 0; size < 300; size++) {
        unsigned char *memory = arena_alloc(arena, size);
        g_assert_cmpuint((uintptr_t)memory % alignof(max_align_t), ==, 0);
        for (size_t i = 0; i < size; i++) {
            g_assert_cmpuint(memory[i], ==, 0);
        }
        memset(memory, 0xff, size); /* the next one must not be handed the same bytes */
    }
}

static void test_large_allocation_keeps_the_small_block(void)
{
    g_autoptr(Arena) arena = arena_new();
    char *before = arena_alloc(arena, 16);
    char *large = arena_alloc(arena, 1024 * 1024);
    char *after = arena_alloc(arena, 16);
    memset(large, 1, 1024 * 1024);
    g_assert_true(after == before + 16);
    g_assert_cmpint(*before, ==, 0);
    g_assert_cmpint(*after, ==, 0);
}

static void test_texts(void)
{
    g_autoptr(Arena) arena = arena_new();
    g_assert_null(arena_strdup(arena, NULL));
    g_assert_cmpstr(arena_strdup(arena, "abc"), ==, "abc");
    g_assert_cmpstr(arena_strndup(arena, "abcdef", 3), ==, "abc");
    g_assert_cmpstr(arena_strndup(arena, "ab", 10), ==, "ab");
    g_assert_cmpstr(arena_printf(arena, "%s-%d", "x", 42), ==, "x-42");
}

static void append_letter(void *data)
{
    GString **pair = data;
    g_string_append(pair[0], pair[1]->str);
}

static void test_owned_data_is_freed_last_first(void)
{
    g_autoptr(GString) log = g_string_new(NULL);
    g_autoptr(GString) a = g_string_new("a");
    g_autoptr(GString) b = g_string_new("b");
    GString *first[] = {log, a};
    GString *second[] = {log, b};
    Arena *arena = arena_new();
    arena_own(arena, first, append_letter);
    arena_own(arena, second, append_letter);
    g_assert_cmpstr(log->str, ==, "");
    arena_free(arena);
    g_assert_cmpstr(log->str, ==, "ba");
    arena_free(NULL);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/arena/zeroed-aligned", test_memory_is_zeroed_and_aligned);
    g_test_add_func("/arena/large", test_large_allocation_keeps_the_small_block);
    g_test_add_func("/arena/texts", test_texts);
    g_test_add_func("/arena/own", test_owned_data_is_freed_last_first);
    return g_test_run();
}
