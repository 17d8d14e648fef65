/* DSP0134: a structure is a formatted area, whose first bytes are type and length, and behind it
 * its strings, ended by an empty one.  Fields of the area name strings by number, from 1. */
#include "ops/host/smbios.h"

enum {
    TYPE_BIOS = 0,
    TYPE_SYSTEM = 1,
    TYPE_BASEBOARD = 2,
    TYPE_OEM_STRINGS = 11,
    TYPE_END = 127,
    HEADER_BYTES = 4,
    OEM_COUNT_OFFSET = 4,
    OEM_MAX_STRINGS = 64,
};

static const struct {
    uint8_t type, offset; /* of the string's number in the area */
    const char *name;
} named[] = {
    {TYPE_BIOS, 4, "bios-vendor"},
    {TYPE_BIOS, 5, "bios-version"},
    {TYPE_SYSTEM, 4, "system-manufacturer"},
    {TYPE_SYSTEM, 5, "system-product-name"},
    {TYPE_SYSTEM, 6, "system-version"},
    {TYPE_SYSTEM, 7, "system-serial-number"},
    {TYPE_BASEBOARD, 4, "baseboard-manufacturer"},
    {TYPE_BASEBOARD, 5, "baseboard-product-name"},
    {TYPE_BASEBOARD, 6, "baseboard-version"},
    {TYPE_BASEBOARD, 7, "baseboard-serial-number"},
};

/* One structure inside the tables. */
typedef struct Structure {
    const uint8_t *area;
    size_t area_length;
    const char *strings;
    size_t strings_length; /* up to and with the final NUL */
} Structure;

static size_t read_structure(const uint8_t *data, size_t length, Structure *ret_structure);
static void take_named(const Structure *structure, char *ret_texts[G_N_ELEMENTS(named)]);
static void take_oem(const Structure *structure, GPtrArray *oem);
static char *string_at(const Structure *structure, unsigned number);
static char *clean(const char *text, size_t length);

Value *smbios_strings(const uint8_t *tables, size_t length)
{
    char *texts[G_N_ELEMENTS(named)] = {NULL};
    g_autoptr(GPtrArray) oem = g_ptr_array_new_with_free_func(g_free);
    Structure structure;
    size_t used;
    while ((used = read_structure(tables, length, &structure)) > 0) {
        take_named(&structure, texts);
        take_oem(&structure, oem);
        tables += used;
        length -= used;
    }
    Value *map = value_new_struct(G_N_ELEMENTS(named) + oem->len + 1);
    for (size_t i = 0; i < G_N_ELEMENTS(named); i++) {
        value_struct_add_static(map, named[i].name, value_new_string(texts[i] ? texts[i] : ""));
        g_free(texts[i]);
    }
    for (guint i = 0; i < oem->len; i++) {
        g_autofree char *name = g_strdup_printf("oem-%u", i + 1);
        value_struct_add(map, name, value_new_string(g_ptr_array_index(oem, i)));
    }
    value_struct_add_static(map, "hp-rombios", value_new_string(""));
    return map;
}

/* How long it is; 0 at the end of the tables and where they are broken. */
static size_t read_structure(const uint8_t *data, size_t length, Structure *ret_structure)
{
    if (length < HEADER_BYTES || data[0] == TYPE_END || data[1] < HEADER_BYTES ||
        data[1] > length) {
        return 0;
    }
    const uint8_t *strings = data + data[1];
    size_t rest = length - data[1];
    for (size_t i = 0; i + 1 < rest; i++) {
        if (strings[i] == 0 && strings[i + 1] == 0) {
            *ret_structure = (Structure){data, data[1], (const char *)strings, i + 1};
            return data[1] + i + 2;
        }
    }
    return 0;
}

/* The first structure of a type counts. */
static void take_named(const Structure *structure, char *ret_texts[G_N_ELEMENTS(named)])
{
    for (size_t i = 0; i < G_N_ELEMENTS(named); i++) {
        if (named[i].type == structure->area[0] && !ret_texts[i] &&
            named[i].offset < structure->area_length) {
            ret_texts[i] = string_at(structure, structure->area[named[i].offset]);
        }
    }
}

static void take_oem(const Structure *structure, GPtrArray *oem)
{
    if (structure->area[0] != TYPE_OEM_STRINGS || structure->area_length <= OEM_COUNT_OFFSET) {
        return;
    }
    for (unsigned i = 1; i <= structure->area[OEM_COUNT_OFFSET] && oem->len < OEM_MAX_STRINGS;
         i++) {
        g_autofree char *text = string_at(structure, i);
        if (*text) {
            g_ptr_array_add(oem, g_steal_pointer(&text));
        }
    }
}

/* "" when there is none of that number. (owned) */
static char *string_at(const Structure *structure, unsigned number)
{
    const char *at = structure->strings;
    const char *end = at + structure->strings_length;
    for (unsigned i = 1; number > 0 && at < end && *at; i++) {
        size_t length = strnlen(at, (size_t)(end - at));
        if (i == number) {
            return clean(at, length);
        }
        at += length + 1;
    }
    return g_strdup("");
}

/* Printable ASCII, without space around it; what vendors write for "nothing" is nothing. (owned) */
static char *clean(const char *text, size_t length)
{
    GString *cleaned = g_string_sized_new(length);
    for (size_t i = 0; i < length; i++) {
        if (text[i] >= ' ' && text[i] <= '~') {
            g_string_append_c(cleaned, text[i]);
        }
    }
    g_strstrip(cleaned->str);
    char *result = g_string_free(cleaned, FALSE);
    if (strcmp(result, "Not Specified") == 0) {
        *result = '\0';
    }
    return result;
}
