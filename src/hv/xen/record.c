/* The record of a domain and its JSON text. */
#include "hv/xen/record.h"

#include "base/fd.h"
#include "wire/json.h"

#define XEN_RECORD_MAX_SIZE ((size_t)256 * 1024)
#define XEN_RECORD_VERSION  1

static void xen_record_disk_free(XenDisk *disk);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(XenDisk, xen_record_disk_free)
static void xen_record_nic_free(XenNic *nic);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(XenNic, xen_record_nic_free)
static XenRecord *xen_record_empty(void);
static Value *xen_record_disk_to_value(const XenDisk *disk);
static Value *xen_record_nic_to_value(const XenNic *nic);
static XenRecord *xen_record_from_value(const Value *value);
static bool xen_record_read_numbers(XenRecord *record, const Value *value);
static XenDisk *xen_record_read_disk(const Value *value);
static XenNic *xen_record_read_nic(const Value *value);
static bool xen_record_get(const Value *value, const char *name, int64_t max, int64_t *ret);

XenRecord *xen_record_new(const HvDomainConfig *config)
{
    XenRecord *record = xen_record_empty();
    record->uuid = config->uuid;
    record->start_ticket = config->start_ticket;
    record->kind = config->kind;
    record->vcpus = config->vcpus;
    record->vcpus_max = MAX(config->vcpus, config->vcpus_max);
    record->memory_max_bytes = MAX(config->memory_bytes, config->memory_max_bytes);
    for (unsigned i = 0; i < config->disk_count; i++) {
        xen_record_add_disk(record, &config->disks[i]);
    }
    for (unsigned i = 0; i < config->nic_count; i++) {
        xen_record_add_nic(record, &config->nics[i]);
    }
    return record;
}

void xen_record_free(XenRecord *record)
{
    if (record) {
        g_ptr_array_unref(record->disks);
        g_ptr_array_unref(record->nics);
        g_free(record);
    }
}

void xen_record_add_disk(XenRecord *record, const HvDisk *disk)
{
    XenDisk *added = g_new0(XenDisk, 1);
    block_disk_init(&added->block, disk);
    xen_record_set_medium(added, disk->image_count > 0 ? &disk->images[0] : NULL);
    g_ptr_array_add(record->disks, added);
}

void xen_record_add_nic(XenRecord *record, const HvNic *nic)
{
    XenNic *added = g_new0(XenNic, 1);
    added->id = g_strdup(nic->id);
    added->position = nic->position;
    added->mac = g_ascii_strdown(nic->mac, -1);
    g_ptr_array_add(record->nics, added);
}

XenDisk *xen_record_find_disk(const XenRecord *record, const char *id)
{
    return (XenDisk *)block_disk_find(record->disks, id);
}

XenDisk *xen_record_disk_at(const XenRecord *record, unsigned position)
{
    return (XenDisk *)block_disk_at(record->disks, position);
}

XenNic *xen_record_find_nic(const XenRecord *record, const char *id)
{
    for (unsigned i = 0; i < record->nics->len; i++) {
        XenNic *nic = g_ptr_array_index(record->nics, i);
        if (g_str_equal(nic->id, id)) {
            return nic;
        }
    }
    return NULL;
}

XenNic *xen_record_nic_at(const XenRecord *record, unsigned position)
{
    for (unsigned i = 0; i < record->nics->len; i++) {
        XenNic *nic = g_ptr_array_index(record->nics, i);
        if (nic->position == position) {
            return nic;
        }
    }
    return NULL;
}

void xen_record_remove_disk(XenRecord *record, const char *id)
{
    block_disk_remove(record->disks, id);
}

void xen_record_remove_nic(XenRecord *record, const char *id)
{
    XenNic *nic = xen_record_find_nic(record, id);
    if (nic) {
        g_ptr_array_remove(record->nics, nic);
    }
}

void xen_record_set_medium(XenDisk *disk, const HvImage *image)
{
    g_free(disk->path);
    g_free(disk->format);
    disk->path = image ? g_strdup(image->path) : NULL;
    disk->format = image ? g_strdup(image->format) : NULL;
}

