/* Every method a client can call, the way to its code, and how to find it.
 * Generated from the model; do not edit. */
#include "core/method.h"
#include "gen/ops_lamp.h"
#include "gen/ops_light_sample.h"
#include "gen/ops_room.h"
#include "gen/ops_switch.h"
#include "gen/schema.h"

enum {
    ROLES_NONE =
        0,
    ROLES_POOL_OPERATOR =
        1 << ROLE_POOL_ADMIN |
        1 << ROLE_POOL_OPERATOR,
    ROLES_POOL_ADMIN_AND_POOL_OPERATOR_AND_CLIENT_CERT =
        1 << ROLE_POOL_ADMIN |
        1 << ROLE_POOL_OPERATOR |
        1 << ROLE_CLIENT_CERT,
    ROLES_VM_ADMIN =
        1 << ROLE_POOL_ADMIN |
        1 << ROLE_POOL_OPERATOR |
        1 << ROLE_VM_POWER_ADMIN |
        1 << ROLE_VM_ADMIN,
    ROLES_VM_OPERATOR =
        1 << ROLE_POOL_ADMIN |
        1 << ROLE_POOL_OPERATOR |
        1 << ROLE_VM_POWER_ADMIN |
        1 << ROLE_VM_ADMIN |
        1 << ROLE_VM_OPERATOR,
    ROLES_READ_ONLY =
        1 << ROLE_POOL_ADMIN |
        1 << ROLE_POOL_OPERATOR |
        1 << ROLE_VM_POWER_ADMIN |
        1 << ROLE_VM_ADMIN |
        1 << ROLE_VM_OPERATOR |
        1 << ROLE_CLIENT_CERT |
        1 << ROLE_READ_ONLY,
};

static const MethodParam lamp_get_record_params[] = {
    {"self", &type_lamp_ref, true, NULL},
};
static const MethodParam lamp_get_by_uuid_params[] = {
    {"uuid", &type_string, true, NULL},
};
static const MethodParam lamp_get_by_name_label_params[] = {
    {"label", &type_string, true, NULL},
};
static const MethodParam lamp_get_all_where_params[] = {
    {"expr", &type_string, true, NULL},
};
static const MethodParam lamp_set_name_label_params[] = {
    {"self", &type_lamp_ref, true, NULL},
    {"value", &type_string, true, NULL},
};
static const MethodParam lamp_set_tags_params[] = {
    {"self", &type_lamp_ref, true, NULL},
    {"value", &type_string_set, true, NULL},
};
static const MethodParam lamp_set_other_config_params[] = {
    {"self", &type_lamp_ref, true, NULL},
    {"value", &type_map_string_string, true, NULL},
};
static const MethodParam lamp_add_to_other_config_params[] = {
    {"self", &type_lamp_ref, true, NULL},
    {"key", &type_string, true, NULL},
    {"value", &type_string, true, NULL},
};
static const MethodParam lamp_remove_from_other_config_params[] = {
    {"self", &type_lamp_ref, true, NULL},
    {"key", &type_string, true, NULL},
};
static const MethodParam lamp_create_params[] = {
    {"args", &type_lamp_record, true, NULL},
};
static const MethodParam lamp_switch_on_params[] = {
    {"lamp", &type_lamp_ref, true, NULL},
    {"brightness", &type_int, true, NULL},
    {"force", &type_bool, false, "false"},
    {"state", &type_enum_lamp_state, false, "\"very-bright\""},
};
static const MethodParam lamp_describe_params[] = {
    {"self", &type_lamp_ref, true, NULL},
    {"since", &type_datetime, true, NULL},
    {"weight", &type_float, true, NULL},
    {"names", &type_string_set, true, NULL},
};
static const MethodParam lamp_find_params[] = {
    {"code", &type_string, true, NULL},
};
static const MethodParam lamp_move_params[] = {
    {"self", &type_lamp_ref, true, NULL},
    {"room", &type_room_ref, true, NULL, true},
};
static const MethodParam lamp_set_watts_params[] = {
    {"self", &type_lamp_ref, true, NULL},
    {"value", &type_int, true, NULL},
};
static const MethodParam light_sample_last_params[] = {
    {"lamp", &type_lamp_ref, false, "\"OpaqueRef:NULL\"", true},
};
static const MethodParam room_get_record_params[] = {
    {"self", &type_room_ref, true, NULL},
};

