/* Runs a fuzz target without libFuzzer: over every file of its corpus, then over mutations of
 * them.  The mutations come from a generator with a fixed seed, so each run does the same and
 * what fails here fails again.
 *
 *     replay_<target> <folder of the corpus> */
#include "fuzz.h"

#include "base/fd.h"

#include <glib.h>
#include <string.h>

#define REPLAY_MAX_FILE  ((size_t)65536)
#define REPLAY_MAX_INPUT ((guint)65536)
#define REPLAY_MUTATIONS 10000
#define REPLAY_MAX_EDITS 6
#define REPLAY_MAX_BLOCK 64
#define REPLAY_SEED      UINT64_C(0x9e3779b97f4a7c15)

typedef struct Corpus {
    GPtrArray *inputs; /* GBytes, by file name */
    uint64_t random;
} Corpus;

/* Bytes that mean something in one of the formats. */
static const char special_bytes[] = "\0\xff\x80\x7f\t\r\n \"'<>&;/[]{},:\\%-+.0129eE";

static void corpus_load(Corpus *corpus, const char *folder);
static int corpus_compare_names(gconstpointer a, gconstpointer b);
static void corpus_clear(Corpus *corpus);
static void test_corpus(gconstpointer data);
static void test_mutations(gconstpointer data);
static void corpus_run(const void *data, size_t size);
static unsigned corpus_random(Corpus *corpus, unsigned below);
static const GBytes *corpus_pick(Corpus *corpus);
static void corpus_edit(Corpus *corpus, GByteArray *input);
static void corpus_insert_block(Corpus *corpus, GByteArray *input, unsigned at);
static void corpus_insert(GByteArray *input, unsigned at, const void *data, unsigned length);

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    if (argc != 2) {
        g_printerr("usage: %s <folder of the corpus>\n", argv[0]);
        return 2;
    }
    Corpus corpus = {0};
    corpus_load(&corpus, argv[1]);
    g_test_add_data_func("/fuzz/corpus", &corpus, test_corpus);
    g_test_add_data_func("/fuzz/mutations", &corpus, test_mutations);
    int status = g_test_run();
    corpus_clear(&corpus);
    return status;
}

static void corpus_load(Corpus *corpus, const char *folder)
{
    corpus->inputs = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    for (const char *name; dir && (name = g_dir_read_name(dir));) {
        g_ptr_array_add(names, g_build_filename(folder, name, NULL));
    }
    g_ptr_array_sort(names, corpus_compare_names);
    for (unsigned i = 0; i < names->len; i++) {
        g_autoptr(Err) err = NULL;
        size_t length;
        char *content = fd_read_file(g_ptr_array_index(names, i), REPLAY_MAX_FILE, &length, &err);
        if (!content) {
            g_error("%s", err->params[0]);
        }
        g_ptr_array_add(corpus->inputs, g_bytes_new_take(content, length));
    }
}

static int corpus_compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void corpus_clear(Corpus *corpus)
{
    g_ptr_array_unref(corpus->inputs);
}

static void test_corpus(gconstpointer data)
{
    const Corpus *corpus = data;
    g_assert_cmpuint(corpus->inputs->len, >, 0);
    for (unsigned i = 0; i < corpus->inputs->len; i++) {
        size_t size;
        const void *bytes = g_bytes_get_data(g_ptr_array_index(corpus->inputs, i), &size);
        corpus_run(bytes, size);
    }
    corpus_run("", 0);
}

static void test_mutations(gconstpointer data)
{
    Corpus *corpus = (Corpus *)data;
    corpus->random = REPLAY_SEED;
    for (unsigned round = 0; round < REPLAY_MUTATIONS; round++) {
        const GBytes *origin = corpus_pick(corpus);
        g_autoptr(GByteArray) input = g_byte_array_new();
        size_t size;
        const void *bytes = g_bytes_get_data((GBytes *)origin, &size);
        g_byte_array_append(input, bytes, (guint)size);
        for (unsigned edits = 1 + corpus_random(corpus, REPLAY_MAX_EDITS); edits > 0; edits--) {
            corpus_edit(corpus, input);
        }
        corpus_run(input->data, input->len);
    }
}

/* In a copy of exactly its size, so that the address sanitizer sees the first byte beyond. */
static void corpus_run(const void *data, size_t size)
{
    g_autofree uint8_t *copy = g_malloc(MAX(size, 1));
    if (size > 0) {
        memcpy(copy, data, size);
    }
    (void)LLVMFuzzerTestOneInput(copy, size);
}

/* xorshift64*; the C library's generators differ between versions. */
static unsigned corpus_random(Corpus *corpus, unsigned below)
{
    uint64_t x = corpus->random;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    corpus->random = x;
    return (unsigned)((x * UINT64_C(0x2545f4914f6cdd1d)) >> 33) % below;
}

static const GBytes *corpus_pick(Corpus *corpus)
{
    return g_ptr_array_index(corpus->inputs, corpus_random(corpus, corpus->inputs->len));
}

/* One small change somewhere. */
static void corpus_edit(Corpus *corpus, GByteArray *input)
{
    unsigned at = corpus_random(corpus, input->len + 1);
    unsigned rest = input->len - at;
    switch (corpus_random(corpus, 6)) {
    case 0: /* flip a bit */
        if (rest > 0) {
            input->data[at] ^= (guint8)(1u << corpus_random(corpus, 8));
        }
        return;
    case 1: /* overwrite a byte */
        if (rest > 0) {
            input->data[at] = (guint8)special_bytes[corpus_random(corpus, sizeof special_bytes)];
        }
        return;
    case 2: /* insert a byte */
        corpus_insert(input, at, &special_bytes[corpus_random(corpus, sizeof special_bytes)], 1);
        return;
    case 3: /* remove a block */
        if (rest > 0) {
            unsigned length = 1 + corpus_random(corpus, MIN(rest, REPLAY_MAX_BLOCK));
            g_byte_array_remove_range(input, at, length);
        }
        return;
    case 4: /* cut off */
        g_byte_array_set_size(input, at);
        return;
    default:
        corpus_insert_block(corpus, input, at);
        return;
    }
}

/* A piece of another input, once or a few times over. */
static void corpus_insert_block(Corpus *corpus, GByteArray *input, unsigned at)
{
    size_t size;
    const guint8 *other = g_bytes_get_data((GBytes *)corpus_pick(corpus), &size);
    if (size == 0) {
        return;
    }
    unsigned start = corpus_random(corpus, (unsigned)size);
    unsigned length = 1 + corpus_random(corpus, MIN((unsigned)size - start, REPLAY_MAX_BLOCK));
    for (unsigned times = 1 + corpus_random(corpus, 4); times > 0; times--) {
        corpus_insert(input, at, other + start, length);
    }
}

static void corpus_insert(GByteArray *input, unsigned at, const void *data, unsigned length)
{
    if (input->len + length > REPLAY_MAX_INPUT) {
        return;
    }
    unsigned rest = input->len - at;
    g_byte_array_set_size(input, input->len + length);
    memmove(input->data + at + length, input->data + at, rest);
    memcpy(input->data + at, data, length);
}
