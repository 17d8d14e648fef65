/* A small schema with every kind of relation, and short hands, for the tests of src/db. */
#pragma once

#include "db/store.h"

enum { CLASS_VM, CLASS_VBD, CLASS_VDI, CLASS_GROUP, CLASS_SESSION, CLASS_COUNT };

enum {
    VM_UUID,
    VM_NAME,
    VM_MEMORY,
    VM_CONFIG,
    VM_TAGS,
    VM_POWER,
    VM_VBDS,        /* derived from VBD_VM */
    VM_SNAPSHOT_OF, /* the same class on both sides */
    VM_SNAPSHOTS,
    VM_GROUPS, /* many-to-many with GROUP_VMS */
    VM_PROGRESS,
    VM_PASSWORD,
    VM_HIDDEN,
    VM_GONE,
    VM_LIMIT,
    VM_STARTED,
    VM_FIELD_COUNT,
};
enum { VBD_UUID, VBD_VM, VBD_VDI, VBD_DEVICE, VBD_FIELD_COUNT };
enum { VDI_UUID, VDI_VBDS, VDI_FIELD_COUNT };
enum { GROUP_UUID, GROUP_VMS, GROUP_FIELD_COUNT };
enum { SESSION_UUID, SESSION_USER, SESSION_FIELD_COUNT };

#define NO_RELATION .relation_class = DB_NO_RELATION

static const char *const power_literals[] = {"Halted", "Running", NULL};
static const TypeInfo type_string = {.kind = TYPE_STRING, .name = "string"};
static const TypeInfo type_int = {.kind = TYPE_INT, .name = "int"};
static const TypeInfo type_float = {.kind = TYPE_FLOAT, .name = "float"};
static const TypeInfo type_datetime = {.kind = TYPE_DATETIME, .name = "datetime"};
static const TypeInfo type_power = {
    .kind = TYPE_ENUM, .literals = power_literals, .name = "power_state"};
static const TypeInfo type_vm_ref = {.kind = TYPE_REF, .class_id = CLASS_VM, .name = "VM ref"};
static const TypeInfo type_vbd_ref = {.kind = TYPE_REF, .class_id = CLASS_VBD, .name = "VBD ref"};
static const TypeInfo type_vdi_ref = {.kind = TYPE_REF, .class_id = CLASS_VDI, .name = "VDI ref"};
static const TypeInfo type_group_ref = {
    .kind = TYPE_REF, .class_id = CLASS_GROUP, .name = "VM_group ref"};
static const TypeInfo type_vm_set = {.kind = TYPE_SET, .item = &type_vm_ref, .name = "VM ref set"};
static const TypeInfo type_vbd_set = {
    .kind = TYPE_SET, .item = &type_vbd_ref, .name = "VBD ref set"};
static const TypeInfo type_group_set = {
    .kind = TYPE_SET, .item = &type_group_ref, .name = "VM_group ref set"};
static const TypeInfo type_string_set = {
    .kind = TYPE_SET, .item = &type_string, .name = "string set"};
static const TypeInfo type_string_map = {
    .kind = TYPE_MAP, .key = &type_string, .item = &type_string, .name = "(string -> string) map"};
static const TypeInfo type_int_option = {
    .kind = TYPE_OPTION, .item = &type_int, .name = "int option"};

