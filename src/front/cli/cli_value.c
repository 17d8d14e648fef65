/* Conversion of single values by the types of the model. */
#include "front/cli/cli_value.h"

#include "base/text.h"
#include "front/cli/cli_api.h"
#include "front/cli/cli_fail.h"
#include "gen/schema.h"

static Value *parse_number(const TypeInfo *type, const char *text, const char *what, Err **err);
static Value *parse_enum(const TypeInfo *type, const CliText *texts, const char *text,
                         const char *what, Err **err);
static Value *parse_ref(Cli *cli, const TypeInfo *type, const char *text, Err **err);
static Value *parse_set(Cli *cli, const TypeInfo *type, const CliText *texts, const char *text,
                        const char *what, Err **err);
static Value *refuse(Err **err, const char *what, const char *expected);

char *cli_value_scalar(const Value *value)
{
    char datetime[TEXT_DATETIME_SIZE];
    switch (value_kind(value)) {
    case VALUE_STRING:
        return g_strdup(value_string(value));
    case VALUE_INT:
        return g_strdup_printf("%" G_GINT64_FORMAT, value_int(value));
    case VALUE_FLOAT:
        return g_strdup_printf("%.3f", value_float(value));
    case VALUE_BOOL:
        return g_strdup(value_bool(value) ? "true" : "false");
    case VALUE_DATETIME:
        return g_strdup(text_format_datetime(value_datetime(value), datetime));
    case VALUE_REF:
        return g_strdup(REF_TEXT(value_uuid(value)));
    case VALUE_NIL:
    case VALUE_VOID:
    case VALUE_ARRAY:
    case VALUE_STRUCT:
        break;
    }
    return g_strdup("");
}

Value *cli_value_parse(Cli *cli, const TypeInfo *type, const CliText *texts, const char *text,
                       const char *what, Err **err)
{
    bool truth = false;
    g_autofree char *lower = NULL;
    switch (type->kind) {
    case TYPE_INT:
    case TYPE_FLOAT:
    case TYPE_DATETIME:
        return parse_number(type, text, what, err);
    case TYPE_BOOL:
        lower = g_ascii_strdown(text, -1);
        return text_parse_bool(lower, &truth) ? value_new_bool(truth)
                                              : refuse(err, what, "true or false");
    case TYPE_ENUM:
        return parse_enum(type, texts, text, what, err);
    case TYPE_REF:
        return parse_ref(cli, type, text, err);
    case TYPE_SET:
        return parse_set(cli, type, texts, text, what, err);
    case TYPE_OPTION:
        return cli_value_parse(cli, type->item, texts, text, what, err);
    case TYPE_STRING:
    case TYPE_ANY:
    case TYPE_VOID:
    case TYPE_MAP:
    case TYPE_RECORD:
        break;
    }
    return value_new_string(text);
}

const char *cli_value_class_name(const TypeInfo *ref_type)
{
    return model_schema.classes[ref_type->class_id].name;
}

static Value *parse_number(const TypeInfo *type, const char *text, const char *what, Err **err)
{
    int64_t number = 0;
    double real = 0;
    if (type->kind == TYPE_FLOAT) {
        return text_parse_float(text, &real) ? value_new_float(real)
                                             : refuse(err, what, "a number");
    }
    if (type->kind == TYPE_DATETIME) {
        return text_parse_datetime(text, &number)
                   ? value_new_datetime(number)
                   : refuse(err, what, "a time, such as 20240131T12:00:00Z");
    }
    if (text_parse_int(text, &number) || text_parse_size(text, &number)) {
        return value_new_int(number);
    }
    return refuse(err, what, "a whole number");
}

static Value *parse_enum(const TypeInfo *type, const CliText *texts, const char *text,
                         const char *what, Err **err)
{
    for (const CliText *shown = texts; shown && shown->name; shown++) {
        if (g_ascii_strcasecmp(text, shown->text) == 0) {
            return value_new_string(shown->name);
        }
    }
    for (const char *const *literal = type->literals; *literal; literal++) {
        if (g_ascii_strcasecmp(text, *literal) == 0) {
            return value_new_string(*literal);
        }
    }
    g_autofree char *names = g_strjoinv("', '", (char **)type->literals);
    g_autofree char *expected = g_strdup_printf("one of '%s'", names);
    return refuse(err, what, expected);
}

static Value *parse_ref(Cli *cli, const TypeInfo *type, const char *text, Err **err)
{
    Uuid ref;
    return cli_api_find(cli, cli_value_class_name(type), text, &ref, err) ? value_new_ref(ref)
                                                                          : NULL;
}

static Value *parse_set(Cli *cli, const TypeInfo *type, const CliText *texts, const char *text,
                        const char *what, Err **err)
{
    g_auto(GStrv) items = g_strsplit(text, ",", -1);
    g_autoptr(Value) set = value_new_array(g_strv_length(items));
    for (unsigned i = 0; items[i]; i++) {
        Value *item = cli_value_parse(cli, type->item, texts, items[i], what, err);
        if (!item) {
            return NULL;
        }
        value_array_add(set, item);
    }
    return g_steal_pointer(&set);
}

static Value *refuse(Err **err, const char *what, const char *expected)
{
    cli_fail(err, "The value of '%s' must be %s.", what, expected);
    return NULL;
}
