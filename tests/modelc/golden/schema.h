/* Numbers of classes and fields, and the schema the database works by.
 * Generated from the model; do not edit. */
#pragma once

#include "db/schema.h"

typedef enum ClassId {
    CLASS_LAMP,
    CLASS_LIGHT_SAMPLE,
    CLASS_ROOM,
    CLASS_SWITCH,
    CLASS_COUNT,
} ClassId;

extern const DbSchema model_schema;

enum {
    LAMP_FIELD_UUID,
    LAMP_FIELD_NAME_LABEL,
    LAMP_FIELD_ALLOWED_OPERATIONS,
    LAMP_FIELD_STATE,
    LAMP_FIELD_WATTS,
    LAMP_FIELD_PRICE,
    LAMP_FIELD_BOUGHT,
    LAMP_FIELD_IS_RED,
    LAMP_FIELD_ROOM,
    LAMP_FIELD_TAGS,
    LAMP_FIELD_SWITCHES,
    LAMP_FIELD_OTHER_CONFIG,
    LAMP_FIELD_HOURS,
    LAMP_FIELD_PIN,
    LAMP_FIELD_FUSE,
    LAMP_FIELD_GAS,
    LAMP_FIELD_COUNT,
};

enum {
    LIGHT_SAMPLE_FIELD_LUX,
    LIGHT_SAMPLE_FIELD_COUNT,
};

enum {
    ROOM_FIELD_UUID,
    ROOM_FIELD_NAME_LABEL,
    ROOM_FIELD_LAMPS,
    ROOM_FIELD_COUNT,
};

enum {
    SWITCH_FIELD_LAMPS,
    SWITCH_FIELD_COUNT,
};

extern const TypeInfo type_void;
extern const TypeInfo type_lamp_ref;
extern const TypeInfo type_string;
extern const TypeInfo type_enum_lamp_operations;
extern const TypeInfo type_enum_lamp_operations_set;
extern const TypeInfo type_enum_lamp_state;
extern const TypeInfo type_int;
extern const TypeInfo type_float;
extern const TypeInfo type_datetime;
extern const TypeInfo type_bool;
extern const TypeInfo type_room_ref;
extern const TypeInfo type_string_set;
extern const TypeInfo type_switch_ref;
extern const TypeInfo type_switch_ref_set;
extern const TypeInfo type_map_string_string;
extern const TypeInfo type_map_int_float;
extern const TypeInfo type_string_option;
extern const TypeInfo type_lamp_ref_set;
extern const TypeInfo type_lamp_record;
extern const TypeInfo type_map_lamp_ref_lamp_record;
extern const TypeInfo type_any;
extern const TypeInfo type_light_sample_record;
extern const TypeInfo type_light_sample_record_set;
extern const TypeInfo type_room_record;
