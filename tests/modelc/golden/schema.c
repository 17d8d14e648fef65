/* The schema of the database: every class, field and type of the model.
 * Generated from the model; do not edit. */
#include "gen/schema.h"

#include "gen/types.h"

const TypeInfo type_void = {TYPE_VOID, .name = "void"};
const TypeInfo type_lamp_ref = {TYPE_REF, .class_id = CLASS_LAMP, .name = "Lamp ref"};
const TypeInfo type_string = {TYPE_STRING, .name = "string"};
const TypeInfo type_enum_lamp_operations = {TYPE_ENUM, .literals = lamp_operations_names, .name = "enum lamp_operations"};
const TypeInfo type_enum_lamp_operations_set = {TYPE_SET, .item = &type_enum_lamp_operations, .name = "enum lamp_operations set"};
const TypeInfo type_enum_lamp_state = {TYPE_ENUM, .literals = lamp_state_names, .name = "enum lamp_state"};
const TypeInfo type_int = {TYPE_INT, .name = "int"};
const TypeInfo type_float = {TYPE_FLOAT, .name = "float"};
const TypeInfo type_datetime = {TYPE_DATETIME, .name = "datetime"};
const TypeInfo type_bool = {TYPE_BOOL, .name = "bool"};
const TypeInfo type_room_ref = {TYPE_REF, .class_id = CLASS_ROOM, .name = "Room ref"};
const TypeInfo type_string_set = {TYPE_SET, .item = &type_string, .name = "string set"};
const TypeInfo type_switch_ref = {TYPE_REF, .class_id = CLASS_SWITCH, .name = "Switch ref"};
const TypeInfo type_switch_ref_set = {TYPE_SET, .item = &type_switch_ref, .name = "Switch ref set"};
const TypeInfo type_map_string_string = {TYPE_MAP, .key = &type_string, .item = &type_string, .name = "(string -> string) map"};
const TypeInfo type_map_int_float = {TYPE_MAP, .key = &type_int, .item = &type_float, .name = "(int -> float) map"};
const TypeInfo type_string_option = {TYPE_OPTION, .item = &type_string, .name = "string option"};
const TypeInfo type_lamp_ref_set = {TYPE_SET, .item = &type_lamp_ref, .name = "Lamp ref set"};
const TypeInfo type_lamp_record = {TYPE_RECORD, .class_id = CLASS_LAMP, .name = "Lamp record"};
const TypeInfo type_map_lamp_ref_lamp_record = {TYPE_MAP, .key = &type_lamp_ref, .item = &type_lamp_record, .name = "(Lamp ref -> Lamp record) map"};
const TypeInfo type_any = {TYPE_ANY, .name = "any"};
const TypeInfo type_light_sample_record = {TYPE_RECORD, .class_id = CLASS_LIGHT_SAMPLE, .name = "light_sample record"};
const TypeInfo type_light_sample_record_set = {TYPE_SET, .item = &type_light_sample_record, .name = "light_sample record set"};
const TypeInfo type_room_record = {TYPE_RECORD, .class_id = CLASS_ROOM, .name = "Room record"};

