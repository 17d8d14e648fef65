/* A recursive-descent parser and evaluator.  Grammar, loosest first:
 *   or := and { "or" and }    and := not { "and" not }    not := "not" not | atom
 *   atom := "true" | "false" | "(" or ")" | operand "=" operand
 *   operand := "field" string | string, with strings in double or single quotes. */
#include "core/filter.h"

#include "base/text.h"
#include "gen/errors.h"

typedef enum FilterKind {
    FILTER_TRUE,
    FILTER_FALSE,
    FILTER_AND,
    FILTER_OR,
    FILTER_NOT,
    FILTER_EQ
} FilterKind;

typedef struct FilterOperand {
    bool is_field;
    char *text;
} FilterOperand;

struct Filter {
    FilterKind kind;
    Filter *left, *right;      /* AND, OR, NOT (left) */
    FilterOperand operands[2]; /* EQ */
};

typedef struct FilterParser {
    const char *at;
    unsigned depth;
    const char *problem; /* the first thing that was wrong */
} FilterParser;

static Filter *parse_or(FilterParser *parser);
static Filter *parse_and(FilterParser *parser);
static Filter *parse_not(FilterParser *parser);
static Filter *parse_atom(FilterParser *parser);
static Filter *parse_equality(FilterParser *parser);
static bool parse_operand(FilterParser *parser, FilterOperand *ret_operand);
static bool take_word(FilterParser *parser, const char *word);
static bool take_char(FilterParser *parser, char c);
static void skip_space(FilterParser *parser);
static Filter *fail(FilterParser *parser, const char *problem);
static Filter *new_node(FilterKind kind, Filter *left, Filter *right);
static char *operand_text(const FilterOperand *operand, const DbSchema *schema,
                          const DbObject *object);

Filter *filter_parse(const char *text, Err **err)
{
    FilterParser parser = {text, 0, NULL};
    if (strlen(text) > FILTER_MAX_TEXT) {
        parser.problem = "the expression is too long";
    }
    g_autoptr(Filter) filter = parser.problem ? NULL : parse_or(&parser);
    skip_space(&parser);
    if (filter && *parser.at) {
        parser.problem = "text after the end of the expression";
    }
    if (parser.problem) {
        err_invalid_value(err, text, parser.problem);
        return NULL;
    }
    return g_steal_pointer(&filter);
}

void filter_free(Filter *filter)
{
    if (!filter) {
        return;
    }
    filter_free(filter->left);
    filter_free(filter->right);
    g_free(filter->operands[0].text);
    g_free(filter->operands[1].text);
    g_free(filter);
}

bool filter_matches(const Filter *filter, const DbSchema *schema, const DbObject *object)
{
    switch (filter->kind) {
    case FILTER_TRUE:
        return true;
    case FILTER_FALSE:
        return false;
    case FILTER_AND:
        return filter_matches(filter->left, schema, object) &&
               filter_matches(filter->right, schema, object);
    case FILTER_OR:
        return filter_matches(filter->left, schema, object) ||
               filter_matches(filter->right, schema, object);
    case FILTER_NOT:
        return !filter_matches(filter->left, schema, object);
    case FILTER_EQ: {
        g_autofree char *left = operand_text(&filter->operands[0], schema, object);
        g_autofree char *right = operand_text(&filter->operands[1], schema, object);
        return left && right && strcmp(left, right) == 0;
    }
    }
    return false;
}

static Filter *parse_or(FilterParser *parser)
{
    Filter *left = parse_and(parser);
    while (left && take_word(parser, "or")) {
        left = new_node(FILTER_OR, left, parse_and(parser));
        if (!left->right) {
            filter_free(left);
            return NULL;
        }
    }
    return left;
}

static Filter *parse_and(FilterParser *parser)
{
    Filter *left = parse_not(parser);
    while (left && take_word(parser, "and")) {
        left = new_node(FILTER_AND, left, parse_not(parser));
        if (!left->right) {
            filter_free(left);
            return NULL;
        }
    }
    return left;
}

static Filter *parse_not(FilterParser *parser)
{
    if (!take_word(parser, "not")) {
        return parse_atom(parser);
    }
    if (++parser->depth > FILTER_MAX_DEPTH) {
        return fail(parser, "the expression is nested too deeply");
    }
    Filter *inner = parse_not(parser);
    parser->depth--;
    return inner ? new_node(FILTER_NOT, inner, NULL) : NULL;
}

