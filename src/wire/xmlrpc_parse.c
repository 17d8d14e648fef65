/* Reading XML-RPC with libxml2's SAX2 interface.  Writing is in xmlrpc.c.
 *
 * Which element may stand in which is a table; a stack of open elements carries the values that
 * are being put together.  A document type is tolerated, as old clients send one, but whatever
 * declares or uses an entity beyond the five of XML is refused, and nothing is ever loaded. */
#include "base/text.h"
#include "wire/limits.h"
#include "wire/xmlrpc.h"

#include <libxml/parser.h>
#include <limits.h>
#include <string.h>

/* A container adds three elements (array, data, value), around them stand the document,
 * methodCall, params, param and value, and inside one more. */
#define XMLRPC_MAX_ELEMENTS (3 * WIRE_MAX_DEPTH + 8)

typedef enum Element {
    ELEMENT_DOCUMENT, /* around the root */
    ELEMENT_METHOD_CALL,
    ELEMENT_METHOD_NAME,
    ELEMENT_PARAMS,
    ELEMENT_PARAM,
    ELEMENT_VALUE,
    ELEMENT_STRING,
    ELEMENT_INT,
    ELEMENT_BOOLEAN,
    ELEMENT_DOUBLE,
    ELEMENT_DATETIME,
    ELEMENT_NIL,
    ELEMENT_ARRAY,
    ELEMENT_DATA,
    ELEMENT_STRUCT,
    ELEMENT_MEMBER,
    ELEMENT_NAME,
} Element;

#define BIT(element) (1u << (element))

/* Where an element may stand. */
typedef struct ElementRule {
    const char *name;
    Element element;
    unsigned parents; /* BIT() of each */
} ElementRule;

static const ElementRule element_rules[] = {
    {"value", ELEMENT_VALUE,
     BIT(ELEMENT_DOCUMENT) | BIT(ELEMENT_PARAM) | BIT(ELEMENT_DATA) | BIT(ELEMENT_MEMBER)},
    {"member", ELEMENT_MEMBER, BIT(ELEMENT_STRUCT)},
    {"name", ELEMENT_NAME, BIT(ELEMENT_MEMBER)},
    {"string", ELEMENT_STRING, BIT(ELEMENT_VALUE)},
    {"struct", ELEMENT_STRUCT, BIT(ELEMENT_VALUE)},
    {"array", ELEMENT_ARRAY, BIT(ELEMENT_VALUE)},
    {"data", ELEMENT_DATA, BIT(ELEMENT_ARRAY)},
    {"boolean", ELEMENT_BOOLEAN, BIT(ELEMENT_VALUE)},
    {"int", ELEMENT_INT, BIT(ELEMENT_VALUE)},
    {"i4", ELEMENT_INT, BIT(ELEMENT_VALUE)},
    {"i8", ELEMENT_INT, BIT(ELEMENT_VALUE)},
    {"double", ELEMENT_DOUBLE, BIT(ELEMENT_VALUE)},
    {"dateTime.iso8601", ELEMENT_DATETIME, BIT(ELEMENT_VALUE)},
    {"nil", ELEMENT_NIL, BIT(ELEMENT_VALUE)},
    {"param", ELEMENT_PARAM, BIT(ELEMENT_PARAMS)},
    {"params", ELEMENT_PARAMS, BIT(ELEMENT_METHOD_CALL)},
    {"methodName", ELEMENT_METHOD_NAME, BIT(ELEMENT_METHOD_CALL)},
    {"methodCall", ELEMENT_METHOD_CALL, BIT(ELEMENT_DOCUMENT)},
};

/* Those whose children repeat; every other has at most one of a kind. */
static const unsigned elements_with_many =
    BIT(ELEMENT_PARAMS) | BIT(ELEMENT_DATA) | BIT(ELEMENT_STRUCT);
/* Those that hold text; everywhere else only white space may stand. */
static const unsigned elements_with_text =
    BIT(ELEMENT_METHOD_NAME) | BIT(ELEMENT_VALUE) | BIT(ELEMENT_STRING) | BIT(ELEMENT_INT) |
    BIT(ELEMENT_BOOLEAN) | BIT(ELEMENT_DOUBLE) | BIT(ELEMENT_DATETIME) | BIT(ELEMENT_NAME);

/* An element that was opened and not closed yet. */
typedef struct Open {
    Element element;
    unsigned seen; /* BIT() of each child so far */
    char *name;    /* of a member or a method */
    Value *value;  /* what its children made: the container of params, data and struct */
} Open;