static const DbField lamp_fields[] = {
    {"uuid", &type_string, 0,
     NULL, DB_NO_RELATION, DB_NO_RELATION},
    {"name_label", &type_string, DB_FIELD_WRITABLE | DB_FIELD_CONSTRUCTOR | DB_FIELD_HAS_DEFAULT,
     "\"\"", DB_NO_RELATION, DB_NO_RELATION},
    {"allowed_operations", &type_enum_lamp_operations_set, DB_FIELD_VOLATILE | DB_FIELD_HAS_DEFAULT,
     "[]", DB_NO_RELATION, DB_NO_RELATION},
    {"state", &type_enum_lamp_state, DB_FIELD_HAS_DEFAULT,
     "\"very-bright\"", DB_NO_RELATION, DB_NO_RELATION},
    {"watts", &type_int, DB_FIELD_SPARSE | DB_FIELD_CONSTRUCTOR | DB_FIELD_HAS_DEFAULT,
     "60", DB_NO_RELATION, DB_NO_RELATION},
    {"price", &type_float, DB_FIELD_CONSTRUCTOR | DB_FIELD_HAS_DEFAULT,
     "1.5", DB_NO_RELATION, DB_NO_RELATION},
    {"bought", &type_datetime, DB_FIELD_CONSTRUCTOR | DB_FIELD_HAS_DEFAULT,
     "\"19700101T00:00:00Z\"", DB_NO_RELATION, DB_NO_RELATION},
    {"is_red", &type_bool, DB_FIELD_CONSTRUCTOR | DB_FIELD_HAS_DEFAULT,
     "true", DB_NO_RELATION, DB_NO_RELATION},
    {"room", &type_room_ref, DB_FIELD_CONSTRUCTOR | DB_FIELD_HAS_DEFAULT,
     "\"OpaqueRef:NULL\"", DB_NO_RELATION, DB_NO_RELATION},
    {"tags", &type_string_set, DB_FIELD_WRITABLE | DB_FIELD_CONSTRUCTOR | DB_FIELD_HAS_DEFAULT,
     "[\"new\"]", DB_NO_RELATION, DB_NO_RELATION},
    {"switches", &type_switch_ref_set, DB_FIELD_HAS_DEFAULT,
     "[]", CLASS_SWITCH, SWITCH_FIELD_LAMPS},
    {"other_config", &type_map_string_string, DB_FIELD_WRITABLE | DB_FIELD_CONSTRUCTOR | DB_FIELD_HAS_DEFAULT,
     "{\"colour\": \"red\", \"size\": \"big\"}", DB_NO_RELATION, DB_NO_RELATION},
    {"hours", &type_map_int_float, DB_FIELD_HAS_DEFAULT,
     "{}", DB_NO_RELATION, DB_NO_RELATION},
    {"pin", &type_string, DB_FIELD_SECRET | DB_FIELD_INTERNAL,
     NULL, DB_NO_RELATION, DB_NO_RELATION},
    {"fuse", &type_string_option, 0,
     NULL, DB_NO_RELATION, DB_NO_RELATION},
    {"gas", &type_int, DB_FIELD_HAS_DEFAULT | DB_FIELD_REMOVED,
     "0", DB_NO_RELATION, DB_NO_RELATION},
};

static const DbField light_sample_fields[] = {
    {"lux", &type_float, 0,
     NULL, DB_NO_RELATION, DB_NO_RELATION},
};

static const DbField room_fields[] = {
    {"uuid", &type_string, 0,
     NULL, DB_NO_RELATION, DB_NO_RELATION},
    {"name_label", &type_string, DB_FIELD_CONSTRUCTOR,
     NULL, DB_NO_RELATION, DB_NO_RELATION},
    {"lamps", &type_lamp_ref_set, 0,
     NULL, CLASS_LAMP, LAMP_FIELD_ROOM},
};

static const DbField switch_fields[] = {
    {"lamps", &type_lamp_ref_set, DB_FIELD_CONSTRUCTOR,
     NULL, CLASS_LAMP, LAMP_FIELD_SWITCHES},
};

static const DbClass classes[CLASS_COUNT] = {
    [CLASS_LAMP] = {"Lamp", "lamp", DB_CLASS_PERSISTENT | DB_CLASS_EVENTS,
     lamp_fields, G_N_ELEMENTS(lamp_fields), 0, 1},
    [CLASS_LIGHT_SAMPLE] = {"light_sample", "light_sample", 0,
     light_sample_fields, G_N_ELEMENTS(light_sample_fields), -1, -1},
    [CLASS_ROOM] = {"Room", "room", 0,
     room_fields, G_N_ELEMENTS(room_fields), 0, 1},
    [CLASS_SWITCH] = {"Switch", "switch", 0,
     switch_fields, G_N_ELEMENTS(switch_fields), -1, -1},
};

const DbSchema model_schema = {classes, CLASS_COUNT};