static const MethodOperation lamp_destroy_operations[] = {
    {CLASS_LAMP, 0, "throw"},
};
static const MethodOperation lamp_switch_on_operations[] = {
    {CLASS_LAMP, 0, "switch_on"},
};
static const MethodOperation lamp_set_watts_operations[] = {
    {CLASS_LAMP, 0, "clean"},
};

static bool invoke_lamp_create(
    Call *call, Value *const *args, Value **ret_result, Err **err)
{
    const LampCreateArgs unpacked = {
        .record = args[0],
    };
    LampRef result;
    if (!lamp_create(call, &unpacked, &result, err)) {
        return false;
    }
    *ret_result = value_new_ref(result.id);
    return true;
}

static bool invoke_lamp_switch_on(
    Call *call, Value *const *args, Value **ret_result, Err **err)
{
    const LampSwitchOnArgs unpacked = {
        .lamp = (LampRef){value_uuid(args[0])},
        .brightness = value_int(args[1]),
        .force = value_bool(args[2]),
        .state = lamp_state_from_value(args[3]),
    };
    if (!lamp_switch_on(call, &unpacked, err)) {
        return false;
    }
    *ret_result = value_new_void();
    return true;
}

static bool invoke_lamp_tell(
    Call *call, Value *const *args, Value **ret_result, Err **err)
{
    const LampDescribeArgs unpacked = {
        .self = (LampRef){value_uuid(args[0])},
        .since = value_datetime(args[1]),
        .weight = value_float(args[2]),
        .names = args[3],
    };
    g_autofree char *result = NULL;
    if (!lamp_tell(call, &unpacked, &result, err)) {
        return false;
    }
    *ret_result = value_new_string(result);
    return true;
}

static bool invoke_lamp_find(
    Call *call, Value *const *args, Value **ret_result, Err **err)
{
    const LampFindArgs unpacked = {
        .code = value_string(args[0]),
    };
    Value *result = NULL;
    if (!lamp_find(call, &unpacked, &result, err)) {
        return false;
    }
    *ret_result = result;
    return true;
}

static bool invoke_lamp_move(
    Call *call, Value *const *args, Value **ret_result, Err **err)
{
    const LampMoveArgs unpacked = {
        .self = (LampRef){value_uuid(args[0])},
        .room = (RoomRef){value_uuid(args[1])},
    };
    RoomRef result;
    if (!lamp_move(call, &unpacked, &result, err)) {
        return false;
    }
    *ret_result = value_new_ref(result.id);
    return true;
}

static bool invoke_lamp_look(
    Call *call, Value *const *args G_GNUC_UNUSED, Value **ret_result, Err **err)
{
    LampState result;
    if (!lamp_look(call, &result, err)) {
        return false;
    }
    *ret_result = value_new_string(lamp_state_to_string(result));
    return true;
}

static bool invoke_light_sample_last(
    Call *call, Value *const *args, Value **ret_result, Err **err)
{
    const LightSampleLastArgs unpacked = {
        .lamp = (LampRef){value_uuid(args[0])},
    };
    Value *result = NULL;
    if (!light_sample_last(call, &unpacked, &result, err)) {
        return false;
    }
    *ret_result = result;
    return true;
}

static bool run_lamp_change_name_label(
    Call *call, Uuid self, const Value *new_value, Err **err)
{
    return lamp_change_name_label(call, (LampRef){self}, new_value, err);
}

