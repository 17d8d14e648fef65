/* Everything becomes one expression, so that what a filter can do is core/filter.c's matter. */
#include "front/rest/rest_query.h"

#include "base/text.h"
#include "front/rest/rest_path.h"
#include "front/rest/rest_value.h"

static bool take_param(const DbView *view, uint16_t class_id, const HttpHeader *param,
                       GString *filter, RestQuery *query, Err **err);
static bool take_limit(const char *text, RestQuery *query, Err **err);
static bool take_condition(const DbView *view, uint16_t class_id, const HttpHeader *param,
                           GString *filter, Err **err);
static char *condition_text(const DbView *view, const DbField *field, const char *value, Err **err);
static void append_and(GString *filter);
static void append_quoted(GString *filter, const char *text);
static const DbField *find_field(const DbSchema *schema, uint16_t class_id, const char *name);

bool rest_query_parse(const DbView *view, uint16_t class_id, const HttpHead *head,
                      RestQuery *ret_query, Err **err)
{
    g_auto(RestQuery) query = {.limit = REST_DEFAULT_LIMIT};
    g_autoptr(GString) filter = g_string_new(NULL);
    if (!rest_query_fields(db_view_schema(view), class_id, head, &query.fields, err)) {
        return false;
    }
    for (unsigned i = 0; head->query && i < head->query->len; i++) {
        if (!take_param(view, class_id, g_ptr_array_index(head->query, i), filter, &query, err)) {
            return false;
        }
    }
    query.filter = filter->len > 0 ? g_strdup(filter->str) : NULL;
    *ret_query = query;
    query = (RestQuery){0};
    return true;
}

void rest_query_clear(RestQuery *query)
{
    g_strfreev(query->fields);
    g_free(query->filter);
    *query = (RestQuery){0};
}

bool rest_query_fields(const DbSchema *schema, uint16_t class_id, const HttpHead *head,
                       char ***ret_fields, Err **err)
{
    const char *text = http_query(head, "fields");
    if (!text) {
        *ret_fields = NULL;
        return true;
    }
    g_auto(GStrv) fields = g_strsplit(text, ",", -1);
    for (char **field = fields; *field; field++) {
        if (!find_field(schema, class_id, *field)) {
            return rest_fail(err, 400, "fields: %s has no field '%s'",
                             schema->classes[class_id].name, *field);
        }
    }
    *ret_fields = g_steal_pointer(&fields);
    return true;
}

char *rest_query_next(const HttpHead *head, Uuid last)
{
    GString *next = g_string_new(NULL);
    for (unsigned i = 0; head->query && i < head->query->len; i++) {
        const HttpHeader *param = g_ptr_array_index(head->query, i);
        if (strcmp(param->name, "cursor") != 0) {
            g_autofree char *name = g_uri_escape_string(param->name, NULL, false);
            g_autofree char *value = g_uri_escape_string(param->value, NULL, false);
            g_string_append_printf(next, "%s=%s&", name, value);
        }
    }
    g_string_append_printf(next, "cursor=%s", UUID_TEXT(last));
    return g_string_free(next, false);
}

static bool take_param(const DbView *view, uint16_t class_id, const HttpHeader *param,
                       GString *filter, RestQuery *query, Err **err)
{
    if (strcmp(param->name, "fields") == 0) {
        return true;
    }
    if (strcmp(param->name, "limit") == 0) {
        return take_limit(param->value, query, err);
    }
    if (strcmp(param->name, "cursor") == 0) {
        query->has_cursor = true;
        return uuid_parse(param->value, &query->cursor) ||
               rest_fail(err, 400, "cursor: it is none that a list gave");
    }
    if (strcmp(param->name, "filter") == 0) {
        append_and(filter);
        g_string_append_printf(filter, "(%s)", param->value);
        return true;
    }
    return take_condition(view, class_id, param, filter, err);
}

static bool take_limit(const char *text, RestQuery *query, Err **err)
{
    uint64_t limit;
    if (!text_parse_uint(text, REST_MAX_LIMIT, &limit) || limit == 0) {
        return rest_fail(err, 400, "limit: a number from 1 to %d was expected", REST_MAX_LIMIT);
    }
    query->limit = (unsigned)limit;
    return true;
}

static bool take_condition(const DbView *view, uint16_t class_id, const HttpHeader *param,
                           GString *filter, Err **err)
{
    const DbClass *class_info = &db_view_schema(view)->classes[class_id];
    const DbField *field = find_field(db_view_schema(view), class_id, param->name);
    if (!field) {
        return rest_fail(err, 400, "%s has no field '%s' to select by", class_info->name,
                         param->name);
    }
    g_autofree char *text = condition_text(view, field, param->value, err);
    if (!text) {
        return false;
    }
    append_and(filter);
    g_string_append(filter, "field ");
    append_quoted(filter, field->name);
    g_string_append_c(filter, '=');
    append_quoted(filter, text);
    return true;
}

/* The form in which a filter compares values of this type. (owned) */
static char *condition_text(const DbView *view, const DbField *field, const char *value, Err **err)
{
    Uuid ref;
    int64_t seconds;
    char date[TEXT_DATETIME_SIZE];
    switch (field->type->kind) {
    case TYPE_REF:
        return rest_id_find(view, field->type->class_id, value, &ref, err) ? g_strdup(REF_TEXT(ref))
                                                                           : NULL;
    case TYPE_DATETIME:
        if (!text_parse_datetime(value, &seconds)) {
            rest_fail(err, 400, "%s: a date was expected", field->name);
            return NULL;
        }
        return g_strdup(text_format_datetime(seconds, date));
    case TYPE_STRING:
    case TYPE_INT:
    case TYPE_FLOAT:
    case TYPE_BOOL:
    case TYPE_ENUM:
        return g_strdup(value);
    case TYPE_VOID:
    case TYPE_SET:
    case TYPE_MAP:
    case TYPE_RECORD:
    case TYPE_OPTION:
    case TYPE_ANY:
        break;
    }
    rest_fail(err, 400, "%s: objects cannot be selected by a %s", field->name, field->type->name);
    return NULL;
}

static void append_and(GString *filter)
{
    if (filter->len > 0) {
        g_string_append(filter, " and ");
    }
}

static void append_quoted(GString *filter, const char *text)
{
    g_string_append_c(filter, '"');
    for (; *text; text++) {
        if (*text == '"' || *text == '\\') {
            g_string_append_c(filter, '\\');
        }
        g_string_append_c(filter, *text);
    }
    g_string_append_c(filter, '"');
}

static const DbField *find_field(const DbSchema *schema, uint16_t class_id, const char *name)
{
    const DbClass *class_info = &schema->classes[class_id];
    int index = db_class_find_field(class_info, name);
    const DbField *field = index < 0 ? NULL : &class_info->fields[index];
    return field && !(field->flags & (DB_FIELD_INTERNAL | DB_FIELD_REMOVED)) ? field : NULL;
}