typedef struct Parser {
    xmlParserCtxt *context;
    Element root;
    Open stack[XMLRPC_MAX_ELEMENTS];
    unsigned depth;      /* elements on the stack; the document is always there */
    unsigned containers; /* arrays and structs among them */
    unsigned values;     /* met in the whole document */
    GString *text;       /* of the innermost element */
    Err *failure;
} Parser;

static void parser_init(Parser *parser, Element root);
static void parser_clear(Parser *parser);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Parser, parser_clear)

static bool parser_run(Parser *parser, const char *text, size_t length, Err **err);
static void parser_fail(Parser *parser, const char *fmt, ...) G_GNUC_PRINTF(2, 3);
static Open *parser_top(Parser *parser);
static void parser_start_element(void *user, const xmlChar *name, const xmlChar *prefix,
                                 const xmlChar *uri, int namespace_count,
                                 const xmlChar **namespaces, int attribute_count, int default_count,
                                 const xmlChar **attributes);
static void parser_end_element(void *user, const xmlChar *name, const xmlChar *prefix,
                               const xmlChar *uri);
static void parser_characters(void *user, const xmlChar *text, int length);
static void parser_entity_declared(void *user, const xmlChar *name, int type,
                                   const xmlChar *public_id, const xmlChar *system_id,
                                   xmlChar *content);
static void parser_entity_used(void *user, const xmlChar *name);
static void parser_xml_error(void *user, xmlError *error);
static const ElementRule *parser_find_rule(const char *name);
static bool parser_admit(Parser *parser, const ElementRule *rule);
static bool parser_count(Parser *parser, Element element);
static void parser_complete(Parser *parser, Open *closing);
static void parser_complete_member(Parser *parser, const Open *member);
static Value *parser_scalar(Parser *parser, Element element);
static void parser_give(Open *parent, Open *closed);
static bool parser_is_blank(const char *text, size_t length);

static const xmlSAXHandler parser_callbacks = {
    .initialized = XML_SAX2_MAGIC,
    .startElementNs = parser_start_element,
    .endElementNs = parser_end_element,
    .characters = parser_characters,
    .cdataBlock = parser_characters,
    .ignorableWhitespace = parser_characters, /* the same, or libxml2 drops blank values */
    .entityDecl = parser_entity_declared,
    .reference = parser_entity_used,
    .serror = parser_xml_error,
};

bool xmlrpc_parse_request(const char *text, size_t length, XmlRpcRequest *ret_request, Err **err)
{
    g_auto(Parser) parser;
    parser_init(&parser, ELEMENT_METHOD_CALL);
    if (!parser_run(&parser, text, length, err)) {
        return false;
    }
    *ret_request = (XmlRpcRequest){.method = g_steal_pointer(&parser.stack[0].name),
                                   .params = g_steal_pointer(&parser.stack[0].value)};
    return true;
}

Value *xmlrpc_parse_value(const char *text, size_t length, Err **err)
{
    g_auto(Parser) parser;
    parser_init(&parser, ELEMENT_VALUE);
    if (!parser_run(&parser, text, length, err)) {
        return NULL;
    }
    return g_steal_pointer(&parser.stack[0].value);
}

static void parser_init(Parser *parser, Element root)
{
    memset(parser, 0, sizeof *parser);
    parser->root = root;
    parser->depth = 1;
    parser->text = g_string_new(NULL);
}

static void parser_clear(Parser *parser)
{
    for (unsigned i = 0; i < parser->depth; i++) {
        g_free(parser->stack[i].name);
        value_unref(parser->stack[i].value);
    }
    g_string_free(parser->text, TRUE);
    g_clear_pointer(&parser->failure, err_free);
}

static bool parser_run(Parser *parser, const char *text, size_t length, Err **err)
{
    if (length > INT_MAX) {
        return err_internal(err, "XML: a document of %zu bytes is too large", length);
    }
    parser->context = xmlNewParserCtxt();
    *parser->context->sax = parser_callbacks;
    parser->context->userData = parser;
    xmlDoc *doc =
        xmlCtxtReadMemory(parser->context, text, (int)length, NULL, NULL, XML_PARSE_NONET);
    if (!parser->context->wellFormed) {
        parser_fail(parser, "the document is not well formed");
    }
    xmlFreeDoc(doc); /* libxml2 may keep a document type in one */
    g_clear_pointer(&parser->context, xmlFreeParserCtxt);
    return !parser->failure || err_propagate(err, g_steal_pointer(&parser->failure));
}