static bool run_lamp_change_watts(
    Call *call, Uuid self, const Value *new_value, Err **err)
{
    return lamp_change_watts(call, (LampRef){self}, new_value, err);
}

const MethodInfo method_table[] = {
    {.name = "Lamp.get_record",
     .kind = METHOD_GET_RECORD,
     .flags = METHOD_IN_6_2,
     .class_id = CLASS_LAMP,
     .roles = ROLES_READ_ONLY,
     .param_count = 1,
     .required_count = 1,
     .params = lamp_get_record_params,
     .result = &type_lamp_record,
    },
    {.name = "Lamp.get_by_uuid",
     .kind = METHOD_GET_BY_UUID,
     .flags = METHOD_IN_6_2,
     .class_id = CLASS_LAMP,
     .roles = ROLES_READ_ONLY,
     .param_count = 1,
     .required_count = 1,
     .params = lamp_get_by_uuid_params,
     .result = &type_lamp_ref,
    },
    {.name = "Lamp.get_by_name_label",
     .kind = METHOD_GET_BY_NAME_LABEL,
     .flags = METHOD_IN_6_2,
     .class_id = CLASS_LAMP,
     .roles = ROLES_READ_ONLY,
     .param_count = 1,
     .required_count = 1,
     .params = lamp_get_by_name_label_params,
     .result = &type_lamp_ref_set,
    },
    {.name = "Lamp.get_all",
     .kind = METHOD_GET_ALL,
     .flags = METHOD_IN_6_2,
     .class_id = CLASS_LAMP,
     .roles = ROLES_READ_ONLY,
     .param_count = 0,
     .required_count = 0,
     .params = NULL,
     .result = &type_lamp_ref_set,
    },
    {.name = "Lamp.get_all_where",
     .kind = METHOD_GET_ALL_WHERE,
     .flags = METHOD_HIDDEN | METHOD_IN_6_2,
     .class_id = CLASS_LAMP,
     .roles = ROLES_READ_ONLY,
     .param_count = 1,
     .required_count = 1,
     .params = lamp_get_all_where_params,
     .result = &type_lamp_ref_set,
    },
    {.name = "Lamp.get_all_records",
     .kind = METHOD_GET_ALL_RECORDS,
     .flags = METHOD_IN_6_2,
     .class_id = CLASS_LAMP,
     .roles = ROLES_READ_ONLY,
     .param_count = 0,
     .required_count = 0,
     .params = NULL,
     .result = &type_map_lamp_ref_lamp_record,
    },
    {.name = "Lamp.get_all_records_where",
     .kind = METHOD_GET_ALL_RECORDS_WHERE,
     .flags = METHOD_HIDDEN | METHOD_IN_6_2,
     .class_id = CLASS_LAMP,
     .roles = ROLES_READ_ONLY,
     .param_count = 1,
     .required_count = 1,
     .params = lamp_get_all_where_params,
     .result = &type_map_lamp_ref_lamp_record,
    },
    {.name = "Lamp.get_uuid",
     .kind = METHOD_GET_FIELD,
     .flags = METHOD_IN_6_2,
     .class_id = CLASS_LAMP,
     .field_id = LAMP_FIELD_UUID,
     .roles = ROLES_READ_ONLY,
     .param_count = 1,
     .required_count = 1,
     .params = lamp_get_record_params,
     .result = &type_string,
    },
    {.name = "Lamp.get_name_label",
     .kind = METHOD_GET_FIELD,
     .flags = METHOD_IN_6_2,
     .class_id = CLASS_LAMP,
     .field_id = LAMP_FIELD_NAME_LABEL,
     .roles = ROLES_READ_ONLY,
     .param_count = 1,
     .required_count = 1,
     .params = lamp_get_record_params,
     .result = &type_string,
    },
    {.name = "Lamp.set_name_label",
     .kind = METHOD_SET_FIELD,
     .flags = METHOD_IN_6_2,
     .class_id = CLASS_LAMP,
     .field_id = LAMP_FIELD_NAME_LABEL,
     .roles = ROLES_VM_ADMIN,
     .param_count = 2,
     .required_count = 2,
     .params = lamp_set_name_label_params,
     .result = &type_void,
     .on_change = run_lamp_change_name_label,
    },
    {.name = "Lamp.get_allowed_operations",
     .kind = METHOD_GET_FIELD,
     .flags = METHOD_IN_6_2,
     .class_id = CLASS_LAMP,
     .field_id = LAMP_FIELD_ALLOWED_OPERATIONS,
     .roles = ROLES_READ_ONLY,
     .param_count = 1,
     .required_count = 1,
     .params = lamp_get_record_params,
     .result = &type_enum_lamp_operations_set,
    },
    {.name = "Lamp.get_state",
     .kind = METHOD_GET_FIELD,
     .flags = METHOD_IN_6_2,
     .class_id = CLASS_LAMP,
     .field_id = LAMP_FIELD_STATE,
     .roles = ROLES_READ_ONLY,
     .param_count = 1,
     .required_count = 1,
     .params = lamp_get_record_params,
     .result = &type_enum_lamp_state,
    },
    {.name = "Lamp.get_watts",
     .kind = METHOD_GET_FIELD,
     .flags = METHOD_IN_6_2,
     .class_id = CLASS_LAMP,
     .field_id = LAMP_FIELD_WATTS,
     .roles = ROLES_READ_ONLY,
     .param_count = 1,
     .required_count = 1,
     .params = lamp_get_record_params,
     .result = &type_int,
    },
    {.name = "Lamp.get_price",
     .kind = METHOD_GET_FIELD,
     .flags = METHOD_IN_6_2,
     .class_id = CLASS_LAMP,
     .field_id = LAMP_FIELD_PRICE,
     .roles = ROLES_READ_ONLY,
     .param_count = 1,
     .required_count = 1,
     .params = lamp_get_record_params,
     .result = &type_float,
    },
    {.name = "Lamp.get_bought",
     .kind = METHOD_GET_FIELD,
     .flags = METHOD_IN_6_2,
     .class_id = CLASS_LAMP,
     .field_id = LAMP_FIELD_BOUGHT,
     .roles = ROLES_READ_ONLY,
     .param_count = 1,
     .required_count = 1,
     .params = lamp_get_record_params,
     .result = &type_datetime,
    },
    {.name = "Lamp.get_is_red",
     .kind = METHOD_GET_FIELD,
     .flags = METHOD_IN_6_2,
     .class_id = CLASS_LAMP,
     .field_id = LAMP_FIELD_IS_RED,
     .roles = ROLES_READ_ONLY,
     .param_count = 1,
     .required_count = 1,
     .params = lamp_get_record_params,
     .result = &type_bool,
    },
    {.name = "Lamp.get_room",
     .kind = METHOD_GET_FIELD,
     .flags = METHOD_IN_6_2,
     .class_id = CLASS_LAMP,
     .field_id = LAMP_FIELD_ROOM,
     .roles = ROLES_READ_ONLY,
     .param_count = 1,
     .required_count = 1,
     .params = lamp_get_record_params,
     .result = &type_room_ref,
    },
    {.name = "Lamp.get_tags",
     .kind = METHOD_GET_FIELD,
     .flags = METHOD_IN_6_2,
     .class_id = CLASS_LAMP,
     .field_id = LAMP_FIELD_TAGS,
     .roles = ROLES_READ_ONLY,
     .param_count = 1,
     .required_count = 1,
     .params = lamp_get_record_params,
     .result = &type_string_set,
    },
    {.name = "Lamp.set_tags",
     .kind = METHOD_SET_FIELD,
     .flags = METHOD_IN_6_2,
     .class_id = CLASS_LAMP,
     .field_id = LAMP_FIELD_TAGS,
     .roles = ROLES_VM_OPERATOR,
     .param_count = 2,
     .required_count = 2,
     .params = lamp_set_tags_params,
     .result = &type_void,
    },
    {.name = "Lamp.add_tags",
     .kind = METHOD_ADD_TO_SET,
     .flags = METHOD_IN_6_2,
     .class_id = CLASS_LAMP,
     .field_id = LAMP_FIELD_TAGS,
     .roles = ROLES_VM_OPERATOR,
     .param_count = 2,
     .required_count = 2,
     .params = lamp_set_name_label_params,
     .result = &type_void,
    },
    {.name = "Lamp.remove_tags",
     .kind = METHOD_REMOVE_FROM_SET,
     .flags = METHOD_IN_6_2,
     .class_id = CLASS_LAMP,
     .field_id = LAMP_FIELD_TAGS,
     .roles = ROLES_VM_OPERATOR,
     .param_count = 2,
     .required_count = 2,
     .params = lamp_set_name_label_params,
     .result = &type_void,
    },
    {.name = "Lamp.get_switches",
     .kind = METHOD_GET_FIELD,
     .flags = METHOD_IN_6_2,
     .class_id = CLASS_LAMP,
     .field_id = LAMP_FIELD_SWITCHES,
     .roles = ROLES_READ_ONLY,
     .param_count = 1,
     .required_count = 1,
     .params = lamp_get_record_params,
     .result = &type_switch_ref_set,
    },
    {.name = "Lamp.get_other_config",
     .kind = METHOD_GET_FIELD,
     .flags = METHOD_IN_6_2,
     .class_id = CLASS_LAMP,
     .field_id = LAMP_FIELD_OTHER_CONFIG,
     .roles = ROLES_READ_ONLY,
     .param_count = 1,
     .required_count = 1,
     .params = lamp_get_record_params,
     .result = &type_map_string_string,
    },
    {.name = "Lamp.set_other_config",
     .kind = METHOD_SET_FIELD,
     .flags = METHOD_IN_6_2,
     .class_id = CLASS_LAMP,
     .field_id = LAMP_FIELD_OTHER_CONFIG,
     .roles = ROLES_POOL_ADMIN_AND_POOL_OPERATOR_AND_CLIENT_CERT,
     .param_count = 2,
     .required_count = 2,
     .params = lamp_set_other_config_params,
     .result = &type_void,
    },
    {.name = "Lamp.add_to_other_config",
     .kind = METHOD_ADD_TO_MAP,
     .flags = METHOD_IN_6_2,
     .class_id = CLASS_LAMP,
     .field_id = LAMP_FIELD_OTHER_CONFIG,
     .roles = ROLES_POOL_ADMIN_AND_POOL_OPERATOR_AND_CLIENT_CERT,
     .param_count = 3,
     .required_count = 3,
     .params = lamp_add_to_other_config_params,
     .result = &type_void,
    },
    {.name = "Lamp.remove_from_other_config",
     .kind = METHOD_REMOVE_FROM_MAP,
     .flags = METHOD_IN_6_2,
     .class_id = CLASS_LAMP,
     .field_id = LAMP_FIELD_OTHER_CONFIG,
     .roles = ROLES_POOL_ADMIN_AND_POOL_OPERATOR_AND_CLIENT_CERT,
     .param_count = 2,
     .required_count = 2,
     .params = lamp_remove_from_other_config_params,
     .result = &type_void,
    },
    {.name = "Lamp.get_hours",
     .kind = METHOD_GET_FIELD,
     .flags = METHOD_IN_6_2,
     .class_id = CLASS_LAMP,
     .field_id = LAMP_FIELD_HOURS,
     .roles = ROLES_READ_ONLY,
     .param_count = 1,
     .required_count = 1,
     .params = lamp_get_record_params,
     .result = &type_map_int_float,
    },
    {.name = "Lamp.get_fuse",
     .kind = METHOD_GET_FIELD,
     .flags = 0,
     .class_id = CLASS_LAMP,
     .field_id = LAMP_FIELD_FUSE,
     .roles = ROLES_READ_ONLY,
     .param_count = 1,
     .required_count = 1,
     .params = lamp_get_record_params,
     .result = &type_string_option,
    },
    {.name = "Lamp.get_gas",
     .kind = METHOD_GET_FIELD,
     .flags = METHOD_REMOVED,
     .class_id = CLASS_LAMP,
     .field_id = LAMP_FIELD_GAS,
     .roles = ROLES_READ_ONLY,
     .param_count = 1,
     .required_count = 1,
     .params = lamp_get_record_params,
     .result = &type_int,
    },
    {.name = "Lamp.create",
     .kind = METHOD_EXPLICIT,
     .flags = METHOD_ASYNC | METHOD_IN_6_2,
     .class_id = CLASS_LAMP,
     .roles = ROLES_VM_ADMIN,
     .param_count = 1,
     .required_count = 1,
     .params = lamp_create_params,
     .result = &type_lamp_ref,
     .invoke = invoke_lamp_create,
    },
    {.name = "Lamp.destroy",
     .kind = METHOD_DESTROY,
     .flags = METHOD_ASYNC | METHOD_LONG | METHOD_IN_6_2,
     .class_id = CLASS_LAMP,
     .roles = ROLES_VM_ADMIN,
     .param_count = 1,
     .required_count = 1,
     .params = lamp_get_record_params,
     .result = &type_void,
     .operation_count = 1,
     .operations = lamp_destroy_operations,
    },
    {.name = "Lamp.switch_on",
     .kind = METHOD_EXPLICIT,
     .flags = METHOD_ASYNC | METHOD_LONG | METHOD_ACTION | METHOD_IN_6_2,
     .class_id = CLASS_LAMP,
     .roles = ROLES_VM_OPERATOR,
     .param_count = 4,
     .required_count = 2,
     .params = lamp_switch_on_params,
     .result = &type_void,
     .operation_count = 1,
     .operations = lamp_switch_on_operations,
     .invoke = invoke_lamp_switch_on,
    },
    {.name = "Lamp.describe",
     .kind = METHOD_EXPLICIT,
     .flags = METHOD_ACTION | METHOD_IN_6_2,
     .class_id = CLASS_LAMP,
     .roles = ROLES_READ_ONLY,
     .param_count = 4,
     .required_count = 4,
     .params = lamp_describe_params,
     .result = &type_string,
     .invoke = invoke_lamp_tell,
    },
    {.name = "Lamp.find",
     .kind = METHOD_EXPLICIT,
     .flags = METHOD_POOL_INTERNAL | METHOD_EMERGENCY | METHOD_HIDDEN,
     .class_id = CLASS_LAMP,
     .roles = ROLES_NONE,
     .param_count = 1,
     .required_count = 1,
     .params = lamp_find_params,
     .result = &type_lamp_ref_set,
     .invoke = invoke_lamp_find,
    },
    {.name = "Lamp.move",
     .kind = METHOD_EXPLICIT,
     .flags = METHOD_LONG | METHOD_ACTION | METHOD_IN_6_2,
     .class_id = CLASS_LAMP,
     .roles = ROLES_VM_ADMIN,
     .param_count = 2,
     .required_count = 2,
     .params = lamp_move_params,
     .result = &type_room_ref,
     .invoke = invoke_lamp_move,
    },
    {.name = "Lamp.look",
     .kind = METHOD_EXPLICIT,
     .flags = METHOD_NO_SESSION | METHOD_PARKING | METHOD_IN_6_2,
     .class_id = CLASS_LAMP,
     .roles = ROLES_READ_ONLY,
     .param_count = 0,
     .required_count = 0,
     .params = NULL,
     .result = &type_enum_lamp_state,
     .invoke = invoke_lamp_look,
    },
    {.name = "Lamp.set_watts",
     .kind = METHOD_SET_FIELD,
     .flags = METHOD_ASYNC | METHOD_LONG | METHOD_IN_6_2,
     .class_id = CLASS_LAMP,
     .field_id = LAMP_FIELD_WATTS,
     .roles = ROLES_VM_ADMIN,
     .param_count = 2,
     .required_count = 2,
     .params = lamp_set_watts_params,
     .result = &type_void,
     .operation_count = 1,
     .operations = lamp_set_watts_operations,
     .on_change = run_lamp_change_watts,
    },
    {.name = "Lamp.burn",
     .kind = METHOD_EXPLICIT,
     .flags = METHOD_REMOVED,
     .class_id = CLASS_LAMP,
     .roles = ROLES_VM_ADMIN,
     .param_count = 1,
     .required_count = 1,
     .params = lamp_get_record_params,
     .result = &type_void,
    },
    {.name = "Lamp.paint",
     .kind = METHOD_EXPLICIT,
     .flags = METHOD_ACTION | METHOD_IN_6_2,
     .class_id = CLASS_LAMP,
     .roles = ROLES_VM_ADMIN,
     .param_count = 1,
     .required_count = 1,
     .params = lamp_get_record_params,
     .result = &type_any,
    },
    {.name = "light_sample.last",
     .kind = METHOD_EXPLICIT,
     .flags = METHOD_ACTION,
     .class_id = CLASS_LIGHT_SAMPLE,
     .roles = ROLES_READ_ONLY,
     .param_count = 1,
     .required_count = 0,
     .params = light_sample_last_params,
     .result = &type_light_sample_record_set,
     .invoke = invoke_light_sample_last,
    },
    {.name = "Room.get_record",
     .kind = METHOD_GET_RECORD,
     .flags = METHOD_IN_6_2,
     .class_id = CLASS_ROOM,
     .roles = ROLES_POOL_OPERATOR,
     .param_count = 1,
     .required_count = 1,
     .params = room_get_record_params,
     .result = &type_room_record,
    },
    {.name = "Room.get_by_uuid",
     .kind = METHOD_GET_BY_UUID,
     .flags = METHOD_IN_6_2,
     .class_id = CLASS_ROOM,
     .roles = ROLES_POOL_OPERATOR,
     .param_count = 1,
     .required_count = 1,
     .params = lamp_get_by_uuid_params,
     .result = &type_room_ref,
    },
    {.name = "Room.get_uuid",
     .kind = METHOD_GET_FIELD,
     .flags = METHOD_IN_6_2,
     .class_id = CLASS_ROOM,
     .field_id = ROOM_FIELD_UUID,
     .roles = ROLES_POOL_OPERATOR,
     .param_count = 1,
     .required_count = 1,
     .params = room_get_record_params,
     .result = &type_string,
    },
    {.name = "Room.get_name_label",
     .kind = METHOD_GET_FIELD,
     .flags = METHOD_IN_6_2,
     .class_id = CLASS_ROOM,
     .field_id = ROOM_FIELD_NAME_LABEL,
     .roles = ROLES_READ_ONLY,
     .param_count = 1,
     .required_count = 1,
     .params = room_get_record_params,
     .result = &type_string,
    },
    {.name = "Room.get_lamps",
     .kind = METHOD_GET_FIELD,
     .flags = METHOD_IN_6_2,
     .class_id = CLASS_ROOM,
     .field_id = ROOM_FIELD_LAMPS,
     .roles = ROLES_POOL_OPERATOR,
     .param_count = 1,
     .required_count = 1,
     .params = room_get_record_params,
     .result = &type_lamp_ref_set,
    },
    {.name = "Switch.get_all",
     .kind = METHOD_GET_ALL,
     .flags = METHOD_IN_6_2,
     .class_id = CLASS_SWITCH,
     .roles = ROLES_NONE,
     .param_count = 0,
     .required_count = 0,
     .params = NULL,
     .result = &type_switch_ref_set,
    },
};
const size_t method_count = G_N_ELEMENTS(method_table);

