/* libxml2's SAX2 interface, fed by pieces.  A document type is refused, so that no entity but the
 * five of XML has a meaning. */
#include "ops/pool/database_read.h"

#include "base/text.h"
#include "gen/errors.h"
#include "ops/pool/database_dump.h"
#include "ops/stored_form.h"

#include <libxml/parser.h>

/* Each attribute is five pointers: its name first, where its value begins and ends last. */
enum { ATTRIBUTE_PARTS = 5, VALUE_FROM = 3, VALUE_TO = 4 };

struct DatabaseReader {
    const DbSchema *schema;
    xmlParserCtxt *context;
    Db *db;
    DbTxn *txn;                /* while a piece is read */
    const DbClass *class_info; /* of the table that is open; NULL: not one of ours */
    uint16_t class_id;
    GHashTable *columns; /* name -> number of the field, of that table */
    unsigned depth;      /* elements that are open */
    unsigned rows;
    bool has_major, has_minor;
    Err *failure;
};

/* The attributes of an element. */
typedef struct Attributes {
    const xmlChar **parts;
    int count;
} Attributes;

static void start_element(void *user, const xmlChar *name, const xmlChar *prefix,
                          const xmlChar *uri, int namespace_count, const xmlChar **namespaces,
                          int attribute_count, int default_count, const xmlChar **attributes);
static void end_element(void *user, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri);
static void refuse_document_type(void *user, const xmlChar *name, const xmlChar *external,
                                 const xmlChar *location);
static void note_error(void *user, xmlError *error);
static void stop(DatabaseReader *reader);
static void read_pair(DatabaseReader *reader, Attributes attributes);
static void open_table(DatabaseReader *reader, Attributes attributes);
static void read_row(DatabaseReader *reader, Attributes attributes);
static bool create_object(DatabaseReader *reader, Attributes attributes, Uuid *ret_ref);
static bool read_cell(DatabaseReader *reader, Uuid ref, const char *column, const char *text);
static char *attribute(Attributes attributes, const char *name);
static char *unprotect(const char *text);

static const xmlSAXHandler callbacks = {
    .initialized = XML_SAX2_MAGIC,
    .startElementNs = start_element,
    .endElementNs = end_element,
    .internalSubset = refuse_document_type,
    .serror = note_error,
};

DatabaseReader *database_reader_new(const DbSchema *schema)
{
    DatabaseReader *reader = g_new0(DatabaseReader, 1);
    xmlSAXHandler handler = callbacks;
    DbBackend backend = db_backend_none();
    reader->schema = schema;
    reader->db = db_open(schema, &backend, &reader->failure);
    reader->columns = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    reader->context = xmlCreatePushParserCtxt(&handler, reader, NULL, 0, NULL);
    xmlCtxtUseOptions(reader->context, XML_PARSE_NONET | XML_PARSE_NOENT);
    return reader;
}

/* One transaction for each piece, as none may be open while the next one is waited for. */
bool database_reader_feed(DatabaseReader *reader, const char *data, size_t length, Err **err)
{
    if (!reader->failure) {
        reader->txn = db_begin(reader->db);
        int result = xmlParseChunk(reader->context, data, (int)length, 0);
        if (result != 0 && !reader->failure) {
            err_internal(&reader->failure, "the dump is no XML");
        }
        db_commit(g_steal_pointer(&reader->txn), NULL);
    }
    return !reader->failure || err_propagate(err, err_copy(reader->failure));
}

Db *database_reader_end(DatabaseReader *reader, Err **err)
{
    if (!reader->failure && xmlParseChunk(reader->context, "", 0, 1) != 0 && !reader->failure) {
        err_internal(&reader->failure, "the dump ends too early");
    }
    if (!reader->failure && !(reader->has_major && reader->has_minor)) {
        err_restore_incompatible_version(&reader->failure);
    }
    if (reader->failure) {
        err_propagate(err, err_copy(reader->failure));
        return NULL;
    }
    return g_steal_pointer(&reader->db);
}