/* The first failure counts. */
static void parser_fail(Parser *parser, const char *fmt, ...)
{
    if (parser->failure) {
        return;
    }
    va_list args;
    va_start(args, fmt);
    g_autofree char *what = g_strdup_vprintf(fmt, args);
    va_end(args);
    err_internal(&parser->failure, "XML-RPC: %s", what);
    xmlStopParser(parser->context);
}

static Open *parser_top(Parser *parser)
{
    return &parser->stack[parser->depth - 1];
}

static void parser_start_element(void *user, const xmlChar *name, const xmlChar *prefix,
                                 const xmlChar *uri, int namespace_count,
                                 const xmlChar **namespaces, int attribute_count, int default_count,
                                 const xmlChar **attributes)
{
    (void)prefix, (void)uri, (void)namespace_count, (void)namespaces;
    (void)attribute_count, (void)default_count, (void)attributes;
    Parser *parser = user;
    const ElementRule *rule = parser_find_rule((const char *)name);
    if (!rule) {
        parser_fail(parser, "<%.40s> is not an element of XML-RPC", (const char *)name);
    }
    if (parser->failure || !parser_admit(parser, rule) || !parser_count(parser, rule->element)) {
        return;
    }
    g_string_truncate(parser->text, 0);
    parser_top(parser)->seen |= BIT(rule->element);
    Open *open = &parser->stack[parser->depth++];
    *open = (Open){.element = rule->element};
    if (rule->element == ELEMENT_PARAMS || rule->element == ELEMENT_DATA) {
        open->value = value_new_array(0);
    } else if (rule->element == ELEMENT_STRUCT) {
        open->value = value_new_struct(0);
    }
}

static void parser_end_element(void *user, const xmlChar *name, const xmlChar *prefix,
                               const xmlChar *uri)
{
    (void)name, (void)prefix, (void)uri;
    Parser *parser = user;
    if (parser->failure) {
        return;
    }
    /* Completed while it is still on the stack, which owns it if it fails. */
    Open *closing = parser_top(parser);
    parser_complete(parser, closing);
    g_string_truncate(parser->text, 0);
    if (!parser->failure) {
        parser->depth--;
        parser_give(parser_top(parser), closing);
    }
}

static void parser_characters(void *user, const xmlChar *text, int length)
{
    Parser *parser = user;
    if (parser->failure) {
        return;
    }
    const Open *top = parser_top(parser);
    if ((elements_with_text & BIT(top->element)) && !top->seen) {
        g_string_append_len(parser->text, (const char *)text, length);
    } else if (!parser_is_blank((const char *)text, (size_t)length)) {
        parser_fail(parser, "text where only elements may stand");
    }
}

static void parser_entity_declared(void *user, const xmlChar *name, int type,
                                   const xmlChar *public_id, const xmlChar *system_id,
                                   xmlChar *content)
{
    (void)type, (void)public_id, (void)system_id, (void)content;
    parser_fail(user, "entity %.40s is declared, which is not allowed", (const char *)name);
}

static void parser_entity_used(void *user, const xmlChar *name)
{
    parser_fail(user, "entity %.40s is used, which is not allowed", (const char *)name);
}

/* What is not fatal, such as a prefix without a namespace, does not matter here. */
static void parser_xml_error(void *user, xmlError *error)
{
    if (error->level == XML_ERR_FATAL) {
        g_autofree char *message = g_strchomp(g_strdup(error->message));
        parser_fail(user, "%s (line %d)", message, error->line);
    }
}

static const ElementRule *parser_find_rule(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(element_rules); i++) {
        if (strcmp(element_rules[i].name, name) == 0) {
            return &element_rules[i];
        }
    }
    return NULL;
}

/* May the element stand here? */
static bool parser_admit(Parser *parser, const ElementRule *rule)
{
    const Open *parent = parser_top(parser);
    bool is_root = parent->element == ELEMENT_DOCUMENT;
    if (!(rule->parents & BIT(parent->element)) || (is_root && rule->element != parser->root)) {
        parser_fail(parser, "<%s> at a place where it may not be", rule->name);
        return false;
    }
    unsigned twins = parent->element == ELEMENT_VALUE ? ~0u : BIT(rule->element);
    if ((parent->seen & twins) && !(elements_with_many & BIT(parent->element))) {
        parser_fail(parser, "<%s> where there is one already", rule->name);
        return false;
    }
    if (!parser_is_blank(parser->text->str, parser->text->len)) {
        parser_fail(parser, "text before <%s>", rule->name);
        return false;
    }
    return true;
}

