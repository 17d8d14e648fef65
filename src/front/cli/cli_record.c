/* Evaluates the record tables: follows references, asks calls, turns values into text. */
#include "front/cli/cli_record.h"

#include "base/text.h"
#include "front/cli/cli_api.h"
#include "front/cli/cli_output.h"
#include "front/cli/cli_value.h"

#define EXPENSIVE_TEXT "<expensive field>"

/* A cell while it is filled. */
typedef struct Filler {
    CliObjects *objects;
    const CliField *field;
    CliCell *cell;
} Filler;

static void fill_path(Filler *filler, unsigned step, const Value *record);
static void follow(Filler *filler, unsigned step, const Value *ref);
static void fill_call(Filler *filler, const CliRow *row);
static void fill_every(Filler *filler);
static void add_value(Filler *filler, const TypeInfo *type, const Value *value);
static void add_map(Filler *filler, const TypeInfo *type, const Value *map);
static void add_scalar(Filler *filler, const TypeInfo *type, const Value *value);
static void add_item(Filler *filler, const char *text);
static void add_reference(Filler *filler, const char *class_name, Uuid ref);
static void add_nothing(Filler *filler);
static bool is_wanted(const CliField *field, const char *const *names);

void cli_cell_clear(CliCell *cell)
{
    g_clear_pointer(&cell->items, g_ptr_array_unref);
    g_clear_pointer(&cell->keys, g_ptr_array_unref);
}

CliCell cli_record_cell(CliObjects *objects, const CliField *field, const CliRow *row)
{
    CliCell cell = {
        .items = g_ptr_array_new_with_free_func(g_free),
        .keys = g_ptr_array_new_with_free_func(g_free),
    };
    Filler filler = {objects, field, &cell};
    g_autofree char *computed = NULL;
    switch (field->source) {
    case CLI_SOURCE_PATH:
        fill_path(&filler, 0, row->record);
        break;
    case CLI_SOURCE_CALL:
        fill_call(&filler, row);
        break;
    case CLI_SOURCE_EVERY:
        fill_every(&filler);
        break;
    case CLI_SOURCE_COMPUTE:
        computed = field->compute(objects, row->ref, row->record);
        add_item(&filler, computed);
        break;
    }
    return cell;
}

