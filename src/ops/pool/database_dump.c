/* Fields with a common first word were once one field with parts, and their columns still say so:
 * name__label.  Sets and maps are expressions (wire/sexpr.h); white space that XML would not keep
 * is written with '%'.  What is derived or does not survive a restart is left out. */
#include "ops/pool/database_dump.h"

#include "ops/stored_form.h"

typedef struct TableWriter {
    GString *out;
    const DbClass *class_info;
    char **columns; /* by field; NULL: not written */
} TableWriter;

static bool write_row(const DbObject *object, void *user);
static void append_attribute(GString *out, const char *name, const char *value);
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
        if (database_dump_has_field(field)) {
            columns[i] = stored_form_name(class_info->name, field->name);
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

bool database_dump_has_field(const DbField *field)
{
    bool is_derived = field->type->kind == TYPE_SET && field->relation_class != DB_NO_RELATION;
    return !(field->flags & (DB_FIELD_VOLATILE | DB_FIELD_REMOVED)) && !is_derived;
}

char *database_dump_value(const Value *value)
{
    g_autofree char *text = stored_form_write(value);
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
