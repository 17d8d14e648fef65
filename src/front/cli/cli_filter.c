/* Filters of lists and selectors: exact values of fields, members of sets, keys of maps. */
#include "front/cli/cli_filter.h"

#include "base/text.h"
#include "front/cli/cli_fail.h"

static bool resolve_key(const CliField *field, const char *key, CliTarget *ret_target, Err **err);
static const CliField *find_longest_prefix(const CliRecord *record, const char *name,
                                           unsigned flag);
static bool equal(const CliField *field, const char *a, const char *b);
static const char *lookup(const CliField *field, const CliCell *cell, const char *key);

bool cli_filter_resolve(const CliRecord *record, const char *name, CliTarget *ret_target, Err **err)
{
    const CliField *field = cli_record_find_field(record, name);
    if (field) {
        *ret_target = (CliTarget){CLI_TARGET_FIELD, field, NULL};
        return true;
    }
    const char *colon = strchr(name, ':');
    if (colon) {
        g_autofree char *stem = g_strndup(name, (gsize)(colon - name));
        field = cli_record_find_field(record, stem);
        return field ? resolve_key(field, colon + 1, ret_target, err)
                     : cli_fail(err, "Unknown field '%s'", name);
    }
    field = find_longest_prefix(record, name, CLI_FIELD_MAP);
    if (!field) {
        field = find_longest_prefix(record, name, CLI_FIELD_SET);
    }
    return field ? resolve_key(field, name + strlen(field->name) + 1, ret_target, err)
                 : cli_fail(err, "Unknown field '%s'", name);
}

bool cli_filter_apply(CliObjects *objects, const CliRecord *record, const char *name,
                      const char *value, GArray *rows, Err **err)
{
    CliTarget target;
    if (rows->len == 0) {
        return true;
    }
    if (!cli_filter_resolve(record, name, &target, err)) {
        return false;
    }
    if (target.kind == CLI_TARGET_SET && !text_equal(target.key, "contains")) {
        return cli_fail(err, "A set is filtered by '<field>:contains=<value>'.");
    }
    unsigned kept = 0;
    for (unsigned i = 0; i < rows->len; i++) {
        CliRow row = g_array_index(rows, CliRow, i);
        if (cli_filter_matches(objects, &target, value, &row)) {
            g_array_index(rows, CliRow, kept++) = row;
        }
    }
    g_array_set_size(rows, kept);
    return true;
}

bool cli_filter_matches(CliObjects *objects, const CliTarget *target, const char *value,
                        const CliRow *row)
{
    const CliField *field = target->field;
    if (target->kind == CLI_TARGET_FIELD) {
        g_autofree char *text = cli_record_text(objects, field, row);
        return equal(field, text, value);
    }
    g_auto(CliCell) cell = cli_record_cell(objects, field, row);
    if (target->kind == CLI_TARGET_MAP) {
        const char *item = lookup(field, &cell, target->key);
        return item && equal(field, item, value);
    }
    for (unsigned i = 0; i < cell.items->len; i++) {
        if (equal(field, g_ptr_array_index(cell.items, i), value)) {
            return true;
        }
    }
    return false;
}

static bool resolve_key(const CliField *field, const char *key, CliTarget *ret_target, Err **err)
{
    if (!(field->flags & (CLI_FIELD_SET | CLI_FIELD_MAP))) {
        return cli_fail(err, "Field '%s' has no members to look for.", field->name);
    }
    bool is_set = field->flags & CLI_FIELD_SET;
    *ret_target = (CliTarget){is_set ? CLI_TARGET_SET : CLI_TARGET_MAP, field, key};
    return true;
}

/* Of "other-config" and "other", "other-config-x" means the longer. */
static const CliField *find_longest_prefix(const CliRecord *record, const char *name, unsigned flag)
{
    const CliField *best = NULL;
    for (unsigned i = 0; i < record->field_count; i++) {
        const CliField *field = &record->fields[i];
        size_t length = strlen(field->name);
        if (field->flags & flag && g_str_has_prefix(name, field->name) && name[length] == '-' &&
            (!best || length > strlen(best->name))) {
            best = field;
        }
    }
    return best;
}

static bool equal(const CliField *field, const char *a, const char *b)
{
    return field->flags & CLI_FIELD_CASELESS ? g_ascii_strcasecmp(a, b) == 0 : text_equal(a, b);
}

static const char *lookup(const CliField *field, const CliCell *cell, const char *key)
{
    for (unsigned i = 0; cell->is_map && i < cell->keys->len; i++) {
        if (equal(field, g_ptr_array_index(cell->keys, i), key)) {
            return g_ptr_array_index(cell->items, i);
        }
    }
    return NULL;
}
