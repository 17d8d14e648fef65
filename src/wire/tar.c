/* Numbers are octal digits in fields of fixed widths; a name longer than its field is cut at a
 * slash, and the folders go into a field of their own. */
#include "wire/tar.h"

#include <glib.h>

/* Where fields are. */
enum {
    NAME_AT = 0,
    NAME_SIZE = 100,
    MODE_AT = 100,
    OWNER_AT = 108,
    GROUP_AT = 116,
    SIZE_AT = 124,
    SIZE_SIZE = 12,
    TIME_AT = 136,
    SUM_AT = 148,
    SUM_SIZE = 8,
    TYPE_AT = 156,
    MAGIC_AT = 257,
    PREFIX_AT = 345,
    PREFIX_SIZE = 155,
    SHORT_SIZE = 8, /* of mode and owners */
};

static const int64_t MAX_SIZE = 077777777777;

static bool put_name(char *header, const char *name);
static unsigned sum_of(const char *header);
static bool read_number(const char *field, int size, int64_t *ret_number);
static void read_name(const char *header, TarEntry *entry);

bool tar_write_header(const TarEntry *entry, char ret_header[TAR_BLOCK])
{
    char header[TAR_BLOCK] = {0};
    if (entry->size < 0 || entry->size > MAX_SIZE || !put_name(header, entry->name)) {
        return false;
    }
    int64_t modified = CLAMP(entry->modified, 0, MAX_SIZE);
    g_snprintf(header + MODE_AT, SHORT_SIZE, "%07o", entry->mode & 07777U);
    g_snprintf(header + OWNER_AT, SHORT_SIZE, "%07o", 0U);
    g_snprintf(header + GROUP_AT, SHORT_SIZE, "%07o", 0U);
    g_snprintf(header + SIZE_AT, SIZE_SIZE, "%011" G_GINT64_MODIFIER "o", entry->size);
    g_snprintf(header + TIME_AT, SIZE_SIZE, "%011" G_GINT64_MODIFIER "o", modified);
    header[TYPE_AT] = entry->is_file ? '0' : '5';
    memcpy(header + MAGIC_AT, "ustar\00000", 8);
    g_snprintf(header + SUM_AT, SUM_SIZE, "%06o", sum_of(header));
    header[SUM_AT + SUM_SIZE - 1] = ' ';
    memcpy(ret_header, header, sizeof header);
    return true;
}

TarBlock tar_read_header(const char header[TAR_BLOCK], TarEntry *ret_entry)
{
    static const char empty[TAR_BLOCK];
    TarEntry entry = {0};
    int64_t sum, mode;
    if (memcmp(header, empty, TAR_BLOCK) == 0) {
        return TAR_END;
    }
    if (memcmp(header + MAGIC_AT, "ustar", 5) != 0 ||
        !read_number(header + SUM_AT, SUM_SIZE, &sum) || sum != sum_of(header) ||
        !read_number(header + SIZE_AT, SIZE_SIZE, &entry.size) ||
        !read_number(header + TIME_AT, SIZE_SIZE, &entry.modified) ||
        !read_number(header + MODE_AT, SHORT_SIZE, &mode)) {
        return TAR_BAD;
    }
    entry.mode = mode & 07777;
    entry.is_file = header[TYPE_AT] == '0' || header[TYPE_AT] == '\0';
    read_name(header, &entry);
    *ret_entry = entry;
    return TAR_ENTRY;
}

static bool put_name(char *header, const char *name)
{
    size_t length = strlen(name);
    if (length == 0) {
        return false;
    }
    if (length <= NAME_SIZE) {
        memcpy(header + NAME_AT, name, length);
        return true;
    }
    const char *rest = strchr(name + length - NAME_SIZE - 1, '/');
    if (!rest || rest == name || rest - name > PREFIX_SIZE || !rest[1]) {
        return false;
    }
    memcpy(header + PREFIX_AT, name, (size_t)(rest - name));
    memcpy(header + NAME_AT, rest + 1, strlen(rest + 1));
    return true;
}

/* The field of the sum itself counts as spaces. */
static unsigned sum_of(const char *header)
{
    unsigned sum = 0;
    for (int i = 0; i < TAR_BLOCK; i++) {
        bool is_sum = i >= SUM_AT && i < SUM_AT + SUM_SIZE;
        sum += is_sum ? ' ' : (unsigned char)header[i];
    }
    return sum;
}

/* Octal digits, with spaces in front and spaces or NUL behind. */
static bool read_number(const char *field, int size, int64_t *ret_number)
{
    int64_t number = 0;
    int i = 0;
    while (i < size && field[i] == ' ') {
        i++;
    }
    int first = i;
    for (; i < size && field[i] >= '0' && field[i] <= '7'; i++) {
        number = number * 8 + (field[i] - '0');
    }
    *ret_number = number;
    return i > first && (i == size || field[i] == '\0' || field[i] == ' ');
}

static void read_name(const char *header, TarEntry *entry)
{
    g_autofree char *name = g_strndup(header + NAME_AT, NAME_SIZE);
    g_autofree char *prefix = g_strndup(header + PREFIX_AT, PREFIX_SIZE);
    g_snprintf(entry->name, sizeof entry->name, "%s%s%s", prefix, *prefix ? "/" : "", name);
}