static const uint16_t displacements[] = {
    0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 2, 0, 0, 0, 1,
    0, 0, 1, 0, 0, 1, 1, 0, 0, 0, 3, 0, 0, 0, 5, 0,
};
static const uint16_t slots[] = {
    46, 46, 46, 46, 10, 46, 6, 46, 46, 46, 36, 46, 42, 17, 46, 5,
    46, 46, 46, 46, 46, 46, 46, 46, 11, 46, 46, 46, 4, 46, 22, 9,
    0, 46, 46, 46, 46, 30, 46, 46, 43, 46, 46, 46, 46, 26, 46, 19,
    46, 46, 31, 34, 46, 8, 46, 29, 46, 46, 46, 46, 46, 46, 46, 46,
    46, 18, 40, 46, 46, 46, 46, 46, 45, 46, 46, 46, 41, 46, 2, 46,
    33, 35, 46, 46, 21, 24, 46, 7, 27, 46, 46, 46, 20, 37, 13, 28,
    23, 46, 46, 15, 46, 16, 46, 38, 46, 46, 1, 32, 46, 46, 46, 25,
    46, 46, 14, 44, 46, 3, 46, 39, 46, 46, 46, 46, 46, 46, 12, 46,
};

/* FNV-1a, folded; a '.' counts as '_', so that VM.start and VM_start are one name. */
static uint64_t hash_name(const char *name, size_t length)
{
    uint64_t value = 0xcbf29ce484222325;
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = name[i] == '.' ? '_' : name[i];
        value = (value ^ byte) * 0x100000001b3;
    }
    return value ^ (value >> 32);
}