void database_reader_free(DatabaseReader *reader)
{
    if (reader) {
        xmlFreeParserCtxt(reader->context);
        g_clear_pointer(&reader->db, db_close);
        g_hash_table_unref(reader->columns);
        err_free(reader->failure);
        g_free(reader);
    }
}

static void start_element(void *user, const xmlChar *name, const xmlChar *prefix G_GNUC_UNUSED,
                          const xmlChar *uri G_GNUC_UNUSED, int namespace_count G_GNUC_UNUSED,
                          const xmlChar **namespaces G_GNUC_UNUSED, int attribute_count,
                          int default_count G_GNUC_UNUSED, const xmlChar **parts)
{
    static const struct {
        unsigned depth;
        const char *name;
        void (*read)(DatabaseReader *reader, Attributes attributes); /* NULL: nothing to read */
    } elements[] = {
        {0, "database", NULL},    {1, "manifest", NULL}, {2, "pair", read_pair},
        {1, "table", open_table}, {2, "row", read_row},
    };
    DatabaseReader *reader = user;
    const Attributes attributes = {parts, attribute_count};
    for (size_t i = 0; i < G_N_ELEMENTS(elements) && !reader->failure; i++) {
        if (reader->depth == elements[i].depth &&
            text_equal((const char *)name, elements[i].name)) {
            if (elements[i].read) {
                elements[i].read(reader, attributes);
            }
            reader->depth++;
            if (reader->failure) {
                stop(reader);
            }
            return;
        }
    }
    if (!reader->failure) {
        err_internal(&reader->failure, "the dump has a <%s> where none belongs",
                     (const char *)name);
        stop(reader);
    }
}

static void end_element(void *user, const xmlChar *name G_GNUC_UNUSED,
                        const xmlChar *prefix G_GNUC_UNUSED, const xmlChar *uri G_GNUC_UNUSED)
{
    DatabaseReader *reader = user;
    reader->depth--;
}

static void refuse_document_type(void *user, const xmlChar *name G_GNUC_UNUSED,
                                 const xmlChar *external G_GNUC_UNUSED,
                                 const xmlChar *location G_GNUC_UNUSED)
{
    DatabaseReader *reader = user;
    if (!reader->failure) {
        err_internal(&reader->failure, "the dump has a document type, which none has");
    }
    stop(reader);
}

static void note_error(void *user, xmlError *error)
{
    DatabaseReader *reader = user;
    if (!reader->failure && error->level == XML_ERR_FATAL) {
        g_autofree char *text = g_strchomp(g_strdup(error->message));
        err_internal(&reader->failure, "the dump is no XML: line %d: %s", error->line, text);
    }
}

static void stop(DatabaseReader *reader)
{
    xmlStopParser(reader->context);
}

static void read_pair(DatabaseReader *reader, Attributes attributes)
{
    g_autofree char *key = attribute(attributes, "key");
    g_autofree char *value = attribute(attributes, "value");
    bool is_major = text_equal(key, "schema_major_vsn");
    bool is_minor = text_equal(key, "schema_minor_vsn");
    if ((is_major && !text_equal(value, DATABASE_SCHEMA_MAJOR)) ||
        (is_minor && !text_equal(value, DATABASE_SCHEMA_MINOR))) {
        err_restore_incompatible_version(&reader->failure);
    }
    reader->has_major |= is_major;
    reader->has_minor |= is_minor;
}

static void open_table(DatabaseReader *reader, Attributes attributes)
{
    g_autofree char *name = attribute(attributes, "name");
    int class_id = name ? db_schema_find_class(reader->schema, name) : -1;
    g_hash_table_remove_all(reader->columns);
    reader->class_info = NULL;
    if (!reader->has_major || !reader->has_minor) {
        err_restore_incompatible_version(&reader->failure);
        return;
    }
    if (class_id < 0 || !(reader->schema->classes[class_id].flags & DB_CLASS_PERSISTENT)) {
        return;
    }
    reader->class_id = (uint16_t)class_id;
    reader->class_info = &reader->schema->classes[class_id];
    for (uint16_t i = 0; i < reader->class_info->field_count; i++) {
        const DbField *field = &reader->class_info->fields[i];
        if (database_dump_has_field(field)) {
            g_hash_table_insert(reader->columns,
                                stored_form_name(reader->class_info->name, field->name),
                                GUINT_TO_POINTER(i + 1));
        }
    }
}

