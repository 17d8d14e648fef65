/* core/delay.c: that things happen later, in their order, and at once when it ends. */
#include "core/delay.h"

#define FOR_EVER (3600 * USEC_PER_SEC)

typedef struct Diary {
    GMutex mutex;
    GCond cond;
    GString *text;
} Diary;

typedef struct Entry {
    Diary *diary;
    char letter;
} Entry;

static void write_entry(void *user)
{
    const Entry *entry = user;
    g_mutex_lock(&entry->diary->mutex);
    g_string_append_c(entry->diary->text, entry->letter);
    g_cond_signal(&entry->diary->cond);
    g_mutex_unlock(&entry->diary->mutex);
}

static void open_diary(Diary *diary)
{
    g_mutex_init(&diary->mutex);
    g_cond_init(&diary->cond);
    diary->text = g_string_new(NULL);
}

static void close_diary(Diary *diary)
{
    g_mutex_clear(&diary->mutex);
    g_cond_clear(&diary->cond);
    g_string_free(diary->text, TRUE);
}

static void test_in_order(void)
{
    Diary diary;
    open_diary(&diary);
    Entry entries[] = {{&diary, 'a'}, {&diary, 'b'}, {&diary, 'c'}};
    g_autoptr(Delays) delays = delays_new(USEC_PER_SEC / 100);
    for (size_t i = 0; i < G_N_ELEMENTS(entries); i++) {
        delays_add(delays, write_entry, &entries[i]);
    }
    gint64 end = g_get_monotonic_time() + 20 * G_USEC_PER_SEC;
    g_mutex_lock(&diary.mutex);
    while (diary.text->len < G_N_ELEMENTS(entries)) {
        g_assert_true(g_cond_wait_until(&diary.cond, &diary.mutex, end));
    }
    g_mutex_unlock(&diary.mutex);
    g_assert_cmpstr(diary.text->str, ==, "abc");
    delays_stop(delays);
    close_diary(&diary);
}

static void test_the_end(void)
{
    Diary diary;
    open_diary(&diary);
    Entry entries[] = {{&diary, 'a'}, {&diary, 'b'}, {&diary, 'c'}};
    Delays *delays = delays_new(FOR_EVER);
    delays_add(delays, write_entry, &entries[0]);
    delays_add(delays, write_entry, &entries[1]);
    g_assert_cmpstr(diary.text->str, ==, "");
    delays_stop(delays);
    g_assert_cmpstr(diary.text->str, ==, "ab");
    delays_add(delays, write_entry, &entries[2]);
    g_assert_cmpstr(diary.text->str, ==, "abc");
    delays_free(delays);
    close_diary(&diary);
}

static void test_limit(void)
{
    Diary diary;
    open_diary(&diary);
    Entry waits = {&diary, 'w'}, over = {&diary, 'o'};
    Delays *delays = delays_new(FOR_EVER);
    for (unsigned i = 0; i < DELAY_MAX_WAITING; i++) {
        delays_add(delays, write_entry, &waits);
    }
    g_assert_cmpstr(diary.text->str, ==, "");
    delays_add(delays, write_entry, &over);
    g_assert_cmpstr(diary.text->str, ==, "o");
    delays_free(delays);
    g_assert_cmpuint(diary.text->len, ==, DELAY_MAX_WAITING + 1);
    close_diary(&diary);
}

static void test_nothing(void)
{
    delays_free(NULL);
    delays_free(delays_new(0));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/delay/in-order", test_in_order);
    g_test_add_func("/delay/the-end", test_the_end);
    g_test_add_func("/delay/limit", test_limit);
    g_test_add_func("/delay/nothing", test_nothing);
    return g_test_run();
}