/* Dots of the table's name may be underscores in the caller's. */
static bool same_name(const char *known, const char *name, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (known[i] != name[i] && !(known[i] == '.' && name[i] == '_')) {
            return false;
        }
    }
    return known[length] == '\0';
}

const MethodInfo *method_find(const char *name, size_t length)
{
    uint64_t value = hash_name(name, length);
    uint64_t displacement = displacements[value % G_N_ELEMENTS(displacements)];
    uint64_t slot = ((value >> 16) + displacement * ((value >> 40) | 1)) % G_N_ELEMENTS(slots);
    size_t index = slots[slot];
    if (index >= method_count || !same_name(method_table[index].name, name, length)) {
        return NULL;
    }
    return &method_table[index];
}

const MethodKeyRoles method_key_roles[] = {
    {CLASS_LAMP, LAMP_FIELD_OTHER_CONFIG, "folder", ROLES_VM_OPERATOR},
    {CLASS_LAMP, LAMP_FIELD_OTHER_CONFIG, "House.Fields.*", ROLES_VM_OPERATOR},
};
const size_t method_key_roles_count = G_N_ELEMENTS(method_key_roles);

const char *const role_names[ROLE_COUNT] = {
    [ROLE_POOL_ADMIN] = "pool-admin",
    [ROLE_POOL_OPERATOR] = "pool-operator",
    [ROLE_VM_POWER_ADMIN] = "vm-power-admin",
    [ROLE_VM_ADMIN] = "vm-admin",
    [ROLE_VM_OPERATOR] = "vm-operator",
    [ROLE_CLIENT_CERT] = "client-cert",
    [ROLE_READ_ONLY] = "read-only",
};
const char *const role_docs[ROLE_COUNT] = {
    [ROLE_POOL_ADMIN] = "Does everything.",
    [ROLE_POOL_OPERATOR] = "Runs the house.",
    [ROLE_VM_POWER_ADMIN] = "Runs all lamps.",
    [ROLE_VM_ADMIN] = "Buys lamps.",
    [ROLE_VM_OPERATOR] = "Switches lamps.",
    [ROLE_CLIENT_CERT] = "Comes with a certificate.",
    [ROLE_READ_ONLY] = "Looks at lamps.",
};