char *cli_record_text(CliObjects *objects, const CliField *field, const CliRow *row)
{
    g_auto(CliCell) cell = cli_record_cell(objects, field, row);
    g_autoptr(GString) text = g_string_new(NULL);
    for (unsigned i = 0; i < cell.items->len; i++) {
        if (i > 0) {
            g_string_append(text, field->flags & CLI_FIELD_COMMA ? ", " : "; ");
        }
        if (cell.is_map) {
            g_string_append_printf(text, "%s: ", (const char *)g_ptr_array_index(cell.keys, i));
        }
        g_string_append(text, g_ptr_array_index(cell.items, i));
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

const char *cli_cell_lookup(const CliCell *cell, const char *key)
{
    for (unsigned i = 0; cell->is_map && i < cell->keys->len; i++) {
        if (text_equal(g_ptr_array_index(cell->keys, i), key)) {
            return g_ptr_array_index(cell->items, i);
        }
    }
    return NULL;
}

const CliField *cli_record_find_field(const CliRecord *record, const char *name)
{
    for (unsigned i = 0; i < record->field_count; i++) {
        if (text_equal(record->fields[i].name, name)) {
            return &record->fields[i];
        }
    }
    return NULL;
}

char *cli_record_decorate(const CliField *field)
{
    const char *mark = field->flags & CLI_FIELD_SETTABLE ? " ( RW)" : " ( RO)";
    if (field->flags & CLI_FIELD_SET) {
        mark = field->flags & CLI_FIELD_ADDABLE ? " (SRW)" : " (SRO)";
    } else if (field->flags & CLI_FIELD_MAP) {
        mark = field->flags & CLI_FIELD_ADDABLE ? " (MRW)" : " (MRO)";
    }
    const char *state = field->flags & CLI_FIELD_DEPRECATED ? " [DEPRECATED]" : "";
    return g_strconcat(field->name, mark, state, NULL);
}

bool cli_record_is_map_writable(const CliField *field)
{
    return field->flags & CLI_FIELD_MAP && field->flags & (CLI_FIELD_ADDABLE | CLI_FIELD_KEYED);
}

GPtrArray *cli_record_row(CliObjects *objects, const CliRecord *record, const CliRow *row,
                          const char *const *names, bool is_list)
{
    GPtrArray *shown = g_ptr_array_new_with_free_func(g_free);
    for (unsigned i = 0; i < record->field_count; i++) {
        const CliField *field = &record->fields[i];
        if (is_wanted(field, names)) {
            bool is_skipped = is_list && field->flags & CLI_FIELD_EXPENSIVE;
            g_ptr_array_add(shown, cli_record_decorate(field));
            g_ptr_array_add(shown, is_skipped ? g_strdup(EXPENSIVE_TEXT)
                                              : cli_record_text(objects, field, row));
        }
    }
    return shown;
}

void cli_record_show_all(Cli *cli, const CliRecord *record, const Value *refs, const char *param,
                         const char *const *columns)
{
    const char *wanted = param ? cli_args_get(cli->args, param) : NULL;
    g_auto(GStrv) names = wanted && !text_equal(wanted, "all") ? g_strsplit(wanted, ",", -1) : NULL;
    const char *const *shown = wanted ? (const char *const *)names : columns;
    g_autoptr(CliObjects) objects = cli_objects_new(cli, false);
    g_autoptr(GPtrArray) table = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
    for (unsigned i = 0; refs && i < value_count(refs); i++) {
        CliRow row = {.ref = value_uuid(value_at(refs, i))};
        row.record = cli_objects_find(objects, record->class_name, row.ref);
        if (row.record) {
            g_ptr_array_add(table, cli_record_row(objects, record, &row, shown, false));
        }
    }
    cli_output_table(cli, table);
}

void cli_record_show(Cli *cli, const CliRecord *record, Uuid ref, const char *param,
                     const char *const *columns)
{
    g_autoptr(Value) refs = value_new_array(1);
    value_array_add(refs, value_new_ref(ref));
    cli_record_show_all(cli, record, refs, param, columns);
}

static void fill_path(Filler *filler, unsigned step, const Value *record)
{
    const CliField *field = filler->field;
    if (step == field->step_count) {
        const Value *value = value_get(record, field->last);
        if (value) {
            add_value(filler, field->type, value);
        } else {
            add_nothing(filler);
        }
        return;
    }
    const Value *refs = value_get(record, field->steps[step].field);
    if (!refs) {
        add_nothing(filler);
    } else if (value_kind(refs) == VALUE_ARRAY) {
        filler->cell->is_set = true;
        for (unsigned i = 0; i < value_count(refs); i++) {
            follow(filler, step, value_at(refs, i));
        }
    } else {
        follow(filler, step, refs);
    }
}

static void follow(Filler *filler, unsigned step, const Value *ref)
{
    const Value *record =
        cli_objects_find(filler->objects, filler->field->steps[step].class_name, value_uuid(ref));
    if (record) {
        fill_path(filler, step + 1, record);
    } else {
        add_nothing(filler);
    }
}

static void fill_call(Filler *filler, const CliRow *row)
{
    const CliField *field = filler->field;
    Value *params = field->is_static ? NULL : cli_api_params(value_new_ref(row->ref), NULL);
    g_autoptr(Value) result =
        cli_api_call(cli_objects_cli(filler->objects), field->last, params, NULL);
    if (result) {
        add_value(filler, field->type, result);
    } else {
        add_nothing(filler);
    }
}

/* Nothing is shown of a class without objects, and when values differ. */
static void fill_every(Filler *filler)
{
    const CliField *field = filler->field;
    g_autoptr(GArray) rows =
        cli_objects_all(filler->objects, field->steps[0].class_name, NULL, NULL);
    const Value *first = NULL;
    for (unsigned i = 0; rows && i < rows->len; i++) {
        const Value *value = value_get(g_array_index(rows, CliRow, i).record, field->last);
        if (!value || (first && !value_equal(first, value))) {
            first = NULL;
            break;
        }
        first = value;
    }
    if (first) {
        add_value(filler, field->type, first);
    } else {
        add_nothing(filler);
    }
}

static void add_value(Filler *filler, const TypeInfo *type, const Value *value)
{
    if (value_kind(value) == VALUE_STRUCT) {
        add_map(filler, type, value);
    } else if (value_kind(value) == VALUE_ARRAY) {
        filler->cell->is_set = true;
        for (unsigned i = 0; i < value_count(value); i++) {
            add_scalar(filler, type->item, value_at(value, i));
        }
    } else {
        add_scalar(filler, type, value);
    }
}

/* Running operations are maps from tasks; only what they do is shown. */
static void add_map(Filler *filler, const TypeInfo *type, const Value *map)
{
    bool is_map = !text_equal(filler->field->last, "current_operations");
    filler->cell->is_map = is_map;
    filler->cell->is_set = !is_map;
    for (unsigned i = 0; i < value_count(map); i++) {
        if (is_map) {
            g_ptr_array_add(filler->cell->keys, g_strdup(value_name_at(map, i)));
        }
        add_scalar(filler, type->item, value_at(map, i));
    }
}

static void add_scalar(Filler *filler, const TypeInfo *type, const Value *value)
{
    const CliField *field = filler->field;
    Uuid ref;
    if (value_kind(value) == VALUE_REF) {
        add_reference(filler, cli_value_class_name(type), value_uuid(value));
        return;
    }
    if (field->refs) {
        bool is_ref = value_ref_parse(value_string(value), &ref);
        add_reference(filler, field->refs, is_ref ? ref : (Uuid){{0}});
        return;
    }
    g_autofree char *text = cli_value_scalar(value);
    for (const CliText *shown = field->texts; shown && shown->name; shown++) {
        if (text_equal(shown->name, text)) {
            add_item(filler, shown->text);
            return;
        }
    }
    add_item(filler, text);
}

static void add_item(Filler *filler, const char *text)
{
    g_ptr_array_add(filler->cell->items, g_strdup(text));
}

static void add_reference(Filler *filler, const char *class_name, Uuid ref)
{
    const Value *record = cli_objects_find(filler->objects, class_name, ref);
    const char *uuid = record ? value_get_string(record, "uuid") : NULL;
    add_item(filler, uuid ? uuid : CLI_RECORD_NOWHERE);
}

static void add_nothing(Filler *filler)
{
    const char *text = filler->field->otherwise;
    add_item(filler, text ? text : CLI_RECORD_NOWHERE);
}

static bool is_wanted(const CliField *field, const char *const *names)
{
    return !(field->flags & CLI_FIELD_HIDDEN) && (!names || g_strv_contains(names, field->name));
}