char *xen_record_to_text(const XenRecord *record)
{
    char uuid[UUID_TEXT_SIZE];
    Value *disks = value_new_array(record->disks->len);
    for (unsigned i = 0; i < record->disks->len; i++) {
        value_array_add(disks, xen_record_disk_to_value(g_ptr_array_index(record->disks, i)));
    }
    Value *nics = value_new_array(record->nics->len);
    for (unsigned i = 0; i < record->nics->len; i++) {
        value_array_add(nics, xen_record_nic_to_value(g_ptr_array_index(record->nics, i)));
    }
    g_autoptr(Value) value = value_new_struct(11);
    value_struct_add_static(value, "version", value_new_int(XEN_RECORD_VERSION));
    value_struct_add_static(value, "uuid", value_new_string(uuid_format(record->uuid, uuid)));
    value_struct_add_static(value, "domid", value_new_int(record->domid));
    value_struct_add_static(value, "start_ticket", value_new_int((int64_t)record->start_ticket));
    if (record->passage != HV_PASSAGE_NONE) {
        value_struct_add_static(value, "passage", value_new_int(record->passage));
    }
    value_struct_add_static(value, "kind", value_new_int(record->kind));
    value_struct_add_static(value, "vcpus", value_new_int(record->vcpus));
    value_struct_add_static(value, "vcpus_max", value_new_int(record->vcpus_max));
    value_struct_add_static(value, "memory_max_bytes",
                            value_new_int((int64_t)record->memory_max_bytes));
    value_struct_add_static(value, "next_node", value_new_int(record->next_node));
    value_struct_add_static(value, "disks", disks);
    value_struct_add_static(value, "nics", nics);
    GString *text = g_string_new(NULL);
    json_append(text, value);
    g_string_append_c(text, '\n');
    return g_string_free(text, FALSE);
}

XenRecord *xen_record_parse(const char *text, size_t length, Err **err)
{
    g_autoptr(Value) value = json_parse(text, length, err);
    if (!value) {
        return NULL;
    }
    XenRecord *record = xen_record_from_value(value);
    if (!record) {
        err_internal(err, "the record of a domain is not complete");
    }
    return record;
}

bool xen_record_write(const char *text, const char *dir, Err **err)
{
    g_autofree char *path = g_build_filename(dir, XEN_RECORD_FILE, NULL);
    return fd_write_file(path, text, strlen(text), 0600, err);
}

XenRecord *xen_record_load(const char *dir, Err **err)
{
    g_autofree char *path = g_build_filename(dir, XEN_RECORD_FILE, NULL);
    size_t length;
    g_autofree char *text = fd_read_file(path, XEN_RECORD_MAX_SIZE, &length, err);
    return text ? xen_record_parse(text, length, err) : NULL;
}

static void xen_record_disk_free(XenDisk *disk)
{
    block_disk_clear(&disk->block);
    g_free(disk->path);
    g_free(disk->format);
    g_free(disk);
}

static void xen_record_nic_free(XenNic *nic)
{
    g_free(nic->id);
    g_free(nic->mac);
    g_free(nic);
}

static XenRecord *xen_record_empty(void)
{
    XenRecord *record = g_new0(XenRecord, 1);
    record->next_node = 1;
    record->disks = g_ptr_array_new_with_free_func((GDestroyNotify)xen_record_disk_free);
    record->nics = g_ptr_array_new_with_free_func((GDestroyNotify)xen_record_nic_free);
    return record;
}

/* An empty drive has neither path nor format. */
static Value *xen_record_disk_to_value(const XenDisk *disk)
{
    Value *value = block_disk_to_value(&disk->block);
    if (disk->path) {
        value_struct_add_static(value, "path", value_new_string(disk->path));
        value_struct_add_static(value, "format", value_new_string(disk->format));
    }
    return value;
}

static Value *xen_record_nic_to_value(const XenNic *nic)
{
    Value *value = value_new_struct(3);
    value_struct_add_static(value, "id", value_new_string(nic->id));
    value_struct_add_static(value, "position", value_new_int(nic->position));
    value_struct_add_static(value, "mac", value_new_string(nic->mac));
    return value;
}