static Filter *parse_atom(FilterParser *parser)
{
    if (take_word(parser, "true")) {
        return new_node(FILTER_TRUE, NULL, NULL);
    }
    if (take_word(parser, "false")) {
        return new_node(FILTER_FALSE, NULL, NULL);
    }
    if (!take_char(parser, '(')) {
        return parse_equality(parser);
    }
    if (++parser->depth > FILTER_MAX_DEPTH) {
        return fail(parser, "the expression is nested too deeply");
    }
    Filter *inner = parse_or(parser);
    parser->depth--;
    if (inner && !take_char(parser, ')')) {
        filter_free(inner);
        return fail(parser, "a ')' is missing");
    }
    return inner;
}

static Filter *parse_equality(FilterParser *parser)
{
    g_autoptr(Filter) node = new_node(FILTER_EQ, NULL, NULL);
    if (!parse_operand(parser, &node->operands[0])) {
        return fail(parser, "a field or a quoted text was expected");
    }
    if (!take_char(parser, '=')) {
        return fail(parser, "an '=' was expected");
    }
    if (!parse_operand(parser, &node->operands[1])) {
        return fail(parser, "a field or a quoted text was expected after '='");
    }
    return g_steal_pointer(&node);
}

static bool parse_operand(FilterParser *parser, FilterOperand *ret_operand)
{
    ret_operand->is_field = take_word(parser, "field");
    skip_space(parser);
    char quote = *parser->at;
    if (quote != '"' && quote != '\'') {
        return false;
    }
    GString *text = g_string_new(NULL);
    const char *p = parser->at + 1;
    for (; *p && *p != quote; p++) {
        if (*p == '\\' && p[1]) {
            p++;
        }
        g_string_append_c(text, *p);
    }
    ret_operand->text = g_string_free(text, FALSE);
    if (*p != quote) {
        return false;
    }
    parser->at = p + 1;
    return true;
}

static bool take_word(FilterParser *parser, const char *word)
{
    skip_space(parser);
    size_t length = strlen(word);
    if (strncmp(parser->at, word, length) != 0 || g_ascii_isalnum(parser->at[length])) {
        return false;
    }
    parser->at += length;
    return true;
}

static bool take_char(FilterParser *parser, char c)
{
    skip_space(parser);
    if (*parser->at != c) {
        return false;
    }
    parser->at++;
    return true;
}

static void skip_space(FilterParser *parser)
{
    while (g_ascii_isspace(*parser->at)) {
        parser->at++;
    }
}

static Filter *fail(FilterParser *parser, const char *problem)
{
    if (!parser->problem) {
        parser->problem = problem;
    }
    return NULL;
}

static Filter *new_node(FilterKind kind, Filter *left, Filter *right)
{
    Filter *node = g_new0(Filter, 1);
    node->kind = kind;
    node->left = left;
    node->right = right;
    return node;
}

/* The name in database spelling has "__" where the wire has "_" between its parts. */
static int find_field(const DbClass *class_info, const char *name)
{
    g_auto(GStrv) parts = g_strsplit(name, "__", -1);
    g_autofree char *wire_name = g_strjoinv("_", parts);
    return db_class_find_field(class_info, wire_name);
}

static char *value_text(const Value *value)
{
    char date[TEXT_DATETIME_SIZE];
    switch (value_kind(value)) {
    case VALUE_STRING:
        return g_strdup(value_string(value));
    case VALUE_INT:
        return g_strdup_printf("%" G_GINT64_FORMAT, value_int(value));
    case VALUE_BOOL:
        return g_strdup(value_bool(value) ? "true" : "false");
    case VALUE_REF:
        return g_strdup(REF_TEXT(value_uuid(value)));
    case VALUE_DATETIME:
        return g_strdup(text_format_datetime(value_datetime(value), date));
    case VALUE_FLOAT:
        return g_strdup_printf("%.18g", value_float(value));
    case VALUE_NIL:
    case VALUE_VOID:
    case VALUE_ARRAY:
    case VALUE_STRUCT:
        return NULL;
    }
    return NULL;
}

static char *operand_text(const FilterOperand *operand, const DbSchema *schema,
                          const DbObject *object)
{
    if (!operand->is_field) {
        return g_strdup(operand->text);
    }
    const DbClass *class_info = &schema->classes[db_object_class(object)];
    int field = find_field(class_info, operand->text);
    bool is_hidden = field >= 0 && (class_info->fields[field].flags & DB_FIELD_INTERNAL);
    return field < 0 || is_hidden ? NULL : value_text(db_object_get(object, field));
}
