/* Fields with a common first word were once one field with parts, and their columns still say so:
 * name__label.  Sets and maps are expressions (wire/sexpr.h); white space that XML would not keep
 * is written with '%'.  What is derived or does not survive a restart is left out. */
#include "ops/pool/database_dump.h"

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

typedef struct TableWriter {
    GString *out;
    const DbClass *class_info;
    char **columns; /* by field; NULL: not written */
} TableWriter;

static bool write_row(const DbObject *object, void *user);
static void append_attribute(GString *out, const char *name, const char *value);
static char *as_text(const Value *value);
static Value *as_expression(const Value *value);
static char *protect(const char *text);

void database_dump_head(GString *out, const DbView *view)
{
    g_string_append_printf(out,
                           "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<database><manifest>"
                           "<pair key=\"schema_major_vsn\" value=\"" DATABASE_SCHEMA_MAJOR "\"/>"
                           "<pair key=\"schema_minor_vsn\" value=\"" DATABASE_SCHEMA_MINOR "\"/>"
                           "<pair key=\"generation_count\" value=\"%" G_GUINT64_FORMAT "\"/>"
                           "</manifest>",
                           db_view_generation(view));
}

void database_dump_table(GString *out, const DbView *view, uint16_t class_id)
{
    const DbClass *class_info = &db_view_schema(view)->classes[class_id];
    char **columns = g_new0(char *, class_info->field_count);
    for (uint16_t i = 0; i < class_info->field_count; i++) {
        const DbField *field = &class_info->fields[i];
        bool is_set = field->type->kind == TYPE_SET;
        if (!(field->flags & (DB_FIELD_VOLATILE | DB_FIELD_REMOVED)) &&
            !(is_set && field->relation_class != DB_NO_RELATION)) {
            columns[i] = database_dump_column(class_info->name, field->name);
        }
    }
    g_string_append_printf(out, "<table name=\"%s\">", class_info->name);
    if (class_info->flags & DB_CLASS_PERSISTENT) {
        db_each(view, class_id, write_row, &(TableWriter){out, class_info, columns});
    }
    g_string_append(out, "</table>");
    for (uint16_t i = 0; i < class_info->field_count; i++) {
        g_free(columns[i]);
    }
    g_free(columns);
}

void database_dump_tail(GString *out)
{
    g_string_append(out, "</database>");
}

char *database_dump_column(const char *class_name, const char *field)
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

char *database_dump_value(const Value *value)
{
    g_autofree char *text = as_text(value);
    return protect(text);
}

static bool write_row(const DbObject *object, void *user)
{
    const TableWriter *writer = user;
    GString *out = writer->out;
    g_string_append_printf(
        out, "<row ref=\"%s\" __ctime=\"%" G_GUINT64_FORMAT "\" __mtime=\"%" G_GUINT64_FORMAT "\"",
        REF_TEXT(db_object_ref_id(object)), db_object_created(object), db_object_modified(object));
    for (uint16_t i = 0; i < writer->class_info->field_count; i++) {
        if (writer->columns[i]) {
            g_autofree char *text = database_dump_value(db_object_get(object, i));
            append_attribute(out, writer->columns[i], text);
        }
    }
    g_string_append(out, "/>");
    return true;
}

static void append_attribute(GString *out, const char *name, const char *value)
{
    g_autofree char *escaped = g_markup_escape_text(value, -1);
    g_string_append_printf(out, " %s=\"%s\"", name, escaped);
}

/* (owned) */
static char *as_text(const Value *value)
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

/* A map is a list of pairs. (owned) */
static Value *as_expression(const Value *value)
{
    bool is_map = value_kind(value) == VALUE_STRUCT;
    Value *list = value_new_array(value_count(value));
    for (unsigned i = 0; i < value_count(value); i++) {
        g_autofree char *text = as_text(value_at(value, i));
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

/* (owned) */
static char *protect(const char *text)
{
    GString *out = g_string_new(NULL);
    for (const char *c = text; *c; c++) {
        const char *escape = c[0] == ' ' && c[1] == ' ' ? "%_"
                             : *c == '\t'               ? "%t"
                             : *c == '\n'               ? "%n"
                             : *c == '\r'               ? "%r"
                             : *c == '%'                ? "%%"
                                                        : NULL;
        if (escape) {
            g_string_append(out, escape);
            c += c[0] == ' ';
        } else {
            g_string_append_c(out, *c);
        }
    }
    return g_string_free(out, FALSE);
}
