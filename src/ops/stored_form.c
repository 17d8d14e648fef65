/* Scalars are their text, sets lists of words, maps lists of pairs. */
#include "ops/stored_form.h"

#include "base/text.h"
#include "wire/sexpr.h"

/* First words of such fields; a class of NULL is any. */
static const struct {
    const char *class_name, *word;
} namespaces[] = {
    {NULL, "name"},
    {NULL, "qos"},
    {NULL, "io"},
    {"VM", "memory"},
    {"VM", "VCPUs"},
    {"VM", "actions"},
    {"VM", "PV"},
    {"VM", "HVM"},
    {"VM_metrics", "memory"},
    {"VM_metrics", "VCPUs"},
    {"host", "memory"},
    {"host", "API_version"},
    {"host_metrics", "memory"},
};

static const char POOL_CLASS[] = "pool"; /* whose name is not in parts */

static Value *as_expression(const Value *value);
static Value *decode_parts(const TypeInfo *type, const char *text, Err **err);

char *stored_form_name(const char *class_name, const char *field)
{
    for (size_t i = 0; i < G_N_ELEMENTS(namespaces) && strcmp(class_name, POOL_CLASS) != 0; i++) {
        size_t length = strlen(namespaces[i].word);
        const char *owner = namespaces[i].class_name;
        if ((!owner || strcmp(owner, class_name) == 0) &&
            strncmp(field, namespaces[i].word, length) == 0 && field[length] == '_') {
            return g_strdup_printf("%s__%s", namespaces[i].word, field + length + 1);
        }
    }
    return g_strdup(field);
}

char *stored_form_write(const Value *value)
{
    char digits[TEXT_INT_SIZE];
    char time[TEXT_DATETIME_SIZE];
    char number[G_ASCII_DTOSTR_BUF_SIZE];
    switch (value_kind(value)) {
    case VALUE_STRING:
        return g_strdup(value_string(value));
    case VALUE_INT:
        return g_strdup(text_format_int(value_int(value), digits));
    case VALUE_FLOAT:
        return g_strdup(g_ascii_formatd(number, sizeof number, "%0.18g", value_float(value)));
    case VALUE_BOOL:
        return g_strdup(value_bool(value) ? "true" : "false");
    case VALUE_DATETIME:
        return g_strdup(text_format_datetime(value_datetime(value), time));
    case VALUE_REF:
        return g_strdup(REF_TEXT(value_uuid(value)));
    case VALUE_ARRAY:
    case VALUE_STRUCT: {
        g_autoptr(Value) expression = as_expression(value);
        GString *text = g_string_new(NULL);
        sexpr_append(text, expression);
        return g_string_free(text, FALSE);
    }
    case VALUE_NIL:
    case VALUE_VOID:
        break;
    }
    return g_strdup("");
}

Value *stored_form_read(const DbSchema *schema, const DbField *field, const char *text, Err **err)
{
    bool has_parts = field->type->kind == TYPE_SET || field->type->kind == TYPE_MAP;
    g_autoptr(Value) raw =
        has_parts ? decode_parts(field->type, text, err) : value_new_string(text);
    return raw ? type_coerce(schema, field->type, raw, field->name, err) : NULL;
}

bool stored_form_is_pair(const Value *value)
{
    return value_count(value) == 2 && value_kind(value_at(value, 0)) == VALUE_STRING &&
           value_kind(value_at(value, 1)) == VALUE_STRING;
}

/* A map is a list of pairs. (owned) */
static Value *as_expression(const Value *value)
{
    bool is_map = value_kind(value) == VALUE_STRUCT;
    Value *list = value_new_array(value_count(value));
    for (unsigned i = 0; i < value_count(value); i++) {
        g_autofree char *text = stored_form_write(value_at(value, i));
        Value *item = value_new_string(text);
        if (is_map) {
            Value *pair = value_new_array(2);
            value_array_add(pair, value_new_string(value_name_at(value, i)));
            value_array_add(pair, item);
            item = pair;
        }
        value_array_add(list, item);
    }
    return list;
}

static Value *decode_parts(const TypeInfo *type, const char *text, Err **err)
{
    g_autoptr(Value) parts = sexpr_parse(text, strlen(text), err);
    if (!parts || type->kind == TYPE_SET) {
        return g_steal_pointer(&parts);
    }
    Value *map = value_new_struct(value_count(parts));
    for (unsigned i = 0; i < value_count(parts); i++) {
        const Value *item = value_at(parts, i);
        if (stored_form_is_pair(item)) {
            value_struct_add(map, value_string(value_at(item, 0)), value_ref(value_at(item, 1)));
        }
    }
    return map;
}