static const DbField vm_fields[VM_FIELD_COUNT] = {
    [VM_UUID] = {.name = "uuid", .type = &type_string, NO_RELATION},
    [VM_NAME] = {.name = "name_label", .type = &type_string, NO_RELATION},
    [VM_MEMORY] = {.name = "memory", .type = &type_int, .default_json = "1024", NO_RELATION},
    [VM_CONFIG] = {.name = "other_config", .type = &type_string_map, NO_RELATION},
    [VM_TAGS] = {.name = "tags", .type = &type_string_set, NO_RELATION},
    [VM_POWER] = {.name = "power_state",
                  .type = &type_power,
                  .flags = DB_FIELD_SPARSE,
                  NO_RELATION},
    [VM_VBDS] = {.name = "VBDs",
                 .type = &type_vbd_set,
                 .relation_class = CLASS_VBD,
                 .relation_field = VBD_VM},
    [VM_SNAPSHOT_OF] = {.name = "snapshot_of", .type = &type_vm_ref, NO_RELATION},
    [VM_SNAPSHOTS] = {.name = "snapshots",
                      .type = &type_vm_set,
                      .relation_class = CLASS_VM,
                      .relation_field = VM_SNAPSHOT_OF},
    [VM_GROUPS] = {.name = "groups",
                   .type = &type_group_set,
                   .relation_class = CLASS_GROUP,
                   .relation_field = GROUP_VMS},
    [VM_PROGRESS] = {.name = "progress",
                     .type = &type_float,
                     .flags = DB_FIELD_VOLATILE,
                     .default_json = "0.5",
                     NO_RELATION},
    [VM_PASSWORD] = {.name = "password",
                     .type = &type_string,
                     .flags = DB_FIELD_SECRET,
                     NO_RELATION},
    [VM_HIDDEN] = {.name = "hidden", .type = &type_string, .flags = DB_FIELD_INTERNAL, NO_RELATION},
    [VM_GONE] = {.name = "gone", .type = &type_string, .flags = DB_FIELD_REMOVED, NO_RELATION},
    [VM_LIMIT] = {.name = "limit", .type = &type_int_option, NO_RELATION},
    [VM_STARTED] = {.name = "started", .type = &type_datetime, NO_RELATION},
};
static const DbField vbd_fields[VBD_FIELD_COUNT] = {
    [VBD_UUID] = {.name = "uuid", .type = &type_string, NO_RELATION},
    [VBD_VM] = {.name = "VM", .type = &type_vm_ref, NO_RELATION},
    [VBD_VDI] = {.name = "VDI", .type = &type_vdi_ref, NO_RELATION},
    [VBD_DEVICE] = {.name = "device", .type = &type_string, NO_RELATION},
};
static const DbField vdi_fields[VDI_FIELD_COUNT] = {
    [VDI_UUID] = {.name = "uuid", .type = &type_string, NO_RELATION},
    [VDI_VBDS] = {.name = "VBDs",
                  .type = &type_vbd_set,
                  .relation_class = CLASS_VBD,
                  .relation_field = VBD_VDI},
};
static const DbField group_fields[GROUP_FIELD_COUNT] = {
    [GROUP_UUID] = {.name = "uuid", .type = &type_string, NO_RELATION},
    [GROUP_VMS] = {.name = "VMs",
                   .type = &type_vm_set,
                   .relation_class = CLASS_VM,
                   .relation_field = VM_GROUPS},
};
static const DbField session_fields[SESSION_FIELD_COUNT] = {
    [SESSION_UUID] = {.name = "uuid", .type = &type_string, NO_RELATION},
    [SESSION_USER] = {.name = "user", .type = &type_string, NO_RELATION},
};

#define STORED_CLASS (DB_CLASS_PERSISTENT | DB_CLASS_EVENTS)
#define TEST_CLASS(class_name, class_flags, table)                                                 \
    {                                                                                              \
        .name = (class_name), .event_name = (class_name), .flags = (class_flags),                  \
        .fields = (table), .field_count = G_N_ELEMENTS(table), .uuid_field = 0,                    \
        .name_label_field = -1                                                                     \
    }

static const DbClass test_classes[CLASS_COUNT] = {
    [CLASS_VM] = TEST_CLASS("VM", STORED_CLASS, vm_fields),
    [CLASS_VBD] = TEST_CLASS("VBD", STORED_CLASS, vbd_fields),
    [CLASS_VDI] = TEST_CLASS("VDI", STORED_CLASS, vdi_fields),
    [CLASS_GROUP] = TEST_CLASS("VM_group", STORED_CLASS, group_fields),
    [CLASS_SESSION] = TEST_CLASS("session", 0, session_fields),
};
static const DbSchema test_schema = {.classes = test_classes, .class_count = CLASS_COUNT};

/* Refs that are easy to tell apart: the number stands in the last bytes. */
static inline Uuid test_ref(unsigned number)
{
    Uuid ref = {{0}};
    memcpy(&ref.bytes[sizeof ref.bytes - sizeof number], &number, sizeof number);
    return ref;
}

static inline Db *test_open_none(void)
{
    DbBackend backend = db_backend_none();
    Db *db = db_open(&test_schema, &backend, NULL);
    g_assert_nonnull(db);
    return db;
}

static inline void test_commit(DbTxn *txn)
{
    g_autoptr(Err) err = NULL;
    bool is_committed = db_commit(txn, &err);
    g_assert_null(err);
    g_assert_true(is_committed);
}

static inline bool test_lists(const Value *set, Uuid ref)
{
    for (unsigned i = 0; i < value_count(set); i++) {
        if (uuid_equal(value_uuid(value_at(set, i)), ref)) {
            return true;
        }
    }
    return false;
}

/* A folder that is removed with what is in it by test_folder_remove(). (owned) */
static inline char *test_folder_make(void)
{
    char *folder = g_dir_make_tmp("clearwater-store-XXXXXX", NULL);
    g_assert_nonnull(folder);
    return folder;
}

static inline void test_folder_remove(const char *folder)
{
    GDir *dir = g_dir_open(folder, 0, NULL);
    const char *name;
    while ((name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        g_assert_cmpint(remove(path), ==, 0);
    }
    g_dir_close(dir);
    g_assert_cmpint(remove(folder), ==, 0);
}
