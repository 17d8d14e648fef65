/* The record of a domain and its JSON text.  The live state of a domain is in domain.h. */
#include "hv/qemu/record.h"

#include "base/fd.h"
#include "wire/json.h"

#include <inttypes.h>

#define QEMU_RECORD_MAX_SIZE ((size_t)256 * 1024)
#define QEMU_RECORD_VERSION  1

static void qemu_record_disk_free(BlockDisk *disk);
static void qemu_record_nic_free(QemuNic *nic);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QemuNic, qemu_record_nic_free)
static Value *qemu_record_disks_to_value(const QemuRecord *record);
static Value *qemu_record_nics_to_value(const QemuRecord *record);
static QemuRecord *qemu_record_from_value(const Value *value);
static bool qemu_record_read_passage(QemuRecord *record, const Value *value);
static bool qemu_record_read_disks(QemuRecord *record, const Value *value);
static bool qemu_record_read_nics(QemuRecord *record, const Value *value);
static bool qemu_record_get_int(const Value *value, const char *name, int64_t *ret);
static bool qemu_record_get_unsigned(const Value *value, const char *name, unsigned *ret);

QemuRecord *qemu_record_new(Uuid uuid)
{
    QemuRecord *record = g_new0(QemuRecord, 1);
    record->uuid = uuid;
    record->next_fdset = 1;
    record->disks = g_ptr_array_new_with_free_func((GDestroyNotify)qemu_record_disk_free);
    record->nics = g_ptr_array_new_with_free_func((GDestroyNotify)qemu_record_nic_free);
    return record;
}

void qemu_record_free(QemuRecord *record)
{
    if (!record) {
        return;
    }
    g_ptr_array_unref(record->disks);
    g_ptr_array_unref(record->nics);
    g_free(record);
}

BlockDisk *qemu_record_add_disk(QemuRecord *record, const HvDisk *disk)
{
    BlockDisk *added = g_new0(BlockDisk, 1);
    block_disk_init(added, disk);
    g_ptr_array_add(record->disks, added);
    return added;
}

QemuNic *qemu_record_add_nic(QemuRecord *record, const HvNic *nic)
{
    QemuNic *added = g_new0(QemuNic, 1);
    added->id = g_strdup(nic->id);
    added->position = nic->position;
    added->mac = g_ascii_strdown(nic->mac, -1);
    g_ptr_array_add(record->nics, added);
    return added;
}

QemuNic *qemu_record_find_nic(const QemuRecord *record, const char *id)
{
    for (unsigned i = 0; i < record->nics->len; i++) {
        QemuNic *nic = g_ptr_array_index(record->nics, i);
        if (g_str_equal(nic->id, id)) {
            return nic;
        }
    }
    return NULL;
}

QemuNic *qemu_record_nic_at(const QemuRecord *record, unsigned position)
{
    for (unsigned i = 0; i < record->nics->len; i++) {
        QemuNic *nic = g_ptr_array_index(record->nics, i);
        if (nic->position == position) {
            return nic;
        }
    }
    return NULL;
}

void qemu_record_remove_nic(QemuRecord *record, const char *id)
{
    QemuNic *nic = qemu_record_find_nic(record, id);
    if (nic) {
        g_ptr_array_remove(record->nics, nic);
    }
}

char *qemu_record_to_text(const QemuRecord *record)
{
    g_autoptr(Value) value = value_new_struct(14);
    char uuid[UUID_TEXT_SIZE];
    value_struct_add_static(value, "version", value_new_int(QEMU_RECORD_VERSION));
    value_struct_add_static(value, "uuid", value_new_string(uuid_format(record->uuid, uuid)));
    value_struct_add_static(value, "pid", value_new_int(record->pid));
    value_struct_add_static(value, "start_ticks", value_new_int((int64_t)record->start_ticks));
    value_struct_add_static(value, "start_ticket", value_new_int((int64_t)record->start_ticket));
    value_struct_add_static(value, "vcpus", value_new_int(record->vcpus));
    value_struct_add_static(value, "vcpus_max", value_new_int(record->vcpus_max));
    value_struct_add_static(value, "memory_bytes", value_new_int((int64_t)record->memory_bytes));
    value_struct_add_static(value, "memory_max_bytes",
                            value_new_int((int64_t)record->memory_max_bytes));
    value_struct_add_static(value, "next_fdset", value_new_int(record->next_fdset));
    if (record->frozen) {
        value_struct_add_static(value, "frozen", value_new_bool(true));
    }
    if (record->passage != HV_PASSAGE_NONE) {
        value_struct_add_static(value, "passage", value_new_int(record->passage));
    }
    value_struct_add_static(value, "disks", qemu_record_disks_to_value(record));
    value_struct_add_static(value, "nics", qemu_record_nics_to_value(record));
    GString *text = g_string_new(NULL);
    json_append(text, value);
    g_string_append_c(text, '\n');
    return g_string_free(text, FALSE);
}

QemuRecord *qemu_record_parse(const char *text, size_t length, Err **err)
{
    g_autoptr(Value) value = json_parse(text, length, err);
    if (!value) {
        return NULL;
    }
    QemuRecord *record = qemu_record_from_value(value);
    if (!record) {
        err_internal(err, "the record of a domain is not complete");
    }
    return record;
}

bool qemu_record_write(const char *text, const char *dir, Err **err)
{
    g_autofree char *path = g_build_filename(dir, QEMU_RECORD_FILE, NULL);
    return fd_write_file(path, text, strlen(text), 0600, err);
}