static void read_row(DatabaseReader *reader, Attributes attributes)
{
    Uuid ref;
    if (!reader->class_info || !create_object(reader, attributes, &ref)) {
        return;
    }
    for (int i = 0; i < attributes.count; i++) {
        const xmlChar **parts = attributes.parts + ATTRIBUTE_PARTS * i;
        g_autofree char *text = g_strndup((const char *)parts[VALUE_FROM],
                                          (gsize)(parts[VALUE_TO] - parts[VALUE_FROM]));
        if (!read_cell(reader, ref, (const char *)parts[0], text)) {
            return;
        }
    }
}

static bool create_object(DatabaseReader *reader, Attributes attributes, Uuid *ret_ref)
{
    g_autofree char *text = attribute(attributes, "ref");
    g_autofree char *uuid_text = attribute(attributes, "uuid");
    const char *class_name = reader->class_info->name;
    Uuid uuid = {{0}};
    if (++reader->rows > DATABASE_MAX_ROWS) {
        return err_internal(&reader->failure, "the dump has more than %d rows", DATABASE_MAX_ROWS);
    }
    if (!text || !value_ref_parse(text, ret_ref) || uuid_is_null(*ret_ref)) {
        return err_internal(&reader->failure, "a row of %s has no reference", class_name);
    }
    if (reader->class_info->uuid_field >= 0 && (!uuid_text || !uuid_parse(uuid_text, &uuid))) {
        return err_internal(&reader->failure, "%s %s has no uuid", class_name, text);
    }
    if (db_find(db_txn_view(reader->txn), reader->class_id, *ret_ref)) {
        return err_internal(&reader->failure, "%s %s is there twice", class_name, text);
    }
    db_create(reader->txn, reader->class_id, *ret_ref, uuid);
    return true;
}

static bool read_cell(DatabaseReader *reader, Uuid ref, const char *column, const char *text)
{
    unsigned number = GPOINTER_TO_UINT(g_hash_table_lookup(reader->columns, column));
    if (number == 0) {
        return true;
    }
    const DbField *field = &reader->class_info->fields[number - 1];
    g_autofree char *plain = unprotect(text);
    g_autoptr(Err) cause = NULL;
    Value *value = stored_form_read(reader->schema, field, plain, &cause);
    if (!value) {
        g_autofree char *why = err_to_string(cause);
        return err_internal(&reader->failure, "%s %s: %s cannot be read: %s",
                            reader->class_info->name, REF_TEXT(ref), column, why);
    }
    db_set(reader->txn, reader->class_id, ref, (uint16_t)(number - 1), value);
    return true;
}

/* (owned), NULL when it is not there. */
static char *attribute(Attributes attributes, const char *name)
{
    for (int i = 0; i < attributes.count; i++) {
        const xmlChar **parts = attributes.parts + ATTRIBUTE_PARTS * i;
        if (text_equal((const char *)parts[0], name)) {
            return g_strndup((const char *)parts[VALUE_FROM],
                             (gsize)(parts[VALUE_TO] - parts[VALUE_FROM]));
        }
    }
    return NULL;
}

/* The opposite of what database_dump_value() does; "%." is one space, as later releases write it.
 * (owned) */
static char *unprotect(const char *text)
{
    GString *out = g_string_new(NULL);
    for (const char *c = text; *c; c++) {
        const char *meaning = *c != '%'     ? NULL
                              : c[1] == '_' ? "  "
                              : c[1] == '.' ? " "
                              : c[1] == 't' ? "\t"
                              : c[1] == 'n' ? "\n"
                              : c[1] == 'r' ? "\r"
                              : c[1] == '%' ? "%"
                                            : NULL;
        if (meaning) {
            g_string_append(out, meaning);
            c++;
        } else {
            g_string_append_c(out, *c);
        }
    }
    return g_string_free(out, FALSE);
}