/* Counts the element against the limits. */
static bool parser_count(Parser *parser, Element element)
{
    parser->values += element == ELEMENT_VALUE;
    parser->containers += element == ELEMENT_ARRAY || element == ELEMENT_STRUCT;
    if (parser->values > WIRE_MAX_VALUES) {
        parser_fail(parser, "more than %d values", WIRE_MAX_VALUES);
    } else if (parser->containers > WIRE_MAX_DEPTH) {
        parser_fail(parser, "nested deeper than %d", WIRE_MAX_DEPTH);
    }
    return !parser->failure;
}

/* Makes the value or the name that the element stands for, or finds it incomplete. */
static void parser_complete(Parser *parser, Open *closing)
{
    switch (closing->element) {
    case ELEMENT_METHOD_CALL:
        if (!closing->name || !closing->value) {
            parser_fail(parser, "a <methodCall> needs a <methodName> and <params>");
        }
        break;
    case ELEMENT_MEMBER:
        parser_complete_member(parser, closing);
        break;
    case ELEMENT_PARAM:
        if (!closing->value) {
            parser_fail(parser, "a <param> without a <value>");
        }
        break;
    case ELEMENT_METHOD_NAME:
    case ELEMENT_NAME:
        closing->name = g_strdup(parser->text->str);
        break;
    case ELEMENT_VALUE:
        if (!closing->value) {
            closing->value = value_new_string_len(parser->text->str, parser->text->len);
        }
        break;
    case ELEMENT_STRING:
        closing->value = value_new_string_len(parser->text->str, parser->text->len);
        break;
    case ELEMENT_INT:
    case ELEMENT_BOOLEAN:
    case ELEMENT_DOUBLE:
    case ELEMENT_DATETIME:
        closing->value = parser_scalar(parser, closing->element);
        break;
    case ELEMENT_NIL:
        closing->value = value_new_nil();
        break;
    case ELEMENT_ARRAY:
        if (!closing->value) {
            closing->value = value_new_array(0);
        }
        parser->containers--;
        break;
    case ELEMENT_STRUCT:
        parser->containers--;
        break;
    case ELEMENT_DOCUMENT:
    case ELEMENT_PARAMS:
    case ELEMENT_DATA:
        break;
    }
}

static void parser_complete_member(Parser *parser, const Open *member)
{
    const Open *record = member - 1;
    if (!member->name || !member->value) {
        parser_fail(parser, "a <member> needs a <name> and a <value>");
    } else if (value_get(record->value, member->name)) {
        parser_fail(parser, "two members called %.80s", member->name);
    }
}

/* A number, truth or time from the text; the API's own rule is that only "1" is true. */
static Value *parser_scalar(Parser *parser, Element element)
{
    const char *text = g_strstrip(parser->text->str);
    int64_t integer;
    double number;
    if (element == ELEMENT_BOOLEAN) {
        return value_new_bool(strcmp(text, "1") == 0 || strcmp(text, "true") == 0);
    }
    if (element == ELEMENT_INT && text_parse_int(text, &integer)) {
        return value_new_int(integer);
    }
    if (element == ELEMENT_DOUBLE && text_parse_float(text, &number)) {
        return value_new_float(number);
    }
    if (element == ELEMENT_DATETIME && text_parse_datetime(text, &integer)) {
        return value_new_datetime(integer);
    }
    parser_fail(parser, "%.40s is not a valid %s", text,
                element == ELEMENT_INT      ? "64 bit integer"
                : element == ELEMENT_DOUBLE ? "number"
                                            : "date and time");
    return NULL;
}

/* Hands what a closed element made to the one around it, and leaves it empty. */
static void parser_give(Open *parent, Open *closed)
{
    if (closed->element == ELEMENT_MEMBER) {
        value_struct_add(parent->value, closed->name, g_steal_pointer(&closed->value));
        g_clear_pointer(&closed->name, g_free);
        return;
    }
    if (closed->name) {
        parent->name = g_steal_pointer(&closed->name);
    }
    if (parent->element == ELEMENT_PARAMS || parent->element == ELEMENT_DATA) {
        value_array_add(parent->value, g_steal_pointer(&closed->value));
    } else if (closed->value) {
        parent->value = g_steal_pointer(&closed->value);
    }
}

/* XML's white space. */
static bool parser_is_blank(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (!strchr(" \t\r\n", text[i])) {
            return false;
        }
    }
    return true;
}