QemuRecord *qemu_record_load(const char *dir, Err **err)
{
    g_autofree char *path = g_build_filename(dir, QEMU_RECORD_FILE, NULL);
    size_t length;
    g_autofree char *text = fd_read_file(path, QEMU_RECORD_MAX_SIZE, &length, err);
    return text ? qemu_record_parse(text, length, err) : NULL;
}

static void qemu_record_disk_free(BlockDisk *disk)
{
    block_disk_clear(disk);
    g_free(disk);
}

static void qemu_record_nic_free(QemuNic *nic)
{
    if (!nic) {
        return;
    }
    g_free(nic->id);
    g_free(nic->mac);
    g_free(nic);
}

static Value *qemu_record_disks_to_value(const QemuRecord *record)
{
    Value *disks = value_new_array(record->disks->len);
    for (unsigned i = 0; i < record->disks->len; i++) {
        value_array_add(disks, block_disk_to_value(g_ptr_array_index(record->disks, i)));
    }
    return disks;
}

static Value *qemu_record_nics_to_value(const QemuRecord *record)
{
    Value *nics = value_new_array(record->nics->len);
    for (unsigned i = 0; i < record->nics->len; i++) {
        const QemuNic *nic = g_ptr_array_index(record->nics, i);
        Value *entry = value_new_struct(3);
        value_struct_add_static(entry, "id", value_new_string(nic->id));
        value_struct_add_static(entry, "position", value_new_int(nic->position));
        value_struct_add_static(entry, "mac", value_new_string(nic->mac));
        value_array_add(nics, entry);
    }
    return nics;
}

static QemuRecord *qemu_record_from_value(const Value *value)
{
    Uuid uuid;
    const char *text = value_get_string(value, "uuid");
    int64_t version, pid, ticks, ticket, memory, memory_max, fdset;
    unsigned vcpus, vcpus_max;
    if (!text || !uuid_parse(text, &uuid) || !qemu_record_get_int(value, "version", &version) ||
        version != QEMU_RECORD_VERSION || !qemu_record_get_int(value, "pid", &pid) || pid < 0 ||
        pid > INT32_MAX || !qemu_record_get_int(value, "start_ticks", &ticks) ||
        !qemu_record_get_int(value, "start_ticket", &ticket) ||
        !qemu_record_get_unsigned(value, "vcpus", &vcpus) ||
        !qemu_record_get_unsigned(value, "vcpus_max", &vcpus_max) ||
        !qemu_record_get_int(value, "memory_bytes", &memory) ||
        !qemu_record_get_int(value, "memory_max_bytes", &memory_max) ||
        !qemu_record_get_int(value, "next_fdset", &fdset)) {
        return NULL;
    }
    g_autoptr(QemuRecord) record = qemu_record_new(uuid);
    record->pid = (pid_t)pid;
    record->start_ticks = (uint64_t)ticks;
    record->start_ticket = (uint64_t)ticket;
    record->vcpus = vcpus;
    record->vcpus_max = vcpus_max;
    record->memory_bytes = (uint64_t)memory;
    record->memory_max_bytes = (uint64_t)memory_max;
    record->next_fdset = fdset;
    record->frozen = value_get(value, "frozen") != NULL;
    if (value_get(value, "passage") && !qemu_record_read_passage(record, value)) {
        return NULL;
    }
    if (!qemu_record_read_disks(record, value_get(value, "disks")) ||
        !qemu_record_read_nics(record, value_get(value, "nics"))) {
        return NULL;
    }
    return g_steal_pointer(&record);
}

static bool qemu_record_read_passage(QemuRecord *record, const Value *value)
{
    int64_t passage;
    if (!qemu_record_get_int(value, "passage", &passage) || passage < HV_PASSAGE_NONE ||
        passage > HV_PASSAGE_COMING) {
        return false;
    }
    record->passage = (HvPassageState)passage;
    return true;
}

static bool qemu_record_read_disks(QemuRecord *record, const Value *value)
{
    if (!value || value_kind(value) != VALUE_ARRAY) {
        return false;
    }
    for (unsigned i = 0; i < value_count(value); i++) {
        BlockDisk *disk = g_new0(BlockDisk, 1);
        g_ptr_array_add(record->disks, disk);
        if (!block_disk_read(value_at(value, i), disk)) {
            return false;
        }
    }
    return true;
}

static bool qemu_record_read_nics(QemuRecord *record, const Value *value)
{
    if (!value || value_kind(value) != VALUE_ARRAY) {
        return false;
    }
    for (unsigned i = 0; i < value_count(value); i++) {
        const Value *entry = value_at(value, i);
        g_autoptr(QemuNic) nic = g_new0(QemuNic, 1);
        nic->id = g_strdup(value_get_string(entry, "id"));
        nic->mac = g_strdup(value_get_string(entry, "mac"));
        if (!nic->id || !nic->mac || !qemu_record_get_unsigned(entry, "position", &nic->position)) {
            return false;
        }
        g_ptr_array_add(record->nics, g_steal_pointer(&nic));
    }
    return true;
}

static bool qemu_record_get_int(const Value *value, const char *name, int64_t *ret)
{
    const Value *member = value_get(value, name);
    if (!member || value_kind(member) != VALUE_INT) {
        return false;
    }
    *ret = value_int(member);
    return true;
}

static bool qemu_record_get_unsigned(const Value *value, const char *name, unsigned *ret)
{
    int64_t number;
    if (!qemu_record_get_int(value, name, &number) || number < 0 || number > UINT32_MAX) {
        return false;
    }
    *ret = (unsigned)number;
    return true;
}
