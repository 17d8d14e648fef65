/* A reader for <provision><disk .../></provision> on libxml2's SAX interface: no entities, no
 * network, nothing but these two elements. */
#include "ops/vm/provision.h"

#include "base/text.h"
#include "base/uuid.h"

#include <libxml/parser.h>

typedef struct ProvisionReader {
    ProvisionDisk *disks;
    unsigned count;
    unsigned depth;
    const char *problem; /* the first one */
} ProvisionReader;

static void start_element(void *user, const xmlChar *name, const xmlChar **attributes);
static void end_element(void *user, const xmlChar *name);
static void read_disk(ProvisionReader *reader, const char *const *attributes);
static bool read_attribute(ProvisionDisk *disk, const char *name, const char *value);
static void ignore_message(void *user, const char *fmt, ...) G_GNUC_PRINTF(2, 3);

bool provision_parse(const char *xml, ProvisionDisk ret_disks[PROVISION_MAX_DISKS],
                     unsigned *ret_count, Err **err)
{
    ProvisionDisk disks[PROVISION_MAX_DISKS];
    ProvisionReader reader = {.disks = disks};
    size_t length = strlen(xml);
    if (length > PROVISION_MAX_XML) {
        return err_internal(err, "other_config:disks is longer than %d bytes", PROVISION_MAX_XML);
    }
    xmlSAXHandler handler = {.startElement = start_element,
                             .endElement = end_element,
                             .warning = ignore_message,
                             .error = ignore_message,
                             .fatalError = ignore_message};
    xmlParserCtxtPtr parser = xmlCreatePushParserCtxt(&handler, &reader, NULL, 0, NULL);
    if (!parser) {
        return err_internal(err, "cannot make an XML parser for other_config:disks");
    }
    xmlCtxtUseOptions(parser, XML_PARSE_NONET);
    bool well_formed = xmlParseChunk(parser, xml, (int)length, 1) == 0;
    xmlDocPtr document = parser->myDoc;
    xmlFreeParserCtxt(parser);
    if (document) {
        xmlFreeDoc(document);
    }
    if (!well_formed || reader.problem) {
        return err_internal(err, "other_config:disks: %s",
                            reader.problem ? reader.problem : "it is not well-formed XML");
    }
    memcpy(ret_disks, disks, sizeof disks[0] * reader.count);
    *ret_count = reader.count;
    return true;
}

static void start_element(void *user, const xmlChar *name, const xmlChar **attributes)
{
    ProvisionReader *reader = user;
    unsigned depth = reader->depth++;
    if (reader->problem) {
        return;
    }
    if (depth == 0 && strcmp((const char *)name, "provision") == 0) {
        return;
    }
    if (depth == 1 && strcmp((const char *)name, "disk") == 0) {
        read_disk(reader, (const char *const *)attributes);
    } else {
        reader->problem = "only <disk> elements within one <provision> are understood";
    }
}

static void end_element(void *user, const xmlChar *name)
{
    (void)name;
    ((ProvisionReader *)user)->depth--;
}

static void read_disk(ProvisionReader *reader, const char *const *attributes)
{
    if (reader->count == PROVISION_MAX_DISKS) {
        reader->problem = "there are more than 16 disks";
        return;
    }
    ProvisionDisk *disk = &reader->disks[reader->count++];
    *disk = (ProvisionDisk){.size = 0, .type = "system"};
    for (; attributes && attributes[0]; attributes += 2) {
        if (!read_attribute(disk, attributes[0], attributes[1] ? attributes[1] : "")) {
            reader->problem = "an attribute of a disk has an unusable value";
            return;
        }
    }
    if (!*disk->device || disk->size <= 0) {
        reader->problem = "a disk lacks its device or its size";
    }
}

static bool read_attribute(ProvisionDisk *disk, const char *name, const char *value)
{
    Uuid uuid;
    uint64_t number;
    if (strcmp(name, "device") == 0) {
        return text_parse_uint(value, UINT8_MAX, &number) &&
               g_strlcpy(disk->device, value, sizeof disk->device) < sizeof disk->device;
    }
    if (strcmp(name, "size") == 0) {
        return text_parse_int(value, &disk->size) && disk->size > 0;
    }
    if (strcmp(name, "sr") == 0) {
        return (!*value || uuid_parse(value, &uuid)) &&
               g_strlcpy(disk->sr, value, sizeof disk->sr) < sizeof disk->sr;
    }
    if (strcmp(name, "bootable") == 0) {
        return text_parse_bool(value, &disk->bootable);
    }
    if (strcmp(name, "type") == 0) {
        return g_strlcpy(disk->type, value, sizeof disk->type) < sizeof disk->type;
    }
    return true;
}

/* What is wrong is said by provision_parse(), not on stderr. */
static void ignore_message(void *user, const char *fmt, ...)
{
    (void)user;
    (void)fmt;
}