static XenRecord *xen_record_from_value(const Value *value)
{
    g_autoptr(XenRecord) record = xen_record_empty();
    const Value *disks = value_get(value, "disks");
    const Value *nics = value_get(value, "nics");
    const char *uuid = value_get_string(value, "uuid");
    if (!uuid || !uuid_parse(uuid, &record->uuid) || !xen_record_read_numbers(record, value) ||
        value_kind(disks) != VALUE_ARRAY || value_kind(nics) != VALUE_ARRAY) {
        return NULL;
    }
    for (unsigned i = 0; i < value_count(disks); i++) {
        XenDisk *disk = xen_record_read_disk(value_at(disks, i));
        if (!disk) {
            return NULL;
        }
        g_ptr_array_add(record->disks, disk);
    }
    for (unsigned i = 0; i < value_count(nics); i++) {
        XenNic *nic = xen_record_read_nic(value_at(nics, i));
        if (!nic) {
            return NULL;
        }
        g_ptr_array_add(record->nics, nic);
    }
    return g_steal_pointer(&record);
}

static bool xen_record_read_numbers(XenRecord *record, const Value *value)
{
    const Value *ticket = value_get(value, "start_ticket");
    const Value *next = value_get(value, "next_node"); /* was not always there */
    int64_t version, domid, kind, vcpus, vcpus_max, memory, passage = HV_PASSAGE_NONE;
    if (!xen_record_get(value, "version", INT32_MAX, &version) || version != XEN_RECORD_VERSION ||
        !xen_record_get(value, "domid", UINT16_MAX, &domid) || value_kind(ticket) != VALUE_INT ||
        !xen_record_get(value, "kind", HV_KIND_PVH, &kind) ||
        !xen_record_get(value, "vcpus", UINT16_MAX, &vcpus) ||
        !xen_record_get(value, "vcpus_max", UINT16_MAX, &vcpus_max) ||
        !xen_record_get(value, "memory_max_bytes", INT64_MAX, &memory) ||
        (value_get(value, "passage") &&
         !xen_record_get(value, "passage", HV_PASSAGE_COMING, &passage))) {
        return false;
    }
    if (next && !xen_record_get(value, "next_node", INT64_MAX, &record->next_node)) {
        return false;
    }
    record->passage = (HvPassageState)passage;
    record->domid = (uint32_t)domid;
    record->start_ticket = (uint64_t)value_int(ticket);
    record->kind = (HvKind)kind;
    record->vcpus = (unsigned)vcpus;
    record->vcpus_max = (unsigned)vcpus_max;
    record->memory_max_bytes = (uint64_t)memory;
    return true;
}

static XenDisk *xen_record_read_disk(const Value *value)
{
    g_autoptr(XenDisk) disk = g_new0(XenDisk, 1);
    disk->path = g_strdup(value_get_string(value, "path"));
    disk->format = g_strdup(value_get_string(value, "format"));
    if (!block_disk_read(value, &disk->block) || !disk->path != !disk->format) {
        return NULL;
    }
    return g_steal_pointer(&disk);
}

static XenNic *xen_record_read_nic(const Value *value)
{
    g_autoptr(XenNic) nic = g_new0(XenNic, 1);
    int64_t position;
    nic->id = g_strdup(value_get_string(value, "id"));
    nic->mac = g_strdup(value_get_string(value, "mac"));
    if (!nic->id || !nic->mac || !xen_record_get(value, "position", UINT16_MAX, &position)) {
        return NULL;
    }
    nic->position = (unsigned)position;
    return g_steal_pointer(&nic);
}

/* A number from 0 to `max`. */
static bool xen_record_get(const Value *value, const char *name, int64_t max, int64_t *ret)
{
    const Value *member = value_get(value, name);
    if (value_kind(member) != VALUE_INT || value_int(member) < 0 || value_int(member) > max) {
        return false;
    }
    *ret = value_int(member);
    return true;
}
